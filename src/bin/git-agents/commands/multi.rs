//! `git agents multi`

use clap::Args;
use git_agents::plan::id_of_title;

use super::create::{planned, titled};
use super::execute::{WorkArgs, batch_name};
use crate::context::{Context, task_id};
use crate::error::{CliError, Exit};

/// Begin several pieces of work at once, each as `git agents create` would.
#[derive(Debug, Args)]
pub(crate) struct MultiArgs {
    /// The name of an agent and its task, and what is to be done: `parser:"Write the parser"`.
    #[arg(required = true, value_name = "NAME:PROMPT")]
    named: Vec<String>,
    /// What the tasks are filed under: the label batch:NAME [default: the names, joined].
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

pub(crate) fn run(ctx: &Context, args: MultiArgs) -> Result<Exit, CliError> {
    let MultiArgs { named, batch, work } = args;
    let mut tasks = Vec::new();
    for text in &named {
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
    work.carry_out(ctx, batch, tasks)
}
