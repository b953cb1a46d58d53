//! Flags and configuration of a landing, resolved once.

use std::time::Duration;

use git_agents::agent::AgentName;
use git_agents::check;
use git_agents::config::shared::{self, SharedFile};
use git_agents::config::trust;
use git_agents::duration;
use git_agents::land::Strategy;
use git_agents::state::State;
use git_agents::work::landing;
use git_agents::work::strategies::{Strategies, strategy_named};

use super::MergeArgs;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit};

/// How a landing is to go.
#[derive(Debug)]
pub(super) struct Settings {
    strategy: Vec<StrategyArg>,
    pub(super) trailers: bool,
    pub(super) checks: check::Settings,
    pub(super) fetch: bool,
    pub(super) push: bool,
    pub(super) wait: Duration,
}

impl Settings {
    pub(super) fn resolve(ctx: &Context, args: &MergeArgs) -> Result<Self, CliError> {
        let MergeArgs {
            agents: _,
            all: _,
            strategy,
            trailers,
            check,
            check_each,
            check_timeout,
            check_retries,
            no_check,
            fetch,
            push,
            wait,
            dry_run: _,
            resume: _,
            abort: _,
            yes: _,
        } = args;
        let time =
            |text: &str, flag: &str| duration::parse(text).map_err(|error| CliError::usage(format!("{flag}: {error}")));
        if let Some(empty) = check.iter().find(|command| command.trim().is_empty()) {
            return Err(CliError::usage(format!("--check {empty:?} is no command")).hint("git agents merge --no-check"));
        }
        let mut checks = check::settings::configured(ctx.repo()?)?;
        if let Ok(Some(file)) = shared::read(ctx.repo()?) {
            ctx.warn_of_commands(&file);
            if checks.commands.is_empty() && check.is_empty() && !*no_check {
                refuse_changed(ctx, &file)?;
            }
        }
        if !check.is_empty() {
            checks.commands.clone_from(check);
        }
        if *no_check {
            checks.commands.clear();
        }
        checks.each |= *check_each;
        if let Some(text) = check_timeout {
            checks.timeout = Some(time(text, "--check-timeout")?);
        }
        // No time at all is no limit: a check that may not run says nothing.
        checks.timeout = checks.timeout.filter(|limit| !limit.is_zero());
        checks.retries = check_retries.unwrap_or(checks.retries);
        let asked = *check_each || check_timeout.is_some() || check_retries.is_some();
        if asked && checks.commands.is_empty() {
            return Err(CliError::usage("nothing says what the check is")
                .hint("git agents merge --check CMD")
                .hint("git config agents.check CMD"));
        }
        let trailers = *trailers || git_agents::config::flag(ctx.repo()?, landing::TRAILERS_KEY);
        let (strategy, wait) = (strategy.clone(), time(wait, "--wait")?);
        Ok(Settings { strategy, trailers, checks, fetch: *fetch || *push, push: *push, wait })
    }

    /// What the flags and the configuration say of how branches land.
    pub(super) fn strategies(&self, ctx: &Context, state: &State) -> Result<Strategies, CliError> {
        let given = self.strategy.iter().map(|StrategyArg { agent, strategy }| {
            let agent = agent.as_deref().map(|name| known_agent(state, name)).transpose();
            let agent = agent.map_err(|error| CliError { exit: Exit::Usage, ..error })?;
            Ok((agent, *strategy))
        });
        let agents: Vec<AgentName> = state.agents.keys().cloned().collect();
        Ok(Strategies::resolve(ctx.repo()?, &agents, &given.collect::<Result<Vec<_>, CliError>>()?)?)
    }
}

/// Who has trusted a check once relies on it: that the file has changed is no reason to land unchecked.
fn refuse_changed(ctx: &Context, file: &SharedFile) -> Result<(), CliError> {
    let has_check = file.commands().any(|(key, _)| key == "agents.check");
    if file.is_trusted || !has_check || !trust::is_any(ctx.repo()?) {
        return Ok(());
    }
    let message = format!("{} has changed since it was trusted, so its check is not run", shared::FILE);
    Err(CliError::refused("check-untrusted", message)
        .hint("git agents trust --show")
        .hint("git agents trust")
        .hint("git agents merge --no-check, to land unchecked"))
}

/// A strategy as the user types it, for all or for one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StrategyArg {
    agent: Option<String>,
    strategy: Strategy,
}

pub(super) fn strategy_arg(text: &str) -> Result<StrategyArg, String> {
    let (agent, word) = match text.split_once('=') {
        Some((agent, word)) => (Some(agent.to_owned()), word),
        None => (None, text),
    };
    let strategy = strategy_named(word).ok_or("a strategy is rebase, merge or squash")?;
    Ok(StrategyArg { agent, strategy })
}
