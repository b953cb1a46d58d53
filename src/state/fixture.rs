//! Small states for the tests of the rules.

use chrono::{DateTime, Utc};
use proptest::test_runner::{Config as ProptestConfig, RngSeed};

use super::{Action, NewAgent, Operation, Rejected, State};
use crate::agent::{AgentName, CommitId};
use crate::claim::NewClaim;
use crate::finding::{Finding, FindingId, FindingState, Severity};
use crate::task::{NewTask, PastRun, RunEnd, Task, TaskId, Terms};
use crate::world::World;

pub(crate) fn agent(text: &str) -> AgentName {
    text.parse().unwrap()
}

pub(crate) fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

pub(crate) fn finding_id(text: &str) -> FindingId {
    text.parse().unwrap()
}

/// A commit id that ends with this digit.
pub(crate) fn commit(digit: u32) -> CommitId {
    format!("{digit:040x}").try_into().unwrap()
}

/// So many minutes after nine.
pub(crate) fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_603_600 + minute * 60, 0).unwrap()
}

pub(crate) fn new_agent(name: &str) -> NewAgent {
    NewAgent { name: agent(name), branch: format!("agents/{name}"), base: None }
}

pub(crate) fn new_task(text: &str, after: &[&str]) -> NewTask {
    NewTask {
        id: id(text),
        title: format!("Task {text}"),
        body: String::new(),
        hours: None,
        category: None,
        priority: Default::default(),
        labels: Vec::new(),
        paths: Vec::new(),
        after: after.iter().map(|text| id(text)).collect(),
        dropped: false,
    }
}

/// A run that ended well, 12 minutes after nine.
pub(crate) fn past_run() -> PastRun {
    PastRun {
        id: "01jzzzzzzzzzzzzzzzzzzzzzzz".to_owned(),
        profile: Some("claude".to_owned()),
        model: None,
        started_at: at(0),
        ended_at: Some(at(12)),
        end: RunEnd::Done,
        exit_code: Some(0),
        signal: None,
        base: Some(commit(1)),
        tip: Some(commit(2)),
        commits: Some(3),
        files: Some(1),
        cost_usd: Some(0.424),
        tokens: None,
    }
}

pub(crate) fn new_finding(text: &str) -> Finding {
    Finding {
        id: finding_id(text),
        agent: None,
        task: None,
        severity: Severity::Low,
        category: "style".to_owned(),
        message: "Odd".to_owned(),
        file: None,
        line: None,
        end_line: None,
        commit: None,
        state: FindingState::Open,
        created_at: at(0),
        resolved_at: None,
        extra: Default::default(),
    }
}

pub(crate) fn operation(minute: i64, action: Action) -> Operation {
    Operation {
        id: format!("op{minute}").parse().unwrap(),
        nonce: String::new(),
        at: at(minute),
        moved: Vec::new(),
        action,
    }
}

pub(crate) fn add_agents(names: &[&str]) -> Action {
    Action::AddAgents { agents: names.iter().map(|name| new_agent(name)).collect() }
}

pub(crate) fn add_tasks(tasks: &[(&str, &[&str])]) -> Action {
    Action::AddTasks { tasks: tasks.iter().map(|(text, after)| new_task(text, after)).collect() }
}

pub(crate) fn assign(name: &str, task: &str) -> Action {
    Action::Assign { agent: agent(name), task: id(task), new: None, terms: Terms::default() }
}

pub(crate) fn start(name: &str, task: &str) -> Action {
    Action::Start { agent: agent(name), task: id(task), base: Some(commit(1)), terms: Terms::default() }
}

pub(crate) fn complete(name: &str, task: &str) -> Action {
    let files = vec!["a.rs".to_owned()];
    Action::Complete { agent: agent(name), task: id(task), tip: Some(commit(2)), files, hours: None, fence: None }
}

pub(crate) fn fail(name: &str, task: &str) -> Action {
    Action::Fail { agent: agent(name), task: id(task), reason: "too hard".to_owned(), fence: None }
}

/// Claims of the paths; one that begins with `!` is exclusive.
pub(crate) fn claim(name: &str, paths: &[&str]) -> Action {
    let new = |text: &&str| NewClaim {
        path: text.trim_start_matches('!').parse().unwrap(),
        exclusive: text.starts_with('!'),
        reason: None,
    };
    Action::Claim { agent: agent(name), claims: paths.iter().map(new).collect(), ttl_s: None }
}

pub(crate) fn release(name: &str, paths: &[&str]) -> Action {
    Action::Release { agent: agent(name), paths: paths.iter().map(|text| text.parse().unwrap()).collect() }
}

pub(crate) fn drop_task(task: &str) -> Action {
    Action::DropTask { task: id(task), reason: None }
}

pub(crate) fn land(name: &str, tasks: &[&str]) -> Action {
    let landed = super::Landed {
        agent: agent(name),
        tasks: tasks.iter().map(|text| id(text)).collect(),
        commit: commit(3),
        tip: commit(4),
        strategy: "rebase".to_owned(),
        fences: Default::default(),
    };
    Action::Land { target: "main".to_owned(), before: commit(1), start: None, after: commit(3), landed: vec![landed] }
}

/// So many cases, the same on every run; with `PROPTEST_CASES` set so many others, for finding more.
pub(crate) fn cases(number: u32) -> ProptestConfig {
    let explore = World::variable("PROPTEST_CASES").is_some();
    let fixed = ProptestConfig { cases: number, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() };
    let config = if explore { ProptestConfig::default() } else { fixed };
    ProptestConfig { failure_persistence: None, ..config }
}

impl State {
    /// The state after these actions, a minute apart, none of which is rejected.
    #[track_caller]
    pub(crate) fn after(actions: &[Action]) -> State {
        actions.iter().zip(1..).fold(State::default(), |state, (action, minute)| {
            state.apply(&operation(minute, action.clone())).unwrap_or_else(|rejected| panic!("{action:?}: {rejected}"))
        })
    }

    /// Apply one more action, at ten.
    pub(crate) fn then(&self, action: Action) -> Result<State, Rejected> {
        self.apply(&operation(60, action))
    }

    pub(crate) fn has(&self, text: &str) -> &Task {
        &self.tasks[&id(text)]
    }
}
