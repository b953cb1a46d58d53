//! `git agents config` and `.agents.toml`: what holds, where it comes from, and what the tree may not say.

use insta::assert_snapshot;

use crate::support::Sandbox;

fn with_file(text: &str) -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit(".agents.toml", text, "Settings");
    sandbox
}

#[test]
fn every_setting_says_where_it_comes_from() {
    let sandbox = with_file(
        "strategy = \"squash\"\ncheckRetries = 3\ncheckEach = true\ncheck = \"make\"\n[ann]\nstrategy = \"merge\"\n",
    );
    sandbox.git(["config", "agents.checkTimeout", "10m"]);
    sandbox.git(["config", "--global", "agents.checkRetries", "1"]);
    let run = sandbox.run(["config"]).env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "agents.trailers");
    assert_snapshot!(run.env("GIT_CONFIG_VALUE_0", "true").output(), @r#"
    SETTING               VALUE              FROM
    agents.ann.strategy   merge              .agents.toml
    agents.check                             default
    agents.checkEach      true               .agents.toml
    agents.checkRetries   1                  global
    agents.checkTimeout   10m                local
    agents.idleAfter      5m                 default
    agents.logLimit       10M                default
    agents.maxConcurrent                     default
    agents.mergeMessage                      default
    agents.models                            default
    agents.ports          20000-29999        default
    agents.portsEach      10                 default
    agents.prefix         agents/            default
    agents.preset         balanced           default
    agents.profile                           default
    agents.remote                            default
    agents.remoteRef      refs/agents/state  default
    agents.setup                             default
    agents.setupTimeout   10m                default
    agents.squashMessage                     default
    agents.strategy       squash             .agents.toml
    agents.sync           manual             default
    agents.target                            default
    agents.teardown                          default
    agents.template                          default
    agents.trailers       true               environment
    agents.worktrees                         default
    [stderr]
    warning: .agents.toml proposes agents.check = "make", which is not trusted and not run; see git agents trust --show
    [status 0]
    "#);
    let given = sandbox.program("git").args(["-c", "agents.sync=manual", "agents", "config", "get", "sync", "--json"]);
    assert_snapshot!(given.output(), @r#"
    {
      "key": "agents.sync",
      "kind": "setting",
      "runs": false,
      "source": "command line",
      "values": [
        "manual"
      ],
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn one_setting_is_read_and_written() {
    let sandbox = with_file("strategy = \"squash\"\n");
    assert_snapshot!(sandbox.agents(["config", "get", "strategy"]), @"
    squash
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["config", "get", "agents.check"]), @"[status 1]");
    assert_snapshot!(sandbox.agents(["config", "set", "strategy", "merge"]), @"
    merge
    [status 0]
    ");
    assert_eq!(sandbox.git(["config", "agents.strategy"]), "merge");
    assert_snapshot!(sandbox.agents(["config", "set", "strategy", ""]), @"
    squash
    [status 0]
    ");
    for command in [
        &["config", "set", "strategy", "octopus"][..],
        &["config", "set", "chekc", "x"],
        &["config", "get", "agents.targte"],
    ] {
        let refused = sandbox.refused(command);
        if command[1] == "get" {
            assert_snapshot!(refused, @r#"
            [stderr]
            error: "agents.targte" is no setting
              try: git agents config get agents.target
              try: git agents config list
            [status 2]
            "#);
        } else if command[2] == "chekc" {
            assert_snapshot!(refused, @r#"
            [stderr]
            error: "chekc" is no setting
              try: git agents config get agents.check
              try: git agents config list
            [status 2]
            "#);
        } else {
            assert_snapshot!(refused, @r#"
            [stderr]
            error: agents.strategy cannot be "octopus": it takes rebase, merge, squash
              try: git agents config get agents.strategy
            [status 2]
            "#);
        }
    }
}

#[test]
fn a_stronger_place_is_named() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let run =
        sandbox.program("git").args(["-c", "agents.strategy=squash", "agents", "config", "set", "strategy", "merge"]);
    assert_snapshot!(run.output(), @"
    squash
    [stderr]
    warning: agents.strategy is set, and what the command line says is stronger
    [status 0]
    ");
}

#[test]
fn names_that_are_no_settings_are_named_with_the_nearest() {
    let sandbox = with_file(
        "strategi = \"squash\"\nworktrees = \"/etc\"\ncheckRetries = \"many\"\n[hooks]\npre-commit = \"x\"\n",
    );
    sandbox.git(["config", "agents.chek", "make"]);
    let listed = sandbox.agents(["config", "list"]).good();
    assert_snapshot!(listed.stderr, @r#"
    warning: agents.chek is no setting; agents.check is the nearest
    warning: .agents.toml: agents.checkRetries cannot be "many": it takes a number from 0 to 100
    warning: .agents.toml: hooks.pre-commit is not known; checkTimeout is the nearest
    warning: .agents.toml: strategi is not known; strategy is the nearest
    warning: .agents.toml: agents.worktrees counts in git's configuration only
    "#);
    assert_eq!(sandbox.agents(["config", "get", "worktrees"]).status, Some(1));
    assert_snapshot!(sandbox.agents(["doctor"]), @r#"
    warning: agents.chek is no setting; agents.check is the nearest
      try: git config --unset-all agents.chek
    warning: .agents.toml: agents.checkRetries cannot be "many": it takes a number from 0 to 100
      try: git agents config list
    warning: .agents.toml: hooks.pre-commit is not known; checkTimeout is the nearest
      try: git agents config list
    warning: .agents.toml: strategi is not known; strategy is the nearest
      try: git agents config list
    warning: .agents.toml: agents.worktrees counts in git's configuration only
      try: git agents config list
    5 warnings
    [status 1]
    "#);
}

#[test]
fn a_file_that_is_no_toml_stops_nothing() {
    let sandbox = with_file("strategy = \"squash\"\nstrategy = \n");
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    no tasks
    [stderr]
    warning: .agents.toml, line 2: string values must be quoted, expected literal string; nothing in it counts
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["config", "get", "strategy"]), @"
    [stderr]
    warning: .agents.toml, line 2: string values must be quoted, expected literal string; nothing in it counts
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["trust", "--yes"]), @"
    [stderr]
    error: .agents.toml, line 2: string values must be quoted, expected literal string
      try: git log -1 -p -- .agents.toml
    [status 3]
    ");
    sandbox.work_as("ann", "1", "one", "1\n");
    let merged = sandbox.agents(["merge", "ann", "--yes"]).good();
    assert!(merged.stderr.contains(".agents.toml, line 2"), "{merged}");
    assert_eq!(sandbox.git(["log", "-1", "--format=%s"]), "one by ann", "its strategy does not count either");
}

/// What the tree says is a default: it is used, and whatever git says is stronger.
#[test]
fn defaults_of_the_file_are_used() {
    let sandbox = with_file("strategy = \"merge\"\n");
    sandbox.work_as("ann", "1", "one", "1\n");
    sandbox.agents(["merge", "ann", "--yes"]).good();
    assert_eq!(sandbox.git(["rev-list", "--parents", "-1", "main"]).split(' ').count(), 3);
    sandbox.work_as("ann", "2", "two", "2\n");
    sandbox.git(["config", "agents.strategy", "rebase"]);
    sandbox.agents(["merge", "ann", "--yes"]).good();
    assert_eq!(sandbox.git(["rev-list", "--parents", "-1", "main"]).split(' ').count(), 2);
}

/// It gives defaults, so without it everything goes on.
#[test]
fn a_file_that_cannot_be_read_hides_nothing() {
    let sandbox = with_file("strategy = \n");
    sandbox.git(["config", "agents.strategy", "bad"]);
    assert_snapshot!(sandbox.agents(["config", "get", "strategy"]), @r#"
    bad
    [stderr]
    warning: .agents.toml, line 1: string values must be quoted, expected literal string; nothing in it counts
    warning: agents.strategy cannot be "bad": it takes rebase, merge, squash
    [status 0]
    "#);
    let list = sandbox.agents(["config", "list"]).good();
    assert_snapshot!(list.stderr, @r#"
    warning: .agents.toml, line 1: string values must be quoted, expected literal string; nothing in it counts
    warning: agents.strategy cannot be "bad": it takes rebase, merge, squash
    "#);
    assert!(list.stdout.contains("agents.strategy       bad                local"), "{list}");
}
