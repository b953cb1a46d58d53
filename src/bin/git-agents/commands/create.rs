//! `git agents create`

use std::path::PathBuf;

use clap::{Args, ValueHint};
use git_agents::execute::batch::BatchName;
use git_agents::plan::Planned;
use git_agents::task::TaskId;

use super::execute::{WorkArgs, batch_name};
use super::task::text_or_file;
use crate::context::{Context, task_id};
use crate::error::{CliError, Exit};

/// Begin one piece of work: a task, an agent with its worktree, and its run in the background.
///
/// When the run ends with status 0, with commits and a clean worktree, the task is completed; else it has failed, with the
/// reason. An agent that completes its task by itself, with `git agents complete`, is believed while its work is on its
/// branch, whatever its status. `git agents runs` shows it, `git agents logs NAME -f` what it says.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What the agent and its task are called.
    name: String,
    #[command(flatten)]
    prompt: PromptArgs,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// What an agent is to do.
#[derive(Debug, Clone, Args)]
pub(crate) struct PromptArgs {
    /// What is to be done; its first line becomes the task's title.
    #[arg(long, value_name = "TEXT", required_unless_present = "prompt_file", allow_hyphen_values = true)]
    prompt: Option<String>,
    /// A file with what is to be done; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "prompt", value_hint = ValueHint::FilePath)]
    prompt_file: Option<PathBuf>,
    /// The title of the task, when it is not the first line of the prompt.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    title: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: CreateArgs) -> Result<Exit, CliError> {
    let CreateArgs { name, prompt, work } = args;
    let id = task_id(&name)?;
    let (title, body) = prompt.read(ctx)?;
    work.carry_out(ctx, batch_name(&name.to_ascii_lowercase())?, vec![planned(id, title, body)?])
}

impl PromptArgs {
    /// The title and the text of the task.
    pub(crate) fn read(self, ctx: &Context) -> Result<(String, String), CliError> {
        let PromptArgs { prompt, prompt_file, title } = self;
        let text = text_or_file(ctx, prompt, prompt_file.as_deref())?.unwrap_or_default();
        Ok(titled(title, &text))
    }
}

/// A title for a text: what was given, or its first line, and then the text is what follows.
pub(crate) fn titled(title: Option<String>, text: &str) -> (String, String) {
    const LONGEST: usize = 100;
    let text = text.trim();
    if let Some(title) = title {
        return (title, text.to_owned());
    }
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let first = first.trim().trim_start_matches('#').trim();
    match first.char_indices().nth(LONGEST) {
        None => (first.to_owned(), rest.trim().to_owned()),
        // What does not fit in a title stays whole in the text.
        Some((end, _)) => {
            let end = first[..end].rfind(' ').unwrap_or(end);
            (format!("{}…", &first[..end]), text.to_owned())
        }
    }
}

/// A task that nothing is known of but what is to be done.
pub(crate) fn planned(id: TaskId, title: String, body: String) -> Result<Planned, CliError> {
    let planned = Planned {
        line: 0,
        id,
        title,
        body,
        hours: None,
        after: Vec::new(),
        paths: Vec::new(),
        agent: None,
        category: None,
        priority: Default::default(),
        labels: Vec::new(),
        model: None,
        profile: None,
    };
    let checked = planned.new_task("batch").checked().map_err(|error| super::task::invalid_task(&error))?;
    Ok(Planned { title: checked.title, body: checked.body, ..planned })
}

/// The name of a batch of which each task has a number.
pub(crate) fn numbered(batch: &BatchName, number: u16) -> Result<TaskId, CliError> {
    task_id(&format!("{batch}-{number}"))
}
