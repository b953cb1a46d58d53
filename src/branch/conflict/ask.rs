//! The merges by which git decides about a pair: one after the other has landed, in both orders.
//!
//! Where both left the target where it is now, both orders are the same merge. Otherwise each is what it is for git:
//! the target with the one that has landed, the commits of the other one, and what the other one began from. What one
//! branch changes in `.gitattributes` counts for the other one when it has landed.

use gix::ObjectId;

use super::Basis;
use super::judge::Judge;
use super::quickly::Open;
use crate::branch::BranchError;
use crate::branch::changes::tree_of;
use crate::branch::facts::{BranchFacts, Standing};
use crate::git::merge_tree::Request;

/// One merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::branch) struct Ask {
    pub(in crate::branch) request: Request,
    /// Whose `.gitattributes` count, if not the target's.
    pub(in crate::branch) attributes: Option<ObjectId>,
    pub(in crate::branch) landed: Landed,
}

/// Which of two has landed when the other one is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::branch) enum Landed {
    /// It makes no difference.
    Either,
    /// The first one, which is "ours".
    First,
    /// The second one, which is "ours".
    Second,
}

impl Judge<'_> {
    /// The merges that decide about a pair as a whole.
    pub(super) fn asks(&self, open: Open) -> Result<Vec<Ask>, BranchError> {
        let (a, b, basis) = open;
        let [one, other] = [&self.branches[a], &self.branches[b]];
        if self.has_orders(open) {
            return Ok(vec![self.after(a, b, basis, Landed::First)?, self.after(b, a, basis, Landed::Second)?]);
        }
        let request = match (basis, &one.standing, &other.standing) {
            (Basis::Target, Standing::Clean { tree: ours }, Standing::Clean { tree: theirs }) => {
                Request { base: Some(self.target.tree), ours: *ours, theirs: *theirs }
            }
            _ => Request { base: None, ours: one.tip, theirs: other.tip },
        };
        Ok(vec![Ask { request, attributes: None, landed: Landed::Either }])
    }

    /// Whether it has to be asked in both orders.
    pub(super) fn has_orders(&self, (a, b, basis): Open) -> bool {
        let sides = [&self.branches[a], &self.branches[b]];
        let is_clean = |side: &&BranchFacts| matches!(side.standing, Standing::Clean { .. });
        let is_same = |side: &&BranchFacts| side.is_up_to_date(self.target.commit) && !side.changes_attributes();
        matches!(basis, Basis::Target | Basis::SharedHistory)
            && sides.iter().all(is_clean)
            && !sides.iter().all(is_same)
    }

    /// The merge of one when the other has landed.
    fn after(&self, first: usize, then: usize, basis: Basis, landed: Landed) -> Result<Ask, BranchError> {
        let [first, then] = [&self.branches[first], &self.branches[then]];
        let tree = match &first.standing {
            Standing::Clean { tree } => *tree,
            _ => self.target.tree,
        };
        let bases = then.history.as_ref().map(|history| history.bases.as_slice()).unwrap_or_default();
        let request = match (basis, bases) {
            (Basis::Target, [base]) => {
                let [base, theirs] = [*base, then.tip].map(|commit| tree_of(self.scratch, commit));
                Request { base: Some(base?), ours: tree, theirs: theirs? }
            }
            // git finds what they have in common.
            _ => {
                let landed = self.scratch.stand_in(tree, &[self.target.commit, first.tip])?;
                Request { base: None, ours: landed, theirs: then.tip }
            }
        };
        Ok(Ask { request, attributes: first.changes_attributes().then_some(tree), landed })
    }
}
