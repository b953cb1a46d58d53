//! What the history says of agents: which of their work has landed, and whose branches were made for them.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use crate::agent::{Agent, AgentName, CommitId};
use crate::git::Repository;
use crate::state::{Action, Operation, OperationId};
use crate::store::{History, Own, StoreError};

/// One landing of one agent, as it was recorded and not taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastLanding {
    /// Which.
    pub operation: OperationId,
    /// The target before the agent's work.
    pub onto: ObjectId,
    /// The target with it.
    pub commit: ObjectId,
    /// The branch's tip before the landing rewrote it.
    pub tip: ObjectId,
}

/// What the history says of one agent since it was added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Its landings, the newest first.
    pub landings: Vec<PastLanding>,
    /// Whether its branch was made here when it was added. Neither the agent's own document nor the chain is a proof:
    /// anybody who shares the state can write into them. In doubt the branch is not ours.
    pub made_branch: bool,
}

/// Walk the chain from `tip` once for all of the agents.
///
/// # Errors
/// The chain cannot be read.
pub fn of<'a>(
    repo: &Repository,
    tip: Option<ObjectId>,
    agents: impl IntoIterator<Item = &'a Agent>,
) -> Result<BTreeMap<AgentName, Past>, StoreError> {
    let mut waiting: BTreeMap<&AgentName, &Agent> = agents.into_iter().map(|agent| (&agent.name, agent)).collect();
    let mut found: BTreeMap<AgentName, Past> = waiting.keys().map(|name| ((*name).clone(), Past::default())).collect();
    let mut undone: BTreeSet<OperationId> = BTreeSet::new();
    let own = Own::read(repo);
    for entry in History::from(repo, tip) {
        if waiting.is_empty() {
            break;
        }
        let Some(operation) = entry?.operation.filter(|operation| !undone.contains(&operation.id)) else { continue };
        match &operation.action {
            Action::Undo { operation, .. } => drop(undone.insert(operation.clone())),
            Action::AddAgents { agents } => {
                for new in agents {
                    // What was before concerns another agent of this name.
                    let Some(agent) = waiting.remove(&new.name) else { continue };
                    let past = found.entry(agent.name.clone()).or_default();
                    past.made_branch = makes_branch(&own, &operation, agent);
                }
            }
            Action::Land { .. } => {
                for (name, landing) in landings(&operation) {
                    if waiting.contains_key(&name) {
                        found.entry(name).or_default().landings.push(landing);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether the agent's branch was made when it was enrolled, by what the chain up to `tip` says of that and this clone
/// has noted. The agent's own document is no proof: anybody who shares the state can write the name of somebody else's
/// branch into it, and into the chain. In doubt the branch is not ours.
pub fn made_branch(repo: &Repository, tip: Option<ObjectId>, agent: &Agent) -> bool {
    let newest = History::from(repo, tip).map_while(Result::ok).filter_map(|entry| entry.operation).find(|operation| {
        matches!(&operation.action, Action::AddAgents { agents } if agents.iter().any(|new| new.name == agent.name))
    });
    newest.is_some_and(|added| makes_branch(&Own::read(repo), &added, agent))
}

/// Whether the operation that added `agent` was done here, and made its branch.
fn makes_branch(own: &Own, added: &Operation, agent: &Agent) -> bool {
    let branch = format!("refs/heads/{}", agent.branch);
    own.has(added) && added.moved.iter().any(|moved| moved.name == branch && moved.before.is_none())
}

/// Who landed what with an operation. One that had nothing to bring is not among them.
fn landings(operation: &Operation) -> Vec<(AgentName, PastLanding)> {
    let Action::Land { before, start, landed, .. } = &operation.action else { return Vec::new() };
    let parse = |id: &CommitId| ObjectId::from_hex(id.as_str().as_bytes()).ok();
    let mut onto = parse(start.as_ref().unwrap_or(before));
    let mut all = Vec::new();
    for one in landed {
        let (Some(before), Some(commit), Some(tip)) = (onto, parse(&one.commit), parse(&one.tip)) else { break };
        onto = Some(commit);
        if before != commit {
            let operation = operation.id.clone();
            all.push((one.agent.clone(), PastLanding { operation, onto: before, commit, tip }));
        }
    }
    all
}
