//! What is a branch's own: not the target's, and not what it was built on that has landed in another form.

use std::collections::HashSet;

use gix::ObjectId;

use super::commit;
use super::plan::PlanError;
use super::replay::Builder;
use crate::git::merge_tree::{Merge, Request};
use crate::git::{Git, GitError};

/// A commit in the range that is replayed.
pub(super) struct Listed {
    pub(super) id: ObjectId,
    /// The target has had the same patch under another id.
    pub(super) is_known: bool,
    pub(super) parents: Vec<ObjectId>,
}

/// What a branch's own work is compared with.
pub(super) enum Base {
    /// The merge base.
    Usual,
    /// A commit, or a tree, that has landed in another form.
    Of(ObjectId),
    /// It is built on several that do not merge.
    None,
}

impl Builder<'_> {
    /// The commits of the branch that neither the target nor an excluded tip has, the oldest first. Those that the
    /// target has with the same patch, which `git rebase` leaves out, are marked.
    pub(super) fn own_commits(
        &self,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
    ) -> Result<Vec<Listed>, PlanError> {
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

    /// The same commits without merges that only bring together what is not the branch's own, and add nothing to that: a
    /// task that is after two others begins with one. Wherever both sides are, there is nothing left of it.
    pub(super) fn without_joins(&mut self, own: Vec<Listed>) -> Result<Vec<Listed>, PlanError> {
        let mut ids: HashSet<ObjectId> = own.iter().map(|commit| commit.id).collect();
        let mut kept = Vec::with_capacity(own.len());
        for commit in own {
            let joined = match commit.parents[..] {
                [one, other] if !ids.contains(&one) && !ids.contains(&other) => {
                    self.merger.merge(&Request { base: None, ours: one, theirs: other })?.clean_tree()
                }
                _ => None,
            };
            if joined.is_some() && joined == Some(commit::read(self.scratch(), commit.id)?.tree) {
                ids.remove(&commit.id);
            } else {
                kept.push(commit);
            }
        }
        Ok(kept)
    }

    /// Whether the branch has commits that have landed in another form, which a merge would bring in again.
    pub(super) fn is_stacked(&self, tip: ObjectId, onto: ObjectId, exclude: &[ObjectId]) -> Result<bool, PlanError> {
        Ok(!self.grown_out_of(tip, onto, exclude)?.is_empty())
    }

    fn grown_out_of(&self, tip: ObjectId, onto: ObjectId, exclude: &[ObjectId]) -> Result<Vec<ObjectId>, PlanError> {
        if exclude.is_empty() {
            return Ok(Vec::new());
        }
        // One list answers for all of them: whatever has landed before in the same request is among them.
        let child = self.scratch().on(self.repo().git()).args(["rev-list", &format!("{onto}..{tip}"), "--"]);
        let own: HashSet<ObjectId> =
            child.text()?.lines().filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok()).collect();
        let mut found = Vec::new();
        for &id in exclude.iter().filter(|id| **id != tip && own.contains(*id)) {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        Ok(found)
    }

    /// The one commit that the branch was built on and that has landed in another form.
    pub(super) fn own_begins_after(
        &self,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
    ) -> Result<Option<ObjectId>, PlanError> {
        Ok(if let [only] = self.newest_below(tip, onto, exclude)?[..] { Some(only) } else { None })
    }

    fn newest_below(&self, tip: ObjectId, onto: ObjectId, exclude: &[ObjectId]) -> Result<Vec<ObjectId>, PlanError> {
        let mut found = self.grown_out_of(tip, onto, exclude)?;
        if found.len() > 1 {
            let child = self.scratch().on(self.repo().git()).args(["merge-base", "--independent"]);
            let text = child.args(found.iter().map(ToString::to_string)).text()?;
            found = text.lines().filter_map(|line| ObjectId::from_hex(line.as_bytes()).ok()).collect();
        }
        Ok(found)
    }

    /// Where the branch's own work begins.
    pub(super) fn base_of_own(
        &mut self,
        tip: ObjectId,
        onto: ObjectId,
        exclude: &[ObjectId],
    ) -> Result<Base, PlanError> {
        Ok(match self.newest_below(tip, onto, exclude)?[..] {
            [] => Base::Usual,
            [only] => Base::Of(only),
            // What two of them make together.
            [one, other] => match self.merger.merge(&Request { base: None, ours: one, theirs: other })? {
                Merge::Clean { tree } => Base::Of(tree),
                _ => Base::None,
            },
            _ => Base::None,
        })
    }

    pub(super) fn is_ancestor(&self, older: ObjectId, newer: ObjectId) -> Result<bool, GitError> {
        is_ancestor(self.scratch().on(self.repo().git()), older, newer)
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
