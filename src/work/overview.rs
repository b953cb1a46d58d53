//! The picture at a glance: every agent with its branch, worktree and task, and what needs attention first.
//!
//! Cheap by construction: one git child for all branches, one for all worktrees, tree comparisons in process, and git's
//! own merge only for branches that have moved apart from the target and may meet it. Looking into the worktrees for
//! uncommitted work is the one costly part, and can be left out.

use std::collections::HashMap;
use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use rayon::prelude::*;

use super::elsewhere::{Elsewhere, short};
use super::place::{self, Standing};
use super::resolve::progress::is_ours;
use crate::agent::{Agent, AgentName};
use crate::branch::BranchError;
use crate::branch::changes::{between, tree_of};
use crate::branch::filter::may_meet;
use crate::config::Target;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;
use crate::git::status::{self, Status};
use crate::git::worktrees::{self, OperationKind, Worktree};
use crate::git::{GitError, Repository};
use crate::state::State;

/// One agent as it stands now.
#[derive(Debug, Clone)]
pub struct AgentOverview {
    /// Who.
    pub name: AgentName,
    /// The tip of its branch; none when the branch is gone.
    pub tip: Option<ObjectId>,
    /// The branch is not here, and this is how it is seen: a remote-tracking ref, without `refs/remotes/`.
    pub seen_as: Option<String>,
    /// The remote that keeps the state, which may have branches of other clones.
    pub remote: Option<String>,
    /// Where the branch was, if it is gone and its worktree still has it checked out.
    pub last_commit: Option<ObjectId>,
    /// Where its worktree is.
    pub worktree: WorktreeOverview,
    /// What is going on there is the resolution of its conflict that this program began.
    pub is_resolving: bool,
    /// How many commits the branch has that the target does not.
    pub ahead: Option<usize>,
    /// How many commits the target has that the branch does not.
    pub behind: Option<usize>,
    /// How many files the branch's commits change.
    pub files: Option<usize>,
    /// What merging it into the target would come to.
    pub target: TargetVerdict,
}

/// What merging a branch into the target would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetVerdict {
    /// It merges, or there is nothing to merge.
    Clean,
    /// git's merge would stop at these paths.
    Conflict {
        /// The paths, as text for people.
        paths: Vec<String>,
    },
    /// It could not be determined.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// Where an agent works.
#[derive(Debug, Clone)]
pub enum WorktreeOverview {
    /// Nowhere: it has no worktree in this clone.
    None,
    /// Here.
    At {
        /// The top folder.
        path: PathBuf,
        /// What is uncommitted; none when nobody looked or it could not be read.
        status: Option<Status>,
        /// What it is in the middle of.
        operation: Option<OperationKind>,
    },
    /// Its folder is here, and has something else than its branch checked out.
    Elsewhere {
        /// The top folder.
        path: PathBuf,
        /// The branch that it has, without `refs/heads/`; none when HEAD is detached.
        branch: Option<String>,
        /// What it is in the middle of.
        operation: Option<OperationKind>,
    },
    /// Something that is not its worktree any more is here.
    Replaced {
        /// Where.
        path: PathBuf,
        /// Only its `.git` is gone, which `git worktree repair` makes again.
        is_repairable: bool,
    },
    /// It was here, and nothing is any more.
    Gone {
        /// Where it was.
        path: PathBuf,
    },
}

impl From<Standing<'_>> for WorktreeOverview {
    fn from(standing: Standing<'_>) -> Self {
        let operation = |worktree: &Worktree| worktree.operation.as_ref().map(|operation| operation.kind);
        match standing {
            Standing::Nowhere => WorktreeOverview::None,
            Standing::At(worktree) => {
                WorktreeOverview::At { path: worktree.path.clone(), status: None, operation: operation(worktree) }
            }
            Standing::Elsewhere(worktree) => WorktreeOverview::Elsewhere {
                path: worktree.path.clone(),
                branch: worktree.branch.as_deref().map(|name| name.trim_start_matches("refs/heads/").to_owned()),
                operation: operation(worktree),
            },
            Standing::Replaced { path, is_repairable } => WorktreeOverview::Replaced { path, is_repairable },
            Standing::Missing { path, .. } => WorktreeOverview::Gone { path },
        }
    }
}

/// Look at every agent.
///
/// # Errors
/// git could not be asked, or objects not be read.
pub fn overview(
    repo: &Repository,
    target: &Target,
    state: &State,
    look_into_worktrees: bool,
) -> Result<Vec<AgentOverview>, BranchError> {
    let agents: Vec<&Agent> = state.agents.values().collect();
    if agents.is_empty() {
        return Ok(Vec::new());
    }
    // An old git fails here; asked only then, since the question costs as much as the answer.
    let elsewhere = Elsewhere::of(repo);
    let branches =
        branches(repo, target, &agents, &elsewhere).map_err(|error| repo.require_git().err().unwrap_or(error))?;
    let places = places(repo, &agents, look_into_worktrees)?;
    let scratch = Scratch::new(repo)?;
    let mut seen = agents
        .iter()
        .zip(places)
        .map(|(agent, Found { worktree, last_commit, is_resolving })| {
            let tracking = elsewhere.tracking(agent);
            let here = branches.get(&format!("refs/heads/{}", agent.branch));
            let there = || tracking.as_ref().filter(|_| last_commit.is_none()).and_then(|name| branches.get(name));
            let branch = here.or_else(there);
            let is_there = here.is_none() && branch.is_some();
            AgentOverview {
                name: agent.name.clone(),
                tip: branch.map(|branch| branch.tip),
                seen_as: tracking.as_deref().filter(|_| is_there).map(|name| short(name).to_owned()),
                remote: elsewhere.remote().map(str::to_owned),
                last_commit,
                worktree,
                is_resolving,
                ahead: branch.and_then(|branch| branch.ahead),
                behind: branch.and_then(|branch| branch.behind),
                files: None,
                target: TargetVerdict::Clean,
            }
        })
        .collect::<Vec<_>>();
    compare_with_target(repo, &scratch, target, &mut seen)?;
    Ok(seen)
}

/// Where a branch stands. The numbers are absent when git could not tell.
struct Branch {
    tip: ObjectId,
    ahead: Option<usize>,
    behind: Option<usize>,
}

/// Tip, ahead and behind of every agent's branch that exists, here or elsewhere, in git's own words and in one child.
fn branches(
    repo: &Repository,
    target: &Target,
    agents: &[&Agent],
    elsewhere: &Elsewhere,
) -> Result<HashMap<String, Branch>, GitError> {
    let format = format!("--format=%(refname)%00%(objectname)%00%(ahead-behind:{})", target.commit);
    let here = agents.iter().map(|agent| format!("refs/heads/{}", agent.branch));
    let names = here.chain(agents.iter().filter_map(|agent| elsewhere.tracking(agent)));
    let output = repo.git().args(["for-each-ref", &format]).args(names).stdout()?;
    let parse = |line: &[u8]| {
        let mut parts = line.split(|byte| *byte == 0).map(|part| part.to_str_lossy());
        let name = parts.next()?.into_owned();
        let tip = ObjectId::from_hex(parts.next()?.as_bytes()).ok()?;
        let counts = parts.next()?;
        let mut counts = counts.split(' ').map(|number| number.parse::<usize>().ok());
        Some((name, Branch { tip, ahead: counts.next()?, behind: counts.next().flatten() }))
    };
    Ok(output.lines().filter_map(parse).collect())
}

/// Where an agent's worktree is, and where its branch was if it was deleted under it.
struct Found {
    worktree: WorktreeOverview,
    last_commit: Option<ObjectId>,
    is_resolving: bool,
}

fn places(repo: &Repository, agents: &[&Agent], look: bool) -> Result<Vec<Found>, GitError> {
    let all = worktrees::list(repo)?;
    let standings: Vec<Standing<'_>> = agents.iter().map(|agent| place::standing(repo, &all, agent)).collect();
    let see = |standing: &Standing<'_>| match standing {
        Standing::At(worktree) if look => status::status(worktree).ok(),
        _ => None,
    };
    let statuses: Vec<Option<Status>> = standings.par_iter().map(see).collect();
    let found = |((standing, seen), agent): ((Standing<'_>, Option<Status>), &&Agent)| {
        let last_commit = match &standing {
            Standing::At(worktree) if worktree.head.is_none() => place::last_commit(worktree),
            _ => None,
        };
        let is_busy = matches!(standing, Standing::At(worktree) if worktree.operation.is_some());
        let is_resolving = is_busy && is_ours(repo, &all, &agent.name);
        let mut worktree = WorktreeOverview::from(standing);
        if let WorktreeOverview::At { status, .. } = &mut worktree {
            *status = seen;
        }
        Found { worktree, last_commit, is_resolving }
    };
    Ok(standings.into_iter().zip(statuses).zip(agents).map(found).collect())
}

/// Count the changed files, and ask git about the branches that may conflict with the target.
fn compare_with_target(
    repo: &Repository,
    scratch: &Scratch,
    target: &Target,
    agents: &mut [AgentOverview],
) -> Result<(), BranchError> {
    let mut trees = Trees { scratch, target: tree_of(scratch, target.commit)?, since: HashMap::new() };
    let mut asked = Vec::new();
    for (number, agent) in agents.iter_mut().enumerate() {
        let (Some(tip), Some(ahead)) = (agent.tip, agent.ahead) else { continue };
        if ahead == 0 {
            agent.files = Some(0);
            continue;
        }
        let bases = repo.gix().merge_bases_many(target.commit, &[tip]).unwrap_or_default();
        let Some(base) = bases.first() else {
            agent.target = TargetVerdict::Unknown { reason: "it shares no history with the target".to_owned() };
            continue;
        };
        match trees.compare(base.detach(), tip) {
            Ok((files, meets)) => {
                agent.files = Some(files);
                // With several bases git merges those first, and one of them alone proves nothing.
                if (meets || bases.len() > 1) && agent.behind != Some(0) {
                    asked.push((number, tip));
                }
            }
            Err(error) => agent.target = TargetVerdict::Unknown { reason: error.to_string() },
        }
    }
    if asked.is_empty() {
        return Ok(());
    }
    let mut merger = MergeTree::new(repo, scratch, Some(target.commit));
    let requests: Vec<Request> =
        asked.iter().map(|(_, tip)| Request { base: None, ours: target.commit, theirs: *tip }).collect();
    for ((number, _), merge) in asked.into_iter().zip(merger.merge_all(&requests, 2)?) {
        agents[number].target = match merge {
            Merge::Clean { .. } => TargetVerdict::Clean,
            Merge::Conflict { paths, .. } => TargetVerdict::Conflict {
                paths: paths.iter().map(|path| path.path.to_str_lossy().into_owned()).collect(),
            },
            Merge::Unknown { reason } => TargetVerdict::Unknown { reason },
        };
    }
    Ok(())
}

/// The trees to compare; what the target has changed since a base is asked for by many branches.
struct Trees<'s> {
    scratch: &'s Scratch,
    target: ObjectId,
    since: HashMap<ObjectId, Vec<crate::branch::changes::Change>>,
}

impl Trees<'_> {
    /// How many files the branch changes since `base`, and whether those may meet what the target changed.
    fn compare(&mut self, base: ObjectId, tip: ObjectId) -> Result<(usize, bool), BranchError> {
        let base_tree = tree_of(self.scratch, base)?;
        let own = between(self.scratch, base_tree, tree_of(self.scratch, tip)?)?;
        if !self.since.contains_key(&base) {
            self.since.insert(base, between(self.scratch, base_tree, self.target)?);
        }
        let theirs = self.since.get(&base).map(Vec::as_slice).unwrap_or_default();
        Ok((own.len(), !may_meet(&[&own, theirs]).is_empty()))
    }
}
