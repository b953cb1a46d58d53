//! Waiting for a run: cheaply, since what there is to look at is a few small files.

use std::time::{Duration, Instant};

use super::error::RunError;
use super::file::{self, Fact};
use super::folder::Folder;
use super::id::RunId;
use super::list::{self, Run};
use super::record::Ended;
use super::state::State;
use crate::git::Repository;
use crate::world::World;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Until {
    /// It has ended, however it did.
    Over,
    /// It has ended, or nothing happens in it, or it waits for an answer.
    Idle,
    /// It has ended badly.
    Failed,
}

/// How waiting ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Waited {
    /// What was waited for is so.
    Reached(Run),
    /// The run has ended, and what was waited for cannot come any more.
    Never(Run),
    /// The time is over.
    TimedOut(Run),
}

impl Waited {
    /// The run, as it was last seen.
    pub fn run(&self) -> &Run {
        match self {
            Waited::Reached(run) | Waited::Never(run) | Waited::TimedOut(run) => run,
        }
    }
}

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(200);

/// Wait for one run, until `deadline` at most.
///
/// # Errors
/// The run is not there any more, or cannot be read.
pub fn wait(repo: &Repository, id: &RunId, until: Until, deadline: Option<Instant>) -> Result<Waited, RunError> {
    let idle_after = list::idle_after(repo)?;
    let folder = Folder::of(repo, id);
    let mut pause = SHORTEST;
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let is_out_of_time = left.is_some_and(|left| left.is_zero());
        // Nothing more has to be looked at while its supervisor lives and has not said that it is over.
        if until != Until::Idle && !is_out_of_time && folder.is_held() && is_not_over(&folder) {
            std::thread::sleep(pause.min(left.unwrap_or(pause)));
            pause = (pause * 2).min(LONGEST);
            continue;
        }
        let run = match list::one(repo, id) {
            Fact::Known(run) => run,
            Fact::Absent => return Err(RunError::NotRunning { id: id.clone() }),
            Fact::Unreadable(reason) => return Err(RunError::Io { path: id.as_str().into(), reason }),
        };
        let state = run.state(World::here().now, idle_after);
        if is_reached(until, state) {
            return Ok(Waited::Reached(run));
        }
        // What is unknown stays so once nobody is there who could make it known.
        if state.is_over() || (state == State::Unknown && !run.facts.is_held) {
            return Ok(Waited::Never(run));
        }
        if is_out_of_time {
            return Ok(Waited::TimedOut(run));
        }
        std::thread::sleep(pause.min(left.unwrap_or(pause)));
        pause = (pause * 2).min(LONGEST);
    }
}

fn is_not_over(folder: &Folder) -> bool {
    file::read::<Ended>(&folder.ended()).known().is_none()
}

fn is_reached(until: Until, state: State) -> bool {
    match until {
        Until::Over => state.is_over(),
        Until::Idle => state.is_over() || matches!(state, State::Idle | State::Waiting),
        Until::Failed => state.is_bad(),
    }
}
