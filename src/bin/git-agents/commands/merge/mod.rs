//! `git agents merge`

mod chosen;
mod followed;
mod packets;
mod progress;
mod queue;
mod settings;

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::config::{self, Target};
use git_agents::git::remote::{self, Pushed};
use git_agents::git::{refs, worktrees};
use git_agents::land::{Built, ExecuteError};
use git_agents::state::State;
use git_agents::store::{Refused, Scope};
use git_agents::work::carry_out::CarryOutError;
use git_agents::work::landing::{self, Landing, Wanted};
use git_agents::work::taken;

use super::complete_values::{agent_names, strategy_words};
use super::execute::conclude_ended;
use super::merge_continue;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::sharing::Sharing;
use crate::view::blocked::{refusal_hints, refusal_text};
use crate::view::check::ChecksView;
use crate::view::merge::MergeView;
pub(crate) use followed::tell_followed;
use progress::Progress;
pub(crate) use queue::holder_text;
use settings::{Settings, StrategyArg};

/// Land the agents' branches on the target, in the recommended order.
///
/// Everything is built in memory, checked in a worktree of its own, and moved in one step: the target, the agents'
/// branches, backups and the state. Worktrees that have those branches checked out come along. A branch that conflicts,
/// or whose work makes the check fail, is left exactly as it was and the others go on. Exit status 1 when a branch was
/// stopped.
#[derive(Debug, Clone, Args)]
pub(crate) struct MergeArgs {
    /// The agents whose branches land.
    #[arg(value_name = "AGENT", add = agent_names())]
    pub(crate) agents: Vec<String>,
    /// Every agent that has something to land and works on nothing.
    #[arg(short, long, conflicts_with = "agents")]
    all: bool,
    /// How a branch lands, or one agent's: rebase (its commits are replayed on top of the target), merge (a merge commit
    /// joins it to the target) or squash (one commit holds all of its changes) [default: rebase, or merge for a branch
    /// that contains merges or whose commits conflict one by one].
    #[arg(short, long, value_name = "[AGENT=]STRATEGY", value_parser = settings::strategy_arg, add = strategy_words())]
    strategy: Vec<StrategyArg>,
    /// Name the agent and its tasks in trailers (`Agent:`, `Task:`) of every commit that is made, also of those that a
    /// rebase replays.
    #[arg(long)]
    trailers: bool,
    /// Run CMD with `sh` on what would land, and leave out those whose work makes it fail; may be given several times
    /// [default: agents.check].
    #[arg(short, long, value_name = "CMD")]
    check: Vec<String>,
    /// Check after every branch, not once for all of them [default: agents.checkEach].
    #[arg(long)]
    check_each: bool,
    /// How long one CMD may take, such as 90s, 10m or 2h; a number alone counts seconds, and 0 is no limit [default: agents.checkTimeout, or no limit].
    #[arg(long, value_name = "DURATION")]
    check_timeout: Option<String>,
    /// How often a CMD that failed is tried again before it counts [default: agents.checkRetries, or 0].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100))]
    check_retries: Option<u32>,
    /// Land without the checks that are configured.
    #[arg(long, conflicts_with_all = ["check", "check_each", "check_timeout", "check_retries"])]
    no_check: bool,
    /// Fetch the target's upstream first, and land on what it has.
    #[arg(long)]
    fetch: bool,
    /// Push to the target's upstream, which is fetched first; never by force. Nothing moves here when the push fails.
    #[arg(long)]
    push: bool,
    /// How long to wait while somebody else is landing; 0 is not at all.
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    wait: String,
    /// Show what would be done, and do nothing.
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Land the agents whose conflicts have been resolved; see git agents resolve.
    #[arg(long = "continue", conflicts_with = "all")]
    resume: bool,
    /// Take back what git agents resolve began, to exactly how it was.
    #[arg(long, conflicts_with_all = ["resume", "all", "strategy", "dry_run", "check", "no_check", "fetch", "push"])]
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

/// How often a plan that somebody has overtaken is made again.
const TRIES: usize = 3;

/// How one attempt ended.
enum Attempt {
    Done(Exit),
    /// What the plan was based on has moved.
    Overtaken(String),
}

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
    let settings = Settings::resolve(ctx, args)?;
    if args.dry_run {
        return preview(ctx, args, &settings);
    }
    let _turn = queue::take_turn(ctx, args, settings.wait)?;
    ctx.recover()?;
    conclude_ended(ctx);
    Sharing::hear_of_completed(ctx)?;
    let mut progress = Progress::new(&ctx.ui);
    let mut agents = Vec::new();
    for attempt in 1..=TRIES {
        match try_once(ctx, args, &settings, &mut progress, &mut agents)? {
            Attempt::Done(exit) => return Ok(exit),
            Attempt::Overtaken(what) if attempt < TRIES => progress.replanning(&what)?,
            Attempt::Overtaken(_) => {}
        }
    }
    Err(CliError::refused("moved-meanwhile", "branches keep moving; nothing was landed").hint("run the command again"))
}

/// What would be done, from what is known without asking a remote.
fn preview(ctx: &Context, args: &MergeArgs, settings: &Settings) -> Result<Exit, CliError> {
    let planned = Planned::make(ctx, args, settings, &mut Vec::new())?;
    if settings.fetch {
        ctx.ui.note("nothing is fetched for a plan: the upstream is taken as it was when it was last seen");
    }
    let mut view = planned.view(ctx, true)?;
    view.plan = Some(planned.plan_view(settings));
    if let (true, Some(refused)) = (view.landed.is_empty(), view.refusal()) {
        return Err(refused);
    }
    if landing::would_run_commit_msg(ctx.repo()?, &planned.target, &planned.landing.built)? {
        ctx.ui.note("the commit-msg hook would run on the messages of merged and squashed branches");
    }
    ctx.ui.answer(&view)?;
    Ok(if view.stopped.is_empty() { Exit::Good } else { Exit::Negative })
}

/// Plan, check, push and move, once. `agents` are those of the attempt before.
fn try_once(
    ctx: &Context,
    args: &MergeArgs,
    settings: &Settings,
    progress: &mut Progress<'_>,
    agents: &mut Vec<AgentName>,
) -> Result<Attempt, CliError> {
    let repo = ctx.repo()?;
    let is_first = agents.is_empty();
    let mut planned = Planned::make(ctx, args, settings, agents)?;
    progress.planned(&planned.landing.built.plan)?;
    let mut checks = None;
    if planned.changes_anything() {
        if is_first && !planned.landing.built.plan.steps.is_empty() {
            progress.still(|| confirm(ctx, &planned.target, &planned.landing.built, args.yes))?;
        }
        checks = queue::check(ctx, settings, &mut planned.landing, progress)?;
        refuse(&planned.landing.built)?;
    }
    let mut view = planned.view(ctx, false)?;
    view.checks = checks;
    if let (true, Some(refused)) = (view.landed.is_empty(), view.refusal()) {
        return Err(refused);
    }
    let mut exit = if view.stopped.is_empty() { Exit::Good } else { Exit::Negative };
    let is_to_be_pushed = planned.changes_anything() || planned.is_to_be_pushed(repo, settings)?;
    if is_to_be_pushed && let Some(overtaken) = push(repo, settings, &planned, &mut view, progress)? {
        return Ok(Attempt::Overtaken(overtaken));
    }
    if planned.changes_anything() {
        progress.moving(&planned.target.branch)?;
        match landing::carry_out_landing(repo, &ctx.world, &planned.target, &planned.landing.built) {
            Ok((_, executed)) => {
                planned.note_branches(repo);
                tell_followed(ctx, &executed.followed);
                view.left_behind = followed::left_behind(&executed.followed);
                if !view.left_behind.is_empty() {
                    exit = Exit::Negative;
                }
                let ran = landing::post_merge(&planned.target, &planned.landing.built, &executed);
                followed::tell_post_merge(ctx, ran);
            }
            Err(CarryOutError::Execute(ExecuteError::Outdated { name, .. })) => {
                return Ok(Attempt::Overtaken(format!("{name} has moved meanwhile")));
            }
            Err(CarryOutError::Refused(Refused::Caller(overtaken))) => {
                return Ok(Attempt::Overtaken(format!("{} has begun {}", overtaken.agent, overtaken.task)));
            }
            Err(error) => return Err(pushed_only(error.into(), &view)),
        }
    }
    merge_continue::settle(ctx, &planned.target);
    progress.done();
    ctx.ui.answer(&view)?;
    Ok(Attempt::Done(exit))
}

/// An error after the push: the remote has what is not here.
fn pushed_only(error: CliError, view: &MergeView) -> CliError {
    let (Some(pushed), Exit::Refused | Exit::Outside) = (&view.pushed, error.exit) else { return error };
    let message = format!(
        "{} of {} has the landing, and it could not be brought in here: {}",
        pushed.branch, pushed.remote, error.message
    );
    let known = CliError::new(Exit::Outside, "pushed-only", message);
    let hints = error.hints.into_iter().chain(["the same command with --fetch, to go on here".to_owned()]);
    hints.fold(known, CliError::hint)
}

/// Push what is about to land, where that is asked for: only what the remote has taken moves here. Gives what overtook it.
fn push(
    repo: &git_agents::git::Repository,
    settings: &Settings,
    planned: &Planned,
    view: &mut MergeView,
    progress: &mut Progress<'_>,
) -> Result<Option<String>, CliError> {
    let (true, Some(upstream)) = (settings.push, &planned.upstream) else { return Ok(None) };
    let end = planned.landing.built.plan.target_after().unwrap_or(planned.target.commit);
    progress.pushing(upstream)?;
    // git can push only what is in the repository.
    planned.landing.built.scratch.migrate(repo)?;
    for one in &planned.landing.built.plan.moves {
        let actual = refs::read_movable(repo, &one.name)?;
        if actual != one.before {
            return Ok(Some(format!("{} has moved meanwhile", one.name)));
        }
    }
    match remote::push(repo, upstream, end)? {
        Pushed::Done => {
            view.pushed = Some(upstream.into());
            Ok(None)
        }
        Pushed::Already => Ok(None),
        Pushed::Overtaken { .. } => Ok(Some(format!("{} has moved on {}", upstream.push_branch, upstream.push_remote))),
    }
}

/// A landing with what it was planned from.
struct Planned {
    target: Target,
    state: State,
    landing: Landing,
    upstream: Option<remote::Upstream>,
}

impl Planned {
    /// `agents` becomes those that are to land; who was among them before stays, so that nobody goes without a word.
    fn make(
        ctx: &Context,
        args: &MergeArgs,
        settings: &Settings,
        agents: &mut Vec<AgentName>,
    ) -> Result<Self, CliError> {
        let repo = ctx.repo()?;
        let target = config::target(repo)?;
        let (upstream, start) = queue::start(repo, &target, settings, settings.fetch && !args.dry_run)?;
        let state = ctx.load(&Scope::open())?.state;
        let chosen = chosen::chosen(ctx, &state, &target, args)?;
        agents.retain(|agent| state.agents.contains_key(agent) && state.in_progress(agent).is_none());
        agents.retain(|agent| !chosen.contains(agent));
        let gone = chosen::gone(repo, &state, agents)?;
        agents.extend(chosen);
        let wanted = Wanted {
            agents: agents.iter().filter(|agent| !gone.iter().any(|one| one.name == agent.as_str())).cloned().collect(),
            strategies: settings.strategies(ctx, &state)?,
            trailers: settings.trailers,
            runs_hooks: !args.dry_run,
            start,
        };
        let mut landing = landing::build(repo, &ctx.world, &target, &state, &wanted)?;
        gone.into_iter().for_each(|stopped| landing.leave_out(stopped));
        refuse(&landing.built)?;
        Ok(Planned { target, state, landing, upstream })
    }

    /// The branches that were rewritten are the agents' from now on, whatever is published.
    fn note_branches(&self, repo: &git_agents::git::Repository) {
        for step in &self.landing.built.plan.steps {
            let name: Option<AgentName> = step.name.parse().ok();
            if let Some(agent) = name.and_then(|name| self.state.agents.get(&name)) {
                taken::note(repo, &agent.name, &agent.branch);
            }
        }
    }

    fn view(&self, ctx: &Context, dry_run: bool) -> Result<MergeView, CliError> {
        let worktrees = worktrees::list(ctx.repo()?)?;
        let mut view = MergeView::new(&self.target, &self.state, &self.landing, &worktrees, dry_run);
        packets::attach(ctx, &self.target, &self.state, &self.landing, &mut view);
        Ok(view)
    }

    fn plan_view(&self, settings: &Settings) -> crate::view::merge_plan::PlanView {
        let checks = ChecksView::planned(&settings.checks);
        let push = self.upstream.as_ref().filter(|_| settings.push);
        crate::view::merge_plan::PlanView::new(&self.landing.built.plan, checks, push)
    }

    /// Whether the target has something that its upstream lacks, from before.
    fn is_to_be_pushed(&self, repo: &git_agents::git::Repository, settings: &Settings) -> Result<bool, CliError> {
        let Some(upstream) = self.upstream.as_ref().filter(|_| settings.push) else { return Ok(false) };
        Ok(remote::known(repo, upstream)? != Some(self.target.commit))
    }

    /// Whether a ref would move, or a completed task be found in the target already.
    fn changes_anything(&self) -> bool {
        let plan = &self.landing.built.plan;
        let is_done =
            |name: &String| name.parse().is_ok_and(|name| landing::completed(&self.state, &name).next().is_some());
        !plan.moves.is_empty() || plan.empty.iter().any(is_done)
    }
}

fn refuse(built: &Built) -> Result<(), CliError> {
    if built.plan.refusals.is_empty() {
        return Ok(());
    }
    let why: Vec<String> = built.plan.refusals.iter().map(refusal_text).collect();
    let hints: std::collections::BTreeSet<&str> = built.plan.refusals.iter().flat_map(refusal_hints).copied().collect();
    Err(hints.into_iter().fold(CliError::refused("blocked", why.join("; ")), CliError::hint))
}

fn confirm(ctx: &Context, target: &Target, built: &Built, yes: bool) -> Result<(), CliError> {
    let names: Vec<&str> = built.plan.steps.iter().map(|step| step.name.as_str()).collect();
    let stopped: Vec<&str> = built.plan.stopped.iter().map(|stopped| stopped.name.as_str()).collect();
    let rest = if stopped.is_empty() { String::new() } else { format!(" ({} would stop)", stopped.join(", ")) };
    ctx.ui.confirm(&format!("Land {} in {}{rest}?", names.join(", "), target.branch), yes)
}
