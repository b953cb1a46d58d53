//! `git agents fanout`

use clap::Args;
use git_agents::plan::id_of_title;

use super::create::{PromptArgs, numbered, planned};
use super::execute::{WorkArgs, batch_name};
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Begin N attempts at one piece of work, by agents called NAME-1, NAME-2, …
///
/// Each has a task of its own, and they are one batch: compare them with `git agents conflicts`, land the best with `git agents merge NAME-2`, and drop
/// the others with `git agents task drop`.
#[derive(Debug, Args)]
pub(crate) struct FanoutArgs {
    /// How many.
    #[arg(value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    number: u16,
    /// What the batch is called [default: made from the title].
    name: Option<String>,
    #[command(flatten)]
    prompt: PromptArgs,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

pub(crate) fn run(ctx: &Context, args: FanoutArgs) -> Result<Exit, CliError> {
    let FanoutArgs { number, name, prompt, work } = args;
    let (title, body) = prompt.read(ctx)?;
    let name = name.unwrap_or_else(|| id_of_title(&title).into());
    let batch = batch_name(&name)?;
    let one = |n: u16| planned(numbered(&batch, n)?, title.clone(), body.clone());
    let tasks = (1..=number).map(one).collect::<Result<Vec<_>, _>>()?;
    work.carry_out(ctx, batch, tasks)
}
