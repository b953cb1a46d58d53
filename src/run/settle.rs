//! What a run leaves behind when it has ended: how it went, for the history of its task. It is done once, by whoever
//! comes first: its supervisor, or the next command that looks at runs.

use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::file::{self, Fact};
use super::folder::Stream;
use super::list::{self, Run};
use super::state::State;
use crate::agent::CommitId;
use crate::git::{Repository, refs};
use crate::profile::Told;
use crate::store::Refused;
use crate::task::{PastRun, RunEnd};
use crate::work::past_runs;
use crate::world::World;

/// `settled.json`: a run that is over, as the history has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// What the history has.
    pub run: PastRun,
    /// The program's own name for what can be resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// Record how a run went, if it is over and that has not been done.
///
/// # Errors
/// It could not be recorded; the next one tries again.
pub fn settle(repo: &Repository, world: &World, run: &Run) -> Result<Option<Settled>, RunError> {
    let state = run.state(world.now, list::idle_after(repo)?);
    let Some(end) = end(state) else { return Ok(None) };
    // One that is taken back has never been.
    if run.facts.began == Fact::Absent && !run.folder.path().exists() {
        return Ok(None);
    }
    if let Fact::Known(settled) = file::read::<Settled>(&run.folder.settled()) {
        return Ok(Some(settled));
    }
    let settled = Settled { run: past(repo, run, end), session: told(run).session };
    let plan = run.plan();
    past_runs::record(repo, world, &plan.agent, plan.task.as_ref(), &settled.run).map_err(|refused| match refused {
        Refused::Store(error) | Refused::Caller(error) => RunError::Store(error),
        Refused::Rule(rule) => RunError::NotRecorded { id: run.id.clone(), reason: rule.to_string() },
    })?;
    file::write(&run.folder.settled(), &settled).map_err(RunError::io(run.folder.settled()))?;
    Ok(Some(settled))
}

/// The runs that have ended and are not recorded.
///
/// # Errors
/// The runs cannot be read.
pub fn unsettled(repo: &Repository) -> Result<Vec<Run>, RunError> {
    let mut runs = list::all(repo)?;
    runs.retain(|run| !run.facts.is_held && settled(run).is_none());
    Ok(runs)
}

/// What is recorded of a run that is over.
pub fn settled(run: &Run) -> Option<Settled> {
    file::read(&run.folder.settled()).known().cloned()
}

/// What its output tells; nothing where that cannot be read.
pub fn told(run: &Run) -> Told {
    let (newest, older) = (run.folder.log(Stream::Out), run.folder.older_log(Stream::Out));
    run.plan().cost.read(&newest, &older).unwrap_or_default()
}

/// The history's word for a state that is an end.
fn end(state: State) -> Option<RunEnd> {
    match state {
        State::Done => Some(RunEnd::Done),
        State::Failed => Some(RunEnd::Failed),
        State::TimedOut => Some(RunEnd::TimedOut),
        State::Killed => Some(RunEnd::Killed),
        State::Lost(_) => Some(RunEnd::Lost),
        State::Starting | State::Working | State::Waiting | State::Idle | State::Unknown => None,
    }
}

fn past(repo: &Repository, run: &Run, end: RunEnd) -> PastRun {
    let plan = run.plan();
    let ended = run.facts.ended.known();
    let told = told(run);
    let tip = plan.branch.as_ref().and_then(|branch| refs::read(repo, branch).ok()?);
    let tip = tip.and_then(|tip| CommitId::try_from(tip.to_string()).ok());
    let (commits, files) = match (&plan.from, &tip) {
        (Some(from), Some(tip)) => work(repo, from, tip),
        _ => (None, None),
    };
    PastRun {
        id: run.id.to_string(),
        profile: plan.profile.clone(),
        model: plan.model.clone(),
        started_at: run.started_at(),
        ended_at: ended.map(|ended| ended.ended_at.max(run.started_at())),
        end,
        exit_code: ended.and_then(|ended| ended.exit_code),
        signal: ended.and_then(|ended| ended.signal),
        base: plan.from.clone(),
        tip,
        commits,
        files,
        cost_usd: told.cost_usd,
        tokens: told.tokens,
    }
}

/// How many commits came between two, and how many files they change.
fn work(repo: &Repository, from: &CommitId, tip: &CommitId) -> (Option<u32>, Option<u32>) {
    if from == tip {
        return (Some(0), Some(0));
    }
    let (from, tip) = (from.as_str(), tip.as_str());
    let count = repo.git().args(["rev-list", "--count", &format!("{from}..{tip}"), "--"]).text().ok();
    let names = repo.git().args(["diff-tree", "-r", "--name-only", "-z", from, tip, "--"]).stdout().ok();
    let files = names.map(|names| names.split(|byte| *byte == 0).filter(|name| !name.is_empty()).count());
    (count.and_then(|count| count.trim().parse().ok()), files.and_then(|files| u32::try_from(files).ok()))
}
