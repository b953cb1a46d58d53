//! Fetch, judge, replay, push, and look again: until both have the same chain, or there is a reason to stop.

use std::time::{Duration, Instant};

use gix::ObjectId;

use super::divergence::between;
use super::host::{self, Push};
use super::integrate::{self, Integrated};
use super::lock::SyncLock;
use super::met::{self, accepted};
use super::nearby;
use super::{Direction, OnRewind, Remote, Report, Request, SyncError, mode, rejected, replaced};
use crate::git::{Repository, refs};
use crate::state::{Damaged, OperationId};
use crate::store::{self, Entry, FORMAT_PATH, Fault, Replay, StoreError, VetError};
use crate::world::World;

/// How often a push is tried on a tip that does not move before the host is believed.
const TRIES_ON_ONE_TIP: u32 = 3;
/// How many commits of a remote's chain are taken for unsound, before what it had when it was last seen is put back.
const MOST_FAULTS: usize = 100;
/// What was taken away from remotes, by commit.
pub const TAKEN_AWAY: &str = "refs/agents-local/taken-away/";
/// The longest first pause after a lost race, and the longest of all.
const FIRST_PAUSE: Duration = Duration::from_millis(40);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Bring this clone and the remote to the same chain.
///
/// # Errors
/// See [`SyncError`]. What has been fetched and replayed stays, so the next sync goes on from there.
pub fn sync(repo: &Repository, world: &World, remote: &Remote, request: &Request) -> Result<Report, SyncError> {
    let give_up = Instant::now() + request.deadline;
    let _lock = SyncLock::acquire(repo, remote, give_up)?;
    let mut report = Report {
        remote: remote.name.clone(),
        came: Vec::new(),
        came_count: 0,
        went: Vec::new(),
        rejected: Vec::new(),
        waiting: 0,
        quarantined: Vec::new(),
        tip: None,
    };
    // Where nothing could be written down, nothing is begun.
    rejected::rejected(repo)?;
    // git would refuse every fetch, and say it of the remote.
    if let Some(tip) = store::tip(repo)? {
        store::parent_of(repo, tip)?;
    }
    met::hold(repo, world, remote)?;
    report.rejected = replaced::bring_back(repo, world, remote)?;
    // Another process of this clone may have pushed for us while we waited.
    if is_shared(repo, remote, request)? {
        report.tip = accepted(repo, &remote.name);
        return Ok(report);
    }
    let ends = exchange(repo, world, remote, request, give_up, &mut report);
    mode::note_attempt(repo, world);
    ends?;
    // A clone that only follows writes nothing of its own, and what comes piles up all the same.
    store::maintain(repo, &mut fastrand::Rng::new(), report.came_count);
    Ok(report)
}

fn is_shared(repo: &Repository, remote: &Remote, request: &Request) -> Result<bool, SyncError> {
    let Some(id) = &request.until else { return Ok(false) };
    let Some(waiting) = super::unshared(repo, &remote.name)? else { return Ok(false) };
    let is_it = |entry: &Entry| entry.operation.as_ref().is_some_and(|operation| operation.id == *id);
    Ok(!waiting.iter().any(is_it))
}

fn exchange(
    repo: &Repository,
    world: &World,
    remote: &Remote,
    request: &Request,
    give_up: Instant,
    report: &mut Report,
) -> Result<(), SyncError> {
    let mut races = Races { give_up, lost: 0, on_one_tip: 0 };
    let mut on_rewind = request.on_rewind;
    let mut tried: Option<Tried> = None;
    let mut is_fresh = request.is_fresh;
    loop {
        let known = accepted(repo, &remote.name);
        let theirs = match std::mem::take(&mut is_fresh) {
            true => known,
            false => fetch(repo, world, remote, known, request.patience)?,
        };
        if theirs != known {
            match (judge(repo, remote, known, theirs, &mut report.quarantined), on_rewind) {
                (Ok(Some(error)), OnRewind::Stop) => return Err(error),
                (Ok(_), _) => {}
                (Err(error @ SyncError::Unsound { .. }), OnRewind::PutBack) => {
                    keep_unsound(repo, world, theirs)?;
                    put_back(repo, remote, known, theirs, error, request.patience)?;
                    on_rewind = OnRewind::Stop;
                    continue;
                }
                (Err(error), _) => return Err(error),
            }
        }
        if (on_rewind, theirs) == (OnRewind::Adopt, None) {
            return Err(SyncError::NothingToAdopt { remote: remote.name.clone() });
        }
        if request.direction == Direction::Push {
            refuse_behind(repo, remote, theirs)?;
        }
        integrate::move_accepted(repo, world, remote, known, theirs, "sync: fetched")?;
        let integrated = match (on_rewind, theirs) {
            (OnRewind::Adopt, Some(theirs)) => integrate::adopt(repo, world, remote, theirs)?,
            _ => integrate::integrate(repo, world, remote, theirs)?,
        };
        // From here on the remote's chain is the one that was accepted: a second surprise is one.
        on_rewind = OnRewind::Stop;
        let Integrated { tip, came, came_count, waiting, rejected } = integrated;
        report.came.splice(0..0, came);
        report.came_count += came_count;
        report.rejected.extend(rejected);
        (report.waiting, report.tip) = (waiting.len(), tip);
        // Whatever was said to the last push: what the remote has now tells what came of it.
        let mut is_alone = false;
        let mut words = String::new();
        if let Some(tried) = tried.take() {
            match theirs.is_some_and(|theirs| is_within(repo, tried.tip, theirs)) {
                true => report.went.extend(tried.went),
                false => {
                    words.clone_from(&tried.words);
                    is_alone = races.lost(remote, theirs, &tried, request, &waiting)?;
                }
            }
        }
        let Some(tip) = tip.filter(|tip| Some(*tip) != theirs && request.direction != Direction::Fetch) else {
            return Ok(());
        };
        let (tip, went) = match (is_alone, &request.until) {
            (true, Some(id)) => alone(repo, remote, theirs, &waiting, id, &words)?,
            _ => (tip, waiting),
        };
        words = match host::push(repo, remote, tip, theirs, request.patience)? {
            Push::Taken => {
                integrate::move_accepted(repo, world, remote, theirs, Some(tip), "sync: pushed")?;
                report.went.extend(went);
                let after = integrate::integrate(repo, world, remote, Some(tip))?;
                (report.waiting, report.tip) = (after.waiting.len(), after.tip);
                return Ok(());
            }
            Push::Unclear { words } => words,
        };
        if !request.is_fresh || races.lost > 0 {
            races.pause();
        }
        tried = Some(Tried { tip, on: theirs, went, words, is_alone });
    }
}

/// A push of which nobody knows yet what came of it.
struct Tried {
    tip: ObjectId,
    /// Where the remote was.
    on: Option<ObjectId>,
    went: Vec<Entry>,
    words: String,
    /// One operation, without the others that wait.
    is_alone: bool,
}

/// The remote's chain with this one operation and without the others that wait: one bad note must not be in the way of
/// who takes a task.
fn alone(
    repo: &Repository,
    remote: &Remote,
    theirs: Option<ObjectId>,
    waiting: &[Entry],
    id: &OperationId,
    said: &str,
) -> Result<(ObjectId, Vec<Entry>), SyncError> {
    let is_it = |entry: &&Entry| entry.operation.as_ref().is_some_and(|operation| operation.id == *id);
    let refused = |words: String| SyncError::HostRefused { remote: remote.name.clone(), words };
    let entry = waiting.iter().find(is_it).ok_or_else(|| refused("it is not there any more".to_owned()))?;
    let mut replay = Replay::on(repo, theirs, std::slice::from_ref(entry))?;
    replay.add(entry)?.map_err(|reason| refused(format!("{said}; and without the rest, {reason}")))?;
    let tip = replay.tip().ok_or_else(|| refused("it is not there any more".to_owned()))?;
    Ok((tip, vec![Entry { commit: tip, ..entry.clone() }]))
}

/// Fetch, once more when it fails: a connection breaks, a lock is held for a moment.
fn fetch(
    repo: &Repository,
    world: &World,
    remote: &Remote,
    known: Option<ObjectId>,
    patience: Duration,
) -> Result<Option<ObjectId>, SyncError> {
    if let Some(known) = known
        && let Some(tip) = nearby::fetch(repo, remote, known, patience)?
    {
        let incoming = remote.incoming_ref();
        let before = refs::read(repo, &incoming)?;
        integrate::move_remembered(repo, world, &incoming, before, Some(tip), "sync: fetched")?;
        return Ok(Some(tip));
    }
    let begun = Instant::now();
    match host::fetch(repo, remote, patience) {
        Err(SyncError::Unreachable { .. }) if begun.elapsed() < Duration::from_secs(5) => {
            std::thread::sleep(Duration::from_millis(fastrand::u64(20..100)));
            host::fetch(repo, remote, patience)
        }
        answer => answer,
    }
}

/// Whether the remote's chain is sound; gives what is wrong when it does not continue what it was. Single documents that
/// break a rule are no reason to stop.
fn judge(
    repo: &Repository,
    remote: &Remote,
    known: Option<ObjectId>,
    theirs: Option<ObjectId>,
    quarantined: &mut Vec<Damaged>,
) -> Result<Option<SyncError>, SyncError> {
    let name = || remote.name.clone();
    if let Some(theirs) = theirs {
        let continues = known.filter(|known| is_within(repo, *known, theirs));
        let vetted = store::vet(repo, theirs, continues).map_err(|error| match error {
            VetError::Store(error @ StoreError::NewerFormat { .. }) => error.into(),
            error => refused(repo, remote, known, &error),
        })?;
        *quarantined = vetted.quarantined;
        return Ok(known.filter(|_| continues.is_none()).map(|accepted| SyncError::Rewound {
            remote: name(),
            accepted,
            found: theirs,
        }));
    }
    Ok(known.map(|accepted| SyncError::Gone { remote: name(), accepted }))
}

/// Why a chain is not taken in: what is not here, or is not ours, is nothing to put back.
fn refused(repo: &Repository, remote: &Remote, known: Option<ObjectId>, error: &VetError) -> SyncError {
    let (name, reason) = (remote.name.clone(), error.to_string());
    let is_missing = match error {
        VetError::Commit { commit, fault: Fault::Unreadable { .. } } => !repo.gix().has_object(*commit),
        VetError::Store(StoreError::Unreadable { .. }) => true,
        VetError::Store(StoreError::NoFormat { commit, .. }) => store::is_missing(repo, *commit, FORMAT_PATH),
        _ => false,
    };
    match error {
        _ if is_missing => {
            SyncError::Unreadable { remote: name, reason, is_shallow: repo.gix().is_shallow().unwrap_or_default() }
        }
        VetError::Store(StoreError::NoFormat { reason, .. }) if known.is_none() => {
            SyncError::NoState { remote: name, name: remote.theirs.clone(), reason: (*reason).to_owned() }
        }
        _ => SyncError::Unsound { remote: name, reason },
    }
}

/// Keep a chain that is about to be taken away from a remote: a newer version may have written what this one takes for
/// unsound.
fn keep_unsound(repo: &Repository, world: &World, tip: Option<ObjectId>) -> Result<(), SyncError> {
    let Some(tip) = tip else { return Ok(()) };
    let name = format!("{TAKEN_AWAY}{tip}/state");
    let before = refs::read(repo, &name)?;
    integrate::move_remembered(repo, world, &name, before, Some(tip), "sync: taken away from a remote")
}

/// Put the remote back to the newest commit of its chain that is sound, or to what it had before. What follows there was
/// made by nobody's clone.
fn put_back(
    repo: &Repository,
    remote: &Remote,
    known: Option<ObjectId>,
    theirs: Option<ObjectId>,
    error: SyncError,
    patience: Duration,
) -> Result<(), SyncError> {
    let mut sound = None;
    let mut next = theirs;
    // Each round finds one fault further back.
    for _ in 0..MOST_FAULTS {
        let Some(tip) = next.filter(|tip| Some(*tip) != known) else { break };
        match store::vet(repo, tip, known.filter(|known| is_within(repo, *known, tip))) {
            Ok(_) => sound = Some(tip),
            Err(VetError::Commit { commit, .. }) => {
                next = store::parent_of(repo, commit).ok().flatten();
                continue;
            }
            Err(_) => {}
        }
        break;
    }
    // Without either it was never ours to put back.
    let Some(sound) = sound.or(known) else { return Err(error) };
    match host::push(repo, remote, sound, theirs, patience)? {
        Push::Taken => Ok(()),
        Push::Unclear { words } => Err(SyncError::HostRefused { remote: remote.name.clone(), words }),
    }
}

/// Whether the chain of `tip` has `commit`.
fn is_within(repo: &Repository, commit: ObjectId, tip: ObjectId) -> bool {
    between(repo, Some(commit), Some(tip)).is_ok_and(|split| split.base == Some(commit))
}

/// Only pushing was asked for: what the remote has must be here.
fn refuse_behind(repo: &Repository, remote: &Remote, theirs: Option<ObjectId>) -> Result<(), SyncError> {
    let ours = crate::store::tip(repo)?;
    let count = theirs.map(|_| between(repo, ours, theirs)).transpose()?.map_or(0, |split| split.theirs.len());
    if count == 0 { Ok(()) } else { Err(SyncError::Behind { remote: remote.name.clone(), count }) }
}

/// Pushes that were not taken, and how long it is still worth trying.
struct Races {
    give_up: Instant,
    lost: u32,
    on_one_tip: u32,
}

impl Races {
    /// A push was not taken, and the remote is at `now`: whether to try the wanted operation alone, or why to give up.
    fn lost(
        &mut self,
        remote: &Remote,
        now: Option<ObjectId>,
        tried: &Tried,
        request: &Request,
        waiting: &[Entry],
    ) -> Result<bool, SyncError> {
        let remote = remote.name.clone();
        self.lost += 1;
        if now != tried.on {
            self.on_one_tip = 0;
        } else {
            self.on_one_tip += 1;
            let can_go_alone = request.until.is_some() && waiting.len() > 1;
            match self.on_one_tip.cmp(&TRIES_ON_ONE_TIP) {
                std::cmp::Ordering::Less => {}
                _ if can_go_alone && !tried.is_alone => return Ok(true),
                _ => return Err(SyncError::HostRefused { remote, words: tried.words.clone() }),
            }
        }
        if Instant::now() > self.give_up {
            return Err(SyncError::Overtaken { remote, tries: self.lost });
        }
        Ok(false)
    }

    /// Wait before looking again, anywhere between not at all and twice as long as the last time at most.
    fn pause(&self) {
        let most = FIRST_PAUSE.saturating_mul(1 << self.lost.min(6)).min(LONGEST_PAUSE);
        std::thread::sleep(most.mul_f64(fastrand::f64()));
    }
}
