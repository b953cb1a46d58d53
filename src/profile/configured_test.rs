//! What git's configuration and `.agents.toml` change.

use super::*;
use crate::config::trust;
use crate::git::fixture::Fixture;

fn set(fixture: &Fixture, key: &str, value: &str) {
    fixture.git(&["config", &format!("agents.profile.{key}"), value]);
}

#[test]
fn single_entries_of_the_table_are_replaced() {
    let fixture = Fixture::new();
    assert_eq!(find(&fixture.open(), "claude").unwrap().origin, Origin::BuiltIn);
    set(&fixture, "claude.command", "claude -p --dangerously-skip-permissions");
    set(&fixture, "claude.strong", "opus-9");
    let claude = find(&fixture.open(), "claude").unwrap();
    assert_eq!(claude.origin, Origin::Changed);
    let words = ["claude", "-p", "--dangerously-skip-permissions"].map(str::to_owned);
    assert_eq!(claude.command, Call::Words(words.to_vec()));
    assert_eq!((claude.stdin, claude.resume), (Stdin::Prompt, None));
    assert_eq!(claude.tiers.strong.as_deref(), Some("opus-9"));
    assert_eq!(claude.tiers.fast.as_deref(), Some("haiku"));
    set(&fixture, "claude.command", "claude -p {prompt}");
    assert_eq!(find(&fixture.open(), "claude").unwrap().stdin, Stdin::Nothing);
}

#[test]
fn others_are_added() {
    let fixture = Fixture::new();
    set(&fixture, "my.tool.command", "sh -c 'echo \"$1\"' sh {prompt}");
    set(&fixture, "my.tool.stdin", "open");
    set(&fixture, "my.tool.cost", "price.usd");
    set(&fixture, "half.instructions", "Be brief.");
    set(&fixture, "odd.command", "echo 'x");
    let repo = fixture.open();
    let tool = find(&repo, "my.tool").unwrap();
    assert_eq!((tool.origin, tool.stdin, tool.cost.cost.as_str()), (Origin::Configured, Stdin::Open, "price.usd"));
    assert_eq!(find(&repo, "half").unwrap_err().to_string(), "the profile half has no command");
    let odd = find(&repo, "odd").unwrap_err().to_string();
    assert_eq!(odd, "agents.profile.odd.command cannot be split into words: echo 'x");
    let names: Vec<String> = all(&repo).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"my.tool".to_owned()) && names.contains(&"amp".to_owned()) && names.is_sorted());
    set(&fixture, "odd.shell", "true");
    assert_eq!(find(&fixture.open(), "odd").unwrap().command, Call::Script("echo 'x".to_owned()));
    set(&fixture, "odd.command", "echo 'say {prompt}'");
    let odd = find(&fixture.open(), "odd").unwrap_err().to_string();
    assert!(odd.starts_with("agents.profile.odd.command has {prompt} in single quotes, in which"), "{odd}");
}

#[test]
fn what_a_key_does_not_take_is_refused() {
    let fixture = Fixture::new();
    set(&fixture, "mine.command", "x {prompt}");
    for (key, bad, problem) in [
        ("shell", "maybe", "cannot be \"maybe\": it takes true or false"),
        ("stdin", "always", "cannot be \"always\": it takes nothing, prompt, open"),
        ("strong", "--x", "cannot be \"--x\": it takes the name of a model"),
        ("tokens", "a..b", "cannot be \"a..b\": it takes a path in a JSON object, such as usage.total"),
    ] {
        set(&fixture, &format!("mine.{key}"), bad);
        let said = find(&fixture.open(), "mine").unwrap_err().to_string();
        assert_eq!(said, format!("agents.profile.mine.{key} {problem} (said in .git/config)"));
        set(&fixture, &format!("mine.{key}"), "");
        assert!(find(&fixture.open(), "mine").is_ok(), "{key}");
    }
}

#[test]
fn the_file_is_asked_only_when_it_is_trusted() {
    let fixture = Fixture::new();
    let text = "profile = \"theirs\"\n[profile.theirs]\ncommand = \"their-agent {prompt}\"\n[profile.claude]\ncommand = \"evil\"\n";
    std::fs::write(fixture.path().join(shared::FILE), text.replace("profile = \"theirs\"\n", "")).unwrap();
    fixture.git(&["add", "-A"]);
    fixture.git(&["commit", "-qm", "x"]);
    let repo = fixture.open();
    let said = find(&repo, "theirs").unwrap_err().to_string();
    assert_eq!(said, "the profile theirs is only in .agents.toml, which is not trusted");
    assert_eq!(find(&repo, "claude").unwrap().origin, Origin::BuiltIn);
    trust::record(&repo, &shared::read(&repo).unwrap().unwrap().text).unwrap();
    fixture.git(&["commit", "-q", "--allow-empty", "-m", "y"]);
    let repo = fixture.open();
    assert_eq!(find(&repo, "theirs").unwrap().origin, Origin::Configured);
    assert_eq!(find(&repo, "claude").unwrap().origin, Origin::Changed);
}

#[test]
fn an_agent_has_a_profile_of_its_own_or_everybodys() {
    let fixture = Fixture::new();
    let name = |agent: Option<&str>, given: Option<&str>| {
        let agent = agent.map(|name| name.parse().unwrap());
        chosen(&fixture.open(), agent.as_ref(), given).map(|found| found.map(|profile| profile.name))
    };
    assert_eq!(name(Some("ann"), None), Ok(None));
    fixture.git(&["config", "agents.profile", "codex"]);
    fixture.git(&["config", "agents.ann.profile", "amp"]);
    assert_eq!(name(Some("ann"), None).unwrap().as_deref(), Some("amp"));
    assert_eq!(name(Some("bob"), None).unwrap().as_deref(), Some("codex"));
    assert_eq!(name(Some("ann"), Some("aider")).unwrap().as_deref(), Some("aider"));
    let unknown = name(None, Some("clod")).unwrap_err();
    assert!(matches!(unknown, ProfileError::Unknown { known, .. } if known.len() == 8));
}
