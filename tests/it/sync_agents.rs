//! One name is one agent in all clones: registering it reaches the remote first, and what it began in one clone is not
//! completed by its branch in another.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox, remote_tip, script};

/// Ann and bob, each in a clone, with two tasks; both have synchronised once.
fn shared(sandbox: &Sandbox) -> (Clone<'_>, Clone<'_>) {
    let ann = sandbox.here();
    ann.agents(["init", "zoe"]).good();
    sandbox.remote();
    for id in ["1", "2"] {
        ann.agents(["task", "add", "T", "--id", id]).good();
    }
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    (ann, bob)
}

/// A commit in the worktree that bob's clone has for an agent.
fn commit_in_bobs(sandbox: &Sandbox, agent: &str, file: &str) {
    let dir = sandbox.root().join("bob-worktrees").join(agent);
    std::fs::write(dir.join(file), "1\n").unwrap();
    sandbox.git_in(&dir, ["add", file]);
    sandbox.git_in(&dir, ["commit", "-q", "-m", "Work"]);
}

/// Whoever pushes next is overtaken by ann, who does this in her clone first.
fn overtake(sandbox: &Sandbox, ann: &Clone<'_>, bob: &Clone<'_>, words: &str) {
    let (wrapper, done) = (sandbox.root().join("receive-pack"), sandbox.root().join("overtaken"));
    let program = Sandbox::binary().display();
    let body = format!(
        "[ -e {done} ] || {{ touch {done}; cd {dir} && env -u GIT_DIR GIT_AGENTS_SEED=99 {program} {words} >&2; }}\nexec git-receive-pack \"$@\"",
        done = done.display(),
        dir = ann.dir.display()
    );
    script(&wrapper, &body);
    bob.git(["config", "remote.origin.receivepack", wrapper.to_str().unwrap()]);
}

#[test]
fn a_name_is_known_to_all_before_it_is_given() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    ann.agents(["init", "eve"]).good();
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), "refs/agents/state"), Some(ann.tip()));
    assert_snapshot!(bob.agents(["agent", "add", "eve"]), @"
    [stderr]
    error: there is an agent eve already
      try: git agents agent show eve
    [status 3]
    ");
    assert_snapshot!(bob.agents(["init", "eve"]), @"
    eve on agents/eve in [ROOT]/bob-worktrees/eve
    work lands on main
    [status 0]
    ");
    bob.agents(["agent", "add", "fred", "--no-worktree"]).good();
    ann.agents(["sync"]).good();
    ann.agrees_with(&bob);
}

#[test]
fn who_is_slower_takes_back_what_was_made_or_joins() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    overtake(&sandbox, &ann, &bob, "agent add eve --branch eves");
    assert_snapshot!(bob.agents(["agent", "add", "eve"]), @"
    [stderr]
    error: there is an agent eve already
      try: git agents agent show eve
    [status 3]
    ");
    assert_eq!(bob.git(["branch", "--list", "agents/eve"]), "");
    assert!(!sandbox.root().join("bob-worktrees/eve").exists());
    bob.agrees_with(&ann);
    std::fs::remove_file(sandbox.root().join("overtaken")).unwrap();
    overtake(&sandbox, &ann, &bob, "init fred");
    assert_snapshot!(bob.agents(["init", "fred", "gil"]), @"
    fred on agents/fred in [ROOT]/bob-worktrees/fred
    gil on agents/gil in [ROOT]/bob-worktrees/gil
    work lands on main
    [status 0]
    ");
    assert!(sandbox.root().join("overtaken").exists());
    ann.agents(["sync"]).good();
    bob.agrees_with(&ann);
}

#[test]
fn without_the_remote_nobody_gets_a_name_but_who_says_so() {
    let sandbox = Sandbox::new();
    let (_, bob) = shared(&sandbox);
    let (remote, away) = (sandbox.remote(), sandbox.root().join("away.git"));
    std::fs::rename(&remote, &away).unwrap();
    let before = bob.tip();
    assert_snapshot!(bob.agents(["init", "eve"]), @"
    [stderr]
    error: origin could not be asked: fatal: '[ROOT]/remote.git' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
      try: the same command with --offline, to record it here only
      try: git ls-remote origin
    [status 4]
    ");
    assert_eq!(bob.agents(["agent", "add", "eve"]).status, Some(4));
    assert_eq!((bob.tip(), bob.git(["branch", "--list", "agents/eve"])), (before, String::new()));
    assert_snapshot!(bob.agents(["init", "eve", "--offline"]), @"
    eve on agents/eve in [ROOT]/bob-worktrees/eve
    work lands on main
    [stderr]
    provisional: no remote has confirmed it; git agents sync shares it
    [status 0]
    ");
    // Who is registered needs nobody's word.
    bob.agents(["init", "zoe"]).good();
    std::fs::rename(&away, &remote).unwrap();
    script(&remote.join("hooks/pre-receive"), "exit 1");
    assert_eq!(bob.agents(["agent", "add", "fred"]).status, Some(4));
    assert_eq!(bob.git(["branch", "--list", "agents/fred"]), "");
    assert!(!sandbox.root().join("bob-worktrees/fred").exists());
}

#[test]
fn where_there_is_no_remote_nobody_is_asked() {
    let sandbox = Sandbox::new();
    sandbox.git(["config", "agents.sync", "auto"]);
    sandbox.agents(["init", "ann"]).good();
    sandbox.agents(["agent", "add", "bob"]).good();
}

#[test]
fn what_was_begun_in_another_clone_is_not_completed_by_another_branch() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    for clone in [&ann, &bob] {
        clone.agents(["init", "eve"]).good();
    }
    ann.agents(["start", "eve", "1"]).good();
    bob.agents(["sync"]).good();
    commit_in_bobs(&sandbox, "eve", "other");
    assert_snapshot!(bob.agents(["complete", "eve"]), @"
    [stderr]
    error: eve has begun 1 in another clone, and agents/eve here has nothing of that work
      try: git agents complete eve, in the clone where it was begun
      try: git agents unassign eve 1 && git agents start eve 1, to begin it here
    [status 3]
    ");
    assert_snapshot!(bob.agents(["start", "eve", "1"]), @"
    [stderr]
    error: eve has begun 1 in another clone, and agents/eve here has nothing of that work
      try: git agents complete eve, in the clone where it was begun
      try: git agents unassign eve 1 && git agents start eve 1, to begin it here
    [status 3]
    ");
    assert_eq!(bob.agents(["complete", "eve", "--json"]).json_error()["code"], "begun-elsewhere");
    sandbox.commit_as("eve", "work", "1\n");
    ann.git(["push", "-q", "origin", "agents/eve"]);
    bob.git(["fetch", "-q"]);
    assert_snapshot!(bob.agents(["complete", "eve"]), @"
    [stderr]
    error: eve has begun 1 in another clone, and agents/eve here has nothing of that work
      try: git agents complete eve, in the clone where it was begun
      try: git merge origin/agents/eve, in the worktree of eve, to go on with it here
      try: git agents unassign eve 1 && git agents start eve 1, to begin it here
    [status 3]
    ");
    // Who takes the work goes on with it.
    let dir = sandbox.root().join("bob-worktrees/eve");
    sandbox.git_in(&dir, ["merge", "-q", "--no-edit", "origin/agents/eve"]);
    bob.agents(["complete", "eve"]).good();
    bob.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    assert_eq!(ann.agents(["task", "show", "1", "--json"]).json()["task"]["state"], "completed");
}

#[test]
fn who_begins_it_anew_has_an_assignment_of_its_own() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    for clone in [&ann, &bob] {
        clone.agents(["init", "eve"]).good();
    }
    ann.agents(["start", "eve", "1"]).good();
    sandbox.commit_as("eve", "work", "1\n");
    bob.agents(["sync"]).good();
    bob.agents(["unassign", "eve", "1"]).good();
    bob.agents(["start", "eve", "1"]).good();
    commit_in_bobs(&sandbox, "eve", "other");
    bob.agents(["complete", "eve"]).good();
    bob.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(ann.agents(["complete", "eve"]), @"
    [stderr]
    error: eve had 1 by assignment 1, which has ended: eve has it since 2026-01-05 09:00 UTC by assignment 2; what is on eve's branch is as it was
      try: git agents unassign eve 1 && git agents start eve 1
      try: git agents task show 1
    [status 1]
    ");
}

#[test]
fn an_agent_that_goes_on_elsewhere_completes_there() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    ann.agents(["init", "eve"]).good();
    ann.agents(["start", "eve", "1"]).good();
    sandbox.commit_as("eve", "work", "1\n");
    ann.git(["push", "-q", "origin", "agents/eve"]);
    bob.git(["fetch", "-q"]);
    bob.agents(["sync"]).good();
    bob.agents(["init", "eve"]).good();
    bob.agents(["complete", "eve"]).good();
}

#[test]
fn what_is_noted_of_a_task_may_be_lost() {
    let sandbox = Sandbox::new();
    let (ann, _) = shared(&sandbox);
    ann.agents(["init", "eve"]).good();
    ann.agents(["start", "eve", "1"]).good();
    sandbox.commit_as("eve", "work", "1\n");
    std::fs::remove_dir_all(ann.dir.join(".git/agents/held")).unwrap();
    ann.agents(["complete", "eve"]).good();
}
