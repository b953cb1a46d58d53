//! The presets: five that everybody has, and those that git's configuration or `.agents.toml` adds.

use std::collections::{BTreeMap, BTreeSet};

use gix::bstr::ByteSlice;

use super::category::{CATEGORIES, Complexity};
use crate::config::{self, shared};
use crate::git::Repository;
use crate::name::check_name;
use crate::profile::{Profile, Tiers};

/// The key that names the preset.
pub const PRESET_KEY: &str = "agents.preset";
/// What holds when nobody says otherwise.
pub const DEFAULT: &str = "balanced";

/// How good a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The best.
    Strong,
    /// The usual.
    Standard,
    /// The quickest and cheapest.
    Fast,
}

use Tier::{Fast, Standard, Strong};

impl Tier {
    /// Every tier, the best first.
    pub const ALL: [Tier; 3] = [Strong, Standard, Fast];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Strong => "strong",
            Standard => "standard",
            Fast => "fast",
        }
    }

    /// What a profile's program calls it.
    pub fn name_in(self, profile: &Profile) -> Option<&str> {
        let Tiers { strong, standard, fast } = &profile.tiers;
        match self {
            Strong => strong.as_deref(),
            Standard => standard.as_deref(),
            Fast => fast.as_deref(),
        }
    }

    /// The tier that a word names, or that a profile's program calls so.
    pub fn of(text: &str, profile: Option<&Profile>) -> Option<Tier> {
        let is_it = |tier: &Tier| {
            tier.word() == text || profile.and_then(|profile| tier.name_in(profile)).is_some_and(|name| name == text)
        };
        Tier::ALL.into_iter().find(is_it)
    }
}

/// What a preset says for one kind of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// For simple tasks: a tier or a model.
    pub simple: String,
    /// For complex ones.
    pub complex: String,
}

impl Entry {
    /// What is said for a complexity.
    pub fn of(&self, complexity: Complexity) -> &str {
        match complexity {
            Complexity::Simple => &self.simple,
            Complexity::Complex => &self.complex,
        }
    }
}

/// One preset as it holds here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// What it is called.
    pub name: String,
    /// What it is for; empty for one of the users' own.
    pub purpose: &'static str,
    /// Whether it is in the program's own table.
    pub is_built_in: bool,
    /// What it says for each category, those that only users know among them.
    pub entries: BTreeMap<String, Entry>,
}

/// There is no such preset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// Nobody has said anything of it.
    #[error("there is no preset {name}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Every name there is.
        known: Vec<String>,
    },
    /// A model that no program could be given.
    #[error("{name:?} cannot be the name of a model")]
    NotAModel {
        /// What was given.
        name: String,
    },
}

const BUILT_IN: [(&str, &str); 5] = [
    ("balanced", "strong models for what is hard, the usual ones for the rest"),
    ("cheap", "the fastest models for nearly everything"),
    ("economy", "the usual models for what is hard, the fastest for the rest"),
    ("experimental", "strong models for what is hard, the fastest for the rest, nothing between"),
    ("quality", "strong models for nearly everything"),
];

/// What the table says: for simple and for complex work.
fn built_in(preset: &str, category: &str) -> (Tier, Tier) {
    match (preset, category) {
        ("quality", "docs" | "testing") => (Standard, Strong),
        ("quality", _) => (Strong, Strong),
        ("economy", "docs") => (Fast, Fast),
        ("economy", "security") => (Standard, Strong),
        ("economy", _) => (Fast, Standard),
        ("cheap", "security") => (Fast, Standard),
        ("cheap", _) => (Fast, Fast),
        ("experimental", _) => (Fast, Strong),
        (_, "docs" | "testing") => (Fast, Standard),
        (_, "security") => (Strong, Strong),
        _ => (Standard, Strong),
    }
}

/// The preset that holds: the one that was given, else `agents.preset`, else balanced.
///
/// # Errors
/// There is none of this name.
pub fn active(repo: &Repository, given: Option<&str>) -> Result<Preset, PresetError> {
    let name = given.map(str::to_owned).or_else(|| config::value(repo, PRESET_KEY));
    find(repo, name.as_deref().filter(|name| !name.is_empty()).unwrap_or(DEFAULT))
}

/// The preset of this name. What one of the users' own does not say is as in balanced.
///
/// # Errors
/// There is none of this name.
pub fn find(repo: &Repository, name: &str) -> Result<Preset, PresetError> {
    let own = configured(repo);
    let known = BUILT_IN.iter().find(|(known, _)| *known == name);
    let categories = own.get(name);
    if known.is_none() && categories.is_none() {
        let known = own.keys().cloned().chain(BUILT_IN.map(|(name, _)| name.to_owned()));
        let known: BTreeSet<String> = known.collect();
        return Err(PresetError::Unknown { name: name.chars().take(64).collect(), known: known.into_iter().collect() });
    }
    let said = |category: &str, complexity: Complexity| {
        let exact = config::value(repo, &format!("agents.preset.{name}.{category}.{}", complexity.word()));
        exact.or_else(|| config::value(repo, &format!("agents.preset.{name}.{category}")))
    };
    let entry = |category: &str| {
        let (simple, complex) = built_in(name, category);
        let of = |complexity, tier: Tier| {
            said(category, complexity).or_else(|| said("default", complexity)).unwrap_or_else(|| tier.word().to_owned())
        };
        Entry { simple: of(Complexity::Simple, simple), complex: of(Complexity::Complex, complex) }
    };
    let others = categories.into_iter().flatten().map(String::as_str).filter(|category| *category != "default");
    let entries = CATEGORIES.into_iter().chain(others).map(|category| (category.to_owned(), entry(category))).collect();
    let purpose = known.map_or("", |(_, purpose)| purpose);
    Ok(Preset { name: name.to_owned(), purpose, is_built_in: known.is_some(), entries })
}

/// Every preset, by name.
pub fn list(repo: &Repository) -> Vec<Preset> {
    let mut names: BTreeSet<String> = configured(repo).into_keys().collect();
    names.extend(BUILT_IN.map(|(name, _)| name.to_owned()));
    names.iter().filter_map(|name| find(repo, name).ok()).collect()
}

/// The presets of which something is configured, each with its categories.
fn configured(repo: &Repository) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |key: &str| {
        let Some((_, key)) = config::keys::find(key) else { return };
        let Some((middle, last)) = key.strip_prefix("agents.preset.").and_then(|rest| rest.rsplit_once('.')) else {
            return;
        };
        let (name, category) = match last.parse::<Complexity>() {
            Ok(_) => middle.rsplit_once('.').unwrap_or((middle, "default")),
            Err(()) => (middle, last),
        };
        if check_name(name).is_ok() {
            found.entry(name.to_owned()).or_default().insert(category.to_owned());
        }
    };
    let snapshot = repo.gix().config_snapshot();
    for section in snapshot.plumbing().sections_by_name("agents").into_iter().flatten() {
        let Some(middle) = section.header().subsection_name().and_then(|name| name.to_str().ok()) else { continue };
        section.value_names().for_each(|last| add(&format!("agents.{middle}.{last}")));
    }
    if let Ok(Some(file)) = shared::read(repo) {
        file.values.keys().for_each(|key| add(key));
    }
    found
}
