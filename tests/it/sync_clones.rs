//! Clones of every kind synchronise, and none of them is changed by it in any other way.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox, Shape, remote_tip, script};

/// A remote with a state, and who wrote it.
fn shared(sandbox: &Sandbox) -> Clone<'_> {
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    for id in ["1", "2", "3"] {
        ann.agents(["task", "add", "T", "--id", id]).good();
    }
    ann.agents(["sync"]).good();
    ann
}

/// The clone takes part: it adopts, writes, and meets what ann wrote meanwhile.
#[track_caller]
fn takes_part(ann: &Clone<'_>, other: &Clone<'_>) {
    other.agents(["sync"]).good();
    other.agrees_with(ann);
    ann.agents(["task", "add", "Of Ann", "--id", "a"]).good();
    other.agents(["task", "add", "Of the other", "--id", "b"]).good();
    ann.agents(["sync"]).good();
    other.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    other.agrees_with(ann);
}

#[test]
fn a_bare_clone() {
    let sandbox = Sandbox::new();
    let ann = shared(&sandbox);
    takes_part(&ann, &sandbox.clone_with("other", &["--bare"]));
}

#[test]
fn a_mirror_is_warned() {
    let sandbox = Sandbox::new();
    let ann = shared(&sandbox);
    let mirror = sandbox.clone_with("other", &["--mirror"]);
    assert_snapshot!(mirror.agents(["sync"]), @"
    origin: nothing new on either side
    [stderr]
    warning: a plain git fetch of origin replaces the state here by what is there; git agents sync brings it back
    [status 0]
    ");
    takes_part(&ann, &mirror);
}

#[test]
fn what_a_fetch_replaces_in_a_mirror_is_brought_back() {
    let sandbox = Sandbox::new();
    let ann = shared(&sandbox);
    let mirror = sandbox.clone_with("other", &["--mirror"]);
    mirror.agents(["sync"]).good();
    mirror.agents(["task", "add", "Of the mirror", "--id", "m"]).good();
    ann.agents(["task", "add", "Of Ann", "--id", "a"]).good();
    ann.agents(["sync"]).good();
    mirror.git(["fetch", "-q", "--prune"]);
    assert_eq!(mirror.tip(), ann.tip(), "this is what git does");
    mirror.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    mirror.agrees_with(&ann);
    assert!(ann.sentences().contains(&"add task m: Of the mirror".to_owned()));
    // Once is enough.
    mirror.git(["fetch", "-q", "--prune"]);
    mirror.agents(["sync"]).good();
    mirror.agrees_with(&ann);
}

#[test]
fn a_shallow_clone_stays_as_shallow_as_it_was() {
    let sandbox = Sandbox::new();
    sandbox.commit("more", "1\n", "More");
    sandbox.commit("more", "2\n", "Still more");
    let ann = shared(&sandbox);
    let other = sandbox.clone_with("other", &["--depth=1"]);
    let before = std::fs::read_to_string(other.dir.join(".git/shallow")).unwrap();
    takes_part(&ann, &other);
    assert_eq!(std::fs::read_to_string(other.dir.join(".git/shallow")).unwrap(), before);
    assert_eq!(other.sentences().len(), 6, "the chain itself is whole");
    assert!(!ann.dir.join(".git/shallow").exists());
}

#[test]
fn a_partial_clone_has_every_document() {
    let sandbox = Sandbox::new();
    let ann = shared(&sandbox);
    sandbox.git_in(&sandbox.remote(), ["config", "uploadpack.allowFilter", "true"]);
    let other = sandbox.clone_with("other", &["--filter=blob:none"]);
    takes_part(&ann, &other);
    let missing = other.git(["rev-list", "--objects", "--missing=print", "refs/agents/state"]);
    assert!(!missing.contains('?'), "{missing}");
}

#[test]
fn where_git_keeps_the_refs_and_with_other_hashes() {
    for shape in [Shape { reftable: true, ..Shape::default() }, Shape { sha256: true, ..Shape::default() }] {
        let sandbox = Sandbox::shaped(shape);
        let format = if shape.sha256 { "sha256" } else { "sha1" };
        let remote = sandbox.root().join("remote.git");
        let init = ["init", "-q", "--bare", &format!("--object-format={format}"), remote.to_str().unwrap()];
        sandbox.git_in(sandbox.root(), init);
        sandbox.git(["remote", "add", "origin", &format!("file://{}", remote.display())]);
        sandbox.git(["push", "-q", "origin", "main"]);
        let ann = sandbox.here().with_agent("ann");
        ann.agents(["sync"]).good();
        let options: &[&str] = if shape.reftable { &["--ref-format=reftable"] } else { &[] };
        takes_part(&ann, &sandbox.clone_with("other", options));
    }
}

#[test]
fn a_host_that_takes_only_branches() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    let remote = sandbox.remote();
    let hook = remote.join("hooks/update");
    script(&hook, "case $1 in refs/heads/*) exit 0;; *) echo 'branches only'; exit 1;; esac");
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: origin does not take the push: remote: branches only; remote: error: hook declined to update refs/agents/state; error: failed to push some refs to 'file://[ROOT]/remote.git'; ! [COMMIT]:refs/agents/state [remote rejected] (hook declined)
      try: git push --dry-run origin refs/agents/state
      try: git config agents.remoteRef refs/heads/agents-state, when the host takes only branches
      try: git agents sync origin --adopt, to give up what waits here; it is kept as a backup
    [status 4]
    ");
    let other = sandbox.clone("other");
    for clone in [&ann, &other] {
        clone.git(["config", "agents.remoteRef", "refs/heads/agents-state"]);
    }
    ann.agents(["sync"]).good();
    takes_part(&ann, &other);
    assert_eq!(remote_tip(&sandbox, &remote, "refs/heads/agents-state"), Some(ann.tip()));
    assert_eq!(remote_tip(&sandbox, &remote, "refs/agents/"), None);
    ann.git(["config", "agents.remoteRef", "agents-state"]);
    assert_snapshot!(ann.agents(["sync"]), @r#"
    [stderr]
    error: agents.remoteRef is "agents-state", which is not the full name of a ref below refs/
      try: git config --unset agents.remoteRef
    [status 3]
    "#);
}

#[test]
fn from_a_linked_worktree_and_with_a_relative_address() {
    let sandbox = Sandbox::new();
    let ann = shared(&sandbox);
    ann.git(["remote", "set-url", "origin", "../remote.git"]);
    let worktree = sandbox.worktree("linked");
    let other = sandbox.clone("other");
    takes_part(&ann, &other);
    other.agents(["task", "add", "T", "--id", "c"]).good();
    other.agents(["sync"]).good();
    ann.run(["sync"]).dir(&worktree).output().good();
    other.agrees_with(&ann);
}

#[test]
fn pruning_and_collecting_in_between_loses_nothing() {
    let sandbox = Sandbox::new();
    let ann = shared(&sandbox);
    let other = sandbox.clone("other");
    for round in 0..3 {
        for clone in [&ann, &other] {
            clone.git(["fetch", "-q", "--prune", "origin"]);
            clone.git(["reflog", "expire", "--expire=now", "--all"]);
            clone.git(["gc", "-q", "--prune=now"]);
            sandbox.git_in(&sandbox.remote(), ["gc", "-q", "--prune=now"]);
            clone.agents(["sync"]).good();
            clone.agents(["task", "add", "T", "--id", &format!("{round}{}", clone.dir.ends_with("other"))]).good();
        }
    }
    for clone in [&ann, &other, &ann] {
        clone.agents(["sync"]).good();
    }
    other.agrees_with(&ann);
    assert_eq!(ann.sentences().len(), 4 + 6);
}
