//! One branch onto a commit, in memory: rebased, merged or squashed.
//!
//! A rebase does what `git rebase` does by default: the branch's own commits in topological order, without those that
//! the target has under another id, each by git's own merge with its parent as the base; author, dates and message
//! stay; a commit that becomes empty is dropped, one that was empty stays. Commits that already stand where
//! they belong keep their ids. A branch that contains merges is never flattened: that is an answer, not a rebase; but for
//! a merge of nothing of its own, which is nothing where both sides are already. Nor is it one when a commit is left out that the target has had and has taken back since.

use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::commit::{self, Commit, Writer, line_of};
use super::merger::Merger;
use super::message;
use super::own::{Base, Listed};
use super::plan::{PlanError, Source, Stop, StopPath, Strategy};
use crate::git::Repository;
use crate::git::merge_tree::{Merge, Request};
use crate::git::scratch::Scratch;

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
    pub(super) merger: Merger<'a>,
    /// Where the `commit-msg` hook runs; none when there is none, or it does not.
    pub(super) hooks_in: Option<PathBuf>,
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
        let trailers = &source.trailers;
        match source.strategy {
            Some(Strategy::Rebase) => self.rebase(tip, onto, exclude, trailers),
            Some(Strategy::Squash) => self.squash(source, tip, onto, exclude),
            Some(Strategy::Merge) => self.merge(source, tip, onto, exclude),
            None => match self.rebase(tip, onto, exclude, trailers)? {
                Outcome::Stopped(Stop::HasMerges { .. } | Stop::Conflict { merges: true, .. }) => {
                    self.merge(source, tip, onto, exclude)
                }
                outcome => Ok(outcome),
            },
        }
    }

    /// Replay the branch's own commits.
    pub(super) fn rebase(
        &mut self,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
        trailers: &[(String, String)],
    ) -> Result<Outcome, PlanError> {
        if let Some(outcome) = self.as_landed(tip, onto, exclude)? {
            return Ok(outcome);
        }
        let (mut known, mut own) = (Vec::new(), Vec::new());
        let all = self.own_commits(tip, onto, exclude)?;
        for commit in self.without_joins(all)? {
            // All empty commits have one patch in common, which says nothing.
            let is_known = commit.is_known && !self.was_empty(&commit::read(self.scratch(), commit.id)?)?;
            if is_known { known.push(commit) } else { own.push(commit) }
        }
        let outcome = self.replay(own, onto, trailers)?;
        let is_taken_back = match outcome {
            Outcome::Stopped(Stop::Conflict { commit, paths, .. }) => {
                let merges = self.merged_tree(tip, onto, exclude)?.is_some();
                let base = self.own_begins_after(tip, onto, exclude)?;
                return Ok(Outcome::Stopped(Stop::Conflict { commit, paths, merges, base }));
            }
            Outcome::Nothing if known.is_empty() => false,
            Outcome::Nothing => {
                let base = match self.base_of_own(tip, onto, exclude)? {
                    Base::Of(id) => Some(id),
                    Base::Usual | Base::None => None,
                };
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
            Outcome::Stopped(Stop::HasMerges { .. }) if self.is_stacked(tip, onto, exclude)? => {
                return Ok(Outcome::Stopped(Stop::Stacked { replays: false }));
            }
            Outcome::Stopped(_) => false,
        };
        if is_taken_back {
            return Ok(Outcome::Stopped(Stop::TakenBack { commits: known.into_iter().map(|one| one.id).collect() }));
        }
        Ok(outcome)
    }

    /// What there is to do for a tip that has landed as a whole, in another form: nothing, unless it was taken back.
    fn as_landed(&mut self, tip: ObjectId, onto: ObjectId, exclude: &[ObjectId]) -> Result<Option<Outcome>, PlanError> {
        if !exclude.contains(&tip) || self.is_ancestor(tip, onto)? {
            return Ok(None);
        }
        let is_there = self.merge_changes_nothing(&Request { base: None, ours: onto, theirs: tip }, true)?;
        let taken_back = || Outcome::Stopped(Stop::TakenBack { commits: vec![tip] });
        Ok(Some(if is_there { Outcome::Nothing } else { taken_back() }))
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
        if self.is_stacked(tip, onto, exclude)? {
            return Ok(None);
        }
        match self.merger.merge(&Request { base: None, ours: onto, theirs: tip })? {
            Merge::Clean { tree } => Ok(Some(tree)),
            _ => Ok(None),
        }
    }

    fn replay(
        &mut self,
        own: Vec<Listed>,
        onto: ObjectId,
        trailers: &[(String, String)],
    ) -> Result<Outcome, PlanError> {
        let merges: Vec<_> = own.iter().filter(|commit| commit.parents.len() > 1).map(|commit| commit.id).collect();
        if !merges.is_empty() {
            return Ok(Outcome::Stopped(Stop::HasMerges { commits: merges }));
        }
        // Without a merge there is only one beginning.
        if own.iter().any(|commit| commit.parents.is_empty()) {
            return Ok(Outcome::Stopped(Stop::Unrelated));
        }
        let (mut current, mut replayed, mut dropped) = (onto, Vec::new(), Vec::new());
        for Listed { id, parents, .. } in own {
            let stays = parents == [current];
            if stays && trailers.is_empty() {
                current = id;
                continue;
            }
            let old = commit::read(self.scratch(), id)?;
            let message = message::with_trailers(self.repo(), &old.message, trailers)?;
            if stays && message == old.message {
                current = id;
                continue;
            }
            let request = Request { base: parents.first().copied(), ours: current, theirs: id };
            let tree = match self.merger.merge(&request)? {
                Merge::Clean { tree } => tree,
                conflict => return Ok(Outcome::Stopped(stop_of(conflict, Some(id)))),
            };
            if tree == self.tree(current)? && !self.was_empty(&old)? {
                dropped.push(id);
                continue;
            }
            let old = self.writer.rewritten(id, old)?;
            let message = message::with_trailers(self.repo(), &old.message, trailers)?;
            let new = self.writer.write(&Commit { tree, parents: vec![current], message, ..old })?;
            replayed.push((id, new));
            current = new;
        }
        if current == onto {
            return Ok(Outcome::Nothing);
        }
        Ok(Outcome::Landed { strategy: Strategy::Rebase, after: current, replayed, dropped })
    }

    /// A merge commit, also where the target could simply be moved forward.
    fn merge(
        &mut self,
        source: &Source,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
    ) -> Result<Outcome, PlanError> {
        if self.is_ancestor(tip, onto)? {
            return Ok(Outcome::Nothing);
        }
        if exclude.contains(&tip) {
            let request = Request { base: None, ours: onto, theirs: tip };
            if self.merge_changes_nothing(&request, true)? {
                return Ok(Outcome::Nothing);
            }
        }
        if self.is_stacked(tip, onto, exclude)? {
            let replays = matches!(self.rebase(tip, onto, exclude, &[])?, Outcome::Landed { .. } | Outcome::Nothing);
            return Ok(Outcome::Stopped(Stop::Stacked { replays }));
        }
        let tree = match self.merger.merge(&Request { base: None, ours: onto, theirs: tip })? {
            Merge::Clean { tree } => tree,
            conflict => return self.stopped_whole(conflict, tip, onto),
        };
        let author = line_of(self.writer.identity);
        let (text, parents) = (source.merge_message.as_str(), vec![onto, tip]);
        self.written(
            source,
            Strategy::Merge,
            text,
            Commit { tree, parents, author, encoding: None, message: BString::default() },
        )
    }

    /// One commit with all that is the branch's own.
    fn squash(
        &mut self,
        source: &Source,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
    ) -> Result<Outcome, PlanError> {
        if let Some(outcome) = self.as_landed(tip, onto, exclude)? {
            return Ok(outcome);
        }
        let base = match self.base_of_own(tip, onto, exclude)? {
            Base::Usual => None,
            Base::Of(base) => Some(base),
            Base::None => return Ok(Outcome::Stopped(Stop::Stacked { replays: true })),
        };
        let tree = match self.merger.merge(&Request { base, ours: onto, theirs: tip })? {
            Merge::Clean { tree } => tree,
            conflict => {
                let mut outcome = self.stopped_whole(conflict, tip, onto)?;
                if let Outcome::Stopped(Stop::Conflict { base, .. }) = &mut outcome {
                    *base = self.own_begins_after(tip, onto, exclude)?;
                }
                return Ok(outcome);
            }
        };
        if tree == self.tree(onto)? {
            return Ok(Outcome::Nothing);
        }
        let author = line_of(&source.squash_author);
        let (text, parents) = (source.squash_message.as_str(), vec![onto]);
        self.written(
            source,
            Strategy::Squash,
            text,
            Commit { tree, parents, author, encoding: None, message: BString::default() },
        )
    }

    /// Write a commit whose message is ours.
    fn written(&self, source: &Source, strategy: Strategy, text: &str, commit: Commit) -> Result<Outcome, PlanError> {
        let mut message = message::with_trailers(self.repo(), ended(text).as_bytes(), &source.trailers)?;
        if let Some(dir) = &self.hooks_in {
            message = match message::judged(self.repo(), dir, &message)? {
                Ok(message) => message,
                Err(output) => {
                    return Ok(Outcome::Stopped(Stop::Hook { hook: message::COMMIT_MSG.to_owned(), output }));
                }
            };
        }
        let after = self.writer.write(&Commit { message, ..commit })?;
        Ok(Outcome::Landed { strategy, after, replayed: Vec::new(), dropped: Vec::new() })
    }

    pub(super) fn scratch(&self) -> &Scratch {
        self.writer.scratch
    }

    pub(super) fn repo(&self) -> &Repository {
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

fn stop_of(merge: Merge, commit: Option<ObjectId>) -> Stop {
    match merge {
        Merge::Conflict { paths, .. } => {
            let paths = paths.into_iter().map(|one| StopPath { path: one.path, kind: one.kind, stages: one.stages });
            let paths = paths.collect();
            Stop::Conflict { commit, paths, merges: false, base: None }
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
