//! `git agents ready`: what can start now, best first.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn ready_is_open_with_nothing_to_wait_for() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann"]);
    sandbox.agents(["task", "add", "Base", "--id", "1"]).good();
    sandbox.agents(["task", "add", "On top", "--id", "2", "--after", "1", "--priority", "critical"]).good();
    sandbox.agents(["task", "add", "Urgent", "--id", "3", "--priority", "high"]).good();
    sandbox.agents(["task", "add", "Blocked", "--id", "4"]).good();
    sandbox.agents(["task", "block", "4", "--reason", "x"]).good();
    assert_snapshot!(sandbox.agents(["ready"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    3     open                 high                 Urgent
    1     open                                      Base
    [status 0]
    ");
    sandbox.start("ann", "1");
    assert_snapshot!(sandbox.agents(["ready"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    3     open                 high                 Urgent
    [status 0]
    ");
    sandbox.complete("ann", "1");
    assert_snapshot!(sandbox.agents(["ready", "-n", "1"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    2     open                 critical             On top
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["ready", "--limit", "x"]), @"
    [stderr]
    error: invalid value 'x' for '--limit <N>': invalid digit found in string

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn a_dropped_dependency_still_stands_in_the_way() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "Base", "--id", "1"]).good();
    sandbox.agents(["task", "add", "On top", "--id", "2", "--after", "1"]).good();
    sandbox.agents(["task", "drop", "1"]).good();
    assert_snapshot!(sandbox.agents(["ready"]), @"
    no task can start now
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    TASK  STATE    AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    2     waiting                          1          On top
    [status 0]
    ");
}
