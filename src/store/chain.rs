//! The chain as history: newest operation first.

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::{StoreError, objects};
use crate::git::Repository;
use crate::state::Operation;

/// One commit of the chain.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The commit.
    pub commit: ObjectId,
    /// The commit before it; none for the first.
    pub parent: Option<ObjectId>,
    /// How many commits are before it at once; one, but in a chain that somebody else has made.
    pub parents: usize,
    /// The sentence for people: the operation's own, and the commit's where there is none.
    pub sentence: String,
    /// Who wrote it: the committer's name.
    pub by: String,
    /// The operation; none when a newer version wrote it or somebody committed by hand.
    pub operation: Option<Operation>,
}

/// Walks the chain from its tip to its beginning.
#[derive(Debug)]
pub struct History<'r> {
    repo: &'r Repository,
    next: Option<ObjectId>,
    only: &'static [&'static str],
}

impl<'r> History<'r> {
    /// From `tip` backwards.
    pub fn from(repo: &'r Repository, tip: Option<ObjectId>) -> Self {
        History { repo, next: tip, only: &[] }
    }

    /// Read only operations that do one of these; others come without theirs. Most of the time goes into reading them.
    #[must_use]
    pub fn only(self, words: &'static [&'static str]) -> Self {
        History { only: words, ..self }
    }
}

impl Iterator for History<'_> {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let commit = self.next.take()?;
        let entry = read(self.repo, commit, self.only);
        self.next = entry.as_ref().ok().and_then(|entry| entry.parent);
        Some(entry)
    }
}

pub(super) fn read_entry(repo: &Repository, commit: ObjectId) -> Result<Entry, StoreError> {
    read(repo, commit, &[])
}

fn read(repo: &Repository, commit: ObjectId, only: &[&str]) -> Result<Entry, StoreError> {
    let mut buffer = Vec::new();
    let parsed = objects::commit(repo, commit, &mut buffer)
        .map_err(|error| StoreError::Unreadable { commit, reason: error.to_string() })?;
    let message = parsed.message.to_str_lossy();
    let (sentence, rest) = message.split_once("\n\n").unwrap_or((&message, ""));
    let by = parsed.committer().map(|who| who.name.to_str_lossy().into_owned()).unwrap_or_default();
    let does_one = || only.iter().any(|word| rest.contains(&format!("\"do\":\"{word}\"")));
    let wanted = if only.is_empty() || does_one() { rest.trim_end() } else { "" };
    // What names a ref or a branch that is none is not understood either.
    let operation = serde_json::from_str(wanted).ok().filter(|operation: &Operation| operation.check().is_ok());
    // Whoever made the commit chose its first line; what was done is what the operation says.
    let said = operation.as_ref().map(|operation| operation.action.sentence());
    Ok(Entry {
        commit,
        parent: parsed.parents().next(),
        parents: parsed.parents.len(),
        sentence: said.unwrap_or_else(|| sentence.trim_end().to_owned()),
        by,
        operation,
    })
}
