//! Taking the last operation back restores the documents byte for byte, as the library plans it.

use std::collections::BTreeMap;

use git_agents::state::Action;
use git_agents::store::{self, STATE_REF};

use crate::support::{Sandbox, id};

impl Sandbox {
    /// Every document of the state's tree, as it is stored.
    fn documents(&self) -> BTreeMap<String, String> {
        let listed = self.git(["ls-tree", "-r", "--format=%(objectname) %(path)", STATE_REF]);
        let pair = |line: &str| line.split_once(' ').map(|(blob, path)| (path.to_owned(), blob.to_owned())).unwrap();
        listed.lines().map(pair).collect()
    }

    fn undo(&self) {
        let repo = self.open();
        let tip = store::tip(&repo).unwrap();
        let undoable = store::last_undoable(&repo, tip).unwrap().expect("there is something to take back");
        let operation = undoable.entry.operation.unwrap();
        let (sentence, documents) = (undoable.entry.sentence, undoable.documents);
        self.act(&Action::Undo { operation: operation.id, sentence, documents });
    }
}

#[test]
fn every_kind_of_operation_is_taken_back_exactly() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    sandbox.agents(["task", "add", "Base", "--id", "base", "--hours", "0.1"]).good();
    sandbox.agents(["task", "add", "Top", "--id", "top", "--after", "base", "--hours", "0.7"]).good();
    sandbox.agents(["task", "add", "Old", "--id", "old"]).good();
    let undone = |what: &str, act: &dyn Fn()| {
        let before = sandbox.documents();
        act();
        assert_ne!(before, sandbox.documents(), "{what} changes something");
        sandbox.undo();
        assert_eq!(before, sandbox.documents(), "{what} is taken back");
    };
    let agents = |words: &[&str]| drop(sandbox.agents(words).good());
    undone("add", &|| agents(&["task", "add", "New"]));
    undone("edit", &|| agents(&["task", "edit", "top", "--title", "T", "--no-after"]));
    undone("drop", &|| agents(&["task", "drop", "top"]));
    agents(&["task", "drop", "old"]);
    undone("reopen", &|| agents(&["task", "reopen", "old"]));
    undone("block", &|| agents(&["task", "block", "top", "--reason", "x"]));
    undone("assign", &|| agents(&["assign", "ann", "base"]));
    undone("assign new", &|| agents(&["assign", "ann", "16", "T"]));
    undone("start", &|| sandbox.start("ann", "base"));
    undone("finding", &|| agents(&["findings", "add", "--severity", "low", "--category", "c", "m"]));
    undone("register", &|| sandbox.register(&["eve"]));
    undone("remove", &|| drop(sandbox.act(&Action::RemoveAgent { agent: "bob".parse().unwrap(), backup: None })));
    sandbox.start("ann", "base");
    undone("complete", &|| sandbox.complete("ann", "base"));
    undone("fail", &|| agents(&["fail", "ann", "--reason", "x"]));
    undone("unassign", &|| agents(&["unassign", "ann"]));
    sandbox.fsck();
}

#[test]
fn operations_are_taken_back_one_after_the_other() {
    let sandbox = Sandbox::new();
    let mut stages = Vec::new();
    for id in ["1", "2", "3"] {
        sandbox.agents(["task", "add", "T", "--id", id]).good();
        stages.push(sandbox.documents());
    }
    sandbox.undo();
    assert_eq!(sandbox.documents(), stages[1]);
    sandbox.undo();
    assert_eq!(sandbox.documents(), stages[0]);
    // What is done after an undo is what the next undo takes back.
    sandbox.agents(["task", "add", "T", "--id", "4"]).good();
    sandbox.undo();
    assert_eq!(sandbox.documents(), stages[0]);
    sandbox.undo();
    assert!(sandbox.state().tasks.is_empty());
    let repo = sandbox.open();
    assert!(store::last_undoable(&repo, store::tip(&repo).unwrap()).unwrap().is_none());
}

#[test]
fn a_damaged_document_is_put_back_to_its_last_readable_version() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "Good", "--id", "1"]).good();
    let good = sandbox.documents();
    sandbox.plant(&Sandbox::open_path("1"), b"broken");
    let (repo, state) = (sandbox.open(), sandbox.state());
    let documents = store::last_readable(&repo, store::tip(&repo).unwrap().unwrap(), &state.damaged).unwrap();
    sandbox.act(&Action::Repair { documents });
    assert_eq!(sandbox.documents(), good);
    assert!(sandbox.state().damaged.is_empty() && sandbox.state().tasks.contains_key(&id("1")));
}
