//! Merging one branch after the other onto the target, in the scratch.

use gix::ObjectId;

use crate::branch::BranchError;
use crate::branch::conflict::Matrix;
use crate::branch::simulate::{Accumulate, Added};
use crate::branch::verdict::conflicts;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;

/// The target with some branches merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Point {
    pub(super) commit: ObjectId,
    pub(super) tree: ObjectId,
}

/// Merging branches onto the target with real git, as merge commits so that ancestry is right.
pub(super) struct Onto<'a> {
    pub(super) merger: MergeTree,
    pub(super) scratch: &'a Scratch,
    pub(super) matrix: &'a Matrix,
}

impl Accumulate for Onto<'_> {
    type Point = Point;
    type Error = BranchError;

    fn start(&self) -> Point {
        Point { commit: self.matrix.target.commit, tree: self.matrix.target.tree }
    }

    fn add(&mut self, point: Point, branch: usize) -> Result<Added<Point>, BranchError> {
        let tip = self.matrix.branches[branch].tip;
        let request = Request { base: None, ours: point.commit, theirs: tip };
        self.scratch.hand_over([point.commit, tip])?;
        Ok(match self.merger.merge(&request)? {
            Merge::Clean { tree } => {
                Added::Clean(Point { commit: self.scratch.stand_in(tree, &[point.commit, tip])?, tree })
            }
            Merge::Conflict { paths, .. } => Added::Conflict(conflicts(self.scratch, &request, &paths, [None, None])?),
            Merge::Unknown { reason } => Added::Unknown(reason),
        })
    }
}
