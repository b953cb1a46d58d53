//! What commands read is a part of the state: random operations written through the store, which reads only what is
//! open, are accepted and refused exactly as on the whole state in memory, and end in the same documents.

use std::convert::Infallible;

use fastrand::Rng;
use git_agents::claim::{ClaimedPath, NewClaim};
use git_agents::state::{Action, State};
use git_agents::store::{self, Refused, Scope};
use git_agents::task::{NewTask, TaskEdit, TaskId};

use crate::support::{Sandbox, id, name};

const AGENTS: [&str; 2] = ["ann", "bob"];
const TASKS: [&str; 6] = ["1", "2", "3", "4", "5", "6"];

fn task(random: &mut Rng) -> TaskId {
    id(random.choice(TASKS).unwrap())
}

fn after(random: &mut Rng) -> Vec<TaskId> {
    (0..random.usize(0..3)).map(|_| task(random)).collect()
}

fn new_task(random: &mut Rng) -> NewTask {
    NewTask {
        id: task(random),
        title: "T".to_owned(),
        body: String::new(),
        hours: random.bool().then(|| (random.f64() + 0.1).try_into().unwrap()),
        category: None,
        priority: Default::default(),
        labels: Vec::new(),
        paths: Vec::new(),
        after: after(random),
        dropped: random.u8(..) < 64,
    }
}

fn random_path(random: &mut Rng) -> ClaimedPath {
    random.choice(["a", "a/b", "A", "c", "."]).unwrap().parse().unwrap()
}

fn action(random: &mut Rng) -> Action {
    let (agent, task) = (name(random.choice(AGENTS).unwrap()), task(random));
    let commit = || "1".repeat(40).try_into().unwrap();
    let path = random_path(random);
    match random.u8(..24) {
        0..3 => Action::AddTasks { tasks: (0..random.usize(1..3)).map(|_| new_task(random)).collect() },
        3..7 => Action::EditTask { task, edit: TaskEdit { after: Some(after(random)), ..TaskEdit::default() } },
        7..9 => Action::DropTask { task, reason: None },
        9..12 => Action::ReopenTask { task },
        12 => Action::BlockTask { task, reason: "x".to_owned() },
        13 => Action::Assign { agent, task, new: None, terms: Default::default() },
        14 => Action::Unassign { agent, task },
        15..17 => Action::Start { agent, task, base: None, terms: Default::default() },
        17 => Action::Complete { agent, task, tip: None, files: Vec::new(), hours: None, fence: None },
        20..23 => {
            let claim = NewClaim { path, exclusive: random.bool(), reason: None };
            Action::Claim { agent, claims: vec![claim], ttl_s: Some(60) }
        }
        23 => Action::Release { agent, paths: vec![path] },
        18 => Action::Fail { agent, task, reason: "x".to_owned(), fence: None },
        _ => {
            let landed = git_agents::state::Landed {
                agent,
                tasks: vec![task],
                commit: commit(),
                tip: commit(),
                strategy: "squash".to_owned(),
                fences: Default::default(),
            };
            Action::Land {
                target: "main".to_owned(),
                before: commit(),
                start: None,
                after: commit(),
                landed: vec![landed],
            }
        }
    }
}

/// Only what [`git_agents::state::State`] says of itself, without what was touched on the way.
fn facts(state: &State) -> impl PartialEq + std::fmt::Debug {
    (state.agents.clone(), state.tasks.clone(), state.findings.clone(), state.claims.clone(), state.tally.clone())
}

fn replay(seed: u64, forget_the_cache: bool) {
    let sandbox = Sandbox::new();
    sandbox.register(&AGENTS);
    let mut whole = sandbox.state();
    let mut random = Rng::with_seed(seed);
    let (repo, world) = (sandbox.open(), Sandbox::world());
    let mut accepted = 0;
    for round in 0..150 {
        let action = action(&mut random);
        if forget_the_cache {
            drop(std::fs::remove_dir_all(sandbox.repo().join(".git/agents/cache")));
        }
        let decide = |_: &State, _: &mut Rng| Ok::<_, Infallible>(Some(action.clone().into()));
        let stored = store::transact(&repo, &world, &Scope::open(), decide);
        match stored {
            Ok(committed) => {
                let operation = committed.unwrap().operation;
                whole = whole.apply(&operation).unwrap_or_else(|no| panic!("seed {seed}, {round}: {action:?}: {no}"));
                accepted += 1;
            }
            Err(Refused::Rule(rejected)) => {
                // Whatever operation it would have been: ids and times play no part in the rules.
                let mut operation = accepted_operation(&sandbox);
                operation.action = action.clone();
                assert_eq!(whole.apply(&operation).unwrap_err(), rejected, "seed {seed}, {round}: {action:?}");
            }
            Err(other) => panic!("seed {seed}, {round}: {other:?}"),
        }
    }
    assert!((10..140).contains(&accepted), "some are accepted and some refused: {accepted}");
    assert_eq!(facts(&sandbox.state()), facts(&whole), "seed {seed}");
    sandbox.fsck();
}

fn accepted_operation(sandbox: &Sandbox) -> git_agents::state::Operation {
    let repo = sandbox.open();
    let tip = store::tip(&repo).unwrap();
    store::History::from(&repo, tip).next().unwrap().unwrap().operation.unwrap()
}

#[test]
fn the_store_decides_as_the_whole_state_does() {
    for seed in 1..=12 {
        replay(seed, false);
    }
}

#[test]
fn the_store_decides_so_without_its_cache_too() {
    for seed in 21..=26 {
        replay(seed, true);
    }
}
