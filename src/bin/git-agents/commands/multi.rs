//! `git agents multi`

use clap::Args;
use git_agents::plan::id_of_title;

use super::create::{StayingArgs, plan, planned, titled};
use super::execute::{LaunchArgs, Order, batch_name, detached, drive};
use crate::context::{Context, task_id};
use crate::error::{CliError, Exit};
use crate::sharing::OfflineArg;

/// Begin several pieces of work at once, each as `git agents create` would.
#[derive(Debug, Args)]
pub(crate) struct MultiArgs {
    /// The name of an agent and its task, and what is to be done: `parser:"Write the parser"`.
    #[arg(required = true, value_name = "NAME:PROMPT")]
    work: Vec<String>,
    /// What the tasks are filed under: the label batch:NAME [default: the names, joined].
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    #[command(flatten)]
    pub(crate) staying: StayingArgs,
    #[command(flatten)]
    launch: LaunchArgs,
    #[command(flatten)]
    offline: OfflineArg,
}

pub(crate) fn run(ctx: &Context, args: MultiArgs) -> Result<Exit, CliError> {
    let MultiArgs { work, batch, staying, launch, offline } = args;
    let mut tasks = Vec::new();
    for text in &work {
        let shown: String = text.chars().take(40).collect();
        let (name, prompt) = text.split_once(':').ok_or_else(|| {
            CliError::usage(format!("{shown:?} names nobody: write NAME:PROMPT"))
                .hint("git agents multi parser:\"Write the parser\" docs:\"Describe it\"")
        })?;
        let id = task_id(name.trim())?;
        if tasks.iter().any(|task: &git_agents::plan::Planned| task.id == id) {
            return Err(CliError::usage(format!("{id} is named twice")));
        }
        let (title, body) = titled(None, prompt);
        tasks.push(planned(id, title, body)?);
    }
    let names: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    let batch = match batch {
        Some(name) => batch_name(&name)?,
        None => batch_name(id_of_title(&names.join(" ")).as_str())?,
    };
    let order = Order {
        plan: plan(tasks),
        batch,
        source: None,
        agents: Vec::new(),
        pace: staying.pace,
        how: launch.how()?,
        offline,
    };
    if staying.wait { drive(ctx, order) } else { detached(ctx, &order) }
}
