//! Beginning with tasks: agents are enrolled where they are missing, then each task is started and its run begun.

use git_agents::agent::{Agent, AgentName};
use git_agents::config;
use git_agents::execute::batch::Batch;
use git_agents::plan::Planned;
use git_agents::run::compose::{Wanted, compose};
use git_agents::run::tmux::TmuxError;
use git_agents::run::{self, RunError};
use git_agents::state::Rejected;
use git_agents::store::Scope;
use git_agents::task::TaskState;
use git_agents::work::enrol::{self, Enrolment, Making};

use super::Order;
use crate::commands::enrolling::confirmed;
use crate::commands::run::begun;
use crate::commands::start::begin as start;
use crate::commands::terms::TermsArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::sharing::Sharing;
use crate::view::prepared::prepared_warnings;

/// What came of beginning.
#[derive(Debug)]
pub(super) enum Begun {
    /// Its run goes on.
    Runs { run: Box<run::Run>, model: Option<String> },
    /// As many run as may; it waits.
    Full { reason: String },
}

/// Make the agents that are not there. All of them, or none.
pub(super) fn enrol(ctx: &Context, order: &Order, agents: &[&AgentName]) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    let state = ctx.load(&Scope::open())?.state;
    let mut missing: Vec<&AgentName> =
        agents.iter().copied().filter(|name| !state.agents.contains_key(*name)).collect();
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let target = config::target(repo)?;
    let prefix = config::prefix(repo);
    let enrolments: Vec<Enrolment> = missing
        .into_iter()
        .map(|name| Enrolment {
            name: name.clone(),
            branch: format!("{prefix}{name}"),
            start: target.commit,
            existing: false,
            worktree: Some(config::worktree_path(repo, name)),
            registered: false,
        })
        .collect();
    let sharing = Sharing::of_new_agents(ctx, order.offline)?;
    let enrolling = enrol::enrol(repo, &ctx.world, &enrolments, Making::silently(true))?;
    let enrolled = confirmed(ctx, &sharing, enrolling)?;
    prepared_warnings(enrolled.iter().map(|one| &one.prepared)).iter().for_each(|warning| ctx.ui.warn(warning));
    for complaint in enrolled.iter().filter_map(|one| one.complaint.as_ref()) {
        ctx.ui.warn(&format!("a hook failed after the worktree was made: {complaint}"));
    }
    Ok(())
}

/// Begin with one task: the agent is there, and free.
pub(super) fn begin(
    ctx: &Context,
    order: &Order,
    batch: &mut Batch,
    planned: &Planned,
    name: &AgentName,
) -> Result<Begun, CliError> {
    let repo = ctx.repo()?;
    if let Some(reason) = full(ctx)? {
        return Ok(Begun::Full { reason });
    }
    let scope = Scope::open().with_tasks([&planned.id]);
    let mut snapshot = ctx.load(&scope)?;
    let agent = agent(&snapshot.state, name)?.clone();
    let is_begun = snapshot
        .state
        .tasks
        .get(&planned.id)
        .is_some_and(|task| task.state == TaskState::InProgress && task.agent.as_ref() == Some(name));
    if !is_begun {
        // Written down first: whoever comes after a kill knows that it is ours.
        batch.tasks.entry(planned.id.clone()).or_default().agent = Some(name.clone());
        batch.write(repo)?;
        let sharing = Sharing::begin(ctx, order.offline)?;
        snapshot = ctx.load(&scope)?;
        start(ctx, &sharing, &snapshot, name, &planned.id, &TermsArgs::default())?;
        snapshot = ctx.load(&scope)?;
    }
    let task = snapshot.state.tasks.get(&planned.id).ok_or_else(|| Rejected::UnknownTask { id: planned.id.clone() })?;
    let how = order.how_of(planned);
    let wanted = Wanted {
        agent: &agent,
        task: Some(task),
        how: &how,
        prompt: None,
        resume: false,
        batch: Some(order.batch.as_str()),
    };
    let composed = compose(repo, &ctx.world, &snapshot.state, &wanted)?;
    match begun(repo, &ctx.world, &composed) {
        Ok((_, run)) => Ok(Begun::Runs { run: Box::new(run), model: composed.model }),
        // Somebody else was faster; the task stays begun.
        Err(TmuxError::Run(error @ RunError::OverLimit { .. })) => Ok(Begun::Full { reason: error.to_string() }),
        Err(error) => Err(error.into()),
    }
}

/// Why no more may run; none when one may.
fn full(ctx: &Context) -> Result<Option<String>, CliError> {
    let repo = ctx.repo()?;
    let Some(limit) = run::start::limit(repo)? else { return Ok(None) };
    let live = run::all(repo)?.iter().filter(|run| run.is_live()).count();
    Ok((live >= limit).then(|| RunError::OverLimit { limit, live }.to_string()))
}

fn agent<'s>(state: &'s git_agents::state::State, name: &AgentName) -> Result<&'s Agent, CliError> {
    state.agents.get(name).ok_or_else(|| Rejected::UnknownAgent { name: name.clone() }.into())
}
