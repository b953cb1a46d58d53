//! Starting git's own rebase or merge where the agent works.
//!
//! First everything that speaks against it, without touching anything; then the backup of the branch, the record, and
//! git. Where rerere is on and knows every answer, git is told to go on, until it stops at something new.

use gix::ObjectId;
use gix::actor::Signature;

use super::ResolveError;
use super::abort::take_down;
use super::progress::{self, Progress, progress, worktree_of};
use super::record::{self, Held, Record, Way};
use super::torn::{mend, unlock};
use super::unmerged::{At, Unmerged, at, text, there};
use crate::agent::Agent;
use crate::config::Target;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::refs::{self, Expected, RefUpdate};
use crate::git::scratch::Scratch;
use crate::git::worktrees::{self, Worktree};
use crate::git::{Git, Repository, identity, stale, status};
use crate::land::execute::backup_name;
use crate::land::plan::Stop;
use crate::land::{self, base_of_own};
use crate::state::{OperationId, State};
use crate::work::place::{self, Standing};
use crate::work::{landing, stacked};
use crate::worktree::check::Check;
use crate::world::World;

/// Whose conflict is to be resolved, and how.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Where.
    pub repo: &'a Repository,
    /// When.
    pub world: &'a World,
    /// With what.
    pub target: &'a Target,
    /// What is known.
    pub state: &'a State,
    /// Whose.
    pub agent: &'a Agent,
    /// How; none is a rebase, or a merge where the branch contains merges.
    pub way: Option<Way>,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// git went through: every conflict was resolved before.
    Through(Box<Record>),
    /// Somebody has to look at it.
    Waiting(Box<Waiting>),
}

/// A resolution that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What was recorded.
    pub record: Record,
    /// The worktree, which may have been moved since.
    pub worktree: Worktree,
    /// What could not be merged; nothing when all of it was added.
    pub unmerged: Vec<Unmerged>,
    /// Where a rebase stands.
    pub at: Option<At>,
    /// git's own words, when it stopped for another reason than a conflict.
    pub words: Option<String>,
}

impl Waiting {
    /// What waits in the worktree now.
    pub(super) fn new(record: &Record, worktree: &Worktree, unmerged: Vec<Unmerged>) -> Self {
        let at = if record.way == Way::Rebase { at(worktree) } else { None };
        Waiting { record: record.clone(), worktree: worktree.clone(), unmerged, at, words: None }
    }
}

/// Start git where it stops at a conflict. What this program began before and git has not finished is told again.
///
/// # Errors
/// See [`ResolveError`].
pub fn begin(asked: &Asked<'_>) -> Result<Begun, ResolveError> {
    let Asked { repo, agent, .. } = *asked;
    let held = Held::acquire(repo, &agent.name)?;
    let signature = identity::committer(repo, asked.world.now).ok_or(ResolveError::NoIdentity)?;
    let mut is_resolved = false;
    if let Some(mut record) = record::read(repo, &agent.name)? {
        match earlier(repo, &record, &held, &signature)? {
            Earlier::Waiting(waiting) => {
                record.is_told = true;
                record.write(repo)?;
                return Ok(Begun::Waiting(waiting));
            }
            Earlier::Resolved => is_resolved = true,
            Earlier::Over => record.remove(repo)?,
        }
    }
    let all = worktrees::list(repo)?;
    let (worktree, tip) = ground(asked, &all)?;
    let way = conflict(asked, tip, is_resolved)?;
    ready(asked, worktree, tip)?;
    let record = Record {
        agent: agent.name.clone(),
        branch: format!("refs/heads/{}", agent.branch),
        worktree: worktree.path.clone(),
        git_dir: worktree.git_dir.clone().unwrap_or_else(|| worktree.path.join(".git")),
        tip,
        target: asked.target.branch.clone(),
        onto: asked.target.commit,
        way,
        operation: operation(repo, asked.world, tip)?,
        at: asked.world.now,
        state: crate::store::tip(repo)?,
        is_told: false,
    };
    record.write(repo)?;
    let name = backup_name(record.operation.as_str(), &record.branch);
    let message = format!("before {} resolves its conflict with {}", agent.name, asked.target.branch);
    let backup = RefUpdate { name, expected: Expected::Missing, new: Some(tip), message };
    save(repo, &backup, &signature)?;
    let words = held.run(start(asked, worktree, &record)?)?;
    let begun = proceed(repo, record, words, &held);
    if let Err(ResolveError::GitRefused { .. }) = begun {
        // Nothing began, so nothing needs the backup.
        drop(refs::swap_one(repo, &RefUpdate { expected: Expected::At(tip), new: None, ..backup }, &signature));
    }
    begun
}

/// What became of an earlier resolution.
enum Earlier {
    Waiting(Box<Waiting>),
    Resolved,
    Over,
}

fn earlier(repo: &Repository, record: &Record, held: &Held, signature: &Signature) -> Result<Earlier, ResolveError> {
    let all = worktrees::list(repo)?;
    let worktree = worktree_of(&all, record).ok_or_else(|| ResolveError::NoWorktree { agent: record.agent.clone() });
    if let (Ok(worktree), false) = (&worktree, record.is_told) {
        unlock(repo, record, worktree)?;
    }
    match progress(repo, &all, record)? {
        Progress::UnderWay { unmerged } if record.is_told || progress::has_stopped(record) => {
            Ok(Earlier::Waiting(Box::new(Waiting::new(record, worktree?, unmerged))))
        }
        // git was killed before anybody was told of anything: begun again, it does the same.
        Progress::UnderWay { .. } => {
            take_down(repo, record, worktree?, held, signature)?;
            Ok(Earlier::Over)
        }
        // Files are to be put back: that asks first, and tells where it keeps what is there.
        Progress::Torn if record.way == Way::Merge => Err(ResolveError::Torn { agent: record.agent.clone() }),
        Progress::Torn => {
            mend(repo, record, worktree?, held, signature)?;
            Ok(Earlier::Over)
        }
        Progress::Foreign { kind } => {
            let path = worktree?.path.clone();
            Err(ResolveError::Foreign { agent: record.agent.clone(), path, kind })
        }
        Progress::Finished { .. } => Ok(Earlier::Resolved),
        Progress::NotBegun | Progress::Landed | Progress::BranchGone => Ok(Earlier::Over),
    }
}

/// The worktree that has the branch checked out and is in the middle of nothing, and where the branch is.
fn ground<'w>(asked: &Asked<'_>, all: &'w [Worktree]) -> Result<(&'w Worktree, ObjectId), ResolveError> {
    let (agent, name) = (asked.agent, || asked.agent.name.clone());
    let branch = format!("refs/heads/{}", agent.branch);
    let gone = || ResolveError::BranchGone { agent: name(), branch: agent.branch.clone() };
    let tip = refs::read_movable(asked.repo, &branch)?.ok_or_else(gone)?;
    let worktree = match place::standing(asked.repo, all, agent) {
        Standing::At(worktree) => worktree,
        Standing::Nowhere => return Err(ResolveError::NoWorktree { agent: name() }),
        Standing::Missing { path, .. } => return Err(ResolveError::Missing { agent: name(), path }),
        Standing::Replaced { path, is_repairable } => {
            return Err(ResolveError::Replaced { agent: name(), path, is_repairable });
        }
        Standing::Elsewhere(worktree) => {
            let found = worktree.branch.as_deref().map(|name| name.trim_start_matches("refs/heads/").to_owned());
            let (path, expected) = (worktree.path.clone(), agent.branch.clone());
            return Err(ResolveError::Elsewhere { agent: name(), path, found, expected });
        }
    };
    let holders: Vec<_> = all.iter().filter(|worktree| worktree.holds(&branch)).map(|one| one.path.clone()).collect();
    if holders.len() > 1 {
        return Err(ResolveError::HeldTwice { agent: name(), paths: holders });
    }
    if let Some(operation) = &worktree.operation {
        return Err(ResolveError::Foreign { agent: name(), path: worktree.path.clone(), kind: operation.kind });
    }
    Ok((worktree, tip))
}

/// Whether there is a conflict at all, and how it is resolved.
fn conflict(asked: &Asked<'_>, tip: ObjectId, is_resolved: bool) -> Result<Way, ResolveError> {
    let Asked { repo, world, target, state, agent, way } = *asked;
    let (name, target_name) = (agent.name.clone(), target.branch.clone());
    let none = ResolveError::NoConflict { agent: name.clone(), target: target_name.clone(), is_resolved };
    if way == Some(Way::Merge) {
        return if conflicts_whole(asked, tip)? { Ok(Way::Merge) } else { Err(none) };
    }
    let mut built = landing::build_rebase(repo, world, target, state, agent).map_err(Box::new)?;
    let Some(stopped) = built.plan.stopped.pop() else { return Err(none) };
    match (stopped.reason, way) {
        (Stop::Worktree { .. }, _) => Err(none),
        (Stop::Conflict { merges: true, .. }, None) => {
            Err(ResolveError::WholeMerges { agent: name, target: target_name })
        }
        (Stop::Conflict { .. }, _) => Ok(Way::Rebase),
        (Stop::HasMerges { .. }, None) => {
            if conflicts_whole(asked, tip)? {
                Ok(Way::Merge)
            } else {
                Err(none)
            }
        }
        (Stop::HasMerges { .. }, Some(_)) => Err(ResolveError::HasMerges { agent: name }),
        (reason, _) => Err(ResolveError::Stopped { stopped: Box::new(land::plan::Stopped { reason, ..stopped }) }),
    }
}

fn conflicts_whole(asked: &Asked<'_>, tip: ObjectId) -> Result<bool, ResolveError> {
    let scratch = Scratch::in_memory(asked.repo)?;
    let request = Request { base: None, ours: tip, theirs: asked.target.commit };
    match MergeTree::new(asked.repo, &scratch, Some(tip)).merge(&request)? {
        Merge::Clean { .. } => Ok(false),
        Merge::Conflict { .. } => Ok(true),
        Merge::Unknown { reason } => {
            let (name, branch) = (asked.agent.name.to_string(), format!("refs/heads/{}", asked.agent.branch));
            let stopped = land::plan::Stopped { name, branch, tip: Some(tip), reason: Stop::Unknown { reason } };
            Err(ResolveError::Stopped { stopped: Box::new(stopped) })
        }
    }
}

/// Nothing is uncommitted that git knows, and nothing is where the target has files. git looks for the latter itself,
/// but overwrites ignored files.
fn ready(asked: &Asked<'_>, worktree: &Worktree, tip: ObjectId) -> Result<(), ResolveError> {
    let (agent, path) = (asked.agent.name.clone(), worktree.path.clone());
    let status = status::status(worktree)?;
    let mut paths: Vec<_> = status.tracked().into_iter().map(ToOwned::to_owned).collect();
    // git itself lets what is in submodules pass.
    paths.retain(|path| !status.dirty_submodules.contains(path));
    if !paths.is_empty() {
        return Err(ResolveError::Uncommitted { agent, path, paths });
    }
    match Check::new(asked.repo, None).worktree(worktree, tip, asked.target.commit)? {
        Some(reason) => Err(ResolveError::Blocked { agent, path, reason }),
        None => Ok(()),
    }
}

/// Write a backup. A lock on it is what a killed process left: nobody else knows the name.
pub(super) fn save(repo: &Repository, backup: &RefUpdate, signature: &Signature) -> Result<(), ResolveError> {
    stale::clear(repo, &refs::lock_path(repo, &backup.name), |_| true);
    Ok(refs::swap_one(repo, backup, signature)?)
}

/// An id that no backup has yet.
pub(super) fn operation(repo: &Repository, world: &World, tip: ObjectId) -> Result<OperationId, ResolveError> {
    let mut random = world.random(tip.as_slice());
    loop {
        let id = world.ulid(&mut random);
        if refs::list(repo, &format!("refs/agents-local/backup/{id}/"))?.is_empty()
            && let Ok(id) = id.parse()
        {
            return Ok(id);
        }
    }
}

/// git's own command, with everything that configuration could make of it beyond what it is here for switched off.
fn start(asked: &Asked<'_>, worktree: &Worktree, record: &Record) -> Result<Git, ResolveError> {
    let git = with_rerere(there(worktree));
    Ok(match record.way {
        Way::Rebase => {
            let exclude = stacked::not_own(asked.repo, asked.target, asked.state, &asked.agent.name, record.tip)?;
            let base = base_of_own(&|| asked.repo.git(), record.tip, record.onto, &exclude)?;
            let git = git.args(["rebase", "--merge", "--no-rebase-merges", "--no-fork-point"]);
            // Stashes are shared by all worktrees, and other branches of a stack are other agents'.
            let git = git.args(["--no-autostash", "--no-autosquash", "--no-update-refs"]);
            match base {
                Some(base) => git.args(["--onto", &record.onto.to_string(), &base.to_string()]),
                None => git.arg(record.onto.to_string()),
            }
        }
        Way::Merge => {
            // The name for the markers, unless a tag has it too.
            let named = worktree.git().args(["rev-parse", "-q", "--verify", &format!("{}^{{commit}}", record.target)]);
            let named = named.run()?.stdout;
            let is_same = named.trim_ascii_end() == record.onto.to_string().as_bytes();
            let source = if is_same { record.target.clone() } else { record.onto.to_string() };
            let message = format!("Merge branch '{}' into {}", record.target, record.short());
            let git = git.args(["merge", "--no-ff", "--commit", "--no-squash", "--no-autostash", "--no-edit"]);
            git.args(["-m", &message, &source])
        }
    })
}

/// Where rerere is on, what it resolves is added too, which tells it from what waits for somebody. Where it is off, this
/// does not switch it on.
fn with_rerere(git: Git) -> Git {
    git.args(["-c", "rerere.autoUpdate=true"])
}

/// Go on while git stops with nothing left to resolve.
fn proceed(repo: &Repository, mut record: Record, mut words: String, held: &Held) -> Result<Begun, ResolveError> {
    let mut before = None;
    loop {
        let all = worktrees::list(repo)?;
        let worktree = worktree_of(&all, &record);
        match (progress(repo, &all, &record)?, worktree) {
            (Progress::UnderWay { unmerged }, Some(worktree)) => {
                let here = (text(&record.git_dir.join("rebase-merge/msgnum")), worktree.head);
                if unmerged.is_empty() && before.as_ref() != Some(&here) {
                    words = held.run(with_rerere(there(worktree)).args([record.way.word(), "--continue"]))?;
                    before = Some(here);
                    continue;
                }
                if !unmerged.is_empty() && !progress::has_stopped(&record) {
                    return Err(ResolveError::Torn { agent: record.agent });
                }
                record.is_told = true;
                record.write(repo)?;
                let words = unmerged.is_empty().then_some(words);
                let waiting = Waiting { words, ..Waiting::new(&record, worktree, unmerged) };
                return Ok(Begun::Waiting(Box::new(waiting)));
            }
            (Progress::Finished { .. }, _) => return Ok(Begun::Through(Box::new(record))),
            (Progress::Foreign { kind }, Some(worktree)) => {
                return Err(ResolveError::Foreign { agent: record.agent, path: worktree.path.clone(), kind });
            }
            _ => {
                record.remove(repo)?;
                return Err(ResolveError::GitRefused { way: record.way, path: record.worktree, words });
            }
        }
    }
}
