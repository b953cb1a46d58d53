//! The presets: five that everybody has, and those that git's configuration or `.agents.toml` adds.

use std::collections::{BTreeMap, BTreeSet};

use super::category::{CATEGORIES, Complexity};
use super::configured::{self, Said};
use crate::config::{self, Misconfigured};
use crate::git::Repository;
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

/// Why a preset says nothing.
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
    /// What is said of it makes no sense.
    #[error(transparent)]
    Misconfigured(#[from] Misconfigured),
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
/// See [`PresetError`].
pub fn active(repo: &Repository, given: Option<&str>) -> Result<Preset, PresetError> {
    if let Some(name) = given {
        return find(repo, name);
    }
    let name = config::checked(repo, PRESET_KEY)?.filter(|name| !name.is_empty());
    find(repo, name.as_deref().unwrap_or(DEFAULT)).map_err(|error| match error {
        PresetError::Unknown { .. } => {
            let problem = format!("{error}, which {PRESET_KEY} names");
            Misconfigured::new(repo, PRESET_KEY, problem).into()
        }
        error => error,
    })
}

/// The preset of this name. What one of the users' own does not say is as in balanced.
///
/// # Errors
/// See [`PresetError`].
pub fn find(repo: &Repository, name: &str) -> Result<Preset, PresetError> {
    let own = configured::read(repo);
    let known = BUILT_IN.iter().find(|(known, _)| *known == name);
    let said = own.get(name);
    if known.is_none() && said.is_none() {
        let known = own.keys().cloned().chain(BUILT_IN.map(|(name, _)| name.to_owned()));
        let known: BTreeSet<String> = known.collect();
        return Err(PresetError::Unknown { name: name.chars().take(64).collect(), known: known.into_iter().collect() });
    }
    said.map_or(Ok(()), |said| said.check(repo))?;
    let mut entries = BTreeMap::new();
    for category in CATEGORIES.into_iter().chain(said.into_iter().flat_map(Said::others)) {
        let (simple, complex) = built_in(name, category);
        let of = |complexity: Complexity, tier: Tier| {
            let ways =
                [category, configured::EVERY].map(|one| [format!("{one}.{}", complexity.word()), one.to_owned()]);
            for way in ways.iter().flatten().filter(|_| said.is_some()) {
                if let Some(value) = configured::value(repo, name, way)? {
                    return Ok::<_, Misconfigured>(value);
                }
            }
            Ok(tier.word().to_owned())
        };
        let entry = Entry { simple: of(Complexity::Simple, simple)?, complex: of(Complexity::Complex, complex)? };
        entries.insert(category.to_owned(), entry);
    }
    let purpose = known.map_or("", |(_, purpose)| purpose);
    Ok(Preset { name: name.to_owned(), purpose, is_built_in: known.is_some(), entries })
}

/// Every preset, by name, with what is wrong with those that cannot be used.
pub fn all(repo: &Repository) -> Vec<(String, Result<Preset, PresetError>)> {
    let mut names: BTreeSet<String> = configured::read(repo).into_keys().collect();
    names.extend(BUILT_IN.map(|(name, _)| name.to_owned()));
    names.into_iter().map(|name| (name.clone(), find(repo, &name))).collect()
}
