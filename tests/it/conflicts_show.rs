//! `git agents conflicts --show` and `--explain`: what both sides did, for people and for the agent that has to adapt.

use insta::assert_snapshot;

use crate::support::{Sandbox, lines};

#[test]
fn both_sides_beside_the_base() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.work_as("ann", "1", "lines", &lines(5, "ann\tand a tab"));
    sandbox.write_as("bob", "lines", &lines(5, "bob \u{1b}[31m``` and more"));
    sandbox.write_as("ann", "new", "ann's\n");
    sandbox.write_as("bob", "new", "bob's");
    sandbox.write_as("ann", "bin", "a\0");
    sandbox.write_as("bob", "bin", "b\0");
    assert_snapshot!(sandbox.agents(["conflicts", "--show"]), @r#"
    conflict  ann and bob
      ann: 1 Task 1
      bin  binary  not committed by ann and bob
        ann
        (not text)
        bob
        (not text)
      lines  content  lines: ann 5; bob 5  not committed by bob
        ann
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann	and a tab
         6
         7
         8
        bob
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +bob �[31m``` and more
         6
         7
         8
      new  add/add  lines: ann 1; bob 1  not committed by ann and bob
        ann
        @@ -0,0 +1 @@
        +ann's
        bob
        @@ -0,0 +1 @@
        +bob's
        \ No newline at end of file

    2 branches, 1 pair: 1 conflict
    [status 1]
    "#);
    let json = sandbox.agents(["conflicts", "--show", "--json"]).json();
    let hunks = &json["pairs"][0]["paths"][1]["hunks"];
    assert!(hunks["a"].as_str().unwrap().contains("\n+ann\tand a tab\n"), "{json:#}");
    let plain = sandbox.agents(["conflicts", "--json"]).json();
    assert!(plain["pairs"][0]["paths"][1].get("hunks").is_none());
}

#[test]
fn what_is_deleted_and_what_the_target_did() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("ann", "lines", &lines(5, "ann"));
    std::fs::remove_file(sandbox.worktree_of("bob").join("lines")).unwrap();
    sandbox.commit("lines", &lines(5, "main"), "main moves on");
    assert_snapshot!(sandbox.agents(["conflicts", "--show"]), @"
    conflict  ann and main
      lines  content  lines: main 5; ann 5
        main
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +main
         6
         7
         8
        ann
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
    conflict  bob and main
      lines  modify/delete  not committed by bob
        main
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +main
         6
         7
         8
        bob
        (deleted)
    conflict  ann and bob
      lines  modify/delete  not committed by bob
        ann
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
        bob
        (deleted)

    2 branches, 1 pair: 1 conflict, 2 conflicts with the target
    [status 1]
    ");
}

#[test]
fn a_note_for_one_agent() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    sandbox.work_as("ann", "1", "lines", &lines(5, "ann"));
    sandbox.work_as("bob", "2", "lines", &lines(5, "bob says ```` here"));
    sandbox.write_as("bob", "other", "not yet\n");
    assert_snapshot!(sandbox.agents(["conflicts", "--explain", "bob"]), @"
    # bob on main

    ## With ann

    ann is working on:

    - 1: Task 1

    ### lines (content)

    Both change these lines. Make your change so that it also holds with theirs in place. Lines: bob 5; ann 5.

    bob:

    `````diff
    @@ -2,7 +2,7 @@
     2
     3
     4
    -5
    +bob says ```` here
     6
     7
     8
    `````

    ann:

    ```diff
    @@ -2,7 +2,7 @@
     2
     3
     4
    -5
    +ann
     6
     7
     8
    ```

    Commit first what is not committed: other.

    When the other side has landed, in the worktree of bob:

    ```sh
    git rebase --onto main [COMMIT] agents/bob
    ```
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--explain", "cam"]), @"
    # cam on main

    Nothing to adapt to: it merges into main and with everybody else's work.
    [status 0]
    ");
    let json = sandbox.agents(["conflicts", "--explain", "bob", "--json"]).json();
    assert_eq!((&json["kind"], &json["collisions"][0]["with"]), (&"explain".into(), &"ann".into()), "{json:#}");
    for args in [&["--explain", "ann", "bob"][..], &["--explain", "ann", "--direct"], &["--show", "--path", "x"]] {
        let answer = sandbox.agents(["conflicts"].into_iter().chain(args.iter().copied()));
        assert_eq!(answer.status, Some(2), "{answer}");
    }
}

/// The command that the note gives does what it says, once the other side has landed.
#[test]
fn the_command_of_the_note_applies() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("ann", "lines", &lines(5, "ann"));
    sandbox.commit_as("bob", "lines", &lines(5, "bob"));
    let note = sandbox.agents(["conflicts", "--explain", "bob", "--json"]).json();
    let base = sandbox.rev("main");
    sandbox.git(["merge", "-q", "agents/ann"]);
    // Commits are masked in what the tests see.
    let command = note["command"].as_str().unwrap().replace("[COMMIT]", &base);
    let command = command.strip_prefix("git ").unwrap();
    let dir = sandbox.worktree_of("bob");
    let output = sandbox.command("git").current_dir(&dir).args(command.split(' ')).output().unwrap();
    assert!(!output.status.success(), "it stops at the conflict that was foretold: {output:?}");
    assert_eq!(sandbox.git_in(&dir, ["diff", "--name-only", "--diff-filter=U"]).trim(), "lines", "{output:?}");
}
