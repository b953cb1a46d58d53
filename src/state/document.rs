//! What one document of the state is about, and as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{State, Unsound, sound};
use crate::agent::AgentName;
use crate::claim::ClaimId;
use crate::finding::FindingId;
use crate::task::TaskId;

/// One document of the state, by what it is about and not by where it is kept. As text: `agents/<name>`, `tasks/<id>`,
/// `findings/<id>`, `claims/<id>`, `tally`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Document {
    /// An agent.
    Agent(AgentName),
    /// A task, open or closed.
    Task(TaskId),
    /// A finding.
    Finding(FindingId),
    /// A claim on a path.
    Claim(ClaimId),
    /// The counts of what is closed; there is none before anything is.
    Tally,
}

impl Document {
    /// The task that it is.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Document::Task(id) => Some(id),
            _ => None,
        }
    }
}

impl std::fmt::Display for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Document::Agent(name) => write!(f, "agents/{name}"),
            Document::Task(id) => write!(f, "tasks/{id}"),
            Document::Finding(id) => write!(f, "findings/{id}"),
            Document::Claim(id) => write!(f, "claims/{id}"),
            Document::Tally => f.write_str("tally"),
        }
    }
}

impl From<Document> for String {
    fn from(document: Document) -> String {
        document.to_string()
    }
}

impl TryFrom<String> for Document {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} names no document");
        match text.split_once('/') {
            None if text == "tally" => Ok(Document::Tally),
            Some(("agents", name)) => name.parse().map(Document::Agent).map_err(|_| wrong()),
            Some(("tasks", id)) => id.parse().map(Document::Task).map_err(|_| wrong()),
            Some(("findings", id)) => id.parse().map(Document::Finding).map_err(|_| wrong()),
            Some(("claims", id)) => id.parse().map(Document::Claim).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

impl State {
    /// The document as JSON; none when there is no such thing (or it was not loaded).
    pub fn document(&self, document: &Document) -> Option<Value> {
        let json = match document {
            Document::Agent(name) => serde_json::to_value(self.agents.get(name)?),
            Document::Task(id) => serde_json::to_value(self.tasks.get(id)?),
            Document::Finding(id) => serde_json::to_value(self.findings.get(id)?),
            Document::Claim(id) => serde_json::to_value(self.claims.get(id)?),
            Document::Tally if self.tally.is_empty() => return None,
            Document::Tally => serde_json::to_value(&self.tally),
        };
        json.ok()
    }

    /// Put `json` in the place of the document, or take the document away.
    ///
    /// # Errors
    /// What is wrong with the JSON, as text: it is about something else, or not such a document at all.
    pub fn set_document(&mut self, document: &Document, json: Option<&Value>) -> Result<(), String> {
        match json {
            Some(json) => self.load_document(document, json)?,
            None => self.leave_out(document),
        }
        self.touch(document.clone());
        Ok(())
    }

    /// Be without a document that was loaded and is not to be believed; it does not count as changed.
    pub fn leave_out(&mut self, document: &Document) {
        match document {
            Document::Agent(name) => drop(self.agents.remove(name)),
            Document::Task(id) => drop(self.tasks.remove(id)),
            Document::Finding(id) => drop(self.findings.remove(id)),
            Document::Claim(id) => drop(self.claims.remove(id)),
            Document::Tally => self.tally = super::Tally::default(),
        }
    }

    /// Be without the fields that a newer version wrote and this one does not know.
    pub fn forget_unknown(&mut self) {
        self.agents.values_mut().for_each(|agent| agent.extra.clear());
        for task in self.tasks.values_mut() {
            task.extra.clear();
            task.attempts.iter_mut().for_each(|attempt| attempt.extra.clear());
            task.lease.iter_mut().for_each(|lease| lease.extra.clear());
        }
        self.findings.values_mut().for_each(|finding| finding.extra.clear());
        for claim in self.claims.values_mut() {
            claim.extra.clear();
            claim.lease.extra.clear();
        }
        self.tally.extra.clear();
    }

    /// Take in a document as it is stored, if it is sound; it does not count as changed.
    ///
    /// # Errors
    /// As [`State::set_document`].
    pub fn load_document<'j, D>(&mut self, document: &Document, json: D) -> Result<(), String>
    where
        D: Deserializer<'j, Error = serde_json::Error>,
    {
        match document {
            Document::Agent(name) => put(&mut self.agents, name, json, |agent| &agent.name, sound::check_agent),
            Document::Task(id) => put(&mut self.tasks, id, json, |task| &task.id, sound::check_task),
            Document::Finding(id) => put(&mut self.findings, id, json, |found| &found.id, sound::check_finding),
            Document::Claim(id) => put(&mut self.claims, id, json, |claim| &claim.id, sound::check_claim),
            Document::Tally => {
                let tally = Deserialize::deserialize(json).map_err(|error| error.to_string())?;
                sound::check_tally(&tally).map_err(|unsound| unsound.to_string())?;
                self.tally = tally;
                Ok(())
            }
        }
    }
}

fn put<'j, K, V, D>(
    map: &mut BTreeMap<K, V>,
    key: &K,
    json: D,
    name: impl Fn(&V) -> &K,
    check: impl Fn(&V) -> Result<(), Unsound>,
) -> Result<(), String>
where
    K: Ord + Clone + std::fmt::Display,
    V: Deserialize<'j>,
    D: Deserializer<'j, Error = serde_json::Error>,
{
    let value = V::deserialize(json).map_err(|error| error.to_string())?;
    if name(&value) != key {
        return Err(format!("it is about {} and not about {key}", name(&value)));
    }
    check(&value).map_err(|unsound| unsound.to_string())?;
    map.insert(key.clone(), value);
    Ok(())
}
