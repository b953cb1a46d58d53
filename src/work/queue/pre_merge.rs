//! The `pre-merge-commit` hook, which sees a merge before it becomes a commit.
//!
//! As for git-merge(1), it runs in a worktree whose index and files hold the merge, whose HEAD is what is merged into and
//! whose MERGE_HEAD is what is merged. That worktree is the integration worktree: nobody's files move before it is known
//! that all of it lands. git would take what the hook adds to the index into the merge; here such a branch stays behind,
//! because what lands is exactly what was planned and checked.

use std::collections::HashSet;
use std::path::PathBuf;

use gix::ObjectId;

use crate::git::hooks::{self, Ran};
use crate::git::scratch::ScratchError;
use crate::git::worktrees;
use crate::git::{Git, GitError, Repository};
use crate::land::build::hooks_dir;
use crate::land::plan::{Step, Stop, Stopped};
use crate::land::{self, Built, PlanError, Request, Strategy};
use crate::worktree::integration::{Integration, IntegrationError};

const HOOK: &str = "pre-merge-commit";

/// Why the hook could not be asked. Nothing has moved.
#[derive(Debug, thiserror::Error)]
pub enum PreMergeError {
    /// There is no worktree to ask it in.
    #[error(transparent)]
    Integration(#[from] IntegrationError),
    /// git could not show it the merge.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What git looks for could not be written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What is left could not be built.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The commits could not be brought into the repository for the hook to see them.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
}

/// The hook of one landing, with the merges that it has agreed to.
#[derive(Debug)]
pub struct PreMerge {
    integration: Integration,
    agreed: HashSet<ObjectId>,
}

impl PreMerge {
    /// Nothing has been shown to it yet.
    pub fn new(repo: &Repository) -> Self {
        PreMerge { integration: Integration::of(repo), agreed: HashSet::new() }
    }

    /// Show it every merge of what was built for the request. Gives what may land; the request's `barred` then has those
    /// that may not.
    ///
    /// # Errors
    /// See [`PreMergeError`].
    pub fn ask(&mut self, repo: &Repository, request: &mut Request, mut built: Built) -> Result<Built, PreMergeError> {
        let has_work = built.plan.refusals.is_empty() && self.next(&built).is_some();
        if !has_work || !hooks::exists(&hooks_dir(repo, &worktrees::list(repo)?, &request.target), HOOK) {
            return Ok(built);
        }
        while let Some(step) = self.next(&built) {
            built.scratch.migrate(repo)?;
            match self.words_against(repo, &step)? {
                None => drop(self.agreed.insert(step.after)),
                Some(output) => {
                    let reason = Stop::Hook { hook: HOOK.to_owned(), output };
                    request.barred.push(Stopped { name: step.name, branch: step.branch, tip: Some(step.tip), reason });
                    built = land::plan(repo, request)?;
                }
            }
        }
        Ok(built)
    }

    /// The first merge that it has not seen.
    fn next(&self, built: &Built) -> Option<Step> {
        let is_new = |step: &&Step| step.strategy == Strategy::Merge && !self.agreed.contains(&step.after);
        built.plan.steps.iter().find(is_new).cloned()
    }

    /// What it has against one merge.
    fn words_against(&self, repo: &Repository, step: &Step) -> Result<Option<String>, PreMergeError> {
        self.integration.set(repo, step.onto)?;
        let git = || Git::at(self.integration.path());
        let (onto, tree) = (step.onto.to_string(), format!("{}^{{tree}}", step.after));
        git().args(["read-tree", "-m", "-u", &onto, &tree]).stdout()?;
        let head = git().args(["rev-parse", "--path-format=absolute", "--git-path", "MERGE_HEAD"]).text()?;
        let head = PathBuf::from(head.trim_end());
        let failed = |source| PreMergeError::Io { path: head.clone(), source };
        std::fs::write(&head, format!("{}\n", step.tip)).map_err(failed)?;
        let ran = hooks::run(self.integration.path(), HOOK, [""; 0])?;
        drop(std::fs::remove_file(&head));
        if let Ran::No { output } = ran {
            return Ok(Some(output));
        }
        let written = git().args(["write-tree"]).text()?;
        let planned = git().args(["rev-parse", "--verify", &tree]).text()?;
        let is_same = written.trim_end() == planned.trim_end();
        Ok((!is_same).then(|| "it has changed what would be merged, which a landing does not take".to_owned()))
    }
}
