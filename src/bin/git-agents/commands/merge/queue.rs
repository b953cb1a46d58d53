//! Waiting for our turn, standing on the upstream, and being checked.

use std::time::Duration;

use git_agents::check::Runner;
use git_agents::config::Target;
use git_agents::git::Repository;
use git_agents::git::hooks::INSIDE;
use git_agents::git::remote::Upstream;
use git_agents::work::landing::Landing;
use git_agents::work::queue::pre_merge::PreMerge;
use git_agents::work::queue::turn::{Holder, Turn};
use git_agents::work::queue::upstream::{self, Standing};
use git_agents::work::queue::verify::verify;
use git_agents::worktree::integration::Integration;
use git_agents::world::World;
use gix::ObjectId;

use super::MergeArgs;
use super::progress::Progress;
use super::settings::Settings;
use crate::context::Context;
use crate::error::{CliError, quoted};
use crate::view::check::ChecksView;

/// Wait until nobody else is landing.
pub(super) fn take_turn(ctx: &Context, args: &MergeArgs, longest: Duration) -> Result<Turn, CliError> {
    let whom = if args.all { "--all".to_owned() } else { args.agents.join(" ") };
    let ours = Holder { pid: std::process::id(), since: ctx.world.now, what: format!("git agents merge {whom}") };
    // Waiting for the landing that started us would be waiting for ourselves.
    let longest = if World::variable(INSIDE).is_some() { Duration::ZERO } else { longest };
    let mut tell = |holder: Option<&Holder>| {
        let who = holder.map_or("somebody else is landing".to_owned(), holder_text);
        ctx.ui.note(&format!("{who}; waiting for our turn"));
    };
    Ok(Turn::wait(ctx.repo()?, &ours, longest, &mut tell)?)
}

/// Who is landing, as a sentence.
pub(crate) fn holder_text(holder: &Holder) -> String {
    let since = holder.since.format("%H:%M:%S UTC");
    format!("process {} is landing since {since} ({})", holder.pid, holder.what)
}

/// The target's upstream, and the commit of it that is landed on when the target is behind.
pub(super) fn start(
    repo: &Repository,
    target: &Target,
    settings: &Settings,
    fetch: bool,
) -> Result<(Option<Upstream>, Option<ObjectId>), CliError> {
    let branch = quoted(&target.branch);
    match upstream::standing(repo, target, fetch)? {
        Standing::None if settings.fetch => {
            let message = format!("{} has no upstream branch", target.branch);
            Err(CliError::refused("no-upstream", message)
                .hint(format!("git branch --set-upstream-to=REMOTE/{branch} {branch}")))
        }
        Standing::None => Ok((None, None)),
        Standing::Current(upstream) => Ok((Some(upstream), None)),
        Standing::Behind(upstream, theirs) if settings.fetch => Ok((Some(upstream), Some(theirs))),
        Standing::Behind(upstream, _) => {
            let name = on_remote(&upstream);
            Err(CliError::refused("upstream-moved", format!("{name} has commits that {} lacks", target.branch))
                .hint("the same command with --fetch, to land on them")
                .hint("the same command with --push, to push as well"))
        }
        Standing::Diverged(upstream, theirs) => {
            let name = on_remote(&upstream);
            let message = format!("{} and {name} both have commits that the other lacks", target.branch);
            let theirs = theirs.to_string();
            Err(CliError::refused("upstream-diverged", message)
                .hint(format!("git switch {branch} && git rebase {}", &theirs[..10]))
                .hint(format!("git switch {branch} && git merge {}", &theirs[..10])))
        }
    }
}

fn on_remote(upstream: &Upstream) -> String {
    let short = |name: &str| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    format!("{} of {}", short(&upstream.branch), upstream.remote)
}

/// Show what was planned to the repository's `pre-merge-commit` hook and run the checks on it; those that the hook or a
/// check stops are left out of it. None when there is nothing to check.
pub(super) fn check(
    ctx: &Context,
    settings: &Settings,
    landing: &mut Landing,
    progress: &mut Progress<'_>,
) -> Result<Option<ChecksView>, CliError> {
    if landing.built.plan.steps.is_empty() {
        return Ok(None);
    }
    let repo = ctx.repo()?;
    let integration = Integration::of(repo);
    let id = ctx.world.ulid(&mut ctx.world.random(b"check"));
    let mut failed = None;
    let mut watch = |event: git_agents::check::Event<'_>| {
        // A reader that has gone does not stop the landing.
        failed = progress.check(&event).err().or(failed.take());
    };
    let mut hook = PreMerge::new(repo);
    let mut runner = Runner::new(repo, &integration, &settings.checks, &id, &mut watch);
    let built = landing.take(repo)?;
    let mut built = hook.ask(repo, &mut landing.request, built)?;
    while !settings.checks.commands.is_empty() {
        let barred = landing.request.barred.len();
        built = verify(repo, &mut landing.request, built, &mut runner, settings.checks.each)?;
        if landing.request.barred.len() == barred {
            break;
        }
        // Without those that fail the others are merged into something else.
        let barred = landing.request.barred.len();
        built = hook.ask(repo, &mut landing.request, built)?;
        if landing.request.barred.len() == barred {
            break;
        }
    }
    let has_run = !settings.checks.commands.is_empty();
    let view = has_run.then(|| ChecksView::done(&settings.checks, runner.runs(), runner.flaky()));
    landing.rebuilt(built);
    match failed {
        Some(error) => Err(error),
        None => Ok(view),
    }
}
