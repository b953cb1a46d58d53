//! `git agents cleanup`

use std::collections::BTreeMap;
use std::path::Path;

use chrono::TimeDelta;
use clap::Args;
use git_agents::agent::AgentName;
use git_agents::config::{self, Target};
use git_agents::duration;
use git_agents::execute::batch;
use git_agents::git::{Repository, identity, refs};
use git_agents::run::clean;
use git_agents::store::{Scope, Snapshot, StoreError};
use git_agents::task::TaskId;
use git_agents::work::backups;
use git_agents::work::cleanup::{self, Fate, Going, Looked, Wanted};
use git_agents::work::recover::Told;
use git_agents::work::remote_branches::{self, Deleted, RemoteFate, Upstream};
use git_agents::work::removal::RemovalError;
use git_agents::worktree::ready::{Commands, Event, Phase, Ran};

use super::complete_values::agent_names;
use super::narrator::Narrator;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit, removal_refused};
use crate::render::style::{counted, listed};
use crate::view::backups::BackupsView;
use crate::view::cleanup::{CleanupView, KeptView, RemoteView, RemovedAgent, keeps_view};
use crate::view::prepared::RanView;
use crate::view::runs_cleaned::RunsCleanedView;

/// Remove the worktrees and branches of agents whose work has landed.
///
/// An agent goes when all that its branch has is proven to be in the target, its worktree holds nothing else, and it has
/// no task. Every other one stays, and why is said. Nothing is forced, and `git agents undo` brings the last one back.
/// Without names all agents are looked at, but those that were never at work are left alone.
#[derive(Debug, Args)]
pub(crate) struct CleanupArgs {
    /// The agents; exit status 1 when one of them has to stay.
    #[arg(value_name = "AGENT", add = agent_names())]
    agents: Vec<String>,
    /// Show what would go and by what proof, what stays and why, and do nothing.
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Delete the agents' branches on their remotes as well, where what they hold has landed.
    #[arg(long)]
    remote: bool,
    /// Do not run the commands of agents.teardown before.
    #[arg(long)]
    no_teardown: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Delete old backups instead; those that undo needs stay.
    #[arg(long, group = "old", conflicts_with_all = ["agents", "remote"])]
    backups: bool,
    /// Delete what is kept of old runs instead, their output above all, and of batches that are over; the last run of every
    /// agent stays.
    #[arg(long, group = "old", conflicts_with_all = ["agents", "remote"])]
    runs: bool,
    /// How old a backup or a run has to be to go: 12h, 7d, 2w [default: 30d, and 7d for runs].
    #[arg(long, value_name = "DURATION", requires = "old", value_parser = age)]
    older_than: Option<TimeDelta>,
}

pub(crate) fn run(ctx: &Context, args: &CleanupArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    let finished = if args.dry_run { Vec::new() } else { ctx.recover()? };
    if args.backups {
        return clean_backups(ctx, args);
    }
    if args.runs {
        return clean_runs(ctx, args);
    }
    let here = ctx.absolute(Path::new("."))?;
    let (named, teardown) = (!args.agents.is_empty(), !args.no_teardown);
    let around = Around { ctx, repo, here: &here, named, teardown };
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    // An interrupted cleanup that has just been finished was this one: who went with it is no mistake.
    let known = |name: &String| known_agent(&snapshot.state, name);
    let is_just_gone = |name: &&String| {
        let backup = |told: &Told| format!("{}{}/{name}", backups::FOLDER, told.id);
        let went = |told: &Told| refs::read(repo, &backup(told)).is_ok_and(|found| found.is_some());
        known(name).is_err() && finished.iter().any(went)
    };
    let agents: Vec<AgentName> = match around.named {
        true => args.agents.iter().filter(|name| !is_just_gone(name)).map(known).collect::<Result<_, _>>()?,
        false => snapshot.state.agents.keys().cloned().collect(),
    };
    let looked = around.survey(&target, &snapshot, &agents)?;
    let remotes = if args.remote { around.ask_remotes(&target, &looked)? } else { BTreeMap::new() };
    let going = looked.iter().any(|one| matches!(one.fate, Fate::Goes(_)));
    if going && !args.dry_run {
        ctx.ui.confirm(&question(&looked, &remotes), args.yes)?;
    }
    let mut view = CleanupView::new(&target, args.dry_run);
    let remotes = if args.dry_run { planned(remotes) } else { around.delete_on_remotes(remotes) };
    for one in &looked {
        match &one.fate {
            Fate::Stays(keeps) => view.kept.push(keeps_view(one, keeps, &target)),
            Fate::Goes(going) => {
                view.add_remote(&one.name, &remotes, &target);
                if let Some(error) = still_there(&one.name, &remotes) {
                    view.kept.push(KeptView::failed(one, error));
                } else if args.dry_run {
                    view.removed.push(RemovedAgent::new(going, &one.branch, None));
                } else {
                    around.clean(one, &mut view)?;
                }
            }
        }
    }
    if args.dry_run && view.removed.iter().any(|one| one.worktree.is_some()) {
        view.would_run = around.teardown_commands()?;
    }
    ctx.ui.answer(&view)?;
    Ok(view.exit(around.named))
}

fn age(text: &str) -> Result<TimeDelta, String> {
    let age = duration::parse(text).map_err(|error| error.to_string())?;
    TimeDelta::from_std(age).map_err(|error| error.to_string())
}

/// Who is asked about, in one line: every name that would go.
fn question(looked: &[Looked], remotes: &Remotes) -> String {
    let names: Vec<&str> =
        looked.iter().filter(|one| matches!(one.fate, Fate::Goes(_))).map(|one| one.name.as_str()).collect();
    let there: Vec<String> = remotes
        .values()
        .filter(|(_, fate)| matches!(fate, RemoteFate::Goes { .. }))
        .map(|(upstream, _)| format!("{}'s {}", upstream.remote, upstream.branch.trim_start_matches("refs/heads/")))
        .collect();
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    let there = if there.is_empty() { String::new() } else { format!(", and delete {}", listed(&there)) };
    let theirs = if names.len() == 1 { "its worktree and branch" } else { "their worktrees and branches" };
    format!("Remove {} with {theirs}{there}?", listed(&names))
}

/// What was found on the remotes, by agent.
type Remotes = BTreeMap<AgentName, (Upstream, RemoteFate)>;
/// The same, and how deleting ended where it was tried.
type Ended = BTreeMap<AgentName, (Upstream, RemoteFate, Option<Deleted>)>;

fn planned(remotes: Remotes) -> Ended {
    remotes.into_iter().map(|(name, (upstream, fate))| (name, (upstream, fate, None))).collect()
}

/// Why an agent stays when its branch on the remote was to go and could not: the next cleanup has to find it.
fn still_there(name: &AgentName, remotes: &Ended) -> Option<CliError> {
    let (upstream, fate, deleted) = remotes.get(name)?;
    let has_failed = matches!(fate, RemoteFate::Unreachable { .. }) || matches!(deleted, Some(Deleted::Failed { .. }));
    let message = format!("its branch is still on {}", upstream.remote);
    let error = CliError::new(Exit::Outside, "remote-failed", message);
    has_failed
        .then(|| error.hint(format!("git agents cleanup {name} --remote")).hint(format!("git agents cleanup {name}")))
}

/// What every step needs.
struct Around<'c> {
    ctx: &'c Context,
    repo: &'c Repository,
    here: &'c Path,
    named: bool,
    teardown: bool,
}

impl Around<'_> {
    fn survey(&self, target: &Target, snapshot: &Snapshot, agents: &[AgentName]) -> Result<Vec<Looked>, CliError> {
        Ok(cleanup::survey(self.repo, target, snapshot, &Wanted { agents, named: self.named, here: self.here })?)
    }

    fn ask_remotes(&self, target: &Target, looked: &[Looked]) -> Result<Remotes, CliError> {
        let going: Vec<&Looked> = looked.iter().filter(|one| matches!(one.fate, Fate::Goes(_))).collect();
        let asked: Vec<_> = going.iter().map(|one| (one.branch.as_str(), &one.past)).collect();
        let fates = remote_branches::survey(self.repo, target, &asked).map_err(cleanup::CleanupError::from)?;
        let found = going.iter().zip(fates).filter_map(|(one, fate)| Some((one.name.clone(), fate?)));
        Ok(found.collect())
    }

    /// First there and then here: a kill in between leaves agents that the next cleanup finds.
    fn delete_on_remotes(&self, remotes: Remotes) -> Ended {
        let mut by_remote: BTreeMap<&str, Vec<(&AgentName, &str, gix::ObjectId)>> = BTreeMap::new();
        for (name, (upstream, fate)) in &remotes {
            if let RemoteFate::Goes { tip, .. } = fate {
                by_remote.entry(&upstream.remote).or_default().push((name, &upstream.branch, *tip));
            }
        }
        let mut results: BTreeMap<AgentName, Deleted> = BTreeMap::new();
        for (remote, branches) in by_remote {
            let wanted: Vec<_> = branches.iter().map(|(_, branch, tip)| (*branch, *tip)).collect();
            let deleted = remote_branches::delete(self.repo, remote, &wanted);
            results.extend(branches.iter().map(|(name, ..)| (*name).clone()).zip(deleted));
        }
        let ended = |(name, (upstream, fate)): (AgentName, (Upstream, RemoteFate))| {
            let result = results.remove(&name);
            (name, (upstream, fate, result))
        };
        remotes.into_iter().map(ended).collect()
    }

    /// Look again at one agent, and take it away when it still may go.
    fn clean(&self, one: &Looked, view: &mut CleanupView) -> Result<(), CliError> {
        let target = config::target(self.repo)?;
        let snapshot = self.ctx.load(&Scope::open())?;
        let again = self.survey(&target, &snapshot, std::slice::from_ref(&one.name))?;
        match again.into_iter().next() {
            // Somebody else has removed it meanwhile.
            None => {}
            Some(Looked { fate: Fate::Stays(keeps), .. }) => view.kept.push(keeps_view(one, &keeps, &target)),
            Some(Looked { fate: Fate::Goes(going), .. }) => self.take_away(one, &going, view),
        }
        Ok(())
    }

    /// What runs in a worktree before it goes.
    fn teardown_commands(&self) -> Result<Vec<String>, CliError> {
        Ok(if self.teardown { Commands::of(self.repo, Phase::Teardown)?.commands } else { Vec::new() })
    }

    fn teardown(&self, going: &Going) -> Result<Vec<Ran>, RemovalError> {
        if !self.teardown {
            return Ok(Vec::new());
        }
        let narrator = Narrator::new(&self.ctx.ui, 1, self.ctx.ui.spinner());
        let observer = |agent: &AgentName, event: Event<'_>| narrator.tell(agent, &event);
        let ran = cleanup::teardown(self.repo, &self.ctx.world, going, &observer);
        narrator.done();
        ran
    }

    fn take_away(&self, one: &Looked, going: &Going, view: &mut CleanupView) {
        let removed =
            self.teardown(going).and_then(|ran| Ok((ran, cleanup::remove(self.repo, &self.ctx.world, going)?)));
        match removed {
            Ok((ran, removed)) => {
                if removed.as_ref().is_some_and(|removed| !removed.branch_deleted) {
                    self.ctx.ui.warn(&format!("{} has moved in this very moment, and stays", one.branch));
                }
                let teardown = RanView::all(&ran);
                view.removed.push(RemovedAgent { teardown, ..RemovedAgent::new(going, &one.branch, removed.as_ref()) });
            }
            Err(error) => {
                let mut error = removal_refused(self.repo, &one.name, error);
                // One line an agent; what a command wrote is in its log.
                error.message = error.message.lines().next().unwrap_or_default().to_owned();
                view.has_failed |= error.exit == Exit::Outside;
                view.kept.push(KeptView::failed(one, error));
            }
        }
    }
}

fn clean_backups(ctx: &Context, args: &CleanupArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let age = args.older_than.unwrap_or(backups::DEFAULT_AGE);
    let all = backups::survey(repo, ctx.world.now, age)?;
    let old: Vec<_> = all.iter().filter(|backup| backup.kept.is_none()).collect();
    if !args.dry_run && !old.is_empty() {
        let only = old.iter().filter(|backup| backup.is_only_here).count();
        let rest = if only == 0 { String::new() } else { format!(" ({only} with what nothing else holds)") };
        ctx.ui.confirm(&format!("Delete {}{rest}?", counted(old.len(), "backup")), args.yes)?;
        let signature = identity::committer(repo, ctx.world.now).ok_or(StoreError::NoIdentity)?;
        backups::delete(repo, &old, &signature)?;
    }
    ctx.ui.answer(&BackupsView::new(&all, args.dry_run))?;
    Ok(Exit::Good)
}

fn clean_runs(ctx: &Context, args: &CleanupArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    super::runs::settle_quietly(ctx)?;
    let age = args.older_than.map_or(clean::DEFAULT_AGE, |age| age.to_std().unwrap_or_default());
    let survey = clean::survey(repo, ctx.world.now, age)?;
    let state = ctx.load(&Scope::open())?.state;
    let is_open = |id: &TaskId| state.tasks.get(id).is_some_and(|task| !task.state.is_closed());
    let batches = batch::over(repo, ctx.world.now, age, is_open);
    for run in &survey.alive {
        let agent = &run.plan().agent;
        ctx.ui.warn(&format!(
            "a run of {agent} stays: it has processes that are alive; git agents kill {agent} ends them"
        ));
    }
    let view = RunsCleanedView::new(&survey, batches.len(), args.dry_run);
    if !args.dry_run && view.is_any() {
        ctx.ui.confirm(&format!("Delete what is kept of {}?", view.subject()), args.yes)?;
        clean::delete(repo, &survey)?;
        for name in &batches {
            batch::forget(repo, name)?;
        }
    }
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}

impl CleanupView {
    /// What became of the agent's branch on its remote; one that is absent there is no news.
    fn add_remote(&mut self, name: &AgentName, remotes: &Ended, target: &Target) {
        if let Some((upstream, fate, deleted)) = remotes.get(name) {
            self.remote.extend(RemoteView::new(name, upstream, fate, deleted.as_ref(), target));
        }
    }
}
