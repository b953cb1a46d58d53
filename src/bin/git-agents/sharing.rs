//! Acts that count for all clones: an exclusive one is acknowledged when the remote has it, everything else rides along
//! or follows after a minute.

use clap::Args;
use git_agents::git::Repository;
use git_agents::state::{Action, Operation};
use git_agents::store;
use git_agents::sync::{self, Confirmed, Direction, Mode, Remote, Request, SyncError};
use gix::ObjectId;

use crate::cli::Command;
use crate::context::Context;
use crate::error::{CliError, Exit};

/// How often what others of this clone have in hand is decided first.
const SETTLING: usize = 5;

/// What a command says of a task that its agent has begun already.
pub(crate) const STARTED: &str = "in-progress";

/// The option of every command that takes a task, a path or a name.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct OfflineArg {
    /// Record it here only, without asking the remote: provisional until the next sync, which may reject it.
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Whom an exclusive act has to be confirmed by.
#[derive(Debug)]
pub(crate) struct Sharing {
    /// None when there is nobody to ask, or nobody is to be asked.
    remote: Option<Remote>,
    /// A remote would decide, and is not asked.
    pub(crate) is_provisional: bool,
}

impl Sharing {
    /// Nobody is to be asked.
    pub(crate) fn with_nobody() -> Self {
        Sharing { remote: None, is_provisional: false }
    }

    /// Before agents are registered, which is how everything begins: perhaps without any remote.
    pub(crate) fn of_new_agents(ctx: &Context, arg: OfflineArg) -> Result<Self, CliError> {
        match sync::remote(ctx.repo()?, None) {
            Err(SyncError::NoRemote) => Ok(Sharing::with_nobody()),
            _ => Sharing::begin(ctx, arg),
        }
    }

    /// Before an exclusive act: what others have done is brought here, so that the rules see it.
    pub(crate) fn begin(ctx: &Context, arg: OfflineArg) -> Result<Self, CliError> {
        let repo = ctx.repo()?;
        if sync::mode(repo)? == Mode::Manual {
            return Ok(Sharing::with_nobody());
        }
        if arg.offline {
            return Ok(Sharing { remote: None, is_provisional: true });
        }
        ctx.recover()?;
        let remote = sync::remote(repo, None).map_err(|error| match error {
            SyncError::NoRemote => CliError::from(error).hint("git config agents.sync manual, to go on alone"),
            error => error.into(),
        })?;
        let ask = || match waits_for_a_decision(repo, &remote) {
            true => sync::sync(repo, &ctx.world, &remote, &Request::brief(Direction::Both)).map(drop),
            false => sync::prepare(repo, &ctx.world, &remote),
        };
        telling(ctx, None, ask).map_err(|error| {
            let is_outside = error.is_outside();
            let mut error = CliError::from(error);
            if is_outside {
                error.hints.insert(0, "the same command with --offline, to record it here only".to_owned());
            }
            error
        })?;
        Ok(Sharing { remote: Some(remote), is_provisional: false })
    }

    /// Before an act on an assignment that another clone may have ended: what waits is shared, and what others have done is
    /// brought here. The act is no exclusive one, so it goes on without an answer, and says so.
    pub(crate) fn hear(ctx: &Context, of_what: &str) -> Result<(), CliError> {
        let repo = ctx.repo()?;
        if sync::mode(repo)? == Mode::Manual {
            return Ok(());
        }
        ctx.recover()?;
        let remote = sync::remote(repo, None)?;
        let share = || sync::sync(repo, &ctx.world, &remote, &Request::brief(Direction::Both));
        if let Err(error) = telling(ctx, None, share) {
            ctx.ui.warn(&format!("whether somebody has taken over {of_what} is not known: {error}"));
        }
        Ok(())
    }

    /// Before a landing: what was completed here is said to the others, who may have taken it over meanwhile.
    pub(crate) fn hear_of_completed(ctx: &Context) -> Result<(), CliError> {
        let repo = ctx.repo()?;
        let Some(remote) = sync::known_remote(repo)? else { return Ok(()) };
        let waiting = sync::unshared(repo, &remote)?.unwrap_or_default();
        let completed = waiting.iter().find_map(|entry| match &entry.operation.as_ref()?.action {
            Action::Complete { task, .. } => Some(task),
            _ => None,
        });
        completed.map_or(Ok(()), |task| Sharing::hear(ctx, task.as_str()))
    }

    /// Try an act; when it is refused because of something that no remote has confirmed yet (another process of this
    /// clone has just taken the task and may still lose it, or one was killed before it heard), have that decided first
    /// and try again.
    pub(crate) fn settled<T>(
        &self,
        ctx: &Context,
        mut act: impl FnMut() -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        for _ in 0..SETTLING {
            match act() {
                Err(error) if (error.exit == Exit::Negative || error.code == STARTED) && self.settle(ctx) => {}
                result => return result,
            }
        }
        act()
    }

    /// Share what waits; whether there was anything, and the remote has decided about it.
    pub(crate) fn settle(&self, ctx: &Context) -> bool {
        let (Some(remote), Ok(repo)) = (&self.remote, ctx.repo()) else { return false };
        let waiting = sync::unshared(repo, &remote.name).ok().flatten().unwrap_or_default();
        let share = || sync::sync(repo, &ctx.world, remote, &Request::brief(Direction::Both));
        !waiting.is_empty() && telling(ctx, None, share).is_ok()
    }

    /// After it was written: the remote decides. An error says that it is not acknowledged.
    pub(crate) fn confirm(&self, ctx: &Context, operation: &Operation) -> Result<(), CliError> {
        if self.is_provisional {
            ctx.ui.note("provisional: no remote has confirmed it; git agents sync shares it");
        }
        let Some(remote) = &self.remote else { return Ok(()) };
        let repo = ctx.repo()?;
        match telling(ctx, Some(operation), || sync::confirm(repo, &ctx.world, remote, operation))? {
            Confirmed::Won => Ok(()),
            Confirmed::Lost { why: Some(rule) } => Err(rule.into()),
            Confirmed::Lost { why: None } => {
                let message = format!("somebody else was faster, and is done already: {}", operation.action.sentence());
                Err(CliError::new(Exit::Negative, "task-held", message).hint("the same command again"))
            }
        }
    }
}

/// Whether an exclusive act was written here that no remote has confirmed: offline, or by a process that was killed. That
/// it is done already is no answer before that is decided.
fn waits_for_a_decision(repo: &Repository, remote: &Remote) -> bool {
    let waiting = sync::unshared(repo, &remote.name).ok().flatten().unwrap_or_default();
    waiting.iter().filter_map(|entry| entry.operation.as_ref()).any(|operation| match &operation.action {
        Action::Assign { .. } | Action::Start { .. } | Action::AddAgents { .. } => true,
        Action::Claim { claims, .. } => claims.iter().any(|claim| claim.exclusive),
        _ => false,
    })
}

/// Warn of what is rejected meanwhile, but for the operation that the command is about.
fn telling<T>(ctx: &Context, about: Option<&Operation>, act: impl FnOnce() -> T) -> T {
    let now = || ctx.repo().ok().and_then(|repo| sync::rejected(repo).ok()).unwrap_or_default();
    let before = now();
    let result = act();
    let is_own = |one: &sync::RejectedOperation| about.is_some_and(|operation| one.id.as_ref() == Some(&operation.id));
    for one in now().iter().filter(|one| !before.contains(one) && !is_own(one)) {
        ctx.ui.warn(&format!("rejected by what others did first: {}: {}", one.sentence, one.reason));
    }
    result
}

/// Where the chain stood before a command.
#[derive(Debug)]
pub(crate) enum Before {
    /// It writes nothing.
    Reads,
    /// It may write, on this tip.
    MayWrite(Option<ObjectId>),
}

/// Look at the chain before a command that may write.
pub(crate) fn before(ctx: &Context, command: &Command) -> Before {
    use Command::{Claims, Completions, Conflicts, Demo, Doctor, Log, Man, MergeOrder, Ready, Status, Sync};
    match command {
        Claims(_) | Completions(_) | Conflicts(_) | Demo(_) | Doctor(_) | Log(_) | Man(_) | MergeOrder(_)
        | Ready(_) | Status(_) | Sync(_) => Before::Reads,
        _ => ctx.repo().ok().and_then(|repo| store::tip(repo).ok()).map_or(Before::Reads, Before::MayWrite),
    }
}

/// After a command that has written: what waits is shared when it has waited long enough. The command is done in any
/// case, so what stands in the way is only told to who wants to know.
pub(crate) fn ride_along(ctx: &Context, before: &Before) {
    let (Ok(repo), Before::MayWrite(before)) = (ctx.repo(), before) else { return };
    let has_written = store::tip(repo).is_ok_and(|tip| tip != *before);
    if !has_written || !matches!(sync::mode(repo), Ok(Mode::Auto)) || !sync::is_due(repo, &ctx.world) {
        return;
    }
    let shared = || {
        let remote = sync::remote(repo, None)?;
        let request = Request { patience: std::time::Duration::from_secs(10), ..Request::brief(Direction::Both) };
        sync::sync(repo, &ctx.world, &remote, &request)
    };
    let result: Result<_, SyncError> = telling(ctx, None, shared);
    if let Err(error) = result {
        ctx.ui.detail(&format!("not shared yet: {error}"));
    }
}
