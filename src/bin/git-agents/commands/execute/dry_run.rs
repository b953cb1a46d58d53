//! `--dry-run`: what would be done, and nothing is.

use std::collections::{BTreeMap, BTreeSet};

use git_agents::execute::batch::Batch;
use git_agents::execute::step::{Act, Job, Rules, Stage, Workers, next, waves};
use git_agents::plan::Planned;
use git_agents::preset::Subject;
use git_agents::run;
use git_agents::run::how::Known;
use git_agents::state::State;
use git_agents::task::TaskId;
use git_agents::work::enrol;

use super::begin::enrolments;
use super::resume::{after, jobs, outside, standing};
use super::{Order, check, filed};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::planned::{PlannedRow, PlannedView};

pub(super) fn run(ctx: &Context, order: &Order) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let batch = Batch::read(repo, &order.batch, ctx.world.now)?;
    let (mut snapshot, filing) = filed::look(ctx, order, &batch)?;
    for (id, edit) in filing.edits {
        let Some(task) = snapshot.state.tasks.get_mut(&id) else { continue };
        task.title = edit.title.unwrap_or(std::mem::take(&mut task.title));
        task.hours = edit.hours.or(task.hours);
        task.after = edit.after.unwrap_or(std::mem::take(&mut task.after));
    }
    let runs = run::all(repo)?;
    let plan = &order.plan.tasks;
    let standings: BTreeMap<&TaskId, _> =
        plan.iter().map(|task| (&task.id, standing(task, &snapshot.state, &batch, &runs))).collect();
    let jobs = jobs(plan, &standings, &snapshot.state);
    let mut stages = outside(&jobs, &snapshot.state);
    stages.extend(standings.iter().map(|(id, standing)| ((*id).clone(), standing.stage.clone())));
    let left = left(ctx, order, &batch, &snapshot.state, &jobs, &mut stages)?;
    let waves = waves(&jobs, &stages);
    let known = Known::of(repo);
    let row = |task: &Planned| -> Result<PlannedRow, CliError> {
        let standing = standings.get(&task.id);
        // What somebody has changed by hand stays.
        let filed = snapshot.state.tasks.get(&task.id);
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
            title: filed.map_or(&task.title, |filed| &filed.title).clone(),
            is_new: filed.is_none(),
            agent: named.map(|name| name.to_string()).or(own_agent),
            profile: found.filter(|profile| !profile.is_given()).map(|profile| profile.name),
            model,
            model_reason,
            hours: filed.map_or(task.hours, |filed| filed.hours).map(f64::from),
            after: after(task, &snapshot.state).iter().map(ToString::to_string).collect(),
            paths: task.paths.clone(),
            reason: match is_done {
                true => Some("completed already".to_owned()),
                false => standing.and_then(|standing| standing.reason.clone()).or_else(|| left.get(&task.id).cloned()),
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

/// What would be left out, and why; what would be refused altogether is refused. Only without a program the plan can be
/// looked at all the same.
fn left(
    ctx: &Context,
    order: &Order,
    batch: &Batch,
    state: &State,
    jobs: &[Job],
    stages: &mut BTreeMap<TaskId, Stage>,
) -> Result<BTreeMap<TaskId, String>, CliError> {
    let repo = ctx.repo()?;
    let begin = match check::before(ctx, order, batch) {
        Ok(begin) => begin,
        Err(error) if error.code == "no-profile" => {
            ctx.ui.note(&format!("it would be refused: {}", error.message));
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let mut left = BTreeMap::new();
    for (planned, agent) in &begin {
        if let Err(error) = enrol::check(repo, &enrolments(repo, state, &[agent])?) {
            stages.insert(planned.id.clone(), Stage::Closed);
            left.insert(planned.id.clone(), CliError::from(error).message);
        }
    }
    let rules =
        Rules { at_once: 0, retries: 0, workers: Workers::OneEach, busy: BTreeMap::new(), held: BTreeSet::new() };
    for act in next(jobs, stages, &rules, &|_, _| false) {
        if let Act::Skip { task, because } = act {
            left.insert(task.clone(), format!("left out: it is after {because}"));
            stages.insert(task, Stage::Skipped);
        }
    }
    Ok(left)
}
