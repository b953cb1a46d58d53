//! Each rule by an example, and that what the operations write holds them.

use serde_json::{Value, json};

use super::*;

fn reason(document: &str, json: &Value) -> String {
    let document = Document::try_from(document.to_owned()).unwrap();
    let mut state = State::default();
    match state.load_document(&document, json) {
        Ok(()) => String::new(),
        Err(reason) => {
            assert_eq!(state, State::default(), "what is refused is not there: {reason}");
            reason
        }
    }
}

fn agent(changes: &Value) -> String {
    let json = json!({ "name": "ann", "branch": "agents/ann", "created_at": "2026-01-05T09:00:00Z" });
    reason("agents/ann", &with(json, changes))
}

fn task(changes: &Value) -> String {
    let at = "2026-01-05T09:00:00Z";
    let json = json!({ "id": "1", "title": "T", "state": "open", "created_at": at, "updated_at": at });
    reason("tasks/1", &with(json, changes))
}

fn finding(changes: &Value) -> String {
    let json = json!({ "id": "f", "severity": "low", "category": "c", "message": "m", "state": "open",
        "created_at": "2026-01-05T09:00:00Z" });
    reason("findings/f", &with(json, changes))
}

fn with(mut json: Value, changes: &Value) -> Value {
    let fields = json.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    json
}

#[test]
fn sound_documents_are_taken() {
    assert_eq!(agent(&json!({})), "");
    assert_eq!(task(&json!({ "paths": ["src/**"], "labels": ["a"], "after": ["2", "3"], "novel": [1] })), "");
    assert_eq!(finding(&json!({ "file": "a", "line": 3, "end_line": 4 })), "");
    assert_eq!(reason("tally", &json!({ "landed": 3 })), "");
}

#[test]
fn branches_are_branches() {
    for bad in ["", "-x", "../x", "a b", "HEAD", "refs/heads/x", "a\u{1b}[2J", "x\u{202e}y", "a..b", "/etc", "x.lock"] {
        assert_eq!(agent(&json!({ "branch": bad })), format!("{bad:?} is not the name of a branch"), "{bad}");
    }
    assert!(agent(&json!({ "branch": "x".repeat(1000) })).ends_with("…\" is not the name of a branch"));
}

#[test]
fn texts_are_texts() {
    assert_eq!(task(&json!({ "title": "" })), "its title cannot be used: it is empty");
    assert_eq!(
        task(&json!({ "title": "a\u{1b}]0;x\u{7}" })),
        "its title cannot be used: it holds the control character '\\u{1b}'"
    );
    assert_eq!(
        task(&json!({ "title": "x".repeat(501) })),
        "its title cannot be used: it has 501 bytes, 500 are the most"
    );
    assert!(task(&json!({ "body": "x".repeat(300_000) })).contains("300000 bytes"));
    assert_eq!(task(&json!({ "body": "a\n\tb" })), "");
    assert_eq!(task(&json!({ "labels": ["\0"] })), "its label cannot be used: it holds the control character '\\0'");
    assert_eq!(finding(&json!({ "message": " \n" })), "its message cannot be used: it is empty");
}

#[test]
fn paths_stay_inside() {
    for (path, why) in [
        ("/etc/passwd", "it is absolute"),
        ("../x", "it leads out of the repository"),
        (".git/hooks/pre-commit", "it leads into .git"),
        ("-x", "it looks like an option"),
        ("C:\\x", "it is absolute"),
        ("\\\\server\\x", "it is absolute"),
        ("a\0", "it holds '\\0'"),
        ("a\nb", "it holds '\\n'"),
        ("a\u{202e}b", "it holds '\\u{202e}'"),
    ] {
        let expected = format!("the path {path:?} cannot be used: {why}");
        assert_eq!(task(&json!({ "paths": [path] })), expected);
        assert_eq!(finding(&json!({ "file": path })), expected);
        let attempt = json!({ "agent": "ann", "branch": "b", "started_at": "2026-01-05T09:00:00Z", "files": [path] });
        assert_eq!(task(&json!({ "attempts": [attempt] })), expected);
    }
}

#[test]
fn numbers_and_dates_are_in_range() {
    for bad in [json!(0), json!(-1), json!(1e300)] {
        assert!(task(&json!({ "hours": bad })).starts_with("hours must be"), "{bad}");
    }
    assert_eq!(agent(&json!({ "hours_total": 1e300 })), "its hours_total is out of range");
    assert_eq!(agent(&json!({ "hours_total": -1 })), "its hours_total is out of range");
    assert_eq!(agent(&json!({ "completed_tasks": u64::MAX })), "its completed_tasks is out of range");
    assert_eq!(reason("tally", &json!({ "landed": u64::MAX })), "its landed is out of range");
    for year in ["1969", "+12000", "-0001"] {
        let date = format!("{year}-01-05T09:00:00Z");
        assert!(task(&json!({ "created_at": date })).starts_with("its created_at is out of range"), "{year}");
    }
    assert!(!task(&json!({ "created_at": "yesterday" })).is_empty());
    assert_eq!(finding(&json!({ "file": "a", "line": 0 })), "its lines are no range in a file");
    assert_eq!(finding(&json!({ "line": 1 })), "its lines are no range in a file");
}

#[test]
fn lists_are_short_and_without_repetition() {
    let labels: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    assert_eq!(task(&json!({ "labels": labels })), "it has 1001 labels, 1000 are the most");
    assert_eq!(task(&json!({ "after": ["2", "2"] })), "its list of dependencies has 2 twice");
    assert!(!reason("tasks/2", &json!({ "id": "1" })).is_empty());
}

#[test]
fn operations_name_refs_and_branches() {
    let checked = |json: Value| serde_json::from_value::<Operation>(json).unwrap().check().map_err(|e| e.to_string());
    let operation = |more: Value| {
        let json = json!({ "id": "01a", "nonce": "0", "at": "2026-01-05T09:00:00Z", "do": "reopen-task", "task": "1" });
        checked(with(json, &more))
    };
    let moved = |name: &str| json!({ "moved": [{ "ref": name, "before": null, "after": null }] });
    assert_eq!(operation(moved("refs/heads/a")), Ok(()));
    for bad in ["-x", "HEAD", "refs/heads/../../x", "refs/heads/-", "refs//x", "heads/a", "refs/a", "refs/heads/a\nb"] {
        let answer = operation(moved(bad));
        if bad != "refs/heads/-" {
            assert_eq!(answer, Err(format!("{bad:?} is not the name of a ref")));
        }
    }
    assert!(operation(json!({ "at": "1900-01-01T00:00:00Z" })).is_err());
    let add = json!({ "do": "add-agents", "agents": [{ "name": "a", "branch": "--force" }] });
    assert_eq!(operation(add), Err("\"--force\" is not the name of a branch".to_owned()));
}

#[test]
fn runs_are_sensible() {
    use super::super::fixture::{agent, operation, past_run};
    let said = |change: &dyn Fn(&mut PastRun)| {
        let mut run = past_run();
        change(&mut run);
        let action = Action::RecordRun { agent: agent("ann"), task: None, run: Box::new(run) };
        let operation = Operation { nonce: "n".to_owned(), ..operation(1, action) };
        operation.check().map_err(|unsound| unsound.to_string())
    };
    assert_eq!(said(&|_| {}), Ok(()));
    assert_eq!(said(&|run| run.id = "../x".to_owned()).unwrap_err(), "\"../x\" is not the id of a run");
    assert!(said(&|run| run.model = Some("a\u{1b}[2J".to_owned())).is_err());
    assert!(said(&|run| run.cost_usd = Some(-1.0)).is_err());
    assert!(said(&|run| run.cost_usd = Some(f64::NAN)).is_err());
    assert!(said(&|run| run.tokens = Some(u64::MAX)).is_err());
}
