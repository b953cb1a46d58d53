//! Plans and options that make no sense: nothing is changed.

use insta::assert_snapshot;

use crate::support::{Ground, Sandbox};

const AGENT: &str = "#!/bin/sh\ntrue\n";

#[test]
fn a_plan_that_is_none_is_refused_with_its_line() {
    let ground = Ground::new(AGENT);
    let said = |plan: &str| ground.execute(plan, &[]).output().to_string();
    assert_snapshot!(said("Nothing to do.\n"), @"
    [stderr]
    error: [ROOT]/parser.md: there is no task in it: a task is a list item `- [ ] t1: Title (2h, after: t0)` or a heading
    [status 2]
    ");
    assert_snapshot!(said("- [ ] t1: a\n- [ ] t2: b (aftr: t1)\n"), @r#"
    [stderr]
    error: [ROOT]/parser.md, line 2: "aftr: t1" is no detail of a task: there are hours such as `2h`, and `after:`, `paths:`, `labels:`, `agent:`, `model:`, `profile:`, `category:` and `priority:`
    [status 2]
    "#);
    assert_snapshot!(said("- [ ] t1: a (after: t2)\n- [ ] t2: b (after: t1)\n"), @"
    [stderr]
    error: [ROOT]/parser.md, line 1: the tasks would wait for each other: t1 → t2 → t1
    [status 2]
    ");
    assert_snapshot!(said("- [ ] t1: a\n- [ ] t1: b\n"), @"
    [stderr]
    error: [ROOT]/parser.md, line 2: the id t1 is that of line 1 already
    [status 2]
    ");
    assert_snapshot!(said("- [ ] t1: a\n\n- [ ] t2: b (after: t9)\n"), @"
    [stderr]
    error: line 3: t2 is after t9, and there is no task t9, in the plan or elsewhere
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(said("- [ ] t1: a\u{1b}[2J\n"), @r#"
    [stderr]
    error: [ROOT]/parser.md, line 1: it holds the control character '\u{1b}'
    [status 2]
    "#);
    assert_eq!(ground.sandbox.git(["for-each-ref", "refs/agents"]), "");
}

#[test]
fn another_plans_task_is_not_taken() {
    let ground = Ground::new("#!/bin/sh\ngit commit -q --allow-empty -m x\n");
    ground.sandbox.agents(["task", "add", "Mine", "--id", "t1"]).good();
    assert_snapshot!(ground.execute("- [ ] t1: Other\n", &[]).output(), @"
    [stderr]
    error: line 1: there is a task t1 already: Mine
      try: git agents task show t1
      try: another id for it in the plan
    [status 3]
    ");
    ground.execute("- [ ] t2: Two\n", &[]).output().good();
    assert_snapshot!(ground.execute("- [ ] t2: Two\n", &["--batch", "other"]).output(), @"
    [stderr]
    error: line 1: there is a task t2 already, of the batch parser: Two
      try: git agents task show t2
      try: another id for it in the plan
    [status 3]
    ");
}

#[test]
fn without_a_program_nothing_is_begun() {
    let sandbox = Sandbox::new();
    let plan = sandbox.root().join("plan.md");
    std::fs::write(&plan, "- [ ] t1: a\n").unwrap();
    let plan = plan.to_str().unwrap();
    let said = |more: &[&str]| sandbox.direct([&["execute", plan], more].concat()).output().to_string();
    assert_snapshot!(said(&[]), @r#"
    [stderr]
    error: nobody has said which program t1 is
      try: the same command with --profile claude
      try: git agents config set profile claude
      try: the same command with -- PROGRAM "{prompt}"
    [status 3]
    "#);
    assert_snapshot!(said(&["--", ""]), @"
    [stderr]
    error: the command is empty
    [status 2]
    ");
    assert_snapshot!(said(&["--batch", "../x", "--", "true"]), @r#"
    [stderr]
    error: "../x" cannot be the name of a batch: '/' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(said(&["--agents", "Ann", "--", "true"]), @r#"
    [stderr]
    error: "Ann" cannot be an agent's name: 'A' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(said(&["--timeout", "0s", "--", "true"]), @"
    [stderr]
    error: invalid value '0s' for '--timeout <DURATION>': it must be longer than nothing

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.direct(["execute", "nowhere.md", "--", "true"]).output(), @"
    [stderr]
    error: nowhere.md cannot be read: No such file or directory (os error 2)
    [status 2]
    ");
    assert_eq!(sandbox.git(["for-each-ref", "refs/agents"]), "");
}

#[test]
fn a_plan_comes_from_standard_input_in_any_form() {
    let ground = Ground::new("#!/bin/sh\ngit commit -q --allow-empty -m x\n");
    let json = "[{\"id\": \"t1\", \"title\": \"One\"}]";
    let run = ground.with_agent(&["execute", "-", "--batch", "b"]).input(json);
    let output = run.output();
    assert_eq!(output.status, Some(0), "{output}");
    let toml = "name = \"c\"\n[[task]]\nid = \"t2\"\ntitle = \"Two\"\nafter = \"t1\"\n";
    let output = ground.with_agent(&["execute", "-"]).input(toml).output();
    assert_eq!(output.status, Some(0), "{output}");
    assert_eq!(ground.sandbox.state().tasks[&"t2".parse().unwrap()].labels, ["batch:c"]);
}

#[test]
fn more_than_five_at_once_are_warned_of() {
    let ground = Ground::new("#!/bin/sh\ngit commit -q --allow-empty -m x\n");
    let plan: String = (1..=6).map(|n| format!("- [ ] t{n}: x{n}\n")).collect();
    let output = ground.execute(&plan, &["--max-concurrent", "6", "--quiet"]).output().good();
    let warned = "warning: up to 6 agents run at once; agents.maxConcurrent limits that for all commands\n";
    assert_eq!(output.stderr, warned);
}

#[test]
fn the_model_that_a_plan_names_is_handed_over() {
    let ground = Ground::new("#!/bin/sh\ngit commit -q --allow-empty -m x\n");
    let plan = ground.plan("- [ ] t1: One (model: opus)\n- [ ] t2: Two\n");
    let words = [
        "execute",
        plan.to_str().unwrap(),
        "--model",
        "haiku",
        "--",
        "sh",
        "-c",
        "test $1 = $2 && git commit -q --allow-empty -m x",
        "sh",
    ];
    let run = |model: &str| {
        let args = [&words[..], &["{model}", model]].concat();
        ground.sandbox.direct(args).without("GIT_COMMITTER_DATE").output()
    };
    run("opus");
    let first = ground.states();
    assert_eq!((first["t1"], first["t2"]), ("completed", "failed"));
    run("haiku").good();
}

/// An order that is turned round is a good plan, and one that is a loop changes nothing.
#[test]
fn a_changed_order_is_filed_whole_or_not_at_all() {
    let ground = Ground::new("#!/bin/sh\ntest -e $GOES && git commit -q --allow-empty -m x\n");
    let execute = |plan: &str, more: &[&str]| ground.execute(plan, more).env("GOES", ground.note("goes")).output();
    execute("- [ ] a: A\n- [ ] b: B (after: a)\n", &[]);
    ground.sandbox.agents(["task", "add", "Outside", "--id", "out", "--after", "b"]).good();
    let before = ground.sandbox.git(["for-each-ref"]);
    let looped = "- [ ] n: New\n- [ ] a: A\n- [ ] b: B (after: out)\n";
    assert_snapshot!(execute(looped, &[]), @"
    [stderr]
    error: the tasks would wait for each other: b → out → b
      try: git agents task show out
      try: git agents task show b
    [status 3]
    ");
    assert_eq!(execute(looped, &["--dry-run"]).to_string(), execute(looped, &[]).to_string());
    assert_eq!(ground.sandbox.git(["for-each-ref"]), before);
    let turned = "- [ ] n: New\n- [ ] a: A (after: b)\n- [ ] b: B (after: n)\n";
    let waves: Vec<_> =
        execute(turned, &["--dry-run"]).stdout.lines().map(|line| line.get(..9).map(str::to_owned)).collect();
    assert_eq!(waves[2..], ["1     n  ", "2     b  ", "3     a  "].map(|line| Some(line.to_owned())));
    std::fs::write(ground.note("goes"), "").unwrap();
    let turned = execute(turned, &[]).good();
    assert!(turned.stderr.contains("changed a and b as the plan says now"), "{turned}");
}

#[test]
fn how_things_go_on_counts_only_while_somebody_waits() {
    let ground = Ground::new("#!/bin/sh\ngit commit -q --allow-empty -m x\n");
    let options =
        [&["--max-concurrent", "1"][..], &["--retries", "1"], &["--avoid-overlap"], &["--on-interrupt", "end"]];
    for option in options {
        let args = [&["fanout", "2", "--prompt", "x"], option].concat();
        let said = ground.with_agent(&args).output();
        assert_eq!(said.status, Some(2), "{said}");
        assert!(said.stderr.contains("required arguments were not provided:\n  --wait\n"), "{said}");
        ground.with_agent(&[&args[..], &["--wait"]].concat()).output().good();
    }
    let help = ground.sandbox.agents(["multi", "--help"]).stdout;
    assert_eq!(help.matches("(with --wait)").count(), options.len(), "{help}");
}

/// Nothing is filed when a setting keeps every run from beginning, and a dry run says the same.
#[test]
fn what_makes_no_sense_is_refused_before_anything_is_filed() {
    let ground = Ground::new(AGENT);
    let sandbox = &ground.sandbox;
    let bad = [
        ("agents.maxConcurrent", "0"),
        ("agents.idleAfter", "soon"),
        ("agents.logLimit", "much"),
        ("agents.sync", "often"),
        ("agents.ports", "1-x"),
        ("agents.ports", "4000-4009"),
    ];
    let before = sandbox.git(["for-each-ref"]);
    for (key, value) in bad {
        sandbox.git(["config", key, value]);
        let plan = "- [ ] a: A\n- [ ] b: B\n";
        let refused = ground.execute(plan, &[]).output();
        assert_ne!(refused.status, Some(0), "{key}: {refused}");
        assert!(refused.stderr.starts_with("error: "), "{key}: {refused}");
        assert_eq!(ground.execute(plan, &["--dry-run"]).output().to_string(), refused.to_string());
        assert_eq!(ground.with_agent(&["multi", "a:A", "b:B"]).output().to_string(), refused.to_string());
        assert_eq!(sandbox.git(["for-each-ref"]), before, "{key}");
        sandbox.git(["config", "--unset", key]);
    }
    let script = ground.note("script");
    std::fs::write(&script, "#!/none/such -x\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_snapshot!(sandbox.agents(["create", "a", "--prompt", "A", "--", script.to_str().unwrap()]), @"
    [stderr]
    error: [ROOT]/script cannot be started: [ROOT]/script is a script for /none/such, which is not there
      try: head -1 [ROOT]/script
    [status 3]
    ");
    assert_eq!(sandbox.git(["for-each-ref"]), before);
}

#[test]
fn a_dry_run_says_what_would_be_left_out() {
    let ground = Ground::new(AGENT);
    ground.sandbox.git(["branch", "agents/c"]);
    ground.sandbox.agents(["task", "add", "Outside", "--id", "out"]).good();
    let plan = "- [ ] a: A (after: out)\n- [ ] b: B (after: a)\n- [ ] c: C\n- [ ] d: D (after: c)\n- [ ] e: E\n";
    assert_snapshot!(ground.execute(plan, &["--dry-run"]).output(), @"
    batch parser: 5 tasks in 1 wave, at most 5 at once; nothing was changed
    WAVE  TASK  AGENT  MODEL  HOURS  AFTER  TITLE
    -     a     a                    out    A (left out: it is after out)
    -     b     b                    a      B (left out: it is after a)
    -     c     c                           C (c cannot be added: refs/heads/agents/c exists already)
    -     d     d                    c      D (left out: it is after c)
    1     e     e                           E
    [status 0]
    ");
    let plan = ground.plan("- [ ] a: A (profile: nope)\n");
    let said = |more: &[&str]| ground.sandbox.agents([&["execute", plan.to_str().unwrap()], more].concat()).to_string();
    assert_eq!(said(&["--dry-run"]), said(&[]));
    assert_eq!(said(&["--dry-run", "--", "nonesuch"]), said(&["--", "nonesuch"]));
}
