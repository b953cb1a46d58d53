//! `git agents complete`

use std::path::Path;

use clap::Args;
use git_agents::agent::{AgentName, CommitId};
use git_agents::config;
use git_agents::state::Action;
use git_agents::store::Scope;
use git_agents::sync::Provisional;
use git_agents::task::{Hours, Task};
use git_agents::work::complete::{Survey, compare, survey};
use git_agents::work::leases;

use super::begun::refuse_elsewhere;
use super::complete_values::agent_names;
use super::fail::nothing_in_progress;
use super::terms::lost;
use crate::context::Context;
use crate::error::{CliError, Exit, quoted};
use crate::render::style::counted;
use crate::sharing::Sharing;
use crate::view::completed::CompletedView;

/// Mark the agent's task as completed; the changed files are read from its branch.
///
/// Files given by hand are compared with those, and differences are named. Uncommitted changes and a branch without
/// any commit are refused.
#[derive(Debug, Args)]
pub(crate) struct CompleteArgs {
    /// The agent; may be left out in its worktree.
    #[arg(value_name = "AGENT", add = agent_names())]
    agent: Option<String>,
    /// Files that you believe have changed, to be compared with the branch.
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<String>,
    /// The hours that it took [default: the estimate].
    #[arg(long, value_name = "HOURS", allow_negative_numbers = true)]
    hours: Option<Hours>,
    /// Complete although there are uncommitted changes.
    #[arg(long)]
    allow_dirty: bool,
    /// Complete although the branch has no commits for this task.
    #[arg(long)]
    allow_empty: bool,
}

pub(crate) fn run(ctx: &Context, args: CompleteArgs) -> Result<Exit, CliError> {
    let CompleteArgs { agent, files, hours, allow_dirty, allow_empty } = args;
    let words: Vec<String> = agent.into_iter().chain(files).collect();
    let repo = ctx.repo()?;
    ctx.recover()?;
    let target = config::target(repo)?;
    let mut snapshot = ctx.load(&Scope::open())?;
    let (name, files) = ctx.agent_and(&snapshot.state, &words)?;
    let lease = |task: &Task| task.lease().is_some_and(|lease| lease.until() <= ctx.world.now);
    if let Some(task) = snapshot.state.in_progress(&name).filter(|task| lease(task)) {
        Sharing::hear(ctx, task.id.as_str())?;
        snapshot = ctx.load(&Scope::open())?;
    }
    let agent = snapshot.state.agents.get(&name).ok_or_else(|| crate::error::unknown_agent(name.as_str()))?;
    let Some(task) = snapshot.state.in_progress(&name) else {
        return Err(lost(ctx, &name)?.unwrap_or_else(|| not_in_progress(&snapshot.state, &name)));
    };
    refuse_elsewhere(ctx, agent, task)?;
    let survey = survey(repo, &target, agent, task)?;
    check(&name, &survey, &git_there(ctx, &survey)?, allow_dirty, allow_empty)?;
    let prefix = prefix(ctx)?;
    let named: Vec<Vec<String>> = files.iter().map(|file| spellings(&prefix, file)).collect();
    let difference = if named.is_empty() { None } else { Some(compare(&survey.files, &named)) };
    let id = task.id.clone();
    let fence = leases::known(repo, &name, task);
    let action = Action::Complete {
        agent: name.clone(),
        task: id.clone(),
        tip: CommitId::try_from(survey.tip.to_string()).ok(),
        files: survey.files.iter().map(|file| git_agents::path::recorded(file)).collect(),
        hours,
        fence,
    };
    let committed = ctx.transact(&Scope::open(), |_, _| Ok(Some(action.clone().into())))?;
    if let Some(task) = committed.as_ref().and_then(|committed| committed.state.tasks.get(&id)) {
        let state = &committed.as_ref().expect("it was just looked into").state;
        for file in difference.iter().flat_map(|difference| &difference.not_changed) {
            ctx.ui.warn(&format!("{file} was named, and the branch does not change it"));
        }
        for file in difference.iter().flat_map(|difference| &difference.not_named) {
            ctx.ui.warn(&format!("{file} is changed on the branch, and was not named"));
        }
        let mut view = CompletedView::new(state, task, &survey, difference);
        view.task.provisional = Provisional::read(repo)?.has_task(task);
        ctx.ui.answer(&view)?;
    }
    Ok(Exit::Good)
}

fn not_in_progress(state: &git_agents::state::State, name: &AgentName) -> CliError {
    let done = state.tasks_of(name).find(|task| task.state == git_agents::task::TaskState::Completed);
    let error = nothing_in_progress(name);
    match done {
        Some(task) => CliError { message: format!("{}; {} is completed already", error.message, task.id), ..error },
        None => error,
    }
}

fn check(name: &AgentName, survey: &Survey, git: &str, allow_dirty: bool, allow_empty: bool) -> Result<(), CliError> {
    if let Some(operation) = survey.operation {
        let command = operation.command();
        return Err(CliError::refused("worktree-busy", format!("{name}'s worktree is in the middle of a {command}"))
            .hint(format!("{git} {command} --continue"))
            .hint(format!("{git} {command} --abort")));
    }
    let dirty = survey.uncommitted.as_ref().filter(|status| !status.is_clean());
    if let Some(status) = dirty.filter(|_| !allow_dirty) {
        let paths: Vec<String> = status
            .tracked()
            .into_iter()
            .chain(status.untracked.iter().map(AsRef::as_ref))
            .chain(status.embedded.iter().map(AsRef::as_ref))
            .map(git_agents::git::repository::path_text)
            .collect();
        let shown = paths.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if paths.len() > 5 { ", …" } else { "" };
        let number = counted(paths.len(), "uncommitted path");
        return Err(CliError::refused("uncommitted", format!("{name} has {number}: {shown}{more}"))
            .hint(format!("{git} add … && {git} commit"))
            .hint(format!("git agents complete {name} --allow-dirty")));
    }
    if survey.commits == 0 && !allow_empty {
        return Err(CliError::refused("empty-branch", format!("{name}'s branch has no commits for this task"))
            .hint(format!("{git} commit"))
            .hint(format!("git agents complete {} --allow-empty", quoted(name.as_str()))));
    }
    Ok(())
}

/// How git is called in the agent's worktree from where we are.
fn git_there(ctx: &Context, survey: &Survey) -> Result<String, CliError> {
    let here = ctx.repo()?.worktree();
    Ok(match survey.worktree.as_deref().filter(|path| Some(*path) != here) {
        Some(path) => format!("git -C {}", quoted(&path.display().to_string())),
        None => "git".to_owned(),
    })
}

/// Where we are below the top of the worktree, with a trailing slash; empty at the top and elsewhere.
fn prefix(ctx: &Context) -> Result<String, CliError> {
    let Some(top) = ctx.repo()?.worktree() else { return Ok(String::new()) };
    let here = ctx.absolute(Path::new("."))?;
    let below = here.strip_prefix(top).map(|below| below.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(if below.is_empty() { below } else { below + "/" })
}

/// The ways in which a file that somebody names can be meant: from where we are, and from the top.
fn spellings(prefix: &str, file: &str) -> Vec<String> {
    let from = |text: String| config::normalise(Path::new(&text)).to_string_lossy().into_owned();
    vec![from(format!("{prefix}{file}")), from(file.to_owned())]
}
