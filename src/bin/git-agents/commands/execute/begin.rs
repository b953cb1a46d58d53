//! Beginning with tasks: agents are enrolled where they are missing, then each task is started and its run begun.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git_agents::agent::{Agent, AgentName};
use git_agents::config;
use git_agents::execute::batch::Batch;
use git_agents::git::repository::path_text;
use git_agents::git::worktrees::{self, Worktree};
use git_agents::git::{Repository, hooks, status};
use git_agents::plan::Planned;
use git_agents::preset::Subject;
use git_agents::run::compose::{self, Ahead, ComposeError, Wanted, compose};
use git_agents::run::how::Known;
use git_agents::run::tmux::TmuxError;
use git_agents::run::{self, How, RunError};
use git_agents::state::{Action, Rejected, State};
use git_agents::store::Scope;
use git_agents::task::{Task, TaskId, TaskState};
use git_agents::work::enrol::{self, EnrolError, Enrolled, Enrolment, Making};
use git_agents::work::leases;
use git_agents::work::place::{self, Standing};

use super::Order;
use crate::commands::complete::shown_paths;
use crate::commands::enrolling::confirmed;
use crate::commands::run::begun;
use crate::commands::start::begin as start;
use crate::commands::terms::TermsArgs;
use crate::context::Context;
use crate::error::{CliError, quoted};
use crate::render::style::counted;
use crate::sharing::Sharing;
use crate::view::prepared::prepared_warnings;

/// What came of beginning.
#[derive(Debug)]
pub(super) enum Begun {
    /// Its run goes on.
    Runs { run: Box<run::Run>, model: Option<String> },
    /// As many run as may; it waits.
    Full { reason: String },
}

/// Why a task could not begin. It stays as it is: it is not its agent that has failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// What is to be run is wrong, for the others as well.
    Command(CliError),
    /// Something is in the way of this one.
    Task(CliError),
}

impl<E: Into<CliError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Task(error.into())
    }
}

impl Failure {
    pub(super) fn into_error(self) -> CliError {
        let (Failure::Command(error) | Failure::Task(error)) = self;
        error
    }
}

/// What a command wants to be run; that its agent has no worktree is no fault of the command.
fn wrong(error: ComposeError) -> Failure {
    match error {
        ComposeError::NoWorktree { .. } => Failure::Task(error.into()),
        _ => Failure::Command(error.into()),
    }
}

/// The agents that are not there, each with a branch and a worktree of its own.
pub(super) fn enrolments(repo: &Repository, state: &State, agents: &[&AgentName]) -> Result<Vec<Enrolment>, CliError> {
    let missing: BTreeSet<&AgentName> =
        agents.iter().copied().filter(|name| !state.agents.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let target = config::target(repo)?;
    let prefix = config::prefix(repo);
    let enrolment = |name: &AgentName| Enrolment {
        name: name.clone(),
        branch: format!("{prefix}{name}"),
        start: target.commit,
        existing: false,
        worktree: Some(config::worktree_path(repo, name)),
        registered: false,
    };
    Ok(missing.into_iter().map(enrolment).collect())
}

/// The worktrees in which nothing but git has been, by their agents.
pub(super) type Untouched = BTreeMap<AgentName, PathBuf>;

/// Make the agents that are not there. All of them, or none. Gives the worktrees that are as git has just made them.
pub(super) fn enrol(ctx: &Context, order: &Order, agents: &[&AgentName]) -> Result<Untouched, CliError> {
    let repo = ctx.repo()?;
    let enrolments = enrolments(repo, &ctx.load(&Scope::open())?.state, agents)?;
    if enrolments.is_empty() {
        return Ok(Untouched::new());
    }
    let sharing = Sharing::of_new_agents(ctx, order.offline)?;
    let enrolling = enrol::enrol(repo, &ctx.world, &enrolments, Making::silently(true)).map_err(not_made)?;
    let enrolled = confirmed(ctx, &sharing, enrolling)?;
    prepared_warnings(enrolled.iter().map(|one| &one.prepared)).iter().for_each(|warning| ctx.ui.warn(warning));
    for complaint in enrolled.iter().filter_map(|one| one.complaint.as_ref()) {
        ctx.ui.warn(&format!("a hook failed after the worktree was made: {complaint}"));
    }
    let is_untouched = |one: &&Enrolled| one.made_worktree && one.prepared.ran.is_empty();
    let made = enrolled.iter().filter(is_untouched).filter_map(|one| Some((one.name.clone(), one.worktree.clone()?)));
    Ok(made.filter(|(_, dir)| !hooks::exists(dir, "post-checkout")).collect())
}

/// Setting up cannot be left out here, but where an agent is made by itself.
fn not_made(error: EnrolError) -> CliError {
    let name = match &error {
        EnrolError::Ready { name, .. } => Some(name.clone()),
        _ => None,
    };
    let mut error: CliError = error.into();
    if let Some(name) = name {
        error.hints.retain(|hint| !hint.ends_with("--no-setup"));
        error = error.hint(format!("git agents agent add {name} --no-setup"));
    }
    error
}

/// The code of the refusal to begin where somebody has left something.
pub(super) const DIRTY: &str = "worktree-dirty";

/// What is uncommitted before an agent's first go at a task is not its work, and would count as such. What an attempt of
/// its own has left is.
pub(super) fn refuse_dirty(state: &State, name: &AgentName, id: &TaskId, worktree: &Worktree) -> Result<(), CliError> {
    let is_its_own = |task: &Task| task.attempts.iter().any(|attempt| attempt.agent == *name);
    if state.tasks.get(id).is_some_and(is_its_own) {
        return Ok(());
    }
    let status = status::status(worktree)?;
    if status.is_clean() {
        return Ok(());
    }
    let all = status.tracked().into_iter().chain(status.untracked.iter().chain(&status.embedded).map(AsRef::as_ref));
    let paths: Vec<String> = all.map(path_text).collect();
    let number = counted(paths.len(), "uncommitted path");
    let git = format!("git -C {}", quoted(&worktree.path.display().to_string()));
    Err(CliError::refused(DIRTY, format!("the worktree of {name} has {number} already: {}", shown_paths(&paths)))
        .hint(format!("{git} status"))
        .hint(format!("{git} add … && {git} commit")))
}

/// Begin with one task: the agent is there, and free. In a worktree that is `untouched` nothing is looked for: so soon
/// after a checkout git would have to read every file.
pub(super) fn begin(
    ctx: &Context,
    order: &Order,
    batch: &mut Batch,
    (planned, name): (&Planned, &AgentName),
    untouched: &Untouched,
) -> Result<Begun, Failure> {
    let repo = ctx.repo()?;
    if let Some(reason) = full(ctx)? {
        return Ok(Begun::Full { reason });
    }
    let scope = Scope::open().with_tasks([&planned.id]);
    let mut snapshot = ctx.load(&scope)?;
    let agent = agent(&snapshot.state, name)?.clone();
    let how = order.how_of(planned);
    let is_begun = |task: &&Task| task.state == TaskState::InProgress && task.agent.as_ref() == Some(name);
    let is_new = snapshot.state.tasks.get(&planned.id).filter(is_begun).is_none();
    if is_new {
        ready_for(repo, &snapshot.state, &agent, planned, &how, untouched)?;
        // Written down first: whoever comes after a kill knows that it is ours.
        batch.tasks.entry(planned.id.clone()).or_default().agent = Some(name.clone());
        batch.write(repo)?;
        let sharing = Sharing::begin(ctx, order.offline)?;
        snapshot = ctx.load(&scope)?;
        start(ctx, &sharing, &snapshot, name, &planned.id, &TermsArgs::default())?;
        snapshot = ctx.load(&scope)?;
    }
    let run = || {
        let missing = || Rejected::UnknownTask { id: planned.id.clone() };
        let task = snapshot.state.tasks.get(&planned.id).ok_or_else(missing)?;
        let batch = Some(order.batch.as_str());
        let wanted = Wanted { agent: &agent, task: Some(task), how: &how, prompt: None, resume: false, batch };
        let composed = compose(repo, &ctx.world, &snapshot.state, &wanted).map_err(wrong)?;
        match begun(repo, &ctx.world, &composed) {
            Ok((_, run)) => Ok(Begun::Runs { run: Box::new(run), model: composed.model }),
            // Somebody else was faster.
            Err(TmuxError::Run(error @ RunError::OverLimit { .. })) => Ok(Begun::Full { reason: error.to_string() }),
            Err(error) => Err(error.into()),
        }
    };
    let begun = run();
    // Nobody works on what nothing runs for.
    if is_new && !matches!(begun, Ok(Begun::Runs { .. })) {
        take_back(ctx, name, planned)?;
    }
    begun
}

/// The task that was begun just now is free again.
fn take_back(ctx: &Context, name: &AgentName, planned: &Planned) -> Result<(), CliError> {
    let action = Action::Unassign { agent: name.clone(), task: planned.id.clone() };
    ctx.transact(&Scope::open(), |_, _| Ok(Some(action.clone().into())))?;
    leases::forget(ctx.repo()?, name);
    Ok(())
}

/// What would be found wrong after the task was begun is found before.
fn ready_for(
    repo: &Repository,
    state: &State,
    agent: &Agent,
    planned: &Planned,
    how: &How,
    untouched: &Untouched,
) -> Result<(), Failure> {
    let new = planned.new_task("");
    let check = |dir: &Path| {
        let (subject, worktree) = (Subject::from(&new), Some(dir));
        let ahead = Ahead { agent: &agent.name, worktree, task: &planned.id, subject, how };
        compose::check(&Known::of(repo), &ahead).map(drop).map_err(wrong)
    };
    if let Some(dir) = untouched.get(&agent.name) {
        return check(dir);
    }
    let worktrees = worktrees::list(repo)?;
    let Standing::At(worktree) = place::standing(repo, &worktrees, agent) else {
        return Err(wrong(ComposeError::NoWorktree { agent: agent.name.clone() }));
    };
    check(&worktree.path)?;
    Ok(refuse_dirty(state, &agent.name, &planned.id, worktree)?)
}

/// Why no more may run; none when one may.
fn full(ctx: &Context) -> Result<Option<String>, CliError> {
    let repo = ctx.repo()?;
    let Some(limit) = run::start::limit(repo)? else { return Ok(None) };
    let live = run::all(repo)?.iter().filter(|run| run.is_live()).count();
    Ok((live >= limit).then(|| RunError::OverLimit { limit, live }.to_string()))
}

fn agent<'s>(state: &'s git_agents::state::State, name: &AgentName) -> Result<&'s Agent, CliError> {
    state.agents.get(name).ok_or_else(|| Rejected::UnknownAgent { name: name.clone() }.into())
}
