//! Guard about folders: the top one, and one that is gone.

use serde_json::json;

use crate::guard::{hook, with_work};

#[test]
fn the_top_folder_is_a_path_as_any_other() {
    let sandbox = with_work();
    sandbox.agents(["claim", "ann", ".", "--exclusive"]).good();
    let cwd = sandbox.worktree_of("bob");
    for path in [".", cwd.to_str().unwrap()] {
        let edit = json!({ "cwd": cwd, "tool_name": "Edit", "tool_input": { "file_path": path } }).to_string();
        let said = hook(&sandbox, &edit, &["--agent", "bob"]);
        assert!(said.stdout.contains("deny"), "{path:?}: {said}");
    }
}

#[test]
fn a_folder_that_is_gone_is_no_answer() {
    let sandbox = with_work();
    for cwd in ["/nowhere/at/all", "/nul\u{0}"] {
        let edit = json!({ "cwd": cwd, "tool_name": "Edit", "tool_input": { "file_path": "x" } }).to_string();
        assert_eq!(hook(&sandbox, &edit, &[]).status, Some(4));
        assert_eq!(hook(&sandbox, &edit, &["--strict"]).status, Some(2));
    }
    assert_eq!(sandbox.agents(["guard", "--strict", "x"]).status, Some(2), "it is for tools");
}
