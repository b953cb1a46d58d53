//! `git agents guard`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::config;
use git_agents::git::Git;
use git_agents::store::Scope;
use git_agents::work::guard::{Question, guard};
use git_agents::world::World;
use gix::bstr::{BString, ByteSlice};

use super::complete_values::agent_names;
use super::guard_hook;
use super::in_repository::{in_repository, stored};
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit};
use crate::view::guard::GuardView;

/// Say whether an agent may change files: whether nobody else has claimed them exclusively.
///
/// Exit status 1 when somebody has, with who and why. Others' changes to the same files, committed or not, and shared
/// claims are named, and stop nothing. It is quick enough to be asked before every edit and every commit, so it looks
/// only at so much: what it has not looked at it says.
///
/// With --hook-json it answers agents' tools in their own way: as a `PreToolUse` hook of Claude Code or Codex, a
/// `BeforeTool` hook of Gemini CLI, or a `preToolUse` hook of Cursor, whose JSON it reads from standard input. It then
/// ends with status 0 and says no in its answer. A failure of its own never stops the tool (those stop at status 2
/// only) unless --strict says so. See also git agents hooks.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["paths", "staged", "hook_json"]))]
pub(crate) struct GuardArgs {
    /// The files and folders that are to be changed, from the folder that you are in.
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<OsString>,
    /// What is about to be committed; for a pre-commit hook.
    #[arg(long)]
    staged: bool,
    /// What the JSON on standard input says that an agent's tool is about to change.
    #[arg(long)]
    hook_json: bool,
    /// With --hook-json: stop the tool also when the question cannot be answered.
    #[arg(long, requires = "hook_json", conflicts_with_all = ["paths", "staged"])]
    strict: bool,
    /// Who wants to change them [default: the agent whose worktree it is].
    #[arg(long, value_name = "AGENT", add = agent_names())]
    agent: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &GuardArgs) -> Result<Exit, CliError> {
    if args.hook_json {
        return guard_hook::run(ctx, args.agent.as_deref(), args.strict);
    }
    let paths = if args.staged { staged(ctx)? } else { given(ctx, &args.paths)? };
    let mut view = judged(ctx, args.agent.as_deref(), None, &paths)?;
    view.is_silent = args.staged;
    ctx.ui.answer(&view)?;
    Ok(if view.allowed { Exit::Good } else { Exit::Negative })
}

/// The answer for these paths, from the top of the repository. Who asks is the agent that was named, else the one whose
/// worktree `ctx` is in, else the one whose worktree `from` is in.
pub(crate) fn judged(
    ctx: &Context,
    agent: Option<&str>,
    from: Option<&Context>,
    paths: &[BString],
) -> Result<GuardView, CliError> {
    let repo = ctx.repo()?;
    let snapshot = ctx.load(&Scope::claims())?;
    let state = &snapshot.state;
    let agent: Option<AgentName> = match agent {
        Some(name) => Some(known_agent(state, name)?),
        None => ctx.agent_here(state).or_else(|| from?.agent_here(state)),
    };
    let target = config::target(repo).ok();
    let question = Question { agent: agent.as_ref(), paths, at: ctx.world.now };
    let verdict = guard(repo, state, target.as_ref(), &question);
    Ok(GuardView::new(agent.as_ref(), paths, &verdict))
}

fn given(ctx: &Context, paths: &[OsString]) -> Result<Vec<BString>, CliError> {
    let repo = ctx.repo()?;
    if paths.iter().any(|path| path.is_empty()) {
        return Err(CliError::usage("an empty path names nothing").hint("git agents guard ."));
    }
    let found = paths.iter().map(|path| Ok(stored(repo, in_repository(ctx, repo, path.as_ref())?)));
    found.collect()
}

/// What is in the index and not in HEAD: in the index that git has given to its hook, which may be another than the
/// worktree's own.
fn staged(ctx: &Context) -> Result<Vec<BString>, CliError> {
    let repo = ctx.repo()?;
    let Some(top) = repo.worktree() else {
        return Err(CliError::usage("nothing can be staged in a bare repository").hint("git agents guard PATH…"));
    };
    let git = Git::at(top).arg("--git-dir").arg(repo.git_dir()).arg("--work-tree").arg(top).without_locks();
    let git = match World::variable("GIT_INDEX_FILE") {
        Some(index) => git.env("GIT_INDEX_FILE", ctx.absolute(&PathBuf::from(index))?),
        None => git,
    };
    let listed = git.args(["diff", "--cached", "--name-only", "--no-renames", "--no-ext-diff", "-z"]).stdout()?;
    Ok(listed.split_str("\0").filter(|path| !path.is_empty()).map(BString::from).collect())
}
