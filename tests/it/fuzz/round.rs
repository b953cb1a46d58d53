//! One round: something nearly right is made, looked at by everybody who reads, and built upon.

use std::path::Path;

use fastrand::Rng;
use git_agents::config::shared;
use git_agents::store::{self, Scope};
use git_agents::work::doctor::{self, Manner};
use git_agents::work::restore::{Place, Search, best};
use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::prelude::{FindExt, Write};
use serde_json::{Value, json};

use super::{Ground, claims, hook, mutate};

/// Play the round of this seed. Now and then the `program` looks too.
pub(crate) fn round(ground: &Ground, seed: u64, program: &Path) {
    let rng = &mut Rng::with_seed(seed);
    drop(shared::parse(&mutate::settings(rng)));
    claims::path_is_taken_or_refused(rng);
    hook::input_is_read_or_refused(rng);
    assert!(ground.set(ground.tip));
    if seed % 8 == 3 {
        hook::no_spelling_leads_past_a_claim(ground, rng, program);
    }
    let tip = made(ground, rng);
    let repo = ground.open();
    let vetted = store::vet(&repo, tip, Some(ground.tip));
    drop(store::vet(&repo, tip, None));
    let everything = Scope::open().with_closed().with_findings();
    let read = store::load_at(&repo, tip, &everything);
    if let Ok(vetted) = &vetted {
        let state = read.as_ref().unwrap_or_else(|error| panic!("what was vetted cannot be read: {error}"));
        assert!(vetted.quarantined.len() <= state.damaged.len(), "{vetted:?} and {:?}", state.damaged);
    }
    // By plain git it comes in whatever vetting says, if only it is a commit.
    if !ground.set(tip) {
        assert!(vetted.is_err(), "git does not take what was vetted");
        return;
    }
    if let Ok(state) = &read {
        drop(state.ready());
        drop(store::last_readable(&repo, tip, &state.damaged));
        claims::are_kept(ground, &repo, state, rng);
    }
    if seed % 8 == 5 {
        hook::program_answers(ground, rng, program);
    }
    drop(store::last_undoable(&repo, Some(tip)));
    drop(store::recompute(&repo, tip));
    let _entries = store::History::from(&repo, Some(tip)).count();
    let is_fifth = seed.is_multiple_of(5);
    if is_fifth {
        drop(doctor::examine(&repo, &ground.world(), Manner { mend: false, deep: true }));
    }
    let mut search = Search::new(&repo);
    let candidates = search.candidates(&[Place::Reflog, Place::Cache], None).unwrap_or_default();
    assert!(best(&repo, &candidates).is_some(), "what the log holds cannot be brought back");
    let added = ground.act(&json!({ "do": "add-tasks", "tasks": [{ "id": "new", "title": "New" }] }));
    if let (Ok(_), Err(error)) = (&vetted, &added) {
        assert!(error.starts_with("Rule("), "what was vetted cannot be built upon: {error}");
    }
    drop(ground.act(&json!({ "do": "assign", "agent": "ann", "task": "2", "new": null })));
    claims::are_made(ground, rng);
    if is_fifth {
        drop(doctor::examine(&repo, &ground.world(), Manner { mend: true, deep: false }));
    }
    if seed.is_multiple_of(20) {
        look(ground, program);
    }
    if seed.is_multiple_of(10) {
        ground.check_outside();
    }
}

fn look(ground: &Ground, program: &Path) {
    let commands: &[&[&str]] = &[
        &["status"],
        &["task", "list", "--all"],
        &["task", "show", "2"],
        &["findings"],
        &["log"],
        &["log", "--json"],
        &["agent", "list"],
        &["merge-order"],
        &["claims"],
        &["claims", "--json"],
        &["guard", "src/db/a", "pipe"],
        &["claim", "ann", "src/db", "lib"],
        &["release", "ann", "--all"],
        &["cleanup", "--dry-run"],
        &["agent", "remove", "bob", "--force"],
        &["undo", "--yes"],
        &["doctor", "--fix"],
        &["recover", "--dry-run"],
    ];
    for command in commands {
        let (status, text) = ground.program(program, command);
        assert!(matches!(status, Some(0..=4)), "{command:?} ended with {status:?}: {text}");
        let acts = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2028}');
        let is_raw = command.contains(&"--json");
        assert!(is_raw || !text.contains(acts), "{command:?} acts on the terminal: {text:?}");
    }
}

/// A commit on top of the ground's.
fn made(ground: &Ground, rng: &mut Rng) -> ObjectId {
    let repo = ground.open();
    let gix = repo.gix();
    let top = gix.find_commit(ground.tip).unwrap().tree_id().unwrap().detach();
    let files = files(gix, top);
    let mut editor = gix.edit_tree(top).unwrap();
    let mut touched = None;
    for _ in 0..rng.usize(..4) {
        let (path, blob) = &files[rng.usize(..files.len())];
        let content = gix.find_blob(*blob).unwrap().data.clone();
        let place = if rng.u8(..5) == 0 { mutate::path(rng, path) } else { path.clone() };
        let content = changed(rng, &content);
        let kind = match rng.u8(..30) {
            0 => EntryKind::Link,
            1 => EntryKind::BlobExecutable,
            2 => EntryKind::Tree,
            _ => EntryKind::Blob,
        };
        let id = if kind == EntryKind::Tree { top } else { gix.write_blob(&content).unwrap().detach() };
        // What gix itself refuses cannot be pushed either.
        drop(editor.upsert(place.as_str(), kind, id));
        touched = path.rsplit('/').next().and_then(|name| name.strip_suffix(".json")).map(str::to_owned);
    }
    let mut tree = editor.write().map_or(top, |id| id.detach());
    if rng.u8(..20) == 0 {
        let mut raw = gix.objects.find(&tree, &mut Vec::new()).map(|data| data.data.to_vec()).unwrap();
        mutate::bytes(rng, &mut raw);
        tree = gix.objects.write_buf(gix::objs::Kind::Tree, &raw).unwrap();
    }
    let message = message(rng, touched.as_deref());
    let mut raw = format!(
        "tree {tree}\nparent {}\nauthor E <e> 1767603600 +0000\ncommitter E <e> 1767603600 +0000\n\n",
        ground.tip
    )
    .into_bytes();
    raw.extend(message);
    if rng.u8(..40) == 0 {
        mutate::bytes(rng, &mut raw);
    }
    gix.objects.write_buf(gix::objs::Kind::Commit, &raw).unwrap()
}

fn changed(rng: &mut Rng, content: &[u8]) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(content).unwrap();
    for _ in 0..rng.usize(..4) {
        mutate::json(rng, &mut json);
    }
    let mut content = serde_json::to_vec(&json).unwrap();
    if rng.u8(..10) == 0 {
        mutate::bytes(rng, &mut content);
    }
    content
}

fn message(rng: &mut Rng, touched: Option<&str>) -> Vec<u8> {
    let task = touched.unwrap_or("2");
    let mut operations = vec![
        json!({ "do": "edit-task", "task": task, "edit": { "title": "Other", "after": ["1"] } }),
        json!({ "do": "remove-agent", "agent": "ann", "backup": "refs/agents-local/backup/x/ann" }),
        json!({ "do": "assign", "agent": "bob", "task": task, "new": null }),
        json!({ "do": "rebase", "agent": touched.unwrap_or("ann"), "target": "main", "onto": "1".repeat(40) }),
        json!({ "do": "resolve-findings", "findings": [touched.unwrap_or("f")] }),
        json!({ "do": "undo", "operation": "01x", "sentence": "s",
            "documents": [{ "document": format!("tasks/{task}"), "before": {}, "after": { "id": task } }] }),
        json!({ "do": "land", "target": "main", "before": "1".repeat(40), "after": "2".repeat(40),
            "landed": [{ "agent": "ann", "tasks": [task], "commit": "2".repeat(40), "tip": "1".repeat(40), "strategy": "squash" }] }),
    ];
    operations.push(claims::operation(rng));
    let mut operation = operations.swap_remove(rng.usize(..operations.len()));
    let moved = json!([{ "ref": "refs/heads/precious", "before": null, "after": "1".repeat(40) }]);
    let fields = [("id", json!("01x")), ("nonce", json!("0")), ("at", json!("2026-01-05T09:00:00Z")), ("moved", moved)];
    operation.as_object_mut().unwrap().extend(fields.map(|(name, value)| (name.to_owned(), value)));
    for _ in 0..rng.usize(..3) {
        mutate::json(rng, &mut operation);
    }
    let sentence = if rng.u8(..4) == 0 { mutate::text(rng) } else { "a sentence".to_owned() };
    let mut message = format!("{sentence}\n\n{operation}\n").into_bytes();
    if rng.u8(..20) == 0 {
        mutate::bytes(rng, &mut message);
    }
    message
}

fn files(repo: &gix::Repository, tree: ObjectId) -> Vec<(String, ObjectId)> {
    let tree = repo.find_tree(tree).unwrap();
    let all = tree.traverse().breadthfirst.files().unwrap();
    let blobs = all.into_iter().filter(|entry| entry.mode.is_blob());
    blobs.map(|entry| (entry.filepath.to_string(), entry.oid)).collect()
}
