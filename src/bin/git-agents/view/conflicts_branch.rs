//! What is known of one branch, and what could not be seen.

use git_agents::agent::Agent;
use git_agents::branch::facts::{BranchFacts, LeftOut, Standing, Uncommitted};
use git_agents::branch::{Candidate, Matrix};
use git_agents::git::repository::path_text;
use git_agents::git::scratch::Scratch;
use git_agents::state::State;
use git_agents::task::{Task, TaskState};
use serde::Serialize;

use super::collision::PathView;

/// A task that a branch's work belongs to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TaskRef {
    pub(crate) id: String,
    pub(crate) title: String,
}

/// A branch without `refs/heads/`, once: the rest may begin with it again.
pub(crate) fn short_name(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}

/// One branch. `target_verdict` is `clean`, `conflict`, `unknown`, `landed` or `empty` (nothing of it is left).
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct BranchView {
    pub(crate) name: String,
    /// Whose branch it is, if an agent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    /// The tasks that the agent has begun or completed and not landed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tasks: Vec<TaskRef>,
    /// What its worktree is in the middle of, so that only its commits count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) busy: Option<String>,
    /// Without `refs/heads/`; `null` for a commit that was named as such.
    pub(crate) branch: Option<String>,
    pub(crate) commit: String,
    /// The uncommitted paths that count; `null` when nobody looked or they could not be read.
    pub(crate) uncommitted: Option<Vec<String>>,
    /// Why its uncommitted work is not part of the picture, if somebody looked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) left_out: Option<String>,
    /// The paths that it changes.
    pub(crate) files: Vec<String>,
    pub(crate) target_verdict: &'static str,
    /// Where it conflicts with the target; there `a` is the target and `b` the branch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) target_paths: Vec<PathView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl BranchView {
    pub(super) fn new(candidate: &Candidate, facts: &BranchFacts, state: &State, show: Option<&Scratch>) -> Self {
        let (verdict, paths, reason) = match &facts.standing {
            Standing::Landed => ("landed", Vec::new(), None),
            Standing::Empty => ("empty", Vec::new(), None),
            Standing::Clean { .. } => ("clean", Vec::new(), None),
            Standing::Conflict { paths } => {
                ("conflict", paths.iter().map(|path| PathView::between(path, &[facts], show)).collect(), None)
            }
            Standing::Unknown { reason } => ("unknown", Vec::new(), Some(reason.clone())),
        };
        let text = |path: &gix::bstr::BString| path_text(path.as_ref());
        let short = candidate.branch.as_deref().map(short_name);
        let agent = short.and_then(|branch| state.agent_of_branch(branch));
        BranchView {
            name: facts.name.clone(),
            agent: agent.map(|agent| agent.name.to_string()),
            tasks: agent.map(|agent| tasks(state, agent)).unwrap_or_default(),
            busy: candidate.busy.clone(),
            branch: short.map(str::to_owned),
            commit: facts.commit.to_string(),
            uncommitted: match &facts.uncommitted {
                Uncommitted::None => Some(Vec::new()),
                Uncommitted::Included { paths } => Some(paths.iter().map(text).collect()),
                Uncommitted::NotAsked | Uncommitted::LeftOut { .. } => None,
            },
            left_out: match &facts.uncommitted {
                Uncommitted::LeftOut { reason } => Some(reason.to_string()),
                _ => None,
            },
            files: facts.changes.iter().map(|change| text(&change.path)).collect(),
            target_verdict: verdict,
            target_paths: paths,
            reason,
        }
    }
}

/// The branches whose uncommitted work was looked for and is not in the picture, and why.
pub(crate) fn left_out(matrix: &Matrix) -> impl Iterator<Item = (&BranchFacts, &LeftOut)> {
    matrix.branches.iter().filter_map(|branch| match &branch.uncommitted {
        Uncommitted::LeftOut { reason } => Some((branch, reason)),
        _ => None,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
pub(crate) fn is_none(number: &usize) -> bool {
    *number == 0
}

fn tasks(state: &State, agent: &Agent) -> Vec<TaskRef> {
    let is_live = |task: &&Task| matches!(task.state, TaskState::InProgress | TaskState::Completed);
    let view = |task: &Task| TaskRef { id: task.id.to_string(), title: task.title.clone() };
    state.tasks_of(&agent.name).filter(is_live).map(view).collect()
}
