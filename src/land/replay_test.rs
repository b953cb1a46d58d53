//! Replays beside what git itself makes of the same branch.

use super::*;
use crate::git::merge_tree::ConflictKind;
use crate::land::fixture::{Fixture, Shape, ann, lines, lines_with, write_in};

fn source(strategy: Option<Strategy>) -> Source {
    Source {
        name: "one".into(),
        branch: "refs/heads/agents/one".into(),
        strategy,
        merge_message: "Merge one".into(),
        squash_message: "one: all of it\n\nwith a body".into(),
        squash_author: gix::actor::Signature { name: "Agent <One>".into(), ..ann() },
        exclude: Vec::new(),
        rewritten: Vec::new(),
        elsewhere: Vec::new(),
        after: Vec::new(),
        trailers: Vec::new(),
    }
}

/// Bring `agents/one` onto main and keep the objects.
fn bring(fixture: &Fixture, source: &Source) -> Outcome {
    let repo = fixture.open();
    let scratch = Scratch::new(&repo).unwrap();
    let (tip, onto) = (fixture.id("agents/one"), fixture.id("main"));
    let identity = ann();
    let writer = Writer { repo: &repo, scratch: &scratch, identity: &identity };
    let mut builder = Builder { writer, merger: Merger::new(&repo, &scratch, onto), hooks_in: None };
    let outcome = builder.bring(source, tip, onto, &source.exclude).unwrap();
    scratch.migrate(&repo).unwrap();
    outcome
}

fn landed(fixture: &Fixture, source: &Source) -> (ObjectId, Vec<(ObjectId, ObjectId)>, Vec<ObjectId>) {
    match bring(fixture, source) {
        Outcome::Landed { after, replayed, dropped, .. } => (after, replayed, dropped),
        outcome => panic!("{outcome:?}"),
    }
}

/// Everything of a range but ids and committer.
fn shown(fixture: &Fixture, range: &str) -> String {
    fixture.git(&["log", "--reverse", "--format=%T %an %ae %ad %at%n%B--", "--date=raw", range])
}

/// A branch of many kinds of commits, beside a main that has gone on and has one of them already.
fn busy(shape: Shape) -> Fixture {
    let fixture = Fixture::shaped(shape);
    let dir = fixture.worktree("one", "main");
    write_in(&dir, "b.txt", "b\n");
    fixture.git_in(&dir, &["add", "-A"]);
    fixture.git_in(
        &dir,
        &["commit", "-q", "--author", "Zoë <zoe@example.com>", "-m", "adds b", "-m", "a body\n\nTrailer: x"],
    );
    write_in(&dir, "a.txt", &lines_with(20, 18, "eighteen"));
    fixture.commit_in(&dir, "changes a");
    fixture.commit_in(&dir, "empty from the start");
    write_in(&dir, "both.txt", "the same\n");
    fixture.commit_in(&dir, "both have it");
    fixture.git_in(&dir, &["mv", "b.txt", "ü.txt"]);
    fixture.git_in(&dir, &["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "-m", "renames b"]);
    write_in(&dir, "half.txt", "1\n");
    fixture.commit_in(&dir, "becomes empty");
    fixture.write("a.txt", &lines_with(20, 2, "two"));
    fixture.commit("main goes on");
    fixture.write("both.txt", "the same\n");
    fixture.commit("both have it, says main");
    fixture.write("half.txt", "1\n");
    fixture.write("more.txt", "more\n");
    fixture.commit("has the last one among other things");
    fixture
}

#[test]
fn a_rebase_is_what_git_makes_of_it() {
    for shape in [Shape::default(), Shape { sha256: true, ..Shape::default() }] {
        let fixture = busy(shape);
        let (after, replayed, dropped) = landed(&fixture, &source(None));
        let clone = fixture.root().join("by-git");
        fixture.git(&["worktree", "add", "-q", "--detach", clone.to_str().unwrap(), "agents/one"]);
        fixture.git_in(&clone, &["rebase", "-q", "main"]);
        let by_git = fixture.id_in(&clone, "HEAD");
        assert_eq!(shown(&fixture, &format!("main..{after}")), shown(&fixture, &format!("main..{by_git}")));
        assert_eq!((replayed.len(), dropped.len()), (4, 1));
        assert_eq!(fixture.git(&["log", "-1", "--format=%cn %ct", &after.to_string()]), "Ann 1700000200");
        assert_eq!(fixture.git(&["log", "-1", "--format=%e", &after.to_string()]), "", "in the user's encoding");
        fixture.git(&["fsck", "--strict"]);
    }
}

#[test]
fn what_stands_where_it_belongs_keeps_its_ids() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    fixture.commit_in(&dir, "one");
    let tip = fixture.commit_in(&dir, "two");
    assert_eq!(landed(&fixture, &source(None)), (tip, vec![], vec![]));
    fixture.git(&["merge", "-q", "--ff-only", "agents/one"]);
    for strategy in [Strategy::Rebase, Strategy::Merge, Strategy::Squash] {
        assert_eq!(bring(&fixture, &source(Some(strategy))), Outcome::Nothing);
    }
}

#[test]
fn merge_and_squash_have_the_tree_of_gits_merge() {
    let fixture = busy(Shape::default());
    let (merged, ..) = landed(&fixture, &source(Some(Strategy::Merge)));
    let (squashed, ..) = landed(&fixture, &source(Some(Strategy::Squash)));
    let (main, tip) = (fixture.id("main"), fixture.id("agents/one"));
    fixture.git(&["merge", "-q", "--no-ff", "-m", "Merge one", "agents/one"]);
    let tree = fixture.id("main^{tree}");
    assert_eq!(fixture.id(&format!("{merged}^{{tree}}")), tree);
    assert_eq!(fixture.id(&format!("{squashed}^{{tree}}")), tree);
    assert_eq!((fixture.id(&format!("{merged}^1")), fixture.id(&format!("{merged}^2"))), (main, tip));
    assert_eq!(fixture.git(&["log", "-1", "--format=%B", &merged.to_string()]).trim_end(), "Merge one");
    assert_eq!(
        fixture.git(&["log", "-1", "--format=%P|%an|%B", &squashed.to_string()]).trim_end(),
        format!("{main}|Agent One|one: all of it\n\nwith a body")
    );
}

#[test]
fn a_stack_on_something_that_landed_otherwise_brings_its_own_only() {
    let fixture = Fixture::new();
    let parent = fixture.worktree("parent", "main");
    write_in(&parent, "a.txt", &lines_with(20, 3, "first try"));
    fixture.commit_in(&parent, "try");
    write_in(&parent, "a.txt", &lines_with(20, 3, "final"));
    let old = fixture.commit_in(&parent, "final");
    let dir = fixture.worktree("one", "agents/parent");
    write_in(&dir, "b.txt", "b\n");
    fixture.commit_in(&dir, "own");
    fixture.git(&["merge", "-q", "--squash", "agents/parent"]);
    fixture.commit("parent, squashed");
    fixture.write("a.txt", &lines_with(20, 3, "changed since"));
    fixture.commit("changed since");
    let stopped = bring(&fixture, &source(Some(Strategy::Rebase)));
    assert!(matches!(stopped, Outcome::Stopped(Stop::Conflict { .. })), "{stopped:?}");
    for strategy in [Strategy::Rebase, Strategy::Squash] {
        let stacked = Source { exclude: vec![old], ..source(Some(strategy)) };
        let (after, ..) = landed(&fixture, &stacked);
        let changed = fixture.git(&["diff", "--name-only", "main", &after.to_string()]);
        assert_eq!(changed, "b.txt");
    }
}

#[test]
fn a_merge_of_others_that_have_landed_is_nothing_of_its_own() {
    for is_plain in [true, false] {
        let fixture = Fixture::new();
        let mut old = Vec::new();
        for name in ["p1", "p2", "p3"] {
            let dir = fixture.worktree(name, "main");
            write_in(&dir, &format!("{name}.txt"), "x\n");
            old.push(fixture.commit_in(&dir, name));
        }
        let dir = fixture.worktree("one", "agents/p1");
        fixture.git_in(&dir, &["merge", "-q", "-m", "p2, too", "agents/p2"]);
        fixture.git_in(&dir, &["merge", "-q", "--no-commit", "agents/p3"]);
        if !is_plain {
            write_in(&dir, "evil.txt", "x\n");
        }
        let last = fixture.commit_in(&dir, "p3, too");
        write_in(&dir, "b.txt", "b\n");
        fixture.commit_in(&dir, "own");
        for name in ["p1", "p2", "p3"] {
            fixture.git(&["merge", "-q", "--squash", &format!("agents/{name}")]);
            fixture.commit(&format!("{name}, squashed"));
        }
        let source = Source { exclude: old, ..source(Some(Strategy::Rebase)) };
        if is_plain {
            let (after, replayed, _) = landed(&fixture, &source);
            assert_eq!(replayed.len(), 1);
            assert_eq!(fixture.git(&["diff", "--name-only", "main", &after.to_string()]), "b.txt");
        } else {
            assert_eq!(bring(&fixture, &source), Outcome::Stopped(Stop::Stacked { replays: false }), "{last}");
        }
    }
}

#[test]
fn conflicts_are_told_with_commit_path_and_kind() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    fixture.commit_in(&dir, "fine");
    write_in(&dir, "a.txt", &lines_with(20, 5, "theirs"));
    write_in(&dir, "ä.txt", "theirs\n");
    let at = fixture.commit_in(&dir, "not fine");
    fixture.write("a.txt", &lines_with(20, 5, "ours"));
    fixture.write("ä.txt", "ours\n");
    fixture.commit("in the way");
    for (strategy, commit) in [(Strategy::Rebase, Some(at)), (Strategy::Merge, None), (Strategy::Squash, None)] {
        let Outcome::Stopped(Stop::Conflict { commit: found, paths, .. }) = bring(&fixture, &source(Some(strategy)))
        else {
            panic!("no conflict")
        };
        assert_eq!(found, commit);
        let paths: Vec<_> = paths.into_iter().map(|path| (path.path.to_string(), path.kind)).collect();
        assert_eq!(paths, [("a.txt".into(), ConflictKind::Content), ("ä.txt".into(), ConflictKind::AddAdd)]);
    }
}

#[test]
fn merges_are_never_flattened() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    write_in(&dir, "b.txt", "b\n");
    fixture.commit_in(&dir, "b");
    fixture.write("c.txt", "c\n");
    fixture.commit("c");
    fixture.git_in(&dir, &["merge", "-q", "-m", "catches up", "main"]);
    let inner = fixture.id("agents/one");
    fixture.write("a.txt", &lines(21));
    fixture.commit("goes on");
    let stopped = bring(&fixture, &source(Some(Strategy::Rebase)));
    assert_eq!(stopped, Outcome::Stopped(Stop::HasMerges { commits: vec![inner] }));
    let Outcome::Landed { strategy, .. } = bring(&fixture, &source(None)) else { panic!() };
    assert_eq!(strategy, Strategy::Merge);
}

#[test]
fn unrelated_histories_are_told() {
    let fixture = Fixture::new();
    fixture.git(&["checkout", "-q", "--orphan", "agents/one"]);
    fixture.write("alone.txt", "alone\n");
    fixture.commit("alone");
    fixture.git(&["checkout", "-q", "main"]);
    for strategy in [Strategy::Rebase, Strategy::Merge, Strategy::Squash] {
        assert_eq!(bring(&fixture, &source(Some(strategy))), Outcome::Stopped(Stop::Unrelated));
    }
}

#[test]
fn signed_where_the_user_signs() {
    let fixture = busy(Shape::default());
    let signer = fixture.root().join("signer");
    // Stands in for gpg: the status line is what git looks for.
    std::fs::write(&signer, "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho SIGNATURE\n").unwrap();
    std::os::unix::fs::PermissionsExt::set_mode(&mut std::fs::metadata(&signer).unwrap().permissions(), 0o755);
    std::fs::set_permissions(&signer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fixture.git(&["config", "gpg.program", signer.to_str().unwrap()]);
    let (plain, ..) = landed(&fixture, &source(None));
    fixture.git(&["config", "commit.gpgSign", "true"]);
    let (signed, ..) = landed(&fixture, &source(None));
    assert_eq!(shown(&fixture, &format!("main..{signed}")), shown(&fixture, &format!("main..{plain}")));
    assert!(fixture.git(&["cat-file", "commit", &signed.to_string()]).contains("gpgsig SIGNATURE"));
}

#[test]
fn what_the_target_has_taken_back_has_not_landed() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    write_in(&dir, "a.txt", &lines_with(20, 5, "five"));
    let picked = fixture.commit_in(&dir, "five");
    fixture.write("z.txt", "z\n");
    fixture.commit("main goes on");
    fixture.git(&["cherry-pick", "agents/one"]);
    assert_eq!(bring(&fixture, &source(None)), Outcome::Nothing);
    fixture.git(&["revert", "--no-edit", "HEAD"]);
    let taken_back = Outcome::Stopped(Stop::TakenBack { commits: vec![picked] });
    assert_eq!(bring(&fixture, &source(None)), taken_back);
    assert_eq!(bring(&fixture, &source(Some(Strategy::Rebase))), taken_back);
    write_in(&dir, "b.txt", "b\n");
    fixture.commit_in(&dir, "more");
    assert_eq!(bring(&fixture, &source(None)), taken_back);
    let (after, ..) = landed(&fixture, &source(Some(Strategy::Merge)));
    assert!(fixture.git(&["show", &format!("{after}:a.txt")]).contains("five"));
}

#[test]
fn what_only_merges_as_a_whole_is_merged_unless_a_rebase_is_wanted() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    write_in(&dir, "a.txt", &lines_with(20, 5, "tried"));
    write_in(&dir, "b.txt", "b\n");
    let tried = fixture.commit_in(&dir, "tries");
    write_in(&dir, "a.txt", &lines(20));
    let tip = fixture.commit_in(&dir, "puts it back");
    fixture.write("a.txt", &lines_with(20, 5, "main"));
    let main = fixture.commit("main goes on");
    let Outcome::Landed { strategy: Strategy::Merge, after, .. } = bring(&fixture, &source(None)) else { panic!() };
    assert_eq!((fixture.id(&format!("{after}^1")), fixture.id(&format!("{after}^2"))), (main, tip));
    let outcome = bring(&fixture, &source(Some(Strategy::Rebase)));
    assert!(
        matches!(&outcome, Outcome::Stopped(Stop::Conflict { commit, merges: true, .. }) if *commit == Some(tried)),
        "{outcome:?}"
    );
}
