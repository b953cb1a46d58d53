//! What a run leaves behind when it has ended: how it went, for the history of its task. It is done once, by whoever
//! comes first: its supervisor, or the next command that looks at runs.

use std::io::{Read, Seek, SeekFrom};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::cost::Told;
use super::error::RunError;
use super::file::{self, Fact};
use super::folder::{Stream, open_plain};
use super::id::RunId;
use super::list::{self, Run};
use super::state::State;
use crate::git::{Git, Repository};
use crate::world::World;

/// So much of the end of an output is looked at for what the run has cost.
const END_OF_OUTPUT: u64 = 64 << 10;

/// What a run was, when it is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// Which.
    pub id: RunId,
    /// How it ended: `done`, `failed`, `timed-out`, `killed` or `lost`.
    pub end: String,
    /// When that was recorded.
    pub at: DateTime<Utc>,
    /// How many files its commits change, against where its branch was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// How many commits it has made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commits: Option<u64>,
    /// What it has cost, in dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// In tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// The program's own name for what can be resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// Record how a run went, if it is over and that has not been done.
///
/// # Errors
/// It could not be recorded; the next one tries again.
pub fn settle(repo: &Repository, world: &World, run: &Run) -> Result<Option<Settled>, RunError> {
    let idle_after = list::idle_after(repo)?;
    let state = run.state(world.now, idle_after);
    let Some(end) = state.word().filter(|_| state.is_over()) else { return Ok(None) };
    if let Fact::Known(settled) = file::read::<Settled>(&run.folder.settled()) {
        return Ok(Some(settled));
    }
    let told = told(run);
    let (commits, files) = work(run).unwrap_or_default();
    let settled = Settled {
        id: run.id.clone(),
        end: end.to_owned(),
        at: world.now,
        files,
        commits,
        cost_usd: told.usd,
        tokens: told.tokens,
        session: told.session,
    };
    file::write(&run.folder.settled(), &settled).map_err(RunError::io(run.folder.settled()))?;
    Ok(Some(settled))
}

/// Record all runs that are over.
///
/// # Errors
/// The runs cannot be read. What cannot be recorded now is left to the next one.
pub fn settle_all(repo: &Repository, world: &World) -> Result<(), RunError> {
    for run in list::all(repo)? {
        if !run.is_live() {
            drop(settle(repo, world, &run));
        }
    }
    Ok(())
}

/// What is recorded of a run that is over.
pub fn settled(run: &Run) -> Option<Settled> {
    file::read(&run.folder.settled()).known().cloned()
}

/// What the end of its output tells.
pub fn told(run: &Run) -> Told {
    let source = &run.plan().cost;
    if source.is_none() {
        return Told::default();
    }
    let end = || -> std::io::Result<Vec<u8>> {
        let mut log = open_plain(&run.folder.log(Stream::Out))?;
        let length = log.metadata()?.len();
        log.seek(SeekFrom::Start(length.saturating_sub(END_OF_OUTPUT)))?;
        let mut bytes = Vec::new();
        log.take(END_OF_OUTPUT).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    source.find(&end().unwrap_or_default())
}

/// The commits that the run has made, and the files that they change.
fn work(run: &Run) -> Option<(Option<u64>, Option<u64>)> {
    let plan = run.plan();
    let from = plan.from.as_ref()?.as_str();
    let range = format!("{from}..HEAD");
    let count = Git::at(&plan.dir).args(["rev-list", "--count", &range, "--"]).text().ok();
    let names =
        Git::at(&plan.dir).args(["diff", "--name-only", "-z", "--no-ext-diff", from, "HEAD", "--"]).stdout().ok();
    let files = names.map(|names| names.split(|byte| *byte == 0).filter(|name| !name.is_empty()).count() as u64);
    Some((count.and_then(|count| count.trim().parse().ok()), files))
}

/// Whether a run that has ended well or badly may be forgotten: it is over, and that is recorded.
pub fn is_settled(run: &Run, state: State) -> bool {
    state.is_over() && settled(run).is_some()
}
