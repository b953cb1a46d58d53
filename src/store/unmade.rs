//! What operations made that were not done again: what else was done about it was not meant for what another clone has
//! under the same name.

use std::collections::{BTreeMap, BTreeSet};

use super::NotReplayed;
use super::chain::Entry;
use super::undo::documents_changed;
use crate::agent::AgentName;
use crate::claim::ClaimedPath;
use crate::git::Repository;
use crate::state::{Action, Document, DocumentChange, Operation, State};
use crate::task::TaskId;

/// What was made only in the chain that is left, each with the sentence of the operation that made it.
#[derive(Debug, Default)]
pub(super) struct Unmade {
    documents: BTreeMap<Document, String>,
    claims: Vec<(AgentName, ClaimedPath, String)>,
}

impl Unmade {
    /// The operation was not done again. What it made and is `there` all the same is the same thing.
    pub(super) fn leave_out(&mut self, repo: &Repository, entry: &Entry, there: &BTreeSet<Document>) {
        let made: BTreeSet<Document> = match (documents_changed(repo, entry), &entry.operation) {
            (Ok(changes), _) => {
                let is_new = |change: &DocumentChange| change.before.is_some() && change.after.is_none();
                changes.into_iter().filter(is_new).map(|change| change.document).collect()
            }
            // A newer version may have trees that cannot be compared here.
            (Err(_), Some(operation)) => makes(&operation.action),
            (Err(_), None) => BTreeSet::new(),
        };
        let is_missed = |document: &Document| *document != Document::Tally && !there.contains(document);
        let made = made.into_iter().filter(is_missed);
        self.documents.extend(made.map(|document| (document, entry.sentence.clone())));
        if let Some(Action::Claim { agent, claims, .. }) = entry.operation.as_ref().map(|one| &one.action) {
            self.claims.extend(claims.iter().map(|one| (agent.clone(), one.path.clone(), entry.sentence.clone())));
        }
    }

    /// The operation was done again: what it makes is there from now on.
    pub(super) fn made(&mut self, operation: &Operation) {
        for document in makes(&operation.action) {
            self.documents.remove(&document);
        }
        if let Action::Claim { agent, claims, .. } = &operation.action {
            self.claims.retain(|(who, path, _)| who != agent || !claims.iter().any(|new| new.path.is(path)));
        }
    }

    /// Why an operation cannot be done on `state`, which may have something else under the same name.
    pub(super) fn under(&self, state: &State, operation: &Operation) -> Option<NotReplayed> {
        let own = makes(&operation.action);
        let missed = relies_on(&operation.action).into_iter().filter(|document| !own.contains(document));
        let found = missed.into_iter().find_map(|document| {
            let made_by = self.documents.get(&document)?.clone();
            Some(match state.document(&document).is_some() {
                true => NotReplayed::AnotherOne { document, made_by },
                false => NotReplayed::NotMade { document, made_by },
            })
        });
        found.or_else(|| self.not_claimed(&operation.action))
    }

    /// A claim that was not made is not released either, whoever has claimed the path elsewhere.
    fn not_claimed(&self, action: &Action) -> Option<NotReplayed> {
        let Action::Release { agent, paths } = action else { return None };
        let of = paths.iter().map(|path| self.claim_of(agent, path)).collect::<Option<Vec<_>>>()?;
        let (_, path, made_by) = of.first()?;
        Some(NotReplayed::NotClaimed { path: path.clone(), made_by: made_by.clone() })
    }

    fn claim_of(&self, agent: &AgentName, path: &ClaimedPath) -> Option<&(AgentName, ClaimedPath, String)> {
        self.claims.iter().find(|(who, claimed, _)| who == agent && claimed.is(path))
    }

    /// A release of several paths without those whose claims were not made.
    pub(super) fn without_unclaimed(&self, operation: &Operation) -> Option<Operation> {
        let Action::Release { agent, paths } = &operation.action else { return None };
        let kept: Vec<_> = paths.iter().filter(|path| self.claim_of(agent, path).is_none()).cloned().collect();
        let action = Action::Release { agent: agent.clone(), paths: kept.clone() };
        (!kept.is_empty() && kept.len() < paths.len()).then(|| Operation { action, ..operation.clone() })
    }
}

/// The documents that an action makes anew, whatever was there before under their names.
fn makes(action: &Action) -> BTreeSet<Document> {
    let task = |id: &TaskId| Document::Task(id.clone());
    match action {
        Action::AddAgents { agents } => agents.iter().map(|new| Document::Agent(new.name.clone())).collect(),
        Action::AddTasks { tasks } => tasks.iter().map(|new| task(&new.id)).collect(),
        Action::Assign { new: Some(new), .. } => BTreeSet::from([task(&new.id)]),
        Action::AddFindings { findings } => findings.iter().map(|new| Document::Finding(new.id.clone())).collect(),
        _ => BTreeSet::new(),
    }
}

/// The documents that an action is about or refers to.
fn relies_on(action: &Action) -> Vec<Document> {
    let waits_for: Vec<TaskId> = action.waits_for();
    let tasks = action.tasks().into_iter().chain(&waits_for).map(|id| Document::Task(id.clone()));
    let agents = action.agents().into_iter().map(|name| Document::Agent(name.clone()));
    let others = match action {
        Action::ResolveFindings { findings } => findings.iter().map(|id| Document::Finding(id.clone())).collect(),
        Action::Undo { documents, .. } | Action::Repair { documents } => {
            documents.iter().map(|change| change.document.clone()).collect()
        }
        _ => Vec::new(),
    };
    tasks.chain(agents).chain(others).collect()
}
