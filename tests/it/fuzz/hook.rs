//! What a tool's hook gets on standard input, nearly right: it is answered in a tool's form or refused, it never says
//! "allow", and no spelling of a path leads past a claim.

use std::path::Path;

use fastrand::Rng;
use git_agents::work::hook_json::{self, Call};
use serde_json::{Value, json};

use super::{Ground, claims, mutate};

/// Tools of all kinds, and something that is none.
const TOOLS: &[&str] = &["Edit", "Write", "NotebookEdit", "apply_patch", "write_file", "Read", "shell", "", "x"];
const EVENTS: &[&str] = &["PreToolUse", "BeforeTool", "preToolUse", "PostToolUse"];
/// Under which names a tool gives its file.
const FILE: &[&str] = &["file_path", "filePath", "notebook_path", "absolute_path", "target_file", "path"];

/// Read many of them, in this process.
pub(super) fn input_is_read_or_refused(rng: &mut Rng) {
    for _ in 0..20 {
        let text = claims::path(rng);
        let input = mutated(rng, &text);
        if let Ok(Call { form, paths, .. }) = hook_json::parse(&input) {
            assert!(paths.len() <= 10_000);
            let (no, yes) = (hook_json::denial(form, &text), hook_json::go_on(form, Some(&text)));
            assert!(is_denial(&no) && !is_denial(&yes) && !is_denial(&hook_json::go_on(form, None)), "{no} {yes}");
        }
    }
}

/// Ask the program with one of them.
pub(super) fn program_answers(ground: &Ground, rng: &mut Rng, program: &Path) {
    let text = claims::path(rng);
    let input = mutated(rng, &text);
    let is_strict = rng.bool();
    let args: &[&str] = if is_strict { &["guard", "--hook-json", "--strict"] } else { &["guard", "--hook-json"] };
    let (status, stdout, stderr) = ground.program_with(program, args, &input);
    let shown = String::from_utf8_lossy(&input).into_owned();
    let acts = |text: &str| text.chars().any(|c| c != '\n' && git_agents::text::is_hidden(c));
    assert!(!acts(&stderr), "{shown}: {stderr:?} acts on the terminal");
    match status {
        Some(0) => {
            let answer: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{shown}: {stdout:?}"));
            assert!(answer.is_object() && stdout.lines().count() == 1, "{shown}: {stdout:?}");
            texts(&answer, &mut |text| assert!(text != "allow" && !acts(text), "{shown}: {stdout}"));
        }
        Some(2) if is_strict => assert_eq!(stdout, "", "{shown}"),
        Some(4) if !is_strict => assert_eq!(stdout, "", "{shown}"),
        other => panic!("{shown} ends with {other:?}: {stdout}{stderr}"),
    }
}

/// The state is as it was made: `src/db` is Bob's for himself, and here nobody is Bob.
pub(super) fn no_spelling_leads_past_a_claim(ground: &Ground, rng: &mut Rng, program: &Path) {
    let top = ground.repo();
    let top = top.to_str().unwrap();
    let path = match rng.u8(..11) {
        0 => "src/db".to_owned(),
        1 => "./src/./db/a".to_owned(),
        2 => "src/x/../db/a".to_owned(),
        3 => format!("{top}/src/db/a"),
        4 => format!("{top}/../repo/src//db/a"),
        5 => "SRC/db/A".to_owned(),
        6 => "../repo/src/db/".to_owned(),
        7 => "way/db/a".to_owned(),
        8 => format!("{top}/way/new/../db/a"),
        9 => "link".to_owned(),
        _ => "src".to_owned(),
    };
    let (tool, event) = ([TOOLS[0], TOOLS[1], TOOLS[4]][rng.usize(..3)], EVENTS[rng.usize(..3)]);
    let mut call = json!({ "hook_event_name": event, "tool_name": tool, "tool_input": {} });
    if rng.bool() {
        call["cwd"] = json!(top);
    }
    match rng.bool() {
        true => call["tool_input"][FILE[rng.usize(..FILE.len())]] = json!(path),
        false => call["tool_input"]["command"] = json!(format!("*** Begin Patch\n*** Update File: {path}\n@@\n")),
    }
    let (status, stdout, stderr) = ground.program_with(program, &["guard", "--hook-json"], call.to_string().as_bytes());
    let answer: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{call}: {status:?} {stdout}{stderr}"));
    assert!(status == Some(0) && is_denial(&answer), "{call}: {status:?} {answer}");
}

/// Whether one of the tools would take it for a no.
fn is_denial(answer: &Value) -> bool {
    let word = ["/hookSpecificOutput/permissionDecision", "/decision", "/permission"];
    word.iter().filter_map(|place| answer.pointer(place)).any(|word| word == "deny")
}

fn texts(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(all) => all.iter().for_each(|one| texts(one, look)),
        Value::Object(fields) => fields.values().for_each(|one| texts(one, look)),
        _ => {}
    }
}

/// What a tool sends, with a few things wrong.
fn mutated(rng: &mut Rng, path: &str) -> Vec<u8> {
    let patch = format!("*** Begin Patch\n*** Update File: {path}\n*** Move to: {}\n@@\n+x\n", mutate::text(rng));
    let mut input = json!({ "content": "x" });
    input[FILE[rng.usize(..FILE.len())]] = json!(path);
    if rng.u8(..3) == 0 {
        input[["command", "patch", "input"][rng.usize(..3)]] = json!(patch);
    }
    let mut call = json!({ "hook_event_name": EVENTS[rng.usize(..EVENTS.len())], "session_id": "s", "cwd": ".",
        "tool_name": TOOLS[rng.usize(..TOOLS.len())], "tool_input": input });
    for _ in 0..rng.usize(..4) {
        mutate::json(rng, &mut call);
    }
    let mut bytes = call.to_string().into_bytes();
    if rng.u8(..6) == 0 {
        mutate::bytes(rng, &mut bytes);
    }
    bytes
}
