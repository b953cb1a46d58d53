//! The terminal that a program in the foreground is given: one that is ended does not put it back as it was.

use std::io::stdin;

use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// How the terminal was; nothing where there is none.
#[derive(Debug)]
pub(super) struct Terminal {
    was: Option<Termios>,
}

impl Terminal {
    /// The one that is our standard input.
    pub(super) fn here() -> Self {
        Terminal { was: tcgetattr(stdin()).ok() }
    }

    /// Make it what it was, when it is ours still: whoever sets another's is stopped.
    pub(super) fn put_back(&self) {
        let is_ours = tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp());
        if let Some(was) = self.was.as_ref().filter(|_| is_ours) {
            tcsetattr(stdin(), OptionalActions::Now, was).ok();
        }
    }
}
