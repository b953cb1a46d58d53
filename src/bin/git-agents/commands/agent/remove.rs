//! `git agents agent remove`

use std::path::PathBuf;

use clap::Args;
use git_agents::agent::{AgentName, CommitId};
use git_agents::config;
use git_agents::git::{identity, refs, worktrees};
use git_agents::state::{Action, RefMove};
use git_agents::store::{Change, Scope, StoreError};
use git_agents::work::enrol;
use git_agents::work::place::{self, Place, Standing};
use git_agents::worktree::remove::{self, RemoveError, Removed, Request};

use crate::commands::complete_values::agent_names;
use crate::commands::init::check_text;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit};
use crate::view::removed::RemovedView;

/// Remove an agent with its worktree and branch.
///
/// Refused while there is uncommitted, untracked or unlanded work. With --force a backup ref that holds all of it,
/// untracked files included, is written first, and how to get it back is printed.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The agent.
    #[arg(add = agent_names())]
    name: String,
    /// Remove it although work has not landed; everything goes into a backup ref first.
    #[arg(long)]
    force: bool,
    /// Leave the branch where it is.
    #[arg(long)]
    keep_branch: bool,
}

pub(crate) fn run(ctx: &Context, args: &RemoveArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    ctx.recover()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let name = known_agent(&snapshot.state, &args.name)?;
    let agent = snapshot.state.agents.get(&name).ok_or_else(|| crate::error::unknown_agent(name.as_str()))?;
    let branch = format!("refs/heads/{}", agent.branch);
    let tip = refs::read(repo, &branch)?;
    let all = worktrees::list(repo)?;
    // What is checked out there now is not the agent's, so the folder stays.
    let elsewhere = match place::standing(repo, &all, agent) {
        Standing::Elsewhere(worktree) => Some(worktree.path.display().to_string()),
        Standing::Replaced { path, .. } => Some(path.display().to_string()),
        _ => None,
    };
    let worktree = all.into_iter().find(|worktree| worktree.holds(&branch) && !worktree.is_main);
    let lock = worktree.as_ref().and_then(|worktree| worktree.git_dir.as_ref()).map(|folder| folder.join("index.lock"));
    if let Some(lock) = lock.filter(|lock| lock.exists()) {
        let message = format!("somebody is writing to {name}'s worktree ({} exists)", lock.display());
        return Err(CliError::refused("worktree-busy", message).hint("git agents doctor"));
    }
    // What somebody else made is not ours to take away, whatever the shared document calls the agent's.
    let is_ours = enrol::made_branch(repo, snapshot.tip, agent);
    let was_given = |path: &PathBuf| is_ours || place::read(repo, &name) == Some(Place::At(path.clone()));
    let worktree = worktree.map(|worktree| worktree.path).filter(was_given);
    let here = ctx.absolute(std::path::Path::new("."))?;
    if worktree.as_ref().is_some_and(|path| here.starts_with(path)) {
        return Err(CliError::refused("inside-worktree", format!("you are inside {name}'s worktree, which would go"))
            .hint(format!("cd {}", crate::error::quoted(&config::main_folder(repo).display().to_string()))));
    }
    if let Some(path) = &worktree {
        check_text(path, "git worktree move WORKTREE NEW-PATH")?;
    }
    let kept = args.keep_branch || !is_ours;
    let request = Request {
        name: name.to_string(),
        branch: (!kept && tip.is_some()).then(|| branch.clone()),
        worktree: worktree.clone(),
        target: (!kept).then_some(target.commit),
        force: args.force,
    };
    let signature = identity::committer(repo, ctx.world.now).ok_or(StoreError::NoIdentity)?;
    let mut random = ctx.world.random(snapshot.tip.as_ref().map_or(&[][..], |tip| tip.as_slice()));
    let id = ctx.world.ulid(&mut random);
    let removed = match remove::remove(repo, &request, &id, &signature) {
        Ok(removed) => Some(removed),
        // Its branch and worktree are gone already: what is left is to forget it.
        Err(RemoveError::Nothing) => None,
        Err(error) => return Err(refused(&name, error)),
    };
    let moved = match (&removed, tip) {
        (Some(Removed { branch_deleted: true, .. }), Some(tip)) => {
            vec![RefMove { name: branch, before: CommitId::try_from(tip.to_string()).ok(), after: None }]
        }
        _ => Vec::new(),
    };
    let backup = removed.as_ref().filter(|removed| removed.losses.is_work()).map(|removed| removed.backup.clone());
    let action = Action::RemoveAgent { agent: name.clone(), backup };
    ctx.transact(&Scope::open(), |_, _| Ok(Some(Change { action: action.clone(), moved: moved.clone() })))?;
    place::forget(repo, &name);
    let mut view = RemovedView::new(&name, &agent.branch, worktree.as_deref(), removed.as_ref());
    view.foreign_branch = (!is_ours && tip.is_some()).then(|| agent.branch.clone());
    view.kept_folder = elsewhere.filter(|_| worktree.is_none());
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}

/// Say what would be lost, and how to go on.
fn refused(name: &AgentName, error: RemoveError) -> CliError {
    let message = error.to_string();
    match error {
        RemoveError::WouldLose { losses } => {
            let what = crate::view::removed::losses_text(&losses);
            let mut message = format!("{name} has {what}");
            if !losses.ignored_folders.is_empty() {
                let folders = crate::view::removed::paths_text(&losses.ignored_folders);
                message.push_str(&format!("; ignored folders would go without a backup: {folders}"));
            }
            let error = CliError::refused("would-lose-work", message);
            // Moved, it is to be repaired where it is now; deleted, git may forget it.
            if losses.missing.is_some() && !losses.is_beyond_backup() {
                return error
                    .hint("git worktree repair PATH")
                    .hint("git worktree prune")
                    .hint(format!("git agents agent remove {name} --force"));
            }
            if losses.is_beyond_backup() {
                error.hint("move the repositories inside it elsewhere, and push what their submodules have")
            } else {
                error.hint(format!("git agents merge {name}")).hint(format!("git agents agent remove {name} --force"))
            }
        }
        RemoveError::Locked { path, .. } => CliError::refused("worktree-locked", message)
            .hint(format!("git worktree unlock {}", crate::error::quoted(&path.display().to_string()))),
        RemoveError::NoSuchWorktree { .. } | RemoveError::NotIntact { .. } => {
            CliError::refused("worktree-gone", message).hint("git worktree list").hint("git agents doctor")
        }
        RemoveError::Contains { .. } | RemoveError::CheckedOut { .. } => {
            CliError::refused("checked-out", message).hint("git worktree list")
        }
        RemoveError::Busy { .. } => CliError::refused("worktree-busy", message).hint("run the command again"),
        RemoveError::Ref(error) => error.into(),
        RemoveError::Git(error) => error.into(),
        _ => CliError::new(Exit::Outside, "remove-failed", message).hint("git agents doctor"),
    }
}
