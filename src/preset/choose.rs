//! From a task to a model, with the reasons.

use super::category::{Class, Complexity, Subject, classify};
use super::table::{self, Preset, PresetError, Tier};
use crate::config;
use crate::git::Repository;
use crate::profile::Profile;

/// The key that restricts the models, as `--models` does.
pub const MODELS_KEY: &str = "agents.models";

/// What the user wants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The preset; none for the one that is configured.
    pub preset: Option<&'a str>,
    /// Only these models, or tiers; empty for those that are configured, or all.
    pub models: &'a [String],
}

/// What was chosen, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// By which preset.
    pub preset: String,
    /// What the task is.
    pub class: Class,
    /// What the preset says: a tier or a model.
    pub said: String,
    /// The model to run with; none leaves it to the program.
    pub model: Option<String>,
    /// All of it in one sentence.
    pub reason: String,
}

/// What was wanted, looked up: models for any number of tasks can be chosen by it.
#[derive(Debug, Clone)]
pub struct Wishes {
    preset: Preset,
    /// Only these models, or tiers; empty for all.
    allowed: Vec<String>,
}

impl Wishes {
    /// Look up what is wanted.
    ///
    /// # Errors
    /// There is no such preset, or what is to be allowed is no model.
    pub fn of(repo: &Repository, wanted: &Wanted<'_>) -> Result<Self, PresetError> {
        let preset = table::active(repo, wanted.preset)?;
        let allowed: Vec<String> = match wanted.models {
            [] => config::checked(repo, MODELS_KEY)?.iter().flat_map(|all| listed(all)).collect(),
            models => models.to_vec(),
        };
        match allowed.iter().find(|name| !config::keys::is_model(name)) {
            Some(name) => Err(PresetError::NotAModel { name: name.clone() }),
            None => Ok(Wishes { preset, allowed }),
        }
    }

    /// The model for a task.
    pub fn choose(&self, profile: &Profile, subject: &Subject<'_>) -> Choice {
        let class = classify(subject);
        let entries = &self.preset.entries;
        let entry = entries.get(&class.category).or_else(|| entries.get("other"));
        let said = entry.map_or_else(String::new, |entry| entry.of(class.complexity).to_owned());
        let (model, why) = resolved(profile, &said, class.complexity, &self.allowed);
        let Class { category, category_reason, complexity, complexity_reason } = &class;
        let preset = self.preset.name.clone();
        let reason = format!(
            "{} {category} ({category_reason}; {complexity_reason}): {said} in {preset}{why}",
            complexity.word(),
        );
        Choice { preset, class, said, model, reason }
    }
}

/// Choose the model for a task.
///
/// # Errors
/// See [`Wishes::of`].
pub fn choose(
    repo: &Repository,
    profile: &Profile,
    wanted: &Wanted<'_>,
    subject: &Subject<'_>,
) -> Result<Choice, PresetError> {
    Ok(Wishes::of(repo, wanted)?.choose(profile, subject))
}

/// Names with commas between, as people write them.
pub fn listed(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The model for what a preset says, among those that are allowed, and what is to be added to the reason.
fn resolved(profile: &Profile, said: &str, complexity: Complexity, allowed: &[String]) -> (Option<String>, String) {
    let own_name = |text: &str| match Tier::of(text, None) {
        Some(tier) => tier.name_in(profile).map(str::to_owned),
        None => Some(text.to_owned()),
    };
    let nameless = |_: &str| format!(", for which {} has no name here", profile.name);
    let model = own_name(said);
    let is_allowed = |name: &String| name == said || Some(name) == model.as_ref();
    if allowed.is_empty() || allowed.iter().any(is_allowed) {
        let why = if model.is_none() { nameless(said) } else { String::new() };
        return (model, why);
    }
    let wanted = Tier::of(said, Some(profile)).unwrap_or(match complexity {
        Complexity::Complex => Tier::Strong,
        Complexity::Simple => Tier::Fast,
    });
    // A model of which nothing is known is as good as its place says: the list begins with the best.
    let known = |name: &String| Tier::of(name, Some(profile)).map(|tier| tier as usize);
    let last = allowed.len().saturating_sub(1).max(1);
    let place = |index: usize| index * 2 / last;
    let distance = |(index, name): &(usize, &String)| {
        let tier = known(name).unwrap_or_else(|| place(*index));
        (tier.abs_diff(wanted as usize), tier)
    };
    let best = allowed.iter().enumerate().min_by_key(distance).map(|(_, name)| name.as_str()).unwrap_or_default();
    let model = own_name(best);
    let why = format!(", and of {} {best} is the nearest", allowed.join(", "));
    let more = if model.is_none() { nameless(best) } else { String::new() };
    (model, why + &more)
}

#[cfg(test)]
#[path = "choose_test.rs"]
mod tests;
