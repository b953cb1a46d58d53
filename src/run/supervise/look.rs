//! Looking now and then at what a run uses, so that others can tell whether it does anything; and at what would be nobody's
//! if its supervisor were not there any more.

use std::time::{Duration, Instant};

use super::watch::Watch;
use crate::process::table;
use crate::run::id::MARK;
use crate::run::list::usage_below;
use crate::run::record::{Activity, Birth};
use crate::run::state::is_much;
use crate::world::World;

/// The first looks come sooner, twice as long after each other, since most is started at the beginning.
const FIRST: Duration = Duration::from_secs(1);
/// The record has limited room.
const MOST_UNMARKED: usize = 50;

/// When it is looked, and what was seen last.
#[derive(Debug)]
pub(super) struct Looks {
    every: Duration,
    pause: Duration,
    pub(super) next: Instant,
    last: Instant,
    pub(super) seen: Option<Activity>,
}

impl Looks {
    pub(super) fn new(every: Duration) -> Self {
        let now = Instant::now();
        Looks { every, pause: FIRST, next: now, last: now, seen: None }
    }
}

impl Watch {
    /// See what it has used, and write it down.
    pub(super) fn look(&mut self, now: Instant) {
        let looks = &mut self.rest.looks;
        let span = now.saturating_duration_since(looks.last);
        (looks.last, looks.next) = (now, now + looks.pause.min(looks.every));
        looks.pause = (looks.pause * 2).min(looks.every);
        let own = self.began.supervisor.pid;
        let Some(usage) = table::look_up(own).map(|own| usage_below(&own)) else { return };
        let cpu_ms = u64::try_from(usage.cpu.as_millis()).unwrap_or(u64::MAX);
        let time = World::here().now;
        let has_output = std::mem::take(&mut self.rest.has_output);
        let seen = self.rest.looks.seen.as_ref();
        let is_active = |seen: &Activity| has_output || is_much(cpu_ms.saturating_sub(seen.cpu_ms), span);
        let activity = Activity {
            looked_at: time,
            active_at: seen.filter(|seen| !is_active(seen)).map_or(time, |seen| seen.active_at),
            cpu_ms,
            memory: usage.memory,
            peak_memory: seen.map_or(0, |seen| seen.peak_memory).max(usage.memory),
            processes: usage.processes,
            dropped: self.dropped(),
            rotated: self.rotated(),
            unmarked: self.unmarked(),
        };
        drop(self.activity.write(&activity));
        self.rest.looks.seen = Some(activity);
    }

    /// What has come from the program without the mark that all of it is given.
    fn unmarked(&self) -> Vec<Birth> {
        let id = self.tree.id().as_bytes();
        let mut found = self.tree.alive();
        found.retain(|process| table::variable(process.pid, MARK).is_none_or(|mark| mark != id));
        found.iter().take(MOST_UNMARKED).map(|process| Birth { pid: process.pid, start: Some(process.start) }).collect()
    }
}
