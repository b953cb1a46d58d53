//! Whether another order merges as well, but with other content.
//!
//! Two branches that merge give the same content in both orders. Three that change one path need not: git aligns the
//! lines anew at every merge. So every three that follow each other among those that change a path are merged on the
//! target in all orders, as far as the number of merges allows, and the trees are compared.

use std::collections::{BTreeMap, BTreeSet};

use gix::bstr::{BStr, BString};

use super::onto::{Onto, Point};
use crate::branch::BranchError;
use crate::branch::conflict::Matrix;
use crate::branch::simulate::{Remembered, orders};

/// Merges that the comparison may take; about a millisecond each.
const BUDGET: usize = 150;

/// Branches whose order decides about the content although they merge in any.
pub(super) struct Differing {
    /// In the order of the plan.
    pub(super) planned: Vec<usize>,
    /// In the order that gives other content.
    pub(super) other: Vec<usize>,
    /// What they all change.
    pub(super) paths: Vec<BString>,
}

/// Those among `merged` of which another order, one that respects `before`, gives other content.
pub(super) fn differing(
    target: &mut Remembered<'_, Onto<'_>>,
    matrix: &Matrix,
    merged: &[usize],
    before: &[(usize, usize)],
) -> Result<Vec<Differing>, BranchError> {
    let limit = target.merges + BUDGET;
    let mut found = Vec::new();
    for (planned, paths) in neighbours(matrix, merged) {
        let Some(Point { tree, .. }) = target.sequence(&planned, limit)? else { continue };
        for other in orders(&planned).into_iter().filter(|order| obeys(order, before)) {
            if target.sequence(&other, limit)?.is_some_and(|point| point.tree != tree) {
                let paths = paths.iter().map(|path| (*path).to_owned()).collect();
                found.push(Differing { planned, other, paths });
                break;
            }
        }
    }
    Ok(found)
}

/// Every three that follow each other among those that change a path, with the paths.
fn neighbours<'a>(matrix: &'a Matrix, merged: &[usize]) -> BTreeMap<Vec<usize>, BTreeSet<&'a BStr>> {
    let mut touching: BTreeMap<&BStr, Vec<usize>> = BTreeMap::new();
    for &branch in merged {
        for change in &matrix.branches[branch].changes {
            let branches = touching.entry(change.path.as_ref()).or_default();
            if branches.last() != Some(&branch) {
                branches.push(branch);
            }
        }
    }
    let mut found: BTreeMap<Vec<usize>, BTreeSet<&BStr>> = BTreeMap::new();
    for (path, branches) in touching {
        for three in branches.windows(3) {
            found.entry(three.to_vec()).or_default().insert(path);
        }
    }
    found
}

fn obeys(order: &[usize], before: &[(usize, usize)]) -> bool {
    let place = |item: usize| order.iter().position(|other| *other == item);
    before.iter().all(|(first, then)| match (place(*first), place(*then)) {
        (Some(first), Some(then)) => first < then,
        _ => true,
    })
}
