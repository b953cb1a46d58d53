//! `git agents findings import`

use std::path::PathBuf;

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::finding::{Finding, FindingState, Severity};
use git_agents::state::{Action, State};
use git_agents::store::{Scope, Snapshot};
use serde::Deserialize;

use super::{free_id, invalid};
use crate::commands::task::read_input;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit};
use crate::render::style::counted;
use crate::view::done::IdsChanged;

/// Report many findings at once, all or none: a JSON array, or one JSON object a line.
///
/// Each has `severity`, `category` and `message`, and optionally `file`, `line`, `end_line`, `agent`, `task` and
/// `commit`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file to read; `-` is standard input.
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
}

/// One finding of the import. What is not known is an error: a misspelt field would be lost without a word.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    severity: Severity,
    category: String,
    #[serde(alias = "description")]
    message: String,
    file: Option<String>,
    line: Option<u32>,
    end_line: Option<u32>,
    agent: Option<String>,
    task: Option<String>,
    commit: Option<git_agents::agent::CommitId>,
}

pub(crate) fn run(ctx: &Context, args: &ImportArgs) -> Result<Exit, CliError> {
    let text = read_input(ctx, &args.file)?;
    let items = parse(&text)?;
    if items.is_empty() {
        return Err(CliError::usage("there is nothing to import: a JSON array or one JSON object a line is wanted"));
    }
    let snapshot = ctx.load(&Scope::open().with_findings())?;
    let here = ctx.agent_here(&snapshot.state);
    let findings = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            finding(ctx, &snapshot, here.as_ref(), item).map_err(|mut error| {
                error.message = format!("finding {}: {}; nothing was imported", index + 1, error.message);
                error
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let committed = ctx.transact(&Scope::open().with_findings(), |state, random| {
        Ok(Some(Action::AddFindings { findings: with_ids(state, random, &findings) }.into()))
    })?;
    if let Some(Action::AddFindings { findings }) = committed.map(|committed| committed.operation.action) {
        let ids: Vec<String> = findings.iter().map(|finding| finding.id.to_string()).collect();
        let sentence = format!("imported {}", counted(ids.len(), "finding"));
        ctx.ui.answer(&IdsChanged { ids, sentence })?;
    }
    Ok(Exit::Good)
}

fn parse(text: &str) -> Result<Vec<Item>, CliError> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|error| CliError::usage(format!("{error}; nothing was imported")));
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line)
                .map_err(|error| CliError::usage(format!("line {}: {error}; nothing was imported", index + 1)))
        })
        .collect()
}

fn finding(ctx: &Context, snapshot: &Snapshot, here: Option<&AgentName>, item: Item) -> Result<Finding, CliError> {
    let state = &snapshot.state;
    let agent = match item.agent.as_deref() {
        Some(name) => Some(known_agent(state, name)?),
        None => here.cloned(),
    };
    let task = match item.task.as_deref() {
        Some(text) => Some(ctx.task(snapshot, text)?),
        None => agent.as_ref().and_then(|agent| state.in_progress(agent)).map(|task| task.id.clone()),
    };
    let commit = match item.commit {
        Some(commit) => Some(commit),
        None => super::add::seen_at(ctx, state, agent.as_ref())?,
    };
    let finding = Finding {
        id: free_id(state, &mut fastrand::Rng::new()),
        agent,
        task,
        severity: item.severity,
        category: item.category,
        message: item.message,
        file: item.file,
        line: item.line,
        end_line: item.end_line,
        commit,
        state: FindingState::Open,
        created_at: ctx.world.now,
        resolved_at: None,
        extra: Default::default(),
    };
    finding.checked().map_err(|error| invalid(&error))
}

fn with_ids(state: &State, random: &mut fastrand::Rng, findings: &[Finding]) -> Vec<Finding> {
    let mut drawn = std::collections::BTreeSet::new();
    let id = |random: &mut fastrand::Rng, drawn: &mut std::collections::BTreeSet<_>| loop {
        let id = free_id(state, random);
        if drawn.insert(id.clone()) {
            return id;
        }
    };
    findings.iter().map(|finding| Finding { id: id(random, &mut drawn), ..finding.clone() }).collect()
}
