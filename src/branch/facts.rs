//! What is to be said of each branch alone: its history, its uncommitted work, and how it stands to the target.

use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::BString;

use super::bring_up::BringUp;
use super::changes::Change;
use super::history::{Histories, History, histories};
use super::remembered::Remembered;
use super::verdict::PathVerdict;
use super::{BranchError, Candidate, Target, Work};
use crate::git::Repository;
use crate::git::merge_tree::MergeTree;
use crate::git::scratch::Scratch;
use crate::git::snapshot::snapshot;

/// One candidate, brought up to the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchFacts {
    /// The candidate's name.
    pub name: String,
    /// The candidate's commit.
    pub commit: ObjectId,
    /// The commit that is judged: in the scratch and on top of `commit` when uncommitted work belongs to it.
    pub tip: ObjectId,
    /// Its place in history; none when that cannot be read.
    pub history: Option<History>,
    /// What became of its uncommitted work.
    pub uncommitted: Uncommitted,
    /// How it stands to the target.
    pub standing: Standing,
    /// What it changes in the target's files; while it conflicts with the target, what it changed since it left it.
    pub changes: Vec<Change>,
    /// What it changed since it left the target.
    pub own: Vec<Change>,
    /// Nothing that it or the target did since can be a rename that matters to the other: each file of `own` was
    /// merged into the target's file of the same name.
    pub is_plain: bool,
}

impl BranchFacts {
    /// It left the target where the target is now.
    pub fn is_up_to_date(&self, target: ObjectId) -> bool {
        self.history.as_ref().is_some_and(|history| history.bases == [target])
    }

    /// With it come other `.gitattributes`, and git's merges of other branches may come out otherwise.
    pub fn changes_attributes(&self) -> bool {
        let is_attributes =
            |change: &Change| change.path.rsplit(|byte| *byte == b'/').next() == Some(b".gitattributes");
        self.changes.iter().any(is_attributes)
    }
}

/// What became of uncommitted work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncommitted {
    /// It was not asked for, or there is no worktree.
    NotAsked,
    /// There is none.
    None,
    /// It is part of the picture.
    Included {
        /// The paths.
        paths: Vec<BString>,
    },
    /// It is not part of the picture.
    LeftOut {
        /// Why not.
        reason: LeftOut,
    },
}

/// Why uncommitted work was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    /// The worktree is in the middle of something.
    #[error("the worktree is in the middle of a {doing}")]
    Busy {
        /// Of what.
        doing: String,
    },
    /// The worktree is on another commit than the candidate.
    #[error("the worktree is on another commit")]
    Elsewhere {
        /// That commit, if there is one.
        head: Option<ObjectId>,
    },
    /// The worktree has something else checked out than the branch.
    #[error("the worktree {} has {} checked out", .path.display(), .branch.as_deref().unwrap_or("no branch"))]
    OnAnother {
        /// Where.
        path: PathBuf,
        /// The branch that it has, without `refs/heads/`; none when HEAD is detached.
        branch: Option<String>,
    },
    /// The worktree cannot be found, or is none any more.
    #[error("the worktree {} is missing or cannot be read", .path.display())]
    Missing {
        /// Where it was.
        path: PathBuf,
    },
    /// It could not be read.
    #[error("{reason}")]
    Failed {
        /// In the words of git or of the system.
        reason: String,
    },
}

/// How a branch stands to the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The target has all of its commits.
    Landed,
    /// It has commits of its own, but merging them changes nothing: squashed, picked or reverted.
    Empty,
    /// It merges.
    Clean {
        /// The target's files with the branch merged.
        tree: ObjectId,
    },
    /// git's merge into the target would stop.
    Conflict {
        /// What does not merge; the first side is the target.
        paths: Vec<PathVerdict>,
    },
    /// git cannot tell.
    Unknown {
        /// Why, in git's own words.
        reason: String,
    },
}

impl Standing {
    /// Nothing of it is left to land.
    pub fn is_done(&self) -> bool {
        matches!(self, Standing::Landed | Standing::Empty)
    }
}

/// All branches, and how they relate in history.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) branches: Vec<BranchFacts>,
    pub(super) histories: Histories,
}

/// Gather them.
pub(super) fn gather(
    repository: &Repository,
    scratch: &Scratch,
    merger: &mut MergeTree,
    target: Target,
    candidates: &[Candidate],
    options: &super::Options,
    remembered: &Remembered,
) -> Result<Facts, BranchError> {
    // The place of one that cannot be read is kept by something that says nothing.
    let commit = |candidate: &Candidate| if candidate.broken.is_some() { target.commit } else { candidate.commit };
    let commits: Vec<_> = candidates.iter().map(commit).collect();
    let histories = match remembered.histories(&commits) {
        Some(known) => known,
        None => {
            let found = histories(repository, target.commit, &commits)?;
            remembered.keep_histories(&commits, &found);
            found
        }
    };
    let mut branches = Vec::with_capacity(candidates.len());
    for (candidate, history) in candidates.iter().zip(&histories.each) {
        let (uncommitted, tip) = match options.work {
            _ if candidate.broken.is_some() => (Uncommitted::NotAsked, candidate.commit),
            Work::Committed => (Uncommitted::NotAsked, candidate.commit),
            Work::Uncommitted => uncommitted(scratch, candidate)?,
        };
        let (history, reason) = match history {
            _ if candidate.broken.is_some() => (None, candidate.broken.clone().unwrap_or_default()),
            Ok(history) => (Some(history.clone()), String::new()),
            Err(reason) => (None, reason.clone()),
        };
        branches.push(BranchFacts {
            name: candidate.name.clone(),
            commit: candidate.commit,
            tip,
            history,
            uncommitted,
            standing: Standing::Unknown { reason },
            changes: Vec::new(),
            own: Vec::new(),
            is_plain: false,
        });
    }
    BringUp { repository, scratch, target, remembered }.all(merger, &mut branches, options.jobs)?;
    Ok(Facts { branches, histories })
}

/// The uncommitted work of a candidate and the commit that stands for all of it.
fn uncommitted(scratch: &Scratch, candidate: &Candidate) -> Result<(Uncommitted, ObjectId), BranchError> {
    let left_out = |reason| Ok((Uncommitted::LeftOut { reason }, candidate.commit));
    if let Some(reason) = &candidate.away {
        return left_out(reason.clone());
    }
    let Some(worktree) = &candidate.worktree else { return Ok((Uncommitted::NotAsked, candidate.commit)) };
    if let Some(doing) = &candidate.busy {
        return left_out(LeftOut::Busy { doing: doing.clone() });
    }
    match snapshot(worktree, scratch) {
        Ok(None) => Ok((Uncommitted::None, candidate.commit)),
        Ok(Some(snapshot)) if snapshot.head != Some(candidate.commit) => {
            left_out(LeftOut::Elsewhere { head: snapshot.head })
        }
        Ok(Some(snapshot)) => {
            let tip = scratch.stand_in(snapshot.tree, &[candidate.commit])?;
            Ok((Uncommitted::Included { paths: snapshot.paths }, tip))
        }
        Err(error) => left_out(LeftOut::Failed { reason: error.to_string() }),
    }
}
