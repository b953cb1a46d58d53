//! How a program is to be run, as whoever gives the command says it: for one run, or for all of a plan.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::compose::ComposeError;
use super::record::Mode;
use crate::agent::AgentName;
use crate::git::Repository;
use crate::preset::{PresetError, Subject, Wanted, Wishes};
use crate::profile::{self, Profile, ProfileError};

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
    pub fn profile(&self, known: &Known<'_>, agent: &AgentName, last: Option<&str>) -> Result<Profile, ComposeError> {
        if !self.command.is_empty() {
            return Ok(Profile::given(&self.command));
        }
        match profile::name_of(known.repo, Some(agent), self.profile.as_deref().or(last)) {
            Some(name) => Ok(known.profile(&name)?),
            None => Err(ComposeError::NoProfile { agent: agent.clone() }),
        }
    }

    /// The model for a task, and why that one. A command that was given gets one only where somebody has asked for it.
    ///
    /// # Errors
    /// There is no such preset, or no such model.
    pub fn model(
        &self,
        known: &Known<'_>,
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
        // Without a task there is nothing to choose by, but what was asked for has to make sense.
        let wishes = known.wishes(self)?;
        let choice = task.map(|task| wishes.choose(profile, task));
        Ok(choice.map_or((None, None), |choice| (choice.model, Some(choice.reason))))
    }
}

/// What is configured, looked up once for all tasks of a command.
#[derive(Debug)]
pub struct Known<'r> {
    pub(super) repo: &'r Repository,
    profiles: RefCell<BTreeMap<String, Profile>>,
    wishes: OnceCell<Wishes>,
}

impl<'r> Known<'r> {
    /// Nothing yet.
    pub fn of(repo: &'r Repository) -> Self {
        Known { repo, profiles: RefCell::default(), wishes: OnceCell::new() }
    }

    fn profile(&self, name: &str) -> Result<Profile, ProfileError> {
        if let Some(known) = self.profiles.borrow().get(name) {
            return Ok(known.clone());
        }
        let found = profile::find(self.repo, name)?;
        self.profiles.borrow_mut().insert(name.to_owned(), found.clone());
        Ok(found)
    }

    /// The preset and the models are those of the command, the same for all its tasks.
    fn wishes(&self, how: &How) -> Result<&Wishes, PresetError> {
        if let Some(known) = self.wishes.get() {
            return Ok(known);
        }
        let wanted = Wanted { preset: how.preset.as_deref(), models: &how.models };
        let wishes = Wishes::of(self.repo, &wanted)?;
        Ok(self.wishes.get_or_init(|| wishes))
    }
}
