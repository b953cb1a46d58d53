//! `git agents log`

use std::collections::BTreeSet;

use clap::Args;
use git_agents::git::refs;
use git_agents::store::{self, Entry, History};
use git_agents::work::backups::FOLDER;

use super::complete_values::agents_and_tasks;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::log::{Log, LogEntry};

/// Show what has happened, newest first: everything, or what concerns one task or agent.
///
/// With a landing come the branches that it moved, and the backups that keep where they were.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// A task's id or an agent's name.
    #[arg(value_name = "TASK|AGENT", add = agents_and_tasks())]
    about: Option<String>,
    /// Show at most N operations.
    #[arg(short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

pub(crate) fn run(ctx: &Context, args: LogArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let about = args.about.map(|text| text.strip_prefix('#').unwrap_or(&text).to_ascii_lowercase());
    let backups: BTreeSet<String> = refs::list(repo, FOLDER)?.into_iter().map(|(name, _)| name).collect();
    let mut operations = Vec::new();
    let mut others = 0;
    for entry in History::from(repo, store::known_tip(repo)?) {
        if args.limit.is_some_and(|limit| operations.len() as u64 >= limit) {
            break;
        }
        let entry = entry?;
        match about.as_deref().is_none_or(|text| is_about(&entry, text)) {
            true => operations.push(LogEntry::new(&entry, &backups)),
            false => others += 1,
        }
    }
    if let (Some(text), true, true) = (&about, operations.is_empty(), others > 0) {
        return Err(CliError::refused("not-found", format!("nothing in the history is about {text}"))
            .hint("git agents log")
            .hint("git agents task list --all")
            .hint("git agents agent list"));
    }
    ctx.ui.answer(&Log { operations })?;
    Ok(Exit::Good)
}

/// Whether an operation touches the task or agent called `text`; a beginning of a task's id is enough when nothing
/// else is given.
fn is_about(entry: &Entry, text: &str) -> bool {
    entry.operation.as_ref().is_some_and(|operation| {
        operation.action.agents().iter().any(|agent| agent.as_str() == text)
            || operation.action.tasks().iter().any(|task| task.as_str() == text)
    })
}
