//! Merging one branch after the other onto the target, in the scratch.

use std::collections::HashMap;

use gix::ObjectId;

use crate::branch::BranchError;
use crate::branch::conflict::Matrix;
use crate::branch::facts::Standing;
use crate::branch::simulate::{Accumulate, Added};
use crate::branch::verdict::conflicts;
use crate::git::Repository;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;

/// The target with some branches merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Point {
    pub(super) commit: ObjectId,
    pub(super) tree: ObjectId,
    /// A commit or tree with the same `.gitattributes`.
    attributes: ObjectId,
}

/// Merging branches onto the target with real git, as merge commits so that ancestry is right.
pub(super) struct Onto<'a> {
    repository: &'a Repository,
    scratch: &'a Scratch,
    matrix: &'a Matrix,
    /// By what attributes they merge.
    mergers: HashMap<ObjectId, MergeTree>,
}

/// Children that are kept: one, and some more where branches change attributes.
const MERGERS: usize = 6;

impl<'a> Onto<'a> {
    pub(super) fn new(repository: &'a Repository, scratch: &'a Scratch, matrix: &'a Matrix) -> Self {
        Onto { repository, scratch, matrix, mergers: HashMap::new() }
    }

    fn merge(&mut self, attributes: ObjectId, request: &Request) -> Result<Merge, BranchError> {
        if self.mergers.len() >= MERGERS && !self.mergers.contains_key(&attributes) {
            self.mergers.clear();
        }
        let merger = self.mergers.entry(attributes);
        let merger = merger.or_insert_with(|| MergeTree::new(self.repository, self.scratch, Some(attributes)));
        Ok(merger.merge(request)?)
    }
}

impl Accumulate for Onto<'_> {
    type Point = Point;
    type Error = BranchError;

    fn start(&self) -> Point {
        let target = self.matrix.target;
        Point { commit: target.commit, tree: target.tree, attributes: target.commit }
    }

    fn add(&mut self, point: Point, branch: usize) -> Result<Added<Point>, BranchError> {
        let branch = &self.matrix.branches[branch];
        // What cannot be read is no better after others.
        if let Standing::Unknown { reason } = &branch.standing {
            return Ok(Added::Unknown(reason.clone()));
        }
        let tip = branch.tip;
        let request = Request { base: None, ours: point.commit, theirs: tip };
        self.scratch.hand_over([point.commit, tip])?;
        Ok(match self.merge(point.attributes, &request)? {
            Merge::Clean { tree } => {
                let commit = self.scratch.stand_in(tree, &[point.commit, tip])?;
                let attributes = if branch.changes_attributes() { tree } else { point.attributes };
                Added::Clean(Point { commit, tree, attributes })
            }
            Merge::Conflict { paths, .. } => Added::Conflict(conflicts(self.scratch, &request, &paths, [None, None])?),
            Merge::Unknown { reason } => Added::Unknown(reason),
        })
    }
}
