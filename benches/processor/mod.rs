//! What processes cost in processor time.

use std::time::Duration;

use nix::sys::resource::{Usage, UsageWho, getrusage};

/// What all children that have ended took.
pub(crate) fn of_children() -> Usage {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap()
}

/// User and system time together.
pub(crate) fn time(usage: &Usage) -> Duration {
    let micros = |time: nix::sys::time::TimeVal| (time.tv_sec() as u64) * 1_000_000 + time.tv_usec() as u64;
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}

/// What `run` and everything that it starts and waits for take.
pub(crate) fn spent(run: impl FnOnce()) -> Duration {
    let before = time(&of_children());
    run();
    time(&of_children()) - before
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
