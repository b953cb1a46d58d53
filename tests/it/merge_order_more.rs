//! `git agents merge-order` with all that it knows: explanations, waves, the graph.

use insta::assert_snapshot;

use crate::support::{Sandbox, lines};

/// Ann and bob change one line, cam another; dan waits for cam's task, eve changes nothing in common.
fn five() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam", "dan", "eve"]);
    sandbox.work_as("ann", "1", "lines", &lines(5, "ann"));
    sandbox.work_as("bob", "2", "lines", &lines(5, "bob"));
    sandbox.work_as("cam", "3", "lines", &lines(12, "cam"));
    sandbox.direct(["assign", "dan", "4", "Task 4", "--after", "3"]).output().good();
    sandbox.direct(["start", "dan", "4"]).output().good();
    sandbox.commit_as("dan", "dan", "x\n");
    sandbox.commit_as("eve", "eve", "x\n");
    sandbox
}

#[test]
fn every_position_is_explained() {
    assert_snapshot!(five().agents(["merge-order", "--explain"]), @"
      1. cam  clean: shares lines with ann and bob, and merges
           - merges with ann although both change lines
           - merges with bob although both change lines
      2. dan  clean: after cam: contains its commits
           - after cam: contains its commits, and its task depends on 3
           - merges with ann although both change lines
           - merges with bob although both change lines
      3. ann  clean: before bob, which conflicts with it
           - conflicts with bob, which lands later and is resolved then: lines (1 region)
           - merges with cam although both change lines
           - merges with dan although both change lines
      4. eve  clean: touches nothing that the others touch
      5. bob  needs resolution in lines with ann (1 region)
           - conflicts with ann, which lands before it: lines (1 region)
           - merges with cam although both change lines
           - merges with dan although both change lines

    on main: 4 land clean, 1 needs resolution; no order lands more
    how it was found: computed once, tried out with 19 merges
    proof: no order lands more than 4 clean; every other set was ruled out
    [status 1]
    ");
}

#[test]
fn waves() {
    assert_snapshot!(five().agents(["merge-order", "--waves"]), @"
      1. cam  clean: shares lines with ann and bob, and merges
      2. dan  clean: after cam: contains its commits
      3. ann  clean: before bob, which conflicts with it
      4. eve  clean: touches nothing that the others touch
      5. bob  needs resolution in lines with ann (1 region)

    on main: 4 land clean, 1 needs resolution; no order lands more

    waves, each of which lands together once the one before has landed:
      1. cam, ann and eve
      2. dan
      3. bob (to be resolved)
    [status 1]
    ");
}

#[test]
fn a_graph_of_plain_text() {
    assert_snapshot!(five().agents(["merge-order", "--graph"]), @"
      1. cam  clean: shares lines with ann and bob, and merges
      2. dan  clean: after cam: contains its commits
      3. ann  clean: before bob, which conflicts with it
      4. eve  clean: touches nothing that the others touch
      5. bob  needs resolution in lines with ann (1 region)

    on main: 4 land clean, 1 needs resolution; no order lands more

    graph (x conflicts, < lands after, > lands before):
      1. cam (clean)
         `- > dan
      2. dan (clean)
         `- < cam
      3. ann (clean)
         `- x bob: lines (1 region)
      4. eve (clean)
      5. bob (needs-resolution)
         `- x ann: lines (1 region)
    [status 1]
    ");
}

#[test]
fn a_graph_for_graphviz() {
    assert_snapshot!(five().agents(["merge-order", "--graph=dot"]), @r#"
    digraph "merge order" {
      rankdir=LR;
      node [shape=box];
      "cam" [label="1. cam", tooltip="clean", color=darkgreen];
      "dan" [label="2. dan", tooltip="clean", color=darkgreen];
      "ann" [label="3. ann", tooltip="clean", color=darkgreen];
      "eve" [label="4. eve", tooltip="clean", color=darkgreen];
      "bob" [label="5. bob", tooltip="needs-resolution", color=red];
      "cam" -> "dan" [style=solid];
      "ann" -> "bob" [dir=none, color=red, label="lines (1 region)"];
    }
    [status 1]
    "#);
    assert_snapshot!(five().refused(["merge-order", "--graph=png"]), @"
    [stderr]
    error: invalid value 'png' for '--graph[=<FORMAT>]'
      [possible values: ascii, dot]

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn all_of_it_as_data() {
    let sandbox = five();
    let json = sandbox.agents(["merge-order", "--json"]).json();
    for absent in ["waves", "graph", "proof", "other_results"] {
        assert!(json.get(absent).is_none(), "{absent}");
    }
    let json = sandbox.agents(["merge-order", "--json", "--explain", "--waves", "--graph=dot"]).json();
    assert_snapshot!(json["order"][4]["explanation"], @r#"{"conflicts":[{"earlier":true,"paths":["lines"],"regions":1,"with":"ann"}],"shares":[{"paths":["lines"],"with":"cam"},{"paths":["lines"],"with":"dan"}],"waits":[]}"#);
    assert_snapshot!(json["order"][3]["reason"], @r#""touches nothing that the others touch""#);
    assert_snapshot!(json["proof"], @r#"{"agreed":true,"exact":true,"merges":19,"most_clean":4,"rounds":1}"#);
    assert_snapshot!(json["waves"], @r#"[{"branches":["cam","ann","eve"],"manual":false},{"branches":["dan"],"manual":false},{"branches":["bob"],"manual":true}]"#);
    assert_snapshot!(json["graph"]["edges"], @r#"[{"from":"cam","kind":"before","to":"dan"},{"from":"ann","kind":"conflict","paths":["lines"],"regions":1,"to":"bob"}]"#);
}

#[test]
fn names_cannot_break_the_graph() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.git(["checkout", "-q", "-b", "say-\"hi\"", "main"]);
    sandbox.commit("new", "x\n", "New");
    sandbox.git(["checkout", "-q", "main"]);
    assert_snapshot!(sandbox.agents(["merge-order", "say-\"hi\"", "--graph=dot"]), @r#"
    digraph "merge order" {
      rankdir=LR;
      node [shape=box];
      "say-\"hi\"" [label="1. say-\"hi\"", tooltip="clean", color=darkgreen];
    }
    [status 0]
    "#);
}

/// git aligns the same letters in another way, depending on what is there already.
#[test]
fn another_order_with_another_result_is_a_warning() {
    let letters = |text: &str| text.chars().flat_map(|letter| [letter, '\n']).collect::<String>();
    let sandbox = Sandbox::new();
    sandbox.commit("f", &letters("lklusepbdjsfwyqcsbellkpfyolkjb"), "Letters");
    sandbox.direct(["init", "a", "b", "c"]).output().good();
    sandbox.commit_as("a", "f", &letters("lklusepbdjsfwyqcsbelllkpfyolkjb"));
    sandbox.commit_as("b", "f", &letters("lklusepbdjsfwyqcsbnllkpfyolkjb"));
    sandbox.commit_as("c", "f", &letters("lklusepbdjsfwyqcsbelrlkpfyolkjb"));
    assert_snapshot!(sandbox.agents(["merge-order"]), @"
      1. a  clean: shares f with b and c, and merges
      2. b  clean: shares f with a and c, and merges
      3. c  clean: shares f with a and b, and merges

    on main: 3 land clean
    [stderr]
    warning: a, b and c merge in the order a, c, b too, but f then has other content: look at the result
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["merge-order", "--json"]).json()["other_results"], @r#"[{"other":["a","c","b"],"paths":["f"],"planned":["a","b","c"]}]"#);
}

#[test]
fn one_that_waits_for_a_task_says_for_which() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.work_as("bob", "1", "bob", "x\n");
    sandbox.work_as("ann", "2", "ann", "x\n");
    sandbox.direct(["task", "edit", "2", "--after", "1"]).output().good();
    assert_snapshot!(sandbox.agents(["merge-order", "--explain"]), @"
      1. bob  clean: touches nothing that the others touch
      2. ann  clean: after bob: its task depends on 1
           - after bob: its task depends on 1

    on main: 2 land clean
    how it was found: computed once, tried out with 2 merges
    proof: no order lands more than 2 clean; every other set was ruled out
    [status 0]
    ");
}

/// Bob and cam both conflict with ann and eve; bob in one place, cam in two.
#[test]
fn the_one_with_the_least_to_resolve_comes_first() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam", "dan", "eve"]);
    let two = |text: &str| lines(5, text).replace("\n15\n", &format!("\n15 {text}\n"));
    sandbox.commit_as("ann", "lines", &lines(5, "ann"));
    sandbox.commit_as("eve", "lines", &lines(15, "15 eve"));
    sandbox.commit_as("cam", "lines", &two("cam"));
    sandbox.commit_as("bob", "lines", &lines(5, "bob"));
    sandbox.commit_as("dan", "dan", "x\n");
    assert_snapshot!(sandbox.agents(["merge-order"]), @"
      1. dan  clean: touches nothing that the others touch
      2. eve  clean: before cam, which conflicts with it
      3. ann  clean: before bob and cam, which conflict with it
      4. bob  needs resolution in lines with ann (1 region); the smallest of the 2 that do
      5. cam  needs resolution in lines with ann (1 region); in lines with bob (1 region); in lines with eve (1 region)

    on main: 3 land clean, 2 need resolution; no order lands more
    [status 1]
    ");
}
