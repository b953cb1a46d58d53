//! `git agents recover`

use std::time::Duration;

use clap::Args;
use git_agents::sync;
use git_agents::work::ref_log::given_up;
use git_agents::work::restore::{self, Candidate, Current, Kept, Place, Search};

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::recover::RecoverView;

/// Bring the state back when refs/agents/state is gone or leads to what cannot be read.
///
/// What may be brought back is listed, the newest first, and the newest that is whole is taken. What the ref held before is
/// kept, and the operations that are given up are named.
#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// Take it from the reflog, from a backup, from the remote, which is asked anew, or from a commit. Also when nothing
    /// is wrong.
    #[arg(long, value_name = "reflog|backup|remote|COMMIT")]
    from: Option<String>,
    /// Only list what may be brought back.
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

/// How long a remote may take to send all that it has.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn run(ctx: &Context, args: &RecoverArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let mut search = Search::new(repo);
    let mut current = search.current()?;
    if args.from.as_deref() == Some("remote") {
        sync::refetch(repo, &sync::remote(repo, None)?, PATIENCE)?;
        search = Search::new(repo);
        let asked = search.current()?;
        if let (Current::At(old), Current::At(new)) = (&current, &asked)
            && !old.is_whole()
            && new.is_whole()
        {
            ctx.ui.answer(&RecoverView::completed(new))?;
            return Ok(Exit::Good);
        }
        current = asked;
    }
    match (&current, &args.from) {
        (Current::At(now), None) if now.is_whole() => {
            ctx.ui.answer(&RecoverView::nothing_wrong(now))?;
            return Ok(Exit::Good);
        }
        (Current::At(now), None) if now.is_sound() => {
            let message = format!("{}, and the state itself can be read", fault_of(&current));
            let error = CliError::refused("history-breaks-off", message).hint("git agents recover --from remote");
            return Err(error.hint("git agents recover --from reflog --dry-run"));
        }
        _ => {}
    }
    let candidates = candidates(ctx, &mut search, args.from.as_deref(), &current)?;
    let Some(chosen) = restore::best(repo, &candidates) else {
        let mut error = CliError::refused("nothing-to-recover", nothing_found(&current, &candidates));
        let elsewhere = match args.from.as_deref() {
            Some("remote") => "git agents recover --from reflog --dry-run",
            _ => "git agents recover --from remote",
        };
        error = error.hint(elsewhere).hint("git fsck --lost-found");
        return Err(error);
    };
    let now = match &current {
        Current::At(now) => Some(now.commit),
        Current::Missing | Current::Garbage(_) => None,
    };
    let given_up = given_up(repo, now, chosen.commit);
    let mut view = RecoverView::new(&current, &candidates, chosen, &given_up);
    if args.dry_run {
        ctx.ui.answer(&view)?;
        return Ok(Exit::Good);
    }
    let number = chosen.operations;
    ctx.ui
        .confirm(&format!("Bring back {} with {number} operations, from {}?", chosen.commit, chosen.name), args.yes)?;
    let kept = restore::restore(repo, &ctx.world, &current, chosen)?;
    view.done(&kept);
    if let Kept::File(path) = &kept {
        ctx.ui.note(&format!("what the ref held is broken and noted in {}", path.display()));
    }
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}

fn candidates(
    ctx: &Context,
    search: &mut Search<'_>,
    from: Option<&str>,
    current: &Current,
) -> Result<Vec<Candidate>, CliError> {
    let now = match current {
        Current::At(now) => Some(now.commit),
        Current::Missing | Current::Garbage(_) => None,
    };
    let places: &[Place] = match from {
        None => &[Place::Reflog, Place::Backup, Place::Cache, Place::Remote],
        Some("reflog") => &[Place::Reflog],
        Some("backup") => &[Place::Backup],
        Some("remote") => &[Place::Remote],
        Some(revision) => return Ok(vec![search.given(revision, ctx.commit(revision)?)]),
    };
    Ok(search.candidates(places, now)?)
}

fn nothing_found(current: &Current, candidates: &[Candidate]) -> String {
    let why = fault_of(current);
    match candidates.iter().find_map(|one| one.fault.as_ref()) {
        Some(fault) => format!("{why}, and nothing that could be brought back can be read: {fault}"),
        None => format!("{why}, and there is nothing else to bring back"),
    }
}

/// What is wrong with what the ref is now.
fn fault_of(current: &Current) -> String {
    match current {
        Current::Missing => "there is no refs/agents/state".to_owned(),
        Current::Garbage(reason) => format!("refs/agents/state holds no value ({reason})"),
        Current::At(now) => match (&now.fault, now.breaks_off) {
            (Some(fault), _) => fault.clone(),
            (None, Some(commit)) => format!("the history of refs/agents/state breaks off at {commit}"),
            (None, None) if now.damaged == 0 => "nothing is wrong with refs/agents/state".to_owned(),
            (None, None) => format!("refs/agents/state has {} damaged documents", now.damaged),
        },
    }
}
