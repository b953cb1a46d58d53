//! What two sides mean to each other, path by path.

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::objs::tree::EntryKind;

use super::BranchError;
use super::changes::entry_at;
use super::regions::{Lines, Region, moved, regions};
use crate::git::merge_tree::{ConflictKind, ConflictPath, Request, Stage, Stages};
use crate::git::scratch::Scratch;

/// What becomes of two branches, or of a branch and the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// They touch nothing in common.
    Clean,
    /// They change the same paths, and git merges them.
    Overlap,
    /// git's own merge would stop.
    Conflict,
    /// git cannot tell.
    Unknown {
        /// Why, in git's own words.
        reason: String,
    },
}

/// A path that both sides changed, or that git cannot merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathVerdict {
    /// Where.
    pub path: BString,
    /// Whether it merges.
    pub state: PathState,
}

/// What becomes of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathState {
    /// Both changed it, and it merges.
    Overlap,
    /// It does not merge.
    Conflict {
        /// What kind of conflict.
        kind: ConflictKind,
        /// Where in the file, as far as that can be said.
        regions: Vec<Region>,
        /// What git was merging at this path; may be in the scratch only.
        stages: Stages,
    },
}

impl PathVerdict {
    /// Whether a person is needed.
    pub fn is_conflict(&self) -> bool {
        matches!(self.state, PathState::Conflict { .. })
    }

    /// Tell it from the other side.
    pub(super) fn turn(&mut self) {
        if let PathState::Conflict { regions, stages, .. } = &mut self.state {
            std::mem::swap(&mut stages.ours, &mut stages.theirs);
            regions.iter_mut().for_each(|region| std::mem::swap(&mut region.a, &mut region.b));
        }
    }

    /// How many places there are to resolve: one at least, if it is a conflict.
    pub fn places(&self) -> usize {
        match &self.state {
            PathState::Overlap => 0,
            PathState::Conflict { regions, .. } => regions.len().max(1),
        }
    }
}

/// Files that are larger are not searched for the place of a conflict.
const TOO_LARGE: usize = 4 << 20;

/// Explain what git could not merge. `own` are the trees in which the two sides have their files as they know them;
/// they differ from what was merged when the sides were brought up to the target first.
pub(super) fn conflicts(
    scratch: &Scratch,
    request: &Request,
    paths: &[ConflictPath],
    own: [Option<ObjectId>; 2],
) -> Result<Vec<PathVerdict>, BranchError> {
    let mut verdicts = Vec::with_capacity(paths.len());
    for conflict in paths {
        let path = without_label(conflict.path.as_bstr(), request);
        let mut found = match conflict.kind {
            ConflictKind::Content | ConflictKind::AddAdd | ConflictKind::RenameRename => places(scratch, conflict)?,
            _ => Vec::new(),
        };
        if !found.is_empty() {
            let [a, b] = own;
            relocate(scratch, conflict.stages.ours, a, path, &mut found, |region| &mut region.a)?;
            relocate(scratch, conflict.stages.theirs, b, path, &mut found, |region| &mut region.b)?;
        }
        let state = PathState::Conflict { kind: conflict.kind.clone(), regions: found, stages: conflict.stages };
        verdicts.push(PathVerdict { path: path.to_owned(), state });
    }
    verdicts.sort_by(|a, b| a.path.cmp(&b.path));
    // Two made-up names of one path.
    verdicts.dedup_by(|later, first| later.path == first.path);
    Ok(verdicts)
}

/// Add what both changed without trouble.
pub(super) fn with_overlaps<'a>(
    mut verdicts: Vec<PathVerdict>,
    shared: impl IntoIterator<Item = &'a BString>,
) -> Vec<PathVerdict> {
    let conflicting = verdicts.len();
    for path in shared {
        if verdicts[..conflicting].binary_search_by(|verdict| verdict.path.cmp(path)).is_err() {
            verdicts.push(PathVerdict { path: path.clone(), state: PathState::Overlap });
        }
    }
    verdicts.sort_by(|a, b| a.path.cmp(&b.path));
    verdicts
}

/// git keeps two things of one name apart by adding `~` and the name of their side, which to us is an id.
fn without_label<'a>(path: &'a BStr, request: &Request) -> &'a BStr {
    for side in [request.ours, request.theirs] {
        if let Some(at) = path.rfind(format!("~{side}")) {
            return path[..at].as_bstr();
        }
    }
    path
}

fn places(scratch: &Scratch, conflict: &ConflictPath) -> Result<Vec<Region>, BranchError> {
    let (Some(ours), Some(theirs)) = (conflict.stages.ours, conflict.stages.theirs) else { return Ok(Vec::new()) };
    let base = match conflict.stages.base {
        Some(base) => text(scratch, base)?,
        None => Some(Vec::new()),
    };
    match (base, text(scratch, ours)?, text(scratch, theirs)?) {
        (Some(base), Some(ours), Some(theirs)) => Ok(regions(&base, &ours, &theirs)),
        _ => Ok(Vec::new()),
    }
}

/// A file's content, if it is a file and not too large.
fn text(scratch: &Scratch, stage: Stage) -> Result<Option<Vec<u8>>, BranchError> {
    if !matches!(stage.mode.kind(), EntryKind::Blob | EntryKind::BlobExecutable) {
        return Ok(None);
    }
    let data = scratch.find(stage.id)?.data;
    Ok((data.len() <= TOO_LARGE).then_some(data))
}

/// Say the lines of one side in its own file.
fn relocate(
    scratch: &Scratch,
    merged: Option<Stage>,
    own: Option<ObjectId>,
    path: &BStr,
    found: &mut [Region],
    lines: fn(&mut Region) -> &mut Lines,
) -> Result<(), BranchError> {
    let (Some(merged), Some(own)) = (merged, own) else { return Ok(()) };
    let Some(own) = entry_at(scratch, own, path)?.filter(|own| own.id != merged.id) else { return Ok(()) };
    if let (Some(merged), Some(own)) = (text(scratch, merged)?, text(scratch, own)?) {
        for region in found {
            let lines = lines(region);
            *lines = moved(&merged, &own, *lines);
        }
    }
    Ok(())
}
