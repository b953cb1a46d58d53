//! Which tasks would change the same, by what they declare and by what their agents are changing already.

use std::collections::{BTreeMap, BTreeSet};

use git_agents::agent::AgentName;
use git_agents::config;
use git_agents::plan::Planned;
use git_agents::state::State;
use git_agents::task::TaskId;
use git_agents::work::reserved::{How, by_others, changing, may_meet};

use crate::context::Context;
use crate::error::CliError;

/// What collides with what, as of now.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    declared: BTreeMap<TaskId, Vec<String>>,
    /// Which running tasks are changing what a task declares.
    changed: BTreeSet<(TaskId, TaskId)>,
    /// With how much of what others do, outside of the plan, a task collides.
    pub(super) elsewhere: BTreeMap<TaskId, usize>,
    /// Which agent, outside of the plan, has claimed for itself what a task declares, and what.
    pub(super) claimed: BTreeMap<TaskId, (AgentName, String)>,
}

impl Overlap {
    /// Look at what the tasks in `ready` declare and what everybody is changing; `who` is to do them, where that is known.
    pub(super) fn look(
        ctx: &Context,
        state: &State,
        plan: &[Planned],
        ready: &[&Planned],
        running: &BTreeMap<TaskId, AgentName>,
        who: &BTreeMap<TaskId, AgentName>,
    ) -> Result<Self, CliError> {
        let repo = ctx.repo()?;
        let target = config::target(repo)?;
        let lists: Vec<&[String]> = ready.iter().map(|task| task.paths.as_slice()).collect();
        let changing = changing(repo, &target, state, &lists)?;
        let reserved = by_others(state, None, ctx.world.now);
        let mut overlap = Overlap {
            declared: plan.iter().map(|task| (task.id.clone(), task.paths.clone())).collect(),
            ..Overlap::default()
        };
        for (task, agents) in ready.iter().zip(changing) {
            let of_plan = |agent: &AgentName| running.iter().find(|(_, own)| *own == agent).map(|(id, _)| id);
            let (ours, others): (Vec<_>, Vec<_>) = agents.iter().partition(|agent| of_plan(agent).is_some());
            overlap
                .changed
                .extend(ours.into_iter().filter_map(|agent| Some((task.id.clone(), of_plan(agent)?.clone()))));
            let is_own = |agent: &AgentName| of_plan(agent).is_some() || who.get(&task.id) == Some(agent);
            let claimed = reserved.iter().filter(|one| !is_own(&one.agent));
            let claimed: Vec<_> =
                claimed.filter(|one| may_meet(&task.paths, std::slice::from_ref(&one.path))).collect();
            let alone = claimed.iter().find(|one| matches!(one.how, How::Claim { exclusive: true, .. }));
            overlap.claimed.extend(alone.map(|one| (task.id.clone(), (one.agent.clone(), one.path.clone()))));
            overlap.elsewhere.insert(task.id.clone(), others.len() + claimed.len());
        }
        Ok(overlap)
    }

    /// Whether a task that could start would change what another, which runs, changes.
    pub(super) fn meets(&self, task: &TaskId, running: &TaskId) -> bool {
        let declared = |id: &TaskId| self.declared.get(id).map(Vec::as_slice).unwrap_or_default();
        may_meet(declared(task), declared(running)) || self.changed.contains(&(task.clone(), running.clone()))
    }
}
