//! A long chain, written by `git fast-import`: what years of work leave behind.

use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

use git_agents::finding::{Finding, FindingState, Severity};
use git_agents::state::{Action, Document, Operation, State, Tally};
use git_agents::store::{open_shard, shard};
use git_agents::task::{NewTask, TaskId};

const BEGIN: i64 = 1_750_000_000;

/// How long it is.
pub(crate) struct Size {
    pub(crate) operations: usize,
    pub(crate) tasks: usize,
    /// So many tasks are still open.
    pub(crate) open: usize,
}

/// Write the chain, each operation applied to no more of the state than it is about.
pub(crate) fn import(mut command: Command, size: &Size) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stream = BufWriter::new(child.stdin.take().unwrap());
    let mut tally = Tally::default();
    for number in 0..size.operations {
        let (action, before) = step(size, number, &tally);
        let operation = operation(number, action);
        let after = before.apply(&operation).unwrap();
        let json = serde_json::to_string(&operation).unwrap();
        let message = format!("{}\n\n{json}\n", operation.action.sentence());
        let seconds = BEGIN + i64::try_from(number).unwrap();
        writeln!(stream, "commit refs/agents/state\ncommitter Ann <ann@example.com> {seconds} +0000").unwrap();
        writeln!(stream, "data {}\n{message}", message.len()).unwrap();
        if number == 0 {
            file(&mut stream, "format.json", &serde_json::json!({ "version": 1 }));
        }
        for document in after.touched() {
            let json = after.document(document).unwrap();
            match document {
                Document::Task(id) if after.tasks[id].state.is_closed() => {
                    writeln!(stream, "D tasks/open/{}/{id}.json", open_shard(id.as_str())).unwrap();
                    file(&mut stream, &format!("tasks/closed/{}/{id}.json", shard(id.as_str())), &json);
                }
                Document::Task(id) => {
                    file(&mut stream, &format!("tasks/open/{}/{id}.json", open_shard(id.as_str())), &json);
                }
                Document::Finding(id) => {
                    file(&mut stream, &format!("findings/{}/{id}.json", shard(id.as_str())), &json);
                }
                Document::Tally => file(&mut stream, "tally.json", &json),
                other => panic!("{other} is not expected"),
            }
        }
        tally = after.tally;
    }
    stream.flush().unwrap();
    drop(stream);
    assert!(child.wait().unwrap().success());
}

/// What the operation does, and the part of the state that it is about: first the tasks are filed, then most of them
/// dropped, and the rest are findings.
fn step(size: &Size, number: usize, tally: &Tally) -> (Action, State) {
    let id = |number: usize| -> TaskId { format!("t{number}").parse().unwrap() };
    let new = |number| -> NewTask {
        serde_json::from_value(serde_json::json!({ "id": id(number), "title": format!("Task number {number}") }))
            .unwrap()
    };
    let mut state = State::default();
    state.tally = tally.clone();
    let dropped = size.tasks - size.open;
    let action = if number < size.tasks {
        Action::AddTasks { tasks: vec![new(number)] }
    } else if number < size.tasks + dropped {
        let task = number - size.tasks;
        let filed = operation(task, Action::AddTasks { tasks: vec![new(task)] });
        state.tasks = state.apply(&filed).unwrap().tasks;
        Action::DropTask { task: id(task), reason: None }
    } else {
        let finding = Finding {
            id: format!("f{number}").parse().unwrap(),
            agent: None,
            task: None,
            severity: Severity::Medium,
            category: "bug".to_owned(),
            message: format!("Finding number {number}"),
            file: None,
            line: None,
            end_line: None,
            commit: None,
            state: FindingState::Open,
            created_at: time(number),
            resolved_at: None,
            extra: serde_json::Map::new(),
        };
        Action::AddFindings { findings: vec![finding] }
    };
    (action, state)
}

fn operation(number: usize, action: Action) -> Operation {
    let ulid = ulid::Ulid::from_parts(u64::try_from(time(number).timestamp_millis()).unwrap(), number as u128);
    let id = ulid.to_string().to_lowercase().parse().unwrap();
    Operation { id, nonce: format!("{number:032x}"), at: time(number), moved: Vec::new(), action }
}

fn time(number: usize) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(BEGIN + i64::try_from(number).unwrap(), 0).unwrap()
}

fn file(stream: &mut impl Write, path: &str, json: &serde_json::Value) {
    let text = serde_json::to_string_pretty(json).unwrap();
    writeln!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len() + 1).unwrap();
}
