//! Whether an agent may change paths: others' exclusive claims are in the way, others' changes are worth knowing.
//!
//! Asked before every edit, so nothing is looked for that takes long; what was left out is said.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use crate::agent::{Agent, AgentName};
use crate::branch::BranchError;
use crate::branch::touch::glance::{Branch, glance};
use crate::claim::Claim;
use crate::config::{self, Target};
use crate::git::head::branch_being_rebased;
use crate::git::refs::{self, RefError};
use crate::git::repository::RefStorage;
use crate::git::scratch::{Scratch, ScratchError};
use crate::git::worktrees::{self, Worktree, canonical};
use crate::git::{GitError, Repository};
use crate::state::State;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Who wants to change them; a person without one, for whom everybody is somebody else.
    pub agent: Option<&'a AgentName>,
    /// Which, from the top of the repository.
    pub paths: &'a [BString],
    /// Now.
    pub at: DateTime<Utc>,
}

/// A path that somebody else changes, or may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Who.
    pub agent: AgentName,
    /// The path's number.
    pub path: usize,
    /// In commits; absent where nobody looked.
    pub committed: Option<bool>,
    /// Not committed yet; absent where nobody looked.
    pub uncommitted: Option<bool>,
}

/// What there is to know before the paths are changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What others have for themselves: the path's number, and the claim.
    pub denied: Vec<(usize, Claim)>,
    /// What others have claimed too.
    pub shared: Vec<(usize, Claim)>,
    /// What others are changing.
    pub changed: Vec<Other>,
    /// Others' changes could not be looked at, and why.
    pub unknown: Option<String>,
}

impl Verdict {
    /// Whether the paths may be changed.
    pub fn is_allowed(&self) -> bool {
        self.denied.is_empty()
    }
}

/// Why nobody could look at others' changes.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Ref(#[from] RefError),
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    #[error(transparent)]
    Branch(#[from] BranchError),
}

/// Judge by the claims, and by what others are changing. Claims are always judged: that others' changes cannot be read
/// is part of the answer.
pub fn guard(repo: &Repository, state: &State, target: Option<&Target>, question: &Question<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let others = state.claims.values();
    let others = others.filter(|claim| claim.is_live(question.at) && Some(&claim.agent) != question.agent);
    for claim in others {
        for (number, path) in question.paths.iter().enumerate() {
            // A folder that is to be changed is changed somewhere, so what is claimed below it counts.
            if claim.path.meets(&path.to_str_lossy()) {
                let found = if claim.exclusive { &mut verdict.denied } else { &mut verdict.shared };
                found.push((number, claim.clone()));
            }
        }
    }
    let Some(target) = target else {
        verdict.unknown = Some("there is no target branch to compare with".to_owned());
        return verdict;
    };
    match look(repo, state, target.commit, question) {
        Ok(changed) => verdict.changed = changed,
        Err(error) => verdict.unknown = Some(error.to_string()),
    }
    verdict
}

fn look(repo: &Repository, state: &State, target: ObjectId, question: &Question<'_>) -> Result<Vec<Other>, LookError> {
    let others: Vec<&Agent> = state.agents.values().filter(|agent| Some(&agent.name) != question.agent).collect();
    if others.is_empty() || question.paths.is_empty() {
        return Ok(Vec::new());
    }
    let tips = tips(repo, &others)?;
    let checkouts = checkouts(repo)?;
    let known: Vec<(&Agent, Branch<'_>)> = others
        .iter()
        .zip(&tips)
        .filter_map(|(agent, tip)| {
            let holds = |(branch, _): &&(String, PathBuf)| branch.strip_prefix("refs/heads/") == Some(&agent.branch);
            let worktree = checkouts.iter().find(holds).map(|(_, top)| top.as_path());
            // The worktree that the question comes from is not another's, whatever it has checked out.
            let worktree = worktree.filter(|top| repo.worktree() != Some(top));
            Some((*agent, Branch { tip: (*tip)?, worktree }))
        })
        .collect();
    let branches: Vec<Branch<'_>> = known.iter().map(|(_, branch)| *branch).collect();
    let scratch = Scratch::in_memory(repo)?;
    let seen = glance(repo, &scratch, target, &branches, question.paths)?;
    let other = |seen: &crate::branch::touch::glance::Seen| Other {
        agent: known[seen.branch].0.name.clone(),
        path: seen.path,
        committed: seen.committed,
        uncommitted: seen.uncommitted,
    };
    Ok(seen.iter().map(other).collect())
}

/// Where the agents' branches stand.
fn tips(repo: &Repository, agents: &[&Agent]) -> Result<Vec<Option<ObjectId>>, RefError> {
    let name = |agent: &Agent| format!("refs/heads/{}", agent.branch);
    match repo.storage() {
        RefStorage::Files => agents.iter().map(|agent| refs::read(repo, &name(agent))).collect(),
        // One child for all of them.
        RefStorage::Reftable => {
            let all = refs::list(repo, "refs/heads/")?;
            let find = |agent: &&Agent| all.iter().find(|(known, _)| *known == name(agent)).map(|(_, tip)| *tip);
            Ok(agents.iter().map(find).collect())
        }
    }
}

/// Which branch is checked out where, as the worktrees' own files say, without a git child. In a repository with
/// reftable they do not say, and git is asked.
fn checkouts(repo: &Repository) -> Result<Vec<(String, PathBuf)>, GitError> {
    if repo.storage() == RefStorage::Reftable {
        let all = worktrees::list(repo)?.into_iter().filter(Worktree::is_intact);
        let branch = |worktree: &Worktree| {
            let operation = worktree.operation.as_ref().and_then(|operation| operation.branches.first());
            worktree.branch.as_ref().or(operation).cloned()
        };
        return Ok(all.filter_map(|worktree| Some((branch(&worktree)?, worktree.path))).collect());
    }
    let common = repo.common_dir();
    let head = |git_dir: &Path| {
        let text = std::fs::read_to_string(git_dir.join("HEAD")).ok()?;
        let head = text.trim_end().strip_prefix("ref: ").map(str::to_owned);
        branch_being_rebased(git_dir).or(head)
    };
    let linked = std::fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten();
    let linked = linked.filter_map(|entry| {
        let git_dir = entry.path();
        let pointer = std::fs::read_to_string(git_dir.join("gitdir")).ok()?;
        let top = git_dir.join(pointer.trim_end()).parent().map(canonical)?;
        Some((head(&git_dir)?, top))
    });
    let main = head(common).map(|branch| (branch, canonical(&config::main_folder(repo))));
    Ok(linked.chain(main.filter(|(_, top)| top != common)).collect())
}
