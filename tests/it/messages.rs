//! The messages of commits that a landing makes: templates, trailers, co-authors.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox};

/// ann has completed one task in three commits of three people.
fn paired() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.direct(["assign", "ann", "16", "Parse the config file"]).output().good();
    sandbox.direct(["start", "ann", "16"]).output().good();
    let dir = sandbox.worktree_of("ann");
    let commit = |file: &str, author: &str, message: &str| {
        sandbox.write_as("ann", file, "x\n");
        sandbox.git_in(&dir, ["add", file]);
        sandbox.git_in(&dir, ["commit", "-q", "--cleanup=verbatim", &format!("--author={author}"), "-m", message]);
    };
    commit("one", "Ann <ann@example.com>", "Read it\n\n# as it is\n\nCo-authored-by: Eve <eve@example.com>\n");
    commit("two", "Bob <bob@example.com>", "Parse it");
    commit("three", "Ann B. <ANN@example.com>", "Test it\n\nCo-Authored-By: BOB <Bob@example.com>\n");
    sandbox.direct(["complete", "ann"]).output().good();
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    sandbox
}

fn merge(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.direct([&["merge", "ann", "--yes"], args].concat()).output()
}

fn message(sandbox: &Sandbox) -> String {
    sandbox.git(["log", "-1", "--format=%an <%ae>%n%B", "main"])
}

#[test]
fn a_squash_names_everybody_once() {
    let sandbox = paired();
    merge(&sandbox, &["-s", "squash"]).good();
    assert_snapshot!(message(&sandbox), @"
    Ann <ann@example.com>
    Parse the config file

    * Read it
    * Parse it
    * Test it

    Co-authored-by: Bob <bob@example.com>
    Co-authored-by: Eve <eve@example.com>
    ");
}

#[test]
fn a_template_makes_the_message() {
    let sandbox = paired();
    sandbox.git([
        "config",
        "agents.squashMessage",
        "{{ task.title }} (#{{ task.id }})\n\n{% for commit in commits %}- {{ commit.subject }} by {{ commit.author }}\n\
         {{ commit.body | indent(2, true) }}\n{% endfor %}",
    ]);
    merge(&sandbox, &["-s", "squash"]).good();
    assert_snapshot!(message(&sandbox), @"
    Ann <ann@example.com>
    Parse the config file (#16)

    - Read it by Ann <ann@example.com>
      # as it is

      Co-authored-by: Eve <eve@example.com>
    - Parse it by Bob <bob@example.com>

    - Test it by Ann B. <ANN@example.com>
      Co-Authored-By: BOB <Bob@example.com>
    ");
    sandbox.direct(["undo", "--yes"]).output().good();
    sandbox.git(["config", "agents.mergeMessage", "{{ agent }}: {{ branch }} into {{ target }}\n\n{{ default }}"]);
    merge(&sandbox, &["-s", "merge"]).good();
    assert_snapshot!(message(&sandbox), @"
    Ann <ann@example.com>
    ann: agents/ann into main

    Merge branch 'agents/ann'

    16 Parse the config file
    ");
}

#[test]
fn a_template_that_makes_no_message_is_refused_beforehand() {
    let sandbox = paired();
    let refused = |template: &str| {
        sandbox.git(["config", "agents.mergeMessage", template]);
        sandbox.refused(["merge", "ann", "--yes", "-s", "merge"])
    };
    assert_snapshot!(refused("{{ agent }}\n\n{% for task in tasks %}"), @r#"
    [stderr]
    error: agents.mergeMessage makes no message (line 3): syntax error: unexpected end of input, expected end of block in "{% for task in tasks %}"
      try: git config --unset agents.mergeMessage
    [status 3]
    "#);
    assert_snapshot!(refused("{{ agent }}\n{{ taks.title }}"), @r#"
    [stderr]
    error: agents.mergeMessage makes no message (line 2): undefined value in "{{ taks.title }}"
      try: git config --unset agents.mergeMessage
    [status 3]
    "#);
    assert_snapshot!(refused("{% if agent == 'eve' %}x{% endif %}"), @"
    [stderr]
    error: agents.mergeMessage makes no message: it is empty
      try: git config --unset agents.mergeMessage
    [status 3]
    ");
    // It is looked at also where nothing would be made of it.
    sandbox.git(["config", "agents.mergeMessage", "{{"]);
    let output = sandbox.refused(["merge", "ann", "--yes", "-s", "rebase"]);
    assert_eq!(output.status, Some(3), "{output}");
}

#[test]
fn trailers_where_they_are_asked_for() {
    let sandbox = paired();
    merge(&sandbox, &["-s", "merge", "--trailers"]).good();
    assert_snapshot!(message(&sandbox), @"
    Ann <ann@example.com>
    Merge branch 'agents/ann'

    16 Parse the config file

    Agent: ann
    Task: 16
    ");
    sandbox.direct(["undo", "--yes"]).output().good();
    sandbox.git(["config", "agents.trailers", "true"]);
    merge(&sandbox, &["-s", "squash"]).good();
    assert_snapshot!(message(&sandbox), @"
    Ann <ann@example.com>
    Parse the config file

    * Read it
    * Parse it
    * Test it

    Co-authored-by: Bob <bob@example.com>
    Co-authored-by: Eve <eve@example.com>
    Agent: ann
    Task: 16
    ");
    sandbox.direct(["undo", "--yes"]).output().good();
    merge(&sandbox, &["-s", "rebase"]).good();
    assert_snapshot!(sandbox.git(["log", "-3", "--reverse", "--format=%an%n%B", "main"]), @"
    Ann
    Read it

    # as it is

    Co-authored-by: Eve <eve@example.com>
    Agent: ann
    Task: 16

    Bob
    Parse it

    Agent: ann
    Task: 16

    Ann B.
    Test it

    Co-Authored-By: BOB <Bob@example.com>
    Agent: ann
    Task: 16
    ");
}

#[test]
fn trailers_also_where_a_commit_could_stay_as_it_is() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "one", "x\n");
    let tip = sandbox.rev("agents/ann");
    merge(&sandbox, &["--trailers"]).good();
    assert_ne!(sandbox.rev("main"), tip);
    assert_eq!(sandbox.git(["log", "-1", "--format=%B", "main"]), "one by ann\n\nAgent: ann");
    assert_eq!(sandbox.rev("main^{tree}"), sandbox.rev(&format!("{tip}^{{tree}}")));
    // Who has them already keeps the commit.
    let dir = sandbox.worktree_of("ann");
    sandbox.write_as("ann", "two", "x\n");
    sandbox.git_in(&dir, ["add", "two"]);
    sandbox.git_in(&dir, ["commit", "-q", "-m", "two\n\nAgent: ann"]);
    let tip = sandbox.rev("agents/ann");
    merge(&sandbox, &["--trailers"]).good();
    assert_eq!(sandbox.rev("main"), tip);
}
