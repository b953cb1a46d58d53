//! `git agents execute`, and what it has in common with `create`, `multi` and `fanout`.

mod attend;
mod begin;
mod busy;
mod check;
mod conclude;
mod detached;
mod drive;
mod dry_run;
mod end;
mod filed;
mod interrupt;
mod launching;
mod overlap;
mod progress;
pub(crate) mod read;
mod resume;
mod schedule;

use std::path::PathBuf;

use clap::{Arg, Args, ValueEnum, ValueHint};
use git_agents::agent::AgentName;
use git_agents::execute::batch::BatchName;
use git_agents::plan::{Plan, Planned, id_of_title};
use git_agents::run::How;

use super::complete_values::agent_names;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit};
use crate::sharing::OfflineArg;

pub(crate) use conclude::{conclude, conclude_ended};
pub(crate) use launching::LaunchArgs;

/// Carry out a plan: its tasks are filed, given to agents with worktrees of their own, and run.
///
/// A plan is Markdown (headings with their text, or a task list such as `- [ ] t4: Title (2h, after: t3, paths: src/a,
/// agent: ann, model: opus)` with the text indented below it), TOML (`[[task]]`) or JSON. A task starts as soon as those
/// that it is after are completed, in the background, in the worktree of its agent, with what `git agents brief` says.
///
/// A task whose run ends with status 0, with commits and a clean worktree, is completed; else it has failed, its reason is
/// noted and everything is kept. An empty commit will do: it says that there was nothing to change. A failure stops only
/// what depends on it. The same command again goes on where it was left, also after it was killed; git agents complete
/// takes what somebody has put in order by hand. Exit status 1 when something was not completed.
#[derive(Debug, Args)]
pub(crate) struct ExecuteArgs {
    /// The plan; `-` is standard input.
    #[arg(value_hint = ValueHint::FilePath)]
    plan: PathBuf,
    /// What the tasks are filed under: the label batch:NAME [default: the plan's own name, or that of its file].
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// Who does the tasks that name no agent [default: an agent for each, called like the task].
    #[arg(long, value_name = "AGENT,…", value_delimiter = ',', add = agent_names())]
    agents: Vec<String>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pace: PaceArgs,
    #[command(flatten)]
    launch: LaunchArgs,
    #[command(flatten)]
    offline: OfflineArg,
}

/// How much is done at once.
#[derive(Debug, Clone, Args)]
pub(crate) struct PaceArgs {
    /// At most so many run at once; agents.maxConcurrent is the limit for all commands together.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=500))]
    max_concurrent: u16,
    /// Try a task that has failed so many times again.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: u32,
    /// Start nothing that would change what something running changes, by the paths that tasks declare and by what is
    /// changed already, or what somebody else has claimed exclusively.
    #[arg(long)]
    avoid_overlap: bool,
    /// What an interrupt (Ctrl-C) does to those that run. A second one ends this command at once.
    #[arg(long, value_name = "WHAT", default_value = "leave")]
    on_interrupt: OnInterrupt,
}

/// What becomes of what runs when we are interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnInterrupt {
    /// They go on; this command waits for them.
    Leave,
    /// They are ended; their tasks go on another time.
    End,
}

/// What is to be done, checked.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) plan: Plan,
    /// It is a plan, of which a part can wait, or go wrong by itself. Else all of it is begun, or nothing.
    pub(crate) is_plan: bool,
    pub(crate) batch: BatchName,
    /// Where the plan was read, when it was a file.
    pub(crate) source: Option<String>,
    /// Who does the tasks that name nobody; empty for an agent each.
    pub(crate) agents: Vec<AgentName>,
    pub(crate) pace: PaceArgs,
    pub(crate) how: How,
    pub(crate) offline: OfflineArg,
}

impl Order {
    /// How one of its tasks is run.
    pub(crate) fn how_of(&self, planned: &Planned) -> How {
        self.how.of_task(planned.profile.as_deref(), planned.model.as_deref())
    }

    /// Who does a task when nobody has begun with it: whom it names, else the first of those that were named for all, else
    /// an agent called like it.
    pub(crate) fn agent_of(&self, planned: &Planned) -> Result<AgentName, CliError> {
        match planned.agent.as_ref().or(self.agents.first()) {
            Some(name) => Ok(name.clone()),
            None => agent_name(planned.id.as_str()),
        }
    }
}

/// What an order of a few words has besides its tasks.
#[derive(Debug, Clone, Args)]
#[command(mut_args(while_waiting))]
pub(crate) struct WorkArgs {
    /// Stay until all is done, and show how it goes on.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    pace: PaceArgs,
    #[command(flatten)]
    launch: LaunchArgs,
    #[command(flatten)]
    offline: OfflineArg,
}

/// How things go on counts only while somebody sees to it.
fn while_waiting(arg: Arg) -> Arg {
    const PACE: [&str; 4] = ["max_concurrent", "retries", "avoid_overlap", "on_interrupt"];
    if !PACE.contains(&arg.get_id().as_str()) {
        return arg;
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.requires("wait").help(format!("{help} (with --wait)"))
}

impl WorkArgs {
    /// Whether the command stays until all is done.
    pub(crate) fn waits(&self) -> bool {
        self.wait
    }

    /// Begin tasks that do not wait for each other, each with an agent called like it.
    pub(crate) fn carry_out(self, ctx: &Context, batch: BatchName, tasks: Vec<Planned>) -> Result<Exit, CliError> {
        let WorkArgs { wait, pace, launch, offline } = self;
        let plan = Plan { tasks, ..Plan::default() };
        let how = launch.how(ctx)?;
        let order = Order { plan, is_plan: false, batch, source: None, agents: Vec::new(), pace, how, offline };
        if wait { drive::run(ctx, order) } else { detached::run(ctx, &order) }
    }
}

pub(crate) fn run(ctx: &Context, args: ExecuteArgs) -> Result<Exit, CliError> {
    let ExecuteArgs { plan: path, batch, agents, dry_run, pace, launch, offline } = args;
    let plan = read::plan(ctx, &path)?;
    let batch = match batch {
        Some(name) => batch_name(&name)?,
        None => named_after(&plan, &path)?,
    };
    let agents = agents.iter().map(|name| agent_name(name)).collect::<Result<Vec<_>, _>>()?;
    let is_file = path.as_os_str() != "-";
    let source = if is_file { Some(ctx.absolute(&path)?.display().to_string()) } else { None };
    let order = Order { plan, is_plan: true, batch, source, agents, pace, how: launch.how(ctx)?, offline };
    if dry_run { dry_run::run(ctx, &order) } else { drive::run(ctx, order) }
}

/// A name that a batch may have.
pub(crate) fn batch_name(text: &str) -> Result<BatchName, CliError> {
    text.parse().map_err(|reason| {
        let shown: String = text.chars().take(40).collect();
        CliError::usage(format!("{shown:?} cannot be the name of a batch: {reason}"))
    })
}

/// The batch of a plan that nobody has named: as it calls itself, or as its file is called.
fn named_after(plan: &Plan, path: &std::path::Path) -> Result<BatchName, CliError> {
    let stem = path.file_stem().filter(|_| path.as_os_str() != "-").map(|stem| stem.to_string_lossy().into_owned());
    let name = plan.name.clone().or(stem).unwrap_or_else(|| "plan".to_owned());
    name.parse().or_else(|_| batch_name(id_of_title(&name).as_str()))
}
