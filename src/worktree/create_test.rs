//! Creations against real git: refusals, failures that leave nothing, many at once, kills.

use super::*;
use crate::land::fixture::{Fixture, Shape, ann, write_in};
use crate::worktree::journal;

fn request(fixture: &Fixture, name: &str) -> Request {
    Request {
        registered: false,
        name: name.into(),
        branch: format!("refs/heads/agents/{name}"),
        start: fixture.id("main"),
        existing: false,
        worktree: Some(fixture.root().join("trees/of agents").join(name)),
    }
}

/// Everything that a creation could leave: branches, worktrees, folders, journal.
fn traces(fixture: &Fixture) -> (String, String, Vec<PathBuf>, bool) {
    let mut files: Vec<_> = fixture.root().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let journal = fixture.dir().join(".git/agents/journal");
    let journal = journal.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    (fixture.git(&["for-each-ref"]), fixture.git(&["worktree", "list", "--porcelain"]), files, journal)
}

fn recover(fixture: &Fixture, registered: bool) -> Vec<Option<String>> {
    let repo = fixture.open();
    fixture.entries_are_free();
    let entries = journal::abandoned(&repo).unwrap();
    entries.into_iter().map(|entry| unfinished::recover(&repo, entry, &|_| registered, &ann()).unwrap()).collect()
}

#[test]
fn a_branch_and_a_worktree_are_made_and_kept_or_undone() {
    for shape in
        [Shape::default(), Shape { sha256: true, ..Shape::default() }, Shape { reftable: true, ..Shape::default() }]
    {
        let fixture = Fixture::shaped(shape);
        let repo = fixture.open();
        let before = traces(&fixture);
        let made = create(&repo, &request(&fixture, "one"), "01", &ann()).unwrap();
        let path = made.worktree.clone().unwrap();
        assert_eq!(fixture.git_in(&path, &["symbolic-ref", "HEAD"]), "refs/heads/agents/one");
        assert_eq!(fixture.status_in(&path), "");
        assert!(traces(&fixture).3);
        assert_eq!(made.undo(&repo, &ann()).unwrap(), None);
        assert_eq!(traces(&fixture), before);
        create(&repo, &request(&fixture, "one"), "02", &ann()).unwrap().keep().unwrap();
        assert!(!traces(&fixture).3 && path.exists());
    }
}

#[test]
fn what_cannot_be_is_refused_and_leaves_nothing() {
    let fixture = Fixture::new();
    let other = fixture.worktree("other", "HEAD");
    fixture.git(&["branch", "taken/deep", "HEAD"]);
    let occupied = fixture.root().join("occupied");
    write_in(&occupied, "file", "");
    let before = traces(&fixture);
    let repo = fixture.open();
    let refused = |change: &dyn Fn(&mut Request)| {
        let mut request = request(&fixture, "one");
        change(&mut request);
        let error = create(&repo, &request, "01", &ann()).unwrap_err();
        assert_eq!(traces(&fixture), before, "{error}");
        error
    };
    for name in ["agents/x", "refs/heads/-x", "refs/heads/a..b", "refs/heads/HEAD", "refs/heads/", "refs/heads/a\n"] {
        assert!(matches!(refused(&|r| r.branch = name.into()), CreateError::InvalidBranch { .. }), "{name}");
    }
    assert!(matches!(refused(&|r| r.branch = "refs/heads/main".into()), CreateError::BranchExists { .. }));
    for name in ["refs/heads/taken", "refs/heads/taken/deep/er"] {
        let error = refused(&|r| r.branch = name.into());
        assert!(matches!(&error, CreateError::NameClash { other, .. } if other == "refs/heads/taken/deep"), "{error}");
    }
    assert!(matches!(refused(&|r| r.existing = true), CreateError::NoSuchBranch { .. }));
    let error = refused(&|r| (r.existing, r.branch) = (true, "refs/heads/agents/other".into()));
    assert!(matches!(error, CreateError::CheckedOut { path, .. } if path == other));
    assert!(matches!(refused(&|r| r.worktree = Some(occupied.clone())), CreateError::PathOccupied { .. }));
    for inside in [other.join("sub"), fixture.dir().join("deep/er"), fixture.dir().join(".git/x")] {
        assert!(matches!(refused(&|r| r.worktree = Some(inside.clone())), CreateError::PathInside { .. }));
    }
    std::fs::remove_dir_all(&other).unwrap();
    let error =
        create(&repo, &Request { worktree: Some(other), ..request(&fixture, "one") }, "01", &ann()).unwrap_err();
    assert!(matches!(error, CreateError::PathRegistered { .. }));
}

#[test]
fn existing_branches_and_worktrees_are_taken() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    fixture.git(&["branch", "agents/one"]);
    let wanted = Request { existing: true, ..request(&fixture, "one") };
    let made = create(&repo, &wanted, "01", &ann()).unwrap();
    assert!(!made.made_branch && made.made_worktree);
    made.keep().unwrap();
    let adopted = create(&repo, &wanted, "02", &ann()).unwrap();
    assert!(!adopted.made_branch && !adopted.made_worktree && adopted.worktree == wanted.worktree);
    adopted.undo(&repo, &ann()).unwrap();
    assert!(wanted.worktree.unwrap().join("a.txt").exists());
    let bare = Request { worktree: None, ..request(&fixture, "two") };
    let made = create(&repo, &bare, "03", &ann()).unwrap();
    assert!(made.made_branch && made.worktree.is_none());
    made.undo(&repo, &ann()).unwrap();
    assert!(!fixture.try_git_in(&fixture.dir(), &["rev-parse", "--verify", "-q", "agents/two"]));
}

#[test]
fn a_failing_checkout_leaves_nothing_and_a_failing_hook_everything() {
    let fixture = Fixture::new();
    fixture.write(".gitattributes", "*.x filter=broken\n");
    fixture.write("a.x", "x");
    fixture.commit("filter");
    fixture.git(&["config", "filter.broken.smudge", "false"]);
    fixture.git(&["config", "filter.broken.required", "true"]);
    let before = traces(&fixture);
    let repo = fixture.open();
    let error = create(&repo, &request(&fixture, "one"), "01", &ann()).unwrap_err();
    assert!(matches!(error, CreateError::Failed { left: None, .. }), "{error:?}");
    assert_eq!(traces(&fixture), before);

    fixture.git(&["config", "filter.broken.smudge", "cat"]);
    let hooks = fixture.root().join("hooks");
    write_in(&hooks, "post-checkout", "#!/bin/sh\nexit 3\n");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(hooks.join("post-checkout"), std::fs::Permissions::from_mode(0o755)).unwrap();
    fixture.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    let made = create(&repo, &request(&fixture, "one"), "02", &ann()).unwrap();
    assert!(made.complaint.is_some());
    made.keep().unwrap();
}

#[test]
fn many_at_once_also_in_a_bare_repository() {
    let source = Fixture::new();
    let bare = Fixture::shaped(Shape { bare: true, ..Shape::default() });
    source.git(&["push", "-q", bare.dir().to_str().unwrap(), "main"]);
    for fixture in [&source, &bare] {
        std::thread::scope(|scope| {
            for number in 0..8 {
                let request = request(fixture, &format!("n{number}"));
                let dir = fixture.dir();
                scope.spawn(move || {
                    let repo = Repository::discover(&dir).unwrap();
                    create(&repo, &request, &format!("id{number}"), &ann()).unwrap().keep().unwrap();
                });
            }
        });
        let all = worktrees::list(&fixture.open()).unwrap();
        assert_eq!(all.iter().filter(|worktree| worktree.is_intact() && !worktree.is_main).count(), 8);
    }
}

#[test]
fn a_killed_creation_is_undone_unless_it_was_registered_or_holds_work() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let before = traces(&fixture);
    let path = request(&fixture, "one").worktree.unwrap();

    drop(create(&repo, &request(&fixture, "one"), "01", &ann()).unwrap());
    assert_eq!(recover(&fixture, false), [None]);
    assert_eq!(traces(&fixture), before);

    drop(create(&repo, &request(&fixture, "one"), "02", &ann()).unwrap());
    write_in(&path, ".gitignore", ".gitignore\n.env\n");
    write_in(&path, ".env", "mine");
    assert!(recover(&fixture, false)[0].is_some());
    assert!(path.join(".env").exists() && !traces(&fixture).3);
    fixture.git(&["worktree", "remove", "--force", path.to_str().unwrap()]);
    fixture.git(&["branch", "-D", "agents/one"]);

    drop(create(&repo, &request(&fixture, "one"), "03", &ann()).unwrap());
    assert_eq!(recover(&fixture, true), [None]);
    assert!(path.join("a.txt").exists() && !traces(&fixture).3);
}

#[test]
fn what_a_killed_git_left_is_removed() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let before = traces(&fixture);
    let path = request(&fixture, "one").worktree.unwrap();
    drop(create(&repo, &request(&fixture, "one"), "01", &ann()).unwrap());
    // As after `kill -9` of git itself: still marked, files missing.
    let admin = fixture.dir().join(".git/worktrees/one");
    std::fs::write(admin.join("locked"), "initializing").unwrap();
    std::fs::write(admin.join("index.lock"), "").unwrap();
    std::fs::write(admin.join("commondir"), "").unwrap();
    std::fs::remove_file(path.join("a.txt")).unwrap();
    assert_eq!(recover(&fixture, false), [None]);
    assert_eq!(traces(&fixture), before);
}

#[test]
fn undoing_goes_on_where_a_kill_ended_it() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let before = traces(&fixture);
    let path = request(&fixture, "one").worktree.unwrap();
    let mut made = create(&repo, &request(&fixture, "one"), "01", &ann()).unwrap();
    let intent = Intent { undoing: true, ..made.intent.clone() };
    made.entry.as_mut().unwrap().update(&intent).unwrap();
    drop(made);
    std::fs::rename(&path, discard::trash_of(&path, "01")).unwrap();
    assert_eq!(recover(&fixture, false), [None]);
    assert_eq!(traces(&fixture), before);
}
