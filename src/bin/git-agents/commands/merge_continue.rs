//! `git agents merge --continue` and `--abort`: what `git agents resolve` began.

use git_agents::agent::AgentName;
use git_agents::config::{self, Target};
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::work::resolve::record::forget;
use git_agents::work::resolve::{Record, Sorted, abort, forget_landed, sort};

use super::merge::{MergeArgs, land, tell_followed};
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit, quoted};
use crate::view::resolve::{AbortedView, ContinueView, ResolutionView};

/// Land the agents whose conflicts are resolved, and name what still waits.
pub(crate) fn resume(ctx: &Context, args: &MergeArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    ctx.recover()?;
    let mut sorted = sorted(ctx, &args.agents)?;
    if let Some(error) = in_the_way(&sorted).or_else(|| Some(sorted.damaged.pop()?.into())) {
        return Err(error);
    }
    let waiting: Vec<_> = sorted.waiting.iter().map(|one| ResolutionView::waiting(one, None)).collect();
    if sorted.ready.is_empty() {
        if waiting.is_empty() {
            settle(ctx, &config::target(repo)?);
            return Err(nothing("every resolution has been taken back or has landed"));
        }
        ctx.ui.answer(&ContinueView { waiting })?;
        return Ok(Exit::Negative);
    }
    for record in &sorted.gone {
        ctx.ui.warn(&branch_gone(record).message);
    }
    for one in &waiting {
        ctx.ui.warn(&format!("{} still waits in {}: {}", one.agent, one.worktree, one.commands.join(" && ")));
    }
    let agents = sorted.ready.iter().map(|record| record.agent.to_string()).collect();
    let exit = land(ctx, &args.about(agents))?;
    Ok(if waiting.is_empty() { exit } else { Exit::Negative })
}

/// Take resolutions back, to exactly where they began.
pub(crate) fn take_back(ctx: &Context, args: &MergeArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    ctx.recover()?;
    let Sorted { ready, waiting, torn, foreign, gone, over, damaged } = sorted(ctx, &args.agents)?;
    if let Some(error) = damaged.into_iter().next() {
        return Err(error.into());
    }
    if let Some((record, kind)) = foreign.first() {
        let what = format!("{} in {}", kind.command(), record.worktree.display());
        return Err(CliError::refused(
            "not-ours",
            format!("the {what} is not what git agents began for {}, so it is not aborted", record.agent),
        )
        .hint(format!("git -C {} status", quoted(&record.worktree.display().to_string()))));
    }
    let changing = waiting.into_iter().map(|waiting| waiting.record).chain(torn).chain(ready);
    let changing: Vec<Record> = changing.collect();
    for record in &gone {
        let error = branch_gone(record);
        if changing.is_empty() {
            return Err(error);
        }
        ctx.ui.warn(&error.message);
    }
    if !changing.is_empty() {
        let names: Vec<&str> = changing.iter().map(|record| record.agent.as_str()).collect();
        let question = format!("Take back how {} was resolved, with what was done there meanwhile?", names.join(", "));
        ctx.ui.confirm(&question, args.yes)?;
    }
    let mut aborted = Vec::new();
    for record in changing.iter().chain(&over) {
        let one = abort(repo, &ctx.world, record)?;
        tell_followed(ctx, &one.followed);
        aborted.push((&one).into());
    }
    ctx.ui.answer(&AbortedView { aborted })?;
    Ok(Exit::Good)
}

/// After a landing: resolutions that are over are forgotten. Should that fail, the next command does it.
pub(crate) fn settle(ctx: &Context, target: &Target) {
    let done = ctx.repo().and_then(|repo| Ok(forget_landed(repo, target)?));
    if let Err(error) = done {
        ctx.ui.warn(&error.message);
    }
}

fn sorted(ctx: &Context, names: &[String]) -> Result<Sorted, CliError> {
    let state: State = ctx.load(&Scope::open())?.state;
    let agents: Vec<AgentName> = names.iter().map(|name| known_agent(&state, name)).collect::<Result<_, _>>()?;
    let repo = ctx.repo()?;
    let mut sorted = sort(repo, &agents)?;
    // Who is no agent any more resolves nothing.
    let (gone, left): (Vec<Record>, _) =
        sorted.gone.into_iter().partition(|record| state.agents.contains_key(&record.agent));
    sorted.gone = gone;
    for record in left {
        forget(repo, &record.agent)?;
    }
    match sorted.is_empty() {
        true => Err(nothing("no conflict is being resolved")),
        false => Ok(sorted),
    }
}

fn nothing(message: &str) -> CliError {
    CliError::refused("nothing-to-continue", message).hint("git agents status").hint("git agents resolve AGENT")
}

/// What nobody could land over.
fn in_the_way(sorted: &Sorted) -> Option<CliError> {
    if let Some((record, kind)) = sorted.foreign.first() {
        let path = record.worktree.display().to_string();
        let message = format!("a {} is going on in {path}, which is not what git agents began", kind.command());
        return Some(CliError::refused("not-ours", message).hint(format!("git -C {} status", quoted(&path))));
    }
    if let Some(record) = sorted.torn.first() {
        let message = format!("git was killed while it resolved {}", record.agent);
        let error = CliError::refused("resolution-torn", message);
        return Some(error.hint(format!("git agents resolve {}", record.agent)).hint("git agents merge --abort"));
    }
    let record = sorted.gone.first().filter(|_| sorted.ready.is_empty() && sorted.waiting.is_empty())?;
    Some(branch_gone(record))
}

fn branch_gone(record: &Record) -> CliError {
    let message = format!("{}'s branch {} is gone", record.agent, record.short());
    CliError::refused("branch-gone", message).hint(format!("git branch {} {}", quoted(record.short()), record.tip))
}
