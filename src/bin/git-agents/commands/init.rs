//! `git agents init`

use std::path::{Path, PathBuf};

use clap::Args;
use git_agents::agent::{AgentName, is_branch_name};
use git_agents::config;
use git_agents::git::worktrees;
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::work::enrol::{self, Enrolment};
use git_agents::work::place::{self, Place};

use super::complete_values::branch_names;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit};
use crate::view::enrolled::EnrolledView;

/// Register agents and make a branch and a worktree for each.
///
/// Run again, it adds what is missing and changes nothing else. The worktrees go to ../REPOSITORY-worktrees/NAME
/// unless `--worktrees` or agents.worktrees names another folder.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The names of agents to register.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Register N agents, called agent-1, agent-2, …
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    agents: Option<u16>,
    /// The branch that work lands on; kept in git's configuration as agents.target.
    #[arg(long, value_name = "BRANCH", add = branch_names())]
    target: Option<String>,
    /// The folder for the worktrees; kept in git's configuration as agents.worktrees.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    worktrees: Option<PathBuf>,
    /// What the names of the branches begin with; kept in git's configuration as agents.prefix [default: agents/].
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
}

/// What is to be made, and how.
struct Plan {
    target: config::Target,
    folder: PathBuf,
    prefix: String,
    /// Written to git's configuration once everything is made.
    settings: Vec<(&'static str, String)>,
}

pub(crate) fn run(ctx: &Context, args: InitArgs) -> Result<Exit, CliError> {
    let InitArgs { names, agents, target, worktrees, prefix } = args;
    let repo = ctx.repo()?;
    repo.require_git()?;
    ctx.recover()?;
    let snapshot = ctx.load(&Scope::open())?;
    let wanted = wanted_names(&snapshot.state, &names, agents)?;
    let plan = plan(ctx, target.as_deref(), worktrees, prefix)?;
    let enrolments = missing(ctx, &snapshot.state, &wanted, &plan)?;
    let before: Vec<_> = plan.settings.iter().map(|(key, _)| (*key, repo.config(key))).collect();
    for (key, value) in &plan.settings {
        config::set(repo, key, value)?;
    }
    let bar = ctx.ui.progress(enrolments.len(), "worktrees");
    let enrolled = enrol::enrol(repo, &ctx.world, &enrolments, &|name| {
        bar.set_message(name.to_string());
        bar.inc(1);
    });
    bar.finish_and_clear();
    let (enrolled, _) = enrolled.inspect_err(|_| {
        // Nothing was made, so nothing is to be configured either.
        for (key, value) in before {
            drop(value.map_or_else(|| config::unset(repo, key), |value| config::set(repo, key, &value)));
        }
    })?;
    for complaint in enrolled.iter().filter_map(|one| one.complaint.as_ref()) {
        ctx.ui.warn(&format!("a hook failed after the worktree was made: {complaint}"));
    }
    let there = wanted.iter().filter(|name| !enrolled.iter().any(|one| one.name == **name));
    let unchanged = there.map(ToString::to_string).collect();
    ctx.ui.answer(&EnrolledView::new(plan.target.branch, &enrolled, unchanged))?;
    Ok(Exit::Good)
}

/// The names that were asked for; those that are registered when none were.
fn wanted_names(state: &State, names: &[String], agents: Option<u16>) -> Result<Vec<AgentName>, CliError> {
    let mut wanted: Vec<AgentName> = names.iter().map(|name| agent_name(name)).collect::<Result<_, _>>()?;
    for number in 1..=agents.unwrap_or(0) {
        wanted.push(agent_name(&format!("agent-{number}"))?);
    }
    if wanted.is_empty() {
        wanted = state.agents.keys().cloned().collect();
    }
    if wanted.is_empty() {
        return Err(CliError::usage("say which agents there are to be").hint("git agents init --agents 3"));
    }
    let mut seen = std::collections::BTreeSet::new();
    wanted.retain(|name| seen.insert(name.clone()));
    Ok(wanted)
}

fn plan(
    ctx: &Context,
    target: Option<&str>,
    worktrees: Option<PathBuf>,
    prefix: Option<String>,
) -> Result<Plan, CliError> {
    let repo = ctx.repo()?;
    let mut settings = Vec::new();
    let target = match target {
        Some(name) => {
            let target = config::named_target(repo, name)?;
            settings.push((config::TARGET_KEY, target.branch.clone()));
            target
        }
        None => match config::target(repo) {
            // Nothing else says which it is, so the branch that is checked out becomes it, and stays it.
            Err(config::TargetError::Unknown) => {
                let current = git_agents::git::head::current_branch(repo).ok_or(config::TargetError::Unknown)?;
                settings.push((config::TARGET_KEY, current.clone()));
                config::named_target(repo, &current)?
            }
            found => found?,
        },
    };
    let folder = match worktrees {
        Some(folder) => {
            let folder = ctx.absolute(&folder)?;
            let text = folder.to_str().ok_or_else(|| CliError::usage("--worktrees must be UTF-8 text"))?;
            settings.push((config::WORKTREES_KEY, text.to_owned()));
            folder
        }
        None => config::worktrees_folder(repo),
    };
    let prefix = match prefix {
        Some(prefix) => {
            settings.push((config::PREFIX_KEY, prefix.clone()));
            prefix
        }
        None => config::prefix(repo),
    };
    if !is_branch_name(&format!("{prefix}x")) {
        return Err(CliError::usage(format!("no branch's name can begin with {prefix:?}")));
    }
    settings.retain(|(key, value)| repo.config(key).as_ref() != Some(value));
    Ok(Plan { target, folder, prefix, settings })
}

/// What has yet to be made for the wanted agents.
fn missing(ctx: &Context, state: &State, wanted: &[AgentName], plan: &Plan) -> Result<Vec<Enrolment>, CliError> {
    let repo = ctx.repo()?;
    let all = worktrees::list(repo)?;
    let mut enrolments = Vec::new();
    for name in wanted {
        let registered = state.agents.get(name);
        let branch = registered.map_or_else(|| format!("{}{name}", plan.prefix), |agent| agent.branch.clone());
        let full = format!("refs/heads/{branch}");
        let tip = git_agents::git::refs::read(repo, &full)?;
        let has_worktree = all.iter().any(|worktree| worktree.holds(&full) && worktree.exists());
        let place = place::read(repo, name);
        if registered.is_some() && tip.is_some() && (has_worktree || place == Some(Place::Nowhere)) {
            continue;
        }
        // Its folder was deleted by hand: git forgets it, as `git worktree prune` would, and a new one can be made.
        let deleted = all.iter().find(|w| w.holds(&full) && !w.path.exists() && w.prunable.is_some() && !w.is_main);
        if let (Some(deleted), true) = (deleted, registered.is_some()) {
            repo.git().args(["worktree", "remove", "--force", "--"]).arg(&deleted.path).stdout()?;
        }
        let path = match place {
            Some(Place::At(path)) => path,
            _ => plan.folder.join(name.as_str()),
        };
        check_text(&path, "git agents init --worktrees DIR")?;
        enrolments.push(Enrolment {
            name: name.clone(),
            branch,
            start: tip.unwrap_or(plan.target.commit),
            // A branch that nobody registered is somebody's: it is not taken without being told to.
            existing: registered.is_some() && tip.is_some(),
            worktree: Some(path),
            registered: registered.is_some(),
        });
    }
    Ok(enrolments)
}

/// The journal can only name a path that is text: what it could not take back is not begun.
pub(crate) fn check_text(path: &Path, hint: &str) -> Result<(), CliError> {
    if path.to_str().is_some() {
        return Ok(());
    }
    let message = format!("{}: the path of a worktree must be UTF-8 text", path.display());
    Err(CliError::refused("path-not-text", message).hint(hint))
}
