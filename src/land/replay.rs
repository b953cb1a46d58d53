//! One branch onto a commit, in memory: rebased, merged or squashed.
//!
//! A rebase does what `git rebase` does by default: the branch's own commits in topological order, without those that
//! the target has under another id, each by git's own merge with its parent as the base; author, dates, encoding and
//! message stay; a commit that becomes empty is dropped, one that was empty stays. Commits that already stand where
//! they belong keep their ids. A branch that contains merges is never flattened: that is an answer, not a rebase. Nor is
//! it one when a commit is left out that the target has had and has taken back since.

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::commit::{self, Commit, Writer, line_of};
use super::plan::{PlanError, Source, Stop, StopPath, Strategy};
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;
use crate::git::{Git, GitError, Repository};

/// Where a branch ended up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// On top of the commit.
    Landed {
        /// How; where none was asked for, the one that worked.
        strategy: Strategy,
        /// The newest commit.
        after: ObjectId,
        /// The commits that were made anew, old and new.
        replayed: Vec<(ObjectId, ObjectId)>,
        /// Commits whose changes were there already.
        dropped: Vec<ObjectId>,
    },
    /// The commit has all of it.
    Nothing,
    /// Not at all.
    Stopped(Stop),
}

/// Builds commits in a scratch.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    pub(super) writer: Writer<'a>,
    pub(super) merger: MergeTree,
}

/// A commit in the range that is replayed.
struct Listed {
    id: ObjectId,
    /// The target has had the same patch under another id.
    is_known: bool,
    parents: Vec<ObjectId>,
}

impl Builder<'_> {
    /// Bring `tip` onto `onto` in the way that the source asks for. What the `exclude`d commits reach is not its own.
    pub(super) fn bring(
        &mut self,
        source: &Source,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
    ) -> Result<Outcome, PlanError> {
        match source.strategy {
            Some(Strategy::Rebase) => self.rebase(tip, onto, exclude),
            Some(Strategy::Squash) => self.squash(source, tip, onto, exclude),
            Some(Strategy::Merge) => self.merge(source, tip, onto),
            None => match self.rebase(tip, onto, exclude)? {
                Outcome::Stopped(Stop::HasMerges { .. } | Stop::Conflict { merges: true, .. }) => {
                    self.merge(source, tip, onto)
                }
                outcome => Ok(outcome),
            },
        }
    }

    /// Replay the branch's own commits.
    pub(super) fn rebase(&mut self, tip: ObjectId, onto: ObjectId, exclude: &[ObjectId]) -> Result<Outcome, PlanError> {
        let (known, own): (Vec<_>, Vec<_>) =
            self.own_commits(tip, onto, exclude)?.into_iter().partition(|commit| commit.is_known);
        let outcome = self.replay(own, onto)?;
        let is_taken_back = match outcome {
            Outcome::Stopped(Stop::Conflict { commit, paths, .. }) => {
                let merges = self.merged_tree(tip, onto, exclude)?.is_some();
                return Ok(Outcome::Stopped(Stop::Conflict { commit, paths, merges }));
            }
            Outcome::Nothing if known.is_empty() => false,
            Outcome::Nothing => {
                let base = self.base_of_own(tip, onto, exclude)?;
                !self.merge_changes_nothing(&Request { base, ours: onto, theirs: tip }, false)?
            }
            Outcome::Landed { .. } => {
                let mut has_all = true;
                for Listed { id, parents, .. } in &known {
                    let request = Request { base: parents.first().copied(), ours: onto, theirs: *id };
                    has_all &= self.merge_changes_nothing(&request, true)?;
                }
                !has_all
            }
            Outcome::Stopped(_) => false,
        };
        if is_taken_back {
            return Ok(Outcome::Stopped(Stop::TakenBack { commits: known.into_iter().map(|one| one.id).collect() }));
        }
        Ok(outcome)
    }

    /// Whether the merge leaves what is there as it is; `otherwise` when it conflicts.
    fn merge_changes_nothing(&mut self, request: &Request, otherwise: bool) -> Result<bool, PlanError> {
        match self.merger.merge(request)? {
            Merge::Clean { tree } => Ok(tree == self.tree(request.ours)?),
            _ => Ok(otherwise),
        }
    }

    /// What a merge of the tips makes; none where it conflicts, or would bring what has landed in another form.
    fn merged_tree(
        &mut self,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
    ) -> Result<Option<ObjectId>, PlanError> {
        if self.base_of_own(tip, onto, exclude)?.is_some() {
            return Ok(None);
        }
        match self.merger.merge(&Request { base: None, ours: onto, theirs: tip })? {
            Merge::Clean { tree } => Ok(Some(tree)),
            _ => Ok(None),
        }
    }

    fn replay(&mut self, own: Vec<Listed>, onto: ObjectId) -> Result<Outcome, PlanError> {
        if own.iter().any(|commit| commit.parents.is_empty()) {
            return Ok(Outcome::Stopped(Stop::Unrelated));
        }
        let merges: Vec<_> = own.iter().filter(|commit| commit.parents.len() > 1).map(|commit| commit.id).collect();
        if !merges.is_empty() {
            return Ok(Outcome::Stopped(Stop::HasMerges { commits: merges }));
        }
        let (mut current, mut replayed, mut dropped) = (onto, Vec::new(), Vec::new());
        for Listed { id, parents, .. } in own {
            if parents == [current] {
                current = id;
                continue;
            }
            let old = commit::read(self.scratch(), id)?;
            let request = Request { base: parents.first().copied(), ours: current, theirs: id };
            let tree = match self.merger.merge(&request)? {
                Merge::Clean { tree } => tree,
                conflict => return Ok(Outcome::Stopped(stop_of(conflict, Some(id)))),
            };
            if tree == self.tree(current)? && !self.was_empty(&old)? {
                dropped.push(id);
                continue;
            }
            let new = self.writer.write(&Commit { tree, parents: vec![current], ..old })?;
            replayed.push((id, new));
            current = new;
        }
        if current == onto {
            return Ok(Outcome::Nothing);
        }
        Ok(Outcome::Landed { strategy: Strategy::Rebase, after: current, replayed, dropped })
    }

    /// A merge commit, also where the target could simply be moved forward.
    fn merge(&mut self, source: &Source, tip: ObjectId, onto: ObjectId) -> Result<Outcome, PlanError> {
        if self.is_ancestor(tip, onto)? {
            return Ok(Outcome::Nothing);
        }
        let tree = match self.merger.merge(&Request { base: None, ours: onto, theirs: tip })? {
            Merge::Clean { tree } => tree,
            conflict => return self.stopped_whole(conflict, tip, onto),
        };
        let author = line_of(self.writer.identity);
        let message = ended(&source.merge_message);
        let commit = Commit { tree, parents: vec![onto, tip], author, encoding: None, message: message.into() };
        let after = self.writer.write(&commit)?;
        Ok(Outcome::Landed { strategy: Strategy::Merge, after, replayed: Vec::new(), dropped: Vec::new() })
    }

    /// One commit with all that is the branch's own.
    fn squash(
        &mut self,
        source: &Source,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
    ) -> Result<Outcome, PlanError> {
        let base = self.base_of_own(tip, onto, exclude)?;
        let tree = match self.merger.merge(&Request { base, ours: onto, theirs: tip })? {
            Merge::Clean { tree } => tree,
            conflict => return self.stopped_whole(conflict, tip, onto),
        };
        if tree == self.tree(onto)? {
            return Ok(Outcome::Nothing);
        }
        let author = line_of(&source.squash_author);
        let message = ended(&source.squash_message);
        let commit = Commit { tree, parents: vec![onto], author, encoding: None, message: message.into() };
        let after = self.writer.write(&commit)?;
        Ok(Outcome::Landed { strategy: Strategy::Squash, after, replayed: Vec::new(), dropped: Vec::new() })
    }

    fn scratch(&self) -> &Scratch {
        self.writer.scratch
    }

    fn repo(&self) -> &Repository {
        self.writer.repo
    }

    fn tree(&self, id: ObjectId) -> Result<ObjectId, PlanError> {
        Ok(commit::read(self.scratch(), id)?.tree)
    }

    fn was_empty(&self, commit: &Commit) -> Result<bool, PlanError> {
        match commit.parents.first() {
            Some(parent) => Ok(self.tree(*parent)? == commit.tree),
            None => Ok(false),
        }
    }

    /// The commits of the branch that neither the target nor an excluded tip has, the oldest first. Those that the
    /// target has with the same patch, which `git rebase` leaves out, are marked.
    fn own_commits(&self, tip: ObjectId, onto: ObjectId, exclude: &[ObjectId]) -> Result<Vec<Listed>, PlanError> {
        let options = ["rev-list", "--cherry-mark", "--right-only", "--topo-order", "--reverse", "--parents"];
        let child = self.scratch().on(self.repo().git()).args(options).arg(format!("{onto}...{tip}"));
        let child = child.args(exclude.iter().map(|id| format!("^{id}"))).arg("--");
        let command = child.line();
        let text = child.text()?;
        let rows = text.lines().map(|line| {
            // `=` or `+`, id, parents
            let is_known = line.starts_with('=');
            let row = line.trim_start_matches(['=', '+']);
            let mut ids = row.split(' ').map(|word| ObjectId::from_hex(word.as_bytes()));
            match (ids.next(), ids.collect::<Result<Vec<_>, _>>()) {
                (Some(Ok(id)), Ok(parents)) => Ok(Listed { id, is_known, parents }),
                _ => Err(GitError::Answer { command: command.clone(), detail: line.to_owned() }.into()),
            }
        });
        rows.collect()
    }

    /// See [`base_of_own`].
    fn base_of_own(&self, tip: ObjectId, onto: ObjectId, exclude: &[ObjectId]) -> Result<Option<ObjectId>, PlanError> {
        Ok(base_of_own(&|| self.scratch().on(self.repo().git()), tip, onto, exclude)?)
    }

    fn is_ancestor(&self, older: ObjectId, newer: ObjectId) -> Result<bool, GitError> {
        is_ancestor(self.scratch().on(self.repo().git()), older, newer)
    }

    /// Why a whole branch did not merge. git tells unrelated histories only in words, so they are looked for.
    fn stopped_whole(&self, merge: Merge, tip: ObjectId, onto: ObjectId) -> Result<Outcome, PlanError> {
        if matches!(merge, Merge::Unknown { .. }) {
            let child = self.scratch().on(self.repo().git()).arg("merge-base");
            let output = child.arg(tip.to_string()).arg(onto.to_string()).run()?;
            if output.status.code() == Some(1) && output.stdout.trim().is_empty() {
                return Ok(Outcome::Stopped(Stop::Unrelated));
            }
        }
        Ok(Outcome::Stopped(stop_of(merge, None)))
    }
}

/// Where the branch's own work begins when it grew out of an excluded tip; none when the usual merge base does.
pub(crate) fn base_of_own(
    git: &dyn Fn() -> Git,
    tip: ObjectId,
    onto: ObjectId,
    exclude: &[ObjectId],
) -> Result<Option<ObjectId>, GitError> {
    let mut grown_out_of = Vec::new();
    for &id in exclude {
        if id != tip && is_ancestor(git(), id, tip)? && !is_ancestor(git(), id, onto)? {
            grown_out_of.push(id);
        }
    }
    if grown_out_of.len() > 1 {
        let child = git().args(["merge-base", "--independent"]);
        let text = child.args(grown_out_of.iter().map(ToString::to_string)).text()?;
        grown_out_of = text.lines().filter_map(|line| ObjectId::from_hex(line.as_bytes()).ok()).collect();
    }
    Ok(if let [only] = grown_out_of[..] { Some(only) } else { None })
}

/// Whether the newer commit has the older one in its history, or is it.
pub(crate) fn is_ancestor(git: Git, older: ObjectId, newer: ObjectId) -> Result<bool, GitError> {
    let child = git.args(["merge-base", "--is-ancestor"]).arg(older.to_string()).arg(newer.to_string());
    let line = child.line();
    let output = child.run()?;
    match output.status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(crate::git::run::failed(line, &output)),
    }
}

fn stop_of(merge: Merge, commit: Option<ObjectId>) -> Stop {
    match merge {
        Merge::Conflict { paths, .. } => {
            let paths = paths.into_iter().map(|one| StopPath { path: one.path, kind: one.kind, stages: one.stages });
            let paths = paths.collect();
            Stop::Conflict { commit, paths, merges: false }
        }
        Merge::Unknown { reason } => Stop::Unknown { reason },
        Merge::Clean { .. } => Stop::Unknown { reason: "merged after all".into() },
    }
}

/// A message with the newline that git ends messages with.
fn ended(message: &str) -> String {
    format!("{}\n", message.trim_end())
}

#[cfg(test)]
#[path = "replay_test.rs"]
mod tests;
