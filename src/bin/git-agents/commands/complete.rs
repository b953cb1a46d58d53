//! `git agents complete`

use std::path::Path;

use clap::Args;
use git_agents::agent::{Agent, AgentName};
use git_agents::config;
use git_agents::git::worktrees;
use git_agents::state::{Action, State};
use git_agents::store::Scope;
use git_agents::sync::Provisional;
use git_agents::task::{Hours, Task, TaskState, Terms};
use git_agents::work::complete::{Allowed, Incomplete, Survey, compare, since_first, survey};
use git_agents::work::{leases, place};

use super::begun::refuse_elsewhere;
use super::complete_values::agent_names;
use super::fail::nothing_in_progress;
use super::terms::lost;
use crate::context::Context;
use crate::error::{CliError, Exit, quoted, worktree_astray};
use crate::render::style::counted;
use crate::sharing::{OfflineArg, Sharing};
use crate::view::completed::CompletedView;

/// Mark the agent's task as completed; the changed files are read from its branch.
///
/// Files given by hand are compared with those, and differences are named. Uncommitted changes and a branch without
/// any commit are refused, and so is a worktree that has something else checked out than the agent's branch.
///
/// An agent that has failed at its task and begun nothing since completes it once its work has been put in order: all
/// commits since its first attempt count.
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
    #[command(flatten)]
    offline: OfflineArg,
}

pub(crate) fn run(ctx: &Context, args: CompleteArgs) -> Result<Exit, CliError> {
    let CompleteArgs { agent, files, hours, allow_dirty, allow_empty, offline } = args;
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
    let task = match snapshot.state.in_progress(&name) {
        Some(task) => {
            refuse_elsewhere(ctx, agent, task)?;
            task
        }
        None => match lost(ctx, &name)? {
            Some(lost) => return Err(lost),
            None => failed(&snapshot.state, agent)?,
        },
    };
    let mut task = since_first(&name, task);
    let survey = survey(repo, &target, agent, &task)?;
    if let Some(astray) = place::astray(repo, &worktrees::list(repo)?, agent) {
        return Err(worktree_astray(agent, &astray));
    }
    let allowed = Allowed { dirty: allow_dirty, empty: allow_empty };
    if task.state == TaskState::Failed && survey.check(allowed) == Err(Incomplete::Empty) {
        // Nobody has put anything in order.
        return Err(nothing_in_progress(&name));
    }
    check(&name, &survey, &git_there(ctx, &survey)?, allowed)?;
    let prefix = prefix(ctx)?;
    let named: Vec<Vec<String>> = files.iter().map(|file| spellings(&prefix, file)).collect();
    let difference = if named.is_empty() { None } else { Some(compare(&survey.files, &named)) };
    let id = task.id.clone();
    if task.state == TaskState::Failed {
        task = take_up(ctx, offline, &name, &task)?.unwrap_or(task);
    }
    let action = survey.completes(repo, &name, &task, hours);
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

/// The task that the agent has failed at, when that is the last thing that it did: what somebody has mended since counts.
fn failed<'s>(state: &'s State, agent: &'s Agent) -> Result<&'s Task, CliError> {
    let name = &agent.name;
    let of = |wanted: TaskState| state.tasks_of(name).filter(move |task| task.state == wanted);
    let failed: Vec<&Task> = of(TaskState::Failed).collect();
    let message = match failed.as_slice() {
        [task] if is_last(state, agent, task) => return Ok(*task),
        [] => {
            let error = nothing_in_progress(name);
            return Err(match of(TaskState::Completed).next() {
                Some(task) => {
                    CliError { message: format!("{}; {} is completed already", error.message, task.id), ..error }
                }
                None => error,
            });
        }
        [task] => format!("{name} has failed at {}, and begun something else since", task.id),
        several => format!("{name} has failed at {} tasks", several.len()),
    };
    let start = |task: &&Task| format!("git agents start {name} {} && git agents complete {name}", task.id);
    Err(failed.iter().map(start).fold(CliError::refused("task-ambiguous", message), CliError::hint))
}

/// Whether the agent has begun nothing after it: what is on its branch may be another task's.
fn is_last(state: &State, agent: &Agent, task: &Task) -> bool {
    let Some(last) = task.last_attempt().filter(|last| last.agent == agent.name) else { return false };
    let mut own = state.tasks.values().flat_map(|task| &task.attempts).filter(|attempt| attempt.agent == agent.name);
    // Of a task that has landed since, only the base is left.
    own.all(|attempt| attempt.started_at <= last.started_at) && (last.base.is_none() || last.base == agent.base)
}

/// Take up a task again that the agent has failed at, with all that it has done for it.
fn take_up(ctx: &Context, offline: OfflineArg, name: &AgentName, task: &Task) -> Result<Option<Task>, CliError> {
    let sharing = Sharing::begin(ctx, offline)?;
    let base = task.live_attempt().and_then(|attempt| attempt.base.clone());
    let action = Action::Start { agent: name.clone(), task: task.id.clone(), base, terms: Terms::default() };
    let committed = ctx.transact(&Scope::open(), |_, _| Ok(Some(action.clone().into())))?;
    let Some(committed) = committed else { return Ok(None) };
    sharing.confirm(ctx, &committed.operation)?;
    let taken = committed.state.tasks.get(&task.id).cloned();
    if let Some(task) = &taken {
        leases::remember(ctx.repo()?, name, task);
    }
    Ok(taken)
}

fn check(name: &AgentName, survey: &Survey, git: &str, allowed: Allowed) -> Result<(), CliError> {
    let Err(incomplete) = survey.check(allowed) else { return Ok(()) };
    Err(match incomplete {
        Incomplete::Busy { operation } => {
            let command = operation.command();
            CliError::refused("worktree-busy", format!("{name}'s worktree is in the middle of a {command}"))
                .hint(format!("{git} {command} --continue"))
                .hint(format!("{git} {command} --abort"))
        }
        Incomplete::Uncommitted { paths } => {
            let shown = shown_paths(&paths);
            let number = counted(paths.len(), "uncommitted path");
            CliError::refused("uncommitted", format!("{name} has {number}: {shown}"))
                .hint(format!("{git} add … && {git} commit"))
                .hint(format!("git agents complete {name} --allow-dirty"))
        }
        Incomplete::Empty => CliError::refused("empty-branch", format!("{name}'s branch has no commits for this task"))
            .hint(format!("{git} commit"))
            .hint(format!("git agents complete {} --allow-empty", quoted(name.as_str()))),
    })
}

/// The first few of many paths.
pub(crate) fn shown_paths(paths: &[String]) -> String {
    let shown = paths.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if paths.len() > 5 { ", …" } else { "" };
    format!("{shown}{more}")
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
