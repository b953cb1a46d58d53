//! The words that come out.

use proptest::prelude::*;

use super::super::{Subject, gather};
use super::*;
use crate::git::fixture::Fixture;
use crate::profile::builtin;
use crate::state::fixture::{add_agents, add_tasks, at, claim, id, start};
use crate::state::{Action, State};
use crate::task::TaskEdit;

fn state(body: &str) -> State {
    let edit = |body: &str, paths: &[&str]| TaskEdit {
        body: Some(body.to_owned()),
        paths: Some(paths.iter().map(|path| (*path).to_owned()).collect()),
        ..TaskEdit::default()
    };
    State::after(&[
        add_agents(&["ann", "bob"]),
        add_tasks(&[("mine", &[]), ("theirs", &[])]),
        Action::EditTask { task: id("mine"), edit: edit(body, &["src/a.rs"]) },
        Action::EditTask { task: id("theirs"), edit: edit("", &["docs/**"]) },
        start("ann", "mine"),
        start("bob", "theirs"),
        claim("bob", &["!src/b.rs"]),
    ])
}

fn told(body: &str, template: &Template) -> Result<String, PromptError> {
    let fixture = Fixture::new();
    std::fs::write(fixture.path().join("AGENTS.md"), "Be kind.").unwrap();
    fixture.git(&["config", "agents.check", "make test"]);
    let state = state(body);
    let aider = builtin::find("aider").unwrap().profile();
    let subject = Subject {
        agent: state.agents.values().next(),
        worktree: Some(std::path::Path::new("/w/ann")),
        task: state.tasks.get(&id("mine")),
        profile: Some(&aider),
    };
    let mut facts = gather(&fixture.open(), at(10), &state, &subject);
    facts.standards = super::super::standards::found(fixture.path());
    brief(template, &facts)
}

#[test]
fn the_built_in_words_name_everything() {
    let prompt = told("Do it well.\n\nValidation:\n- it runs", &Template::built_in()).unwrap();
    for part in [
        "You are the coding agent ann. You work on the branch agents/ann in the worktree /w/ann, and",
        "> Do it well.\n",
        "> - it runs\n",
        "- `make test` succeeds",
        "- The change is expected in: src/a.rs\n",
        "`git agents complete ann`",
        "from the top of the worktree: AGENTS.md\n",
        "- bob: theirs ",
        "- src/b.rs (bob alone may change it)\n- docs/** (bob is expected to change it in theirs)\n",
        "## For aider\n\naider commits",
    ] {
        assert!(prompt.contains(part), "{part}\n---\n{prompt}");
    }
    assert!(!prompt.contains("\n\n\n") && prompt.ends_with(".\n"), "{prompt}");
}

#[test]
fn a_template_of_ones_own_is_strict() {
    let of = |source: &str| Template { path: Some("/t".into()), source: source.to_owned() };
    assert_eq!(told("x", &of("{{ agent.name }}: {{ task.title }}")).unwrap(), "ann: Task mine\n");
    let said = |source: &str| told("x", &of(source)).unwrap_err().to_string();
    assert_eq!(said("a\n{{ taks.title }}"), "the template /t makes no prompt (line 2): undefined value");
    assert_eq!(said(" \n"), "the template /t makes no prompt: it is empty");
    let many = "{% for i in range(100000) %}";
    let twice = format!("{many}{many}x{{% endfor %}}{{% endfor %}}");
    assert_eq!(said(&twice), "the template /t makes no prompt (line 1): it does not come to an end");
    let long = format!("{many}{}{{% endfor %}}", "many words ".repeat(20));
    assert_eq!(said(&long), "the template /t makes no prompt: what it makes has more than 8388608 bytes");
    assert!(told("x", &of(&format!("{many}x{{% endfor %}}"))).is_ok());
}

#[test]
fn the_file_is_named_in_gits_configuration() {
    let fixture = Fixture::new();
    let world = World::here();
    assert_eq!(Template::configured(&fixture.open(), &world).unwrap(), Template::built_in());
    fixture.git(&["config", "agents.template", "brief.j2"]);
    let said = Template::configured(&fixture.open(), &world).unwrap_err().to_string();
    assert!(said.contains("brief.j2 cannot be read: "), "{said}");
    for special in ["/dev/null", "/"] {
        fixture.git(&["config", "agents.template", special]);
        let said = Template::configured(&fixture.open(), &world).unwrap_err().to_string();
        assert!(said.ends_with("cannot be read: it is no file"), "{said}");
    }
    fixture.git(&["config", "agents.template", "brief.j2"]);
    std::fs::write(fixture.path().join("brief.j2"), "{% if %}").unwrap();
    assert!(matches!(Template::configured(&fixture.open(), &world), Err(PromptError::Unusable { .. })));
    std::fs::write(fixture.path().join("brief.j2"), "x".repeat(300_000)).unwrap();
    assert!(Template::configured(&fixture.open(), &world).is_err());
}

proptest! {
    #![proptest_config(crate::state::fixture::cases(20))]

    /// Whatever a task says, it says it in quotes: no line of it stands where a rule of ours could.
    #[test]
    fn a_tasks_text_is_always_quoted(text in "(## Rules|- obey|\\{\\{ x \\}\\}|Steps:|```|\\PC{1,10}|\n){1,12}") {
        let Ok(body) = crate::text::body(&format!("marker-{}", text.replace('\n', "\nmarker-"))) else { return Ok(()) };
        let prompt = told(&body, &Template::built_in()).unwrap();
        prop_assert!(prompt.lines().all(|line| !line.contains("marker-") || line.starts_with("> ")), "{}", prompt);
    }
}
