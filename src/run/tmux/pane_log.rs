//! Keeping what appears in a window: a process that tmux writes to, with the same limits as everywhere.

use std::io::Read;
use std::process::ExitCode;

use crate::run::file::{self, Fact};
use crate::run::folder::{Folder, Stream};
use crate::run::record::Plan;
use crate::run::supervise::log::Log;

/// The name by which our program is told to keep what appears in a window.
pub(in crate::run) const PANE_LOG: &str = "__pane-log";
const AT_ONCE: usize = 16 << 10;

/// Keep everything that comes, until the window is closed.
pub(in crate::run) fn keep(folder: &Folder) -> ExitCode {
    let Fact::Known(plan) = file::read::<Plan>(&folder.plan()) else { return ExitCode::from(4) };
    let mut log = Log::new(folder.log(Stream::Out), folder.older_log(Stream::Out), plan.log_limit);
    let mut bytes = vec![0; AT_ONCE];
    let mut input = std::io::stdin().lock();
    loop {
        match input.read(&mut bytes) {
            Ok(0) => return ExitCode::SUCCESS,
            Ok(length) => log.keep(&bytes[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return ExitCode::from(4),
        }
    }
}
