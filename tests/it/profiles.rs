//! `git agents profiles`: which profiles there are and what each says, and profiles that a shell runs.

use std::path::PathBuf;

use insta::assert_snapshot;

use crate::support::{Output, Sandbox, script};

/// The command where of the agent programs only `claude` is installed.
fn alone(sandbox: &Sandbox, args: &[&str]) -> Output {
    let bin = sandbox.root().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    script(&bin.join("claude"), "exit 0");
    let folders = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<PathBuf>>();
    let git = folders.iter().map(|folder| folder.join("git")).find(|git| git.is_file()).unwrap();
    let link = bin.join("git");
    if !link.exists() {
        std::os::unix::fs::symlink(git, &link).unwrap();
    }
    sandbox.direct(args).path(&[&bin]).output()
}

fn set(sandbox: &Sandbox, key: &str, value: &str) {
    sandbox.git(["config", &format!("agents.profile.{key}"), value]);
}

#[test]
fn they_are_listed_with_where_they_come_from() {
    let sandbox = Sandbox::new();
    sandbox.commit("a", "a", "A");
    set(&sandbox, "mine.command", "/bin/cat {prompt}");
    set(&sandbox, "mine.stdin", "open");
    set(&sandbox, "piped.command", "cat \"{prompt_file}\" | /bin/cat");
    set(&sandbox, "piped.shell", "true");
    set(&sandbox, "codex.strong", "gpt-9");
    set(&sandbox, "odd.command", "x 'y");
    sandbox.git(["config", "agents.profile", "mine"]);
    assert_snapshot!(alone(&sandbox, &["profiles"]), @"
       PROFILE       PROGRAM       FROM               INSTALLED  MODEL  RESUME  STDIN   COST
       aider         aider         built in           no         yes    yes     -       yes
       amp           amp           built in           no         yes    yes     prompt  -
       claude        claude        built in           yes        yes    yes     prompt  yes
       codex         codex         built in, changed  no         yes    yes     prompt  -
       copilot       copilot       built in           no         yes    yes     -       -
       cursor-agent  cursor-agent  built in           no         yes    yes     prompt  -
       gemini        gemini        built in           no         yes    yes     prompt  -
    *  mine          /bin/cat      configured         yes        -      -       open    -
       opencode      opencode      built in           no         yes    yes     -       yes
       piped         a script      configured         ?          -      -       -       -
    [stderr]
    warning: odd cannot be used: agents.profile.odd.command cannot be split into words: x 'y
    [status 0]
    ");
    let json = alone(&sandbox, &["profiles", "--json"]).json();
    assert_eq!(json["profiles"].as_array().unwrap().len(), 10);
    assert_snapshot!(json["unusable"], @r#"[{"name":"odd","problem":"agents.profile.odd.command cannot be split into words: x 'y"}]"#);
    sandbox.git(["config", "agents.profile", "odd"]);
    let warned = alone(&sandbox, &["profiles"]).stderr;
    assert!(warned.contains("agents.profile names odd, which cannot be used"), "{warned}");
}

#[test]
fn one_says_all_of_itself() {
    let sandbox = Sandbox::new();
    sandbox.commit("a", "a", "A");
    assert_snapshot!(alone(&sandbox, &["profiles", "claude"]), @"
    claude (built in)
      program      claude, installed
      command      claude --print --output-format stream-json --verbose --permission-mode acceptEdits --allowedTools 'Bash(git:*)' {options}
      interactive  claude --permission-mode acceptEdits {options} [{prompt}]
      resume       claude --print --resume {session} --output-format stream-json --verbose --permission-mode acceptEdits --allowedTools 'Bash(git:*)' {options}
      model        --model {model}
      models       strong = opus; standard = sonnet; fast = haiku; all: https://docs.anthropic.com/en/docs/claude-code/model-config
      stdin        the prompt
      tells        session (session_id), cost (total_cost_usd), tokens (usage.input_tokens + usage.output_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens)
    [status 0]
    ");
    set(&sandbox, "codex.strong", "gpt-9");
    assert_snapshot!(alone(&sandbox, &["profiles", "codex"]), @"
    codex (built in, changed)
      program      codex, not installed: npm install -g @openai/codex
      command      codex exec --json --sandbox workspace-write --add-dir {git_dir} {options} -
      interactive  codex --sandbox workspace-write --add-dir {git_dir} {options} [{prompt}]
      resume       codex exec --json --sandbox workspace-write --add-dir {git_dir} {options} resume {session} -
      model        --model {model}
      models       strong = gpt-9; standard, fast: the program's default; git agents config set profile.codex.standard MODEL; all: https://developers.openai.com/codex/models
      stdin        the prompt
      tells        session (thread_id), tokens (usage.input_tokens + usage.output_tokens)
    [status 0]
    ");
    set(&sandbox, "piped.command", "cat \"{prompt_file}\" | agent");
    set(&sandbox, "piped.shell", "true");
    assert_snapshot!(alone(&sandbox, &["profiles", "piped"]), @r#"
    piped (configured)
      program      a script
      command      cat "{prompt_file}" | agent
      resume       it cannot go on with a session
      model        none can be chosen
      stdin        nothing
      tells        nothing of itself
    [status 0]
    "#);
    assert_snapshot!(alone(&sandbox, &["profiles", "opencode", "--json"]), @r#"
    {
      "active": false,
      "command": [
        "opencode",
        "run",
        "--format",
        "json",
        "{options}",
        "{prompt}"
      ],
      "from": "built in",
      "install": "curl -fsSL https://opencode.ai/install | bash",
      "installed": false,
      "interactive": [
        "opencode",
        "{options}"
      ],
      "kind": "profile",
      "model": [
        "--model",
        "{model}"
      ],
      "models": {
        "listed_by": "opencode models"
      },
      "name": "opencode",
      "opening": [
        "--prompt",
        "{prompt}"
      ],
      "program": "opencode",
      "resume": [
        "opencode",
        "run",
        "--format",
        "json",
        "--session",
        "{session}",
        "{options}",
        "{prompt}"
      ],
      "stdin": "nothing",
      "tells": {
        "cost": "part.cost",
        "session": "sessionID",
        "tokens": [
          "part.tokens.input",
          "part.tokens.output"
        ]
      },
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn wrong_names_and_values_are_told() {
    let sandbox = Sandbox::new();
    sandbox.commit("a", "a", "A");
    assert_snapshot!(sandbox.refused(["profiles", "clod"]), @r#"
    [stderr]
    error: there is no profile clod; there are aider, amp, claude, codex, copilot, cursor-agent, gemini, opencode
      try: git agents config set profile.clod.command "PROGRAM {prompt}"
    [status 3]
    "#);
    set(&sandbox, "mine.command", "agent 'do {prompt}'");
    set(&sandbox, "mine.shell", "maybe");
    assert_snapshot!(sandbox.refused(["profiles", "mine"]), @r#"
    [stderr]
    error: agents.profile.mine.shell cannot be "maybe": it takes true or false (said in .git/config)
      try: git config --show-origin --get-all agents.profile.mine.shell
      try: git config --unset-all agents.profile.mine.shell
    [status 3]
    "#);
    set(&sandbox, "mine.shell", "true");
    assert_snapshot!(sandbox.refused(["profiles", "mine"]), @r#"
    [stderr]
    error: agents.profile.mine.command has {prompt} in single quotes, in which the shell puts nothing; use double quotes, or for another shell "$1" in the quotes and the placeholder behind them
      try: git agents config get agents.profile.mine.command
    [status 3]
    "#);
}

#[test]
fn a_shell_gets_every_value_as_one_word() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let (agent, got) = (sandbox.root().join("agent"), sandbox.root().join("got"));
    script(&agent, &format!("for one; do printf '<%s>\\n' \"$one\"; done >'{}'", got.display()));
    let template = sandbox.root().join("template");
    std::fs::write(&template, "{{ task.title }}").unwrap();
    sandbox.git(["config", "agents.template", template.to_str().unwrap()]);
    sandbox.agents(["task", "add", "fix  it; $(touch gone) 'now' \"x\" *", "--id", "t1"]).good();
    sandbox.agents(["assign", "ann", "t1"]).good();
    sandbox.agents(["start", "ann", "t1"]).good();
    let agent = agent.display();
    set(&sandbox, "mine.command", &format!("cd . && {agent} '{{prompt}}' {{prompt}} \"{{prompt}}\" --task={{task}}"));
    set(&sandbox, "mine.shell", "true");
    sandbox.agents(["run", "ann", "--profile", "mine"]).good();
    sandbox.agents(["wait", "ann"]).good();
    assert_snapshot!(std::fs::read_to_string(got).unwrap(), @r#"
    <fix  it; $(touch gone) 'now' "x" *
    >
    <fix  it; $(touch gone) 'now' "x" *
    >
    <fix  it; $(touch gone) 'now' "x" *
    >
    <--task=t1>
    "#);
}
