//! A branch of this clone that only an agent's document names: nobody here has given it to that agent.

use git_agents::agent::Agent;
use git_agents::config::Target;
use git_agents::git::refs;
use git_agents::work::taken;

use crate::context::Context;
use crate::error::{CliError, quoted};

/// Refuse to land or to rewrite such a branch.
pub(crate) fn refuse_stranger(ctx: &Context, agent: &Agent, target: &Target) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    let Some(tip) = refs::read(repo, &format!("refs/heads/{}", agent.branch))? else { return Ok(()) };
    if taken::is_agents(repo, agent, tip, target.commit)? {
        return Ok(());
    }
    let (name, branch) = (&agent.name, &agent.branch);
    let message = format!("{branch} was not made for {name} in this clone, and has what nobody has published");
    Err(CliError::refused("branch-not-taken", message)
        .hint(format!("git log {}..{}", quoted(&target.branch), quoted(branch)))
        .hint(format!("git agents init {name}, when that is {name}'s work"))
        .hint(format!("git branch -m {} OTHER, when it is not", quoted(branch))))
}
