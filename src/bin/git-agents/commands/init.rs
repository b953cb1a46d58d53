//! `git agents init`

use std::path::{Path, PathBuf};

use clap::Args;
use git_agents::agent::{Agent, AgentName, is_branch_name};
use git_agents::config;
use git_agents::git::worktrees::{self, Worktree};
use git_agents::git::{Git, refs};
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::work::elsewhere::{Elsewhere, short};
use git_agents::work::enrol::{self, EnrolError, Enrolment, Making};
use git_agents::work::overview::{AgentOverview, TargetVerdict};
use git_agents::work::place::{self, Place, Standing};
use git_agents::work::taken;
use git_agents::worktree::create::CreateError;
use git_agents::worktree::ready::Event;
use gix::ObjectId;

use super::complete_values::branch_names;
use super::enrolling::{SetupArg, confirmed, warn_of_setup};
use super::narrator::Narrator;
use super::stranger::refuse_stranger;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit, quoted};
use crate::sharing::{OfflineArg, Sharing};
use crate::view::agent::{BUSY, Trouble, troubles};
use crate::view::enrolled::EnrolledView;
use crate::view::prepared::prepared_warnings;

/// Register agents and make a branch and a worktree for each.
///
/// Run again, it adds what is missing and changes nothing else. The worktrees go to ../REPOSITORY-worktrees/NAME
/// unless `--worktrees` or agents.worktrees names another folder. New ones get the ignored files that .worktreeinclude
/// names, and the commands of agents.setup are run in them.
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
    #[command(flatten)]
    setup: SetupArg,
    #[command(flatten)]
    offline: OfflineArg,
}

/// So often somebody else may register the same names at the same moment.
const TRIES: usize = 5;

/// What is to be made, and how.
struct Plan {
    target: config::Target,
    folder: PathBuf,
    prefix: String,
    /// Written to git's configuration once everything is made.
    settings: Vec<(&'static str, String)>,
}

pub(crate) fn run(ctx: &Context, args: &InitArgs) -> Result<Exit, CliError> {
    ctx.repo()?.require_git()?;
    ctx.recover()?;
    for _ in 0..TRIES {
        if let Some(exit) = try_once(ctx, args)? {
            return Ok(exit);
        }
    }
    Err(CliError::new(Exit::Negative, "agent-exists", "others have registered such agents first, again and again")
        .hint("the same command again"))
}

/// None when another clone was faster to register one of them: it is there now.
fn try_once(ctx: &Context, args: &InitArgs) -> Result<Option<Exit>, CliError> {
    let InitArgs { names, agents, target, worktrees, prefix, setup, offline } = args;
    let repo = ctx.repo()?;
    let mut snapshot = ctx.load(&Scope::open())?;
    let wanted = wanted_names(&snapshot.state, names, *agents)?;
    let is_new = |state: &State, name: &AgentName| !state.agents.contains_key(name);
    let sharing = match wanted.iter().any(|name| is_new(&snapshot.state, name)) {
        true => Sharing::of_new_agents(ctx, *offline)?,
        false => Sharing::with_nobody(),
    };
    let before = std::mem::replace(&mut snapshot, ctx.load(&Scope::open())?);
    for name in wanted.iter().filter(|name| is_new(&before.state, name) && !is_new(&snapshot.state, name)) {
        ctx.ui.note(&format!("another clone has registered {name}, which gets a branch and a worktree here, too"));
    }
    let plan = plan(ctx, target.as_deref(), worktrees.clone(), prefix.clone())?;
    let is_named = !names.is_empty() || agents.is_some();
    let enrolments = missing(ctx, &snapshot.state, &wanted, is_named, &plan)?;
    let before: Vec<_> = plan.settings.iter().map(|(key, _)| (*key, repo.config(key))).collect();
    // Nothing was made, so nothing is to be configured either.
    let restore = || {
        for (key, value) in &before {
            drop(value.as_ref().map_or_else(|| config::unset(repo, key), |value| config::set(repo, key, value)));
        }
    };
    for (key, value) in &plan.settings {
        config::set(repo, key, value)?;
    }
    if !enrolments.is_empty() {
        warn_of_setup(ctx, *setup)?;
    }
    let bar = ctx.ui.progress(enrolments.len(), "worktrees");
    let narrator = Narrator::new(&ctx.ui, enrolments.len(), bar.clone());
    let observer = |agent: &AgentName, event: Event<'_>| narrator.tell(agent, &event);
    let made = |name: &AgentName| {
        bar.set_message(name.to_string());
        bar.inc(1);
    };
    let making = Making { with_setup: !setup.no_setup, observer: &observer, made: &made };
    let enrolling = enrol::enrol(repo, &ctx.world, &enrolments, making);
    narrator.done();
    let enrolling = enrolling.map_err(|error| {
        restore();
        failed(&snapshot.state, error)
    })?;
    let enrolled = match confirmed(ctx, &sharing, enrolling) {
        Ok(enrolled) => enrolled,
        Err(unconfirmed) => {
            if !unconfirmed.is_recorded {
                restore();
            }
            return if unconfirmed.error.code == "agent-exists" { Ok(None) } else { Err(unconfirmed.error) };
        }
    };
    for complaint in enrolled.iter().filter_map(|one| one.complaint.as_ref()) {
        ctx.ui.warn(&format!("a hook failed after the worktree was made: {complaint}"));
    }
    prepared_warnings(enrolled.iter().map(|one| &one.prepared)).iter().for_each(|warning| ctx.ui.warn(warning));
    for agent in wanted.iter().filter(|_| is_named).filter_map(|name| snapshot.state.agents.get(name)) {
        taken::note(repo, &agent.name, &agent.branch);
    }
    let there = wanted.iter().filter(|name| !enrolled.iter().any(|one| one.name == **name));
    let unchanged = there.map(ToString::to_string).collect();
    ctx.ui.answer(&EnrolledView::new(plan.target.branch, &enrolled, unchanged))?;
    Ok(Some(Exit::Good))
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

/// What has yet to be made for the wanted agents. Refused while something else is where one is to be made.
fn missing(
    ctx: &Context,
    state: &State,
    wanted: &[AgentName],
    is_named: bool,
    plan: &Plan,
) -> Result<Vec<Enrolment>, CliError> {
    let repo = ctx.repo()?;
    let all = worktrees::list(repo)?;
    let elsewhere = Elsewhere::of(repo);
    let (mut enrolments, mut forgotten) = (Vec::new(), Vec::new());
    for name in wanted {
        let registered = state.agents.get(name);
        let branch = registered.map_or_else(|| format!("{}{name}", plan.prefix), |agent| agent.branch.clone());
        let tip = refs::read(repo, &format!("refs/heads/{branch}"))?;
        // Only who names the agent says that the branch which its document names is its own.
        if let Some(agent) = registered.filter(|_| !is_named)
            && let Err(error) = refuse_stranger(ctx, agent, &plan.target)
        {
            ctx.ui.warn(&format!("{name} is left out: {}; {}", error.message, error.hints.join("; ")));
            continue;
        }
        // The agent of another clone goes on where it left off.
        let theirs = match registered.filter(|_| tip.is_none()) {
            Some(agent) => elsewhere.tip(repo, agent)?.inspect(|_| {
                let seen = elsewhere.tracking(agent).unwrap_or_default();
                ctx.ui.note(&format!("{name} goes on from {}", short(&seen)));
            }),
            None => None,
        };
        let place = place::read(repo, name);
        if let Some(agent) = registered {
            let standing = place::standing(repo, &all, agent);
            if let Some(trouble) = beyond_init(plan, state, agent, &standing, tip) {
                return Err(CliError::refused(trouble.kind, trouble.message).hint(trouble.hint));
            }
            let has_place = matches!(standing, Standing::At(_)) || place == Some(Place::Nowhere);
            if tip.is_some() && has_place {
                continue;
            }
            if let Standing::Missing { known: Some(known), .. } = standing
                && !known.is_main
            {
                may_be_forgotten(name, known)?;
                forgotten.push(known);
            }
        }
        let path = match place {
            // It wants none, and only its branch is gone.
            Some(Place::Nowhere) if registered.is_some() => None,
            Some(Place::At(path)) => Some(path),
            _ => Some(plan.folder.join(name.as_str())),
        };
        if let Some(path) = &path {
            check_text(path, "git agents init --worktrees DIR")?;
        }
        enrolments.push(Enrolment {
            name: name.clone(),
            branch,
            start: tip.or(theirs).unwrap_or(plan.target.commit),
            // A branch that nobody registered is somebody's: it is not taken without being told to.
            existing: registered.is_some() && tip.is_some(),
            worktree: path,
            registered: registered.is_some(),
        });
    }
    // Deleted by hand: git forgets them, as `git worktree prune` would, and new ones can be made.
    for worktree in forgotten {
        repo.git().args(["worktree", "remove", "--force", "--"]).arg(&worktree.path).stdout()?;
    }
    Ok(enrolments)
}

/// What is wrong with a registered agent that making what is missing would not mend.
fn beyond_init(
    plan: &Plan,
    state: &State,
    agent: &Agent,
    standing: &Standing<'_>,
    tip: Option<ObjectId>,
) -> Option<Trouble> {
    let last_commit = match standing {
        Standing::At(worktree) => place::last_commit(worktree),
        _ => None,
    };
    let seen = AgentOverview {
        name: agent.name.clone(),
        tip,
        seen_as: None,
        remote: None,
        last_commit,
        worktree: standing.clone().into(),
        is_resolving: false,
        ahead: None,
        behind: None,
        files: None,
        target: TargetVerdict::Clean,
    };
    let mut found = troubles(&plan.target, state, agent, &seen).into_iter();
    found.find(|trouble| !trouble.init_helps && trouble.kind != BUSY)
}

/// Whether git may forget a worktree whose folder is missing: it may have been moved, and what is staged is in git's
/// own folder.
fn may_be_forgotten(name: &AgentName, worktree: &Worktree) -> Result<(), CliError> {
    let path = worktree.path.display().to_string();
    let refused =
        |what: &str| CliError::refused("worktree-gone", format!("{name}'s worktree is gone from {path}, {what}"));
    if worktree.locked.is_some() {
        return Err(refused("and is locked").hint(format!("git worktree unlock {}", quoted(&path))));
    }
    let Some(git_dir) = worktree.git_dir.as_ref().filter(|git_dir| git_dir.join("index").exists()) else {
        return Ok(());
    };
    let child =
        Git::at(git_dir).arg("--git-dir").arg(git_dir).args(["diff-index", "--cached", "--quiet", "HEAD", "--"]);
    // Without a commit to compare with, there is nothing that a commit would have been made of either.
    if worktree.operation.is_none() && (worktree.head.is_none() || child.run()?.status.success()) {
        return Ok(());
    }
    Err(refused("with work that git has of it still").hint("git worktree repair PATH").hint("git worktree prune"))
}

/// Why nobody was enrolled. What helps to register an agent does not help one that is registered.
fn failed(state: &State, error: EnrolError) -> CliError {
    let message = error.to_string();
    match error {
        EnrolError::Create { name, source } if state.agents.contains_key(&name) => match source {
            CreateError::PathOccupied { path } => {
                let path = path.display().to_string();
                let away = format!("mv {} {}", quoted(&path), quoted(&format!("{path}.old")));
                CliError::refused("path-taken", message).hint(away)
            }
            CreateError::PathInside { .. } => {
                CliError::refused("path-taken", message).hint(format!("git agents init {name} --worktrees DIR"))
            }
            CreateError::NameClash { other, .. } => {
                let other = other.strip_prefix("refs/heads/").unwrap_or(&other).to_owned();
                CliError::refused("branch-clash", message).hint(format!("git branch -m {} OTHER", quoted(&other)))
            }
            CreateError::CheckedOut { .. } => CliError::refused("checked-out", message).hint("git worktree list"),
            source => EnrolError::Create { name, source }.into(),
        },
        error => error.into(),
    }
}

/// The journal can only name a path that is text: what it could not take back is not begun.
pub(crate) fn check_text(path: &Path, hint: &str) -> Result<(), CliError> {
    if path.to_str().is_some() {
        return Ok(());
    }
    let message = format!("{}: the path of a worktree must be UTF-8 text", path.display());
    Err(CliError::refused("path-not-text", message).hint(hint))
}
