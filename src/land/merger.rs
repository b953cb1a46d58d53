//! Merges as git makes them in a checkout: with the attributes that are there at that moment.
//!
//! `.gitattributes` name merge drivers (`union`, `binary`, a program). git reads them from the files of the side that is
//! merged into, so what one branch brings counts for the next, and what one commit brings for the one after it.

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::plan::PlanError;
use crate::branch::changes::{between, tree_of};
use crate::git::Repository;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;

const ATTRIBUTES: &[u8] = b".gitattributes";

/// One merge after the other, each on top of what came before.
#[derive(Debug)]
pub(super) struct Merger<'a> {
    scratch: &'a Scratch,
    git: MergeTree,
    /// A commit with the attributes that git uses.
    seen: ObjectId,
}

impl<'a> Merger<'a> {
    /// The first merge is into `onto`.
    pub(super) fn new(repo: &Repository, scratch: &'a Scratch, onto: ObjectId) -> Self {
        Merger { scratch, git: MergeTree::new(repo, scratch, Some(onto)), seen: onto }
    }

    /// One merge into the commit that is its `ours`.
    pub(super) fn merge(&mut self, request: &Request) -> Result<Merge, PlanError> {
        if self.has_other_attributes(request.ours)? {
            self.git.read_attributes_of(request.ours);
        }
        self.seen = request.ours;
        Ok(self.git.merge(request)?)
    }

    fn has_other_attributes(&self, commit: ObjectId) -> Result<bool, PlanError> {
        if commit == self.seen {
            return Ok(false);
        }
        let tree = |commit| tree_of(self.scratch, commit).map_err(Box::new);
        let changes = between(self.scratch, tree(self.seen)?, tree(commit)?).map_err(Box::new)?;
        Ok(changes.iter().any(|change| change.path.rsplit_str("/").next() == Some(ATTRIBUTES)))
    }
}
