//! From what was written to a plan that holds: ids that differ, dependencies that exist and lead nowhere back.

use std::collections::{BTreeMap, BTreeSet};

use super::details::{self, Details};
use super::slug::id_of_title;
use super::{MOST_TASKS, Plan, PlanError, Planned, Wrong};
use crate::agent::AgentName;
use crate::name::check_name;
use crate::task::{Hours, InvalidTask, NewTask, Priority, TaskId};
use crate::text;

/// A task as it was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Draft {
    pub(super) line: usize,
    pub(super) is_done: bool,
    pub(super) id: Option<String>,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) details: Details,
}

/// A plan as it was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Drafts {
    pub(super) name: Option<(usize, String)>,
    /// What tasks are when they do not say it themselves.
    pub(super) defaults: Details,
    pub(super) tasks: Vec<Draft>,
    pub(super) passed_over: Vec<(usize, String)>,
    pub(super) is_list: bool,
}

/// The plan, or the first thing that is wrong with it.
pub(super) fn finish(drafts: Drafts) -> Result<Plan, PlanError> {
    let Drafts { name, defaults, tasks, passed_over, is_list } = drafts;
    if tasks.is_empty() {
        return Err(PlanError::whole(Wrong::NoTasks));
    }
    if tasks.len() > MOST_TASKS {
        return Err(PlanError::whole(Wrong::TooMany { most: MOST_TASKS }));
    }
    let name = name.map(|(line, name)| plan_name(&name).map_err(|wrong| PlanError::at(line, wrong))).transpose()?;
    let ids = ids(&tasks)?;
    let known: BTreeSet<&TaskId> = ids.iter().collect();
    let done: BTreeSet<&TaskId> = tasks.iter().zip(&ids).filter(|(draft, _)| draft.is_done).map(|(_, id)| id).collect();
    let mut planned = Vec::new();
    for (draft, id) in tasks.iter().zip(&ids).filter(|(draft, _)| !draft.is_done) {
        let at = |wrong| PlanError::at(draft.line, wrong);
        let mut task = one(draft, id, &defaults).map_err(at)?;
        let mut after = Vec::new();
        for text in &draft.details.after {
            after.extend(resolved(text, &known).map_err(at)?);
        }
        after.retain(|id| !done.contains(id));
        after.sort();
        after.dedup();
        task.after = after;
        planned.push(task);
    }
    no_cycle(&planned)?;
    let done = done.into_iter().cloned().collect();
    Ok(Plan { name, tasks: planned, done, passed_over, is_list })
}

/// What a plan may call itself: a name, or a title that becomes one.
fn plan_name(name: &str) -> Result<String, Wrong> {
    let name = text::line(name).map_err(|reason| InvalidTask::Text { field: "name", reason })?;
    Ok(if check_name(&name).is_ok() { name } else { id_of_title(&name).into() })
}

/// The id of each, which no other has.
fn ids(drafts: &[Draft]) -> Result<Vec<TaskId>, PlanError> {
    let mut lines: BTreeMap<TaskId, usize> = BTreeMap::new();
    let mut ids = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let id = match &draft.id {
            Some(text) => TaskId::from_user(text).map_err(|reason| {
                PlanError::at(draft.line, Wrong::Id { text: text.chars().take(80).collect(), reason })
            })?,
            None => {
                let title = text::line(&draft.title)
                    .map_err(|reason| PlanError::at(draft.line, InvalidTask::Text { field: "title", reason }.into()))?;
                id_of_title(&title)
            }
        };
        if let Some(first) = lines.insert(id.clone(), draft.line) {
            let wrong = match draft.id {
                Some(_) => Wrong::SameId { id, first },
                None => Wrong::SameTitle { id, first },
            };
            return Err(PlanError::at(draft.line, wrong));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// One task, but for what it is after.
fn one(draft: &Draft, id: &TaskId, defaults: &Details) -> Result<Planned, Wrong> {
    let said = &draft.details;
    let or = |own: &Option<String>, usual: &Option<String>| own.clone().or_else(|| usual.clone());
    let hours = or(&said.hours, &defaults.hours).map(|text| text.parse::<Hours>()).transpose()?;
    let agent = or(&said.agent, &defaults.agent).map(|text| {
        text.parse::<AgentName>().map_err(|reason| Wrong::Agent { text: text.chars().take(80).collect(), reason })
    });
    let priority = or(&said.priority, &defaults.priority).map(|text| priority(&text)).transpose()?;
    let labels: BTreeSet<String> = said.labels.iter().chain(&defaults.labels).cloned().collect();
    let checked = NewTask {
        id: id.clone(),
        title: draft.title.clone(),
        body: draft.body.clone(),
        hours,
        category: or(&said.category, &defaults.category),
        priority: priority.unwrap_or_default(),
        labels: labels.into_iter().collect(),
        paths: said.paths.clone(),
        after: Vec::new(),
        dropped: false,
    }
    .checked()?;
    Ok(Planned {
        line: draft.line,
        id: checked.id,
        title: checked.title,
        body: checked.body,
        hours: checked.hours,
        after: Vec::new(),
        paths: checked.paths,
        agent: agent.transpose()?,
        category: checked.category,
        priority: checked.priority,
        labels: checked.labels,
        model: or(&said.model, &defaults.model).map(|text| word("model", &text)).transpose()?,
        profile: or(&said.profile, &defaults.profile).map(|text| word("profile", &text)).transpose()?,
    })
}

pub(super) fn priority(text: &str) -> Result<Priority, Wrong> {
    match text.trim().to_ascii_lowercase().as_str() {
        "critical" | "p0" => Ok(Priority::Critical),
        "high" | "p1" => Ok(Priority::High),
        "medium" | "normal" | "p2" => Ok(Priority::Medium),
        "low" | "p3" => Ok(Priority::Low),
        _ => Err(Wrong::Priority { text: text.chars().take(40).collect() }),
    }
}

/// A name that is handed to a program: one word that is no option.
fn word(key: &'static str, text: &str) -> Result<String, Wrong> {
    let trimmed = text.trim();
    let is_word = !trimmed.is_empty()
        && trimmed.len() <= 200
        && !trimmed.starts_with('-')
        && !trimmed.chars().any(|c| c.is_whitespace() || text::is_hidden(c));
    if is_word { Ok(trimmed.to_owned()) } else { Err(Wrong::Word { key, text: text.chars().take(40).collect() }) }
}

/// The tasks that a text after `after:` means: one, or several that stand side by side.
fn resolved(text: &str, known: &BTreeSet<&TaskId>) -> Result<Vec<TaskId>, Wrong> {
    let find = |text: &str| details::meant(text).into_iter().find(|id| known.contains(id));
    if let Some(found) = find(text) {
        return Ok(vec![found]);
    }
    let is_filler = |word: &&str| matches!(*word, "and" | "&" | "+");
    let words: Vec<&str> = text.split_whitespace().filter(|word| !is_filler(word)).collect();
    // What is no task of the plan may be one that is filed already.
    let one = |word: &&str| find(word).or_else(|| TaskId::from_user(word).ok());
    let found: Option<Vec<TaskId>> = words.iter().map(one).collect();
    let several =
        found.filter(|found| !found.is_empty() && (found.len() == 1 || found.iter().any(|id| known.contains(id))));
    several.ok_or_else(|| Wrong::After { text: text.chars().take(80).collect() })
}

/// Nobody waits for itself. Depth first with a path of our own, each task and each dependency once.
fn no_cycle(tasks: &[Planned]) -> Result<(), PlanError> {
    let by_id: BTreeMap<&TaskId, &Planned> = tasks.iter().map(|task| (&task.id, task)).collect();
    let mut seen: BTreeSet<&TaskId> = BTreeSet::new();
    for root in tasks {
        if !seen.insert(&root.id) {
            continue;
        }
        let mut path: Vec<(&Planned, usize)> = vec![(root, 0)];
        let mut on_path: BTreeSet<&TaskId> = BTreeSet::from([&root.id]);
        while let Some((task, next)) = path.last_mut() {
            let Some(after) = task.after.get(*next) else {
                on_path.remove(&task.id);
                path.pop();
                continue;
            };
            *next += 1;
            let Some(after) = by_id.get(after) else { continue };
            if on_path.contains(&after.id) {
                let around = path.iter().map(|(task, _)| task.id.clone()).skip_while(|id| *id != after.id);
                let ids = around.chain([after.id.clone()]).collect();
                return Err(PlanError::at(after.line, Wrong::Cycle { ids }));
            }
            if seen.insert(&after.id) {
                on_path.insert(&after.id);
                path.push((after, 0));
            }
        }
    }
    Ok(())
}
