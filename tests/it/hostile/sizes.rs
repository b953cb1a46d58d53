//! More of everything than anybody has: refused in no time and without filling the memory.

use std::collections::BTreeMap;

use git_agents::store::STATE_REF;
use insta::assert_snapshot;
use serde_json::json;

use super::{Clone, operation, task};
use crate::support::Sandbox;

/// A million tasks in a tree that is some kilobytes: one blob, and folders that are all alike.
#[test]
fn a_million_tasks() {
    let clone = Clone::new();
    let blob = clone.in_remote(&["hash-object", "-w", "--stdin"], &task("2", &json!({})));
    let folder: String = (0..62_500).map(|n| format!("100644 blob {blob}\tt{n:06}.json\n")).collect();
    let folder = clone.in_remote(&["mktree"], folder.as_bytes());
    let shards: String = (0..16).map(|n| format!("040000 tree {folder}\t{n:x}\n")).collect();
    let open = clone.in_remote(&["mktree"], shards.as_bytes());
    let tasks = clone.in_remote(&["mktree"], format!("040000 tree {open}\topen\n").as_bytes());
    let top = clone.in_remote(&["ls-tree", "refs/agents/state"], b"");
    let top: String = top.lines().filter(|line| !line.ends_with("\ttasks")).map(|line| format!("{line}\n")).collect();
    let top = clone.in_remote(&["mktree"], format!("{top}040000 tree {tasks}\ttasks\n").as_bytes());
    clone.commit(&top, &operation("01x", &json!({ "do": "edit-task", "task": "2", "edit": {} })));
    assert_snapshot!(clone.vetted(), @"refused: the commit [TIP] has an unusable tree: tasks/open/0 cannot be read: it has 2500000 bytes, 2097152 are the most");
    clone.fetch();
    assert_snapshot!(clone.sandbox.refused(["task", "list"]), @"
    [stderr]
    error: the state at [COMMIT] is too large: tasks/open/0: it has 2500000 bytes, 2097152 are the most
      try: git agents doctor
      try: git agents recover
    [status 4]
    ");
    assert_snapshot!(clone.sandbox.refused(["task", "add", "One more"]), @"
    [stderr]
    error: the state at [COMMIT] is too large: tasks/open/0: it has 2500000 bytes, 2097152 are the most
      try: git agents doctor
      try: git agents recover
    [status 4]
    ");
    // The history needs no tree.
    clone.agents(&["log"]).good();
}

/// As many in folders that are not too large one by one.
#[test]
fn too_many_documents_in_all() {
    let clone = Clone::new();
    let blob = clone.in_remote(&["hash-object", "-w", "--stdin"], &task("2", &json!({ "state": "landed" })));
    let mut shards: BTreeMap<String, String> = BTreeMap::new();
    for id in (0..210_000).map(|n| format!("t{n:06}")) {
        *shards.entry(git_agents::store::shard(&id)).or_default() += &format!("100644 blob {blob}\t{id}.json\n");
    }
    let tree = |lines: &str| clone.in_remote(&["mktree"], lines.as_bytes());
    let shards: String =
        shards.iter().map(|(shard, lines)| format!("040000 tree {}\t{shard}\n", tree(lines))).collect();
    let open = clone.in_remote(&["rev-parse", "refs/agents/state:tasks/open"], b"");
    let tasks = tree(&format!("040000 tree {}\tclosed\n040000 tree {open}\topen\n", tree(&shards)));
    let top = clone.in_remote(&["ls-tree", "refs/agents/state"], b"");
    let top: String = top.lines().filter(|line| !line.ends_with("\ttasks")).map(|line| format!("{line}\n")).collect();
    // With the counts nobody has to look into the archive.
    let tally = clone.in_remote(&["hash-object", "-w", "--stdin"], b"{\"landed\": 210000}");
    let top = tree(&format!("{top}100644 blob {tally}\ttally.json\n040000 tree {tasks}\ttasks\n"));
    clone.commit(&top, &operation("01x", &json!({ "do": "edit-task", "task": "2", "edit": {} })));
    clone.fetch();
    clone.agents(&["status"]).good();
    assert_snapshot!(clone.agents(&["task", "list", "--all"]), @"
    [stderr]
    error: the state at [COMMIT] is too large: more than 200000 documents or 96 MiB are not read at once
      try: git agents doctor
      try: git agents recover
    [status 4]
    ");
}

#[test]
fn a_folder_in_a_folder_in_a_folder() {
    let clone = Clone::new();
    let path = vec!["d"; 2_000].join("/");
    clone.attack(&[("100644", &format!("novel/{path}"), b"x")]);
    assert_snapshot!(clone.outcome(), @"
    refused: the commit [TIP] has an unusable tree: novel/d/d/d/d/d/d is deeper than anything in a state
    (nothing)
    ");
}

/// Six objects, and ten thousand million paths: a folder that is in a folder a hundred times is stored once.
fn bomb(clone: &Clone, levels: usize, width: usize, leaf: &str) -> String {
    let mut entry = leaf.to_owned();
    for _ in 0..levels {
        let folder: String = (0..width).map(|n| format!("{entry}\t{n:04}\n")).collect();
        entry = format!("040000 tree {}", clone.in_remote(&["mktree"], folder.as_bytes()));
    }
    entry
}

#[test]
fn trees_of_more_paths_than_atoms() {
    let said = ["novel", "findings", "agents", "folders", "names"].map(|name| {
        let clone = Clone::new();
        let file = format!("100644 blob {}", clone.in_remote(&["hash-object", "-w", "--stdin"], b"x"));
        let entry = match name {
            "findings" => bomb(&clone, 2, 3_000, &file),
            "folders" => {
                let nothing = format!("040000 tree {}", clone.in_remote(&["mktree"], b""));
                bomb(&clone, 4, 100, &nothing)
            }
            "names" => {
                let long = format!("{file}\t{}\n", "x".repeat(1_000_000));
                let folder = format!("040000 tree {}", clone.in_remote(&["mktree"], long.as_bytes()));
                bomb(&clone, 2, 1_000, &folder)
            }
            _ => bomb(&clone, 5, 100, &file),
        };
        let top = clone.in_remote(&["ls-tree", STATE_REF], b"");
        let top: String =
            top.lines().filter(|line| !line.ends_with(&format!("\t{name}"))).map(|line| format!("{line}\n")).collect();
        let top = clone.in_remote(&["mktree"], format!("{top}{entry}\t{name}\n").as_bytes());
        clone.commit(&top, &operation("01x", &json!({ "do": "edit-task", "task": "2", "edit": {} })));
        let vetted = clone.vetted();
        assert_eq!(clone.agents(&["sync"]).status, Some(3));
        // By plain git it comes in all the same, and what has to be read of it is counted too.
        clone.fetch();
        let findings = clone.agents(&["findings", "list"]);
        format!("{name}: {vetted}\n{findings}\n")
    });
    assert_snapshot!(said.concat(), @"
    novel: refused: the commit [TIP] has an unusable tree: more paths differ than operations change
    no findings
    [status 0]
    findings: refused: the commit [TIP] has an unusable tree: more paths differ than operations change
    [stderr]
    error: the state at [COMMIT] is too large: more than 200000 documents or 96 MiB are not read at once
      try: git agents doctor
      try: git agents recover
    [status 4]
    agents: refused: the commit [TIP] has an unusable tree: more paths differ than operations change
    no findings
    [status 0]
    folders: refused: the commit [TIP] has an unusable tree: more paths differ than operations change
    no findings
    [status 0]
    names: refused: the commit [TIP] has an unusable tree: it has a path of more than 1000 bytes
    no findings
    [status 0]
    ");
}

#[test]
fn an_operation_without_end() {
    let clone = Clone::new();
    let edit = json!({ "title": "x".repeat(40 << 20) });
    let message = operation("01x", &json!({ "do": "edit-task", "task": "2", "edit": edit }));
    clone.commit(&clone.tree(&[]), &message);
    assert_snapshot!(clone.vetted(), @"refused: the commit [TIP] cannot be read: it has 41943343 bytes, 33554432 are the most");
    clone.fetch();
    assert_snapshot!(clone.sandbox.refused(["task", "list"]), @"
    [stderr]
    error: the state at [COMMIT] cannot be read: it has 41943343 bytes, 33554432 are the most
      try: git agents doctor
      try: git agents recover
    [status 4]
    ");
}

/// A long chain of tasks that wait for each other is walked once, not once for each.
#[test]
fn a_chain_of_dependencies() {
    let clone = Clone::new();
    let number = 3_000;
    let name = |n: usize| format!("t{n:05}");
    let contents: Vec<(String, Vec<u8>)> = (0..number)
        .map(|n| (Sandbox::open_path(&name(n)), task(&name(n), &json!({ "after": [name((n + 1) % number)] }))))
        .collect();
    let files: Vec<_> = contents.iter().map(|(path, content)| ("100644", path.as_str(), content.as_slice())).collect();
    clone.attack(&files[..number]);
    clone.fetch();
    let listed = clone.agents(&["task", "list"]);
    assert_snapshot!(listed.stdout, @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      Task 1
    2     open                                      Task 2
    3     open                                      Task 3
    ");
    assert_snapshot!(listed.stderr.lines().last().unwrap(), @"warning: 2980 more documents are damaged and left out; git agents doctor names them");
}
