//! `git agents task …`

pub(crate) mod add;
pub(crate) mod block;
pub(crate) mod drop;
pub(crate) mod edit;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod reopen;
pub(crate) mod show;

use std::io::Read;

use clap::{Args, Subcommand, ValueEnum};
use git_agents::state::Action;
use git_agents::store::Scope;
use git_agents::task::{InvalidTask, Priority, TaskId};

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::done::TaskChanged;

/// File, list, change and drop tasks.
#[derive(Debug, Args)]
pub(crate) struct TaskArgs {
    #[command(subcommand)]
    command: TaskCommand,
}

#[derive(Debug, Subcommand)]
enum TaskCommand {
    Add(add::AddArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Edit(edit::EditArgs),
    Drop(drop::DropArgs),
    Block(block::BlockArgs),
    Reopen(reopen::ReopenArgs),
    Import(import::ImportArgs),
}

pub(crate) fn run(ctx: &Context, args: TaskArgs) -> Result<Exit, CliError> {
    match args.command {
        TaskCommand::Add(args) => add::run(ctx, args),
        TaskCommand::List(args) => list::run(ctx, args),
        TaskCommand::Show(args) => show::run(ctx, &args),
        TaskCommand::Edit(args) => edit::run(ctx, args),
        TaskCommand::Drop(args) => drop::run(ctx, &args),
        TaskCommand::Block(args) => block::run(ctx, &args),
        TaskCommand::Reopen(args) => reopen::run(ctx, &args),
        TaskCommand::Import(args) => import::run(ctx, &args),
    }
}

/// A priority as the user types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PriorityArg {
    /// Before everything.
    #[value(alias = "p0")]
    Critical,
    /// Before the usual.
    #[value(alias = "p1")]
    High,
    /// The usual.
    #[value(alias = "p2", alias = "normal")]
    Medium,
    /// When there is time.
    #[value(alias = "p3")]
    Low,
}

impl From<PriorityArg> for Priority {
    fn from(arg: PriorityArg) -> Self {
        match arg {
            PriorityArg::Critical => Priority::Critical,
            PriorityArg::High => Priority::High,
            PriorityArg::Medium => Priority::Medium,
            PriorityArg::Low => Priority::Low,
        }
    }
}

/// A text from the command line, from a file, or from standard input (`-`).
pub(crate) fn text_or_file(
    ctx: &Context,
    text: Option<String>,
    file: Option<&std::path::Path>,
) -> Result<Option<String>, CliError> {
    match file {
        None => Ok(text),
        Some(path) => read_input(ctx, path).map(Some),
    }
}

/// The most that is read from a file or standard input, in bytes.
const LARGEST_INPUT: u64 = 64 * 1024 * 1024;

/// The whole of a file, or of standard input when it is called `-`; text only.
pub(crate) fn read_input(ctx: &Context, path: &std::path::Path) -> Result<String, CliError> {
    let shown = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
    let failed = |error: std::io::Error| CliError::usage(format!("{shown} cannot be read: {error}"));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST_INPUT + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let file = std::fs::File::open(ctx.dir().join(path)).map_err(failed)?;
        file.take(LARGEST_INPUT + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if bytes.len() as u64 > LARGEST_INPUT {
        return Err(CliError::usage(format!("{shown} is larger than 64 MiB")));
    }
    String::from_utf8(bytes).map_err(|_| CliError::usage(format!("{shown} is not UTF-8 text")))
}

pub(crate) fn invalid_task(error: &InvalidTask) -> CliError {
    CliError::usage(error.to_string())
}

/// A reason as the user gives it: one line.
pub(crate) fn reason(text: &str) -> Result<String, CliError> {
    git_agents::text::line(text).map_err(|error| CliError::usage(format!("the reason cannot be used: {error}")))
}

/// Write one change to one task and answer with it.
fn change(ctx: &Context, task: &str, done: &str, action: impl Fn(TaskId) -> Action) -> Result<Exit, CliError> {
    let snapshot = ctx.load(&Scope::open())?;
    let id = ctx.task(&snapshot, task)?;
    let committed = ctx.transact(&Scope::open(), |_, _| Ok(Some(action(id.clone()).into())))?;
    let view =
        committed.and_then(|c| TaskChanged::of(&c.state, &id, |task| format!("{done} {}: {}", task.id, task.title)));
    if let Some(view) = view {
        ctx.ui.answer(&view)?;
    }
    Ok(Exit::Good)
}
