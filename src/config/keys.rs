//! Every key below `agents.` in git's configuration, in one table: what it takes, its default, and whether the
//! repository's own `.agents.toml` may say it.

use std::fmt;

use super::families::{self, FAMILIES};
use crate::agent::is_branch_name;
use crate::bytes;
use crate::duration;
use crate::name::check_name;
use crate::port_range::PortRange;
use crate::text;

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The name of a branch.
    Branch,
    /// The beginning of branches' names.
    Prefix,
    /// A folder.
    Folder,
    /// A command for `sh`.
    Command,
    /// `true` or `false`.
    Flag,
    /// A span of time.
    Span,
    /// A number.
    Number {
        /// The smallest.
        least: u32,
        /// The greatest.
        most: u32,
    },
    /// One of these words.
    Words(&'static [&'static str]),
    /// A template of minijinja.
    Template,
    /// The name of a remote.
    Remote,
    /// The full name of a ref.
    Ref,
    /// The name of a profile or a preset.
    Name,
    /// What a program calls a model, or `strong`, `standard` or `fast`.
    Model,
    /// Several of them with commas between.
    Models,
    /// Where something stands in a JSON object: names with dots between.
    Path,
    /// Any text that can be shown.
    Text,
    /// A file.
    File,
    /// A range of TCP ports.
    Ports,
    /// An amount of bytes.
    Size,
}

/// Whether `.agents.toml` may say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// Only git's configuration: it says where something is written or who decides who was first, or makes programs do
    /// what we cannot foresee.
    No,
    /// It can do no harm.
    Yes,
    /// It runs something, so only in a content that `git agents trust` has recorded.
    Trusted,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its whole name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds without it; empty for nothing.
    pub default: &'static str,
    /// Whether `.agents.toml` may say it.
    pub shared: Shared,
    /// Whether it may be given several times.
    pub many: bool,
}

pub(super) const STRATEGIES: Kind = Kind::Words(&["rebase", "merge", "squash"]);

/// All of them, by name.
pub const KEYS: &[Key] = &[
    key("agents.check", Kind::Command, "", Shared::Trusted).many(),
    key("agents.checkEach", Kind::Flag, "false", Shared::Yes),
    key("agents.checkRetries", Kind::Number { least: 0, most: 100 }, "0", Shared::Yes),
    key("agents.checkTimeout", Kind::Span, "", Shared::Yes),
    key("agents.idleAfter", Kind::Span, "5m", Shared::Yes),
    key("agents.logLimit", Kind::Size, "10M", Shared::Yes),
    key("agents.maxConcurrent", Kind::Number { least: 1, most: 10_000 }, "", Shared::Yes),
    key("agents.mergeMessage", Kind::Template, "", Shared::No),
    key("agents.models", Kind::Models, "", Shared::Yes),
    key("agents.ports", Kind::Ports, super::DEFAULT_PORTS, Shared::Yes),
    key("agents.portsEach", Kind::Number { least: 0, most: 1000 }, "10", Shared::Yes),
    key("agents.prefix", Kind::Prefix, super::DEFAULT_PREFIX, Shared::Yes),
    key("agents.preset", Kind::Name, "balanced", Shared::Yes),
    key("agents.profile", Kind::Name, "", Shared::Trusted),
    key("agents.remote", Kind::Remote, "", Shared::No),
    key("agents.remoteRef", Kind::Ref, "refs/agents/state", Shared::No),
    key("agents.setup", Kind::Command, "", Shared::Trusted).many(),
    key("agents.setupTimeout", Kind::Span, super::DEFAULT_SETUP_TIMEOUT, Shared::Yes),
    key("agents.squashMessage", Kind::Template, "", Shared::No),
    key("agents.strategy", STRATEGIES, "", Shared::Yes),
    key("agents.sync", Kind::Words(&["auto", "manual"]), "auto", Shared::No),
    key("agents.target", Kind::Branch, "", Shared::No),
    key("agents.teardown", Kind::Command, "", Shared::Trusted).many(),
    key("agents.template", Kind::File, "", Shared::No),
    key("agents.trailers", Kind::Flag, "false", Shared::Yes),
    key("agents.worktrees", Kind::Folder, "", Shared::No),
];

pub(super) const fn key(name: &'static str, kind: Kind, default: &'static str, shared: Shared) -> Key {
    Key { name, kind, default, shared, many: false }
}

impl Key {
    pub(super) const fn many(self) -> Self {
        Key { many: true, ..self }
    }
}

/// A value that a key does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} cannot be {value:?}: it takes {wanted}")]
pub struct InvalidValue {
    /// The key.
    pub key: String,
    /// What was given, not more than its beginning.
    pub value: String,
    /// What would do.
    pub wanted: String,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Branch => f.write_str("the name of a branch"),
            Kind::Prefix => f.write_str("the beginning of a branch's name"),
            Kind::Folder => f.write_str("a folder"),
            Kind::Command => f.write_str("a command in one line"),
            Kind::Flag => f.write_str("true or false"),
            Kind::Span => f.write_str("a span of time such as 90s, 10m or 2h"),
            Kind::Number { least, most } => write!(f, "a number from {least} to {most}"),
            Kind::Words(words) => f.write_str(&words.join(", ")),
            Kind::Template => f.write_str("a template of minijinja"),
            Kind::Remote => f.write_str("the name of a remote"),
            Kind::Ref => f.write_str("the full name of a ref"),
            Kind::Name => f.write_str("a name of a-z, 0-9, '.', '_' and '-'"),
            Kind::Model => f.write_str("the name of a model"),
            Kind::Models => f.write_str("names of models with commas between"),
            Kind::Path => f.write_str("a path in a JSON object, such as usage.total"),
            Kind::Text => f.write_str("a text without control characters"),
            Kind::File => f.write_str("a file"),
            Kind::Size => f.write_str("a number of bytes such as 4096, 500k, 10M or 1G"),
            Kind::Ports => f.write_str("a range of ports such as 20000-29999"),
        }
    }
}

/// The key of this name, which git reads without regard to case, and the name as it is written; none when there is none.
pub fn find(name: &str) -> Option<(Key, String)> {
    if let Some(key) = KEYS.iter().find(|key| key.name.eq_ignore_ascii_case(name)) {
        return Some((*key, key.name.to_owned()));
    }
    families::find(name)
}

/// The name that was probably meant.
pub fn nearest(name: &str) -> String {
    let given = name;
    let name = name.to_ascii_lowercase();
    if let Some(preset) = name.strip_prefix("agents.preset.").and_then(|rest| rest.split('.').next()) {
        let preset = if check_name(preset).is_ok() { preset } else { "NAME" };
        return format!("agents.preset.{preset}.CATEGORY.complex");
    }
    let distance = |key: &&Key| edits(&key.name.to_ascii_lowercase(), &name);
    // Of the keys with names in them those of profiles, as patterns: the others are too near to everything.
    let of_profiles = FAMILIES.iter().filter(|_| name.starts_with("agents.profile."));
    let nearest = KEYS.iter().chain(of_profiles).min_by_key(distance).map_or("agents.target", |key| key.name);
    let profile =
        given.get("agents.profile.".len()..).and_then(|rest| rest.rsplit_once('.')).map(|(profile, _)| profile);
    match profile.filter(|profile| nearest.contains("<profile>") && check_name(profile).is_ok()) {
        Some(profile) => nearest.replace("<profile>", profile),
        None => nearest.replace("<profile>", "NAME"),
    }
}

/// Check a value for a key, under the name that was given.
///
/// # Errors
/// [`InvalidValue`].
pub fn check(key: &Key, name: &str, value: &str) -> Result<(), InvalidValue> {
    let trimmed = value.trim();
    let fits = match key.kind {
        Kind::Branch => is_branch_name(value.strip_prefix("refs/heads/").unwrap_or(value)),
        Kind::Prefix => is_branch_name(&format!("{value}x")),
        // An empty one takes back what was said before. What is shown must be what is run.
        Kind::Command => value.is_empty() || (text::line(value).is_ok() && !value.chars().any(text::is_hidden)),
        Kind::Folder | Kind::File => text::line(value).is_ok(),
        Kind::Flag => flag(trimmed).is_some(),
        Kind::Span => duration::parse(trimmed).is_ok(),
        Kind::Number { least, most } => trimmed.parse::<u32>().is_ok_and(|number| (least..=most).contains(&number)),
        Kind::Words(words) => words.contains(&value),
        Kind::Template => minijinja::Environment::new().template_from_str(value).is_ok(),
        Kind::Remote => is_branch_name(value),
        Kind::Ref => value.strip_prefix("refs/").is_some_and(is_branch_name),
        Kind::Name => check_name(value).is_ok(),
        Kind::Model => is_model(value),
        Kind::Models => value.is_empty() || value.split(',').all(|one| is_model(one.trim())),
        Kind::Path => value.is_empty() || (text::line(value).is_ok() && value.split('.').all(|name| !name.is_empty())),
        Kind::Text => text::body(value).is_ok() && !value.chars().any(|c| text::is_hidden(c) && !"\n\t".contains(c)),
        Kind::Size => bytes::parse(trimmed).is_ok_and(|size| size > 0),
        Kind::Ports => value.parse::<PortRange>().is_ok(),
    };
    if fits {
        return Ok(());
    }
    let value = value.chars().take(60).collect();
    Err(InvalidValue { key: name.to_owned(), value, wanted: key.kind.to_string() })
}

/// Whether a text can be the name of a model: nothing that a program could take for an option of its own.
pub fn is_model(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@[]+=".contains(c);
    !text.is_empty() && text.len() <= 200 && !text.starts_with('-') && text.chars().all(plain)
}

/// What git takes for a boolean.
pub(super) fn flag(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" | "" => Some(false),
        _ => None,
    }
}

/// How many letters must be put in, taken out or replaced (Levenshtein), row by row.
pub(crate) fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(80).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, one) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = before + usize::from(one != *other);
            before = row[j + 1];
            row[j + 1] = replaced.min(before + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_without_regard_to_case() {
        assert_eq!(find("agents.checktimeout").unwrap().1, "agents.checkTimeout");
        assert_eq!(find("agents.ann.Strategy").unwrap().1, "agents.ann.strategy");
        for unknown in ["agents.chek", "agents.ann.check", "agents.--x.strategy", "core.editor", "agents"] {
            assert!(find(unknown).is_none(), "{unknown}");
        }
        assert_eq!(nearest("agents.chek"), "agents.check");
        assert_eq!(nearest("agents.checkTime"), "agents.checkTimeout");
        assert!(KEYS.is_sorted_by_key(|key| key.name));
    }

    #[test]
    fn defaults_are_values() {
        for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
            assert_eq!(check(key, key.name, key.default), Ok(()), "{}", key.name);
        }
    }

    #[test]
    fn values_are_checked() {
        let said = |name: &str, value: &str| check(&find(name).unwrap().0, name, value).map_err(|e| e.to_string());
        assert_eq!(said("agents.checkTimeout", "10m"), Ok(()));
        assert_eq!(
            said("agents.checkTimeout", "soon").unwrap_err(),
            "agents.checkTimeout cannot be \"soon\": it takes a span of time such as 90s, 10m or 2h"
        );
        assert_eq!(
            said("agents.strategy", "octopus").unwrap_err().split(": ").last().unwrap(),
            "it takes rebase, merge, squash"
        );
        for (name, bad) in [
            ("agents.target", "-x"),
            ("agents.prefix", "a b"),
            ("agents.checkRetries", "101"),
            ("agents.maxConcurrent", "0"),
            ("agents.checkEach", "maybe"),
            ("agents.check", "a\nb"),
            ("agents.check", "rm \u{202e}x"),
            ("agents.remoteRef", "state"),
            ("agents.ports", "80-90"),
            ("agents.portsEach", "1001"),
            ("agents.setup", "a\nb"),
            ("agents.remote", "--upload-pack=x"),
            ("agents.mergeMessage", "{{"),
        ] {
            assert!(said(name, bad).is_err(), "{name}");
        }
    }
}
