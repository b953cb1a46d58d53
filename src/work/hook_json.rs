//! What agents' tools tell a hook before they use a tool of theirs, and the answers that they understand.
//!
//! Claude Code and Codex (`PreToolUse`), Gemini CLI (`BeforeTool`) and Cursor (`preToolUse`) start a command and write one
//! JSON object to its standard input. All take exit status 0 with JSON on standard output for the decision, 2 for a
//! refusal whose reason is on standard error, and any other status for a hook that has failed, which stops nothing. An
//! answer that says "allow" would skip the question that the tool asks its user, so a path that is free is answered with
//! no decision at all.

use serde::Deserialize;
use serde_json::{Value, json};

/// The largest object that is read, in bytes: a tool that writes a file sends all of it.
pub const LARGEST: u64 = 64 << 20;
/// How many paths one call may name.
const MOST_PATHS: usize = 10_000;

/// How a tool wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Claude Code and Codex: `hookSpecificOutput`.
    PreToolUse,
    /// Gemini CLI: `decision`.
    BeforeTool,
    /// Cursor: `permission`.
    Cursor,
}

/// What a tool is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// How it wants to be answered.
    pub form: Form,
    /// Where the agent is, when it says so.
    pub cwd: Option<String>,
    /// The files that it is about to change; none for a tool that changes none.
    pub paths: Vec<String>,
}

/// Why an input is no such object.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCall {
    /// More than [`LARGEST`].
    #[error("it is larger than {} MiB", LARGEST >> 20)]
    TooLarge,
    /// Something else than an object.
    #[error("it is no JSON object")]
    NoObject,
    /// No JSON, or not of this form.
    #[error("it is no JSON that a hook gets: {0}")]
    Json(#[from] serde_json::Error),
    /// More than can be judged in time.
    #[error("it names more than {MOST_PATHS} files")]
    TooMany,
}

/// What of the object matters.
#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    hook_event_name: Option<String>,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    tool_name: Option<String>,
    /// An object for all tools that change files.
    #[serde(default)]
    tool_input: Value,
}

/// Under which names tools give the file that they are about.
const FILE: [&str; 6] = ["file_path", "filePath", "notebook_path", "absolute_path", "target_file", "path"];
/// Under which names there may be a patch.
const PATCH: [&str; 3] = ["command", "patch", "input"];
/// Under which names there may be several changes, each with a file of its own or being one.
const SEVERAL: [&str; 4] = ["edits", "files", "changes", "paths"];

/// Tools that only look at the file that they name.
const READERS: [&str; 10] = [
    "Read",
    "LS",
    "Glob",
    "Grep",
    "read_file",
    "read_many_files",
    "list_directory",
    "glob",
    "grep",
    "search_file_content",
];

/// Read what a tool has written.
///
/// # Errors
/// See [`InvalidCall`].
pub fn parse(bytes: &[u8]) -> Result<Call, InvalidCall> {
    if bytes.len() as u64 > LARGEST {
        return Err(InvalidCall::TooLarge);
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(InvalidCall::NoObject);
    }
    let object: Object = serde_json::from_slice(bytes)?;
    let form = match object.hook_event_name.as_deref() {
        Some("BeforeTool") => Form::BeforeTool,
        Some("preToolUse") => Form::Cursor,
        _ => Form::PreToolUse,
    };
    let tool = object.tool_name.unwrap_or_default();
    let paths = if READERS.contains(&tool.as_str()) { Vec::new() } else { named(&object.tool_input) };
    if paths.len() > MOST_PATHS {
        return Err(InvalidCall::TooMany);
    }
    Ok(Call { form, cwd: object.cwd, paths })
}

fn named(input: &Value) -> Vec<String> {
    let several = SEVERAL.iter().filter_map(|key| input.get(key)).flat_map(each);
    let files = file_of(input).chain(several).filter(|path| !path.is_empty()).map(local);
    let patches = PATCH.iter().filter_map(|key| input.get(key)).flat_map(words).flat_map(patched).map(str::to_owned);
    files.chain(patches).collect()
}

/// The files that an object gives under one of the names.
fn file_of(object: &Value) -> impl Iterator<Item = &str> {
    FILE.iter().filter_map(|key| object.get(key).and_then(Value::as_str))
}

/// The files of several changes: a list of files, a list of objects that have one, or an object with files as keys.
fn each(several: &Value) -> Vec<&str> {
    match several {
        Value::Array(list) => list.iter().flat_map(|one| one.as_str().into_iter().chain(file_of(one))).collect(),
        Value::Object(by_file) => by_file.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A command as one text, or as the list of its words.
fn words(command: &Value) -> Vec<&str> {
    match command {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

/// A path, also where it was given as the URL of a file on this machine (RFC 8089).
fn local(path: &str) -> String {
    let url = path.strip_prefix("file://").map(|rest| rest.strip_prefix("localhost").unwrap_or(rest));
    match url.filter(|rest| rest.starts_with('/')) {
        Some(encoded) => percent_encoding::percent_decode_str(encoded).decode_utf8_lossy().into_owned(),
        None => path.to_owned(),
    }
}

/// The files that a patch of Codex names: `*** Update File: a`, and where one goes.
fn patched(patch: &str) -> impl Iterator<Item = &str> {
    let is_patch = patch.trim_start().starts_with("*** Begin Patch");
    let lines = if is_patch { patch } else { "" }.lines();
    lines.filter_map(|line| {
        let heads = ["*** Update File: ", "*** Add File: ", "*** Delete File: ", "*** Move to: "];
        heads.iter().find_map(|head| line.strip_prefix(head)).map(str::trim_end)
    })
}

/// The answer that stops the tool.
pub fn denial(form: Form, reason: &str) -> Value {
    match form {
        Form::PreToolUse => json!({ "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        } }),
        Form::BeforeTool => json!({ "decision": "deny", "reason": reason }),
        Form::Cursor => json!({ "permission": "deny", "user_message": reason, "agent_message": reason }),
    }
}

/// The answer that stops nothing, with what is worth knowing.
pub fn go_on(form: Form, note: Option<&str>) -> Value {
    match (form, note) {
        (_, None) | (Form::Cursor, _) => json!({}),
        (Form::PreToolUse, Some(note)) => json!({ "systemMessage": note, "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "additionalContext": note,
        } }),
        (Form::BeforeTool, Some(note)) => json!({ "systemMessage": note }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(text: &str) -> Call {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_tool_names_its_files_in_its_own_way() {
        let paths = |tool: &str, input: Value| {
            call(&json!({ "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input }).to_string()).paths
        };
        assert_eq!(paths("Edit", json!({ "file_path": "/r/a", "old_string": "x", "new_string": "y" })), ["/r/a"]);
        assert_eq!(paths("NotebookEdit", json!({ "notebook_path": "a.ipynb" })), ["a.ipynb"]);
        assert_eq!(paths("write_file", json!({ "file_path": "a", "content": "x" })), ["a"]);
        assert_eq!(paths("Read", json!({ "file_path": "a" })), [""; 0]);
        assert_eq!(paths("Bash", json!({ "command": "rm -rf x" })), [""; 0]);
        assert_eq!(paths("Edit", json!("text")), [""; 0]);
        let patch = "*** Begin Patch\n*** Update File: a b\n*** Move to: c\n@@\n+*** Add File: no\n*** Delete File: d\n*** End Patch";
        assert_eq!(paths("apply_patch", json!({ "command": patch })), ["a b", "c", "d"]);
        assert_eq!(paths("shell", json!({ "command": ["ls"] })), [""; 0]);
        assert_eq!(paths("shell", json!({ "command": ["apply_patch", patch] })), ["a b", "c", "d"]);
        let edits = json!([{ "file_path": "b", "old_string": "x" }, { "path": "c" }, "d", 7]);
        assert_eq!(paths("MultiEdit", json!({ "file_path": "a", "edits": edits })), ["a", "b", "c", "d"]);
        assert_eq!(paths("apply_patch", json!({ "changes": { "a": { "update": {} }, "b": {} } })), ["a", "b"]);
        assert_eq!(paths("MultiEdit", json!({ "file_path": "a", "edits": [{ "old_string": "file" }] })), ["a"]);
    }

    #[test]
    fn a_url_of_a_file_is_its_path() {
        let path = |url: &str| named(&json!({ "file_path": url }));
        assert_eq!(path("file:///r/a%20b"), ["/r/a b"]);
        assert_eq!(path("file://localhost/r/a"), ["/r/a"]);
        assert_eq!(path("file://elsewhere/r/a"), ["file://elsewhere/r/a"], "which is a path like any other");
        assert_eq!(path("a%20b"), ["a%20b"]);
    }

    #[test]
    fn the_event_says_how_to_answer() {
        let form = |event: &str| call(&json!({ "hook_event_name": event, "cwd": "/r" }).to_string()).form;
        assert_eq!(
            [form("PreToolUse"), form("BeforeTool"), form("preToolUse")],
            [Form::PreToolUse, Form::BeforeTool, Form::Cursor]
        );
        assert_eq!(call("{}"), Call { form: Form::PreToolUse, cwd: None, paths: Vec::new() });
        assert_eq!(denial(Form::PreToolUse, "no")["hookSpecificOutput"]["permissionDecision"], "deny");
        assert_eq!(denial(Form::BeforeTool, "no"), json!({ "decision": "deny", "reason": "no" }));
        assert_eq!(denial(Form::Cursor, "no")["permission"], "deny");
        assert_eq!(go_on(Form::PreToolUse, None), json!({}));
        assert!(go_on(Form::PreToolUse, Some("hm"))["hookSpecificOutput"].get("permissionDecision").is_none());
    }

    #[test]
    fn what_is_no_such_object_is_refused() {
        for bad in ["", "[]", "nonsense", "{\"cwd\":1}", "{\"tool_input\":{\"file_path\":7}}x", "\"text\""] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"{\"cwd\":\"\xff\"}").is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        let deep = format!("{{\"tool_input\":{{\"x\":{}1{}}}}}", "[".repeat(5000), "]".repeat(5000));
        assert!(parse(deep.as_bytes()).is_err());
        let many: String = (0..=MOST_PATHS).map(|number| format!("*** Add File: {number}\n")).collect();
        let many = json!({ "tool_input": { "command": format!("*** Begin Patch\n{many}") } });
        assert!(matches!(parse(many.to_string().as_bytes()), Err(InvalidCall::TooMany)));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(text in "\\PC{0,80}|[{}\":,\\[\\]a-z_ 0-9]{0,80}") {
            drop(parse(text.as_bytes()));
        }
    }
}
