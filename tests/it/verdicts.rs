//! A verdict of `git agents conflicts` or `merge-order` is what git's own merges come to: cases in which it was not.

use insta::assert_snapshot;

use crate::support::{Sandbox, Shape, lines};

/// One line for each letter.
fn letters(text: &str) -> String {
    text.chars().flat_map(|letter| [letter, '\n']).collect()
}

/// A branch from `start` with these files committed; what was checked out is again.
fn branch(sandbox: &Sandbox, name: &str, start: &str, files: &[(&str, &str)]) {
    sandbox.git(["checkout", "-q", "-b", name, start]);
    for (path, content) in files {
        sandbox.commit(path, content, name);
    }
    sandbox.git(["checkout", "-q", "main"]);
}

/// Whether git merges these into main, one after the other.
fn really(sandbox: &Sandbox, branches: &[&str]) -> String {
    sandbox.git(["checkout", "-q", "--detach", "main"]);
    let merge = |name: &&str| {
        let merged = sandbox.program("git").args(["merge", "-q", "--no-edit", *name]).output();
        let is_clean = merged.status == Some(0);
        if !is_clean {
            sandbox.git(["reset", "-q", "--hard"]);
        }
        format!("{name} {}", if is_clean { "merges" } else { "stops" })
    };
    let told: Vec<String> = branches.iter().map(merge).collect();
    sandbox.git(["checkout", "-q", "main"]);
    told.join(", ")
}

#[test]
fn the_target_has_moved_on_between_two_branches() {
    let sandbox = Sandbox::new();
    sandbox.commit("f", &letters("bbNMabb"), "f");
    branch(&sandbox, "A", "main", &[("f", &letters("bbNMa"))]);
    branch(&sandbox, "B", "main", &[("f", &letters("bbNMa")), ("n", "n")]);
    sandbox.commit("f", &letters("aabb"), "Rewritten");
    assert_snapshot!(really(&sandbox, &["A", "B"]), @"A merges, B stops");
    assert_snapshot!(really(&sandbox, &["B", "A"]), @"B merges, A stops");
    assert_snapshot!(sandbox.agents(["conflicts", "A", "B"]), @"
    conflict  A and B
      f  content  lines: A 5; B before 6

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["merge-order", "A", "B"]), @"
      1. A  clean: before B, which conflicts with it
      2. B  needs resolution in f with A (1 region)

    on main: 1 lands clean, 1 needs resolution; no order lands more
    [status 1]
    ");
}

#[test]
fn one_order_merges_and_the_other_does_not() {
    let sandbox = Sandbox::new();
    sandbox.commit("f", &letters("abc"), "f");
    sandbox.commit("g", "g\n", "g");
    branch(&sandbox, "a-old", "main", &[("f", &letters("abXc")), ("g", "old\n")]);
    sandbox.commit("f", &letters("abXc"), "X");
    branch(&sandbox, "b-new", "main", &[("f", &letters("abYc"))]);
    assert_snapshot!(really(&sandbox, &["a-old", "b-new"]), @"a-old merges, b-new merges");
    assert_snapshot!(really(&sandbox, &["b-new", "a-old"]), @"b-new merges, a-old stops");
    assert_snapshot!(sandbox.agents(["conflicts", "a-old", "b-new"]), @"
    conflict  a-old and b-new
      f  content  lines: a-old 3; b-new 3
      merges when a-old lands before b-new

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
    let json = sandbox.agents(["conflicts", "a-old", "b-new", "--json"]).json();
    assert_snapshot!(json["pairs"][0]["merges_in_order"], @r#"["a-old","b-new"]"#);
    assert_snapshot!(sandbox.agents(["merge-order", "b-new", "a-old", "--explain", "--waves"]), @"
      1. a-old  clean: before b-new: the other way round does not merge
           - merges with b-new although both change f
      2. b-new  clean: shares f with a-old, and merges
           - after a-old: the other way round does not merge
           - merges with a-old although both change f

    on main: 2 land clean
    how it was found: computed once, tried out with 2 merges
    proof: no order lands more than 2 clean; every other set was ruled out

    waves, each of which lands together once the one before has landed:
      1. a-old
      2. b-new
    [status 0]
    ");
}

#[test]
fn attributes_that_a_branch_brings_count_when_it_has_landed() {
    let sandbox = Sandbox::new();
    sandbox.commit("f.txt", &lines(20, "20"), "f");
    branch(&sandbox, "A", "main", &[(".gitattributes", "*.txt -merge\n")]);
    branch(&sandbox, "B", "main", &[("f.txt", &lines(3, "B"))]);
    branch(&sandbox, "C", "main", &[("f.txt", &lines(17, "C"))]);
    assert_snapshot!(really(&sandbox, &["A", "B", "C"]), @"A merges, B merges, C stops");
    assert_snapshot!(sandbox.agents(["merge-order", "A", "B", "C", "--waves"]), @"
      1. B  clean: shares f.txt with C, and merges
      2. C  clean: shares f.txt with B, and merges
      3. A  clean: touches nothing that the others touch

    on main: 3 land clean

    waves, each of which lands together once the one before has landed:
      1. B and C
      2. A
    [status 0]
    ");
    // The other way round: what conflicts as things are merges then.
    branch(&sandbox, "union", "main", &[(".gitattributes", "f.txt merge=union\n")]);
    branch(&sandbox, "D", "main", &[("f.txt", &lines(3, "D"))]);
    assert_snapshot!(really(&sandbox, &["union", "B", "D"]), @"union merges, B merges, D merges");
    assert_snapshot!(sandbox.agents(["merge-order", "union", "B", "D", "--waves"]), @"
      1. union  clean: touches nothing that the others touch
      2. B      clean: before D, which conflicts with it
      3. D      clean: merges after those before it, though not after B alone

    on main: 3 land clean

    waves, each of which lands together once the one before has landed:
      1. union and B
      2. D
    [status 0]
    ");
    // What the target has changed too is merged by the new rules.
    sandbox.commit("f.txt", &lines(10, "main"), "main");
    assert_snapshot!(really(&sandbox, &["A", "B"]), @"A merges, B stops");
    assert_snapshot!(sandbox.agents(["conflicts", "A", "B"]), @"
    conflict  A and B
      f.txt  binary
      merges when B lands before A

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
}

#[test]
fn a_branch_that_has_landed_is_asked_about_directly() {
    let sandbox = Sandbox::new();
    sandbox.commit("f", "one\n", "f");
    branch(&sandbox, "open", "main", &[("f", "open\n")]);
    branch(&sandbox, "landed", "main", &[("f", "landed\n")]);
    sandbox.git(["merge", "-q", "landed"]);
    assert_snapshot!(sandbox.agents(["conflicts", "--direct", "open", "landed"]), @"
    conflict  open and main
      f  content  lines: main 1; open 1
    conflict  open and landed
      f  content  lines: open 1; landed 1

    2 branches, 1 pair: 1 conflict, 1 conflict with the target
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "open", "landed"]), @"
    conflict  open and main
      f  content  lines: main 1; open 1

    2 branches, 1 pair: 1 conflict with the target
    [status 1]
    ");
}

#[test]
fn what_conflicts_alone_may_merge_after_another() {
    let sandbox = Sandbox::new();
    sandbox.commit("f", &letters("abcde"), "f");
    branch(&sandbox, "same", "main", &[("f", &letters("abYde"))]);
    sandbox.commit("f", &letters("abZde"), "main");
    branch(&sandbox, "back", "main", &[("f", &letters("abcde"))]);
    assert_snapshot!(really(&sandbox, &["same"]), @"same stops");
    assert_snapshot!(really(&sandbox, &["back", "same"]), @"back merges, same merges");
    assert_snapshot!(sandbox.agents(["merge-order", "same", "back", "--explain"]), @"
      1. back  clean: shares f with same, and merges
           - merges with same although both change f
      2. same  clean: merges after those before it, though not with the target as it is
           - merges with back although both change f

    on main: 2 land clean
    how it was found: computed once, tried out with 2 merges
    proof: no order lands more than 2 clean; every other set was ruled out
    [status 0]
    ");
}

#[test]
fn what_depends_on_a_branch_that_cannot_land_waits() {
    let sandbox = Sandbox::with_agents(&["ann", "cam", "dan"]);
    for (agent, id, after) in [("ann", "1", None), ("cam", "2", Some("1")), ("dan", "3", Some("2"))] {
        let mut add = vec!["task", "add", "Something", "--id", id];
        add.extend(after.into_iter().flat_map(|after| ["--after", after]));
        sandbox.agents(add).good();
        sandbox.agents(["assign", agent, id]).good();
        sandbox.agents(["start", agent]).good();
        // Without the commits of the one before.
        sandbox.git_in(&sandbox.worktree_of(agent), ["reset", "-q", "--hard", "main"]);
        sandbox.commit_as(agent, if agent == "ann" { "lines" } else { agent }, &lines(3, agent));
        sandbox.agents(["complete", agent]).good();
    }
    sandbox.commit("lines", &lines(3, "main"), "main");
    assert_snapshot!(sandbox.agents(["merge-order", "--waves"]), @"
      1. ann  conflicts with the target in lines
      2. cam  waits for ann, which does not land as things are
      3. dan  waits for cam, which does not land as things are

    on main: 0 land clean, 1 conflicts with the target, 2 wait; no order lands more

    waves, each of which lands together once the one before has landed:
      1. ann (to be resolved)
      2. cam
      3. dan
    [status 1]
    ");
    let json = sandbox.agents(["merge-order", "--json"]).json();
    assert_snapshot!(json["summary"], @r#"{"clean":0,"conflicts_with_target":1,"exact":true,"most_clean":0,"needs_resolution":0,"unknown":0,"waiting":2}"#);
}

#[test]
fn what_is_remembered_goes_with_its_settings() {
    let sandbox = Sandbox::new();
    sandbox.git(["config", "merge.renormalize", "true"]);
    std::fs::write(sandbox.repo().join(".gitattributes"), "f text\n").unwrap();
    sandbox.commit("f", "one\ntwo\n", "f");
    branch(&sandbox, "A", "main", &[("f", "one\r\nA\r\n")]);
    branch(&sandbox, "B", "main", &[("f", "B\ntwo\n")]);
    let cached = || {
        let folder = sandbox.repo().join(".git/agents/cache/verdicts");
        std::fs::read_dir(folder).map_or(0, |entries| entries.count())
    };
    let mut count = 0;
    for [key, value] in [["core.autocrlf", "false"], ["core.autocrlf", "input"], ["core.ignorecase", "true"]] {
        sandbox.git(["config", key, value]);
        sandbox.agents(["conflicts", "A", "B"]);
        assert_eq!(cached(), count + 1, "{key}={value}");
        count += 1;
    }
    let root = sandbox.rev("main~1");
    std::fs::write(sandbox.repo().join(".git/info/grafts"), format!("{}\n", sandbox.rev("main"))).unwrap();
    sandbox.agents(["conflicts", "A", "B"]);
    assert_eq!(cached(), count + 1, "grafted off {root}");
    // A filter is somebody's program.
    sandbox.git(["config", "filter.mine.clean", "cat"]);
    sandbox.agents(["conflicts", "A", "B"]);
    assert_eq!(cached(), count + 1);
}

#[test]
fn settings_of_one_run_may_be_in_a_file() {
    let sandbox = Sandbox::new();
    sandbox.commit("f", &lines(20, "20"), "f");
    branch(&sandbox, "A", "main", &[("f", &lines(3, "A"))]);
    branch(&sandbox, "B", "main", &[("f", &lines(17, "B"))]);
    std::fs::write(sandbox.root().join("binary"), "[merge]\n\tdefault = binary\n").unwrap();
    let included = format!("include.path={}", sandbox.root().join("binary").display());
    let told = sandbox.program("git").args(["-c", &included, "agents", "conflicts", "A", "B"]);
    assert_snapshot!(told.output(), @"
    conflict  A and B
      f  binary

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "A", "B"]), @"
    overlap   A and B
      f

    2 branches, 1 pair: 1 overlap
    [status 0]
    ");
}

#[test]
fn replaced_objects_are_not_what_is_judged() {
    let sandbox = Sandbox::new();
    branch(&sandbox, "A", "main", &[("f", "A\n")]);
    sandbox.git(["replace", "A", "main"]);
    assert_snapshot!(sandbox.agents(["conflicts", "A"]), @"
    1 branch, 0 pairs: nothing collides
    [stderr]
    warning: refs/replace/ is passed over: verdicts are about the objects as they are
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["merge-order", "A"]), @"
      1. A  clean: touches nothing that the others touch

    on main: 1 lands clean
    [stderr]
    warning: refs/replace/ is passed over: verdicts are about the objects as they are
    [status 0]
    ");
}

#[test]
fn names_that_look_alike_and_odd_questions() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let byte = std::ffi::OsStr::from_bytes(b"\xff");
    for (name, text) in [("base", "base\n"), ("A", "A\n"), ("B", "B\n")] {
        if name != "base" {
            sandbox.git(["checkout", "-q", "-b", name, "main"]);
        }
        std::fs::write(sandbox.repo().join(byte), text).unwrap();
        std::fs::write(sandbox.repo().join("\"\\377\""), text).unwrap();
        sandbox.git(["add", "-A"]);
        sandbox.git(["commit", "-q", "-m", name]);
    }
    sandbox.git(["checkout", "-q", "main"]);
    assert_snapshot!(sandbox.agents(["conflicts", "A", "B"]), @r#"
    conflict  A and B
      "\"\\377\""  content  lines: A 1; B 1
      "\377"  content  lines: A 1; B 1

    2 branches, 1 pair: 1 conflict
    [status 1]
    "#);
    assert_snapshot!(sandbox.agents(["conflicts", "--format", "json", "--bogus"]), @r#"
    [stderr]
    {"error":{"code":"usage","hints":["git agents -h"],"message":"unexpected argument '--bogus' found"},"kind":"error","version":1}
    [status 2]
    "#);
    sandbox.git(["branch", "-q", "-D", "A", "B"]);
    assert_snapshot!(sandbox.agents(["conflicts", "--all-branches"]), @"
    0 branches, 0 pairs: nothing collides
    [stderr]
    there are no agents, and no branch that is not merged yet
    [status 0]
    ");
    let misconfigured = |target: &str| {
        sandbox.git(["config", "agents.target", target]);
        sandbox.agents(["conflicts"])
    };
    assert_snapshot!(misconfigured(""), @r#"
    [stderr]
    error: agents.target is "", which is not the name of a branch
      try: git config agents.target BRANCH
    [status 3]
    "#);
    assert_snapshot!(misconfigured("a..b"), @r#"
    [stderr]
    error: agents.target is "a..b", which is not the name of a branch
      try: git config agents.target BRANCH
    [status 3]
    "#);
}

#[test]
fn revisions_where_refs_are_in_tables() {
    let sandbox = Sandbox::shaped(Shape { reftable: true, ..Shape::default() });
    branch(&sandbox, "A", "main", &[("f", "A\n")]);
    sandbox.git(["tag", "v1", "A"]);
    assert_snapshot!(sandbox.agents(["merge-order", "HEAD", "A~0", "v1"]), @"
      1. A~0   clean: touches nothing that the others touch
      2. v1    clean: touches nothing that the others touch
      3. HEAD  empty: already in the target

    on main: 2 land clean
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "A~7"]), @r#"
    [stderr]
    error: "A~7" is no agent, no branch and no commit
      try: git agents agent list
      try: git branch --list
    [status 3]
    "#);
}
