//! `git agents cleanup`: who goes, by what proof; who stays, and why.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Output, Sandbox, lines, name};

/// Agents, each with a task of its own that is completed in a file of its own.
pub(crate) fn completed(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_agents(names);
    for agent in names {
        sandbox.work_as(agent, &format!("task-{agent}"), agent, &format!("by {agent}\n"));
    }
    sandbox
}

impl Sandbox {
    /// Whether nothing is left of an agent: no document, no branch, no worktree.
    #[track_caller]
    pub(crate) fn is_gone(&self, agent: &str) {
        assert!(!self.state().agents.contains_key(&name(agent)), "{agent} is known");
        assert_eq!(self.git(["for-each-ref", &format!("refs/heads/agents/{agent}")]), "", "{agent} has its branch");
        assert!(!self.worktree_of(agent).exists(), "{agent} has its folder");
        assert!(!self.git(["worktree", "list"]).contains(&format!("/{agent} ")), "git knows its worktree");
    }

    /// `cleanup`, which must keep everybody and change nothing.
    #[track_caller]
    pub(crate) fn keeps(&self, args: &[&str]) -> Output {
        let before = (self.facts(), self.git(["worktree", "list", "--porcelain"]));
        let output = self.agents([&["cleanup", "--yes"], args].concat());
        assert_eq!(before, (self.facts(), self.git(["worktree", "list", "--porcelain"])), "{output}");
        output
    }
}

#[test]
fn who_has_landed_goes_and_who_has_not_stays() {
    let sandbox = completed(&["ann", "bob", "cam", "dan"]);
    sandbox.agents(["merge", "ann", "cam", "--yes"]).good();
    sandbox.agents(["assign", "cam", "next", "More"]).good();
    sandbox.agents(["agent", "add", "eve"]).good();
    let before = sandbox.facts();
    assert_snapshot!(sandbox.agents(["cleanup", "--dry-run"]), @"
    would remove ann: its tip is in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    kept bob: 1 task completed and not landed: task-bob
      next: git agents merge bob
    kept cam: next is assigned to it
      next: git agents unassign cam next
    kept dan: 1 task completed and not landed: task-dan
      next: git agents merge dan
    kept eve: it has not been at work yet
      next: git agents cleanup eve
    1 agent would go
    [status 0]
    ");
    assert_eq!(before, sandbox.facts());
    assert_snapshot!(sandbox.refused(["cleanup"]), @"
    [stderr]
    error: there is no terminal to ask on: Remove ann with its worktree and branch?
      try: the same command with --yes
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["cleanup", "--yes"]), @"
    removed ann: its tip is in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    kept bob: 1 task completed and not landed: task-bob
      next: git agents merge bob
    kept cam: next is assigned to it
      next: git agents unassign cam next
    kept dan: 1 task completed and not landed: task-dan
      next: git agents merge dan
    kept eve: it has not been at work yet
      next: git agents cleanup eve
    to take it back: git agents undo --yes
    [status 0]
    ");
    sandbox.is_gone("ann");
    for agent in ["bob", "cam", "dan", "eve"] {
        sandbox.is_clean(agent);
    }
    assert_snapshot!(sandbox.agents(["log", "-n", "1"]), @"
    [COMMIT] remove agent ann (0s ago, Ann)
    [status 0]
    ");
    sandbox.agents(["undo", "--yes"]).good();
    assert_eq!(sandbox.rev("agents/ann"), sandbox.rev("main"));
    assert!(sandbox.state().agents.contains_key(&name("ann")));
    sandbox.fsck();
}

#[test]
fn every_strategy_leaves_a_proof() {
    for strategy in ["rebase", "merge", "squash"] {
        let sandbox = completed(&["ann", "bob"]);
        sandbox.commit("other", "y\n", "Meanwhile");
        sandbox.agents(["merge", "--all", "--strategy", strategy, "--yes"]).good();
        sandbox.agents(["cleanup", "--yes"]).good();
        sandbox.is_gone("ann");
        sandbox.is_gone("bob");
        assert_eq!(sandbox.git(["status", "--porcelain"]), "", "{strategy}");
        sandbox.fsck();
    }
}

#[test]
fn a_named_agent_that_stays_is_a_negative_answer() {
    let sandbox = completed(&["ann", "bob"]);
    sandbox.agents(["merge", "ann", "--yes"]).good();
    assert_snapshot!(sandbox.agents(["cleanup", "ann", "bob", "--yes", "--json"]), @r#"
    {
      "dry_run": false,
      "kept": [
        {
          "agent": "bob",
          "branch": "agents/bob",
          "message": "1 task completed and not landed: task-bob",
          "next": [
            "git agents merge bob"
          ],
          "reason": "not-landed"
        }
      ],
      "kind": "cleanup",
      "remote": [],
      "removed": [
        {
          "agent": "ann",
          "backup": "refs/agents-local/backup/[OPERATION]/ann",
          "branch": "agents/ann",
          "commit": "[COMMIT]",
          "ignored_files": 0,
          "not_backed_up": [],
          "not_backed_up_files": 0,
          "proof": {
            "kind": "reached"
          },
          "worktree": "[ROOT]/repo-worktrees/ann"
        }
      ],
      "target": "main",
      "version": 1
    }
    [status 1]
    "#);
    sandbox.is_gone("ann");
    assert_snapshot!(sandbox.keeps(&["bob"]), @"
    kept bob: 1 task completed and not landed: task-bob
      next: git agents merge bob
    nothing to clean up
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["cleanup", "ann", "--yes"]), @"
    [stderr]
    error: there is no agent ann
      try: git agents agent list
    [status 3]
    ");
    let empty = Sandbox::new();
    assert_snapshot!(empty.agents(["cleanup"]), @"
    nothing to clean up
    [status 0]
    ");
}

#[test]
fn an_agent_that_never_worked_goes_when_it_is_named() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.keeps(&[]), @"
    kept ann: it has not been at work yet
      next: git agents cleanup ann
    nothing to clean up
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["cleanup", "ann", "--yes"]), @"
    removed ann: its tip is in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    to take it back: git agents undo --yes
    [status 0]
    ");
    sandbox.is_gone("ann");
}

#[test]
fn work_that_is_not_committed_keeps_its_agent() {
    let sandbox = completed(&["ann", "bob", "cam", "dan", "eve"]);
    sandbox.agents(["merge", "--all", "--yes"]).good();
    sandbox.write_as("ann", "lines", &lines(3, "edited"));
    sandbox.write_as("bob", "draft", "untracked\n");
    fs::write(sandbox.repo().join(".git/info/exclude"), "*.env\nbuild/\n").unwrap();
    sandbox.write_as("cam", "local.env", "SECRET=1\n");
    fs::create_dir(sandbox.worktree_of("dan").join("build")).unwrap();
    sandbox.write_as("dan", "build/out", "made again\n");
    let dir = sandbox.worktree_of("eve");
    sandbox.git_in(&dir, ["init", "-q", "inner"]);
    assert_snapshot!(sandbox.agents(["cleanup", "--yes"]), @"
    removed dan: its tip is in main
      branch agents/dan
      worktree [ROOT]/repo-worktrees/dan
      ignored and not backed up: build (1 file)
    kept ann: it has 1 uncommitted file (lines)
      next: git -C [ROOT]/repo-worktrees/ann status --ignored
    kept bob: it has 1 untracked file (draft)
      next: git -C [ROOT]/repo-worktrees/bob status --ignored
    kept cam: it has 1 ignored file (local.env)
      next: git -C [ROOT]/repo-worktrees/cam status --ignored
    kept eve: it has a repository inside, which no backup could hold (inner)
      next: git -C [ROOT]/repo-worktrees/eve status --ignored
    to take it back: git agents undo --yes
    [status 0]
    ");
    sandbox.is_gone("dan");
    assert_eq!(sandbox.dirt("ann"), " M lines");
    assert_eq!(sandbox.dirt("bob"), "?? draft");
    assert_eq!(fs::read_to_string(sandbox.worktree_of("cam").join("local.env")).unwrap(), "SECRET=1\n");
}

#[test]
fn a_worktree_that_is_not_free_keeps_its_agent() {
    let sandbox = completed(&["ann", "bob", "cam", "dan", "eve", "fay", "gil"]);
    sandbox.agents(["merge", "--all", "--yes"]).good();
    let dir = |agent: &str| sandbox.worktree_of(agent);
    sandbox.git(["worktree", "lock", "--reason", "on a stick", dir("ann").to_str().unwrap()]);
    fs::write(sandbox.repo().join(".git/worktrees/bob/index.lock"), "").unwrap();
    fs::rename(dir("cam"), sandbox.root().join("moved")).unwrap();
    sandbox.git_in(&dir("dan"), ["switch", "-q", "-c", "elsewhere"]);
    sandbox.git_in(&dir("eve"), ["bisect", "start"]);
    fs::remove_file(dir("fay").join(".git")).unwrap();
    let keeps = sandbox.run(["cleanup", "--yes"]).dir(dir("gil")).output();
    assert_snapshot!(keeps, @"
    kept ann: its worktree is locked: on a stick
      next: git worktree unlock [ROOT]/repo-worktrees/ann
    kept bob: somebody is writing to its worktree ([ROOT]/repo/.git/worktrees/bob/index.lock exists)
      next: git agents doctor
    kept cam: its worktree at [ROOT]/repo-worktrees/cam is missing
      next: git worktree repair PATH
      next: git worktree prune
    kept dan: its worktree [ROOT]/repo-worktrees/dan has something else checked out
      next: git -C [ROOT]/repo-worktrees/dan switch agents/dan
    kept eve: a bisect is going on in its worktree
      next: git -C [ROOT]/repo-worktrees/eve status
    kept fay: its worktree [ROOT]/repo-worktrees/fay has lost its .git
      next: git worktree repair
    kept gil: you are inside its worktree
      next: cd [ROOT]/repo
    nothing to clean up
    [status 0]
    ");
}

#[test]
fn a_branch_that_was_not_made_for_the_agent_stays() {
    let sandbox = Sandbox::new();
    sandbox.git(["branch", "feature"]);
    sandbox.git(["branch", "real"]);
    sandbox.git(["symbolic-ref", "refs/heads/alias", "refs/heads/real"]);
    sandbox.agents(["agent", "add", "ann", "--existing", "--branch", "feature"]).good();
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--existing", "--branch", "alias"]), @"
    [stderr]
    error: alias is a symbolic ref, another name for another branch
      try: git symbolic-ref refs/heads/alias
      try: git agents agent add bob --existing --branch THAT-BRANCH
    [status 3]
    ");
    sandbox.agents(["agent", "add", "cam"]).good();
    sandbox.agents(["agent", "add", "dan", "--no-worktree"]).good();
    // Somebody puts another name in the place of a branch.
    sandbox.git(["symbolic-ref", "refs/heads/agents/dan", "refs/heads/real"]);
    sandbox.git(["worktree", "remove", sandbox.worktree_of("cam").to_str().unwrap()]);
    sandbox.git(["branch", "-q", "-D", "agents/cam"]);
    assert_snapshot!(sandbox.keeps(&["ann", "cam", "dan"]), @"
    kept ann: its branch feature was not made for it
      next: git agents agent remove ann
    kept cam: its branch is gone
      next: git agents agent remove cam
    kept dan: its branch agents/dan is a symbolic ref, another name for another branch
      next: git agents agent remove dan --keep-branch
    nothing to clean up
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["agent", "remove", "dan"]), @"
    [stderr]
    error: dan's branch agents/dan is a symbolic ref, another name for another branch
      try: git symbolic-ref --delete refs/heads/agents/dan
      try: git agents agent remove dan --keep-branch
    [status 3]
    ");
    sandbox.agents(["agent", "remove", "dan", "--keep-branch"]).good();
}
