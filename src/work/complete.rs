//! Completing a task: what the agent's branch really holds is what counts.

use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::agent::{Agent, AgentName, CommitId};
use crate::branch::BranchError;
use crate::branch::changes::{between, tree_of};
use crate::config::Target;
use crate::git::refs::{self, RefError};
use crate::git::repository::path_text;
use crate::git::scratch::Scratch;
use crate::git::status::{self, Status};
use crate::git::worktrees::{self, OperationKind};
use crate::git::{GitError, Repository};
use crate::path;
use crate::state::Action;
use crate::task::{Hours, Task};
use crate::work::leases;

/// What an agent's branch holds for its task.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The branch's tip.
    pub tip: ObjectId,
    /// How many commits it has since the task began.
    pub commits: usize,
    /// The files that those change, sorted.
    pub files: Vec<String>,
    /// Where its worktree is; none when it has none.
    pub worktree: Option<PathBuf>,
    /// What is uncommitted in its worktree; none when it has none.
    pub uncommitted: Option<Status>,
    /// What its worktree is in the middle of.
    pub operation: Option<OperationKind>,
}

/// Why a branch could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The agent's branch is gone.
    #[error("the branch {branch} does not exist")]
    BranchGone {
        /// Without `refs/heads/`.
        branch: String,
    },
    /// Refs cannot be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Trees cannot be compared.
    #[error(transparent)]
    Branch(#[from] BranchError),
}

/// Look at what `agent` has done for `task`: the commits and files since the attempt's base, or since the branch left
/// the target when it was rewritten in between.
///
/// # Errors
/// See [`SurveyError`].
pub fn survey(repo: &Repository, target: &Target, agent: &Agent, task: &Task) -> Result<Survey, SurveyError> {
    let full = format!("refs/heads/{}", agent.branch);
    let gone = || SurveyError::BranchGone { branch: agent.branch.clone() };
    let tip = refs::read(repo, &full)?.ok_or_else(gone)?;
    let (files, commits) = match base(repo, target, task, tip) {
        Some(base) => {
            let scratch = Scratch::new(repo).map_err(BranchError::from)?;
            let changes = between(&scratch, tree_of(&scratch, base)?, tree_of(&scratch, tip)?)?;
            let range = format!("{base}..{tip}");
            let count = repo.git().args(["rev-list", "--count", &range]).text()?.parse().unwrap_or_default();
            (changes.iter().map(|change| path_text(change.path.as_bstr())).collect(), count)
        }
        None => (Vec::new(), 0),
    };
    let worktree = worktrees::list(repo)?.into_iter().find(|worktree| worktree.holds(&full) && worktree.is_intact());
    Ok(Survey {
        tip,
        commits,
        files,
        worktree: worktree.as_ref().map(|worktree| worktree.path.clone()),
        uncommitted: worktree.as_ref().map(status::status).transpose()?,
        operation: worktree.and_then(|worktree| worktree.operation).map(|operation| operation.kind),
    })
}

/// The task as if this agent were at it since the first of its attempts in a row: what an attempt that failed has committed
/// is a part of the work.
pub fn since_first(agent: &AgentName, task: &Task) -> Task {
    let mut seen = task.clone();
    let own = task.attempts.iter().rev().take_while(|attempt| attempt.agent == *agent);
    let first: Option<CommitId> = own.filter_map(|attempt| attempt.base.clone()).last();
    if let Some(last) = seen.attempts.last_mut().filter(|last| last.agent == *agent) {
        (last.base, last.outcome) = (first.or(last.base.take()), None);
    }
    seen
}

fn base(repo: &Repository, target: &Target, task: &Task, tip: ObjectId) -> Option<ObjectId> {
    let parse = |id: &CommitId| ObjectId::from_hex(id.as_str().as_bytes()).ok();
    let gix = repo.gix();
    let recorded = task.live_attempt().and_then(|attempt| attempt.base.as_ref()).and_then(parse);
    let is_ancestor = |base: &ObjectId| {
        gix.merge_base(*base, tip).is_ok_and(|found| found.is_some_and(|found| found.detach() == *base))
    };
    recorded.filter(is_ancestor).or_else(|| gix.merge_base(target.commit, tip).ok().flatten().map(|base| base.detach()))
}

/// What keeps a task from being completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incomplete {
    /// The worktree is in the middle of something.
    Busy {
        /// Of what.
        operation: OperationKind,
    },
    /// There are uncommitted changes.
    Uncommitted {
        /// Which paths.
        paths: Vec<String>,
    },
    /// The branch has no commits for the task.
    Empty,
}

/// What is let pass although the task would not be complete.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowed {
    /// Uncommitted changes.
    pub dirty: bool,
    /// No commits.
    pub empty: bool,
}

impl Survey {
    /// What keeps the task from being completed.
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn check(&self, allowed: Allowed) -> Result<(), Incomplete> {
        if let Some(operation) = self.operation {
            return Err(Incomplete::Busy { operation });
        }
        if let Some(status) = self.uncommitted.as_ref().filter(|status| !allowed.dirty && !status.is_clean()) {
            let tracked = status.tracked();
            let others = status.untracked.iter().chain(&status.embedded).map(AsRef::as_ref);
            let paths = tracked.into_iter().chain(others).map(path_text).collect();
            return Err(Incomplete::Uncommitted { paths });
        }
        if self.commits == 0 && !allowed.empty { Err(Incomplete::Empty) } else { Ok(()) }
    }

    /// What completes the task: the branch as it was seen, by the assignment that the agent began with.
    pub fn completes(&self, repo: &Repository, agent: &AgentName, task: &Task, hours: Option<Hours>) -> Action {
        Action::Complete {
            agent: agent.clone(),
            task: task.id.clone(),
            tip: CommitId::try_from(self.tip.to_string()).ok(),
            files: self.files.iter().map(|file| path::recorded(file)).collect(),
            hours,
            fence: leases::known(repo, agent, task),
        }
    }
}

/// How files that somebody named compare with those that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Named, and not changed on the branch.
    pub not_changed: Vec<String>,
    /// Changed on the branch, and not named.
    pub not_named: Vec<String>,
}

/// Compare the named files, each given in one or more spellings, with the changed ones.
pub fn compare(changed: &[String], named: &[Vec<String>]) -> Difference {
    let is_changed = |spellings: &&Vec<String>| spellings.iter().any(|spelling| changed.contains(spelling));
    let is_named = |file: &&String| named.iter().any(|spellings| spellings.contains(file));
    Difference {
        not_changed: named.iter().filter(|s| !is_changed(s)).filter_map(|s| s.last().cloned()).collect(),
        not_named: changed.iter().filter(|file| !is_named(file)).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_both_ways() {
        let changed = ["a", "src/b"].map(str::to_owned);
        let named = [vec!["src/b".to_owned(), "b".to_owned()], vec!["src/c".to_owned(), "c".to_owned()]];
        let difference = compare(&changed, &named);
        assert_eq!(difference.not_changed, ["c"]);
        assert_eq!(difference.not_named, ["a"]);
    }
}
