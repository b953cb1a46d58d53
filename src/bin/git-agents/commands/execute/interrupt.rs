//! Being interrupted: the first time it is noted, the second time it ends us, as a kill would.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether somebody wants us to stop.
#[derive(Debug)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listen from now on.
    pub(super) fn listen() -> Self {
        let came = Arc::new(AtomicBool::new(false));
        // What is shared meanwhile would end us, as it does with commands that do not listen.
        git_agents::sync::leave_interrupts();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // In this order: at the first signal the first of them finds nothing noted. What cannot be heard ends us.
            drop(flag::register_conditional_default(signal, Arc::clone(&came)));
            drop(flag::register(signal, Arc::clone(&came)));
        }
        Interrupt(came)
    }

    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// What was done, or none when it was cut short: on a terminal an interrupt reaches the git that we wait for as well,
    /// and it can be done again.
    pub(super) fn spared<T, E>(&self, done: Result<T, E>) -> Result<Option<T>, E> {
        match done {
            Err(_) if self.came() => Ok(None),
            done => done.map(Some),
        }
    }
}
