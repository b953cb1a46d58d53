//! `git agents brief`

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use git_agents::agent::{Agent, AgentName};
use git_agents::git::worktrees::{self, Worktree};
use git_agents::plan::Planned;
use git_agents::profile;
use git_agents::prompt::{self, Subject, Template};
use git_agents::state::State;
use git_agents::store::{Scope, Snapshot};
use git_agents::task::{Task, TaskId};
use git_agents::work::place::{self, Standing};

use super::complete_values::{agents_and_tasks, profile_names};
use super::execute::read;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit, quoted};
use crate::view::brief::{BriefView, PromptView};

/// Write what an agent is told: its task, its place, the rules, the others and what to leave alone.
///
/// NAME is a task or an agent; of an agent it is the task that it has in hand, and in its worktree NAME may be left out.
/// The words come from a template, which `agents.template` replaces.
#[derive(Debug, Args)]
pub(crate) struct BriefArgs {
    /// A task, or an agent.
    #[arg(add = agents_and_tasks())]
    name: Option<String>,
    /// For every task of this batch that is not closed.
    #[arg(long, value_name = "BATCH", conflicts_with = "name")]
    batch: Option<String>,
    /// For every task of this plan, filed or not.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["name", "batch"])]
    plan: Option<PathBuf>,
    /// The profile that it is written for; without it that of the agent.
    #[arg(long, value_name = "NAME", add = profile_names())]
    profile: Option<String>,
    /// Write each into a file TASK.md in this folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
}

/// One agent, one task, or both.
type About = (Option<AgentName>, Option<TaskId>);

pub(crate) fn run(ctx: &Context, args: &BriefArgs) -> Result<Exit, CliError> {
    let BriefArgs { name, batch, plan, profile, output } = args;
    let snapshot = ctx.load(&Scope::open())?;
    let planned = plan.as_deref().map(|path| plan_of(ctx, path)).transpose()?.unwrap_or_default();
    let about: Vec<About> = match (batch, plan) {
        (Some(batch), _) => of_batch(&snapshot.state, batch)?,
        (None, Some(_)) => planned.iter().map(|task| (task.agent.clone(), Some(task.id.clone()))).collect(),
        (None, None) => vec![of_name(ctx, &snapshot, name.as_deref())?],
    };
    let ids: Vec<&TaskId> = about.iter().filter_map(|(_, task)| task.as_ref()).collect();
    let mut snapshot = ctx.load(&Scope::open().with_tasks(ids))?;
    for task in planned {
        // What is filed already is as it is there.
        snapshot.state.tasks.entry(task.id.clone()).or_insert(task);
    }
    let template = Template::configured(ctx.repo()?, &ctx.world)?;
    let all = worktrees::list(ctx.repo()?)?;
    let mut prompts = Vec::new();
    for (agent, task) in about {
        let task = task.and_then(|id| snapshot.state.tasks.get(&id));
        let agent = task.and_then(|task| task.agent.clone()).or(agent);
        let agent = agent.and_then(|name| snapshot.state.agents.get(&name));
        prompts.push(written(ctx, &snapshot.state, &all, &template, agent, task, profile.as_deref())?);
    }
    if let Some(folder) = output {
        save(&ctx.absolute(folder)?, &mut prompts)?;
    }
    ctx.ui.answer(&BriefView { prompts })?;
    Ok(Exit::Good)
}

/// The tasks of a plan as they would be filed, each with the agent that it names.
fn plan_of(ctx: &Context, path: &Path) -> Result<Vec<Task>, CliError> {
    let plan = read::plan(ctx, path)?;
    let task = |planned: &Planned| Task {
        agent: planned.agent.clone(),
        labels: planned.labels.clone(),
        ..planned.new_task("").into_task(ctx.world.now)
    };
    Ok(plan.tasks.iter().map(task).collect())
}

/// The open tasks of a batch, each with the agent that has it.
fn of_batch(state: &State, batch: &str) -> Result<Vec<About>, CliError> {
    let label = format!("batch:{batch}");
    let of_it = state.tasks.values().filter(|task| task.labels.contains(&label) && !task.state.is_closed());
    let about: Vec<About> = of_it.map(|task| (task.agent.clone(), Some(task.id.clone()))).collect();
    if about.is_empty() {
        let message = format!("no open task belongs to the batch {}", quoted(batch));
        return Err(CliError::refused("batch-not-found", message).hint("git agents task list"));
    }
    Ok(about)
}

/// An agent comes before a task of the same name.
fn of_name(ctx: &Context, snapshot: &Snapshot, name: Option<&str>) -> Result<About, CliError> {
    let state = &snapshot.state;
    let agent = match name {
        None => ctx.agent(state, None)?,
        Some(name) => match known_agent(state, name) {
            Ok(agent) => agent,
            Err(_) => {
                let id = ctx.task(snapshot, name).map_err(|error| match error.code {
                    "task-not-found" => {
                        CliError::refused("name-not-found", format!("there is no agent and no task {}", quoted(name)))
                            .hint("git agents agent list")
                            .hint("git agents task list")
                    }
                    _ => error,
                })?;
                let agent = state.tasks.get(&id).and_then(|task| task.agent.clone());
                return Ok((agent, Some(id)));
            }
        },
    };
    let in_hand = state.in_progress(&agent).or_else(|| state.assigned_to(&agent).into_iter().next());
    let task = in_hand.map(|task| task.id.clone());
    Ok((Some(agent), task))
}

fn written(
    ctx: &Context,
    state: &State,
    all: &[Worktree],
    template: &Template,
    agent: Option<&Agent>,
    task: Option<&Task>,
    profile: Option<&str>,
) -> Result<PromptView, CliError> {
    let repo = ctx.repo()?;
    let profile = profile::chosen(repo, agent.map(|agent| &agent.name), profile)?;
    let standing = agent.map(|agent| place::standing(repo, all, agent));
    let worktree: Option<&Path> = match &standing {
        Some(Standing::At(worktree)) => Some(&worktree.path),
        _ => None,
    };
    let subject = Subject { agent, worktree, task, profile: profile.as_ref() };
    let facts = prompt::gather(repo, ctx.world.now, state, &subject);
    Ok(PromptView {
        agent: agent.map(|agent| agent.name.to_string()),
        task: task.map(|task| task.id.to_string()),
        prompt: prompt::brief(template, &facts)?,
        file: None,
    })
}

/// Write each into a file of its own. What is there already and says something else is nobody's to replace: then nothing
/// is written.
fn save(folder: &Path, prompts: &mut [PromptView]) -> Result<(), CliError> {
    let failed = |path: &Path, error: &std::io::Error| {
        let message = format!("{} cannot be written: {error}", path.display());
        CliError::new(Exit::Outside, "write-failed", message)
    };
    for view in prompts.iter_mut() {
        let name = view.task.as_ref().or(view.agent.as_ref()).map_or("prompt", String::as_str);
        let path = folder.join(format!("{name}.md"));
        // What a link leads to, also where nothing is yet, is outside of the folder.
        let is_link = path.symlink_metadata().is_ok_and(|data| data.is_symlink());
        match std::fs::read(&path) {
            _ if is_link => {
                let message = format!("{} is a link, and nothing is written through it", path.display());
                let away = format!("rm {}", quoted(&path.display().to_string()));
                return Err(CliError::refused("file-exists", message).hint(away));
            }
            Ok(there) if there != view.prompt.as_bytes() => {
                let message = format!("{} is there already and says something else", path.display());
                let other = format!("git agents brief --output {}", quoted(&format!("{}-2", folder.display())));
                return Err(CliError::refused("file-exists", message).hint(other));
            }
            _ => view.file = Some(path.display().to_string()),
        }
    }
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for view in prompts.iter() {
        let Some(path) = view.file.as_deref().map(Path::new) else { continue };
        let written = File::create_new(path).and_then(|mut file| file.write_all(view.prompt.as_bytes()));
        match written {
            // It is there, and says the same.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_file() => {}
            written => written.map_err(|error| failed(path, &error))?,
        }
    }
    Ok(())
}
