//! What is said of presets in git's configuration and `.agents.toml`, and what of it makes no sense.
//!
//! A key is `agents.preset.<preset>.<category>` or `agents.preset.<preset>.<category>.<complexity>`. git keeps any key, so
//! that a word that was misspelt would be passed over without a word; here it is a problem of its preset.

use std::collections::{BTreeMap, BTreeSet};

use gix::bstr::ByteSlice;

use super::category;
use super::table::Tier;
use crate::config::{self, Misconfigured, shared};
use crate::git::Repository;
use crate::name::check_name;

/// What stands for every category of which nothing is said.
pub(super) const EVERY: &str = "default";

/// What is said of one preset.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The categories that something is said of.
    pub(super) categories: BTreeSet<String>,
    /// The keys that make no sense, and why not.
    pub(super) problems: Vec<(String, String)>,
}

/// The presets of which something is said, by name.
pub(super) fn read(repo: &Repository) -> BTreeMap<String, Said> {
    let mut found: BTreeMap<String, Said> = BTreeMap::new();
    let snapshot = repo.gix().config_snapshot();
    for section in snapshot.plumbing().sections_by_name("agents").into_iter().flatten() {
        let Some(middle) = section.header().subsection_name().and_then(|name| name.to_str().ok()) else { continue };
        let Some(middle) = middle.strip_prefix("preset.") else { continue };
        section.value_names().for_each(|last| add(&mut found, &format!("{middle}.{}", last.to_ascii_lowercase())));
    }
    if let Ok(Some(file)) = shared::read(repo) {
        let of_presets = file.values.keys().filter_map(|key| key.strip_prefix("agents.preset."));
        of_presets.for_each(|rest| add(&mut found, rest));
    }
    found
}

/// Take in one key, without `agents.preset.`.
fn add(found: &mut BTreeMap<String, Said>, rest: &str) {
    let parts: Vec<&str> = rest.split('.').collect();
    let [name, of_it @ ..] = parts.as_slice() else { return };
    if check_name(name).is_err() {
        return;
    }
    let said = found.entry((*name).to_owned()).or_default();
    let problem = match of_it {
        [category] => category::check(category).err(),
        [category, complexity] if complexity.parse::<category::Complexity>().is_ok() => category::check(category).err(),
        [_, complexity] => Some(format!("{complexity} is neither simple nor complex")),
        _ => Some("it has too many parts".to_owned()),
    };
    match problem {
        Some(problem) => said.problems.push((format!("agents.preset.{rest}"), problem)),
        None => drop(said.categories.insert(of_it[0].to_owned())),
    }
}

/// What is said for a category, or one complexity of it; what is empty is not said.
///
/// # Errors
/// [`Misconfigured`]: no model can be called that.
pub(super) fn value(repo: &Repository, preset: &str, rest: &str) -> Result<Option<String>, Misconfigured> {
    let key = format!("agents.preset.{preset}.{rest}");
    let value = config::checked(repo, &key)?.filter(|value| !value.is_empty());
    if let Some(tier) = value.as_deref().and_then(nearly) {
        let problem = format!("{key} cannot be {:?}: {} is meant", value.unwrap_or_default(), tier.word());
        return Err(Misconfigured::new(repo, &key, problem));
    }
    Ok(value)
}

/// The tier that a word misspells. Models may have any name, but not one of nearly these letters.
fn nearly(text: &str) -> Option<Tier> {
    let is_near = |tier: &Tier| {
        let edits = config::keys::edits(tier.word(), &text.to_ascii_lowercase());
        tier.word() != text && edits <= if tier.word().len() > 4 { 2 } else { 0 }
    };
    Tier::ALL.into_iter().find(is_near)
}

impl Said {
    /// The first key that makes no sense.
    ///
    /// # Errors
    /// [`Misconfigured`].
    pub(super) fn check(&self, repo: &Repository) -> Result<(), Misconfigured> {
        match self.problems.first() {
            Some((key, problem)) => Err(Misconfigured::new(repo, key, format!("{key}: {problem}"))),
            None => Ok(()),
        }
    }

    /// The categories that only users know.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        self.categories.iter().map(String::as_str).filter(|category| *category != EVERY)
    }
}
