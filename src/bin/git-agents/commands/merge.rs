//! `git agents merge`

use clap::{Args, ValueEnum};
use git_agents::agent::AgentName;
use git_agents::config::{self, Target};
use git_agents::git::{refs, worktrees};
use git_agents::land::plan::Stop;
use git_agents::land::{Built, ExecuteError, Strategy};
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::work::carry_out::CarryOutError;
use git_agents::work::landing::{self, Wanted};
use git_agents::work::packet::{Scene, packet};
use git_agents::work::place::{self, Standing};
use git_agents::worktree::follow::Followed;

use super::complete_values::agent_names;
use super::merge_continue;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit, quoted};
use crate::view::merge::{MergeView, blocked_text, refusal_hints, refusal_text};

/// Land the agents' branches on the target, in the recommended order.
///
/// Everything is built in memory and moved in one step: the target, the agents' branches, backups and the state.
/// Worktrees that have those branches checked out come along. A branch that conflicts is left exactly as it was and
/// the others go on. Exit status 1 when a branch was stopped.
#[derive(Debug, Clone, Args)]
pub(crate) struct MergeArgs {
    /// The agents whose branches land.
    #[arg(value_name = "AGENT", add = agent_names())]
    pub(crate) agents: Vec<String>,
    /// Every agent that has something to land and works on nothing.
    #[arg(short, long, conflicts_with = "agents")]
    all: bool,
    /// How a branch lands [default: rebase, or merge for a branch that contains merges or whose commits conflict one by one].
    #[arg(short, long, value_name = "STRATEGY")]
    strategy: Option<StrategyArg>,
    /// Show what would be done, and do nothing.
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Land the agents whose conflicts have been resolved; see git agents resolve.
    #[arg(long = "continue", conflicts_with = "all")]
    resume: bool,
    /// Take back what git agents resolve began, to exactly how it was.
    #[arg(long, conflicts_with_all = ["resume", "all", "strategy", "dry_run"])]
    abort: bool,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
}

impl MergeArgs {
    /// The same, about exactly these agents.
    pub(crate) fn about(&self, agents: Vec<String>) -> Self {
        MergeArgs { agents, ..self.clone() }
    }
}

/// A strategy as the user types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrategyArg {
    /// Its commits are replayed on top of the target.
    Rebase,
    /// A merge commit joins it to the target.
    Merge,
    /// One commit holds all of its changes.
    Squash,
}

impl From<StrategyArg> for Strategy {
    fn from(arg: StrategyArg) -> Self {
        match arg {
            StrategyArg::Rebase => Strategy::Rebase,
            StrategyArg::Merge => Strategy::Merge,
            StrategyArg::Squash => Strategy::Squash,
        }
    }
}

/// How often a plan that somebody has overtaken is made again.
const TRIES: usize = 3;

pub(crate) fn run(ctx: &Context, args: &MergeArgs) -> Result<Exit, CliError> {
    match (args.resume, args.abort) {
        (_, true) => merge_continue::take_back(ctx, args),
        (true, _) => merge_continue::resume(ctx, args),
        _ => land(ctx, args),
    }
}

/// Land those that the arguments name.
pub(crate) fn land(ctx: &Context, args: &MergeArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    if !args.dry_run {
        ctx.recover()?;
    }
    let strategy = args.strategy.map(Strategy::from);
    for attempt in 1..=TRIES {
        let target = config::target(repo)?;
        let snapshot = ctx.load(&Scope::open())?;
        let agents = chosen(ctx, &snapshot.state, &target, args)?;
        let landing = landing::build(repo, &ctx.world, &target, &snapshot.state, &Wanted { agents, strategy })?;
        let built = &landing.built;
        refuse(built)?;
        let worktrees = worktrees::list(repo)?;
        let mut view = MergeView::new(&target, &snapshot.state, &landing, &worktrees, args.dry_run);
        attach(ctx, &target, &snapshot.state, built, &mut view);
        if let (true, Some(refused)) = (view.landed.is_empty(), view.refusal()) {
            return Err(refused);
        }
        let exit = if view.stopped.is_empty() { Exit::Good } else { Exit::Negative };
        if args.dry_run || !changes_anything(&snapshot.state, built) {
            if !args.dry_run {
                merge_continue::settle(ctx, &target);
            }
            ctx.ui.answer(&view)?;
            return Ok(exit);
        }
        if attempt == 1 {
            confirm(ctx, &target, built, args.yes)?;
        }
        match landing::carry_out_landing(repo, &ctx.world, &target, built) {
            Ok((_, executed)) => {
                tell_followed(ctx, &executed.followed);
                merge_continue::settle(ctx, &target);
                ctx.ui.answer(&view)?;
                return Ok(exit);
            }
            Err(CarryOutError::Execute(ExecuteError::Outdated { name, .. })) if attempt < TRIES => {
                ctx.ui.note(&format!("{name} has moved meanwhile; planning again"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(CliError::refused("moved-meanwhile", "branches keep moving; nothing was landed").hint("run the command again"))
}

/// Put together what is needed to resolve what was stopped by a conflict.
fn attach(ctx: &Context, target: &Target, state: &State, built: &Built, view: &mut MergeView) {
    let Ok(repo) = ctx.repo() else { return };
    let scene = Scene { repo, scratch: &built.scratch, state, target, steps: &built.plan.steps };
    for (stopped, shown) in built.plan.stopped.iter().zip(&mut view.stopped) {
        let (Stop::Conflict { paths, .. }, Some(tip), Ok(name)) = (&stopped.reason, stopped.tip, stopped.name.parse())
        else {
            continue;
        };
        match packet(&scene, &name, tip, paths) {
            Ok(packet) => shown.packet = Some((&packet).into()),
            Err(error) => ctx.ui.warn(&format!("what {name} conflicts with cannot be shown: {error}")),
        }
    }
}

/// Who is to land: those that were named, else everybody who has something and works on nothing.
fn chosen(ctx: &Context, state: &State, target: &Target, args: &MergeArgs) -> Result<Vec<AgentName>, CliError> {
    if !args.all && args.agents.is_empty() {
        return Err(CliError::usage("say who is to land").hint("git agents merge --all").hint("git agents status"));
    }
    for agent in state.agents.keys().filter(|_| args.all) {
        if let Some(task) = state.in_progress(agent) {
            ctx.ui.note(&format!("{agent} is left out: it works on {}", task.id));
        }
    }
    let astray = astray(ctx, state)?;
    if args.all {
        for (agent, error) in &astray {
            ctx.ui.warn(&format!("{agent} is left out: {}", error.message));
        }
        let mut agents = landing::with_work(ctx.repo()?, state, target)?;
        agents.retain(|agent| !astray.iter().any(|(name, _)| name == agent));
        return Ok(agents);
    }
    let agents: Vec<AgentName> = args.agents.iter().map(|name| known_agent(state, name)).collect::<Result<_, _>>()?;
    for agent in &agents {
        if let Some((_, error)) = astray.iter().find(|(name, _)| name == agent) {
            return Err(error.clone());
        }
        if let Some(task) = state.in_progress(agent) {
            return Err(CliError::refused(
                "in-progress",
                format!("{agent} still works on {}: {}", task.id, task.title),
            )
            .hint(format!("git agents complete {agent}"))
            .hint(format!("git agents fail {agent} --reason \"…\"")));
        }
    }
    Ok(agents)
}

/// The agents whose worktree has something else checked out than their branch: what was done there is not on the branch,
/// and landing the branch without it would pass it over.
fn astray(ctx: &Context, state: &State) -> Result<Vec<(AgentName, CliError)>, CliError> {
    let repo = ctx.repo()?;
    let all = worktrees::list(repo)?;
    let error = |agent: &git_agents::agent::Agent| {
        let Standing::Elsewhere(worktree) = place::standing(repo, &all, agent) else { return None };
        // A branch that is gone is told as that.
        refs::read(repo, &format!("refs/heads/{}", agent.branch)).ok().flatten()?;
        let other = match &worktree.branch {
            Some(branch) => format!("{} checked out", branch.strip_prefix("refs/heads/").unwrap_or(branch)),
            None => "a detached HEAD".to_owned(),
        };
        let path = worktree.path.display().to_string();
        let message = format!("{}'s worktree {path} has {other}, not {}", agent.name, agent.branch);
        let hint = format!("git -C {} switch {}", quoted(&path), quoted(&agent.branch));
        Some((agent.name.clone(), CliError::refused("worktree-elsewhere", message).hint(hint)))
    };
    Ok(state.agents.values().filter_map(error).collect())
}

fn refuse(built: &Built) -> Result<(), CliError> {
    if built.plan.refusals.is_empty() {
        return Ok(());
    }
    let why: Vec<String> = built.plan.refusals.iter().map(refusal_text).collect();
    let hints: std::collections::BTreeSet<&str> = built.plan.refusals.iter().flat_map(refusal_hints).copied().collect();
    Err(hints.into_iter().fold(CliError::refused("blocked", why.join("; ")), CliError::hint))
}

/// Whether a ref would move, or a completed task be found in the target already.
fn changes_anything(state: &State, built: &Built) -> bool {
    let is_done = |name: &String| name.parse().is_ok_and(|name| landing::completed(state, &name).next().is_some());
    !built.plan.steps.is_empty() || built.plan.empty.iter().any(is_done)
}

fn confirm(ctx: &Context, target: &Target, built: &Built, yes: bool) -> Result<(), CliError> {
    let names: Vec<&str> = built.plan.steps.iter().map(|step| step.name.as_str()).collect();
    let stopped: Vec<&str> = built.plan.stopped.iter().map(|stopped| stopped.name.as_str()).collect();
    let rest = if stopped.is_empty() { String::new() } else { format!(" ({} would stop)", stopped.join(", ")) };
    ctx.ui.confirm(&format!("Land {} in {}{rest}?", names.join(", "), target.branch), yes)
}

/// Say what could not come along as expected; the refs have moved in any case.
pub(crate) fn tell_followed(ctx: &Context, followed: &[(git_agents::land::plan::Following, Followed)]) {
    for (following, result) in followed {
        let path = following.path.display();
        match result {
            Followed::Done => {}
            Followed::Elsewhere => ctx.ui.warn(&format!("{path} has something else checked out by now; it stays")),
            Followed::Later { reason } => {
                let why = crate::render::style::safe(&blocked_text(reason));
                ctx.ui.warn(&format!(
                    "{path} could not come along: {why}; its branch has moved, so commit nothing there before the next \
                     command has brought it along, or git agents undo has taken this back"
                ));
            }
            Followed::Kept { paths } => {
                let paths: Vec<String> =
                    paths.iter().map(|path| git_agents::git::repository::path_text(path.as_ref())).collect();
                ctx.ui.warn(&format!("{path}: edited meanwhile and kept as they are: {}", paths.join(", ")));
            }
        }
    }
}
