//! Removals against real git: what is refused, what the backup holds, kills.

use super::*;
use crate::git::worktrees::OperationKind;
use crate::land::fixture::{Fixture, Shape, ann, read_in, write_in};
use crate::worktree::journal;

fn request(fixture: &Fixture, dir: &Path) -> Request {
    Request {
        name: "one".into(),
        branch: Some("refs/heads/agents/one".into()),
        worktree: Some(dir.to_owned()),
        target: Some(fixture.id("main")),
        expected: None,
        force: false,
    }
}

fn refused(fixture: &Fixture, request: &Request) -> Losses {
    let error = remove(&fixture.open(), request, "01", &ann()).unwrap_err();
    let RemoveError::WouldLose { losses } = error else { panic!("{error:?}") };
    *losses
}

fn is_gone(fixture: &Fixture, dir: &Path) -> bool {
    let branch = fixture.try_git_in(&fixture.dir(), &["rev-parse", "--verify", "-q", "refs/heads/agents/one"]);
    let listed = fixture.git(&["worktree", "list"]).contains("agents/one");
    let beside =
        dir.parent().unwrap().read_dir().unwrap().any(|e| e.unwrap().file_name().to_string_lossy().contains("one"));
    let journal =
        fixture.dir().join(".git/agents/journal").read_dir().is_ok_and(|mut entries| entries.next().is_some());
    !branch && !listed && !beside && !journal
}

#[test]
fn a_worktree_without_work_goes_with_its_branch() {
    for shape in
        [Shape::default(), Shape { reftable: true, ..Shape::default() }, Shape { sha256: true, ..Shape::default() }]
    {
        let fixture = Fixture::shaped(shape);
        let dir = fixture.worktree("one", "main");
        let removed = remove(&fixture.open(), &request(&fixture, &dir), "01", &ann()).unwrap();
        assert!(removed.branch_deleted && is_gone(&fixture, &dir));
        assert_eq!(fixture.id(&format!("{}^", removed.backup)), fixture.id("main"));
    }
}

#[test]
fn work_is_named_and_kept_in_the_backup() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", ".env\ntarget/\n");
    fixture.write("hidden.txt", "1\n");
    fixture.commit("second");
    let dir = fixture.worktree("one", "main");
    write_in(&dir, "b.txt", "committed\n");
    let tip = fixture.commit_in(&dir, "work");
    write_in(&dir, "a.txt", "staged\n");
    fixture.git_in(&dir, &["add", "a.txt"]);
    write_in(&dir, "a.txt", "edited\n");
    write_in(&dir, "deep/new ä.txt", "untracked\n");
    write_in(&dir, ".env", "secret\n");
    write_in(&dir, "target/big", "derived\n");
    fixture.git_in(&dir, &["update-index", "--assume-unchanged", "hidden.txt"]);
    write_in(&dir, "hidden.txt", "2\n");
    std::fs::remove_file(dir.join("b.txt")).unwrap();
    let losses = refused(&fixture, &request(&fixture, &dir));
    assert_eq!(losses.uncommitted, ["a.txt", "b.txt", "hidden.txt"]);
    assert_eq!(losses.untracked, ["deep/new ä.txt"]);
    assert_eq!((losses.ignored_files.len(), losses.ignored_folders.len(), losses.commits), (1, 1, 1));
    let forced = Request { force: true, ..request(&fixture, &dir) };
    let removed = remove(&fixture.open(), &forced, "02", &ann()).unwrap();
    assert!(is_gone(&fixture, &dir));
    assert_eq!(removed.backup, "refs/agents-local/backup/02/one");
    assert_eq!(fixture.git(&["show", &format!("{}:hidden.txt", removed.backup)]), "2");
    // How to get it back.
    let branch = format!("{}^1", removed.backup);
    assert_eq!(fixture.id(&branch), tip);
    fixture.git(&["worktree", "add", "-q", "-b", "agents/one", dir.to_str().unwrap(), &branch]);
    fixture.git_in(&dir, &["restore", &format!("--source={}", removed.backup), "--worktree", "."]);
    assert_eq!(read_in(&dir, "a.txt"), "edited\n");
    assert_eq!(read_in(&dir, "deep/new ä.txt"), "untracked\n");
    assert_eq!(read_in(&dir, ".env"), "secret\n");
    assert_eq!(read_in(&dir, "hidden.txt"), "2\n");
    assert!(!dir.join("b.txt").exists() && !dir.join("target").exists());
    assert_eq!(fixture.git(&["show", &format!("{}^2:a.txt", removed.backup)]), "staged");
}

#[test]
fn landed_work_is_no_loss_whatever_its_commits_are_called() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    write_in(&dir, "b.txt", "work\n");
    fixture.commit_in(&dir, "work");
    fixture.git(&["merge", "-q", "--squash", "agents/one"]);
    fixture.commit("squashed");
    let removed = remove(&fixture.open(), &request(&fixture, &dir), "01", &ann()).unwrap();
    assert_eq!(removed.losses.commits, 0);
}

#[test]
fn what_a_backup_cannot_hold_is_refused_even_with_force() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "vendor/\n");
    fixture.commit("second");
    let dir = fixture.worktree("one", "main");
    let forced = Request { force: true, ..request(&fixture, &dir) };
    for inner in ["inner", "vendor"] {
        fixture.git_in(&dir, &["init", "-q", inner]);
        write_in(&dir, &format!("{inner}/file"), "work\n");
        assert_eq!(refused(&fixture, &forced).embedded, [inner]);
        std::fs::remove_dir_all(dir.join(inner)).unwrap();
    }
    fixture.git(&["worktree", "lock", dir.to_str().unwrap()]);
    let error = remove(&fixture.open(), &forced, "01", &ann()).unwrap_err();
    assert!(matches!(error, RemoveError::Locked { .. }));
    fixture.git(&["worktree", "unlock", dir.to_str().unwrap()]);
    let inner = dir.join("vendor/tree");
    fixture.git(&["worktree", "add", "-q", "--detach", inner.to_str().unwrap()]);
    let error = remove(&fixture.open(), &forced, "01", &ann()).unwrap_err();
    assert!(matches!(error, RemoveError::Contains { .. }));
    let error =
        remove(&fixture.open(), &Request { worktree: Some(fixture.dir()), ..forced }, "01", &ann()).unwrap_err();
    assert!(matches!(error, RemoveError::CheckedOut { .. } | RemoveError::NoSuchWorktree { .. }));
}

#[test]
fn repositories_deep_in_ignored_folders_are_found() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "vendor/\nother/\n");
    fixture.commit("second");
    let dir = fixture.worktree("one", "main");
    let forced = Request { force: true, ..request(&fixture, &dir) };
    let elsewhere = fixture.root().join("elsewhere");
    fixture.git(&["init", "-q", elsewhere.to_str().unwrap()]);
    fixture.git_in(&dir, &["init", "-q", "vendor/a/lib"]);
    fixture.git_in(&dir, &["init", "-q", "vendor/a/lib/below"]);
    write_in(&dir, "vendor/deep/tree/.git", "gitdir: somewhere\n");
    write_in(&dir, "other/file", "derived\n");
    std::os::unix::fs::symlink(&elsewhere, dir.join("other/link")).unwrap();
    let losses = refused(&fixture, &forced);
    assert_eq!(losses.embedded, ["vendor/a/lib", "vendor/deep/tree"]);
    assert_eq!(losses.ignored_folders, ["other", "vendor"]);
    assert!(dir.join("vendor/a/lib/.git").exists());
    std::fs::remove_dir_all(dir.join("vendor")).unwrap();
    // What goes without a backup is named; a link goes, and what it leads to stays.
    let removed = remove(&fixture.open(), &request(&fixture, &dir), "02", &ann()).unwrap();
    assert_eq!(removed.losses.ignored_folders, ["other"]);
    assert!(is_gone(&fixture, &dir) && elsewhere.join(".git").exists());
}

#[test]
fn submodules_with_commits_of_their_own_are_refused() {
    let fixture = Fixture::new();
    let inner = fixture.root().join("inner");
    fixture.git(&["init", "-q", inner.to_str().unwrap()]);
    let as_ann = ["-c", "user.name=A", "-c", "user.email=a@b"];
    fixture.git_in(&inner, &[&as_ann[..], &["commit", "-q", "--allow-empty", "-m", "1"]].concat());
    let file = ["-c", "protocol.file.allow=always"];
    fixture.git(&[&file[..], &["submodule", "--quiet", "add", inner.to_str().unwrap(), "sub"]].concat());
    fixture.commit("second");
    let dir = fixture.worktree("one", "main");
    fixture.git_in(&dir, &[&file[..], &["submodule", "--quiet", "update", "--init"]].concat());
    let sub = dir.join("sub");
    fixture.git_in(&sub, &[&as_ann[..], &["commit", "-q", "--allow-empty", "-m", "2"]].concat());
    fixture.git_in(&dir, &["add", "sub"]);
    fixture.git_in(&dir, &["commit", "-q", "-m", "sub"]);
    let forced = Request { force: true, ..request(&fixture, &dir) };
    assert_eq!(refused(&fixture, &forced).submodules, ["sub"]);
    fixture.git_in(&sub, &["push", "-q", "origin", "HEAD:refs/heads/other"]);
    remove(&fixture.open(), &forced, "01", &ann()).unwrap();
    assert!(is_gone(&fixture, &dir));
}

#[test]
fn a_half_done_rebase_is_backed_up_with_head_and_branch() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    write_in(&dir, "a.txt", "theirs\n");
    let tip = fixture.commit_in(&dir, "work");
    fixture.write("a.txt", "ours\n");
    let main = fixture.commit("second");
    assert!(!fixture.try_git_in(&dir, &["rebase", "main"]));
    assert_eq!(refused(&fixture, &request(&fixture, &dir)).operation, Some(OperationKind::Rebase));
    let forced = Request { force: true, ..request(&fixture, &dir) };
    let removed = remove(&fixture.open(), &forced, "02", &ann()).unwrap();
    assert!(is_gone(&fixture, &dir));
    assert_eq!(fixture.id(&format!("{}^1", removed.backup)), tip);
    assert_eq!(fixture.id(&format!("{}^2", removed.backup)), main);
    assert!(fixture.git(&["show", &format!("{}:a.txt", removed.backup)]).contains("<<<<<<<"));
}

#[test]
fn missing_folders_and_branches_alone() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    write_in(&dir, "a.txt", "staged\n");
    fixture.git_in(&dir, &["add", "a.txt"]);
    // Moved by hand: the folder knows its repository only by what would be deleted.
    let moved = fixture.root().join("elsewhere");
    std::fs::rename(&dir, &moved).unwrap();
    assert_eq!(refused(&fixture, &request(&fixture, &dir)).missing, Some(dir.clone()));
    assert_eq!(fixture.status_in(&moved), "M  a.txt");
    std::fs::remove_dir_all(&moved).unwrap();
    let forced = Request { force: true, ..request(&fixture, &dir) };
    let removed = remove(&fixture.open(), &forced, "01", &ann()).unwrap();
    assert!(is_gone(&fixture, &dir));
    assert_eq!(fixture.git(&["show", &format!("{}^2:a.txt", removed.backup)]), "staged");
    fixture.git(&["branch", "agents/one"]);
    let alone = Request { worktree: None, ..request(&fixture, &dir) };
    assert!(remove(&fixture.open(), &alone, "02", &ann()).unwrap().branch_deleted);
    assert!(matches!(remove(&fixture.open(), &alone, "03", &ann()), Err(RemoveError::Nothing)));
}

#[test]
fn a_killed_removal_is_finished_or_given_back() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    let repo = fixture.open();
    let git_dir = fixture.dir().join(".git/worktrees/one");
    let intent = |deleting| Intent {
        included: Vec::new(),
        path: dir.clone(),
        git_dir: git_dir.clone(),
        files: fixture.id("main^{tree}").to_string(),
        branch: Some("refs/heads/agents/one".into()),
        tip: Some(fixture.id("main").to_string()),
        deleting,
        gone: false,
    };
    let recovered = || {
        fixture.entries_are_free();
        for entry in journal::abandoned(&repo).unwrap() {
            recover(&repo, entry, &ann()).unwrap().0.finish().unwrap();
        }
    };
    // Killed before the rename: nothing happened.
    drop(Entry::begin(&repo, "01", KIND, &intent(false)).unwrap());
    recovered();
    assert!(dir.join("a.txt").exists());
    // Killed after it, with a late edit: given back.
    drop(Entry::begin(&repo, "02", KIND, &intent(false)).unwrap());
    write_in(&dir, "late.txt", "work\n");
    std::fs::rename(&dir, discard::trash_of(&dir, "02")).unwrap();
    recovered();
    assert_eq!(read_in(&dir, "late.txt"), "work\n");
    std::fs::remove_file(dir.join("late.txt")).unwrap();
    // Killed while deleting: finished.
    drop(Entry::begin(&repo, "03", KIND, &intent(true)).unwrap());
    let trash = discard::trash_of(&dir, "03");
    std::fs::rename(&dir, &trash).unwrap();
    std::fs::remove_file(trash.join("a.txt")).unwrap();
    // Even while it deleted the branch.
    let lock = refs::lock_path(&repo, "refs/heads/agents/one");
    std::fs::write(&lock, "").unwrap();
    recovered();
    assert!(!lock.exists());
    assert!(is_gone(&fixture, &dir));
    // Killed before it was recorded: what somebody has made anew since stays.
    drop(Entry::begin(&repo, "04", KIND, &Intent { gone: true, ..intent(true) }).unwrap());
    fixture.git(&["branch", "agents/one", "main"]);
    recovered();
    assert_eq!(fixture.id("agents/one"), fixture.id("main"));
}
