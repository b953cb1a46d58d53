//! `git agents findings add`

use clap::Args;
use git_agents::agent::CommitId;
use git_agents::finding::{Finding, FindingState, LineRange};
use git_agents::state::{Action, State};
use git_agents::store::Scope;

use super::{SeverityArg, free_id, invalid};
use crate::commands::complete_values::{agent_names, task_ids};
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit};
use crate::view::done::IdsChanged;

/// Report something that you noticed; it reaches the other agents and outlives the worktree.
///
/// In an agent's worktree the agent, its task and the commit are known without saying so.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// How bad it is.
    #[arg(long, value_name = "SEVERITY")]
    severity: SeverityArg,
    /// What kind it is, in your own words.
    #[arg(long, value_name = "CATEGORY")]
    category: String,
    /// The file, from the top of the repository.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: Option<String>,
    /// The line, or the first and the last one: 12 or 12-20.
    #[arg(long, value_name = "N[-M]", requires = "file", allow_hyphen_values = true)]
    line: Option<LineRange>,
    /// The agent that noticed it.
    #[arg(long, value_name = "AGENT", add = agent_names())]
    agent: Option<String>,
    /// The task that was being worked on.
    #[arg(long, value_name = "TASK", add = task_ids())]
    task: Option<String>,
    /// What was noticed.
    message: String,
}

pub(crate) fn run(ctx: &Context, args: AddArgs) -> Result<Exit, CliError> {
    let AddArgs { severity, category, file, line, agent, task, message } = args;
    let snapshot = ctx.load(&Scope::open().with_findings())?;
    let state = &snapshot.state;
    let agent = match agent.as_deref() {
        Some(name) => Some(known_agent(state, name)?),
        None => ctx.agent_here(state),
    };
    let task = match task.as_deref() {
        Some(text) => Some(ctx.task(&snapshot, text)?),
        None => agent.as_ref().and_then(|agent| state.in_progress(agent)).map(|task| task.id.clone()),
    };
    let finding = Finding {
        id: free_id(state, &mut fastrand::Rng::new()),
        commit: seen_at(ctx, state, agent.as_ref())?,
        agent,
        task,
        severity: severity.into(),
        category,
        message,
        file,
        line: line.map(|line| line.start),
        end_line: line.and_then(|line| line.end),
        state: FindingState::Open,
        created_at: ctx.world.now,
        resolved_at: None,
        extra: Default::default(),
    };
    let finding = finding.checked().map_err(|error| invalid(&error))?;
    let committed = ctx.transact(&Scope::open().with_findings(), |state, random| {
        let finding = Finding { id: free_id(state, random), ..finding.clone() };
        Ok(Some(Action::AddFindings { findings: vec![finding] }.into()))
    })?;
    if let Some(Action::AddFindings { findings }) = committed.map(|committed| committed.operation.action) {
        let ids: Vec<String> = findings.iter().map(|finding| finding.id.to_string()).collect();
        let first = findings.first().and_then(|finding| finding.message.lines().next()).unwrap_or_default();
        let sentence = format!("added finding {}: {first}", ids.join(", "));
        ctx.ui.answer(&IdsChanged { ids, sentence })?;
    }
    Ok(Exit::Good)
}

/// The commit that the finding was seen at: the tip of the agent's branch, else what is checked out here.
pub(super) fn seen_at(
    ctx: &Context,
    state: &State,
    agent: Option<&git_agents::agent::AgentName>,
) -> Result<Option<CommitId>, CliError> {
    let repo = ctx.repo()?;
    let branch = agent
        .and_then(|name| state.agents.get(name))
        .map(|agent| agent.branch.clone())
        .or_else(|| git_agents::git::head::current_branch(repo));
    let Some(branch) = branch else { return Ok(None) };
    let tip = git_agents::git::refs::read(repo, &format!("refs/heads/{branch}"))?;
    Ok(tip.and_then(|id| CommitId::try_from(id.to_string()).ok()))
}
