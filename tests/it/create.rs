//! `git agents create`, `multi` and `fanout`: begun in one step, and judged when they end though nobody waits.

use git_agents::task::TaskState;
use insta::assert_snapshot;

use crate::support::{Ground, eventually, without_times};

const AGENT: &str = r#"#!/bin/sh
grep -q "Write" "$2" || exit 5
echo "$1" > "$1.txt"; git add -A; git commit -qm "Do $1"
"#;

#[test]
fn create_is_one_step() {
    let ground = Ground::new(AGENT);
    let create = ["create", "parser", "--prompt", "Write the parser\n\nFor all of it."];
    let output = ground.with_agent(&create).output();
    assert_snapshot!(output, @"
    parser works on agents/parser in [ROOT]/repo-worktrees/parser
    [stderr]
    filed 1 task with the label batch:parser
    [status 0]
    ");
    eventually("it is completed", || ground.all_are(TaskState::Completed));
    let task = &ground.sandbox.state().tasks[&"parser".parse().unwrap()];
    assert_eq!((task.title.as_str(), task.body.as_str()), ("Write the parser", "For all of it."));
    assert_eq!(ground.sandbox.git(["show", "agents/parser:parser.txt"]), "parser");
    assert_snapshot!(ground.with_agent(&create).output(), @"
    TASK    STATE  AGENT  WORKTREE
    parser  left          it is completed already
    [status 0]
    ");
}

#[test]
fn multi_begins_several() {
    let ground = Ground::new(AGENT);
    let output = ground.with_agent(&["multi", "a:Write a", "b: Write b", "--wait"]).output();
    let last: Vec<&str> = output.stdout.lines().filter(|line| !line.starts_with("took")).collect();
    assert_eq!(last, ["batch a-b: 2 of 2 tasks completed"]);
    assert!(ground.all_are(TaskState::Completed));
    let said = |args: &[&str]| ground.with_agent(args).output().to_string();
    assert_snapshot!(said(&["multi", "nothing"]), @r#"
    [stderr]
    error: "nothing" names nobody: write NAME:PROMPT
      try: git agents multi parser:"Write the parser" docs:"Describe it"
    [status 2]
    "#);
    assert_snapshot!(said(&["multi", "a:Write", "a:Write"]), @"
    [stderr]
    error: a is named twice
    [status 2]
    ");
    assert_snapshot!(said(&["multi", "c:"]), @"
    [stderr]
    error: the title cannot be used: it is empty
    [status 2]
    ");
}

#[test]
fn fanout_is_several_attempts() {
    let ground = Ground::new(AGENT);
    let output = ground.with_agent(&["fanout", "3", "parser", "--prompt", "Write it"]).output();
    assert_snapshot!(without_times(&output), @"
    TASK      STATE    AGENT     WORKTREE
    parser-1  started  parser-1  [ROOT]/repo-worktrees/parser-1
    parser-2  started  parser-2  [ROOT]/repo-worktrees/parser-2
    parser-3  started  parser-3  [ROOT]/repo-worktrees/parser-3
    [stderr]
    filed 3 tasks with the label batch:parser
    [status 0]
    ");
    eventually("they are completed", || ground.all_are(TaskState::Completed));
    let labels: Vec<_> = ground.sandbox.state().tasks.into_values().map(|task| task.labels).collect();
    assert_eq!(labels, vec![vec!["batch:parser".to_owned()]; 3]);
}

#[test]
fn all_or_none_is_begun_when_there_is_no_room() {
    let ground = Ground::new(AGENT);
    ground.sandbox.git(["config", "agents.maxConcurrent", "2"]);
    assert_snapshot!(ground.with_agent(&["fanout", "3", "x", "--prompt", "Write it"]).output(), @"
    [stderr]
    error: 0 agents are running, 3 would be added, and agents.maxConcurrent is 2
      try: the same command with --wait, to start them one after the other
      try: git agents runs
    [status 3]
    ");
    assert_eq!(ground.sandbox.git(["for-each-ref", "refs/agents"]), "");
    let output = ground.with_agent(&["fanout", "3", "x", "--prompt", "Write it", "--wait"]).output();
    assert_eq!(output.status, Some(0), "{output}");
}

#[test]
fn what_fails_unheard_is_failed_with_its_reason() {
    let ground = Ground::new(AGENT);
    ground.with_agent(&["create", "docs", "--prompt", "Describe it"]).output().good();
    eventually("it is failed", || ground.all_are(TaskState::Failed));
    let task = &ground.sandbox.state().tasks[&"docs".parse().unwrap()];
    assert_eq!(task.reason.as_deref(), Some("exit status 5"));
}

/// Nothing is filed and nobody made when one of them could not begin.
#[test]
fn all_or_none_is_begun_when_something_is_in_the_way() {
    let ground = Ground::new(AGENT);
    let sandbox = &ground.sandbox;
    let said = |args: &[&str]| {
        let before = sandbox.git(["for-each-ref"]);
        let output = ground.with_agent(args).output().to_string();
        let staying = ground.with_agent(&[args, &["--wait"]].concat()).output().to_string();
        assert_eq!(output, staying);
        assert_eq!(sandbox.git(["for-each-ref"]), before, "nothing was changed: {output}");
        output
    };
    let folder = sandbox.root().join("repo-worktrees/b");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("x"), "").unwrap();
    assert_snapshot!(said(&["multi", "a:Write a", "b:Write b"]), @"
    [stderr]
    error: b cannot be added: [ROOT]/repo-worktrees/b exists and is not an empty folder
      try: git agents agent add b --path OTHER
    [status 3]
    ");
    sandbox.git(["branch", "agents/d-2"]);
    assert_snapshot!(said(&["fanout", "2", "d", "--prompt", "Write d"]), @"
    [stderr]
    error: d-2 cannot be added: refs/heads/agents/d-2 exists already
      try: git agents agent add d-2 --existing --branch agents/d-2
    [status 3]
    ");
    sandbox.now(&["agent", "add", "e-2"]).good();
    sandbox.now(&["task", "add", "Own", "--id", "own"]).good();
    sandbox.now(&["start", "e-2", "own"]).good();
    assert_snapshot!(said(&["fanout", "3", "e", "--prompt", "Write e"]), @"
    [stderr]
    error: e-2 is working on own
      try: the same command with another name
      try: git agents complete e-2
    [status 3]
    ");
    sandbox.git(["branch", "-D", "agents/d-2"]);
    sandbox.git(["config", "agents.setup", "test ! -e ../g"]);
    let output = ground.with_agent(&["multi", "f:Write f", "g:Write g"]).output();
    assert!(
        output.stderr.ends_with(" --no-setup\n") && output.stderr.contains("try: git agents agent add"),
        "{output}"
    );
    assert_eq!(ground.states().into_keys().collect::<Vec<_>>(), ["own"]);
    assert_eq!(sandbox.state().agents.len(), 1);
}

#[test]
fn a_name_stands_for_one_thing() {
    let ground = Ground::new(AGENT);
    ground.with_agent(&["create", "parser", "--prompt", "Write the parser", "--wait"]).output().good();
    let other = |more: &[&str]| {
        let args = [&["create", "parser", "--prompt", "Write something else"], more].concat();
        ground.with_agent(&args).output().to_string()
    };
    assert_snapshot!(other(&[]), @"
    [stderr]
    error: parser is completed, and was to do something else: Write the parser
      try: the same command with another name
      try: git agents task show parser
    [status 3]
    ");
    assert_eq!(other(&[]), other(&["--wait"]));
    ground.with_agent(&["create", "parser", "--prompt", "Write the parser", "--wait"]).output().good();
    // What has failed may be told otherwise.
    ground.with_agent(&["create", "docs", "--prompt", "Describe it", "--wait"]).output();
    assert_eq!(ground.states()["docs"], "failed");
    ground.with_agent(&["create", "docs", "--prompt", "Write it down", "--wait"]).output().good();
}

/// What only turns out when the worktree is there is told with what goes on.
#[test]
fn what_was_filed_and_could_not_begin_is_named() {
    let ground = Ground::new(AGENT);
    ground.sandbox.git(["config", "agents.setup", "touch left"]);
    assert_snapshot!(ground.with_agent(&["create", "a", "--prompt", "Write a"]).output(), @"
    TASK  STATE   AGENT  WORKTREE
    a     failed  a      the worktree of a has 1 uncommitted path already: left
      try: git -C [ROOT]/repo-worktrees/a status
      try: git -C [ROOT]/repo-worktrees/a add … && git -C [ROOT]/repo-worktrees/a commit
      try: the same command again
    [stderr]
    filed 1 task with the label batch:a
    [status 1]
    ");
    assert_eq!(ground.states()["a"], "open");
    std::fs::remove_file(ground.sandbox.worktree_of("a").join("left")).unwrap();
    ground.with_agent(&["create", "a", "--prompt", "Write a"]).output().good();
}

/// What a hook of git's has left counts as well, although nobody has set anything up.
#[test]
fn what_a_hook_has_left_is_not_the_agents_work() {
    let ground = Ground::new(AGENT);
    let hook = ground.sandbox.repo().join(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\ntouch left\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let created = ground.with_agent(&["create", "a", "--prompt", "Write a"]).output();
    assert!(created.stdout.contains("the worktree of a has 1 uncommitted path already: left"), "{created}");
    assert_eq!((created.status, ground.states()["a"]), (Some(1), "open"));
}

/// What the system refuses to start is nothing that its agent works on.
#[test]
fn the_task_of_what_cannot_be_started_is_free() {
    let ground = Ground::new("\u{7f}ELF, but not really");
    let create = ["create", "a", "--prompt", "Write a"];
    let said = ground.with_agent(&create).output();
    assert!(
        said.stdout.contains("cannot be started: ") && said.stdout.contains("try: the same command again"),
        "{said}"
    );
    assert_eq!(ground.states()["a"], "open");
    std::fs::write(ground.note("agent.sh"), AGENT).unwrap();
    ground.with_agent(&create).output().good();
    eventually("it is completed", || ground.all_are(TaskState::Completed));
}
