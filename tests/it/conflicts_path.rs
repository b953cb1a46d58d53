//! `git agents conflicts --path`: who else is changing this?

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::support::{Sandbox, Shape, lines};

/// The paths that are told, of everybody, and whether the status agrees.
#[track_caller]
fn told(sandbox: &Sandbox, paths: &[&str]) -> Vec<String> {
    let output = sandbox.direct([&["--json", "conflicts", "--path"], paths].concat()).output();
    let json = output.json();
    let changed = json["changed_by"].as_array().unwrap();
    assert_eq!(output.status, Some(i32::from(!changed.is_empty())), "{output}");
    let one = |who: &serde_json::Value, path: &serde_json::Value| {
        let what = if path["committed"] == true { "committed" } else { "uncommitted" };
        format!("{} {} {} {what}", who["name"], path["path"], path["kind"]).replace('"', "")
    };
    let paths = changed.iter().flat_map(|who| who["paths"].as_array().unwrap().iter().map(move |path| one(who, path)));
    paths.collect()
}

#[test]
fn committed_and_not() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cy"]);
    sandbox.work_as("ann", "3", "lines", &lines(5, "five"));
    sandbox.write_as("ann", "lines", &lines(5, "five").replace("18\n", "eighteen\nand more\n"));
    std::fs::remove_file(sandbox.worktree_of("bob").join("lines")).unwrap();
    sandbox.write_as("cy", "other", "new\n");
    let (facts, objects) = (sandbox.facts(), sandbox.git(["count-objects", "-v"]));
    assert_snapshot!(sandbox.agents(["conflicts", "--path", "lines"]), @"
    ann  #3 Task 3
      lines  modified, partly uncommitted  lines: 5, 18-19
    bob
      lines  deleted, uncommitted

    ann and bob are changing lines
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--path", "README", "nothing"]), @"
    nobody else is changing any of the 2 paths
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--committed", "--path", "lines"]), @"
    ann  #3 Task 3
      lines  modified  lines: 5

    ann is changing lines
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--json", "--path", "lines"]), @r#"
    {
      "changed_by": [
        {
          "branch": "agents/ann",
          "name": "ann",
          "paths": [
            {
              "committed": true,
              "kind": "modified",
              "path": "lines",
              "places": [
                {
                  "base": {
                    "lines": 1,
                    "start": 5
                  },
                  "own": {
                    "lines": 1,
                    "start": 5
                  }
                },
                {
                  "base": {
                    "lines": 1,
                    "start": 18
                  },
                  "own": {
                    "lines": 2,
                    "start": 18
                  }
                }
              ],
              "uncommitted": true
            }
          ],
          "tasks": [
            {
              "id": "3",
              "title": "Task 3"
            }
          ]
        },
        {
          "branch": "agents/bob",
          "name": "bob",
          "paths": [
            {
              "committed": false,
              "kind": "deleted",
              "path": "lines",
              "uncommitted": true
            }
          ]
        }
      ],
      "kind": "paths",
      "paths": [
        "lines"
      ],
      "target": {
        "branch": "main",
        "commit": "[COMMIT]"
      },
      "version": 1
    }
    [status 1]
    "#);
    assert_eq!(told(&sandbox, &["."]).len(), 3);
    assert_eq!((facts, objects), (sandbox.facts(), sandbox.git(["count-objects", "-v"])));
}

#[test]
fn from_where_one_stands() {
    let sandbox = Sandbox::new();
    sandbox.commit("src/deep/file", "1\n", "File");
    sandbox.direct(["init", "ann", "bob"]).output().good();
    sandbox.write_as("ann", "src/deep/file", "2\n");
    sandbox.write_as("bob", "src/deep/file", "3\n");
    let deep = sandbox.worktree_of("ann").join("src/deep");
    let ask = |path: &str| sandbox.direct(["conflicts", "--path", path]).dir(&deep).output();
    assert_snapshot!(ask("file"), @"
    bob
      src/deep/file  modified, uncommitted  lines: 1

    bob is changing src/deep/file
    [status 1]
    ");
    assert_eq!(ask("../deep/./file").stdout, ask("file").stdout);
    assert_eq!(ask(deep.join("file").to_str().unwrap()).stdout, ask("file").stdout);
    // As an editor knows the file that is open in the main worktree.
    assert_eq!(ask(sandbox.repo().join("src/deep/file").to_str().unwrap()).stdout, ask("file").stdout);
    let link = sandbox.root().join("link");
    symlink(&deep, &link).unwrap();
    assert_eq!(ask(link.join("file").to_str().unwrap()).stdout, ask("file").stdout);
    assert_eq!(ask("../other").status, Some(0));
    assert_snapshot!(ask(".."), @"
    bob
      src/deep/file  modified, uncommitted  lines: 1

    bob is changing src
    [status 1]
    ");
    assert_snapshot!(ask("../../../outside"), @"
    [stderr]
    error: ../../../outside is outside the repository
      try: git rev-parse --show-toplevel
    [status 2]
    ");
    assert_snapshot!(ask("/etc/passwd"), @"
    [stderr]
    error: /etc/passwd is outside the repository
      try: git rev-parse --show-toplevel
    [status 2]
    ");
    assert_snapshot!(ask("../../.git"), @"
    [stderr]
    error: ../../.git is inside the .git folder
      try: git rev-parse --show-toplevel
    [status 2]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "ann", "--path", "x"]), @"
    [stderr]
    error: the argument '[BRANCH]...' cannot be used with '--path <PATH>...'

    Usage: git agents conflicts <BRANCH>...

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--path"]), @"
    [stderr]
    error: a value is required for '--path <PATH>...' but none was supplied

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn what_is_in_a_worktree() {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", "*.log\n", "Ignore");
    sandbox.commit("dir/a", "1\n", "File");
    symlink("dir/a", sandbox.repo().join("link")).unwrap();
    sandbox.git(["add", "link"]);
    sandbox.git(["commit", "-q", "-m", "Link"]);
    sandbox.direct(["init", "ann"]).output().good();
    let dir = sandbox.worktree_of("ann");
    let git = |args: &[&str]| drop(sandbox.git_in(&dir, args));
    let reset = || {
        git(&["reset", "-q", "--hard"]);
        git(&["clean", "-qfdx"]);
    };
    let all = ["dir", "link", "x.log", "new", "[d]ir"];

    assert_eq!(told(&sandbox, &all), [""; 0]);
    sandbox.write_as("ann", "new", "untracked\n");
    sandbox.write_as("ann", "x.log", "ignored\n");
    sandbox.write_as("ann", "dir/x.log", "ignored\n");
    assert_eq!(told(&sandbox, &all), ["ann new added uncommitted"]);
    reset();
    git(&["rm", "-q", "dir/a"]);
    assert_eq!(told(&sandbox, &["dir/a"]), ["ann dir/a deleted uncommitted"]);
    reset();
    sandbox.write_as("ann", "dir/a", "2\n");
    git(&["add", "dir/a"]);
    assert_eq!(told(&sandbox, &["dir/a"]), ["ann dir/a modified uncommitted"]);
    reset();
    std::fs::remove_file(dir.join("link")).unwrap();
    symlink("elsewhere", dir.join("link")).unwrap();
    assert_eq!(told(&sandbox, &["link"]), ["ann link modified uncommitted"]);
    reset();
    git(&["update-index", "--chmod=+x", "dir/a"]);
    git(&["checkout", "-q", "--", "dir/a"]);
    assert_eq!(told(&sandbox, &["dir"]), ["ann dir/a mode uncommitted"]);
    reset();
    // git has written other line ends than it keeps, which is no change; another line is.
    git(&["config", "core.autocrlf", "true"]);
    std::fs::remove_file(dir.join("dir/a")).unwrap();
    git(&["checkout", "-q", "--", "dir/a"]);
    assert_eq!(std::fs::read(dir.join("dir/a")).unwrap(), b"1\r\n");
    assert_eq!(told(&sandbox, &["dir/a"]), [""; 0]);
    sandbox.write_as("ann", "dir/a", "1\r\n2\r\n");
    let json = sandbox.direct(["--json", "conflicts", "--path", "dir/a"]).output().json();
    assert_eq!(json["changed_by"][0]["paths"][0]["places"][0]["own"]["start"], 2, "{json:#}");
}

#[test]
fn names_that_are_no_text() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let name = OsString::from_vec(b"b\xff[*]\n\x1b".to_vec());
    std::fs::write(sandbox.worktree_of("ann").join(&name), "1\n").unwrap();
    let words = [OsString::from("conflicts"), OsString::from("--path"), name];
    assert_snapshot!(sandbox.direct(words).output(), @r#"
    ann
      "b\377[*]\012\033"  added, uncommitted

    ann is changing "b\377[*]\012\033"
    [status 1]
    "#);
}

#[test]
fn in_the_middle_of_a_rebase() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "lines", &lines(5, "ann"));
    sandbox.commit("lines", &lines(5, "main"), "Main");
    let dir = sandbox.worktree_of("ann");
    assert!(
        !sandbox.command("git").current_dir(&dir).args(["rebase", "-q", "main"]).output().unwrap().status.success()
    );
    assert_snapshot!(sandbox.agents(["conflicts", "--path", "lines"]), @"
    ann
      lines  modified  lines: 5

    ann is changing lines
    [stderr]
    warning: ann is judged by its commits: the worktree is in the middle of a rebase
    [status 1]
    ");
}

#[test]
fn branches_of_people() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.git(["checkout", "-q", "-b", "topic"]);
    sandbox.commit("lines", &lines(5, "five"), "Topic");
    sandbox.git(["branch", "landed", "main"]);
    let commit = sandbox.git(["commit-tree", "HEAD^{tree}", "-m", "Another beginning"]);
    sandbox.git(["branch", "island", &commit]);
    sandbox.git(["checkout", "-q", "main"]);
    assert_snapshot!(sandbox.agents(["conflicts", "--path", "lines"]), @"
    nobody else is changing lines
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--all-branches", "--path", "lines"]), @"
    island
      lines  added
    topic
      lines  modified  lines: 5

    island and topic are changing lines
    [status 1]
    ");
    sandbox.git(["checkout", "-q", "topic"]);
    assert_snapshot!(sandbox.agents(["conflicts", "--all-branches", "--path", "lines"]), @"
    island
      lines  added

    island is changing lines
    [status 1]
    ");
}

#[test]
fn a_bare_repository_counts_from_its_top() {
    let sandbox = Sandbox::shaped(Shape { bare: true, ..Shape::default() });
    let tree = sandbox.git_with(&["mktree"], b"");
    let root = sandbox.git(["commit-tree", &tree, "-m", "Begin"]);
    sandbox.git(["update-ref", "refs/heads/main", &root]);
    sandbox.direct(["init", "ann"]).output().good();
    sandbox.commit_as("ann", "file", "1\n");
    assert_snapshot!(sandbox.agents(["conflicts", "--path", "./file"]), @"
    ann
      file  added

    ann is changing file
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--path", "/file"]), @"
    [stderr]
    error: /file cannot be found: the repository is bare, so give paths from its top
      try: git ls-tree -r --name-only HEAD
    [status 2]
    ");
}
