//! On which terms an agent gets a task: for how long, and whether it may be another's.

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::duration;
use git_agents::state::{Rejected, State};
use git_agents::store::Scope;
use git_agents::task::{Outcome, Task, TaskState, Terms};
use git_agents::work::leases::{self, Standing};

use crate::context::Context;
use crate::error::{CliError, Exit};

/// The options of every command that gives a task to an agent.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TermsArgs {
    /// Take the task over when somebody has it who has given no sign of life for as long as the lease runs. The branch
    /// of that agent stays as it is.
    #[arg(long)]
    steal: bool,
    /// How long the task stays with the agent without a sign of life, such as 45m, 4h or 2d [default: 2h].
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    ttl: Option<u32>,
}

impl TermsArgs {
    /// Whether a task that another has may be taken over.
    pub(crate) fn steal(&self) -> bool {
        self.steal
    }

    /// The terms for a task that nobody has.
    pub(crate) fn of_new(&self) -> Terms {
        Terms { ttl_s: self.ttl, takes: None }
    }

    /// The terms on which `agent` gets `task`, as it is now.
    ///
    /// # Errors
    /// Another agent has it, and may keep it. `command` is what would take it over.
    pub(crate) fn of(
        &self,
        ctx: &Context,
        state: &State,
        agent: &AgentName,
        task: &Task,
        command: &str,
    ) -> Result<Terms, CliError> {
        let free = self.of_new();
        let Some(holder) = task.agent.as_ref().filter(|holder| *holder != agent && task.is_in_hand()) else {
            return Ok(free);
        };
        let begun = task.live_attempt().map_or(task.updated_at, |attempt| attempt.started_at);
        let held = Rejected::Held { task: task.id.clone(), agent: holder.clone(), state: task.state, since: begun };
        let held: CliError = held.into();
        let told =
            |more: String| CliError { message: format!("{}, and its lease {more}", held.message), ..held.clone() };
        match (standing(ctx, state, task)?, self.steal) {
            (Some(Standing::Expired { .. }), true) => Ok(Terms { takes: task.take_over(), ..free }),
            (Some(Standing::Live { until }), true) => {
                Err(told(format!("runs until {}", until.format("%Y-%m-%d %H:%M UTC"))))
            }
            (Some(Standing::Expired { at, .. }), false) => {
                let mut error = told(format!("has expired at {}", at.format("%Y-%m-%d %H:%M UTC")));
                error.hints.insert(0, format!("git agents {command} {agent} {} --steal", task.id));
                Err(error)
            }
            _ => Err(held),
        }
    }
}

/// How the lease of a task stands, by what was seen before; what is seen now is noted.
pub(crate) fn standing(ctx: &Context, state: &State, task: &Task) -> Result<Option<Standing>, CliError> {
    let mut leases = ctx.leases()?;
    let standing = leases.standing(state, task);
    leases.observe(state);
    Ok(standing)
}

/// That the task which the agent began is not its own any more: taken over, taken back, or given to somebody else.
pub(crate) fn lost(ctx: &Context, agent: &AgentName) -> Result<Option<CliError>, CliError> {
    let held = leases::held(ctx.repo()?, agent);
    let state = ctx.load(&Scope::open().with_tasks(held.as_ref().map(|(id, _)| id)))?.state;
    let taken = taken_over(&state, agent);
    let outdated = || {
        let (id, fence) = held?;
        let task = state.tasks.get(&id)?;
        let is_own = task.agent.as_ref() == Some(agent) && task.fence().is_some_and(|now| now.is(&fence));
        let holder = task.agent.clone().filter(|_| task.state != TaskState::Failed);
        let (known, epoch, since) = (fence.epoch, task.epoch, task.updated_at);
        let outdated = Rejected::Outdated { task: id, agent: agent.clone(), known, epoch, holder, since };
        (!is_own).then(|| outdated.into())
    };
    Ok(taken.or_else(outdated))
}

/// The agents whose newest task another has by now: what is on their branches is not the work of an assignment that holds.
pub(crate) fn overtaken(ctx: &Context, state: &State) -> Result<Vec<(AgentName, CliError)>, CliError> {
    let mut found = Vec::new();
    for agent in state.agents.keys().filter(|agent| state.in_progress(agent).is_none()) {
        let held = leases::held(ctx.repo()?, agent);
        let may_be_lost = held.is_some_and(|(id, _)| {
            state.tasks.get(&id).is_none_or(|task| task.agent.as_ref().is_some_and(|holder| holder != agent))
        });
        if may_be_lost || taken_over(state, agent).is_some() {
            found.extend(lost(ctx, agent)?.map(|error| (agent.clone(), error)));
        }
    }
    Ok(found)
}

/// That the agent's task was taken over, when that is what became of its newest.
fn taken_over(state: &State, agent: &AgentName) -> Option<CliError> {
    let own = |task: &Task| task.attempts.iter().rfind(|attempt| attempt.agent == *agent).cloned();
    let newest = state.tasks.values().filter_map(|task| Some((task, own(task)?)));
    let newest = newest.max_by_key(|(_, attempt)| attempt.started_at);
    newest.and_then(|(task, attempt)| {
        let thief = attempt.taken_by.clone().filter(|_| attempt.outcome == Some(Outcome::Failed))?;
        let at = attempt.ended_at.unwrap_or(task.updated_at).format("%Y-%m-%d %H:%M UTC");
        let message = format!(
            "{} was taken over by {thief} at {at}, since {agent} had given no sign of life; {agent}'s branch {} is as it was",
            task.id, attempt.branch
        );
        let error = CliError::new(Exit::Negative, "task-taken-over", message)
            .hint(format!("git agents next {agent}"))
            .hint(format!("git agents task show {}", task.id));
        let is_open = task.agent.as_ref() == Some(&thief) && task.is_in_hand();
        let merge = format!("git merge {}, in the worktree of {thief}, to keep what {agent} has done", attempt.branch);
        Some(if is_open { error.hint(merge) } else { error })
    })
}

/// The length of a lease, in seconds.
pub(crate) fn ttl(text: &str) -> Result<u32, String> {
    let span = duration::parse(text).map_err(|error| error.to_string())?;
    match u32::try_from(span.as_secs()) {
        Ok(0) => Err("a lease cannot end as it begins".to_owned()),
        Ok(seconds) => Ok(seconds),
        Err(_) => Err("a lease of more than a century is none".to_owned()),
    }
}
