//! Agents and batches as the commands about runs take them: by name, or by a pattern; and what is said when there is no
//! such thing.

use git_agents::agent::AgentName;
use git_agents::execute::batch;
use git_agents::run::Run;
use git_agents::store::Scope;

use crate::context::{Context, agent_name};
use crate::error::{CliError, quoted, unknown_agent};

/// Whose runs are meant.
#[derive(Debug)]
pub(crate) struct Meant<'a> {
    pub(crate) text: &'a str,
    pub(crate) is_pattern: bool,
}

impl<'a> Meant<'a> {
    /// A name that an agent may have, or a pattern: `*` and `?` stand for letters.
    pub(crate) fn read(text: &'a str) -> Result<Self, CliError> {
        let is_pattern = text.contains(['*', '?', '[']);
        if !is_pattern {
            agent_name(text)?;
        }
        Ok(Meant { text, is_pattern })
    }

    pub(crate) fn all(texts: &'a [String]) -> Result<Vec<Self>, CliError> {
        texts.iter().map(|text| Meant::read(text)).collect()
    }

    /// Whether this agent is meant.
    pub(crate) fn is(&self, agent: &AgentName) -> bool {
        let mode = gix::glob::wildmatch::Mode::empty();
        match self.is_pattern {
            true => gix::glob::wildmatch(self.text.into(), agent.as_str().into(), mode),
            false => self.text == agent.as_str(),
        }
    }

    /// Say no when it can mean nobody: neither an agent nor a run of one that is there no more.
    pub(crate) fn check(&self, ctx: &Context, runs: &[Run]) -> Result<(), CliError> {
        if runs.iter().any(|run| self.is(&run.plan().agent)) {
            return Ok(());
        }
        let text = self.text;
        match is_known(ctx, |agent| self.is(agent)) {
            true => Ok(()),
            false if self.is_pattern => Err(CliError::refused(
                "agent-not-found",
                format!("there is no agent whose name is like {}", quoted(text)),
            )
            .hint("git agents agent list")),
            false => Err(unknown_agent(text)),
        }
    }
}

/// What to say of an agent that has not what was asked for: that there is none of this name, or else this.
pub(crate) fn absent(ctx: &Context, agent: &AgentName, otherwise: CliError) -> CliError {
    if is_known(ctx, |known| known == agent) { otherwise } else { unknown_agent(agent.as_str()) }
}

/// Say no when no run belongs to a batch, and there is none of this name that could have had one.
pub(crate) fn check_batch(ctx: &Context, runs: &[Run], wanted: &str) -> Result<(), CliError> {
    let has_run = runs.iter().any(|run| run.plan().batch.as_deref() == Some(wanted));
    if has_run || batch::names(ctx.repo()?).iter().any(|name| name.as_str() == wanted) {
        return Ok(());
    }
    let message = format!("no run belongs to the batch {}", quoted(wanted));
    Err(CliError::refused("batch-not-found", message).hint("git agents runs --all --json"))
}

/// A state that cannot be read is no reason to say that somebody is not there.
fn is_known(ctx: &Context, is: impl Fn(&AgentName) -> bool) -> bool {
    ctx.load(&Scope::open()).map_or(true, |snapshot| snapshot.state.agents.keys().any(is))
}
