//! What a prompt is made of: facts, as plain data that a template can name.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{standards, task_text};
use crate::agent::Agent;
use crate::config;
use crate::git::Repository;
use crate::profile::Profile;
use crate::state::State;
use crate::task::Task;
use crate::text::{printable, sentence};
use crate::work::reserved::{How, by_others};

/// So many paths of others are named.
const MOST_RESERVED: usize = 40;

/// Whom and what a prompt is for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Who is told; none when nobody has the task yet.
    pub agent: Option<&'a Agent>,
    /// Where it works; none when it has no worktree here.
    pub worktree: Option<&'a Path>,
    /// What it is to do.
    pub task: Option<&'a Task>,
    /// The program that it is run with.
    pub profile: Option<&'a Profile>,
}

/// Everything that a template can name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// Who is told.
    pub agent: Option<AgentFacts>,
    /// What is to be done.
    pub task: Option<TaskFacts>,
    /// The branch that the work lands on.
    pub target: String,
    /// The commands that check the work before it lands.
    pub checks: Vec<String>,
    /// The project's own rules: paths from the top of the worktree.
    pub standards: Vec<&'static str>,
    /// Who else has what in hand.
    pub others: Vec<OtherFacts>,
    /// What others have reserved.
    pub reserved: Vec<ReservedFacts>,
    /// How many more such paths there are.
    pub reserved_more: usize,
    /// The profile's name; empty without one.
    pub profile: String,
    /// What the profile wants to be said.
    pub instructions: String,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentFacts {
    /// Its name.
    pub name: String,
    /// Its branch.
    pub branch: String,
    /// The top of its worktree.
    pub worktree: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskFacts {
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// The text but for the parts below.
    pub details: String,
    /// The steps that its author gives.
    pub activities: String,
    /// What is to be there in the end.
    pub deliverables: String,
    /// How to see that it is good.
    pub validation: String,
    /// There is more text.
    pub is_cut: bool,
    /// What else is known of it, in sentences.
    pub facts: Vec<String>,
    /// The paths that it is expected to change.
    pub paths: Vec<String>,
    /// Its priority.
    pub priority: &'static str,
    /// Its category; empty without one.
    pub category: String,
    /// The words that it is filed under.
    pub labels: Vec<String>,
    /// The estimate.
    pub hours: Option<f64>,
}

/// What somebody else has in hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtherFacts {
    /// Who.
    pub agent: String,
    /// The task's id.
    pub task: String,
    /// Its title.
    pub title: String,
}

/// A path that somebody else has reserved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReservedFacts {
    /// Which.
    pub path: String,
    /// By whom and how.
    pub why: String,
    /// Nobody else may change it.
    pub exclusive: bool,
}

/// Collect what is true now.
pub fn gather(repo: &Repository, now: DateTime<Utc>, state: &State, subject: &Subject<'_>) -> Facts {
    let target = config::target(repo).map(|target| target.branch).unwrap_or_else(|_| "the target".to_owned());
    let me = subject.agent.map(|agent| &agent.name);
    let mut reserved: Vec<ReservedFacts> = by_others(state, me, now)
        .into_iter()
        .filter(|one| !matches!(&one.how, How::Task { id } if subject.task.is_some_and(|task| task.id == *id)))
        .map(|one| ReservedFacts {
            exclusive: matches!(one.how, How::Claim { exclusive: true, .. }),
            why: why(one.agent.as_str(), &one.how),
            path: printable(&one.path),
        })
        .collect();
    reserved.sort_by_key(|one| !one.exclusive);
    let reserved_more = reserved.len().saturating_sub(MOST_RESERVED);
    reserved.truncate(MOST_RESERVED);
    let in_hand = state.tasks.values().filter(|task| task.is_in_hand() && task.agent.as_ref() != me);
    let others = in_hand.filter(|task| subject.task.is_none_or(|own| own.id != task.id)).filter_map(|task| {
        let agent = task.agent.as_ref()?.to_string();
        Some(OtherFacts { agent, task: task.id.to_string(), title: sentence(&task.title) })
    });
    let top = subject.worktree.or_else(|| repo.worktree());
    Facts {
        agent: subject.agent.map(|agent| AgentFacts {
            name: agent.name.to_string(),
            branch: printable(&agent.branch),
            worktree: subject.worktree.map(|path| printable(&path.display().to_string())),
        }),
        task: subject.task.map(|task| task_facts(state, task)),
        target: printable(&target),
        checks: config::values(repo, crate::check::settings::CHECK_KEY).iter().map(|one| printable(one)).collect(),
        standards: top.map(standards::found).unwrap_or_default(),
        others: others.collect(),
        reserved,
        reserved_more,
        profile: subject.profile.map(|profile| profile.name.clone()).unwrap_or_default(),
        instructions: subject.profile.map(|profile| profile.instructions.clone()).unwrap_or_default(),
    }
}

fn why(agent: &str, how: &How) -> String {
    let because =
        |reason: &Option<String>| reason.as_deref().map(|text| format!(": {}", sentence(text))).unwrap_or_default();
    match how {
        How::Claim { exclusive: true, reason } => format!("{agent} alone may change it{}", because(reason)),
        How::Claim { exclusive: false, reason } => format!("{agent} is changing it{}", because(reason)),
        How::Task { id } => format!("{agent} is expected to change it in {id}"),
    }
}

fn task_facts(state: &State, task: &Task) -> TaskFacts {
    let parts = task_text::parts(&task.body);
    let mut facts = Vec::new();
    if let Some(hours) = task.hours {
        facts.push(format!("It is estimated at {}h.", hours.get()));
    }
    for id in &task.after {
        let known = state.tasks.get(id).map(|task| format!(" {} ({})", sentence(&task.title), task.state.word()));
        facts.push(format!("It builds on {id}{}", known.unwrap_or_default()));
    }
    TaskFacts {
        id: task.id.to_string(),
        title: printable(&task.title),
        details: parts.details,
        activities: parts.activities,
        deliverables: parts.deliverables,
        validation: parts.validation,
        is_cut: parts.is_cut,
        facts,
        paths: task.paths.iter().map(|path| printable(path)).collect(),
        priority: task.priority.word(),
        category: task.category.as_deref().map(printable).unwrap_or_default(),
        labels: task.labels.iter().map(|label| printable(label)).collect(),
        hours: task.hours.map(f64::from),
    }
}
