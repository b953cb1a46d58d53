//! Whether a lease has expired, by this clone's own clock: what it has seen unchanged for the lease's length.
//!
//! What was seen is noted in `$GIT_COMMON_DIR/agents/leases`, and which assignment an agent of this clone began with in
//! `$GIT_COMMON_DIR/agents/held/<agent>`. Both can be lost: then a lease is taken to run a little longer, and an agent
//! that has begun its task here is taken to know what the state says ([`super::begun`]).

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use gix::ObjectId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::agent::AgentName;
use crate::git::Repository;
use crate::git::refs;
use crate::state::State;
use crate::task::{Fence, Task, TaskId, later};

/// How far the holder's clock may be wrong where nothing but its own time says how old a lease is.
const GRACE: TimeDelta = TimeDelta::minutes(10);

/// What this clone makes of a holder's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The task is its holder's.
    Live {
        /// Until then, if nothing is heard.
        until: DateTime<Utc>,
    },
    /// Whoever wants it may take it over.
    Expired {
        /// When it ended.
        at: DateTime<Utc>,
        /// The last sign of life.
        heard: DateTime<Utc>,
    },
}

/// A lease as it was seen, and since when it has been like that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    /// Which assignment; absent for one of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fence: Option<Fence>,
    renewed_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
    /// Nothing of this assignment was seen before, so nothing is known of its age but what it says itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_first: bool,
}

/// What this clone has seen of leases.
#[derive(Debug)]
pub struct Leases<'r> {
    repo: &'r Repository,
    now: DateTime<Utc>,
    seen: BTreeMap<TaskId, Seen>,
}

impl<'r> Leases<'r> {
    /// What was seen up to now.
    pub fn read(repo: &'r Repository, now: DateTime<Utc>) -> Self {
        Leases { repo, now, seen: read_json(&seen_file(repo)).unwrap_or_default() }
    }

    /// Look at the leases as they are now, and remember it. To be called after every write and every fetch; what cannot
    /// be written is seen later.
    pub fn observe(&mut self, state: &State) {
        let in_hand = state.tasks.values().filter(|task| task.is_in_hand());
        let now: BTreeMap<TaskId, Seen> =
            in_hand.filter_map(|task| Some((task.id.clone(), self.look_at(task)?))).collect();
        if now != self.seen {
            drop(write_json(&seen_file(self.repo), &now));
            self.seen = now;
        }
    }

    /// How the lease of a task stands, without a look at its holder's branch while it runs: it may run longer then.
    pub fn glance(&self, state: &State, task: &Task) -> Option<Standing> {
        match self.by_clock(task)? {
            until if until > self.now => Some(Standing::Live { until }),
            _ => self.standing(state, task),
        }
    }

    /// How the lease of a task stands; none when nobody has it in hand.
    pub fn standing(&self, state: &State, task: &Task) -> Option<Standing> {
        let lease = task.lease()?;
        let until = self.by_clock(task)?;
        let worked = self.last_commit(state, task);
        let until = worked.map_or(until, |at| until.max(later(at, lease.ttl())));
        if until > self.now {
            return Some(Standing::Live { until });
        }
        let heard = worked.map_or(lease.renewed_at, |at| at.max(lease.renewed_at));
        Some(Standing::Expired { at: until, heard })
    }

    /// When it ends by what is in the state.
    fn by_clock(&self, task: &Task) -> Option<DateTime<Utc>> {
        let lease = task.lease()?;
        let seen = self.look_at(task)?;
        let by_own_clock = later(seen.seen_at, lease.ttl());
        let by_its_time = later(lease.until(), GRACE);
        Some(if seen.is_first { by_own_clock.min(by_its_time) } else { by_own_clock })
    }

    /// The lease as it would be noted now.
    fn look_at(&self, task: &Task) -> Option<Seen> {
        let (fence, renewed_at) = (task.fence(), task.lease()?.renewed_at);
        let before = self.seen.get(&task.id).filter(|seen| seen.fence == fence);
        match before {
            // A clock that was put back has seen nothing.
            Some(seen) if seen.renewed_at == renewed_at && seen.seen_at <= self.now => Some(seen.clone()),
            before => Some(Seen { fence, renewed_at, seen_at: self.now, is_first: before.is_none() }),
        }
    }

    /// When the holder's branch got its newest commit: work is a sign of life. A time that is yet to come says nothing.
    fn last_commit(&self, state: &State, task: &Task) -> Option<DateTime<Utc>> {
        let agent = state.agents.get(task.agent.as_ref()?)?;
        let tip = refs::read(self.repo, &format!("refs/heads/{}", agent.branch)).ok().flatten()?;
        let base = task.live_attempt()?.base.as_ref();
        if base.is_some_and(|base| ObjectId::from_hex(base.as_str().as_bytes()).is_ok_and(|base| base == tip)) {
            return None;
        }
        let time = self.repo.gix().find_commit(tip).ok()?.time().ok()?;
        DateTime::from_timestamp(time.seconds, 0).filter(|at| *at <= self.now)
    }
}

/// The assignment with which an agent of this clone began its task.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    task: TaskId,
    fence: Fence,
}

/// Note the assignment with which `agent` has begun `task` in this clone.
pub fn remember(repo: &Repository, agent: &AgentName, task: &Task) {
    if let Some(fence) = task.fence() {
        drop(write_json(&held_file(repo, agent), &Held { task: task.id.clone(), fence }));
    }
}

/// The assignment of `task` that `agent` knows: the one that it began with here, else the one that the state has.
pub fn known(repo: &Repository, agent: &AgentName, task: &Task) -> Option<Fence> {
    let held: Option<Held> = read_json(&held_file(repo, agent));
    held.filter(|held| held.task == task.id).map(|held| held.fence).or_else(|| task.fence())
}

/// The task that `agent` began last in this clone and has not ended here, and by which assignment.
pub fn held(repo: &Repository, agent: &AgentName) -> Option<(TaskId, Fence)> {
    read_json(&held_file(repo, agent)).map(|held: Held| (held.task, held.fence))
}

/// The agent has ended its task.
pub fn forget(repo: &Repository, agent: &AgentName) {
    drop(std::fs::remove_file(held_file(repo, agent)));
}

fn seen_file(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("leases")
}

fn held_file(repo: &Repository, agent: &AgentName) -> PathBuf {
    repo.agents_dir().join("held").join(agent.as_str())
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn write_json(path: &Path, value: &impl Serialize) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut file, value)?;
    file.write_all(b"\n")?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
#[path = "leases_test.rs"]
mod tests;
