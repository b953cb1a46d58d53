//! Whose a task is for now: a number for each assignment, and a lease that every act of the holder renews.
//!
//! Whether a lease has expired is never a rule: two clocks need not agree, so each clone decides by its own what it takes
//! over. What the rules see is the number, which tells the newest holder from all before.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent::AgentName;
use crate::name::checked_name;

checked_name! {
    /// The id of the operation that gave a task to its agent: the same wherever that operation is replayed.
    AssignmentId
}

/// How long a lease runs when nobody says otherwise: two hours, in seconds.
pub const DEFAULT_TTL_S: u32 = 2 * 60 * 60;

/// A span during which nobody else may take it, counted from the holder's last act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// How long, in seconds.
    pub ttl_s: u32,
    /// When the holder last did something, by the holder's clock.
    pub renewed_at: DateTime<Utc>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Lease {
    /// A lease that begins now.
    pub fn new(ttl_s: Option<u32>, renewed_at: DateTime<Utc>) -> Self {
        Lease { ttl_s: ttl_s.unwrap_or(DEFAULT_TTL_S), renewed_at, extra: Map::new() }
    }

    /// Its length.
    pub fn ttl(&self) -> TimeDelta {
        TimeDelta::seconds(self.ttl_s.into())
    }

    /// When it ends, by the holder's clock.
    pub fn until(&self) -> DateTime<Utc> {
        later(self.renewed_at, self.ttl())
    }
}

/// A time that much later; the end of all times where there is none.
pub fn later(time: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Which assignment of a task somebody knows. Whoever acts on an outdated one is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// Its number: each assignment of a task has a higher one than the one before.
    pub epoch: u64,
    /// The operation that made it. A replay on another clone's operations may change the number, and never this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AssignmentId>,
}

impl Fence {
    /// Whether both are the same assignment.
    pub fn is(&self, other: &Fence) -> bool {
        match (&self.by, &other.by) {
            (Some(one), Some(other)) => one == other,
            _ => self.epoch == other.epoch,
        }
    }
}

/// An assignment that is ended because its holder gave no sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeOver {
    /// Whose it was.
    pub from: AgentName,
    /// Which assignment; absent for one that an old version made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
    /// The last sign of life that was seen. One since then, and nothing is taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_at: Option<DateTime<Utc>>,
}

/// On which terms an agent gets a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How long the lease runs, in seconds; absent for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_s: Option<u32>,
    /// What is taken over, when somebody has it whose lease has expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<TakeOver>,
}

impl Terms {
    /// Whether they are the usual ones.
    pub fn are_usual(&self) -> bool {
        *self == Terms::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(epoch: u64, by: Option<&str>) -> Fence {
        Fence { epoch, by: by.map(|text| text.parse().unwrap()) }
    }

    #[test]
    fn assignments_are_told_by_their_operation_and_without_one_by_their_number() {
        assert!(fence(1, Some("a")).is(&fence(2, Some("a"))), "replayed, it has another number");
        assert!(!fence(1, Some("a")).is(&fence(1, Some("b"))));
        assert!(fence(1, None).is(&fence(1, Some("b"))));
        assert!(!fence(1, None).is(&fence(2, None)));
    }

    #[test]
    fn no_lease_is_too_long_to_be_counted() {
        let lease = Lease::new(Some(u32::MAX), DateTime::<Utc>::MAX_UTC);
        assert_eq!(lease.until(), DateTime::<Utc>::MAX_UTC);
        let usual = Lease::new(None, DateTime::UNIX_EPOCH);
        assert_eq!(usual.until().timestamp(), 7200);
    }
}
