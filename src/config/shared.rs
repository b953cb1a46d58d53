//! `.agents.toml` at the top of the target's tree: defaults that a project gives everybody who works on it.
//!
//! Whoever can push to the target writes it, so it is read and never believed: it may say what can do no harm, and what
//! it wants to run waits until `git agents trust` has recorded its exact content. What git's configuration says is
//! always stronger. The keys are those of `agents.` without that word; a table is an agent, or
//! a name with dots:
//!
//! ```toml
//! strategy = "squash"
//! checkTimeout = "10m"
//! check = ["cargo test"]
//! [ann]
//! strategy = "merge"
//! ["profile.mine"]
//! command = "our-agent --task {task} {prompt}"
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;

use super::keys::{self, InvalidValue, Shared};
use super::trust;
use crate::git::Repository;
use crate::text::sentence;

/// What the file is called.
pub const FILE: &str = ".agents.toml";
/// The largest that is read, in bytes.
const LARGEST: u64 = 64 * 1024;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFile {
    /// All of it.
    pub text: String,
    /// The values that a key takes, by its whole name.
    pub values: BTreeMap<String, Vec<String>>,
    /// What is passed over, in the order of the file's keys.
    pub problems: Vec<Problem>,
    /// Whether this very content was recorded as trusted.
    pub is_trusted: bool,
}

/// Something in the file that is passed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No such key.
    #[error("{key} is not known; {nearest} is the nearest")]
    Unknown {
        /// As it stands there.
        key: String,
        /// What was probably meant.
        nearest: String,
    },
    /// Only git's configuration may say it.
    #[error("{key} counts in git's configuration only")]
    NotShared {
        /// Its whole name.
        key: String,
    },
    /// The key does not take the value.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
}

/// Why nothing in the file counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SharedError {
    /// It is no TOML.
    #[error("{FILE}, line {line}: {reason}")]
    Syntax {
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is a folder, a link, or something else that is no file.
    #[error("{FILE} is not a plain file")]
    NotAFile,
    /// Nobody has so much to say.
    #[error("{FILE} has {found} bytes, {LARGEST} are the most")]
    TooLarge {
        /// How large.
        found: u64,
    },
    /// It is not UTF-8, or cannot be read.
    #[error("{FILE} cannot be read: {reason}")]
    Unreadable {
        /// What stood in the way.
        reason: String,
    },
}

/// Read the file of the target; none where there is no such file, or no target.
///
/// # Errors
/// See [`SharedError`]; then nothing in it counts.
pub fn read(repo: &Repository) -> Result<Option<SharedFile>, SharedError> {
    let Ok(target) = super::target(repo) else { return Ok(None) };
    let unreadable = |error: &dyn std::fmt::Display| SharedError::Unreadable { reason: sentence(&error.to_string()) };
    let commit = repo.gix().find_commit(target.commit).map_err(|error| unreadable(&error))?;
    let tree = commit.tree().map_err(|error| unreadable(&error))?;
    let Some(entry) = tree.iter().flatten().find(|entry| entry.filename() == FILE) else { return Ok(None) };
    if !matches!(entry.mode().kind(), EntryKind::Blob | EntryKind::BlobExecutable) {
        return Err(SharedError::NotAFile);
    }
    let found = repo.gix().find_header(entry.oid()).map_err(|error| unreadable(&error))?.size();
    if found > LARGEST {
        return Err(SharedError::TooLarge { found });
    }
    let blob = entry.object().map_err(|error| unreadable(&error))?;
    let text = blob.data.to_str().map_err(|error| unreadable(&error))?;
    let mut file = parse(text)?;
    file.is_trusted = trust::is_trusted(repo, text);
    Ok(Some(file))
}

/// The same for who asks again and again: what a commit of the target says stays the same. None where nothing counts.
pub(super) fn read_again(repo: &Repository) -> Option<Rc<SharedFile>> {
    type Known = (PathBuf, ObjectId, Option<Rc<SharedFile>>);
    thread_local! {
        static LAST: RefCell<Option<Known>> = const { RefCell::new(None) };
    }
    let commit = super::target(repo).ok()?.commit;
    let place = repo.agents_dir();
    LAST.with_borrow_mut(|last| match last {
        Some((known, at, file)) if *known == place && *at == commit => file.clone(),
        _ => {
            let file = read(repo).ok().flatten().map(Rc::new);
            *last = Some((place, commit, file.clone()));
            file
        }
    })
}

/// What a text says; it is not trusted.
///
/// # Errors
/// [`SharedError::Syntax`].
pub fn parse(text: &str) -> Result<SharedFile, SharedError> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        SharedError::Syntax { line, reason: sentence(error.message()) }
    })?;
    let mut file =
        SharedFile { text: text.to_owned(), values: BTreeMap::new(), problems: Vec::new(), is_trusted: false };
    file.take_all("", &table);
    Ok(file)
}

impl SharedFile {
    /// What it says of a key, if that counts.
    pub fn value(&self, name: &str) -> Option<&[String]> {
        let counts = keys::find(name).is_some_and(|(key, _)| match key.shared {
            Shared::No => false,
            Shared::Yes => true,
            Shared::Trusted => self.is_trusted,
        });
        self.values.get(name).map(Vec::as_slice).filter(|_| counts)
    }

    /// What it would run: keys and commands.
    pub fn commands(&self) -> impl Iterator<Item = (&String, &String)> {
        let runs = |name: &str| keys::find(name).is_some_and(|(key, _)| key.shared == Shared::Trusted);
        let some = self.values.iter().filter(move |(name, _)| runs(name));
        some.flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
    }

    /// Tables in tables are names with dots: `[profile.mine]`. The parser bounds how deep they go.
    fn take_all(&mut self, before: &str, table: &toml::Table) {
        for (name, value) in table {
            match value {
                toml::Value::Table(inner) => self.take_all(&format!("{before}{name}."), inner),
                value => self.take(&format!("{before}{name}"), value),
            }
        }
    }

    fn take(&mut self, name: &str, value: &toml::Value) {
        let Some((key, name)) = keys::find(&format!("agents.{name}")) else {
            let nearest = keys::nearest(&format!("agents.{name}"));
            let nearest = nearest.strip_prefix("agents.").unwrap_or(&nearest).to_owned();
            self.problems.push(Problem::Unknown { key: sentence(name), nearest });
            return;
        };
        if key.shared == Shared::No {
            self.problems.push(Problem::NotShared { key: name });
            return;
        }
        let values: Result<Vec<String>, &'static str> = match value {
            toml::Value::Array(all) if key.many => all.iter().map(as_text).collect(),
            value => as_text(value).map(|text| vec![text]),
        };
        let of_type = |found: &str| {
            let (key, value, wanted) = (name.clone(), found.to_owned(), key.kind.to_string());
            InvalidValue { key, value, wanted }
        };
        let checked = values
            .map_err(of_type)
            .and_then(|values| values.iter().try_for_each(|value| keys::check(&key, &name, value)).map(|()| values));
        match checked {
            Ok(values) => drop(self.values.insert(name, values)),
            Err(invalid) => self.problems.push(invalid.into()),
        }
    }
}

/// The value as git's configuration would have it, or what it is instead.
fn as_text(value: &toml::Value) -> Result<String, &'static str> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        value => Err(value.type_str()),
    }
}

#[cfg(test)]
#[path = "shared_test.rs"]
mod tests;
