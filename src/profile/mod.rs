//! Profiles: how each agent program is called.
//!
//! A profile is a handful of argument lists with placeholders. The well-known programs are in one table (`builtin`);
//! git's configuration changes single entries of it and adds others (`configured`). What comes out of a profile is a list
//! of arguments (`command`): values are put into it as whole arguments, so that nothing in a prompt, a branch or a path
//! can become a second argument, an option or a piece of shell. What a program says of its own cost is read from its
//! output (`cost`).

use std::ffi::OsString;

pub mod builtin;
pub mod command;
mod configured;
pub mod cost;
mod nested;
pub mod prompt_file;
mod script;

pub use command::{Command, Input, Mode, Values};
pub use configured::{PROFILE_KEY, all, chosen, find, name_of};
pub use cost::{CostSource, Told};

use crate::config::Misconfigured;

/// How one agent program is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// To be run without anybody there.
    pub command: Call,
    /// To be run in a terminal, where somebody may type; none when the program has no such way.
    pub interactive: Option<Call>,
    /// What is added to `interactive` when there is a prompt to begin with.
    pub opening: Vec<String>,
    /// What says which model, when one is chosen; it takes the place of `{options}`.
    pub model: Vec<String>,
    /// To go on with a session that ended; none when the program cannot.
    pub resume: Option<Call>,
    /// What the program's standard input is, when nobody is there.
    pub stdin: Stdin,
    /// How its output tells what it cost.
    pub cost: CostSource,
    /// Its own names for a strong, a usual and a fast model.
    pub tiers: Tiers,
    /// What every prompt for it says besides; empty for nothing.
    pub instructions: String,
    /// How the program is installed; empty when nobody has said.
    pub install: String,
}

/// Where a profile comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The table.
    BuiltIn,
    /// The table, with something changed by git's configuration or a trusted `.agents.toml`.
    Changed,
    /// Only from there.
    Configured,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A program and its arguments.
    Words(Vec<String>),
    /// A script for `sh`, in which a placeholder is one word whatever its value.
    Script(String),
    /// A command that somebody has given: its words, of which those that hold no placeholder stay as they are.
    Given(Vec<OsString>),
}

/// What a command that was given is called in the place of a profile's name.
pub const GIVEN: &str = "the command";

/// What a program's standard input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Nothing,
    /// The prompt, and then its end.
    Prompt,
    /// A pipe that stays open, so that something can be sent.
    Open,
}

/// What a program calls its models, by what they are good for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tiers {
    /// The best.
    pub strong: Option<String>,
    /// The usual.
    pub standard: Option<String>,
    /// The quickest and cheapest.
    pub fast: Option<String>,
}

impl Profile {
    /// A command that was given, as a profile.
    pub fn given(words: &[OsString]) -> Self {
        Profile {
            name: GIVEN.to_owned(),
            origin: Origin::Configured,
            command: Call::Given(words.to_vec()),
            interactive: None,
            opening: Vec::new(),
            model: Vec::new(),
            resume: None,
            stdin: Stdin::Nothing,
            cost: CostSource::default(),
            tiers: Tiers::default(),
            instructions: String::new(),
            install: String::new(),
        }
    }

    /// Whether it is a command that was given.
    pub fn is_given(&self) -> bool {
        matches!(self.command, Call::Given(_))
    }
}

/// Whose it is, in a sentence.
fn whose(name: &str) -> String {
    if name == GIVEN { name.to_owned() } else { format!("the profile {name}") }
}

/// Why there is no such profile, or no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A value that its key does not take.
    #[error(transparent)]
    Invalid(#[from] Misconfigured),
    /// A placeholder is where the shell would not make one word of it.
    #[error("{key} has {{{placeholder}}} {reason}")]
    Misplaced {
        /// The key in git's configuration.
        key: String,
        /// Without the braces.
        placeholder: String,
        /// Why not there.
        reason: &'static str,
    },
    /// No profile has this name.
    #[error("there is no profile {name}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Every name there is.
        known: Vec<String>,
    },
    /// Only a `.agents.toml` that nobody has trusted has it.
    #[error("the profile {name} is only in .agents.toml, which is not trusted")]
    NotTrusted {
        /// What was asked for.
        name: String,
    },
    /// It says nothing to run.
    #[error("{} has no {field}", whose(.name))]
    NothingToRun {
        /// Whose.
        name: String,
        /// `command`, `interactive` or `resume`.
        field: &'static str,
    },
    /// Its words cannot be told apart.
    #[error("{key} cannot be split into words: {value}")]
    Unsplittable {
        /// The key in git's configuration.
        key: String,
        /// What it holds.
        value: String,
    },
    /// A placeholder that there is not.
    #[error("{} has {{{placeholder}}}, which nothing is put into", whose(.name))]
    UnknownPlaceholder {
        /// Whose.
        name: String,
        /// Without the braces.
        placeholder: String,
    },
    /// A placeholder for which there is no value here.
    #[error("{} needs a value for {{{placeholder}}}, and there is none", whose(.name))]
    NoValue {
        /// Whose.
        name: String,
        /// Without the braces.
        placeholder: &'static str,
    },
    /// A value that cannot be an argument.
    #[error("the {placeholder} for {} cannot be given to a program: {reason}", whose(.name))]
    Unfit {
        /// Whose.
        name: String,
        /// Which value.
        placeholder: &'static str,
        /// Why not.
        reason: &'static str,
    },
}

impl ProfileError {
    fn misplaced(key: String, script::Misplaced { placeholder, reason }: script::Misplaced) -> Self {
        ProfileError::Misplaced { key, placeholder, reason }
    }
}
