//! `--dry-run`: what would be done, and nothing is.

use std::collections::BTreeMap;

use git_agents::execute::batch::Batch;
use git_agents::execute::launch::{self, Own};
use git_agents::execute::step::{Stage, waves};
use git_agents::plan::Planned;
use git_agents::preset::Subject;
use git_agents::run;
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
    let wave_of = |id: &TaskId| waves.iter().position(|wave| wave.contains(id)).map(|wave| wave + 1);
    let row = |task: &Planned| -> Result<PlannedRow, CliError> {
        let standing = standings.get(&task.id);
        let named = standing.and_then(|standing| standing.agent.clone()).or_else(|| task.agent.clone());
        let own_agent = order.agents.is_empty().then(|| task.id.to_string());
        let own = Own { profile: task.profile.as_deref(), model: task.model.as_deref() };
        let agent = named.as_ref().and_then(|name| snapshot.state.agents.get(name));
        // Without a program the plan can be looked at all the same.
        let found = launch::profile_of(repo, &order.how, own, agent).ok();
        let new = task.new_task("");
        let subject = Subject {
            title: &new.title,
            body: &new.body,
            category: new.category.as_deref(),
            paths: &new.paths,
            labels: &task.labels,
            hours: new.hours.map(f64::from),
        };
        let (model, model_reason) = match &found {
            Some(profile) => launch::model_of(repo, &order.how, own, profile, &subject)?,
            None => (task.model.clone().or_else(|| order.how.model.clone()), None),
        };
        let is_done = standing.is_some_and(|standing| standing.stage == Stage::Done);
        Ok(PlannedRow {
            wave: wave_of(&task.id),
            task: task.id.to_string(),
            title: task.title.clone(),
            is_new: !snapshot.state.tasks.contains_key(&task.id),
            agent: named.map(|name| name.to_string()).or(own_agent),
            profile: found.filter(|_| order.how.command.is_empty()).map(|profile| profile.name),
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
    let view = PlannedView { batch: order.batch.to_string(), waves: waves.len(), max_concurrent, tasks };
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}
