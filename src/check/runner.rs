//! Whether a commit passes: all commands, one after the other, in the integration worktree.
//!
//! What was found is remembered by tree for as long as one landing takes, so that rebase and merge, or two sets that
//! come to the same files, share it. It is not remembered longer: a check may depend on more than the files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::process::{self, End, Spec};
use super::settings::Settings;
use crate::git::Repository;
use crate::git::hooks::INSIDE;
use crate::worktree::integration::{Integration, IntegrationError};

/// What the commands say of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All of them pass.
    Passed,
    /// One fails.
    Failed(Failure),
}

/// A command that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub command: String,
    /// How.
    pub end: End,
    /// Where its output is.
    pub log: PathBuf,
    /// The end of its output.
    pub tail: String,
}

/// What happens while checks run.
#[derive(Debug)]
pub enum Event<'a> {
    /// A command begins.
    Begins {
        /// Its number in this landing, from 1.
        number: usize,
        /// The command.
        command: &'a str,
        /// What is checked, for people.
        subject: &'a str,
        /// Where its output goes.
        log: &'a Path,
    },
    /// It writes.
    Output(&'a [u8]),
    /// It has ended.
    Ended {
        /// Its number.
        number: usize,
        /// The command.
        command: &'a str,
        /// What was checked.
        subject: &'a str,
        /// How.
        end: End,
    },
}

/// Why nothing could be checked. That says nothing about the branches.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The integration worktree could not be prepared.
    #[error(transparent)]
    Integration(#[from] IntegrationError),
    /// The command could not be started, or its log not be written.
    #[error("`{command}` could not be run: {source}")]
    Io {
        /// The command.
        command: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Runs the checks of one landing.
pub struct Runner<'a> {
    repo: &'a Repository,
    integration: &'a Integration,
    settings: &'a Settings,
    /// Names the runs and their logs.
    id: String,
    known: BTreeMap<ObjectId, Verdict>,
    runs: usize,
    flaky: Vec<Failure>,
    observer: &'a mut dyn FnMut(Event<'_>),
}

impl<'a> Runner<'a> {
    /// A runner for one landing, which `id` names.
    pub fn new(
        repo: &'a Repository,
        integration: &'a Integration,
        settings: &'a Settings,
        id: &str,
        observer: &'a mut dyn FnMut(Event<'_>),
    ) -> Self {
        let (id, known, flaky) = (id.to_owned(), BTreeMap::new(), Vec::new());
        Runner { repo, integration, settings, id, known, runs: 0, flaky, observer }
    }

    /// Whether the commit passes, which must be in the repository. `subject` says to people what it is.
    ///
    /// # Errors
    /// See [`CheckError`].
    pub fn verdict(&mut self, commit: ObjectId, tree: ObjectId, subject: &str) -> Result<Verdict, CheckError> {
        if let Some(known) = self.known.get(&tree) {
            return Ok(known.clone());
        }
        let mut verdict = Verdict::Passed;
        for command in &self.settings.commands {
            if let Some(failure) = self.with_retries(commit, command, subject)? {
                verdict = Verdict::Failed(failure);
                break;
            }
        }
        self.known.insert(tree, verdict.clone());
        Ok(verdict)
    }

    /// How many commands were run.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// Failures of commands that passed when they were tried again.
    pub fn flaky(&self) -> &[Failure] {
        &self.flaky
    }

    fn with_retries(&mut self, commit: ObjectId, command: &str, subject: &str) -> Result<Option<Failure>, CheckError> {
        let mut first = None;
        for _ in 0..=self.settings.retries {
            let Some(failure) = self.once(commit, command, subject)? else {
                self.flaky.extend(first);
                return Ok(None);
            };
            first.get_or_insert(failure);
        }
        Ok(first)
    }

    fn once(&mut self, commit: ObjectId, command: &str, subject: &str) -> Result<Option<Failure>, CheckError> {
        let failed = |source| CheckError::Io { command: command.to_owned(), source };
        self.runs += 1;
        let number = self.runs;
        let log = self.new_log(number).map_err(failed)?;
        (self.observer)(Event::Begins { number, command, subject, log: &log });
        // Every time: the command before may have changed the files, or removed them.
        self.integration.set(self.repo, commit)?;
        // Ids may be made to repeat; whose processes these are must be certain.
        let mark = format!("{}-{number}-{}", self.id, std::process::id());
        let timeout = self.settings.timeout;
        let environment = [(INSIDE.to_owned(), OsString::from("1"))];
        let spec =
            Spec { command, dir: self.integration.path(), log: &log, timeout, mark: &mark, environment: &environment };
        let end = process::run(&spec, &mut |bytes| (self.observer)(Event::Output(bytes))).map_err(failed)?;
        (self.observer)(Event::Ended { number, command, subject, end });
        if end.is_good() {
            return Ok(None);
        }
        let tail = super::log::tail(&log).unwrap_or_default();
        Ok(Some(Failure { command: command.to_owned(), end, log, tail }))
    }

    fn new_log(&self, number: usize) -> io::Result<PathBuf> {
        let folder = folder(self.repo);
        std::fs::create_dir_all(&folder)?;
        if number == 1 {
            super::log::forget_old(&folder);
        }
        let log = folder.join(format!("{}-{number}.log", self.id));
        // A log is made anew, also where the id repeats.
        drop(std::fs::remove_file(&log));
        Ok(log)
    }
}

/// Where the logs are.
pub fn folder(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("logs/checks")
}
