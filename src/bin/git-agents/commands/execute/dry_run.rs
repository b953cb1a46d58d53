//! `--dry-run`: what would be done, and nothing is.

use std::collections::BTreeMap;

use git_agents::execute::batch::Batch;
use git_agents::execute::step::{Stage, waves};
use git_agents::plan::Planned;
use git_agents::preset::Subject;
use git_agents::run;
use git_agents::run::how::Known;
use git_agents::task::TaskId;

use super::resume::{jobs, standing};
use super::{Order, filed};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::planned::{PlannedRow, PlannedView};

pub(super) fn run(ctx: &Context, order: &Order) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let batch = Batch::read(repo, &order.batch, ctx.world.now)?;
    let (snapshot, _) = filed::look(ctx, order, &batch)?;
    let runs = run::all(repo)?;
    let plan = &order.plan.tasks;
    let standings: BTreeMap<&TaskId, _> =
        plan.iter().map(|task| (&task.id, standing(task, &snapshot.state, &batch, &runs))).collect();
    let stages: BTreeMap<TaskId, Stage> =
        standings.iter().map(|(id, standing)| ((*id).clone(), standing.stage.clone())).collect();
    let waves = waves(&jobs(plan, &standings), &stages);
    let known = Known::of(repo);
    let row = |task: &Planned| -> Result<PlannedRow, CliError> {
        let standing = standings.get(&task.id);
        let named = standing.and_then(|standing| standing.agent.clone()).or_else(|| task.agent.clone());
        let own_agent = order.agents.is_empty().then(|| task.id.to_string());
        let how = order.how_of(task);
        // Without a program the plan can be looked at all the same.
        let found = how.profile(&known, &named.clone().map_or_else(|| order.agent_of(task), Ok)?, None).ok();
        let new = task.new_task("");
        let (model, model_reason) = match &found {
            Some(profile) => how.model(&known, profile, Some(&Subject::from(&new)))?,
            None => (how.model.clone(), None),
        };
        let is_done = standing.is_some_and(|standing| standing.stage == Stage::Done);
        Ok(PlannedRow {
            wave: waves.get(&task.id).copied(),
            task: task.id.to_string(),
            title: task.title.clone(),
            is_new: !snapshot.state.tasks.contains_key(&task.id),
            agent: named.map(|name| name.to_string()).or(own_agent),
            profile: found.filter(|profile| !profile.is_given()).map(|profile| profile.name),
            model,
            model_reason,
            hours: task.hours.map(f64::from),
            after: task.after.iter().map(ToString::to_string).collect(),
            paths: task.paths.clone(),
            reason: match is_done {
                true => Some("completed already".to_owned()),
                false => standing.and_then(|standing| standing.reason.clone()),
            },
        })
    };
    let mut tasks = plan.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    tasks.sort_by_key(|task| task.wave.unwrap_or_default());
    let limit = run::start::limit(repo)?;
    let wanted = usize::from(order.pace.max_concurrent);
    let max_concurrent = limit.map_or(wanted, |limit| limit.min(wanted));
    let view = PlannedView {
        batch: order.batch.to_string(),
        waves: waves.values().copied().max().unwrap_or_default(),
        max_concurrent,
        tasks,
    };
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}
