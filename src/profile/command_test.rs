//! What becomes an argument.

use proptest::prelude::*;

use super::super::Tiers;
use super::super::builtin::BUILT_IN;
use super::*;

fn values<'a>(prompt: &'a str, model: Option<&'a str>) -> Values<'a> {
    Values {
        prompt: Some(prompt),
        prompt_file: Some(Path::new("/r/.git/agents/prompts/ann.md")),
        model,
        agent: "ann",
        task: Some("t1"),
        branch: "agents/ann",
        worktree: Path::new("/w/a b"),
        git_dir: Path::new("/r/.git"),
        port: Some(4000),
        session: Some("s-1"),
    }
}

fn shown(profile: &Profile, values: &Values<'_>, mode: Mode) -> Vec<String> {
    let command = profile.command(values, mode).unwrap();
    command.argv.iter().map(|one| one.to_str().unwrap().to_owned()).collect()
}

fn of(words: &[&str]) -> Profile {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Profile { command: Call::Words(words), stdin: Stdin::Nothing, ..built_in("opencode") }
}

fn built_in(name: &str) -> Profile {
    super::super::builtin::find(name).unwrap().profile()
}

#[test]
fn values_are_whole_arguments() {
    let profile = of(&["x", "{prompt}", "--at={worktree}", "{port}", "{\"a\": {task}}", "${task}"]);
    let prompt = "two words; $(rm -rf /) \"x\"\nand a line";
    assert_eq!(
        shown(&profile, &values(prompt, None), Mode::Alone),
        ["x", prompt, "--at=/w/a b", "4000", "{\"a\": t1}", "${task}"]
    );
}

#[test]
fn the_model_is_said_only_when_one_is_chosen() {
    let profile = built_in("claude");
    let with = shown(&profile, &values("p", Some("opus")), Mode::Alone);
    assert_eq!(with[with.len() - 2..], ["--model", "opus"]);
    assert!(!shown(&profile, &values("p", None), Mode::Alone).contains(&"--model".to_owned()));
    assert_eq!(shown(&of(&["x", "{prompt}"]), &values("p", Some("m")), Mode::Alone), ["x", "p", "--model", "m"]);
    let codex = shown(&built_in("codex"), &values("p", Some("m")), Mode::Resume);
    assert_eq!(codex[codex.len() - 5..], ["--model", "m", "resume", "s-1", "-"]);
    let bad = built_in("claude").command(&values("p", Some("--evil")), Mode::Alone).unwrap_err();
    assert_eq!(
        bad.to_string(),
        "the model for the profile claude cannot be given to a program: it begins like an option"
    );
}

#[test]
fn a_script_gets_values_as_parameters() {
    let script = "agent --task \"{task}\" \"{prompt}\" ${HOME}".to_owned();
    let profile = Profile { command: Call::Script(script), ..of(&[]) };
    assert_eq!(
        shown(&profile, &values("'; rm x", None), Mode::Alone),
        [
            "sh",
            "-c",
            "agents_task=${1} agents_prompt=${2}\nagent --task \"${agents_task}\" \"${agents_prompt}\" ${HOME}",
            "sh",
            "t1",
            "'; rm x"
        ]
    );
}

#[test]
fn a_terminal_opens_with_the_prompt() {
    let opened = shown(&built_in("gemini"), &values("-p", None), Mode::Terminal);
    assert_eq!(opened[opened.len() - 2..], ["--prompt-interactive", " -p"]);
    let without = Values { prompt: None, ..values("", None) };
    assert_eq!(shown(&built_in("copilot"), &without, Mode::Terminal), ["copilot"]);
}

#[test]
fn what_is_missing_is_named() {
    let without = Values { prompt: None, task: None, session: None, ..values("", None) };
    let said = |profile: &Profile, mode| profile.command(&without, mode).unwrap_err().to_string();
    assert_eq!(
        said(&built_in("opencode"), Mode::Alone),
        "the profile opencode needs a value for {prompt}, and there is none"
    );
    assert_eq!(
        said(&built_in("claude"), Mode::Resume),
        "the profile claude needs a value for {session}, and there is none"
    );
    assert_eq!(
        said(&of(&["x", "{promt}"]), Mode::Alone),
        "the profile opencode has {promt}, which nothing is put into"
    );
    let none = Profile { interactive: None, resume: None, ..of(&[]) };
    assert_eq!(said(&none, Mode::Alone), "the profile opencode has no command");
    assert_eq!(said(&none, Mode::Resume), "the profile opencode has no resume");
}

#[test]
fn a_long_prompt_goes_by_its_file() {
    let long = "x".repeat(LONGEST_ARGUMENT + 1);
    let told = shown(&of(&["x", "{prompt}"]), &values(&long, None), Mode::Alone);
    assert_eq!(told[1], "Read the whole file /r/.git/agents/prompts/ann.md and do what it says.");
    let nowhere = Values { prompt_file: None, ..values(&long, None) };
    let refused = of(&["x", "{prompt}"]).command(&nowhere, Mode::Alone).unwrap_err();
    assert!(refused.to_string().ends_with("it is too long for an argument"), "{refused}");
    let input = built_in("claude").command(&values(&long, None), Mode::Alone).unwrap().input;
    assert_eq!(input, Input::File("/r/.git/agents/prompts/ann.md".into()));
}

#[test]
fn every_entry_of_the_table_makes_its_commands() {
    assert!(BUILT_IN.is_sorted_by_key(|entry| entry.name));
    for entry in BUILT_IN {
        let profile = entry.profile();
        for mode in [Mode::Alone, Mode::Terminal, Mode::Resume] {
            let argv = shown(&profile, &values("-rf\n--help", Some("m")), mode);
            assert_eq!(argv[0], entry.name);
            assert!(!argv.iter().any(|one| one.starts_with("-rf") || one.contains('{')), "{argv:?}");
            let is_told = argv.iter().any(|one| one.contains("-rf") || one.ends_with("ann.md"));
            let reads = profile.stdin == Stdin::Prompt && mode != Mode::Terminal;
            assert!(is_told || reads || profile.opening.is_empty(), "{argv:?}");
        }
        let told = !profile.cost.session.is_empty();
        assert!(told || !format!("{:?}", profile.resume).contains("{session}"), "{}", entry.name);
        assert!(!profile.install.is_empty() && !entry.models.is_empty());
        let Tiers { strong, standard, fast } = &profile.tiers;
        let names: Vec<&String> = [strong, standard, fast].into_iter().flatten().collect();
        assert!(!names.iter().any(|name| name.contains(|c: char| c.is_ascii_digit())), "a version ends: {names:?}");
        let says_model = shown(&profile, &values("p", Some("m")), Mode::Alone);
        assert!(says_model.iter().any(|one| one == "m" || one == "--model=m"), "{says_model:?}");
    }
}

proptest! {
    #[test]
    fn every_word_is_its_pieces(word in "[a-z{}$ _\"]{0,30}|\\PC{0,20}") {
        let whole: String = pieces(&word)
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => (*text).to_owned(),
                Piece::Placeholder(name) => format!("{{{name}}}"),
            })
            .collect();
        prop_assert_eq!(whole, word);
    }

    #[test]
    fn no_prompt_makes_a_second_argument_or_an_option(prompt in "\\PC{0,40}|-[a-z -]{0,9}") {
        let argv = shown(&of(&["x", "{prompt}"]), &values(&prompt, None), Mode::Alone);
        prop_assert_eq!(argv.len(), 2);
        prop_assert!(!argv[1].starts_with('-'));
        prop_assert_eq!(argv[1].trim_start_matches(' '), prompt.trim_start_matches(' '));
    }
}
