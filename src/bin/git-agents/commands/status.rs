//! `git agents status`

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use git_agents::config;
use git_agents::run::{hidden, list};
use git_agents::store::Scope;
use git_agents::sync::{self, Provisional};
use git_agents::work::overview::overview;

use super::runs::warn_of_hidden;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::status::StatusView;

/// Show every agent with its branch, worktree and task, and what needs attention first.
#[derive(Debug, Default, Args)]
pub(crate) struct StatusArgs {
    /// Do not look into the worktrees for uncommitted changes.
    #[arg(long)]
    no_dirty: bool,
    /// Redraw every two seconds until interrupted; needs a terminal.
    #[arg(long)]
    watch: bool,
}

/// How often `--watch` looks again.
const WATCH_EVERY: Duration = Duration::from_secs(2);

pub(crate) fn run(ctx: &Context, args: &StatusArgs) -> Result<Exit, CliError> {
    if !args.watch {
        return show(ctx, args.no_dirty).map(|()| Exit::Good);
    }
    if ctx.ui.json || !std::io::stdout().is_terminal() {
        return Err(CliError::usage("--watch redraws a terminal, and there is none").hint("git agents status --json"));
    }
    loop {
        // The top left corner, then everything below it cleared: less flicker than clearing first.
        ctx.ui.raw("\u{1b}[H\u{1b}[J")?;
        show(&ctx.afresh(), args.no_dirty)?;
        std::thread::sleep(WATCH_EVERY);
    }
}

fn show(ctx: &Context, no_dirty: bool) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    let target = config::target(repo)?;
    super::runs::settle_quietly(ctx)?;
    let snapshot = ctx.load(&Scope::open())?;
    if !git_agents::worktree::journal::abandoned(repo).unwrap_or_default().is_empty() {
        ctx.ui.warn("an interrupted command waits to be finished: git agents doctor --fix");
    }
    if let (None, Ok(remote)) = (snapshot.tip, sync::remote(repo, None)) {
        ctx.ui.note(&format!("nothing is known here yet; git agents sync brings what {} has", remote.name));
    }
    let overview = overview(repo, &target, &snapshot.state, !no_dirty)?;
    let mut leases = ctx.leases()?;
    let provisional = Provisional::read(repo)?;
    let mut view = StatusView::new(&target, &snapshot.state, &overview, &leases, &provisional, &ctx.ui.out);
    leases.observe(&snapshot.state);
    if let Some(remote) = sync::known_remote(repo)? {
        view.unsynced = Some(provisional.count() as u64);
        view.remote = Some(remote);
    }
    match list::all(repo) {
        Ok(runs) => view.add_runs(&runs, list::idle_after(repo)?, &ctx.ui.out),
        Err(error) => ctx.ui.warn(&format!("what runs is not known: {error}")),
    }
    if list::unreadable(repo).is_ok_and(|folders| !folders.is_empty()) {
        warn_of_hidden(ctx, &hidden::hidden(repo)?)?;
    }
    match sync::rejected(repo) {
        Ok(rejected) => view.rejected = rejected.iter().map(Into::into).collect(),
        Err(error) => ctx.ui.warn(&format!("what was rejected is not known: {error}; see git agents doctor")),
    }
    ctx.ui.answer(&view)
}
