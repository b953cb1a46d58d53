//! What runs came to is in the history: told once, brought to other clones, and in nobody's way.

use chrono::{TimeDelta, Utc};
use git_agents::task::{PastRun, RunEnd};
use git_agents::work::past_runs;
use insta::assert_snapshot;

use crate::support::{Sandbox, id, name};

const ID: &str = "01kbzzzzzzzzzzzzzzzzzzzzzz";

/// A run that took twelve minutes.
fn run() -> PastRun {
    let started_at = "2026-01-05T09:00:00Z".parse::<chrono::DateTime<Utc>>().unwrap();
    PastRun {
        id: ID.to_owned(),
        profile: Some("claude".to_owned()),
        model: Some("opus".to_owned()),
        started_at,
        ended_at: Some(started_at + TimeDelta::minutes(12)),
        end: RunEnd::Done,
        exit_code: Some(0),
        signal: None,
        base: None,
        tip: None,
        commits: Some(3),
        files: Some(1),
        cost_usd: Some(0.424),
        tokens: None,
    }
}

fn record(sandbox: &Sandbox, run: &PastRun) -> bool {
    past_runs::record(&sandbox.open(), &Sandbox::world(), &name("ann"), Some(&id("p")), run).unwrap()
}

#[test]
fn a_run_is_recorded_once_and_shown_with_its_task() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann"]);
    sandbox.agents(["task", "add", "Parser", "--id", "p"]).good();
    sandbox.start("ann", "p");
    assert!(record(&sandbox, &run()));
    assert!(!record(&sandbox, &run()), "a second time is none");
    let other = format!("{}a", &ID[..25]);
    let failed = PastRun { id: other, end: RunEnd::Failed, exit_code: Some(7), cost_usd: None, ..run() };
    assert!(record(&sandbox, &failed));
    assert_snapshot!(sandbox.agents(["task", "show", "p"]), @"
    p Parser
      state:     in-progress
      agent:     ann
      priority:  medium
      filed:     0s ago

      ann on agents/ann: in progress, 0s

      run of ann with claude (opus): done, 12m, 3 commits, 1 file, $0.42
      run of ann with claude (opus): failed, status 7, 12m, 3 commits, 1 file
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["log", "p", "-n", "2"]), @"
    [COMMIT] run of ann on p: failed with status 7 after 12m, 3 commits, 1 file (0s ago, Ann)
    [COMMIT] run of ann on p: done after 12m, 3 commits, 1 file, $0.42 (0s ago, Ann)
    [status 0]
    ");
    assert_eq!(past_runs::of_task(&sandbox.open(), &id("p")).unwrap()[0], (name("ann"), run()));
    sandbox.fsck();
}

#[test]
fn a_run_is_in_the_way_of_no_undo() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann"]);
    sandbox.git(["branch", "agents/ann"]);
    sandbox.agents(["task", "add", "Parser", "--id", "p"]).good();
    sandbox.start("ann", "p");
    sandbox.complete("ann", "p");
    record(&sandbox, &run());
    assert_snapshot!(sandbox.agents(["undo"]), @"
    took back: ann completes p (0 files)
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["doctor", "--deep"]), @"
    all is well
    [status 0]
    ");
}

#[test]
fn a_run_reaches_other_clones() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["sync"]).good();
    let other = sandbox.clone("other");
    other.agents(["sync"]).good();
    ann.agents(["assign", "ann", "p", "Parser"]).good();
    ann.agents(["start", "ann"]).good();
    record(&sandbox, &run());
    other.agents(["task", "add", "Meanwhile", "--id", "m"]).good();
    other.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    other.agents(["sync"]).good();
    other.agrees_with(&ann);
    assert!(other.sentences().iter().any(|said| said == "run of ann on p: done after 12m, 3 commits, 1 file, $0.42"));
}
