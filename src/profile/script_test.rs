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
    for again in [
        "bash -ce \"echo {prompt}\"",
        "sh -cu \"echo {prompt}\"",
        "bash -c -- \"echo {prompt}\"",
        "bash -c -e {prompt}",
        "$SHELL -lc \"echo {prompt}\"",
        "fish --command \"echo {prompt}\"",
        "script -qc \"echo {prompt}\" /dev/null",
        "flock . -c {prompt}",
        "X=1 watch -n 1 {prompt}",
        "trap {prompt} EXIT",
    ] {
        assert_eq!(refused(again), "prompt in a script for another shell", "{again}");
    }
    assert_eq!(refused("eval \"echo {task}\""), "task in a script for another shell");
    assert_eq!(refused("eval 2>&1 '{task}'"), "task in a script for another shell");
    assert_eq!(refused("${x:-}eval {task}"), "task in a script for another shell");
    assert_eq!(refused("${x:-sh -c }{task}"), "task in a script for another shell");
    assert_eq!(refused("a $((case x in x) b ){task}"), "task behind quotes or a `case` that cannot be told apart here");
    assert_eq!(refused("x=`agent {task}`"), "task in backticks");
    assert_eq!(refused("agent ${x:-{task}}"), "task in ${…}");
    assert_eq!(refused("agent $(({task} + 1))"), "task in arithmetic");
    assert_eq!(refused("cat <<E\n{task}\nE"), "task behind a here-document");
    assert_eq!(refused("agent \"{task}"), "task in a script whose quotes or parentheses do not end");
    assert_eq!(refused("agent $(x {task}"), "task in a script whose quotes or parentheses do not end");
    assert_eq!(refused("agent $'a\\n' {task}"), "task behind quotes or a `case` that cannot be told apart here");
    assert_eq!(refused("agent \"$(case x in a) echo {task};; esac)\"").split(' ').next(), Some("task"));
    assert_eq!(refused("agent \"{options}\""), "options not a word of its own");
    for fine in [
        "npm run watch {prompt}",
        "bash -c 'agent \"$1\"' bash {prompt}",
        "codex -c model={model} {prompt}",
        "git -c x=y log",
        "agent 'its {thing} of JSON: {\"a\": 1}'; x",
    ] {
        assert!(parts(fine).is_ok() || fine.contains("thing"), "{fine}");
    }
}

/// What a script is made of, to be put together at random.
const TOKENS: [&str; 34] = [
    "show ",
    "{prompt}",
    "{prompt}",
    "{prompt}",
    " ",
    "\"",
    "\"",
    "'",
    "'",
    "$(",
    ")",
    "`",
    "${x:-",
    "}",
    "\\",
    ";",
    "\n",
    "eval ",
    "sh -c ",
    "bash -c ",
    "<<E\n",
    "E\n",
    "#",
    "$((",
    "))",
    "(",
    "case x in x) ",
    ";; esac",
    "a",
    "&&",
    "|",
    "$'",
    "x=",
    "$",
];

/// Whether a script does what a value says.
#[expect(clippy::disallowed_methods, reason = "the shell itself is what is tried")]
fn obeys(shell: &str, script: &str, value: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let values = Values {
        prompt: Some(value),
        prompt_file: None,
        model: None,
        agent: "ann",
        task: None,
        branch: "b",
        worktree: folder.path(),
        git_dir: folder.path(),
        port: None,
        session: None,
    };
    let Ok(command) = profile(script).command(&values, Mode::Alone) else { return false };
    let mut child = Command::new(shell);
    child.args(&command.argv[1..]).current_dir(folder.path()).stdin(std::process::Stdio::null());
    drop(child.output().unwrap());
    folder.path().join("pwned").exists()
}

proptest! {
    #![proptest_config(crate::state::fixture::cases(60))]
    #[test]
    fn no_script_obeys_a_value(tokens in proptest::collection::vec(proptest::sample::select(&TOKENS[..]), 2..14)) {
        let script = tokens.concat();
        for value in ["$(>pwned)", "`>pwned`", "; >pwned #", "'; >pwned; '", "\"; >pwned; \"", "a[$(>pwned)]", "\nE\n>pwned\n"] {
            for shell in ["sh", "bash"] {
                prop_assert!(!obeys(shell, &script, value), "{} with {:?} and {:?}", shell, script, value);
            }
        }
    }

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
