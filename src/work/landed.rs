//! Whether the work at a commit is in the target: the proof without which nothing is cleaned up.
//!
//! What was in the target once may have been taken back since. So wherever a merge can tell, the target is asked for the
//! work itself and not only for its commits; where the target has gone on in the same places, and a merge cannot tell,
//! a commit that says that it reverts the work counts as what it says.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::past::{Past, PastLanding};
use crate::git::merge_tree::{Merge, MergeError, MergeTree, Request};
use crate::git::scratch::{Scratch, ScratchError};
use crate::git::{GitError, Repository};
use crate::state::OperationId;

/// Why work counts as landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The target's history has the commit itself.
    Reached,
    /// The target's history has the changes of every own commit under another id.
    Patches {
        /// How many commits.
        commits: usize,
    },
    /// It was recorded as landed, and merging it changes nothing.
    Recorded {
        /// By which operation.
        operation: OperationId,
    },
}

/// What became of the work at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It is in the target.
    Landed(Proof),
    /// It was, and at least a part is not any more.
    TakenBack {
        /// The commit that says so, where one does.
        by: Option<ObjectId>,
    },
    /// Merging it would change nothing, but nothing says that it ever landed.
    Unproven,
    /// It is not.
    Unlanded {
        /// How many commits the target lacks, also under another id.
        commits: usize,
    },
}

/// Why nobody could tell.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// git could not merge.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// Objects could not be written.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
}

/// Compares commits with one target.
#[derive(Debug)]
pub struct Judge<'r> {
    repo: &'r Repository,
    target: ObjectId,
    /// The target's tree.
    tree: ObjectId,
    merger: MergeTree,
    /// Keeps what the merges write.
    _scratch: Scratch,
}

/// What a merge says of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merged {
    /// The target has all of it.
    Nothing,
    /// It would bring something.
    Something,
    /// Both have changed the same places.
    Unclear,
}

/// A commit that the target does not reach.
struct Own {
    id: ObjectId,
    /// The target's history has its changes.
    is_known: bool,
}

impl<'r> Judge<'r> {
    /// Against `target`.
    ///
    /// # Errors
    /// See [`JudgeError`].
    pub fn new(repo: &'r Repository, target: ObjectId) -> Result<Self, JudgeError> {
        let scratch = Scratch::new(repo)?;
        let merger = MergeTree::new(repo, &scratch, Some(target));
        let child = repo.git().args(["rev-parse", "--verify"]).arg(format!("{target}^{{tree}}"));
        let command = child.line();
        let detail = child.text()?;
        let tree = ObjectId::from_hex(detail.as_bytes()).map_err(|_| GitError::Answer { command, detail })?;
        Ok(Judge { repo, target, tree, merger, _scratch: scratch })
    }

    /// What became of the work at `tip` of an agent with this past.
    ///
    /// # Errors
    /// See [`JudgeError`].
    pub fn judge(&mut self, tip: ObjectId, past: &Past) -> Result<Judgement, JudgeError> {
        if self.reaches(tip) {
            return Ok(match self.taken_back(tip, past.landings.first())? {
                Some(by) => Judgement::TakenBack { by },
                None => Judgement::Landed(Proof::Reached),
            });
        }
        let own = self.own(tip)?;
        let commits = own.len();
        let merged = self.merge(None, tip)?;
        if own.iter().all(|commit| commit.is_known) {
            let ids: BTreeSet<ObjectId> = own.iter().map(|commit| commit.id).chain(self.equal(tip)?).collect();
            return Ok(match merged {
                Merged::Nothing => Judgement::Landed(Proof::Patches { commits }),
                Merged::Something => Judgement::TakenBack { by: self.reverting(&ids, tip)? },
                Merged::Unclear => match self.reverting(&ids, tip)? {
                    Some(by) => Judgement::TakenBack { by: Some(by) },
                    None => Judgement::Landed(Proof::Patches { commits }),
                },
            });
        }
        let recorded = past.landings.iter().find(|landing| landing.tip == tip && self.is_here(landing));
        Ok(match (merged, recorded) {
            (Merged::Nothing, Some(landing)) => {
                Judgement::Landed(Proof::Recorded { operation: landing.operation.clone() })
            }
            (Merged::Nothing, None) => Judgement::Unproven,
            (Merged::Something, Some(landing)) if self.reaches(landing.commit) => {
                let by = self.reverting(&self.range(landing)?, landing.commit)?;
                Judgement::TakenBack { by }
            }
            _ => Judgement::Unlanded { commits: own.iter().filter(|commit| !commit.is_known).count() },
        })
    }

    /// Whether the target has taken back what it reaches: the last landing, or where none is known the tip alone.
    #[expect(clippy::option_option, reason = "the inner one is the commit that says so, which may be unknown")]
    fn taken_back(
        &mut self,
        tip: ObjectId,
        last: Option<&PastLanding>,
    ) -> Result<Option<Option<ObjectId>>, JudgeError> {
        let is_here = |landing: &&PastLanding| self.is_here(landing) && self.reaches(landing.commit);
        let Some(landing) = last.filter(is_here) else {
            return Ok(self.reverting(&BTreeSet::from([tip]), tip)?.map(Some));
        };
        match self.merge(Some(landing.onto), landing.commit)? {
            Merged::Nothing => Ok(None),
            Merged::Something => Ok(Some(self.reverting(&self.range(landing)?, landing.commit)?)),
            Merged::Unclear => Ok(self.reverting(&self.range(landing)?, landing.commit)?.map(Some)),
        }
    }

    /// Whether the commits that a landing names are here: another clone may have done it, or somebody made it up.
    fn is_here(&self, landing: &PastLanding) -> bool {
        let is_commit = |id: ObjectId| self.repo.gix().find_commit(id).is_ok();
        is_commit(landing.onto) && is_commit(landing.commit)
    }

    /// Whether the target's history has the commit.
    fn reaches(&self, commit: ObjectId) -> bool {
        self.repo.is_within(commit, self.target)
    }

    fn merge(&mut self, base: Option<ObjectId>, theirs: ObjectId) -> Result<Merged, JudgeError> {
        let merged = self.merger.merge(&Request { base, ours: self.target, theirs })?;
        let Merge::Clean { tree } = merged else { return Ok(Merged::Unclear) };
        Ok(if tree == self.tree { Merged::Nothing } else { Merged::Something })
    }

    /// What the tip has and the target does not. A merge has no changes of its own to find elsewhere.
    fn own(&self, tip: ObjectId) -> Result<Vec<Own>, GitError> {
        let rows = self.listed(&["--cherry-mark", "--right-only"], &format!("{}...{tip}", self.target))?;
        Ok(rows.into_iter().map(|(mark, id)| Own { id, is_known: mark == '=' }).collect())
    }

    /// What the target has of the tip's changes under other ids.
    fn equal(&self, tip: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let rows = self.listed(&["--cherry-mark", "--left-only"], &format!("{}...{tip}", self.target))?;
        Ok(rows.into_iter().filter(|(mark, _)| *mark == '=').map(|(_, id)| id).collect())
    }

    /// The commits of a landing.
    fn range(&self, landing: &PastLanding) -> Result<BTreeSet<ObjectId>, GitError> {
        let rows = self.listed(&[], &format!("{}..{}", landing.onto, landing.commit))?;
        Ok(rows.into_iter().map(|(_, id)| id).collect())
    }

    fn listed(&self, options: &[&str], range: &str) -> Result<Vec<(char, ObjectId)>, GitError> {
        let child = self.repo.git().arg("rev-list").args(options).args([range, "--"]);
        let command = child.line();
        let text = child.text()?;
        let rows = text.lines().map(|line| {
            let mark = line.chars().next().filter(|mark| matches!(mark, '=' | '+')).unwrap_or(' ');
            let id = ObjectId::from_hex(line.trim_start_matches(['=', '+']).as_bytes());
            id.map(|id| (mark, id)).map_err(|_| GitError::Answer { command: command.clone(), detail: line.to_owned() })
        });
        rows.collect()
    }

    /// The newest commit of the target after `since` that says that it reverts one of the commits, or a merge of one,
    /// when that commit's changes are really not there.
    fn reverting(&mut self, ids: &BTreeSet<ObjectId>, since: ObjectId) -> Result<Option<ObjectId>, JudgeError> {
        const SAYS: &str = "This reverts commit ";
        let child = self.repo.git().args(["log", "-z", "--no-show-signature", "--format=%H%n%B", "--fixed-strings"]);
        let output = child.arg(format!("--grep={SAYS}")).args([&format!("{since}..{}", self.target), "--"]).stdout()?;
        for record in output.split_str("\0") {
            let text = record.to_str_lossy();
            let Some((by, message)) = text.split_once('\n') else { continue };
            for after in message.split(SAYS).skip(1) {
                let hex: String = after.chars().take_while(char::is_ascii_hexdigit).collect();
                let Ok(id) = ObjectId::from_hex(hex.as_bytes()) else { continue };
                let Some(first) = self.is_about(id, ids) else { continue };
                if self.merge(Some(first), id)? != Merged::Nothing {
                    return Ok(ObjectId::from_hex(by.as_bytes()).ok());
                }
            }
        }
        Ok(None)
    }

    /// The first parent of `id`, when that is one of the commits or a merge that brought one.
    fn is_about(&self, id: ObjectId, ids: &BTreeSet<ObjectId>) -> Option<ObjectId> {
        let commit = self.repo.gix().find_commit(id).ok()?;
        let parents: Vec<ObjectId> = commit.parent_ids().map(|parent| parent.detach()).collect();
        let is_it = ids.contains(&id) || parents.iter().skip(1).any(|parent| ids.contains(parent));
        parents.first().copied().filter(|_| is_it)
    }
}
