//! The log of the state's ref: what the ref was, what is missing of that, and what going back gives up.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::lock::acquire::Fail;

use crate::git::Repository;
use crate::git::repository::RefStorage;
use crate::store::{History, STATE_REF};

/// So much of what is given up is told.
const MOST_TOLD: usize = 1000;
/// How long the ref's lock is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// One move of the ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) old: ObjectId,
    pub(super) new: ObjectId,
    pub(super) message: String,
}

impl Line {
    fn parse(line: &[u8]) -> Option<Self> {
        let (old, rest) = line.split_once_str(" ")?;
        let (new, rest) = rest.split_once_str(" ")?;
        let message = rest.split_once_str("\t").map(|(_, message)| message.to_str_lossy().into_owned());
        let id = |text: &[u8]| ObjectId::from_hex(text).ok();
        Some(Line { old: id(old)?, new: id(new)?, message: message.unwrap_or_default() })
    }
}

/// An operation that is not in the chain that is brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Its commit.
    pub commit: ObjectId,
    /// What it did; where that is missing, what the log says of it.
    pub sentence: String,
    /// Whether its commit can still be read.
    pub is_readable: bool,
}

/// The moves of the ref, oldest first. Where refs are in files the log outlives a ref whose file is gone.
pub(super) fn lines(repo: &Repository) -> Vec<Line> {
    match repo.storage() {
        RefStorage::Files => {
            let text = std::fs::read(path(repo)).unwrap_or_default();
            text.lines().filter_map(Line::parse).collect()
        }
        RefStorage::Reftable => {
            let child = repo.git().args(["log", "--walk-reflogs", "--format=%H %gs", STATE_REF, "--"]);
            let text = child.text().unwrap_or_default();
            let null = repo.gix().object_hash().null();
            let line = |row: &str| {
                let (id, message) = row.split_once(' ').unwrap_or((row, ""));
                Some(Line { old: null, new: ObjectId::from_hex(id.as_bytes()).ok()?, message: message.to_owned() })
            };
            let mut all: Vec<Line> = text.lines().filter_map(line).collect();
            all.reverse();
            all
        }
    }
}

/// What the ref has had since it last was in the chain of `tip`, and what `now` leads to, oldest first.
pub fn given_up(repo: &Repository, now: Option<ObjectId>, tip: ObjectId) -> Vec<GivenUp> {
    let (mut kept, mut known) = (HashSet::new(), HashSet::new());
    for entry in History::from(repo, Some(tip)).map_while(Result::ok) {
        known.insert(entry.commit);
        kept.extend(entry.operation.map(|operation| operation.id));
    }
    let log = lines(repo);
    let since: Vec<&Line> = log.iter().rev().take_while(|line| !known.contains(&line.new)).collect();
    let moves = now.map(|now| (now, None)).into_iter().chain(since.into_iter().map(|line| (line.new, Some(line))));
    let mut found = Vec::new();
    for (id, line) in moves.filter(|(id, _)| !id.is_null()) {
        let mut walk = History::from(repo, Some(id)).peekable();
        if let (Some(Err(_)), Some(line)) = (walk.peek(), line)
            && known.insert(id)
        {
            let sentence = line.message.strip_prefix("agents: ").unwrap_or(&line.message).to_owned();
            found.push(GivenUp { commit: id, sentence, is_readable: false });
        }
        for entry in walk.map_while(Result::ok).take_while(|entry| known.insert(entry.commit)) {
            // What was done again on another chain has another commit there.
            if entry.operation.as_ref().is_none_or(|operation| kept.insert(operation.id.clone())) {
                found.push(GivenUp { commit: entry.commit, sentence: entry.sentence, is_readable: true });
            }
        }
        if found.len() > MOST_TOLD {
            break;
        }
    }
    found.truncate(MOST_TOLD);
    found.reverse();
    found
}

/// Take the moves to what is missing out of the log: `git fsck` refuses a log with them, and nobody can go back there.
/// `keep` is given those lines before they go.
pub(super) fn mend(repo: &Repository, keep: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    if repo.storage() == RefStorage::Reftable {
        // Only git writes there.
        return Ok(());
    }
    // Whoever moves the ref writes to its log, and holds this lock.
    let wait = Fail::AfterDurationWithBackoff(LOCK_WAIT);
    let at = repo.common_dir().join(STATE_REF);
    let _lock = gix::lock::Marker::acquire_to_hold_resource(at, wait, None, 0).map_err(io::Error::other)?;
    let path = path(repo);
    let before = match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    let mut seen: HashMap<ObjectId, bool> = HashMap::new();
    let mut is_there =
        |id: ObjectId| id.is_null() || *seen.entry(id).or_insert_with(|| repo.gix().find_object(id).is_ok());
    let (mut after, mut gone) = (Vec::with_capacity(before.len()), String::new());
    let mut last = repo.gix().object_hash().null();
    for text in before.lines_with_terminator() {
        let Some(line) = Line::parse(text) else {
            after.extend_from_slice(text);
            continue;
        };
        if !is_there(line.new) {
            gone.push_str(&text.to_str_lossy());
            continue;
        }
        if is_there(line.old) {
            after.extend_from_slice(text);
        } else {
            // From where it was before that.
            after.extend_from_slice(last.to_string().as_bytes());
            after.extend_from_slice(&text[last.to_string().len()..]);
        }
        last = line.new;
    }
    if after == before {
        return Ok(());
    }
    if !gone.is_empty() {
        keep(&gone)?;
    }
    let mut file = tempfile::NamedTempFile::new_in(repo.agents_dir())?;
    file.write_all(&after)?;
    file.as_file().set_permissions(path.metadata()?.permissions())?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

fn path(repo: &Repository) -> PathBuf {
    repo.common_dir().join("logs").join(STATE_REF)
}
