//! Profiles as they hold here: the table, changed and added to by `agents.profile.<name>.*` in git's configuration and,
//! when it is trusted, `.agents.toml`.

use std::collections::BTreeSet;

use gix::bstr::ByteSlice;

use super::builtin::{self, BUILT_IN};
use super::{Call, CostSource, Origin, Profile, ProfileError, Stdin, Tiers, nested, script};
use crate::agent::AgentName;
use crate::config::{self, shared};
use crate::git::Repository;
use crate::name::check_name;

/// The key that names the profile of every agent that has none of its own.
pub const PROFILE_KEY: &str = "agents.profile";

/// The profile of this name.
///
/// # Errors
/// See [`ProfileError`].
pub fn find(repo: &Repository, name: &str) -> Result<Profile, ProfileError> {
    let known = builtin::find(name).map(builtin::BuiltIn::profile);
    if check_name(name).is_err() || (known.is_none() && !configured(repo).contains(name)) {
        let file = shared::read(repo).ok().flatten().filter(|file| !file.is_trusted);
        let prefix = format!("agents.profile.{name}.");
        if file.is_some_and(|file| file.values.keys().any(|key| key.starts_with(&prefix))) {
            return Err(ProfileError::NotTrusted { name: name.to_owned() });
        }
        return Err(ProfileError::Unknown { name: name.chars().take(64).collect(), known: names(repo) });
    }
    let source = Source { repo, name };
    let mut profile = known.clone().unwrap_or_else(|| empty(name));
    source.change(&mut profile)?;
    profile.origin = match known {
        Some(known) if known == profile => Origin::BuiltIn,
        Some(_) => Origin::Changed,
        None => Origin::Configured,
    };
    Ok(profile)
}

/// The name of the profile that an agent is run with: the one that was given, else the agent's own, else everybody's;
/// none when nobody has said any.
pub fn name_of(repo: &Repository, agent: Option<&AgentName>, given: Option<&str>) -> Option<String> {
    let own = || config::value(repo, &format!("agents.{}.profile", agent?));
    let name = given.map(str::to_owned).or_else(own).or_else(|| config::value(repo, PROFILE_KEY));
    name.filter(|name| !name.is_empty())
}

/// The profile that an agent is run with; see [`name_of`].
///
/// # Errors
/// See [`ProfileError`].
pub fn chosen(
    repo: &Repository,
    agent: Option<&AgentName>,
    given: Option<&str>,
) -> Result<Option<Profile>, ProfileError> {
    name_of(repo, agent, given).map(|name| find(repo, &name)).transpose()
}

/// Every profile, by name, with what is wrong with those that cannot be used.
pub fn all(repo: &Repository) -> Vec<(String, Result<Profile, ProfileError>)> {
    names(repo).into_iter().map(|name| (name.clone(), find(repo, &name))).collect()
}

fn names(repo: &Repository) -> Vec<String> {
    let mut names = configured(repo);
    names.extend(BUILT_IN.iter().map(|entry| entry.name.to_owned()));
    names.into_iter().collect()
}

/// The names in git's configuration and in a trusted `.agents.toml`.
fn configured(repo: &Repository) -> BTreeSet<String> {
    let snapshot = repo.gix().config_snapshot();
    let sections = snapshot.plumbing().sections_by_name("agents").into_iter().flatten();
    let given = sections.filter_map(|section| {
        let name = section.header().subsection_name()?.to_str().ok()?.strip_prefix("profile.")?;
        check_name(name).is_ok().then(|| name.to_owned())
    });
    let mut names: BTreeSet<String> = given.collect();
    if let Some(file) = shared::read(repo).ok().flatten().filter(|file| file.is_trusted) {
        let of_profiles = file.values.keys().filter_map(|key| key.strip_prefix("agents.profile.")?.rsplit_once('.'));
        names.extend(of_profiles.map(|(name, _)| name.to_owned()));
    }
    names
}

fn empty(name: &str) -> Profile {
    Profile {
        name: name.to_owned(),
        origin: Origin::Configured,
        command: Call::Words(Vec::new()),
        interactive: None,
        opening: Vec::new(),
        model: Vec::new(),
        resume: None,
        stdin: Stdin::default(),
        cost: CostSource::default(),
        tiers: Tiers::default(),
        instructions: String::new(),
        install: String::new(),
    }
}

/// What is said of one profile.
struct Source<'r> {
    repo: &'r Repository,
    name: &'r str,
}

impl Source<'_> {
    fn key(&self, last: &str) -> String {
        format!("agents.profile.{}.{last}", self.name)
    }

    /// What is said; what its key does not take is refused and not passed over.
    fn value(&self, last: &str) -> Result<Option<String>, ProfileError> {
        Ok(config::checked(self.repo, &self.key(last))?)
    }

    fn words(&self, last: &str, value: &str) -> Result<Vec<String>, ProfileError> {
        let unsplittable = |_| ProfileError::Unsplittable { key: self.key(last), value: value.to_owned() };
        shell_words::split(value).map_err(unsplittable)
    }

    fn call(&self, last: &str, is_script: bool) -> Result<Option<Call>, ProfileError> {
        match self.value(last)?.filter(|value| !value.trim().is_empty()) {
            None => Ok(None),
            Some(value) if is_script => {
                script::parts(&value).map_err(|error| ProfileError::misplaced(self.key(last), error))?;
                Ok(Some(Call::Script(value)))
            }
            Some(value) => {
                let words = self.words(last, &value)?;
                let texts: Vec<&str> = words.iter().map(String::as_str).collect();
                nested::check(&texts).map_err(|error| ProfileError::misplaced(self.key(last), error))?;
                Ok(Some(Call::Words(words)))
            }
        }
    }

    /// Put what is said in the place of what the table says.
    fn change(&self, profile: &mut Profile) -> Result<(), ProfileError> {
        self.value("shell")?;
        let is_script = config::flag(self.repo, &self.key("shell"));
        if let Some(command) = self.call("command", is_script)? {
            // It is not wanted on standard input too.
            if command.says_prompt() {
                profile.stdin = Stdin::Nothing;
            }
            // What the table says of going on belongs to its own command.
            (profile.command, profile.resume) = (command, None);
        }
        if let Some(call) = self.call("interactive", is_script)? {
            (profile.interactive, profile.opening) = (Some(call), Vec::new());
        }
        profile.resume = self.call("resume", is_script)?.or(profile.resume.take());
        if let Some(model) = self.value("model")? {
            profile.model = self.words("model", &model)?;
        }
        match self.value("stdin")?.as_deref() {
            Some("prompt") => profile.stdin = Stdin::Prompt,
            Some("open") => profile.stdin = Stdin::Open,
            Some("nothing") => profile.stdin = Stdin::Nothing,
            _ => {}
        }
        let Tiers { strong, standard, fast } = &mut profile.tiers;
        for (tier, last) in [(strong, "strong"), (standard, "standard"), (fast, "fast")] {
            *tier = self.value(last)?.filter(|name| !name.is_empty()).or(tier.take());
        }
        if let Some(text) = self.value("instructions")? {
            profile.instructions = text;
        }
        self.change_cost(&mut profile.cost)?;
        if profile.command == Call::Words(Vec::new()) && profile.interactive.is_none() {
            return Err(ProfileError::NothingToRun { name: self.name.to_owned(), field: "command" });
        }
        Ok(())
    }

    fn change_cost(&self, source: &mut CostSource) -> Result<(), ProfileError> {
        if let Some(path) = self.value("cost")? {
            (source.cost, source.in_parts, source.sentence) = (path, false, None);
        }
        if let Some(path) = self.value("session")? {
            source.session = path;
        }
        let tokens = config::checked_all(self.repo, &self.key("tokens"))?;
        if !tokens.is_empty() {
            source.tokens = tokens;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "configured_test.rs"]
mod tests;
