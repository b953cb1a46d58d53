//! Chains that somebody else made: the sound ones pass, and each fault names its commit.

use std::convert::Infallible;

use gix::objs::tree::EntryKind;
use serde_json::{Map, json};

use super::*;
use crate::git::fixture::Fixture;
use crate::state::State;
use crate::store::{self, Change};
use crate::world::World;

struct Chain {
    fixture: Fixture,
    repo: Repository,
}

impl Chain {
    /// One agent, three tasks, one of them dropped, and a finding.
    fn new() -> Self {
        let fixture = Fixture::new();
        let repo = fixture.open();
        let chain = Chain { fixture, repo };
        let agents = json!([{ "name": "ann", "branch": "agents/ann" }]);
        chain.act(&json!({ "do": "add-agents", "agents": agents }));
        for id in ["1", "2", "3"] {
            chain.act(&json!({ "do": "add-tasks", "tasks": [{ "id": id, "title": format!("Task {id}") }] }));
        }
        chain.act(&json!({ "do": "drop-task", "task": "3", "reason": null }));
        chain.act(&json!({ "do": "assign", "agent": "ann", "task": "1", "new": null }));
        let at = "2026-01-05T09:00:00Z";
        let finding = json!({ "id": "f", "severity": "low", "category": "c", "message": "m", "state": "open",
            "created_at": at });
        chain.act(&json!({ "do": "add-findings", "findings": [finding] }));
        chain.act(&json!({ "do": "remove-agent", "agent": "ann", "backup": null }));
        chain
    }

    fn act(&self, action: &Value) -> ObjectId {
        let action: Action = serde_json::from_value(action.clone()).unwrap();
        let world = World { now: chrono::DateTime::UNIX_EPOCH, seed: None, home: None };
        let scope = Scope::open().with_findings().with_closed();
        let decide = |_: &State, _: &mut fastrand::Rng| Ok::<_, Infallible>(Some(Change::from(action.clone())));
        store::transact(&self.repo, &world, &scope, decide).unwrap().unwrap().commit
    }

    fn tip(&self) -> ObjectId {
        store::tip(&self.repo).unwrap().unwrap()
    }

    fn stored(&self, task: &str) -> Value {
        let state = store::load_at(&self.repo, self.tip(), &Scope::open().with_closed()).unwrap();
        state.document(&Document::Task(task.parse().unwrap())).unwrap()
    }

    fn blob(&self, content: &[u8]) -> ObjectId {
        self.repo.gix().write_blob(content).unwrap().detach()
    }

    /// The tip's tree with one path set to an object.
    fn tree_with(&self, path: &str, kind: EntryKind, id: ObjectId) -> ObjectId {
        let tree = objects::tree_of(&self.repo, self.tip()).unwrap();
        let mut editor = self.repo.gix().edit_tree(tree).unwrap();
        editor.upsert(path, kind, id).unwrap();
        editor.write().unwrap().detach()
    }

    /// A commit that nobody refers to, on top of the tip.
    fn commit(&self, tree: ObjectId, message: &str) -> ObjectId {
        self.commit_on(&[self.tip()], tree, message)
    }

    fn commit_on(&self, parents: &[ObjectId], tree: ObjectId, message: &str) -> ObjectId {
        let signature = gix::actor::Signature { name: "X".into(), email: "x".into(), time: gix::date::Time::new(0, 0) };
        let commit = gix::objs::Commit {
            message: message.into(),
            tree,
            author: signature.clone(),
            committer: signature,
            encoding: None,
            parents: parents.iter().copied().collect(),
            extra_headers: Vec::new(),
        };
        self.repo.gix().write_object(&commit).unwrap().detach()
    }

    /// Whoever wrote it says that it edits task 1.
    fn edited(&self, path: &str, content: &[u8]) -> ObjectId {
        let tree = self.tree_with(path, EntryKind::Blob, self.blob(content));
        self.commit(tree, &message("01x", &json!({ "do": "edit-task", "task": "1", "edit": {} })))
    }

    fn refusal(&self, tip: ObjectId) -> String {
        let refused = vet(&self.repo, tip, Some(self.tip())).unwrap_err().to_string();
        refused.replace(&tip.to_string(), "[TIP]").replace(&self.tip().to_string(), "[ACCEPTED]")
    }
}

fn message(id: &str, action: &Value) -> String {
    let mut json = action.clone();
    let fields = [("id", json!(id)), ("nonce", json!("0")), ("at", json!("2026-01-05T09:00:00Z"))];
    json.as_object_mut().unwrap().extend(fields.map(|(name, value)| (name.to_owned(), value)));
    format!("edit\n\n{json}\n")
}

fn task(id: &str, more: &Value) -> Vec<u8> {
    let at = "2026-01-05T09:00:00Z";
    let mut json = json!({ "id": id, "title": "T", "state": "open", "created_at": at, "updated_at": at });
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::to_vec(&json).unwrap()
}

fn open_path(id: &str) -> String {
    format!("tasks/open/{}/{id}.json", layout::open_shard(id))
}

#[test]
fn what_this_program_writes_passes() {
    let chain = Chain::new();
    let (tip, all) = (chain.tip(), vet(&chain.repo, chain.tip(), None).unwrap());
    assert_eq!((all.tip, all.operations.len(), all.quarantined), (tip, 8, Vec::new()));
    let nothing = vet(&chain.repo, tip, Some(tip)).unwrap();
    assert_eq!(nothing, Vetted { tip, operations: Vec::new(), quarantined: Vec::new() });
    let next = chain.act(&json!({ "do": "edit-task", "task": "2", "edit": { "after": ["1"] } }));
    let one = vet(&chain.repo, next, Some(tip)).unwrap();
    assert_eq!((one.operations.len(), one.quarantined), (1, Vec::new()));
}

#[test]
fn a_chain_holds_what_its_operations_make() {
    let chain = Chain::new();
    let undo = store::last_undoable(&chain.repo, Some(chain.tip())).unwrap().unwrap();
    let operation = undo.entry.operation.unwrap().id;
    let undo = json!({ "do": "undo", "operation": operation, "sentence": "s", "documents": undo.documents });
    chain.act(&undo);
    assert_eq!(store::recompute(&chain.repo, chain.tip()).unwrap(), (9, Vec::new()));
    let said = |tip: ObjectId| -> Vec<String> {
        let (_, found) = store::recompute(&chain.repo, tip).unwrap();
        found.into_iter().map(|one| format!("{}: {}", one.sentence, one.difference)).collect()
    };
    let other = chain.edited(&open_path("1"), &task("1", &json!({ "title": "Other" })));
    assert_eq!(said(other), ["edit task 1: tasks/1 is something else than the operation makes of it"]);
    let extra = chain.edited(&open_path("2"), &task("2", &json!({})));
    let extra = said(extra);
    // Nothing of task 1 changes either, and an edit notes its time.
    assert!(
        extra.contains(&"edit task 1: tasks/2 changes, and the operation leaves it as it is".to_owned()),
        "{extra:?}"
    );
    let tree = objects::tree_of(&chain.repo, chain.tip()).unwrap();
    let rejected = chain.commit(tree, &message("01x", &json!({ "do": "reopen-task", "task": "9" })));
    assert_eq!(said(rejected), ["reopen task 9: it could not be done: there is no task 9"]);
}

/// Until the first lease; from then on one that is missing was taken away.
#[test]
fn a_chain_that_began_before_there_were_leases_holds_what_its_operations_made() {
    let chain = Chain::new();
    let all: Vec<_> = store::History::from(&chain.repo, Some(chain.tip())).map(Result::unwrap).collect();
    let whole = all.iter().rev().fold(None, |parent: Option<ObjectId>, entry| {
        let tree = objects::tree_of(&chain.repo, entry.commit).unwrap();
        let mut editor = chain.repo.gix().edit_tree(tree).unwrap();
        let tasks = changed(&chain.repo, None, tree, true, &mut Budget::of_one()).unwrap();
        for (path, found) in tasks.iter().filter(|(path, _)| path.starts_with("tasks/")) {
            let content = chain.repo.gix().find_blob(found.as_ref().unwrap().id).unwrap().data.clone();
            let mut json: Map<String, Value> = serde_json::from_slice(&content).unwrap();
            json.retain(|name, _| !matches!(name.as_str(), "epoch" | "assigned_by" | "lease"));
            editor.upsert(path.as_str(), EntryKind::Blob, chain.blob(&serde_json::to_vec(&json).unwrap())).unwrap();
        }
        let tree = editor.write().unwrap().detach();
        let commit = chain.repo.gix().find_commit(entry.commit).unwrap();
        let parents: Vec<ObjectId> = parent.into_iter().collect();
        Some(chain.commit_on(&parents, tree, commit.message_raw_sloppy().to_str().unwrap()))
    });
    let whole = whole.unwrap();
    assert_eq!(store::recompute(&chain.repo, whole).unwrap(), (8, Vec::new()));
    // The newest document with a lease loses it.
    chain.act(&json!({ "do": "add-agents", "agents": [{ "name": "bob", "branch": "agents/bob" }] }));
    chain.act(&json!({ "do": "assign", "agent": "bob", "task": "2", "new": null }));
    let state = store::load(&chain.repo, &Scope::open()).unwrap().state;
    let mut json = state.document(&Document::Task("2".parse().unwrap())).unwrap();
    json.as_object_mut().unwrap().remove("lease");
    let tip = chain.tip();
    let tree = chain.tree_with(&open_path("2"), EntryKind::Blob, chain.blob(&serde_json::to_vec(&json).unwrap()));
    let parent = store::parent_of(&chain.repo, tip).unwrap().unwrap();
    let commit = chain.repo.gix().find_commit(tip).unwrap();
    let taken = chain.commit_on(&[parent], tree, commit.message_raw_sloppy().to_str().unwrap());
    assert_eq!(store::recompute(&chain.repo, taken).unwrap().1.len(), 1);
}

#[test]
fn a_chain_that_was_rewritten() {
    let chain = Chain::new();
    let tip = chain.tip();
    let before = chain.fixture.git(&["rev-parse", &format!("{tip}~2")]);
    let before = ObjectId::from_hex(before.trim().as_bytes()).unwrap();
    assert_eq!(chain.refusal(before), "[TIP] does not go on from [ACCEPTED]: the chain was rewritten");
    assert_eq!(vet(&chain.repo, tip, Some(before)).unwrap().operations.len(), 2);
    let other = chain.commit_on(&[], objects::tree_of(&chain.repo, tip).unwrap(), "other\n");
    assert_eq!(chain.refusal(other), "[TIP] does not go on from [ACCEPTED]: the chain was rewritten");
}

#[test]
fn commits_that_are_no_operations() {
    let chain = Chain::new();
    let tree = objects::tree_of(&chain.repo, chain.tip()).unwrap();
    let with = |text: &str| chain.refusal(chain.commit(tree, text));
    let edit = json!({ "do": "edit-task", "task": "1", "edit": {} });
    assert_eq!(with("by hand\n"), "the commit [TIP] is no operation: its message has one paragraph");
    assert!(with("a\n\nno json").starts_with("the commit [TIP] is no operation: expected"), "{}", with("a\n\nno json"));
    assert_eq!(
        with(&message("01x", &json!({ "do": "explode" }))),
        "the commit [TIP] does \"explode\", which format 1 does not have"
    );
    assert!(with(&message("../x", &edit)).contains("is no operation"), "{}", with(&message("../x", &edit)));
    let deep = format!("a\n\n{{\"novel\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(with(&deep).contains("recursion limit"), "{}", with(&deep));
    let moved = json!([{ "ref": "refs/heads/../../x", "before": null, "after": null }]);
    let forged = json!({ "do": "edit-task", "task": "1", "edit": {}, "moved": moved });
    assert_eq!(
        with(&message("01x", &forged)),
        "the commit [TIP] cannot be believed: \"refs/heads/../../x\" is not the name of a ref"
    );
    let two = chain.commit_on(&[chain.tip(), chain.tip()], tree, &message("01x", &edit));
    assert_eq!(chain.refusal(two), "the commit [TIP] has 2 parents, and operations have one");
    let first = chain.commit(tree, &message("01x", &edit));
    let again = chain.commit_on(&[first], tree, &message("01x", &edit));
    assert_eq!(chain.refusal(again), "the commit [TIP] repeats the operation 01x");
    let large = format!("{}\n\n{{}}", "x".repeat(33 << 20));
    assert!(with(&large).contains("bytes, 33554432 are the most"), "{}", with(&large));
}

#[test]
fn commits_that_change_something_else() {
    let chain = Chain::new();
    let foreign =
        |path: &str| format!("the commit [TIP] changes {path}, which its operation (edit task 1) is not about");
    for path in [open_path("2"), "agents/eve.json".to_owned(), "format.json".to_owned()] {
        assert_eq!(chain.refusal(chain.edited(&path, b"{\"version\":1}")), foreign(&path));
    }
    // What no version of ours knows is none of our business.
    vet(&chain.repo, chain.edited("novel/x.json", b"{}"), Some(chain.tip())).unwrap();
}

/// Each commit says something that may be said, and holds something else.
#[test]
fn commits_that_are_not_what_they_say() {
    let chain = Chain::new();
    let at = json!("2026-01-05T09:00:00Z");
    let edit = json!({ "do": "edit-task", "task": "1", "edit": { "priority": "high" } });
    let with = |action: &Value, files: &[(String, Value)]| {
        let mut editor = chain.repo.gix().edit_tree(objects::tree_of(&chain.repo, chain.tip()).unwrap()).unwrap();
        for (path, json) in files {
            editor.upsert(path.as_str(), EntryKind::Blob, chain.blob(json.to_string().as_bytes())).unwrap();
        }
        chain.refusal(chain.commit(editor.write().unwrap().detach(), &message("01x", action)))
    };
    let one = |change: &Value| {
        let mut task: Value =
            serde_json::from_slice(&task("1", &json!({ "title": "Task 1", "priority": "high" }))).unwrap();
        task["created_at"] = json!("1970-01-01T00:00:00Z");
        task.as_object_mut().unwrap().extend(
            json!({ "epoch": 1, "assigned_by": chain.stored("1")["assigned_by"] }).as_object().unwrap().clone(),
        );
        task.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        (open_path("1"), task)
    };
    let said = |what: &str| format!("the commit [TIP] is not what it says (edit task 1): {what}");
    let other = said("tasks/1 is something else than the operation makes of it");
    assert_eq!(with(&edit, &[one(&json!({ "title": "Hijacked" }))]), other);
    assert_eq!(with(&edit, &[one(&json!({ "state": "in-progress", "agent": "ben", "epoch": 7 }))]), other);
    assert_eq!(with(&edit, &[]), other);
    let claim = json!({ "id": "zz-0", "agent": "ben", "path": ".", "exclusive": true, "created_at": at,
        "lease": { "renewed_at": "9999-01-01T00:00:00Z", "ttl_s": u32::MAX } });
    assert_eq!(
        with(&edit, &[one(&json!({})), ("claims/zz-0.json".to_owned(), claim)]),
        said("claims/zz-0 changes, and the operation leaves it as it is")
    );
    assert_eq!(
        with(&edit, &[one(&json!({})), ("tally.json".to_owned(), json!({ "landed": 999_999_999, "dropped": 1 }))]),
        said("tally changes, and the operation leaves it as it is")
    );
    assert_eq!(
        with(&json!({ "do": "reopen-task", "task": "2" }), &[]),
        "the commit [TIP] is not what it says (reopen task 2): it could not be done: task 2 is open: only a blocked, failed \
         or dropped task can be reopened"
    );
    // What is built on a wrong document is not what is named.
    let tree = objects::tree_of(&chain.repo, chain.tip()).unwrap();
    let first = chain.commit(
        chain.tree_with(&open_path("1"), EntryKind::Blob, chain.blob(&task("1", &json!({})))),
        &message("01x", &edit),
    );
    let second = chain.commit_on(&[first], tree, &message("01y", &edit));
    let refused = chain.refusal(second).replace(&first.to_string(), "[FIRST]");
    assert_eq!(refused, other.replace("[TIP]", "[FIRST]"));
    // An honest one, with a field that this version does not know.
    let tree = chain.tree_with(
        &open_path("1"),
        EntryKind::Blob,
        chain.blob(one(&json!({ "novel": 1 })).1.to_string().as_bytes()),
    );
    let honest = chain.commit(tree, &message("01x", &edit));
    assert_eq!(vet(&chain.repo, honest, Some(chain.tip())).unwrap().quarantined, []);
    assert_eq!(vet(&chain.repo, honest, None).unwrap().operations.len(), 9);
}

/// Before there were leases, numbers of assignments and claims, this is what an assignment came to.
#[test]
fn what_older_versions_wrote_is_what_they_say() {
    let chain = Chain::new();
    chain.act(&json!({ "do": "add-agents", "agents": [{ "name": "bob", "branch": "agents/bob" }] }));
    let assigned = json!({ "id": "2", "title": "Task 2", "state": "assigned", "agent": "bob", "priority": "medium",
        "created_at": "1970-01-01T00:00:00Z", "updated_at": "2026-01-05T09:00:00Z" });
    let tree = chain.tree_with(&open_path("2"), EntryKind::Blob, chain.blob(assigned.to_string().as_bytes()));
    let assign = json!({ "do": "assign", "agent": "bob", "task": "2", "new": null });
    let first = chain.commit(tree, &message("01x", &assign));
    assert_eq!(vet(&chain.repo, first, Some(chain.tip())).unwrap().operations.len(), 1);
    let other = json!({ "do": "assign", "agent": "bob", "task": "1", "new": null });
    assert!(chain.refusal(chain.commit(tree, &message("01x", &other))).contains("tasks/open"));
}

/// Counts that nobody can read are put right by whoever writes next.
#[test]
fn damaged_counts_are_counted_anew() {
    let chain = Chain::new();
    let edit = |id: &str| message(id, &json!({ "do": "edit-task", "task": "2", "edit": {} }));
    let damaged = chain.tree_with("tally.json", EntryKind::Blob, chain.blob(b"{"));
    let first = chain.commit(damaged, &edit("01x"));
    let tally = |dropped: u64| {
        let json = json!({ "landed": 0, "dropped": dropped }).to_string();
        let tree = chain.tree_with("tally.json", EntryKind::Blob, chain.blob(json.as_bytes()));
        chain.commit_on(&[first], tree, &edit("01y"))
    };
    assert_eq!(vet(&chain.repo, tally(1), Some(chain.tip())).unwrap().quarantined, []);
    assert!(chain.refusal(tally(2)).contains("tally changes"));
}

#[test]
fn damaged_documents_are_named_and_stop_nothing() {
    let chain = Chain::new();
    let quarantined = |path: &str, content: &[u8]| -> Vec<String> {
        let vetted = vet(&chain.repo, chain.edited(path, content), Some(chain.tip())).unwrap();
        vetted.quarantined.into_iter().map(|damaged| format!("{}: {}", damaged.path, damaged.reason)).collect()
    };
    let path = open_path("1");
    assert_eq!(quarantined(&path, b"{"), [format!("{path}: EOF while parsing an object at line 1 column 1")]);
    let bad = task("1", &json!({ "paths": ["../x"] }));
    assert_eq!(
        quarantined(&path, &bad),
        [format!("{path}: the path \"../x\" cannot be used: it leads out of the repository")]
    );
    let knot = task("1", &json!({ "after": ["1"] }));
    assert_eq!(quarantined(&path, &knot), [format!("{path}: it waits for itself")]);
    assert_eq!(
        quarantined(&path, &task("1", &json!({ "state": "landed" }))),
        [format!("{path}: it is landed, and does not stand among such tasks")]
    );
    let closed = format!("tasks/closed/{}/1.json", layout::shard("1"));
    assert_eq!(
        quarantined(&closed, &task("1", &json!({}))),
        [format!("{closed}: it is open, and does not stand among such tasks")]
    );
    assert_eq!(quarantined("tasks/open/zz/1.json", b"{}"), ["tasks/open/zz/1.json: it does not belong in this folder"]);
    let deep = [&b"{\"novel\":"[..], &b"[".repeat(200), &b"]".repeat(200), b"}"].concat();
    assert!(quarantined(&path, &deep)[0].contains("recursion limit"));
    assert_eq!(
        quarantined(&path, &vec![b' '; 5 << 20]),
        [format!("{path}: it has 5242880 bytes, 4194304 are the most")]
    );
}

#[path = "vet_trees_test.rs"]
mod trees;
