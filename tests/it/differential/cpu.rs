//! Processor time, of this process and of its children.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

/// Time that processors have spent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu(pub(crate) Duration);

impl Cpu {
    /// What was spent since then.
    pub(crate) fn since(self, before: &Cpu) -> Cpu {
        Cpu(self.0.saturating_sub(before.0))
    }
}

impl std::ops::AddAssign for Cpu {
    fn add_assign(&mut self, other: Cpu) {
        self.0 += other.0;
    }
}

/// Of all children that have ended.
pub(crate) fn children() -> Cpu {
    of(UsageWho::RUSAGE_CHILDREN)
}

/// Of this process and of all children that have ended.
pub(crate) fn all() -> Cpu {
    Cpu(of(UsageWho::RUSAGE_SELF).0 + children().0)
}

fn of(who: UsageWho) -> Cpu {
    let usage = getrusage(who).unwrap();
    let micros = |time: nix::sys::time::TimeVal| (time.tv_sec() as u64) * 1_000_000 + time.tv_usec() as u64;
    Cpu(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}
