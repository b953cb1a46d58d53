//! Which model comes out.

use proptest::prelude::*;

use super::*;
use crate::git::fixture::Fixture;
use crate::profile::builtin;

fn profile(name: &str) -> Profile {
    builtin::find(name).unwrap().profile()
}

fn chosen(repo: &Repository, of: &str, preset: Option<&str>, models: &[&str], title: &str) -> Choice {
    let models: Vec<String> = models.iter().map(|one| (*one).to_owned()).collect();
    let subject = Subject { title, ..Subject::default() };
    choose(repo, &profile(of), &Wanted { preset, models: &models }, &subject).unwrap()
}

#[test]
fn presets_map_work_to_models() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let model = |preset, title| chosen(&repo, "claude", Some(preset), &[], title).model.unwrap();
    let (docs, race) = ("Fix a typo in the readme", "A race in the server");
    assert_eq!(
        ["quality", "balanced", "economy", "cheap", "experimental"].map(|name| model(name, docs)),
        ["sonnet", "haiku", "haiku", "haiku", "haiku"]
    );
    assert_eq!(
        ["quality", "balanced", "economy", "cheap", "experimental"].map(|name| model(name, race)),
        ["opus", "opus", "sonnet", "haiku", "opus"]
    );
    let choice = chosen(&repo, "codex", None, &[], race);
    assert_eq!(choice.model, None);
    assert_eq!(
        choice.reason,
        "complex backend (it speaks of \"server\"; it speaks of \"race\"): strong in balanced, for which codex has no name here"
    );
}

#[test]
fn some_models_only() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let model = |models: &[&str], title| chosen(&repo, "claude", None, models, title).model.unwrap();
    assert_eq!(model(&["opus", "haiku"], "Add an endpoint"), "opus", "of two that are as near, the better");
    assert_eq!(model(&["opus", "haiku"], "Fix a typo in the docs"), "haiku");
    assert_eq!(model(&["fast"], "A race in the server"), "haiku");
    assert_eq!(model(&["big-1", "small-1"], "A race in the server"), "big-1");
    assert_eq!(model(&["big-1", "small-1"], "Fix a typo in the docs"), "small-1");
    let choice = chosen(&repo, "claude", None, &["haiku", "sonnet"], "A race in the server");
    assert!(
        choice.reason.ends_with("strong in balanced, and of haiku, sonnet sonnet is the nearest"),
        "{}",
        choice.reason
    );
    let bad = ["--x".to_owned()];
    let wanted = Wanted { preset: None, models: &bad };
    let error = choose(&repo, &profile("claude"), &wanted, &Subject::default()).unwrap_err();
    assert_eq!(error.to_string(), "\"--x\" cannot be the name of a model");
}

#[test]
fn projects_have_presets_of_their_own() {
    let fixture = Fixture::new();
    for (key, value) in [
        ("agents.preset", "ours"),
        ("agents.preset.ours.docs", "tiny-2"),
        ("agents.preset.ours.docs.complex", "strong"),
        ("agents.preset.ours.game-design", "fast"),
        ("agents.preset.cheap.default", "standard"),
        ("agents.models", "opus, haiku"),
    ] {
        fixture.git(&["config", key, value]);
    }
    let repo = fixture.open();
    let ours = table::active(&repo, None).unwrap();
    assert_eq!((ours.name.as_str(), ours.is_built_in), ("ours", false));
    let entry = |name: &str| (ours.entries[name].simple.as_str(), ours.entries[name].complex.as_str());
    assert_eq!(entry("docs"), ("tiny-2", "strong"));
    assert_eq!(entry("game-design"), ("fast", "fast"));
    assert_eq!(entry("backend"), ("standard", "strong"), "as in balanced");
    assert_eq!(table::find(&repo, "cheap").unwrap().entries["docs"].simple, "standard");
    assert_eq!(chosen(&repo, "claude", None, &[], "Fix a typo in the docs").model.as_deref(), Some("haiku"));
    let names: Vec<String> =
        table::all(&repo).into_iter().map(|(name, preset)| preset.map(|_| name).unwrap()).collect();
    assert_eq!(names, ["balanced", "cheap", "economy", "experimental", "ours", "quality"]);
    let unknown = table::find(&repo, "chaep").unwrap_err();
    assert!(matches!(unknown, PresetError::Unknown { known, .. } if known == names));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let fixture = Fixture::new();
    for (key, value, problem) in [
        ("mine.bakend", "x", "agents.preset.mine.bakend: no task has the category bakend: it is backend"),
        ("mine.tests", "x", "agents.preset.mine.tests: no task has the category tests: it is testing"),
        ("mine.docs.medium", "x", "agents.preset.mine.docs.medium: medium is neither simple nor complex"),
        ("mine.docs.simple.x", "x", "agents.preset.mine.docs.simple.x: it has too many parts"),
        ("mine.docs", "gpt 5; x", "agents.preset.mine.docs cannot be \"gpt 5; x\": it takes the name of a model"),
        ("mine.docs", "strnog", "agents.preset.mine.docs cannot be \"strnog\": strong is meant"),
        (
            "mine.default.complex",
            "-x",
            "agents.preset.mine.default.complex cannot be \"-x\": it takes the name of a model",
        ),
    ] {
        let key = format!("agents.preset.{key}");
        fixture.git(&["config", &key, value]);
        let repo = fixture.open();
        let said = table::find(&repo, "mine").unwrap_err().to_string();
        assert_eq!(said, format!("{problem} (said in .git/config)"));
        assert!(table::all(&repo).iter().any(|(name, found)| name == "mine" && found.is_err()));
        fixture.git(&["config", &key, ""]);
        assert_eq!(table::find(&fixture.open(), "mine").is_ok(), config::keys::find(&key).is_some(), "{key}");
        fixture.git(&["config", "--unset", &key]);
    }
    fixture.git(&["config", "agents.models", "opus,,haiku"]);
    let choose = || choose(&fixture.open(), &profile("claude"), &Wanted::default(), &Subject::default());
    let said = choose().unwrap_err().to_string();
    assert!(said.starts_with("agents.models cannot be \"opus,,haiku\""), "{said}");
    fixture.git(&["config", "agents.models", "opus"]);
    fixture.git(&["config", "agents.preset", "chaep"]);
    let said = choose().unwrap_err().to_string();
    assert_eq!(said, "there is no preset chaep, which agents.preset names (said in .git/config)");
}

proptest! {
    #[test]
    fn what_is_chosen_is_allowed(models in proptest::collection::vec("[a-z][a-z0-9-]{0,8}", 1..5), complex: bool, said in "strong|standard|fast|m-1") {
        let complexity = if complex { Complexity::Complex } else { Complexity::Simple };
        let (model, _) = resolved(&profile("claude"), &said, complexity, &models);
        let model = model.unwrap();
        let tiers = models.iter().filter_map(|name| Tier::of(name, None)?.name_in(&profile("claude")).map(str::to_owned)).collect::<Vec<_>>();
        prop_assert!(models.contains(&model) || tiers.contains(&model));
    }
}
