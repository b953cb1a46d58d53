//! The command of a run, as it is typed after `--`: its placeholders, its words, and where its program is.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::{Ground, Sandbox};

fn script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// What `ann` runs, to its end.
fn said(sandbox: &Sandbox, words: &[&OsStr]) -> String {
    let args = ["run", "ann", "--foreground", "--"].map(OsStr::new);
    sandbox.direct([&args, words].concat()).output().to_string()
}

#[test]
fn placeholders_are_put_into_the_words_of_a_command() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "16", "Lines"]).good();
    sandbox.agents(["start", "ann"]).good();
    let words = ["sh", "-c", "grep -c Lines \"$1\"; shift; printf '<%s>\n' \"$@\"", "sh", "{prompt_file}"];
    let words = [&words[..], &["{task}", "x{agent}y", "{branch}", "{ task }", "{}", "${task}", "a  b"]].concat();
    let plain = OsStr::from_bytes(b"\xff{task}");
    let words: Vec<&OsStr> = words.into_iter().map(OsStr::new).chain([plain]).collect();
    assert_snapshot!(said(&sandbox, &words), @"
    2
    <16>
    <xanny>
    <agents/ann>
    <{ task }>
    <{}>
    <${task}>
    <a  b>
    <�{task}>
    [status 0]
    ");
    // What a command does not ask for is not written.
    std::fs::remove_dir_all(sandbox.repo().join(".git/agents/prompts")).unwrap();
    assert_snapshot!(said(&sandbox, &["echo", "{model}"].map(OsStr::new)), @"
    [stderr]
    error: the command needs a value for {model}, and there is none
      try: the same command with --model MODEL
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["run", "ann", "--model", "m", "--foreground", "--", "echo", "{model}"]), @"
    m
    [status 0]
    ");
    assert!(!sandbox.repo().join(".git/agents/prompts").exists());
}

/// The same mistakes are told in the same words, and nothing is begun.
#[test]
fn what_makes_no_sense_is_refused_by_all_commands_alike() {
    let ground = Ground::new("#!/bin/sh\n");
    let sandbox = &ground.sandbox;
    sandbox.agents(["agent", "add", "ann"]).good();
    let plan = ground.plan("- [ ] t1: One\n- [ ] t2: Two\n");
    let before = sandbox.git(["for-each-ref"]);
    let commands = [
        vec!["run", "ann"],
        vec!["execute", plan.to_str().unwrap()],
        vec!["create", "t1", "--prompt", "x"],
        vec!["create", "t1", "--prompt", "x", "--wait"],
        vec!["multi", "t1:x"],
        vec!["fanout", "2", "t", "--prompt", "x"],
    ];
    let all = |more: &[&str]| {
        let said = commands.iter().map(|command| sandbox.direct([command, more].concat()).output().to_string());
        let mut said: Vec<String> = said.collect();
        said.dedup();
        assert_eq!(sandbox.git(["for-each-ref"]), before, "nothing was changed");
        said.join("\n---\n")
    };
    assert_snapshot!(all(&["--", "echo", "{bogus}"]), @"
    [stderr]
    error: the command has {bogus}, which nothing is put into; there are {agent}, {branch}, {git_dir}, {model}, {port}, {prompt}, {prompt_file}, {task}, {worktree}
      try: { bogus }, with spaces, where the braces are meant as they are
    [status 2]
    ");
    assert_snapshot!(all(&["--", "echo", "{model}"]), @"
    [stderr]
    error: the command needs a value for {model}, and there is none
      try: the same command with --model MODEL
    [status 3]
    ");
    assert_snapshot!(all(&["--", "sh", "-c", "echo {prompt}"]), @r#"
    [stderr]
    error: the command has {prompt} in a script for another shell, which would read its value; use "$1" there and the placeholder behind the script
      try: sh -c 'echo "$1"' sh {prompt}
    [status 2]
    "#);
    sandbox.git(["config", "agents.profile.pasted.command", "env sh -ec 'echo {prompt}'"]);
    assert_snapshot!(all(&["--profile", "pasted"]), @r#"
    [stderr]
    error: agents.profile.pasted.command has {prompt} in a script for another shell, which would read its value; use "$1" there and the placeholder behind the script
      try: git agents config get agents.profile.pasted.command
    [status 3]
    "#);
    assert_snapshot!(all(&["--preset", "zzz", "--", "echo"]), @"
    [stderr]
    error: there is no preset zzz; there are balanced, cheap, economy, experimental, quality
      try: git agents presets
    [status 3]
    ");
    let both = all(&["--profile", "claude", "--", "echo"]);
    let refused = "error: the argument '--profile <NAME>' cannot be used with '[COMMAND]...'";
    assert_eq!(both.matches(refused).count(), commands.len(), "{both}");
    assert_snapshot!(all(&["--", "no-such-program"]), @"
    [stderr]
    error: no-such-program cannot be started: it is not on the PATH
      try: command -v no-such-program
    [status 3]
    ");
    assert_snapshot!(all(&["--env", "=x", "--", "true"]), @r#"
    [stderr]
    error: "=x" is no variable: write --env NAME=VALUE
    [status 2]
    "#);
    assert_snapshot!(all(&["--env", "GIT_AGENTS_RUN=x", "--", "true"]), @r#"
    [stderr]
    error: "GIT_AGENTS_RUN" cannot be the name of a variable
      try: git agents run AGENT --env NAME=VALUE …
    [status 2]
    "#);
    sandbox.git(["config", "agents.profile.mine.command", "echo {bogus}"]);
    assert_snapshot!(all(&["--profile", "mine"]), @"
    [stderr]
    error: ann has no task, so there is nothing to tell its program
      try: git agents start ann
      try: git agents run ann --prompt TEXT
    [status 3]
    ---
    [stderr]
    error: the profile mine has {bogus}, which nothing is put into
      try: git agents config get profile.mine.command
    [status 3]
    ");
    assert_snapshot!(all(&["--", "./nowhere"]), @"
    [stderr]
    error: ./nowhere cannot be started: there is no such file in [ROOT]/repo-worktrees/ann, nor in [ROOT]/repo
      try: the same command with its whole path
    [status 3]
    ---
    [stderr]
    error: ./nowhere cannot be started: there is no such file in [ROOT]/repo, nor on main
      try: the same command with its whole path
    [status 3]
    ");
}

#[test]
fn a_program_with_a_path_is_in_the_worktree_or_where_it_was_typed() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let run = |dir: &Path, program: &str| {
        let output = sandbox.direct(["run", "ann", "--foreground", "--", program]).dir(dir).output();
        output.to_string()
    };
    script(&sandbox.repo().join("sub/agent.sh"), "echo typed here; pwd");
    script(&sandbox.worktree_of("ann").join("both.sh"), "echo in the worktree; pwd");
    script(&sandbox.repo().join("sub/both.sh"), "echo typed here; pwd");
    let below = sandbox.repo().join("sub");
    assert_snapshot!(run(&below, "./agent.sh"), @"
    typed here
    [ROOT]/repo-worktrees/ann
    [status 0]
    ");
    assert_snapshot!(run(&below, "./both.sh"), @"
    in the worktree
    [ROOT]/repo-worktrees/ann
    [status 0]
    ");
    assert_snapshot!(run(sandbox.repo(), "./agent.sh"), @"
    [stderr]
    error: ./agent.sh cannot be started: there is no such file in [ROOT]/repo-worktrees/ann, nor in [ROOT]/repo
      try: the same command with its whole path
    [status 3]
    ");
    // A worktree that is still to be made has what is on the branch.
    let create = |name: &str, program: &str| {
        let output = sandbox.direct(["create", name, "--prompt", "x", "--", program]).output();
        output.to_string()
    };
    assert_snapshot!(create("bob", "./sub/agent.sh"), @"
    bob works on agents/bob in [ROOT]/repo-worktrees/bob
    [stderr]
    filed 1 task with the label batch:bob
    [status 0]
    ");
    assert_snapshot!(create("carl", "bin/agent"), @"
    [stderr]
    error: bin/agent cannot be started: there is no such file in [ROOT]/repo, nor on main
      try: the same command with its whole path
    [status 3]
    ");
    script(&sandbox.repo().join("bin/agent"), "true");
    sandbox.git(["add", "bin/agent"]);
    sandbox.git(["commit", "-qm", "An agent"]);
    std::fs::remove_file(sandbox.repo().join("bin/agent")).unwrap();
    assert_snapshot!(create("carl", "bin/agent"), @"
    carl works on agents/carl in [ROOT]/repo-worktrees/carl
    [stderr]
    filed 1 task with the label batch:carl
    [status 0]
    ");
}
