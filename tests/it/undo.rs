//! Taking the last operation back restores the documents byte for byte, as the library plans it.

use std::collections::BTreeMap;

use git_agents::state::Action;
use git_agents::store::{self, STATE_REF};
use insta::assert_snapshot;

use crate::support::{Output, Sandbox, id, lines};

impl Sandbox {
    /// Every document of the state's tree, as it is stored.
    fn documents(&self) -> BTreeMap<String, String> {
        let listed = self.git(["ls-tree", "-r", "--format=%(objectname) %(path)", STATE_REF]);
        let pair = |line: &str| line.split_once(' ').map(|(blob, path)| (path.to_owned(), blob.to_owned())).unwrap();
        listed.lines().map(pair).collect()
    }

    fn undo(&self) {
        let repo = self.open();
        let tip = store::tip(&repo).unwrap();
        let undoable = store::last_undoable(&repo, tip).unwrap().expect("there is something to take back");
        let operation = undoable.entry.operation.unwrap();
        let (sentence, documents) = (undoable.entry.sentence, undoable.documents);
        self.act(&Action::Undo { operation: operation.id, sentence, documents });
    }
}

#[test]
fn every_kind_of_operation_is_taken_back_exactly() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    sandbox.agents(["task", "add", "Base", "--id", "base", "--hours", "0.1"]).good();
    sandbox.agents(["task", "add", "Top", "--id", "top", "--after", "base", "--hours", "0.7"]).good();
    sandbox.agents(["task", "add", "Old", "--id", "old"]).good();
    let undone = |what: &str, act: &dyn Fn()| {
        let before = sandbox.documents();
        act();
        assert_ne!(before, sandbox.documents(), "{what} changes something");
        sandbox.undo();
        assert_eq!(before, sandbox.documents(), "{what} is taken back");
    };
    let agents = |words: &[&str]| drop(sandbox.agents(words).good());
    undone("add", &|| agents(&["task", "add", "New"]));
    undone("edit", &|| agents(&["task", "edit", "top", "--title", "T", "--no-after"]));
    undone("drop", &|| agents(&["task", "drop", "top"]));
    agents(&["task", "drop", "old"]);
    undone("reopen", &|| agents(&["task", "reopen", "old"]));
    undone("block", &|| agents(&["task", "block", "top", "--reason", "x"]));
    undone("assign", &|| agents(&["assign", "ann", "base"]));
    undone("assign new", &|| agents(&["assign", "ann", "16", "T"]));
    undone("start", &|| sandbox.start("ann", "base"));
    undone("finding", &|| agents(&["findings", "add", "--severity", "low", "--category", "c", "m"]));
    undone("register", &|| sandbox.register(&["eve"]));
    undone("remove", &|| drop(sandbox.act(&Action::RemoveAgent { agent: "bob".parse().unwrap(), backup: None })));
    sandbox.start("ann", "base");
    undone("complete", &|| sandbox.complete("ann", "base"));
    undone("fail", &|| agents(&["fail", "ann", "--reason", "x"]));
    undone("unassign", &|| agents(&["unassign", "ann"]));
    sandbox.fsck();
}

#[test]
fn operations_are_taken_back_one_after_the_other() {
    let sandbox = Sandbox::new();
    let mut stages = Vec::new();
    for id in ["1", "2", "3"] {
        sandbox.agents(["task", "add", "T", "--id", id]).good();
        stages.push(sandbox.documents());
    }
    sandbox.undo();
    assert_eq!(sandbox.documents(), stages[1]);
    sandbox.undo();
    assert_eq!(sandbox.documents(), stages[0]);
    // What is done after an undo is what the next undo takes back.
    sandbox.agents(["task", "add", "T", "--id", "4"]).good();
    sandbox.undo();
    assert_eq!(sandbox.documents(), stages[0]);
    sandbox.undo();
    assert!(sandbox.state().tasks.is_empty());
    let repo = sandbox.open();
    assert!(store::last_undoable(&repo, store::tip(&repo).unwrap()).unwrap().is_none());
}

#[test]
fn a_damaged_document_is_put_back_to_its_last_readable_version() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "Good", "--id", "1"]).good();
    let good = sandbox.documents();
    sandbox.plant(&Sandbox::open_path("1"), b"broken");
    let (repo, state) = (sandbox.open(), sandbox.state());
    let documents = store::last_readable(&repo, store::tip(&repo).unwrap().unwrap(), &state.damaged).unwrap();
    sandbox.act(&Action::Repair { documents });
    assert_eq!(sandbox.documents(), good);
    assert!(sandbox.state().damaged.is_empty() && sandbox.state().tasks.contains_key(&id("1")));
}

const STRATEGIES: [&str; 3] = ["rebase", "merge", "squash"];

/// ann and bob have completed tasks, and the target has gone on since they began.
fn two_completed() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    for agent in ["ann", "bob"] {
        sandbox.work_as(agent, &format!("task-{agent}"), agent, &format!("by {agent}\n"));
    }
    sandbox.commit("other", "y\n", "Meanwhile");
    sandbox
}

/// Every branch, what every worktree has, and what is known of agents and tasks.
fn everything(sandbox: &Sandbox) -> String {
    let mut all = sandbox.git(["for-each-ref", "refs/heads"]);
    for dir in [sandbox.repo().to_owned(), sandbox.worktree_of("ann"), sandbox.worktree_of("bob")] {
        all += &sandbox.git_in(&dir, ["status", "--porcelain", "--branch"]);
        let mut files: Vec<_> = dir.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.is_file() && !file.ends_with(".git")) {
            all += &format!("\n{}: {}", file.display(), std::fs::read_to_string(file).unwrap());
        }
    }
    format!("{all}\n{:?}", sandbox.documents())
}

#[test]
fn a_landing_is_taken_back_whole_with_edits_that_are_not_in_the_way() {
    for strategy in STRATEGIES {
        let sandbox = two_completed();
        std::fs::write(sandbox.repo().join("lines"), lines(7, "edited")).unwrap();
        std::fs::write(sandbox.repo().join("other"), "staged\n").unwrap();
        sandbox.git(["add", "other"]);
        std::fs::write(sandbox.repo().join("draft"), "untracked\n").unwrap();
        let before = everything(&sandbox);
        sandbox.agents(["merge", "--all", "--strategy", strategy, "--yes"]).good();
        assert_ne!(before, everything(&sandbox), "{strategy}");
        sandbox.agents(["undo", "--yes"]).good();
        assert_eq!(before, everything(&sandbox), "{strategy}");
        sandbox.fsck();
    }
}

#[test]
fn edits_in_the_way_of_taking_back_are_named() {
    let refused = STRATEGIES.map(|strategy| {
        let sandbox = two_completed();
        sandbox.agents(["merge", "--all", "--strategy", strategy, "--yes"]).good();
        std::fs::write(sandbox.repo().join("ann"), "edited since\n").unwrap();
        let before = everything(&sandbox);
        let refused = sandbox.refused(["undo", "--yes"]).to_string();
        assert_eq!(before, everything(&sandbox), "{strategy}");
        refused
    });
    assert_snapshot!(refused[0], @"
    [stderr]
    error: main at [ROOT]/repo cannot come along: uncommitted work is in the way: ann
      try: commit what is in the way, or move it elsewhere
    [status 3]
    ");
    assert_eq!(refused, [refused[0].as_str(); 3]);
}

/// Run the commands that a refusal gives, but for those that only look.
fn by_hand(sandbox: &Sandbox) {
    let output = sandbox.command("git").args(["agents", "undo", "--yes", "--json"]).output().unwrap();
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    let hints = error["error"]["hints"].as_array().unwrap();
    let commands = hints.iter().map(|hint| hint.as_str().unwrap()).filter(|hint| *hint != "git agents log");
    for line in commands {
        let ran = sandbox.command("sh").args(["-c", line]).output().unwrap();
        assert!(ran.status.success(), "{line}: {}", Output::new(&ran, sandbox.root()));
    }
}

#[test]
fn what_was_built_on_a_landing_is_said_and_how_to_take_it_back() {
    let refused = STRATEGIES.map(|strategy| {
        let sandbox = two_completed();
        let (ann, bob) = (sandbox.rev("agents/ann"), sandbox.rev("agents/bob"));
        sandbox.agents(["merge", "--all", "--strategy", strategy, "--yes"]).good();
        for n in 1..=7 {
            sandbox.commit("later", &format!("{n}\n"), &format!("Later {n}"));
        }
        sandbox.commit_as("ann", "next", "goes on\n");
        let refused = sandbox.refused(["undo", "--yes"]).to_string();
        by_hand(&sandbox);
        assert_eq!(sandbox.git(["ls-files"]), "README\nlater\nlines\nother", "{strategy}");
        assert_eq!(sandbox.git(["status", "--porcelain"]), "", "{strategy}");
        assert_eq!(sandbox.rev("agents/ann~1"), ann, "{strategy}: what was built on it stays");
        assert_eq!(sandbox.rev("agents/bob"), bob, "{strategy}");
        sandbox.is_clean("ann");
        sandbox.is_clean("bob");
        refused
    });
    assert_snapshot!(refused[0], @r#"
    [stderr]
    error: something was built on "land agents ann and bob in main" since
      main moved from [COMMIT] to [COMMIT]: 7 commits, the newest of them
        [COMMIT] Later 7
        [COMMIT] Later 6
        [COMMIT] Later 5
        [COMMIT] Later 4
        [COMMIT] Later 3
      agents/ann moved from [COMMIT] to [COMMIT]: 1 commit
        [COMMIT] next by ann
      try: git revert --no-edit [COMMIT]..[COMMIT]
      try: git -C [ROOT]/repo-worktrees/ann rebase --onto refs/agents-local/backup/[OPERATION]/heads/agents/ann [COMMIT]
      try: git -C [ROOT]/repo-worktrees/bob reset --keep refs/agents-local/backup/[OPERATION]/heads/agents/bob
      try: git agents log
    [status 3]
    "#);
    assert_snapshot!(refused[1], @r#"
    [stderr]
    error: something was built on "land agents ann and bob in main" since
      main moved from [COMMIT] to [COMMIT]: 7 commits, the newest of them
        [COMMIT] Later 7
        [COMMIT] Later 6
        [COMMIT] Later 5
        [COMMIT] Later 4
        [COMMIT] Later 3
      agents/ann moved from [COMMIT] to [COMMIT]: 1 commit
        [COMMIT] next by ann
      try: git revert --no-edit -m 1 [COMMIT]
      try: git revert --no-edit -m 1 [COMMIT]
      try: git -C [ROOT]/repo-worktrees/ann rebase --onto refs/agents-local/backup/[OPERATION]/heads/agents/ann [COMMIT]
      try: git -C [ROOT]/repo-worktrees/bob reset --keep refs/agents-local/backup/[OPERATION]/heads/agents/bob
      try: git agents log
    [status 3]
    "#);
    assert_eq!(refused[0], refused[2], "one range");
}

#[test]
fn where_nothing_is_checked_out_the_commands_say_so() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    // What a shell would take for something else.
    let branch = "b;$(o)b";
    sandbox.agents(["agent", "add", "bob", "--branch", branch, "--no-worktree"]).good();
    sandbox.work_as("ann", "1", "ann", "x\n");
    sandbox.git(["switch", "-q", branch]);
    let bob = sandbox.commit("bob", "x\n", "By bob");
    sandbox.git(["switch", "-q", "--detach", "main"]);
    sandbox.git([
        "update-ref",
        "refs/heads/main",
        &sandbox.git(["commit-tree", "-p", "main", "-m", "Meanwhile", "main^{tree}"]),
    ]);
    sandbox.agents(["merge", "ann", "bob", "--yes"]).good();
    let later = sandbox.git(["commit-tree", "-p", "main", "-m", "Later", "main^{tree}"]);
    sandbox.git(["update-ref", "refs/heads/main", &later]);
    assert_snapshot!(sandbox.refused(["undo", "--yes"]), @r#"
    [stderr]
    error: something was built on "land agents ann and bob in main" since
      main moved from [COMMIT] to [COMMIT]: 1 commit
        [COMMIT] Later
      try: git switch main
      try: git revert --no-edit [COMMIT]..[COMMIT]
      try: git -C [ROOT]/repo-worktrees/ann reset --keep refs/agents-local/backup/[OPERATION]/heads/agents/ann
      try: git branch -f 'b;$(o)b' 'refs/agents-local/backup/[OPERATION]/heads/b;$(o)b'
      try: git agents log
    [status 3]
    "#);
    by_hand(&sandbox);
    assert_eq!((sandbox.rev(branch), sandbox.git(["ls-files"])), (bob, "README\nlines".to_owned()));
    // Somebody has moved it to where nothing of the landing is.
    sandbox.git(["update-ref", "refs/heads/main", "main~4"]);
    assert_snapshot!(sandbox.agents(["undo", "--yes"]), @r#"
    [stderr]
    error: "land agents ann and bob in main" cannot be taken back: what moved with it has moved since
      main moved from [COMMIT] to [COMMIT], which is not on top of it
      agents/ann moved from [COMMIT] to [COMMIT], which is not on top of it
      b;$(o)b moved from [COMMIT] to [COMMIT], which is not on top of it
      try: git agents log
    [status 3]
    "#);
}

#[test]
fn a_landing_that_was_pushed_is_taken_back_with_a_warning() {
    let sandbox = two_completed();
    let origin = sandbox.root().join("origin.git");
    sandbox.git(["clone", "-q", "--bare", ".", origin.to_str().unwrap()]);
    sandbox.git(["remote", "add", "origin", &format!("file://{}", origin.display())]);
    sandbox.agents(["merge", "--all", "--yes"]).good();
    sandbox.git(["push", "-q", "origin", "main"]);
    sandbox.git(["remote", "set-head", "origin", "main"]);
    assert_snapshot!(sandbox.agents(["undo", "--yes"]), @"
    took back: land agents ann and bob in main
      main is where it was
      agents/ann is where it was
      agents/bob is where it was
    [stderr]
    warning: origin/main has this landing already, and keeps it: what was pushed is taken back with git revert
    [status 0]
    ");
}

#[test]
fn who_else_was_built_on_a_landing_is_named() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.work_as("ann", "1", "file", "By ann.\n");
    sandbox.agents(["merge", "ann", "--yes"]).good();
    sandbox.git(["branch", "topic", "main"]);
    assert_snapshot!(sandbox.agents(["undo", "--yes"]).good(), @"
    took back: land agent ann in main
      main is where it was
    [stderr]
    warning: agents/ann and topic were built on this landing, and keep what it brought
    [status 0]
    ");
}
