//! `git agents resolve`

use clap::{Args, ValueEnum};
use git_agents::config;
use git_agents::git::merge_tree::Stages;
use git_agents::git::scratch::Scratch;
use git_agents::land::plan::StopPath;
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::work::packet::{Scene, packet};
use git_agents::work::resolve::record::Way;
use git_agents::work::resolve::{Asked, Begun, Waiting, begin};
use git_agents::work::{stacked, taken};

use super::complete_values::agent_names;
use super::stranger::refuse_stranger;
use crate::context::Context;
use crate::error::{CliError, Exit, unknown_agent};
use crate::view::packet::PacketView;
use crate::view::resolve::{ResolutionView, ResolveView};

/// Start git's own rebase or merge in an agent's worktree, where its branch conflicts with the target.
///
/// The conflicts wait there with git's usual markers, for the agent or a person: git add, and git rebase --continue or
/// git commit, as ever. Afterwards `git agents merge --continue` lands the branch, or `git agents merge --abort` goes
/// back to exactly how it was. Conflicts that git's rerere knows are not asked again. Exit status 1 when something
/// waits.
#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// The agent; may be left out in its worktree.
    #[arg(add = agent_names())]
    agent: Option<String>,
    /// With which command [default: rebase, or merge for a branch that contains merges].
    #[arg(short, long, value_name = "STRATEGY")]
    strategy: Option<WayArg>,
}

/// A command as the user types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WayArg {
    /// The branch's commits are replayed on the target, one by one.
    Rebase,
    /// The target is merged into the branch.
    Merge,
}

pub(crate) fn run(ctx: &Context, args: &ResolveArgs) -> Result<Exit, CliError> {
    let ResolveArgs { agent, strategy } = args;
    let repo = ctx.repo()?;
    repo.require_git()?;
    ctx.recover()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let name = ctx.agent(&snapshot.state, agent.as_deref())?;
    let agent = snapshot.state.agents.get(&name).ok_or_else(|| unknown_agent(name.as_str()))?;
    refuse_stranger(ctx, agent, &target)?;
    let way = strategy.map(|strategy| match strategy {
        WayArg::Rebase => Way::Rebase,
        WayArg::Merge => Way::Merge,
    });
    let asked = Asked { repo, world: &ctx.world, target: &target, state: &snapshot.state, agent, way };
    let begun = begin(&asked)?;
    taken::note(repo, &name, &agent.branch);
    match begun {
        Begun::Through(record) => {
            ctx.ui.answer(&ResolveView(ResolutionView::resolved(&record)))?;
            Ok(Exit::Good)
        }
        Begun::Waiting(waiting) => {
            let packet = packet_of(ctx, &target, &snapshot.state, &waiting);
            if let Err(error) = &packet {
                ctx.ui.warn(&format!("what both sides did cannot be shown: {}", error.message));
            }
            ctx.ui.answer(&ResolveView(ResolutionView::waiting(&waiting, packet.ok())))?;
            Ok(Exit::Negative)
        }
    }
}

/// What both sides did, as the worktree's index has it.
fn packet_of(ctx: &Context, target: &config::Target, state: &State, waiting: &Waiting) -> Result<PacketView, CliError> {
    let (repo, record) = (ctx.repo()?, &waiting.record);
    let scratch = Scratch::in_memory(repo)?;
    // The target may have moved since.
    let target = config::Target { commit: record.onto, ..target.clone() };
    let scene = Scene { repo, scratch: &scratch, state, target: &target, steps: &[] };
    let stopped: Vec<StopPath> = waiting
        .unmerged
        .iter()
        .map(|one| {
            let stages = match record.way {
                Way::Rebase => one.stages,
                Way::Merge => Stages { ours: one.stages.theirs, theirs: one.stages.ours, ..one.stages },
            };
            StopPath { path: one.path.clone(), kind: one.kind.clone(), stages }
        })
        .collect();
    let not_own = stacked::not_own(repo, &target, state, &record.agent, record.tip)?;
    Ok(PacketView::from(&packet(&scene, &record.agent, record.tip, &not_own, &stopped)?))
}
