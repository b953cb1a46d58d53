//! `git agents presets`: what the presets say, and which model a task gets.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn the_presets_and_what_one_says() {
    let sandbox = Sandbox::new();
    sandbox.commit("a", "a", "A");
    assert_snapshot!(sandbox.agents(["presets"]), @"
       PRESET        WHAT IT SAYS
    *  balanced      strong models for what is hard, the usual ones for the rest
       cheap         the fastest models for nearly everything
       economy       the usual models for what is hard, the fastest for the rest
       experimental  strong models for what is hard, the fastest for the rest, nothing between
       quality       strong models for nearly everything
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["presets", "economy"]), @"
    CATEGORY        SIMPLE    COMPLEX
    backend         fast      standard
    database        fast      standard
    docs            fast      fast
    frontend        fast      standard
    infrastructure  fast      standard
    other           fast      standard
    refactor        fast      standard
    security        standard  strong
    testing         fast      standard
    [status 0]
    ");
    sandbox.git(["config", "agents.profile", "claude"]);
    for (key, value) in [("preset.ours.docs", "tiny-2"), ("preset.ours.game.complex", "strong"), ("preset", "ours")] {
        sandbox.agents(["config", "set", key, value]).good();
    }
    assert_snapshot!(sandbox.agents(["presets", "ours"]), @"
    CATEGORY        SIMPLE             COMPLEX
    backend         standard (sonnet)  strong (opus)
    database        standard (sonnet)  strong (opus)
    docs            tiny-2             tiny-2
    frontend        standard (sonnet)  strong (opus)
    game            standard (sonnet)  strong (opus)
    infrastructure  standard (sonnet)  strong (opus)
    other           standard (sonnet)  strong (opus)
    refactor        standard (sonnet)  strong (opus)
    security        strong (opus)      strong (opus)
    testing         fast (haiku)       standard (sonnet)
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["presets"]), @"
       PRESET        WHAT IT SAYS
       balanced      strong models for what is hard, the usual ones for the rest
       cheap         the fastest models for nearly everything
       economy       the usual models for what is hard, the fastest for the rest
       experimental  strong models for what is hard, the fastest for the rest, nothing between
    *  ours          one of your own
       quality       strong models for nearly everything
    [status 0]
    ");
    let nameless = sandbox.agents(["presets", "cheap", "--profile", "codex"]);
    assert!(nameless.stdout.contains("backend         fast (the program's default)"), "{}", nameless.stdout);
    assert_snapshot!(nameless.stderr, @"codex has no names here for strong, standard and fast, so it runs with its own default; name them with: git agents config set profile.codex.strong MODEL");
    assert_snapshot!(sandbox.agents(["presets", "cheap", "--profile", "codex", "--json"]).json()["entries"][8], @r#"{"category":"testing","complex":{"model":null,"says":"fast"},"simple":{"model":null,"says":"fast"}}"#);
    assert_snapshot!(sandbox.agents(["presets", "cheap", "--json"]).json()["entries"][8], @r#"{"category":"testing","complex":{"model":"haiku","says":"fast"},"simple":{"model":"haiku","says":"fast"}}"#);
}

#[test]
fn a_task_gets_a_model_with_the_reasons() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["task", "add", "A race in the cache", "--id", "16"]).good();
    sandbox.agents(["task", "add", "Fix a typo", "--id", "17", "--category", "docs"]).good();
    assert_snapshot!(sandbox.refused(["presets", "--task", "16"]), @"
    [stderr]
    error: 16 is complex backend, and no profile says what models there are
      try: git agents presets --task 16 --profile claude
      try: git agents config set profile claude
    [status 3]
    ");
    let choose = |args: &[&str]| sandbox.agents([&["presets", "--profile", "claude", "--task"], args].concat());
    assert_snapshot!(choose(&["16"]), @r#"
    opus for 16: complex backend (it speaks of "cache"; it speaks of "race"): strong in balanced
    [status 0]
    "#);
    assert_snapshot!(choose(&["17"]), @r#"
    haiku for 17: simple docs (its category is docs; it speaks of "typo"): fast in balanced
    [status 0]
    "#);
    assert_snapshot!(choose(&["16", "cheap"]), @r#"
    haiku for 16: complex backend (it speaks of "cache"; it speaks of "race"): fast in cheap
    [status 0]
    "#);
    assert_snapshot!(choose(&["16", "--models", "sonnet,haiku"]), @r#"
    sonnet for 16: complex backend (it speaks of "cache"; it speaks of "race"): strong in balanced, and of sonnet, haiku sonnet is the nearest
    [status 0]
    "#);
    sandbox.agents(["config", "set", "ann.profile", "codex"]).good();
    sandbox.agents(["assign", "ann", "16"]).good();
    assert_snapshot!(sandbox.agents(["presets", "--task", "16"]), @r#"
    the default of codex for 16: complex backend (it speaks of "cache"; it speaks of "race"): strong in balanced, for which codex has no name here
    [status 0]
    "#);
    assert_snapshot!(choose(&["17", "--json"]), @r#"
    {
      "category": "docs",
      "category_reason": "its category is docs",
      "complexity": "simple",
      "complexity_reason": "it speaks of \"typo\"",
      "kind": "model-choice",
      "model": "haiku",
      "preset": "balanced",
      "profile": "claude",
      "reason": "simple docs (its category is docs; it speaks of \"typo\"): fast in balanced",
      "says": "fast",
      "task": "17",
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn wrong_names_are_told() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["task", "add", "A", "--id", "16"]).good();
    assert_snapshot!(sandbox.refused(["presets", "chaep"]), @"
    [stderr]
    error: there is no preset chaep; there are balanced, cheap, economy, experimental, quality
      try: git agents presets
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["presets", "--profile", "clod"]), @r#"
    [stderr]
    error: there is no profile clod; there are aider, amp, claude, codex, copilot, cursor-agent, gemini, opencode
      try: git agents config set profile.clod.command "PROGRAM {prompt}"
    [status 3]
    "#);
    assert_snapshot!(sandbox.refused(["presets", "--models", "opus"]), @"
    [stderr]
    error: --models restricts the choice for a task: say which with --task
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["presets", "--profile", "claude", "--task", "16", "--models=--x"]), @r#"
    [stderr]
    error: "--x" cannot be the name of a model
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["presets", "--task", "no"]), @"
    [stderr]
    error: there is no task no
      try: git agents task list
    [status 3]
    ");
    sandbox.git(["config", "agents.preset", "gone"]);
    assert_snapshot!(sandbox.agents(["presets", "cheap"]), @"
    CATEGORY        SIMPLE  COMPLEX
    backend         fast    fast
    database        fast    fast
    docs            fast    fast
    frontend        fast    fast
    infrastructure  fast    fast
    other           fast    fast
    refactor        fast    fast
    security        fast    standard
    testing         fast    fast
    [stderr]
    warning: there is no preset gone, which agents.preset names (said in .git/config)
    [status 0]
    ");
}

#[test]
fn a_preset_that_makes_no_sense_is_refused() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["task", "add", "A", "--id", "16"]).good();
    sandbox.git(["config", "agents.preset.mine.bakend", "opus"]);
    assert_snapshot!(sandbox.refused(["presets", "mine"]), @"
    [stderr]
    error: agents.preset.mine.bakend: no task has the category bakend: it is backend (said in .git/config)
      try: git config --show-origin --get-all agents.preset.mine.bakend
      try: git config --unset-all agents.preset.mine.bakend
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["presets"]), @"
       PRESET        WHAT IT SAYS
    *  balanced      strong models for what is hard, the usual ones for the rest
       cheap         the fastest models for nearly everything
       economy       the usual models for what is hard, the fastest for the rest
       experimental  strong models for what is hard, the fastest for the rest, nothing between
       quality       strong models for nearly everything
    [stderr]
    warning: mine cannot be used: agents.preset.mine.bakend: no task has the category bakend: it is backend (said in .git/config)
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["presets", "mine", "--task", "16", "--profile", "claude"]), @"
    [stderr]
    error: agents.preset.mine.bakend: no task has the category bakend: it is backend (said in .git/config)
      try: git config --show-origin --get-all agents.preset.mine.bakend
      try: git config --unset-all agents.preset.mine.bakend
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["config", "set", "preset.mine.docs.medium", "opus"]), @r#"
    [stderr]
    error: "preset.mine.docs.medium" is no setting
      try: git agents config get agents.preset.mine.CATEGORY.complex
      try: git agents config list
    [status 2]
    "#);
    assert_snapshot!(sandbox.agents(["config", "set", "preset.ours.docs", "strnog"]), @r#"
    strnog
    [stderr]
    warning: agents.preset.ours.docs cannot be "strnog": strong is meant (said in .git/config)
    [status 0]
    "#);
    assert_snapshot!(sandbox.agents(["config", "set", "preset", "chaep"]), @"
    chaep
    [stderr]
    warning: there is no preset chaep, which agents.preset names (said in .git/config)
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["presets", "--task", "16", "--profile", "claude"]), @"
    [stderr]
    error: there is no preset chaep, which agents.preset names (said in .git/config)
      try: git config --show-origin --get-all agents.preset
      try: git config --unset-all agents.preset
    [status 3]
    ");
}

#[test]
fn settings_of_profiles_are_known_and_checked() {
    let sandbox = Sandbox::new();
    sandbox.commit("a", "a", "A");
    assert_snapshot!(sandbox.agents(["config", "set", "profile.mine.command", "my-agent {prompt}"]), @"
    my-agent {prompt}
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["config", "get", "profile.mine.command"]), @"
    my-agent {prompt}
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["config", "set", "profile.mine.comand", "x"]), @r#"
    [stderr]
    error: "profile.mine.comand" is no setting
      try: git agents config get agents.profile.mine.command
      try: git agents config list
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["config", "set", "profile.mine.stdin", "always"]), @r#"
    [stderr]
    error: agents.profile.mine.stdin cannot be "always": it takes nothing, prompt, open
      try: git agents config get agents.profile.mine.stdin
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["config", "set", "profile.mine.strong", "--x"]), @r#"
    [stderr]
    error: agents.profile.mine.strong cannot be "--x": it takes the name of a model
      try: git agents config get agents.profile.mine.strong
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["config", "set", "profile", "My Tool"]), @r#"
    [stderr]
    error: agents.profile cannot be "My Tool": it takes a name of a-z, 0-9, '.', '_' and '-'
      try: git agents config get agents.profile
    [status 2]
    "#);
    let listed = sandbox.agents(["config", "list"]).good().stdout;
    assert!(listed.contains("agents.profile.mine.command"), "{listed}");
}
