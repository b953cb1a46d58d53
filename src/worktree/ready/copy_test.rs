//! What is copied into a new worktree, what is not, and that nothing else is ever written.

use std::os::unix::fs::symlink;

use super::*;
use crate::git::Repository;
use crate::land::fixture::{Fixture, read_in, write_in};
use crate::worktree::ready::Source;

/// A repository whose `.worktreeinclude` says this, with the worktree `agent` of the branch `agent`.
fn prepared(patterns: &str) -> (Fixture, PathBuf) {
    let fixture = Fixture::new();
    fixture.write(".gitignore", ".env\nnode_modules/\n*.tmp\nnest/\nlink\n/out\n");
    fixture.commit("ignore");
    fixture.write(include::FILE, patterns);
    let worktree = fixture.worktree("agent", "main");
    (fixture, worktree)
}

fn run(fixture: &Fixture, worktree: &Path) -> Copied {
    match include::read(&fixture.open()).unwrap() {
        Source::Files(include) => copy(&include, worktree, None).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn passed_over(copied: &Copied) -> Vec<(String, Why)> {
    copied.passed_over.iter().map(|one| (one.path.to_string(), one.why.clone())).collect()
}

#[test]
fn what_matches_and_is_ignored_is_copied() {
    let (fixture, worktree) =
        prepared(".env\nnode_modules/\n!node_modules/\nnode_modules/**\nlink\na.txt\n/untracked\n:odd.tmp\n");
    let dir = fixture.dir();
    for (path, text) in
        [(".env", "secret"), ("sub/.env", "other"), ("a.tmp", "no"), (":odd.tmp", "odd"), ("untracked", "no")]
    {
        fixture.write(path, text);
    }
    fixture.write("node_modules/.bin/tool", "#!/bin/sh\n");
    std::fs::set_permissions(dir.join("node_modules/.bin/tool"), Permissions::from_mode(0o750)).unwrap();
    std::fs::set_permissions(dir.join("node_modules/.bin"), Permissions::from_mode(0o555)).unwrap();
    symlink("../nowhere", dir.join("link")).unwrap();
    let copied = run(&fixture, &worktree);
    std::fs::set_permissions(dir.join("node_modules/.bin"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!((copied.files, passed_over(&copied)), (5, Vec::new()));
    assert_eq!(
        read_in(&worktree, ".env") + &read_in(&worktree, "sub/.env") + &read_in(&worktree, ":odd.tmp"),
        "secretotherodd"
    );
    let (from, to) = (dir.join("node_modules/.bin/tool"), worktree.join("node_modules/.bin/tool"));
    let (from, to) = (from.metadata().unwrap(), to.metadata().unwrap());
    assert_eq!((to.mode() & 0o777, to.modified().unwrap()), (0o750, from.modified().unwrap()));
    assert_eq!(worktree.join("node_modules/.bin").metadata().unwrap().mode() & 0o777, 0o755, "it can be removed again");
    assert_eq!(std::fs::read_link(worktree.join("link")).unwrap(), Path::new("../nowhere"));
    assert!(!worktree.join("a.tmp").exists() && !worktree.join("untracked").exists());
    assert_eq!(fixture.status_in(&worktree), "");
    let again = run(&fixture, &worktree);
    assert!(again.files == 0 && again.passed_over.iter().all(|one| one.why == Why::Exists), "{again:?}");
}

#[test]
fn nothing_is_written_over_or_elsewhere() {
    let (fixture, worktree) = prepared(".env\n*.tmp\nnest/\n");
    let outside = fixture.root().join("outside");
    std::fs::create_dir(&outside).unwrap();
    for path in ["in/x.tmp", "in/y.tmp", "file/x.tmp", "here.tmp", ".env", "deep/er/z.tmp"] {
        fixture.write(path, "theirs");
    }
    symlink(&outside, worktree.join("in")).unwrap();
    symlink(outside.join("made"), worktree.join(".env")).unwrap();
    write_in(&worktree, "file", "mine");
    write_in(&worktree, "here.tmp", "mine");
    std::fs::create_dir(worktree.join("deep")).unwrap();
    symlink(&outside, worktree.join("deep/er")).unwrap();
    let copied = run(&fixture, &worktree);
    let expected = [
        (".env", Why::Exists),
        ("deep/er", Why::LeadsOut),
        ("file", Why::LeadsOut),
        ("here.tmp", Why::Exists),
        ("in", Why::LeadsOut),
    ];
    assert_eq!(passed_over(&copied), expected.map(|(path, why)| (path.to_owned(), why)));
    assert_eq!(copied.files, 0);
    assert_eq!(outside.read_dir().unwrap().count(), 0);
    assert_eq!(read_in(&worktree, "here.tmp"), "mine");
}

#[test]
fn a_link_that_comes_at_the_last_moment_leads_nowhere() {
    let (fixture, worktree) = prepared("*.tmp\n");
    let outside = fixture.root().join("outside");
    std::fs::create_dir(&outside).unwrap();
    write_in(&outside, "here", "secret");
    fixture.write("in/x.tmp", "1");
    fixture.write("z.tmp", "1");
    let Source::Files(include) = include::read(&fixture.open()).unwrap() else { panic!() };
    // Here a folder and a file became links after git had listed them.
    std::fs::remove_dir_all(fixture.dir().join("in")).unwrap();
    symlink(&outside, fixture.dir().join("in")).unwrap();
    write_in(&outside, "x.tmp", "secret");
    let copied = copy(&include, &worktree, None).unwrap();
    assert_eq!(passed_over(&copied), [("in/x.tmp".to_owned(), Why::Gone)]);
    assert!(!worktree.join("in").join("x.tmp").exists() && worktree.join("z.tmp").exists());
}

#[test]
fn repositories_submodules_and_what_would_be_committed_stay_here() {
    let (fixture, worktree) = prepared("nest/\n*.tmp\n.env\n");
    for path in ["nest/inner/file", "sub/x.tmp", ".env", "nest/file", "pipe.tmp"] {
        fixture.write(path, "x");
    }
    fixture.git(&["init", "-q", "nest/inner"]);
    // On the agent's branch `sub` is a submodule, and `.env` is not ignored.
    let commit = fixture.id("main").to_string();
    fixture.git_in(&worktree, &["update-index", "--add", "--cacheinfo", &format!("160000,{commit},sub")]);
    write_in(&worktree, ".gitignore", "nest/\n*.tmp\n");
    let copied = run(&fixture, &worktree);
    let expected = [(".env", Why::NotIgnored), ("nest/inner", Why::Repository), ("sub", Why::Submodule)];
    assert_eq!(passed_over(&copied), expected.map(|(path, why)| (path.to_owned(), why)));
    assert!(worktree.join("nest/file").exists() && worktree.join("pipe.tmp").exists());
    assert!(!worktree.join("sub").exists() && !worktree.join(".env").exists());
}

// macOS makes pipes in another way.
#[cfg(not(target_vendor = "apple"))]
#[test]
fn what_cannot_be_read_is_passed_over_and_what_takes_too_long_ends() {
    let (fixture, worktree) = prepared("*.tmp\n");
    fixture.write("a.tmp", "1");
    fixture.write("b.tmp", "1");
    let Source::Files(include) = include::read(&fixture.open()).unwrap() else { panic!() };
    assert!(matches!(copy(&include, &worktree, Some(Duration::ZERO)), Err(CopyError::TooLong { .. })));
    std::fs::remove_file(fixture.dir().join("a.tmp")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, fixture.dir().join("a.tmp"), rustix::fs::FileType::Fifo, Mode::RWXU, 0)
        .unwrap();
    let copied = copy(&include, &worktree, None).unwrap();
    assert_eq!(copied.files, 1);
    assert!(matches!(copied.passed_over[..], [PassedOver { why: Why::Unreadable { .. }, .. }]), "{copied:?}");
}

#[test]
fn a_file_that_is_none_is_refused() {
    let refused = |fixture: &Fixture| include::read(&fixture.open()).unwrap_err().to_string();
    let fixture = Fixture::new();
    assert!(matches!(include::read(&fixture.open()).unwrap(), Source::Nothing));
    let path = fixture.dir().join(include::FILE);
    std::fs::create_dir(&path).unwrap();
    assert!(refused(&fixture).ends_with("is not a plain file"));
    std::fs::remove_dir(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert!(refused(&fixture).ends_with("is not a plain file"));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"\x7fELF\0").unwrap();
    assert!(refused(&fixture).ends_with("is not text"));
    File::create(&path).unwrap().set_len(100 << 20).unwrap();
    assert!(refused(&fixture).ends_with("has 104857600 bytes, 1048576 are the most"));
}

#[test]
fn strange_patterns_match_nothing_outside() {
    let (fixture, worktree) = prepared("\u{feff}\n[\n\\\n../*\n/etc/passwd\n**/\u{fffd}\n!\n!!\n   \n#x\n");
    fixture.write(".env", "x");
    std::fs::write(fixture.root().join("secret.tmp"), "x").unwrap();
    let copied = run(&fixture, &worktree);
    assert_eq!((copied.files, copied.passed_over.len()), (0, 0));
}

#[test]
fn a_bare_repository_has_nothing_to_copy_from() {
    let fixture = Fixture::new();
    fixture.write(include::FILE, ".env\n");
    fixture.commit("include");
    let bare = fixture.root().join("bare.git");
    fixture.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    assert!(matches!(include::read(&Repository::discover(&bare).unwrap()).unwrap(), Source::Bare));
    fixture.git_in(&bare, &["update-ref", "refs/heads/main", "main^"]);
    assert!(matches!(include::read(&Repository::discover(&bare).unwrap()).unwrap(), Source::Nothing));
}
