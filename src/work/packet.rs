//! Everything that somebody needs who is to resolve a conflict: where, what both sides did, for which tasks, and which
//! commits are to be replayed. Gathered only for branches that were stopped.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::landing::completed;
use crate::agent::{AgentName, CommitId};
use crate::branch::BranchError;
use crate::branch::changes::{between, tree_of};
use crate::branch::hunks::{Sides, of_conflict};
use crate::config::Target;
use crate::git::merge_tree::ConflictKind;
use crate::git::scratch::Scratch;
use crate::git::{GitError, Repository};
use crate::land::is_ancestor;
use crate::land::plan::{Step, StopPath};
use crate::state::{Action, State};
use crate::store::{self, History, Scope, StoreError};
use crate::task::{Task, TaskId, TaskState};

/// How many operations are looked through for earlier landings, and how many paths and commits are told.
const LOOK_BACK: usize = 1000;
const MOST: usize = 100;

/// What is to be known of one branch that was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The branch's own tasks: in progress or completed.
    pub tasks: Vec<TaskName>,
    /// Who brought the other side into the target.
    pub others: Vec<Other>,
    /// Where it conflicts; at most a hundred.
    pub paths: Vec<PacketPath>,
    /// How many paths more.
    pub more_paths: usize,
    /// The commits that are to be replayed, the oldest first; at most a hundred.
    pub commits: Vec<OwnCommit>,
    /// How many commits more.
    pub more_commits: usize,
}

/// A task by what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskName {
    /// Its id.
    pub id: TaskId,
    /// Its title; none when it cannot be read.
    pub title: Option<String>,
}

/// An agent that landed before and touched some of the paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Who.
    pub agent: AgentName,
    /// For what.
    pub tasks: Vec<TaskName>,
    /// Which of the paths.
    pub paths: BTreeSet<BString>,
}

/// One path that did not merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketPath {
    /// The path.
    pub path: BString,
    /// The kind of conflict.
    pub kind: ConflictKind,
    /// What the target's side (a) and the branch's (b) did to the base; none where neither has the path.
    pub sides: Option<Sides>,
}

/// A commit of the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCommit {
    /// Its id.
    pub id: ObjectId,
    /// Its first line.
    pub subject: String,
}

/// What a branch was brought onto.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Where.
    pub repo: &'a Repository,
    /// Where the objects are.
    pub scratch: &'a Scratch,
    /// What is known.
    pub state: &'a State,
    /// The target as it is.
    pub target: &'a Target,
    /// What lands on it before the branch would.
    pub steps: &'a [Step],
}

/// Why there is no packet.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// Trees could not be compared.
    #[error(transparent)]
    Branch(#[from] BranchError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The state could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gather it for `agent`, whose branch is at `tip`, was built on what is not its own, and was stopped at these paths. The stages' ours is the target's side.
///
/// # Errors
/// See [`PacketError`].
pub fn packet(
    scene: &Scene<'_>,
    agent: &AgentName,
    tip: ObjectId,
    not_own: &[ObjectId],
    stopped: &[StopPath],
) -> Result<Packet, PacketError> {
    let paths: BTreeSet<BString> = stopped.iter().map(|one| one.path.clone()).collect();
    let shown = stopped.iter().take(MOST).map(|one| PacketPath {
        path: one.path.clone(),
        kind: one.kind.clone(),
        sides: of_conflict(scene.scratch, &one.stages, &one.kind),
    });
    let is_live = |task: &&Task| matches!(task.state, TaskState::InProgress | TaskState::Completed);
    let tasks: Vec<&Task> = scene.state.tasks_of(agent).filter(is_live).collect();
    let mut commits = own_commits(scene, tip, not_own)?;
    let more_commits = commits.len().saturating_sub(MOST);
    commits.truncate(MOST);
    let mut others = landed_earlier(scene, tip, &paths)?;
    others.extend(landing_now(scene, &paths)?);
    Ok(Packet {
        tasks: tasks.into_iter().map(named).collect(),
        others,
        paths: shown.collect(),
        more_paths: stopped.len().saturating_sub(MOST),
        commits,
        more_commits,
    })
}

fn named(task: &Task) -> TaskName {
    TaskName { id: task.id.clone(), title: Some(task.title.clone()) }
}

/// Those that land in the same run, before the branch.
fn landing_now(scene: &Scene<'_>, paths: &BTreeSet<BString>) -> Result<Vec<Other>, PacketError> {
    let mut found = Vec::new();
    for step in scene.steps {
        let Ok(agent) = step.name.parse::<AgentName>() else { continue };
        let touched = touched(scene, step.onto, step.after, paths)?;
        if !touched.is_empty() {
            let tasks = completed(scene.state, &agent).map(named).collect();
            found.push(Other { tasks, agent, paths: touched });
        }
    }
    Ok(found)
}

/// Those that have landed since the branch left the target, the oldest first.
fn landed_earlier(scene: &Scene<'_>, tip: ObjectId, paths: &BTreeSet<BString>) -> Result<Vec<Other>, PacketError> {
    let git = || scene.repo.git();
    let (newest, mut found) = (store::tip(scene.repo)?, Vec::new());
    for entry in History::from(scene.repo, newest).take(LOOK_BACK) {
        let Some(Action::Land { target, before, start, after, landed }) =
            entry?.operation.map(|operation| operation.action)
        else {
            continue;
        };
        let (Some(before), Some(after)) = (object(start.as_ref().unwrap_or(&before)), object(&after)) else { continue };
        if target != scene.target.branch || !scene.repo.gix().has_object(after) {
            continue;
        }
        if is_ancestor(git(), after, tip)? {
            break;
        }
        // One that was taken back is not in the target.
        if !is_ancestor(git(), after, scene.target.commit)? {
            continue;
        }
        let mut onto = before;
        for one in landed {
            let Some(commit) = object(&one.commit) else { continue };
            let touched = touched(scene, onto, commit, paths)?;
            onto = commit;
            if !touched.is_empty() {
                found.push((one.agent, one.tasks, touched));
            }
        }
    }
    let ids: BTreeSet<&TaskId> = found.iter().flat_map(|(_, tasks, _)| tasks).collect();
    let titles: BTreeMap<TaskId, String> = match ids.is_empty() {
        true => BTreeMap::new(),
        false => {
            let state = store::load(scene.repo, &Scope::open().with_tasks(ids))?.state;
            state.tasks.into_iter().map(|(id, task)| (id, task.title)).collect()
        }
    };
    let other = |(agent, tasks, paths): (AgentName, Vec<TaskId>, BTreeSet<BString>)| {
        let name = |id: TaskId| TaskName { title: titles.get(&id).cloned(), id };
        Other { agent, tasks: tasks.into_iter().map(name).collect(), paths }
    };
    Ok(found.into_iter().rev().map(other).collect())
}

fn object(id: &CommitId) -> Option<ObjectId> {
    ObjectId::from_hex(id.as_str().as_bytes()).ok()
}

/// Which of the paths differ between two commits.
fn touched(
    scene: &Scene<'_>,
    old: ObjectId,
    new: ObjectId,
    paths: &BTreeSet<BString>,
) -> Result<BTreeSet<BString>, PacketError> {
    let changes = between(scene.scratch, tree_of(scene.scratch, old)?, tree_of(scene.scratch, new)?)?;
    Ok(changes.into_iter().map(|change| change.path).filter(|path| paths.contains(path)).collect())
}

/// The commits that a rebase would replay.
fn own_commits(scene: &Scene<'_>, tip: ObjectId, not_own: &[ObjectId]) -> Result<Vec<OwnCommit>, PacketError> {
    let onto = scene.steps.last().map_or(scene.target.commit, |step| step.after);
    let landing = scene.steps.iter().map(|step| step.tip);
    let exclude = not_own.iter().copied().chain(landing).map(|id| format!("^{id}"));
    let child = scene.scratch.on(scene.repo.git()).args(["log", "--cherry-pick", "--right-only", "--topo-order"]);
    let child = child.args(["--reverse", "-z", "--encoding=UTF-8", "--no-show-signature", "--format=%H%x00%s"]);
    let output = child.arg(format!("{onto}...{tip}")).args(exclude).arg("--").stdout()?;
    let fields: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
    let commit = |fields: &[&[u8]]| {
        let subject = fields.get(1)?.to_str_lossy().into_owned();
        Some(OwnCommit { id: ObjectId::from_hex(fields.first()?).ok()?, subject })
    };
    Ok(fields.chunks(2).filter_map(commit).collect())
}
