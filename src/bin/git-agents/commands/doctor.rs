//! `git agents doctor`

use clap::Args;
use git_agents::sync::{self, Support};
use git_agents::work::doctor::{Manner, examine, of_remote};

use super::complete_values::remote_names;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::doctor::DoctorView;

/// Check the repository, the state, worktrees, branches and leftovers.
///
/// Whatever is wrong is named, with how to mend it. Exit status 1 when something stays wrong.
///
/// With --remote it also finds out whether a remote can keep the state: a ref with an empty commit is pushed there
/// beside it (refs/agents/probe-…, and refs/heads/agents-probe-… when the first is not taken), looked at, and deleted.
/// What a probe that was interrupted has left there is deleted too. Exit status 4 when the remote cannot be asked.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Mend what can be mended without losing anything.
    #[arg(long)]
    fix: bool,
    /// Also apply every operation of the history anew, and compare.
    #[arg(long)]
    deep: bool,
    /// Also try whether this remote takes, shows and deletes such refs as the state is; without REMOTE the one that is
    /// synchronised with. It writes there, so it is never done unasked.
    #[arg(long, value_name = "REMOTE", num_args = 0..=1, add = remote_names())]
    remote: Option<Option<String>>,
}

pub(crate) fn run(ctx: &Context, args: &DoctorArgs) -> Result<Exit, CliError> {
    let DoctorArgs { fix, deep, remote } = args;
    let repo = ctx.repo()?;
    // First, since it clears away what an interrupted one has left.
    let probed = match remote {
        Some(named) => Some(sync::probe(repo, &ctx.world, &sync::remote(repo, named.as_deref())?)?),
        None => None,
    };
    let mut problems = examine(repo, &ctx.world, Manner { mend: *fix, deep: *deep });
    problems.extend(probed.as_ref().and_then(of_remote));
    let view = DoctorView::new(problems, probed.as_ref());
    ctx.ui.answer(&view)?;
    let is_out_of_reach = probed.is_some_and(|probed| matches!(probed.support, Support::Unreachable { .. }));
    Ok(match view.is_good() {
        true => Exit::Good,
        false if is_out_of_reach => Exit::Outside,
        false => Exit::Negative,
    })
}
