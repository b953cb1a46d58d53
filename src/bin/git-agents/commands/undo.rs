//! `git agents undo`

use std::collections::BTreeSet;

use clap::Args;
use git_agents::agent::{AgentName, CommitId};
use git_agents::git::{identity, worktrees};
use git_agents::land::plan::{Move, Refusal};
use git_agents::land::plan_undo;
use git_agents::run;
use git_agents::state::{Action, NewAgent, Operation, RefMove};
use git_agents::store::{self, Change, Own, Scope, StoreError, last_undoable};
use git_agents::work::built_on;
use git_agents::work::carry_out::carry_out;
use git_agents::work::place;
use git_agents::work::recover::Told;
use git_agents::work::removal::RemovalError;
use git_agents::worktree::ready::{self, Event};
use git_agents::worktree::remove::{self, RemoveError, Request};

use super::merge::tell_followed;
use super::narrator::Narrator;
use crate::context::Context;
use crate::error::{CliError, Exit, built_upon, removal_refused};
use crate::render::style::listed;
use crate::view::blocked::{refusal_hints, refusal_text};
use crate::view::undone::UndoneView;

/// Take back the last operation, where nothing was built on it.
///
/// Documents are put back as they were, and refs that moved along go back with their worktrees. Undo again for the
/// operation before.
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// Do not ask before branches move.
    #[arg(short, long)]
    yes: bool,
}

pub(crate) fn run(ctx: &Context, args: &UndoArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let finished = ctx.recover()?;
    if let Some(done) = interrupted_undo(ctx, &finished)? {
        ctx.ui.answer(&done)?;
        return Ok(Exit::Good);
    }
    let Some(last) = last_undoable(repo, store::known_tip(repo)?)? else {
        return Err(CliError::refused("nothing-to-undo", "there is nothing to undo").hint("git agents log"));
    };
    let Some(operation) = last.entry.operation.clone() else {
        return Err(CliError::refused("nothing-to-undo", "there is nothing to undo").hint("git agents log"));
    };
    // The commit's own first line may say anything.
    let sentence = operation.action.sentence();
    let is_own = Own::read(repo).has(&operation);
    if !(is_own || operation.moved.is_empty() || matches!(operation.action, Action::AddAgents { .. })) {
        return Err(done_elsewhere(&sentence));
    }
    warn_of_remotes(ctx, &operation)?;
    if !operation.moved.is_empty() || matches!(operation.action, Action::AddAgents { .. }) {
        ctx.ui.confirm(&format!("Take back \"{sentence}\", with the branches that moved?"), args.yes)?;
    }
    let action =
        Action::Undo { operation: operation.id.clone(), sentence: sentence.clone(), documents: last.documents.clone() };
    let restored = match &operation.action {
        Action::AddAgents { agents } => {
            let made = |moved: &&RefMove| is_own && moved.before.is_none();
            let made: BTreeSet<&str> = operation.moved.iter().filter(made).map(|moved| moved.name.as_str()).collect();
            undo_agents(ctx, agents, &made, &action)?
        }
        _ => undo_moves(ctx, &operation, action)?,
    };
    hint_at_worktrees(ctx, &operation);
    ctx.ui.answer(&UndoneView { operation: operation.id.to_string(), sentence, refs: restored })?;
    Ok(Exit::Good)
}

/// An undo that was interrupted and has just been finished: it was what the user asked for, and a second one would
/// take back one operation too many.
fn interrupted_undo(ctx: &Context, finished: &[Told]) -> Result<Option<UndoneView>, CliError> {
    let repo = ctx.repo()?;
    let Some(newest) = store::History::from(repo, store::tip(repo)?).next().transpose()? else { return Ok(None) };
    let Some(Operation { id, action: Action::Undo { operation, sentence, .. }, moved, .. }) = newest.operation else {
        return Ok(None);
    };
    let is_it = finished.iter().any(|told| told.id == id.as_str() && !told.done.is_empty());
    let refs = moved.into_iter().map(|moved| moved.name).collect();
    Ok(is_it.then(|| UndoneView { operation: operation.to_string(), sentence, refs }))
}

/// What the chain says of refs that another clone moved does not concern the refs here.
fn done_elsewhere(sentence: &str) -> CliError {
    let message = format!("\"{sentence}\" was done in another clone, with branches that are not moved back here");
    CliError::refused("done-elsewhere", message).hint("git agents undo, in the clone that did it")
}

/// Put documents back and refs where they were, in one step. Gives the refs that moved.
fn undo_moves(ctx: &Context, operation: &Operation, action: Action) -> Result<Vec<String>, CliError> {
    let scope = Scope::open().with_findings().with_tasks(action.tasks());
    if operation.moved.is_empty() {
        ctx.transact(&scope, |_, _| Ok(Some(action.clone().into())))?;
        return Ok(Vec::new());
    }
    let moves = moves_of(operation);
    let built = plan_undo(ctx.repo()?, &moves)?;
    if !built.plan.refusals.is_empty() {
        return Err(cannot(ctx, operation, &moves, &built.plan.refusals)?);
    }
    let change = Change::from(action);
    let (_, executed) = carry_out(ctx.repo()?, &ctx.world, &built, &scope, |_| Ok::<_, CliError>(change))?;
    tell_followed(ctx, &executed.followed);
    Ok(moves.into_iter().map(|moved| moved.name).collect())
}

fn id(id: &CommitId) -> Option<gix::ObjectId> {
    gix::ObjectId::from_hex(id.as_str().as_bytes()).ok()
}

/// What moved along with the operation.
fn moves_of(operation: &Operation) -> Vec<Move> {
    let one = |moved: &RefMove| Move {
        name: moved.name.clone(),
        before: moved.before.as_ref().and_then(id),
        after: moved.after.as_ref().and_then(id),
    };
    operation.moved.iter().map(one).collect()
}

/// Why the refs cannot go back: something was built on them, or a worktree cannot come along.
fn cannot(ctx: &Context, operation: &Operation, moves: &[Move], why: &[Refusal]) -> Result<CliError, CliError> {
    if !why.iter().any(|refusal| matches!(refusal, Refusal::Elsewhere { .. })) {
        let texts: Vec<String> = why.iter().map(refusal_text).collect();
        let hints: BTreeSet<_> = why.iter().flat_map(refusal_hints).collect();
        let error = CliError::refused("blocked", texts.join("; "));
        return Ok(hints.into_iter().fold(error, |error, hint| error.hint(*hint)));
    }
    let repo = ctx.repo()?;
    let stands = built_on::stands(repo, operation.id.as_str(), moves)?;
    let landing = match &operation.action {
        Action::Land { target, start, .. } => Some((target.as_str(), start.as_ref().and_then(id))),
        _ => None,
    };
    Ok(built_upon(repo, &operation.action.sentence(), landing, &stands))
}

/// Others may have a landing by now: taking it back here does not take it back there.
fn warn_of_remotes(ctx: &Context, operation: &Operation) -> Result<(), CliError> {
    let Action::Land { target, .. } = &operation.action else { return Ok(()) };
    let full = format!("refs/heads/{target}");
    let Some(landed) = moves_of(operation).into_iter().find(|moved| moved.name == full).and_then(|one| one.after)
    else {
        return Ok(());
    };
    let others = built_on::on_branches(ctx.repo()?, landed, &moves_of(operation))?;
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(String::as_str).collect();
        let was = if names.len() == 1 {
            "was built on this landing, and keeps"
        } else {
            "were built on this landing, and keep"
        };
        ctx.ui.warn(&format!("{} {was} what it brought", listed(&names)));
    }
    let names = built_on::on_remotes(ctx.repo()?, landed)?;
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let has = if names.len() == 1 { "has" } else { "have" };
        ctx.ui.warn(&format!(
            "{} {has} this landing already, and keeps it: what was pushed is taken back with git revert",
            listed(&names)
        ));
    }
    Ok(())
}

/// Agents that were added go with their worktrees and branches, unless there is work in them.
fn undo_agents(
    ctx: &Context,
    agents: &[NewAgent],
    made: &BTreeSet<&str>,
    action: &Action,
) -> Result<Vec<String>, CliError> {
    let repo = ctx.repo()?;
    let signature = identity::committer(repo, ctx.world.now).ok_or(StoreError::NoIdentity)?;
    let all = worktrees::list(repo)?;
    let mut requests = Vec::new();
    for agent in agents {
        let branch = format!("refs/heads/{}", agent.branch);
        // An adopted branch was there before, and so may its worktree have been: both stay. So does what another clone
        // says it has made: here it is somebody else's.
        if !made.contains(branch.as_str()) {
            continue;
        }
        let worktree = all.iter().find(|worktree| worktree.holds(&branch) && !worktree.is_main);
        let start = agent.base.as_ref().and_then(|id| gix::ObjectId::from_hex(id.as_str().as_bytes()).ok());
        let request = Request {
            name: agent.name.to_string(),
            branch: Some(branch),
            worktree: worktree.map(|worktree| worktree.path.clone()),
            target: start,
            expected: None,
            force: false,
        };
        let tip = git_agents::git::refs::read(repo, request.branch.as_deref().unwrap_or_default())?;
        let losses = remove::losses(repo, agent.name.as_str(), worktree, tip, start)
            .map_err(|error| failed(&agent.name, error))?;
        if losses.is_work() || losses.is_beyond_backup() {
            let losses = Box::new(losses);
            return Err(failed(&agent.name, RemoveError::WouldLose { losses }));
        }
        requests.push((agent.name.clone(), request));
    }
    // Nothing begins to run in what goes.
    for (name, _) in &requests {
        drop(run::still(repo, name)?);
    }
    let narrator = Narrator::new(&ctx.ui, 1, ctx.ui.spinner());
    for (name, request) in &requests {
        if let Some(worktree) = request.worktree.as_deref().filter(|path| path.exists()) {
            let id = ctx.world.ulid(&mut fastrand::Rng::new());
            let observer = |agent: &AgentName, event: Event<'_>| narrator.tell(agent, &event);
            ready::teardown(repo, name, worktree, &id, &observer).map_err(|source| {
                let source = Box::new(source);
                removal_refused(repo, name, RemovalError::Teardown { name: name.clone(), source })
            })?;
        }
    }
    narrator.done();
    // The state first: a kill in between leaves branches without an agent, which doctor names, and never an agent
    // without its branch.
    ctx.transact(&Scope::open(), |_, _| Ok(Some(action.clone().into())))?;
    let mut removed = Vec::new();
    for (name, request) in requests {
        let id = ctx.world.ulid(&mut fastrand::Rng::new());
        let still = match run::still(repo, &name) {
            Ok(still) => still,
            Err(error) => {
                ctx.ui.warn(&format!("{name}'s branch and worktree stay: {error}"));
                continue;
            }
        };
        match remove::remove(repo, &request, &id, &signature) {
            Ok(gone) => {
                for folder in &gone.losses.ignored_folders {
                    let folder = git_agents::git::repository::path_text(folder.as_ref());
                    ctx.ui.note(&format!("{name}: {folder}, which is ignored, went with its worktree"));
                }
                removed.extend(request.branch);
            }
            Err(RemoveError::Nothing) => {}
            Err(error) => ctx.ui.warn(&format!("{name}'s branch and worktree stay: {error}")),
        }
        drop(still);
        place::forget(repo, &name);
    }
    Ok(removed)
}

fn failed(name: &AgentName, error: RemoveError) -> CliError {
    match error {
        RemoveError::WouldLose { losses } => {
            let what = crate::view::removed::losses_text(&losses);
            let error = CliError::refused("built-upon", format!("{name} has {what}"));
            match losses.is_beyond_backup() {
                true => error.hint("move the repositories inside it elsewhere, and push what their submodules have"),
                false => error.hint(format!("git agents agent remove {name} --force")),
            }
        }
        error => CliError::refused("built-upon", error.to_string()).hint("git agents doctor"),
    }
}

/// A removed agent is back with its branch; its worktree has to be made anew.
fn hint_at_worktrees(ctx: &Context, operation: &Operation) {
    if let Action::RemoveAgent { agent, backup } = &operation.action {
        ctx.ui.note(&format!("to make its worktree again: git agents init {agent}"));
        if let Some(backup) = backup {
            ctx.ui.note(&format!("its uncommitted work is in {backup}"));
        }
    }
}
