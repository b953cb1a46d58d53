//! `git agents next`

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::config;
use git_agents::state::{State, by_urgency};
use git_agents::store::{Scope, Snapshot};
use git_agents::task::{Task, TaskId, waiting_for};
use git_agents::work::leases::Standing;
use git_agents::work::reserved::least_overlapping;

use super::complete_values::agent_names;
use super::start::begin;
use super::terms::TermsArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::sharing::{OfflineArg, Sharing};
use crate::view::started::{NothingReady, StartedView};

/// Give the agent the best task that can start now, and start it, in one step.
///
/// Its own assigned tasks come first, then the ready ones by priority. Of equals it is the one whose declared paths meet
/// least of what others are changing, have claimed or have in hand, and then the oldest. Two agents that ask at the same moment
/// never get the same task. Exit status 1 when nothing can start. With --steal, and when nothing else can start, a task is
/// taken over whose lease has expired.
#[derive(Debug, Args)]
pub(crate) struct NextArgs {
    /// The agent; may be left out in its worktree.
    #[arg(add = agent_names())]
    agent: Option<String>,
    #[command(flatten)]
    terms: TermsArgs,
    #[command(flatten)]
    offline: OfflineArg,
}

pub(crate) fn run(ctx: &Context, args: &NextArgs) -> Result<Exit, CliError> {
    ctx.recover()?;
    let sharing = Sharing::begin(ctx, args.offline)?;
    let mut is_settled = false;
    loop {
        let snapshot = ctx.load(&Scope::open())?;
        let agent = ctx.agent(&snapshot.state, args.agent.as_deref())?;
        if let Some(current) = snapshot.state.in_progress(&agent) {
            // Perhaps no remote has heard of that.
            if !std::mem::replace(&mut is_settled, true) && sharing.settle(ctx) {
                continue;
            }
            let (agent, task) = (agent.clone(), current.id.clone());
            return Err(git_agents::state::Rejected::Busy { agent, task }.into());
        }
        let Some(id) = best(ctx, &snapshot, &agent, &args.terms)? else {
            let waiting = snapshot.state.count(git_agents::task::TaskState::Open);
            ctx.ui.answer(&NothingReady { agent: agent.to_string(), open: waiting })?;
            return Ok(Exit::Negative);
        };
        match begin(ctx, &sharing, &snapshot, &agent, &id, &args.terms) {
            Ok(started) => {
                ctx.ui.answer(&StartedView::new(&agent, &id, &started, sharing.is_provisional))?;
                return Ok(Exit::Good);
            }
            // Somebody else was faster with this one: look again.
            Err(error) if matches!(error.code, "task-held" | "task-state" | "moved-meanwhile") => {
                ctx.ui.detail(&format!("{id}: {}; looking again", error.message));
                let now = ctx.load(&Scope::open())?;
                if best(ctx, &now, &agent, &args.terms)?.as_ref() == Some(&id) {
                    // It is still the best one, so nobody took it and looking again would not end.
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn best(ctx: &Context, snapshot: &Snapshot, agent: &AgentName, terms: &TermsArgs) -> Result<Option<TaskId>, CliError> {
    let state = &snapshot.state;
    let can_start = |task: &&Task| waiting_for(&state.tasks, task).is_empty();
    let free = match state.assigned_to(agent).into_iter().find(can_start) {
        Some(own) => Some(own),
        None => best_free(ctx, state, agent)?,
    };
    if free.is_some() || !terms.steal() {
        return Ok(free.map(|task| task.id.clone()));
    }
    let mut leases = ctx.leases()?;
    let is_abandoned = |task: &&Task| matches!(leases.glance(state, task), Some(Standing::Expired { .. }));
    let others = |task: &&Task| task.is_in_hand() && task.agent.as_ref() != Some(agent);
    let all = state.tasks.values().filter(others).filter(can_start).filter(is_abandoned);
    let best = all.min_by(|a, b| by_urgency(a, b)).map(|task| task.id.clone());
    leases.observe(state);
    Ok(best)
}

/// The most urgent task that is free; of several, the one that meets least of what others have in hand.
fn best_free<'s>(ctx: &Context, state: &'s State, agent: &AgentName) -> Result<Option<&'s Task>, CliError> {
    let ready = state.ready();
    let equals: Vec<&Task> = ready.iter().take_while(|task| task.priority == ready[0].priority).copied().collect();
    let repo = ctx.repo()?;
    Ok(least_overlapping(repo, ctx.world.now, &config::target(repo)?, state, agent, &equals)?)
}
