use super::*;
use crate::land::fixture::{Fixture, read_in, write_in};

fn set(fixture: &Fixture, commit: ObjectId) -> Result<PathBuf, IntegrationError> {
    let repo = fixture.open();
    let integration = Integration::of(&repo);
    integration.set(&repo, commit)?;
    Ok(integration.path)
}

#[test]
fn it_has_the_commit_and_keeps_what_is_ignored() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "target\n");
    let first = fixture.commit("ignore");
    fixture.write("b.txt", "b\n");
    let second = fixture.commit("b");
    let path = set(&fixture, second).unwrap();
    assert_eq!(read_in(&path, "b.txt"), "b\n");
    write_in(&path, "target/cache", "warm");
    write_in(&path, "junk", "");
    write_in(&path, "b.txt", "changed");
    fixture.git_in(&path, &["init", "-q", "inner"]);
    assert_eq!(set(&fixture, first).unwrap(), path);
    assert!(!path.join("b.txt").exists() && !path.join("junk").exists() && !path.join("inner").exists());
    assert_eq!(read_in(&path, "target/cache"), "warm");
    assert_eq!(fixture.id_in(&path, "HEAD"), first);
    assert_eq!(fixture.git_in(&path, &["branch", "--show-current"]), "");
}

#[test]
fn what_a_check_or_a_kill_broke_comes_back() {
    let fixture = Fixture::new();
    let commit = fixture.id("main");
    let path = set(&fixture, commit).unwrap();
    std::fs::remove_file(path.join(".git")).unwrap();
    set(&fixture, commit).unwrap();
    std::fs::remove_dir_all(&path).unwrap();
    set(&fixture, commit).unwrap();
    std::fs::remove_dir_all(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    set(&fixture, commit).unwrap();
    let git_dir = PathBuf::from(fixture.git_in(&path, &["rev-parse", "--absolute-git-dir"]));
    for lock in ["index.lock", "HEAD.lock", "AUTO_MERGE.lock"] {
        std::fs::write(git_dir.join(lock), "half").unwrap();
    }
    std::fs::write(git_dir.join("locked"), "initializing").unwrap();
    set(&fixture, commit).unwrap();
    assert_eq!(read_in(&path, "a.txt"), read_in(&fixture.dir(), "a.txt"));
    assert!(git_dir.read_dir().unwrap().all(|entry| !entry.unwrap().file_name().to_str().unwrap().ends_with(".lock")));
    assert_eq!(fixture.git(&["worktree", "list"]).lines().count(), 2);
}

#[test]
fn what_is_not_it_is_not_touched() {
    let fixture = Fixture::new();
    let commit = fixture.id("main");
    let path = Integration::of(&fixture.open()).path;
    write_in(&path, "mine", "work");
    assert!(matches!(set(&fixture, commit), Err(IntegrationError::Occupied { .. })));
    assert_eq!(read_in(&path, "mine"), "work");
    std::fs::remove_dir_all(&path).unwrap();
    set(&fixture, commit).unwrap();
    std::fs::remove_dir_all(&path).unwrap();
    fixture.git(&["init", "-q", path.to_str().unwrap()]);
    write_in(&path, "mine", "work");
    assert!(matches!(set(&fixture, commit), Err(IntegrationError::Occupied { .. })));
    assert_eq!(read_in(&path, "mine"), "work");
}
