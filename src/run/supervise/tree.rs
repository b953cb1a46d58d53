//! What has come from the program that we watch over: everything below us, wherever it went.
//!
//! Two things below us are none of it: our guard, and the runs that the program has started itself, which have a
//! supervisor of their own and are to outlive it.

use rustix::process::{Pid, Signal, kill_process_group};

use crate::process::guard::GUARD;
use crate::process::table::{self, Process};
use crate::run::id::{MARK, RunId};

/// The processes of one run.
#[derive(Debug)]
pub(super) struct Tree {
    own: i32,
    id: RunId,
    /// The program's process group, when it leads one of its own and has not been buried: until then its number is nobody
    /// else's.
    pub(super) group: Option<Pid>,
}

impl Tree {
    pub(super) fn new(id: RunId) -> Self {
        Tree { own: rustix::process::getpid().as_raw_nonzero().get(), id, group: None }
    }

    /// The run.
    pub(super) fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Everything that is alive.
    pub(super) fn alive(&self) -> Vec<Process> {
        let mut others: Vec<i32> = Vec::new();
        let mut own = table::descendants(self.own);
        own.retain(|process| {
            let is_other = others.contains(&process.parent) || self.is_other(process);
            if is_other {
                others.push(process.pid);
            }
            !is_other && process.is_alive()
        });
        own
    }

    fn is_other(&self, process: &Process) -> bool {
        let Some(mark) = table::variable(process.pid, MARK) else { return false };
        let Ok(mark) = String::from_utf8(mark) else { return false };
        match mark.strip_prefix(GUARD) {
            Some(guarded) => guarded.parse::<RunId>().is_ok(),
            None => mark != self.id.as_str() && mark.parse::<RunId>().is_ok(),
        }
    }

    /// Nothing is alive any more, and that is certain.
    pub(super) fn is_gone(&self) -> bool {
        // The kernel's list of children may lack one while others end; a second look has to agree.
        self.alive().is_empty() && self.alive().is_empty()
    }

    /// Send a signal to all of it.
    pub(super) fn signal(&self, signal: Signal) {
        for process in self.alive() {
            drop(table::signal(process.pid, process.start, signal));
        }
        if let Some(group) = self.group {
            kill_process_group(group, signal).ok();
        }
    }
}
