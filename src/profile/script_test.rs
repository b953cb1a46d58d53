//! Where placeholders may be in a script, and that what arrives is what was given.

use std::process::Command;

use proptest::prelude::*;

use super::super::builtin;
use super::super::{Call, Mode, Profile, Values};
use super::*;

const NASTY: &str =
    "-rf $(echo gone) `echo gone` \"; echo gone; \" '; echo gone; ' \\ * ${HOME} {task} #\nsecond  line";

fn profile(script: &str) -> Profile {
    let model = vec!["--model".to_owned(), "{model}".to_owned()];
    Profile { command: Call::Script(script.to_owned()), model, ..builtin::find("opencode").unwrap().profile() }
}

/// What a program gets that the script calls, each argument in `<>`.
#[expect(clippy::disallowed_methods, reason = "the shell itself is what is tried")]
fn arrives(shell: &str, script: &str, prompt: &str, model: Option<&str>) -> String {
    let values = Values {
        prompt: Some(prompt),
        prompt_file: Some(std::path::Path::new("/dev/null")),
        model,
        agent: "ann",
        task: Some("t 1"),
        branch: "agents/ann",
        worktree: std::path::Path::new("/w/a b"),
        git_dir: std::path::Path::new("/r/.git"),
        port: Some(4000),
        session: None,
    };
    let argv = profile(script).command(&values, Mode::Alone).unwrap().argv;
    let shown = "show() { for one; do printf '<%s>' \"$one\"; done; }\n";
    let text = argv[2].to_str().unwrap();
    let output = Command::new(shell).arg("-c").arg(format!("{shown}{text}")).args(&argv[3..]).output().unwrap();
    assert!(output.stderr.is_empty(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn one_word_however_it_is_quoted() {
    let same = format!("< {NASTY}>");
    for (script, expected) in [
        ("show {prompt}", same.clone()),
        ("show '{prompt}'", same.clone()),
        ("show \"{prompt}\"", same.clone()),
        ("show --x={prompt} {task}x", format!("<--x= {NASTY}><t 1x>")),
        ("show \"task {task}: {prompt}\"", format!("<task t 1:  {NASTY}>")),
        ("show \"$(printf %s {prompt})\"", same.clone()),
        ("show \"$(printf %s \"{prompt}\")\" {task}", format!("{same}<t 1>")),
        ("set -- x y; show {prompt} \"$1\"", format!("{same}<x>")),
        ("f() { show \"$1\" {prompt}; }; f z", format!("<z>{same}")),
        ("printf %s {prompt} | show $(cat >&2 </dev/null) '{task}'", "<t 1>".to_owned()),
        ("x={prompt}; show \"$x\" 2>&1", same.clone()),
        ("show \\{task} \"\\{task}\" '{' '}' ${#}", "<{task}><\\t 1><{><}><1>".to_owned()),
        ("show $(({port} + 1)) # it's {prompt}", "<4001>".to_owned()),
        ("# it's a comment\nshow {task}", "<t 1>".to_owned()),
        ("sh -c 'printf \"<%s>\" \"$1\"' sh {prompt}", same.clone()),
        ("cat {prompt_file}; show {task}{task}{agent}{branch}", "<t 1t 1annagents/ann>".to_owned()),
        ("if test {task} = 't 1'; then (show {prompt}); fi", same.clone()),
        ("show {options} {task}", "<t 1>".to_owned()),
    ] {
        for shell in ["sh", "bash"] {
            assert_eq!(arrives(shell, script, NASTY, None), expected, "{shell}: {script}");
        }
    }
    assert_eq!(arrives("sh", "show {options} '{task}'", "p", Some("m-1")), "<--model><m-1><t 1>");
}

#[test]
fn where_no_quotes_would_help_is_refused() {
    let refused = |script: &str| match parts(script) {
        Err(Misplaced { placeholder, reason }) => format!("{placeholder} {}", reason.split([';', ',']).next().unwrap()),
        Ok(parts) => panic!("{script}: {parts:?}"),
    };
    assert_eq!(refused("agent 'say {prompt}'"), "prompt in single quotes");
    assert_eq!(refused("bash -lc 'agent {prompt}'"), "prompt in single quotes");
    assert_eq!(refused("bash -lc \"agent {prompt}\""), "prompt in a script for another shell");
    assert_eq!(refused("cd x && /bin/sh -c {prompt}"), "prompt in a script for another shell");
    assert_eq!(refused("sh -c \"$(cat file) {prompt}\""), "prompt in a script for another shell");
    assert_eq!(refused("eval \"echo {task}\""), "task in a script for another shell");
    assert_eq!(refused("eval 2>&1 '{task}'"), "task in a script for another shell");
    assert_eq!(refused("x=`agent {task}`"), "task in backticks");
    assert_eq!(refused("agent ${x:-{task}}"), "task in ${…}");
    assert_eq!(refused("agent $(({task} + 1))"), "task in arithmetic");
    assert_eq!(refused("cat <<E\n{task}\nE"), "task behind a here-document");
    assert_eq!(refused("agent \"{task}"), "task in a script whose quotes or parentheses do not end");
    assert_eq!(refused("agent $(x {task}"), "task in a script whose quotes or parentheses do not end");
    assert_eq!(refused("agent $'a\\n' {task}"), "task behind quotes or a `case` that cannot be told apart here");
    assert_eq!(refused("agent \"$(case x in a) echo {task};; esac)\"").split(' ').next(), Some("task"));
    assert_eq!(refused("agent \"{options}\""), "options not a word of its own");
    for fine in ["codex -c model={model} {prompt}", "git -c x=y log", "agent 'its {thing} of JSON: {\"a\": 1}'; x"] {
        assert!(parts(fine).is_ok() || fine.contains("thing"), "{fine}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn whatever_is_given_is_one_word(prompt in "[ -~\n]{0,40}|\\PC{0,20}", quote in "|'|\"", before in "|--x=|a") {
        prop_assume!(!prompt.contains('\0'));
        let (before, inner) = if quote == "'" { (format!("\"{before}\""), "") } else { (String::new(), before.as_str()) };
        let got = arrives("sh", &format!("show {before}{quote}{inner}{{prompt}}{quote}; :"), &prompt, None);
        let space = if prompt.starts_with('-') { " " } else { "" };
        let prefix = if quote == "'" { before.trim_matches('"') } else { inner };
        prop_assert_eq!(got, format!("<{prefix}{space}{prompt}>"));
    }

    #[test]
    fn text_stays_as_it_is(script in "[a-z '\"$(){}`\\\\#;|&<>\n]{0,40}") {
        if let Ok(parts) = parts(&script) {
            let shown = parts.into_iter().map(|part| match part {
                Part::Text(text) => text,
                Part::Value(name, _) => format!("{{{name}}}"),
                Part::Options => OPTIONS.to_owned(),
            });
            // A quote for a placeholder alone goes, and a backslash before one is doubled.
            let bare = |text: &str| text.replace(['\'', '\\'], "");
            prop_assert_eq!(bare(&shown.collect::<String>()), bare(&script));
        }
    }
}
