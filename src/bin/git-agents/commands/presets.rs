//! `git agents presets`

use clap::Args;
use git_agents::preset::{self, Subject, Wanted, choose, classify};
use git_agents::profile::{self, Profile, Tiers};
use git_agents::store::Scope;

use super::complete_values::{preset_names, profile_names, task_ids};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::presets::{ChoiceView, PresetView, PresetsView};

/// List the presets, each of which maps the kind of work and how hard it looks to a model.
///
/// With NAME, show what that one says; with --task, which model the task would get, and why. A preset is chosen with
/// `git agents config set preset NAME`; own ones are made with
/// `git agents config set preset.NAME.CATEGORY[.simple|.complex] MODEL`, where MODEL may also be strong, standard or fast.
#[derive(Debug, Args)]
pub(crate) struct PresetsArgs {
    /// Show what this preset says for each kind of work.
    #[arg(add = preset_names())]
    name: Option<String>,
    /// The task to choose a model for.
    #[arg(long, value_name = "TASK", add = task_ids())]
    task: Option<String>,
    /// Use only these models, with commas between, the best first.
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    models: Vec<String>,
    /// Show the models as this profile's program calls them.
    #[arg(long, value_name = "NAME", add = profile_names())]
    profile: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &PresetsArgs) -> Result<Exit, CliError> {
    let PresetsArgs { name, task, models, profile } = args;
    let repo = ctx.repo()?;
    let profile = profile::chosen(repo, None, profile.as_deref())?;
    if let Some(task) = task {
        let wanted = Wanted { preset: name.as_deref(), models };
        ctx.ui.answer(&chosen(ctx, profile, &wanted, task)?)?;
        return Ok(Exit::Good);
    }
    if !models.is_empty() {
        return Err(CliError::usage("--models restricts the choice for a task: say which with --task"));
    }
    if let Some(profile) = profile.as_ref().filter(|profile| profile.tiers == Tiers::default()) {
        let key = format!("profile.{}.strong", profile.name);
        ctx.ui.note(&format!(
            "{} has no names here for strong, standard and fast, so it runs with its own default; name them with: git agents config set {key} MODEL",
            profile.name
        ));
    }
    let active = preset::active(repo, None);
    if let Err(error) = &active {
        ctx.ui.warn(&error.to_string());
    }
    let active = active.map_or_else(|_| String::new(), |preset| preset.name);
    match name {
        Some(name) => ctx.ui.answer(&PresetView::new(&preset::find(repo, name)?, &active, profile.as_ref()))?,
        None => {
            let (mut usable, mut unusable) = (Vec::new(), Vec::new());
            for (name, found) in preset::all(repo) {
                match found {
                    Ok(preset) => usable.push(preset),
                    Err(error) => unusable.push((name, error.to_string())),
                }
            }
            for (name, problem) in unusable.iter().filter(|(name, _)| *name != active) {
                ctx.ui.warn(&format!("{name} cannot be used: {problem}"));
            }
            ctx.ui.answer(&PresetsView::new(&usable, unusable, &active, profile.as_ref()))?;
        }
    }
    Ok(Exit::Good)
}

/// The model for a task. The profile of the agent that has it is asked for names, unless another was given.
fn chosen(ctx: &Context, given: Option<Profile>, wanted: &Wanted<'_>, task: &str) -> Result<ChoiceView, CliError> {
    let repo = ctx.repo()?;
    let snapshot = ctx.load(&Scope::open())?;
    let id = ctx.task(&snapshot, task)?;
    let snapshot = ctx.load(&Scope::open().with_tasks([&id]))?;
    let document = git_agents::state::Document::Task(id.clone());
    let task = snapshot.state.tasks.get(&id).ok_or(git_agents::state::Rejected::Damaged { document })?;
    let profile = match given {
        Some(given) => Some(given),
        None => profile::chosen(repo, task.agent.as_ref(), None)?,
    };
    let subject = Subject::from(task);
    match profile {
        Some(profile) => Ok(ChoiceView::new(&id, &profile.name, &choose(repo, &profile, wanted, &subject)?)),
        None => {
            let class = classify(&subject);
            Err(CliError::refused(
                "no-profile",
                format!(
                    "{id} is {} {}, and no profile says what models there are",
                    class.complexity.word(),
                    class.category
                ),
            )
            .hint(format!("git agents presets --task {id} --profile claude"))
            .hint("git agents config set profile claude"))
        }
    }
}
