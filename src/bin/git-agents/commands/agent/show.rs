//! `git agents agent show`

use clap::Args;
use git_agents::config;
use git_agents::store::Scope;
use git_agents::sync::Provisional;
use git_agents::work::overview::overview;
use git_agents::worktree::ready::ports;

use crate::commands::complete_values::agent_names;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::agent::{AgentShow, troubles};
use crate::view::status::agent_view;
use crate::view::task::TaskView;

/// Show one agent with its branch, worktree, ports and tasks.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The agent; may be left out in its worktree.
    #[arg(add = agent_names())]
    name: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &ShowArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let snapshot = ctx.load(&Scope::open())?;
    let name = ctx.agent(&snapshot.state, args.name.as_deref())?;
    let mut state = snapshot.state;
    let provisional = Provisional::read(repo)?;
    let tasks =
        state.tasks_of(&name).map(|task| TaskView::new(&state, task).judged(provisional.has_task(task))).collect();
    let target = config::target(repo)?;
    let agents = state.clone();
    state.agents.retain(|known, _| *known == name);
    let overview = overview(repo, &target, &state, true)?;
    if let (Some(agent), Some(seen)) = (state.agents.get(&name), overview.first()) {
        let troubles = troubles(&target, &agents, agent, seen).into_iter();
        let agent = agent_view(&state, agent, seen, &provisional, &ctx.ui.out);
        let troubles = troubles.map(|found| format!("{}; {}", found.message, found.hint)).collect();
        let ports = ports::of(repo, &name).unwrap_or_else(|error| {
            ctx.ui.warn(&error.to_string());
            None
        });
        let ports = ports.map(|ports| ports.to_string());
        ctx.ui.answer(&AgentShow { agent, tasks, ports, troubles })?;
    }
    Ok(Exit::Good)
}
