//! How a program is to be run, as whoever gives the command says it: for one run, or for all of a plan.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::compose::ComposeError;
use super::record::Mode;
use crate::agent::AgentName;
use crate::git::Repository;
use crate::preset::{self, Subject, Wanted};
use crate::profile::{self, Profile};

/// How it is to be run. What is not said follows from the agent, the task and the configuration.
#[derive(Debug, Clone)]
pub struct How {
    /// The program and its arguments, with placeholders; empty for those of a profile.
    pub command: Vec<OsString>,
    /// Where that was typed: a program that is named by a path may be there.
    pub typed_in: PathBuf,
    /// The profile.
    pub profile: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The preset that chooses the model.
    pub preset: Option<String>,
    /// The models that it may choose.
    pub models: Vec<String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How it is started.
    pub mode: Mode,
    /// More of the environment.
    pub env: Vec<(String, OsString)>,
}

impl How {
    /// The same with what a plan says of one task, which goes before.
    #[must_use]
    pub fn of_task(&self, profile: Option<&str>, model: Option<&str>) -> How {
        let mut how = self.clone();
        how.profile = profile.map(str::to_owned).or(how.profile);
        how.model = model.map(str::to_owned).or(how.model);
        how
    }

    /// What is run for an agent: the command that was given, or a profile; `last` is that of the run that is gone on with.
    ///
    /// # Errors
    /// Nobody has said, or there is no such profile.
    pub fn profile(&self, repo: &Repository, agent: &AgentName, last: Option<&str>) -> Result<Profile, ComposeError> {
        if !self.command.is_empty() {
            return Ok(Profile::given(&self.command));
        }
        let found = profile::chosen(repo, Some(agent), self.profile.as_deref().or(last))?;
        found.ok_or_else(|| ComposeError::NoProfile { agent: agent.clone() })
    }

    /// The model for a task, and why that one. A command that was given gets one only where somebody has asked for it.
    ///
    /// # Errors
    /// There is no such preset, or no such model.
    pub fn model(
        &self,
        repo: &Repository,
        profile: &Profile,
        task: Option<&Subject<'_>>,
    ) -> Result<(Option<String>, Option<String>), ComposeError> {
        if self.model.is_some() {
            return Ok((self.model.clone(), None));
        }
        let is_asked = self.preset.is_some() || !self.models.is_empty();
        if !is_asked && (profile.is_given() || task.is_none()) {
            return Ok((None, None));
        }
        let wanted = Wanted { preset: self.preset.as_deref(), models: &self.models };
        let nothing = Subject { title: "", body: "", category: None, paths: &[], labels: &[], hours: None };
        let choice = preset::choose(repo, profile, &wanted, task.unwrap_or(&nothing))?;
        // Without a task there is nothing to choose by, but what was asked for has to make sense.
        Ok(if task.is_some() { (choice.model, Some(choice.reason)) } else { (None, None) })
    }
}
