//! Which model a task is worth: a preset maps what kind of work it is and how hard it looks to a model.
//!
//! The presets speak of tiers (`strong`, `standard`, `fast`); each profile has its own names for them. Projects and users
//! add presets of their own, or replace single entries, with `agents.preset.<name>.<category>[.<complexity>]`. A choice
//! always comes with its reasons, so that nobody has to guess why a task got a cheap model.

pub mod category;
pub mod choose;
mod configured;
mod table;

pub use category::{Class, Complexity, Subject, classify};
pub use choose::{Choice, Wanted, Wishes, choose};
pub use table::{DEFAULT, Entry, PRESET_KEY, Preset, PresetError, Tier, active, all, find};
