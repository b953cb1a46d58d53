//! Flags and configuration of a landing, resolved once.

use std::time::Duration;

use git_agents::check;
use git_agents::duration;
use git_agents::land::Strategy;

use super::MergeArgs;
use crate::context::Context;
use crate::error::CliError;

/// How a landing is to go.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) strategy: Option<Strategy>,
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
        let strategy = strategy.map(Strategy::from);
        Ok(Settings { strategy, checks, fetch: *fetch || *push, push: *push, wait: time(wait, "--wait")? })
    }
}
