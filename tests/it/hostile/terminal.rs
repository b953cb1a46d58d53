//! Nothing that others wrote acts on the terminal, whichever command shows it.

use serde_json::json;

use super::{Clone, operation, task};
use crate::support::Sandbox;

/// Every text that a document or an operation has, with what reorders text and, where nobody checks, with what controls
/// the terminal.
#[test]
fn no_command_passes_it_on() {
    let clone = Clone::new();
    let evil = "\u{202e}evil\u{2066}\u{2028}";
    let worse = "\u{1b}]0;owned\u{7}\r\nerror: fake\u{202e}";
    let at = "2026-01-05T09:00:00Z";
    let attempt =
        json!({ "agent": "ann", "branch": "agents/ann", "started_at": at, "outcome": "failed", "ended_at": at });
    let texts = json!({ "title": evil, "body": evil, "category": evil, "labels": [evil], "reason": evil,
        "state": "blocked", "attempts": [attempt] });
    let finding = json!({ "id": "f", "severity": "high", "category": evil, "message": evil, "state": "open",
        "created_at": at })
    .to_string();
    let shard = git_agents::store::shard("f");
    let bad = task("3", &json!({ "title": worse }));
    clone.commit(
        &clone.tree(&[
            ("100644", &Sandbox::open_path("2"), &task("2", &texts)),
            ("100644", &Sandbox::open_path("3"), &bad),
            ("100644", &format!("findings/{shard}/f.json"), finding.as_bytes()),
            ("100644", "tasks/open/0/\u{1b}[2J.json", b"{}"),
        ]),
        &operation("01x", &json!({ "do": "drop-task", "task": "2", "reason": worse })).replacen("a sentence", worse, 1),
    );
    clone.fetch();
    let commands: &[&[&str]] = &[
        &["task", "list"],
        &["task", "list", "--all"],
        &["task", "show", "2"],
        &["task", "show", "3"],
        &["status"],
        &["findings"],
        &["findings", "list", "--all"],
        &["log"],
        &["log", "2"],
        &["agent", "list"],
        &["agent", "show", "ann"],
        &["ready"],
        &["assign", "ann", "2"],
        &["assign", "ann", "3"],
        &["next", "ann"],
        &["conflicts"],
        &["merge-order"],
        &["merge", "--all", "--dry-run"],
        &["cleanup", "--dry-run"],
        &["doctor"],
        &["undo"],
        &["undo", "--yes"],
    ];
    for command in commands {
        let output = clone.agents(command);
        let acts = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2066}' | '\u{2028}');
        assert!(!output.stdout.contains(acts) && !output.stderr.contains(acts), "{command:?}: {output:?}");
        assert!(
            !output.stderr.lines().chain(output.stdout.lines()).any(|line| line == "error: fake"),
            "{command:?}: {output}"
        );
        // JSON is raw, and JSON all the same.
        let json = clone.sandbox.direct([command, &["--json"][..]].concat()).output();
        // Narration is for people, also with --json.
        let texts = json.stderr.lines().filter(|line| line.starts_with('{'));
        for text in texts.chain([json.stdout.as_str()].into_iter().filter(|text| !text.is_empty())) {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{command:?}: {json}");
        }
    }
}
