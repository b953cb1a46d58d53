//! Chains that no clone of ours has made: vetting refuses them whole; brought in by plain git they harm nobody.

use git_agents::store::STATE_REF;
use insta::assert_snapshot;
use serde_json::json;

use super::{Clone, operation, task};
use crate::support::Sandbox;

#[test]
fn commits_with_several_parents() {
    let clone = Clone::new();
    let tree = clone.tree(&[]);
    let parent = clone.in_remote(&["rev-parse", &format!("{STATE_REF}~1")], b"");
    let args = ["commit-tree", &tree, "-p", STATE_REF, "-p", &parent];
    let commit = clone.in_remote(&args, operation("01x", &json!({ "do": "reopen-task", "task": "2" })).as_bytes());
    clone.in_remote(&["update-ref", STATE_REF, &commit], b"");
    assert_snapshot!(clone.outcome(), @"
    refused: the commit [TIP] has 2 parents, and operations have one
    (nothing)
    ");
    assert_snapshot!(clone.agents(&["doctor"]), @"
    error: the commit [COMMIT] of refs/agents/state has several parents, and operations have one
      try: git agents recover --from reflog
    1 error
    [status 1]
    ");
}

#[test]
fn operations_that_are_none() {
    let said = [
        "by hand\n".to_owned(),
        "a sentence\n\n{}\n".to_owned(),
        operation("01x", &json!({ "do": "format-disk", "now": true })),
        operation("../../x", &json!({ "do": "reopen-task", "task": "2" })),
        operation("01x", &json!({ "do": "reopen-task", "task": "--all" })),
    ]
    .map(|message| {
        let clone = Clone::new();
        clone.commit(&clone.tree(&[]), &message);
        clone.outcome()
    });
    assert_snapshot!(said.concat(), @r#"
    refused: the commit [TIP] is no operation: its message has one paragraph
    (nothing)
    refused: the commit [TIP] is no operation: missing field `id` at line 1 column 2
    (nothing)
    refused: the commit [TIP] does "format-disk", which format 1 does not have
    (nothing)
    refused: the commit [TIP] is no operation: '/' is not among a-z, 0-9, '.', '_' and '-' at line 1 column 62
    (nothing)
    refused: the commit [TIP] is no operation: it must begin with a lower-case letter or a digit, not '-' at line 1 column 86
    (nothing)
    "#);
}

#[test]
fn a_newer_format() {
    let clone = Clone::new();
    clone.attack(&[("100644", "format.json", b"{\"version\": 2}")]);
    assert_snapshot!(clone.vetted(), @"refused: the state has format 2, and this program knows 1");
    clone.fetch();
    assert_snapshot!(clone.agents(&["task", "list"]), @"
    [stderr]
    error: the state has format 2, and this program knows 1
      try: install a newer git-agents
    [status 3]
    ");
}

#[test]
fn documents_that_the_operation_is_not_about() {
    let clone = Clone::new();
    clone.attack(&[("100644", &Sandbox::open_path("3"), &task("3", &json!({ "title": "Task 3, changed" })))]);
    assert_snapshot!(clone.outcome(), @"
    refused: the commit [TIP] changes tasks/open/2/3.json, which its operation (edit task 2) is not about
    (nothing)
    ");
}

#[test]
fn trees_with_odd_modes() {
    let path = Sandbox::open_path("2");
    let said = [
        ("120000", path.as_str()),
        ("100755", &path),
        ("160000", &path),
        ("120000", "agents/x.json"),
        ("160000", "findings"),
    ]
    .map(|(mode, path)| {
        let clone = Clone::new();
        clone.attack(&[(mode, path, b"/etc/passwd")]);
        clone.outcome()
    });
    assert_snapshot!(said.concat(), @"
    refused: the commit [TIP] has an unusable tree: tasks/open/5/2.json has mode 120000, and only plain files and folders may be there
    warning: tasks/open/5/2.json is damaged and left out: it has mode 120000, not 100644
    refused: the commit [TIP] has an unusable tree: tasks/open/5/2.json has mode 100755, and only plain files and folders may be there
    warning: tasks/open/5/2.json is damaged and left out: it has mode 100755, not 100644
    refused: the commit [TIP] has an unusable tree: tasks/open/5/2.json has mode 160000, and only plain files and folders may be there
    warning: tasks/open/5/2.json is damaged and left out: it has mode 160000, not 100644
    refused: the commit [TIP] has an unusable tree: agents/x.json has mode 120000, and only plain files and folders may be there
    warning: agents/x.json is damaged and left out: it has mode 120000, not 100644
    refused: the commit [TIP] has an unusable tree: findings has mode 160000, and only plain files and folders may be there
    (nothing)
    ");
}

#[test]
fn a_chain_that_was_rewritten() {
    let clone = Clone::new();
    let commit = clone.in_remote(&["commit-tree", &clone.tree(&[]), "-m", "new"], b"");
    clone.in_remote(&["update-ref", STATE_REF, &commit], b"");
    assert_snapshot!(clone.vetted(), @"refused: [TIP] does not go on from [ACCEPTED]: the chain was rewritten");
    let before = clone.sandbox.tip();
    let mut fetch = clone.sandbox.command("git");
    let fetched = fetch.args(["fetch", "-q", "origin", "refs/agents/*:refs/agents/*"]).output().unwrap();
    assert!(!fetched.status.success());
    assert_eq!(clone.sandbox.tip(), before);
}

/// The operation is about the document, and makes something else of it: only applying it anew tells.
#[test]
fn documents_that_the_operation_makes_otherwise() {
    let clone = Clone::new();
    clone.attack(&[("100644", &Sandbox::open_path("2"), &task("2", &json!({ "title": "Task 2, changed" })))]);
    assert_snapshot!(clone.outcome(), @"
    refused: the commit [TIP] is not what it says (edit task 2): tasks/2 is something else than the operation makes of it
    (nothing)
    ");
    assert_snapshot!(clone.agents(&["doctor"]), @"
    all is well
    [status 0]
    ");
    assert_snapshot!(clone.agents(&["doctor", "--deep"]), @"
    warning: the commit [COMMIT] (edit task 2) is not what it says: tasks/2 is something else than the operation makes of it
      try: git show [COMMIT]
    1 warning
    [status 1]
    ");
}

/// The same by sync: nothing of it is taken in, and the other clones go on once it is gone from the remote.
#[test]
fn what_is_not_what_it_says_is_not_taken_in() {
    let clone = Clone::new();
    let (tip, honest) = (clone.sandbox.tip(), clone.in_remote(&["rev-parse", STATE_REF], b""));
    let hijacked = json!({ "title": "Task 2", "state": "in-progress", "agent": "bob", "epoch": 7 });
    clone.attack(&[("100644", &Sandbox::open_path("2"), &task("2", &hijacked))]);
    assert_snapshot!(clone.sandbox.agents(["sync"]), @"
    [stderr]
    error: what origin has is no sound state: the commit [COMMIT] is not what it says (edit task 2): tasks/2 is something else than the operation makes of it; it was not taken in
      try: git log refs/agents-local/incoming/origin/state
      try: git agents sync origin --restore --yes, to put back there what is sound
    [status 3]
    ");
    let claim = json!({ "id": "zz-0", "agent": "bob", "path": ".", "exclusive": true, "created_at": "2026-01-05T09:00:00Z",
        "lease": { "renewed_at": "9999-01-01T00:00:00Z", "ttl_s": 4_000_000_000_u32 } });
    clone.in_remote(&["update-ref", STATE_REF, &honest], b"");
    clone.attack(&[("100644", "claims/zz-0.json", claim.to_string().as_bytes())]);
    assert_snapshot!(clone.sandbox.agents(["sync"]), @"
    [stderr]
    error: what origin has is no sound state: the commit [COMMIT] is not what it says (edit task 2): claims/zz-0 changes, and the operation leaves it as it is; it was not taken in
      try: git log refs/agents-local/incoming/origin/state
      try: git agents sync origin --restore --yes, to put back there what is sound
    [status 3]
    ");
    clone.in_remote(&["update-ref", STATE_REF, &honest], b"");
    let start = json!({ "do": "start", "agent": "nobody", "task": "2", "base": null });
    clone.commit(&clone.tree(&[]), &operation("01x", &start));
    assert_snapshot!(clone.sandbox.agents(["sync"]), @"
    [stderr]
    error: what origin has is no sound state: the commit [COMMIT] is not what it says (nobody starts 2): it could not be done: there is no agent nobody; it was not taken in
      try: git log refs/agents-local/incoming/origin/state
      try: git agents sync origin --restore --yes, to put back there what is sound
    [status 3]
    ");
    assert_eq!(clone.sandbox.tip(), tip);
    clone.in_remote(&["update-ref", STATE_REF, &honest], b"");
    clone.sandbox.agents(["sync"]).good();
}
