//! What a document and an operation must be like to be believed: the rules that hold for whatever is read and written,
//! wherever it came from.
//!
//! The types see to names, ids and hours. What is left is here: texts, paths, dates, counts. A document that breaks a
//! rule counts as damaged for whoever reads it, and no operation writes one.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Utc};

use super::{Action, Document, Operation, State, Tally};
use crate::agent::{Agent, is_branch_name};
use crate::claim::Claim;
use crate::finding::{Finding, LineRange};
use crate::path::{InvalidPath, check_path};
use crate::task::{Attempt, PastRun, Task};
use crate::text::{self, InvalidText};

/// The rule that a document or an operation breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the facts that the sentence names")]
pub enum Unsound {
    /// A text is empty, too long, or holds what no text holds.
    #[error("its {field} cannot be used: {reason}")]
    Text { field: &'static str, reason: InvalidText },
    /// A path is absolute, leads out of the repository, or is something else on some system.
    #[error("the path {path:?} cannot be used: {reason}")]
    Path { path: String, reason: InvalidPath },
    /// No branch is called that.
    #[error("{branch:?} is not the name of a branch")]
    Branch { branch: String },
    /// No ref is called that.
    #[error("{name:?} is not the name of a ref")]
    Ref { name: String },
    /// No run has such an id.
    #[error("{id:?} is not the id of a run")]
    Run { id: String },
    /// A date before 1970 or after 9999.
    #[error("its {field} is out of range: {}", .found.year())]
    Date { field: &'static str, found: DateTime<Utc> },
    /// A number that nothing counts up to.
    #[error("its {field} is out of range")]
    Number { field: &'static str },
    /// More of something than the most.
    #[error("it has {number} {field}, {most} are the most")]
    TooMany { field: &'static str, number: usize, most: usize },
    /// The same thing twice where each stands once.
    #[error("its {field} has {value} twice")]
    Twice { field: &'static str, value: String },
    /// A range of lines that is none.
    #[error("its lines are no range in a file")]
    Lines,
}

/// So many labels, paths, dependencies or attempts a task may have.
const MOST_OF_EACH: usize = 1_000;
/// Nobody has worked for more hours, nor done more tasks.
const MOST_COUNTED: u64 = 1_000_000_000;

impl State {
    /// Check one document, if there is such.
    pub(super) fn check(&self, document: &Document) -> Result<(), Unsound> {
        match document {
            Document::Agent(name) => self.agents.get(name).map_or(Ok(()), check_agent),
            Document::Task(id) => self.tasks.get(id).map_or(Ok(()), check_task),
            Document::Finding(id) => self.findings.get(id).map_or(Ok(()), check_finding),
            Document::Claim(id) => self.claims.get(id).map_or(Ok(()), check_claim),
            Document::Tally => check_tally(&self.tally),
        }
    }
}

pub(super) fn check_agent(agent: &Agent) -> Result<(), Unsound> {
    branch(&agent.branch)?;
    date("created_at", agent.created_at)?;
    counted("completed_tasks", agent.completed_tasks)?;
    let is_sensible = (0.0..=MOST_COUNTED as f64).contains(&agent.hours_total);
    if is_sensible { Ok(()) } else { Err(Unsound::Number { field: "hours_total" }) }
}

pub(super) fn check_task(task: &Task) -> Result<(), Unsound> {
    line("title", &task.title)?;
    body("body", &task.body)?;
    task.category.iter().try_for_each(|text| line("category", text))?;
    task.reason.iter().try_for_each(|text| line("reason", text))?;
    task.labels.iter().try_for_each(|text| line("label", text))?;
    task.paths.iter().try_for_each(|path| path_of(path))?;
    at_most("labels", task.labels.len(), MOST_OF_EACH)?;
    at_most("paths", task.paths.len(), MOST_OF_EACH)?;
    at_most("dependencies", task.after.len(), MOST_OF_EACH)?;
    at_most("attempts", task.attempts.len(), MOST_OF_EACH)?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = task.after.iter().find(|id| !seen.insert(*id)) {
        return Err(Unsound::Twice { field: "list of dependencies", value: twice.to_string() });
    }
    date("created_at", task.created_at)?;
    date("updated_at", task.updated_at)?;
    task.attempts.iter().try_for_each(check_attempt)
}

fn check_attempt(attempt: &Attempt) -> Result<(), Unsound> {
    branch(&attempt.branch)?;
    date("started_at", attempt.started_at)?;
    attempt.ended_at.map_or(Ok(()), |at| date("ended_at", at))?;
    attempt.files.iter().try_for_each(|path| path_of(path))
}

pub(super) fn check_finding(finding: &Finding) -> Result<(), Unsound> {
    line("category", &finding.category)?;
    body("message", &finding.message)?;
    if finding.message.trim().is_empty() {
        return Err(Unsound::Text { field: "message", reason: InvalidText::Empty });
    }
    finding.file.iter().try_for_each(|path| path_of(path))?;
    let is_range = match (&finding.file, finding.line, finding.end_line) {
        (_, None, None) => true,
        (Some(_), Some(start), end) => LineRange { start, end }.checked().is_ok(),
        _ => false,
    };
    if !is_range {
        return Err(Unsound::Lines);
    }
    date("created_at", finding.created_at)?;
    finding.resolved_at.map_or(Ok(()), |at| date("resolved_at", at))
}

pub(super) fn check_claim(claim: &Claim) -> Result<(), Unsound> {
    if !claim.path.is_everything() {
        path_of(claim.path.as_str())?;
    }
    claim.reason.iter().try_for_each(|text| line("reason", text))?;
    date("created_at", claim.created_at)?;
    date("renewed_at", claim.lease.renewed_at)
}

pub(super) fn check_tally(tally: &Tally) -> Result<(), Unsound> {
    counted("landed", tally.landed)?;
    counted("dropped", tally.dropped)
}

impl Operation {
    /// Check what an operation says besides what it does to documents: the refs and branches that it names, and its
    /// time. What it does to documents is checked when it is applied.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self) -> Result<(), Unsound> {
        date("time", self.at)?;
        line("nonce", &self.nonce)?;
        self.moved.iter().try_for_each(|moved| ref_name(&moved.name))?;
        match &self.action {
            Action::AddAgents { agents } => agents.iter().try_for_each(|agent| branch(&agent.branch)),
            Action::RemoveAgent { backup: Some(backup), .. } => ref_name(backup),
            Action::Land { target, landed, .. } => {
                branch(target)?;
                landed.iter().try_for_each(|landed| line("strategy", &landed.strategy))
            }
            Action::Rebase { target, .. } => branch(target),
            Action::RecordRun { run, .. } => check_run(run),
            _ => Ok(()),
        }
    }
}

fn check_run(run: &PastRun) -> Result<(), Unsound> {
    if !PastRun::is_id(&run.id) {
        return Err(Unsound::Run { id: shortened(&run.id) });
    }
    run.profile.iter().try_for_each(|text| line("profile", text))?;
    run.model.iter().try_for_each(|text| line("model", text))?;
    date("started_at", run.started_at)?;
    run.ended_at.map_or(Ok(()), |at| date("ended_at", at))?;
    counted("tokens", run.tokens.unwrap_or_default())?;
    let is_sensible = (0.0..=MOST_COUNTED as f64).contains(&run.cost_usd.unwrap_or_default());
    if is_sensible { Ok(()) } else { Err(Unsound::Number { field: "cost_usd" }) }
}

fn ref_name(name: &str) -> Result<(), Unsound> {
    let is_one = name.strip_prefix("refs/").is_some_and(|rest| rest.contains('/') && is_branch_name(rest));
    if is_one { Ok(()) } else { Err(Unsound::Ref { name: shortened(name) }) }
}

fn branch(name: &str) -> Result<(), Unsound> {
    if is_branch_name(name) { Ok(()) } else { Err(Unsound::Branch { branch: shortened(name) }) }
}

fn path_of(path: &str) -> Result<(), Unsound> {
    check_path(path).map_err(|reason| Unsound::Path { path: shortened(path), reason })
}

fn line(field: &'static str, text: &str) -> Result<(), Unsound> {
    text::line(text).map(drop).map_err(|reason| Unsound::Text { field, reason })
}

fn body(field: &'static str, text: &str) -> Result<(), Unsound> {
    text::body(text).map(drop).map_err(|reason| Unsound::Text { field, reason })
}

fn date(field: &'static str, found: DateTime<Utc>) -> Result<(), Unsound> {
    if (1970..=9999).contains(&found.year()) { Ok(()) } else { Err(Unsound::Date { field, found }) }
}

fn counted(field: &'static str, number: u64) -> Result<(), Unsound> {
    if number <= MOST_COUNTED { Ok(()) } else { Err(Unsound::Number { field }) }
}

fn at_most(field: &'static str, number: usize, most: usize) -> Result<(), Unsound> {
    if number <= most { Ok(()) } else { Err(Unsound::TooMany { field, number, most }) }
}

/// Enough of it to recognise it by.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
#[path = "sound_test.rs"]
mod tests;
