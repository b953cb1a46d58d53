//! The end of a run: it is judged, and its task completed or failed.

use git_agents::agent::AgentName;
use git_agents::config;
use git_agents::execute::judge::{Verdict, judge};
use git_agents::run::{self, Run};
use git_agents::state::{Action, Rejected};
use git_agents::store::Scope;
use git_agents::task::TaskId;
use git_agents::work::leases;

use crate::context::Context;
use crate::error::{CliError, Exit};

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Completed,
    Failed {
        reason: String,
        is_final: bool,
    },
    /// Somebody else has it now, or nobody.
    TakenAway,
}

/// Judge the end of a run and write down what follows from it.
pub(super) fn end(ctx: &Context, id: &TaskId, name: &AgentName, run: &Run) -> Result<Outcome, CliError> {
    let repo = ctx.repo()?;
    if let Err(error) = run::settle(repo, &ctx.world, run) {
        ctx.ui.detail(&format!("{}: {error}", run.id));
    }
    let scope = Scope::open().with_tasks([id]);
    let snapshot = ctx.load(&scope)?;
    let agent = snapshot.state.agents.get(name).ok_or_else(|| Rejected::UnknownAgent { name: name.clone() })?;
    let task = snapshot.state.tasks.get(id).ok_or_else(|| Rejected::UnknownTask { id: id.clone() })?;
    let state = run.state(ctx.world.now, run::list::idle_after(repo)?);
    let verdict = judge(repo, &config::target(repo)?, agent, task, state, run)?;
    let (action, outcome) = match verdict {
        Verdict::Completed => return Ok(Outcome::Completed),
        Verdict::GivenUp { reason } => return Ok(Outcome::Failed { reason, is_final: false }),
        Verdict::TakenAway => return Ok(Outcome::TakenAway),
        Verdict::Complete(survey) => (survey.completes(repo, name, task, None), Outcome::Completed),
        Verdict::Failed { reason, is_final } => {
            let fence = leases::known(repo, name, task);
            let action = Action::Fail { agent: name.clone(), task: id.clone(), reason: reason.clone(), fence };
            (action, Outcome::Failed { reason, is_final })
        }
    };
    write(ctx, id, name, &action, outcome)
}

fn write(ctx: &Context, id: &TaskId, name: &AgentName, action: &Action, outcome: Outcome) -> Result<Outcome, CliError> {
    let scope = Scope::open().with_tasks([id]);
    match ctx.transact(&scope, |_, _| Ok(Some(action.clone().into()))) {
        Ok(_) => {
            // By what assignment it was completed still counts when it lands.
            if !matches!(outcome, Outcome::Completed) {
                leases::forget(ctx.repo()?, name);
            }
            Ok(outcome)
        }
        // The agent, or somebody else, was faster between our look and now.
        Err(error) if matches!(error.exit, Exit::Negative | Exit::Refused) => {
            ctx.ui.detail(&format!("{id}: {}", error.message));
            let task = ctx.load(&scope)?.state.tasks.remove(id);
            let is_done =
                task.is_some_and(|task| task.state.satisfies_dependents() && task.agent.as_ref() == Some(name));
            Ok(if is_done { Outcome::Completed } else { Outcome::TakenAway })
        }
        Err(error) => Err(error),
    }
}
