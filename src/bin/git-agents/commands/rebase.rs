//! `git agents rebase`

use clap::Args;
use git_agents::agent::CommitId;
use git_agents::config;
use git_agents::git::worktrees;
use git_agents::state::Action;
use git_agents::store::{Change, Scope};
use git_agents::work::carry_out::carry_out;
use git_agents::work::{landing, taken};

use super::complete_values::agent_names;
use super::merge::tell_followed;
use super::stranger::refuse_stranger;
use crate::context::Context;
use crate::error::{CliError, Exit, unknown_agent};
use crate::view::blocked::refusal_text;
use crate::view::merge_stopped::refusal;
use crate::view::rebase::RebaseView;

/// Replay an agent's branch on the target; its worktree comes along.
///
/// Built in memory: a branch that conflicts is left exactly as it was, with exit status 1.
#[derive(Debug, Args)]
pub(crate) struct RebaseArgs {
    /// The agent; may be left out in its worktree.
    #[arg(add = agent_names())]
    agent: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &RebaseArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    ctx.recover()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let name = ctx.agent(&snapshot.state, args.agent.as_deref())?;
    let agent = snapshot.state.agents.get(&name).ok_or_else(|| unknown_agent(name.as_str()))?;
    refuse_stranger(ctx, agent, &target)?;
    let built = landing::build_rebase(repo, &ctx.world, &target, &snapshot.state, agent)?;
    if !built.plan.refusals.is_empty() {
        let why: Vec<String> = built.plan.refusals.iter().map(refusal_text).collect();
        return Err(CliError::refused("blocked", why.join("; ")).hint(format!("git agents agent show {name}")));
    }
    let view = RebaseView::new(&target, agent, &built.plan, &worktrees::list(repo)?);
    if let Some(refused) = view.stopped.as_ref().and_then(|stopped| refusal(std::slice::from_ref(stopped))) {
        return Err(refused);
    }
    if view.stopped.is_some() || built.plan.moves.is_empty() {
        ctx.ui.answer(&view)?;
        return Ok(if view.stopped.is_some() { Exit::Negative } else { Exit::Good });
    }
    let onto = CommitId::try_from(target.commit.to_string())
        .map_err(|error| CliError::new(Exit::Bug, "bug", error.to_string()))?;
    let action = Action::Rebase { agent: name, target: target.branch.clone(), onto };
    let (_, executed) =
        carry_out(repo, &ctx.world, &built, &Scope::open(), |_| Ok::<_, CliError>(Change::from(action)))?;
    taken::note(repo, &agent.name, &agent.branch);
    tell_followed(ctx, &executed.followed);
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}
