//! `git agents agent remove`

use clap::Args;
use git_agents::agent::Agent;
use git_agents::config;
use git_agents::git::worktrees;
use git_agents::run;
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::task::{Task, TaskState};
use git_agents::work::leases::Standing;
use git_agents::work::past;
use git_agents::work::removal::{Belongings, Manner, RemovalError};
use git_agents::worktree::ready::Ran;

use crate::commands::begun::refuse_elsewhere;
use crate::commands::complete_values::agent_names;
use crate::commands::init::check_text;
use crate::commands::narrator::Narrator;
use crate::commands::terms::standing;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit, ready_error, removal_refused};
use crate::sharing::Sharing;
use crate::view::prepared::RanView;
use crate::view::removed::RemovedView;

/// Remove an agent with its worktree and branch.
///
/// Refused while there is uncommitted, untracked or unlanded work. With --force a backup ref that holds all of it,
/// untracked files included, is written first, and how to get it back is printed. A command of agents.teardown that fails
/// stops it as well, unless forced.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The agent.
    #[arg(add = agent_names())]
    name: String,
    /// Remove it although work has not landed, or another clone is at work on it; everything goes into a backup ref first.
    #[arg(long)]
    force: bool,
    /// Leave the branch where it is.
    #[arg(long)]
    keep_branch: bool,
    /// Do not run the commands of agents.teardown before.
    #[arg(long)]
    no_teardown: bool,
}

/// What another clone has confirmed is not ended by who does not see the work.
fn refuse_at_work_elsewhere(ctx: &Context, state: &State, agent: &Agent) -> Result<(), CliError> {
    let Some(task) = state.in_progress(&agent.name) else { return Ok(()) };
    let (name, id) = (&agent.name, &task.id);
    match (refuse_elsewhere(ctx, agent, task), standing(ctx, state, task)?) {
        (Err(_), Some(Standing::Live { until })) => {
            let until = until.format("%Y-%m-%d %H:%M UTC");
            let message = format!("{name} works on {id} in another clone, and its lease runs until {until}");
            Err(CliError::refused("agent-at-work", message)
                .hint(format!("git agents agent remove {name}, in that clone"))
                .hint(format!("git agents agent remove {name} --force, which takes {id} from it")))
        }
        _ => Ok(()),
    }
}

pub(crate) fn run(ctx: &Context, args: &RemoveArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    ctx.recover()?;
    let target = config::target(repo)?;
    Sharing::hear(ctx, &format!("the work of {}", args.name))?;
    let snapshot = ctx.load(&Scope::open())?;
    let name = known_agent(&snapshot.state, &args.name)?;
    let agent = snapshot.state.agents.get(&name).ok_or_else(|| crate::error::unknown_agent(name.as_str()))?;
    drop(run::still(repo, &name)?);
    if !args.force {
        refuse_at_work_elsewhere(ctx, &snapshot.state, agent)?;
    }
    let is_ours = past::made_branch(repo, snapshot.tip, agent);
    let belongings = Belongings::of(repo, &worktrees::list(repo)?, agent, is_ours)?;
    let refused = |error| removal_refused(repo, &name, error);
    belongings.check(repo, &ctx.absolute(std::path::Path::new("."))?, args.keep_branch).map_err(refused)?;
    let worktree = belongings.worktree.as_ref().map(|worktree| worktree.path.as_path());
    if let Some(path) = worktree {
        check_text(path, "git worktree move WORKTREE NEW-PATH")?;
    }
    let manner =
        Manner { target: Some(target.commit), expected: None, force: args.force, keep_branch: args.keep_branch };
    let teardown = if args.no_teardown { Vec::new() } else { run_teardown(ctx, args, &belongings, manner)? };
    let removed = belongings.remove(repo, &ctx.world, manner).map_err(refused)?;
    let mut view = RemovedView::new(&name, &agent.branch, worktree, removed.as_ref());
    let is_given_back = |task: &&Task| matches!(task.state, TaskState::Assigned | TaskState::InProgress);
    view.reopened = snapshot.state.tasks_of(&name).filter(is_given_back).map(|task| task.id.to_string()).collect();
    view.teardown = RanView::all(&teardown);
    view.foreign_branch = (!is_ours && belongings.tip.is_some()).then(|| agent.branch.clone());
    let elsewhere = belongings.elsewhere.as_ref().filter(|_| worktree.is_none());
    view.kept_folder = elsewhere.map(|path| path.display().to_string());
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}

/// Run what is to be run before the worktree goes. Forced, the agent goes whatever becomes of that.
fn run_teardown(
    ctx: &Context,
    args: &RemoveArgs,
    belongings: &Belongings,
    manner: Manner,
) -> Result<Vec<Ran>, CliError> {
    let repo = ctx.repo()?;
    let narrator = Narrator::new(&ctx.ui, 1, ctx.ui.spinner());
    let ran = belongings.teardown(repo, &ctx.world, manner, &|agent, event| narrator.tell(agent, &event));
    narrator.done();
    match ran {
        Err(RemovalError::Teardown { name, source }) if args.force => {
            let why = source.to_string();
            ctx.ui.warn(&format!("{name} is removed although {}", ready_error(why, *source).message));
            Ok(Vec::new())
        }
        ran => ran.map_err(|error| removal_refused(repo, &belongings.name, error)),
    }
}
