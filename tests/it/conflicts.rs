//! `git agents conflicts`: what git's own merge would say, before anybody merges.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Output, Sandbox};

const LINES: &str = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";

/// ann and bob on a target with one file of ten lines.
fn two_agents() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("lines", LINES, "Lines");
    sandbox.agents(["init", "ann", "bob"]).good();
    sandbox
}

/// Commit all that is in the agent's worktree.
fn commit_all(sandbox: &Sandbox, agent: &str) {
    let dir = sandbox.worktree_of(agent);
    sandbox.git_in(&dir, ["add", "-A"]);
    sandbox.git_in(&dir, ["commit", "-q", "-m", agent]);
}

/// The objects there are, in how many packs.
fn objects(sandbox: &Sandbox) -> String {
    sandbox.git(["count-objects", "-v"])
}

/// `git merge-tree` of the two branches: whether it stops, and in which paths.
fn git_says(sandbox: &Sandbox) -> (bool, Vec<String>) {
    let args = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "agents/ann", "agents/bob"];
    let output = sandbox.command("git").args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code() == Some(1), text.lines().skip(1).map(str::to_owned).collect())
}

/// What is said here, which must be what git says.
#[track_caller]
fn as_git_says(sandbox: &Sandbox) -> Output {
    let before = objects(sandbox);
    let answer = sandbox.agents(["conflicts"]);
    let json = sandbox.agents(["conflicts", "--direct", "--json"]).json();
    assert_eq!(objects(sandbox), before, "something was written");
    let (stops, mut paths) = git_says(sandbox);
    assert_eq!(answer.status, Some(i32::from(stops)), "{answer}");
    let conflicting = |list: &Value| -> Vec<Value> {
        list.as_array().unwrap().iter().filter(|entry| entry["verdict"] == "conflict").cloned().collect()
    };
    let pairs = conflicting(&json["pairs"]);
    assert_eq!(!pairs.is_empty(), stops, "{json:#}");
    let mut ours: Vec<String> = pairs
        .iter()
        .flat_map(|pair| conflicting(&pair["paths"]))
        .map(|path| path["path"].as_str().unwrap().to_owned())
        .collect();
    ours.sort();
    paths.sort();
    assert_eq!(ours, paths, "{json:#}");
    answer
}

#[test]
fn one_line_changed_twice() {
    let sandbox = two_agents();
    sandbox.commit_as("ann", "lines", &LINES.replace("e\n", "E\n"));
    sandbox.commit_as("bob", "lines", &LINES.replace("e\n", "eee\n"));
    assert_snapshot!(as_git_says(&sandbox), @"
    conflict  ann and bob
      lines  content  lines: ann 5; bob 5

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--json"]), @r#"
    {
      "branches": [
        {
          "agent": "ann",
          "branch": "agents/ann",
          "commit": "[COMMIT]",
          "files": [
            "lines"
          ],
          "name": "ann",
          "target_verdict": "clean",
          "uncommitted": []
        },
        {
          "agent": "bob",
          "branch": "agents/bob",
          "commit": "[COMMIT]",
          "files": [
            "lines"
          ],
          "name": "bob",
          "target_verdict": "clean",
          "uncommitted": []
        }
      ],
      "kind": "conflicts",
      "pairs": [
        {
          "a": "ann",
          "b": "bob",
          "paths": [
            {
              "kind": "content",
              "path": "lines",
              "regions": [
                {
                  "a": {
                    "lines": 1,
                    "start": 5
                  },
                  "b": {
                    "lines": 1,
                    "start": 5
                  },
                  "base": {
                    "lines": 1,
                    "start": 5
                  }
                }
              ],
              "verdict": "conflict"
            }
          ],
          "verdict": "conflict"
        }
      ],
      "summary": {
        "branches": 2,
        "conflicting": 1,
        "overlapping": 0,
        "pairs": 1,
        "target_conflicts": 0,
        "unknown": 0
      },
      "target": {
        "branch": "main",
        "commit": "[COMMIT]"
      },
      "version": 1
    }
    [status 1]
    "#);
}

#[test]
fn lines_far_apart() {
    let sandbox = two_agents();
    sandbox.commit_as("ann", "lines", &LINES.replace("a\n", "A\n"));
    sandbox.commit_as("bob", "lines", &LINES.replace("j\n", "J\n"));
    assert_snapshot!(as_git_says(&sandbox), @"
    overlap   ann and bob
      lines
    warning   ann and bob
      lines  changes 8 lines apart  lines: ann 1; bob 10

    2 branches, 1 pair: 1 overlap
    [status 0]
    ");
}

#[test]
fn the_same_change_twice() {
    let sandbox = two_agents();
    sandbox.commit_as("ann", "lines", &LINES.replace("a\n", "A\n"));
    sandbox.commit_as("bob", "lines", &LINES.replace("a\n", "A\n"));
    assert_snapshot!(as_git_says(&sandbox), @"
    overlap   ann and bob
      lines

    2 branches, 1 pair: 1 overlap
    [status 0]
    ");
}

#[test]
fn changed_and_deleted() {
    let sandbox = two_agents();
    sandbox.commit_as("ann", "lines", &LINES.replace("a\n", "A\n"));
    std::fs::remove_file(sandbox.worktree_of("bob").join("lines")).unwrap();
    commit_all(&sandbox, "bob");
    assert_snapshot!(as_git_says(&sandbox), @"
    conflict  ann and bob
      lines  modify/delete

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
}

#[test]
fn renamed_to_two_names() {
    let sandbox = two_agents();
    for (agent, to) in [("ann", "rows"), ("bob", "verses")] {
        let dir = sandbox.worktree_of(agent);
        std::fs::rename(dir.join("lines"), dir.join(to)).unwrap();
        commit_all(&sandbox, agent);
    }
    assert_snapshot!(as_git_says(&sandbox), @"
    conflict  ann and bob
      lines  rename/rename
      rows  rename/rename
      verses  rename/rename

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
}

#[test]
fn added_twice() {
    let sandbox = two_agents();
    sandbox.commit_as("ann", "new", "by ann\n");
    sandbox.commit_as("bob", "new", "by bob\n");
    assert_snapshot!(as_git_says(&sandbox), @"
    conflict  ann and bob
      new  add/add  lines: ann 1; bob 1

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
}

#[test]
fn with_the_target() {
    let sandbox = two_agents();
    sandbox.commit_as("ann", "lines", &LINES.replace("e\n", "E\n"));
    sandbox.commit("lines", &LINES.replace("e\n", "main\n"), "Change");
    assert_snapshot!(sandbox.agents(["conflicts"]), @"
    conflict  ann and main
      lines  content  lines: main 5; ann 5

    2 branches, 1 pair: 1 conflict with the target
    [status 1]
    ");
}

#[test]
fn uncommitted_work_counts() {
    let sandbox = two_agents();
    sandbox.commit_as("ann", "lines", &LINES.replace("e\n", "E\n"));
    sandbox.write_as("bob", "lines", &LINES.replace("e\n", "eee\n"));
    sandbox.write_as("bob", "draft", "untracked\n");
    let (facts, before) = (sandbox.facts(), objects(&sandbox));
    assert_snapshot!(sandbox.agents(["conflicts"]), @"
    conflict  ann and bob
      lines  content  lines: ann 5; bob 5  not committed by bob

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--committed"]), @"
    2 branches, 1 pair: nothing collides
    [status 0]
    ");
    let json = sandbox.agents(["conflicts", "--json"]).json();
    assert_eq!(json["branches"][1]["uncommitted"], serde_json::json!(["draft", "lines"]));
    assert_eq!((facts, before), (sandbox.facts(), objects(&sandbox)));
}

#[test]
fn what_has_no_common_history_cannot_be_told() {
    let sandbox = two_agents();
    let commit = sandbox.git(["commit-tree", "HEAD^{tree}", "-m", "Another beginning"]);
    sandbox.git(["branch", "island", &commit]);
    sandbox.commit_as("ann", "new", "by ann\n");
    assert_snapshot!(sandbox.agents(["conflicts", "ann", "island"]), @"
    unknown  island and main
      refusing to merge unrelated histories
    unknown  ann and island
      refusing to merge unrelated histories

    2 branches, 1 pair: 2 unknown
    [status 1]
    ");
}

#[test]
fn branches_and_commits_are_named_as_they_were_given() {
    let sandbox = two_agents();
    sandbox.commit_as("ann", "lines", &LINES.replace("e\n", "E\n"));
    sandbox.git(["checkout", "-q", "-b", "topic"]);
    let commit = sandbox.commit("lines", &LINES.replace("e\n", "topic\n"), "Topic");
    sandbox.git(["checkout", "-q", "main"]);
    assert_snapshot!(sandbox.agents(["conflicts", "topic"]), @"
    conflict  topic and ann
      lines  content  lines: topic 5; ann 5

    3 branches, 2 pairs: 1 conflict
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "ann", &commit]), @"
    conflict  ann and [COMMIT]
      lines  content  lines: ann 5; [COMMIT] 5

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "bob", "topic"]), @"
    2 branches, 1 pair: nothing collides
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["conflicts", "nobody"]), @r#"
    [stderr]
    error: "nobody" is no agent, no branch and no commit
      try: git agents agent list
      try: git branch --list
    [status 3]
    "#);
}

#[test]
fn nobody_to_judge() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["conflicts"]), @"
    0 branches, 0 pairs: nothing collides
    [stderr]
    there are no agents; `git agents init NAME…` makes some, --all-branches judges every branch
    [status 0]
    ");
}
