//! What git merges and people should look at: changes near to each other, dependencies and numbered files that two
//! sides add, files that a tool writes. No verdict depends on any of it.
//!
//! Computed for the pairs that share a path only, and from files that are not too large; what cannot be read is left
//! out.

mod lock_file;
mod manifest;
mod migration;
mod nearby;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::diff::blob::sources::byte_lines;
use gix::objs::CommitRefIter;

use super::BranchError;
use super::blob::Blobs;
use super::changes::tree_of;
use super::conflict::{Basis, Matrix, Pair};
use super::facts::{BranchFacts, Standing};
use super::folder::{Folders, parted};
use super::hazard::Side;
use super::regions::{Lines, moved};
use super::verdict::{PathState, PathVerdict, Verdict};
use crate::git::merge_tree::Stage;
use crate::git::scratch::Scratch;
use manifest::{dependencies, manifest};
use nearby::{Edit, Function, edits, functions, nearby};

/// How many lines may lie between two changes that are near to each other, unless somebody says otherwise.
pub const NEAR: u32 = 10;

/// Something that two sides should know of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soft {
    /// The number of the first branch.
    pub a: usize,
    /// The other one: a branch with a higher number, or the target.
    pub b: Side,
    /// Which file; where each has one of its own, that of the first.
    pub path: BString,
    /// What it is.
    pub kind: SoftKind,
}

/// What two sides should know of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoftKind {
    /// Both change the same function, or lines near to each other, and it merges.
    Nearby {
        /// The line that names the function that both change, if it is the same.
        function: Option<String>,
        /// Where in the first side's own file.
        a: Lines,
        /// Where in the second side's own file.
        b: Lines,
        /// How many lines lie between the two at least.
        apart: u32,
    },
    /// Both add dependencies to one manifest; what both add alike is left out.
    Dependency {
        /// What the first adds.
        a: Vec<Dependency>,
        /// What the second adds.
        b: Vec<Dependency>,
    },
    /// Both add a file with the same number.
    Migration {
        /// The number, without leading zeros.
        number: String,
        /// The other side's file.
        other: BString,
    },
    /// Both change a file that a tool writes.
    Regenerate {
        /// The command that writes it anew.
        command: &'static str,
        /// Where to run it, from the top; empty is the top.
        folder: BString,
    },
}

/// Something that a manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// The version as it is written; none where none is asked for.
    pub version: Option<String>,
}

impl SoftKind {
    /// The dependencies that both add, with different versions: one of the two will not get what it asked for.
    pub fn clashes(&self) -> Vec<(&Dependency, &Dependency)> {
        let SoftKind::Dependency { a, b } = self else { return Vec::new() };
        a.iter().filter_map(|one| b.iter().find(|other| other.name == one.name).map(|other| (one, other))).collect()
    }
}

/// All that there is to say about the branches of a matrix, by pair; changes are near to each other with at most `near`
/// lines between them.
///
/// # Errors
/// A tree cannot be read.
pub fn warnings(scratch: &Scratch, matrix: &Matrix, near: u32) -> Result<Vec<Soft>, BranchError> {
    let mut reader = Reader {
        scratch,
        folders: Folders::new(scratch),
        blobs: Blobs::new(scratch),
        edits: HashMap::new(),
        moved: HashMap::new(),
        functions: HashMap::new(),
        near,
    };
    let mut found = Vec::new();
    for pair in matrix.pairs.iter().filter(|pair| !pair.paths.is_empty()) {
        let sides = if matches!(pair.verdict, Verdict::Unknown { .. }) { None } else { reader.sides(matrix, pair)? };
        for verdict in &pair.paths {
            let mut add =
                |kind| found.push(Soft { a: pair.a, b: Side::Branch(pair.b), path: verdict.path.clone(), kind });
            let (folder, name) = parted(verdict.path.as_ref());
            if let Some(command) = lock_file::command(name) {
                add(SoftKind::Regenerate { command, folder: folder.to_owned() });
            } else if let Some(sides) = &sides {
                reader.of_path(sides, verdict, &mut add)?;
            }
        }
    }
    found.extend(migration::twice(&reader.folders, matrix)?);
    found.sort_by(|one, other| (one.a, one.b, &one.path).cmp(&(other.a, other.b, &other.path)));
    Ok(found)
}

/// The trees of a pair.
struct Sides {
    base: ObjectId,
    /// What was merged.
    merged: [ObjectId; 2],
    /// The files as the two sides know them.
    own: [ObjectId; 2],
}

/// Everything that was read so far, since many pairs share it.
struct Reader<'s> {
    scratch: &'s Scratch,
    folders: Folders<'s>,
    blobs: Blobs<'s>,
    /// By base and side.
    edits: HashMap<(ObjectId, ObjectId), Rc<[Edit]>>,
    /// Lines of one version of a file in another one.
    moved: HashMap<(ObjectId, ObjectId, Lines), Lines>,
    functions: HashMap<ObjectId, Rc<[Function]>>,
    near: u32,
}

impl Reader<'_> {
    /// The trees that tell what the two of a pair changed; nothing when they have no base that is certain.
    fn sides(&self, matrix: &Matrix, pair: &Pair) -> Result<Option<Sides>, BranchError> {
        let facts = [&matrix.branches[pair.a], &matrix.branches[pair.b]];
        let own = [tree_of(self.scratch, facts[0].tip)?, tree_of(self.scratch, facts[1].tip)?];
        if pair.basis != Basis::SharedHistory
            && let [Standing::Clean { tree: a }, Standing::Clean { tree: b }] = facts.map(|facts| &facts.standing)
        {
            return Ok(Some(Sides { base: matrix.target.tree, merged: [*a, *b], own }));
        }
        let base = match self.parted_at(facts)? {
            Some(shared) => shared,
            None => match facts.map(|facts| facts.history.as_ref().map(|history| history.bases.as_slice())) {
                [Some([one]), Some([other])] if one == other => *one,
                _ => return Ok(None),
            },
        };
        Ok(Some(Sides { base: tree_of(self.scratch, base)?, merged: own, own }))
    }

    /// The newest commit that both have and the target does not, if there is exactly one.
    fn parted_at(&self, facts: [&BranchFacts; 2]) -> Result<Option<ObjectId>, BranchError> {
        let [Some(one), Some(other)] = facts.map(|facts| facts.history.as_ref()) else { return Ok(None) };
        let of_other: BTreeSet<_> = other.own.iter().collect();
        let mut heads: BTreeSet<ObjectId> =
            one.own.iter().filter(|commit| of_other.contains(commit)).copied().collect();
        for commit in heads.clone() {
            let data = self.scratch.find(commit)?.data;
            for parent in CommitRefIter::from_bytes(&data, commit.kind()).parent_ids() {
                heads.remove(&parent);
            }
        }
        Ok(if heads.len() == 1 { heads.pop_first() } else { None })
    }

    /// What there is to say about one path that both change.
    fn of_path(
        &mut self,
        sides: &Sides,
        verdict: &PathVerdict,
        add: &mut impl FnMut(SoftKind),
    ) -> Result<(), BranchError> {
        let path = verdict.path.as_bstr();
        let at = |tree| self.folders.at(tree, path);
        let (base, merged) = (at(sides.base)?, [at(sides.merged[0])?, at(sides.merged[1])?]);
        let [Some(a), Some(b)] = merged else { return Ok(()) };
        let (Some(text_a), Some(text_b)) = (self.blobs.text(a), self.blobs.text(b)) else { return Ok(()) };
        let before = base.and_then(|base| self.blobs.text(base));
        if let Some(kind) = manifest(parted(path).1) {
            let known = dependencies(kind, before.as_deref().unwrap_or_default());
            let added = [&text_a, &text_b].map(|text| {
                let new = dependencies(kind, text).into_iter().filter(|(name, _)| !known.contains_key(name));
                new.map(|(name, version)| Dependency { name, version }).collect::<Vec<_>>()
            });
            let own = |side: usize| -> Vec<Dependency> {
                added[side].iter().filter(|one| !added[1 - side].contains(one)).cloned().collect()
            };
            let (a, b) = (own(0), own(1));
            if !a.is_empty() && !b.is_empty() {
                add(SoftKind::Dependency { a, b });
            }
        }
        let (PathState::Overlap, Some(base), Some(before)) = (&verdict.state, base, before) else { return Ok(()) };
        let own = sides.own.map(|tree| at(tree).ok().flatten());
        let known = self.functions.entry(base.id);
        let known = known.or_insert_with(|| functions(&byte_lines(&before).collect::<Vec<_>>()).into()).clone();
        let changed = [self.edits(base, &before, a, &text_a), self.edits(base, &before, b, &text_b)];
        for one in nearby(&known, [&changed[0], &changed[1]], self.near) {
            let (a, b) = (self.moved(a, own[0], one.a), self.moved(b, own[1], one.b));
            add(SoftKind::Nearby { function: one.function, a, b, apart: one.apart });
        }
        Ok(())
    }

    fn edits(&mut self, base: Stage, before: &[u8], side: Stage, after: &[u8]) -> Rc<[Edit]> {
        self.edits.entry((base.id, side.id)).or_insert_with(|| edits(before, after).into()).clone()
    }

    /// Lines of what was merged in the side's own file.
    fn moved(&mut self, merged: Stage, own: Option<Stage>, lines: Lines) -> Lines {
        let Some(own) = own.filter(|own| own.id != merged.id) else { return lines };
        let (blobs, known) = (&self.blobs, self.moved.entry((merged.id, own.id, lines)));
        *known.or_insert_with(|| match (blobs.text(merged), blobs.text(own)) {
            (Some(merged), Some(own)) => moved(&merged, &own, lines),
            _ => lines,
        })
    }
}

#[cfg(test)]
mod tests;
