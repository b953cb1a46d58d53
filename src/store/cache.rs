//! A copy of the newest state in one file, `$GIT_COMMON_DIR/agents/cache/state`: reading 250 small documents out of
//! the object store costs ten times as much.
//!
//! It is believed only when its first line names the very commit that the ref points at and the program that reads it,
//! so it can be missing or damaged, but not stale. That line alone is kept where a copy would cost too much: it tells which
//! chain was here when the ref is gone. It holds what [`Scope::open`](super::Scope::open) asks for and
//! nothing else, and it is never written for a state with damaged documents.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::claim::Claim;
use crate::git::Repository;
use crate::state::{State, Tally};
use crate::task::{Task, TaskId};

/// A state with more tasks than this is not cached on writing: the copy would cost more than the write.
const MOST_TASKS: usize = 2_000;

/// Greater with each change to what the reader takes: a copy that other rules let through is none.
const RULES: u32 = 2;

/// What the file holds after its first line.
#[derive(Serialize, Deserialize)]
struct Content {
    agents: Vec<Agent>,
    tasks: Vec<Task>,
    claims: Vec<Claim>,
    tally: Tally,
}

/// The state of `commit`, if the file holds that.
pub(super) fn read(repo: &Repository, commit: ObjectId) -> Option<State> {
    let bytes = std::fs::read(path(repo)).ok()?;
    let content = bytes.strip_prefix(first_line(commit).as_bytes())?;
    let Content { agents, tasks, claims, tally } = serde_json::from_slice(content).ok()?;
    let mut state = State::default();
    state.tally = tally;
    state.agents = agents.into_iter().map(|agent| (agent.name.clone(), agent)).collect();
    state.tasks = tasks.into_iter().map(|task| (task.id.clone(), task)).collect();
    state.claims = claims.into_iter().map(|claim| (claim.id.clone(), claim)).collect();
    Some(state)
}

/// The commit that the file is of.
pub(super) fn commit(repo: &Repository) -> Option<ObjectId> {
    use std::io::Read;
    let mut first = String::new();
    std::fs::File::open(path(repo)).ok()?.take(200).read_to_string(&mut first).ok()?;
    let id = first.lines().next()?.rsplit(' ').next()?;
    ObjectId::from_hex(id.as_bytes()).ok()
}

/// Keep a copy of the state of `commit`. It is only a copy: what stands in the way is passed over.
pub(super) fn write(repo: &Repository, commit: ObjectId, state: &State) {
    if !state.damaged.is_empty() || state.tasks.len() > MOST_TASKS {
        return mark(repo, commit);
    }
    let needed: BTreeSet<&TaskId> =
        state.tasks.values().filter(|task| !task.state.is_closed()).flat_map(|task| &task.after).collect();
    let is_open = |task: &&Task| !task.state.is_closed() || needed.contains(&task.id);
    let content = Content {
        agents: state.agents.values().cloned().collect(),
        tasks: state.tasks.values().filter(is_open).cloned().collect(),
        claims: state.claims.values().cloned().collect(),
        tally: state.tally.clone(),
    };
    let mut bytes = first_line(commit).into_bytes();
    if serde_json::to_writer(&mut bytes, &content).is_ok() {
        drop(write_file(repo, &bytes));
    }
}

/// Keep the commit alone, if the file has another; what stands in the way is passed over.
pub(super) fn mark(repo: &Repository, tip: ObjectId) {
    if commit(repo) != Some(tip) {
        drop(write_file(repo, first_line(tip).as_bytes()));
    }
}

/// Remove the file.
pub(super) fn remove(repo: &Repository) -> std::io::Result<()> {
    match std::fs::remove_file(path(repo)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write_file(repo: &Repository, bytes: &[u8]) -> std::io::Result<()> {
    let path = path(repo);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

fn first_line(commit: ObjectId) -> String {
    format!("git-agents {} {RULES} {commit}\n", env!("CARGO_PKG_VERSION"))
}

fn path(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("cache").join("state")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;
    use crate::state::Action;
    use crate::store::{self, Change, Scope};
    use crate::world::World;

    fn write_task(repo: &Repository, world: &World, id: &str, after: &[&str]) {
        let json = serde_json::json!({ "id": id, "title": "T", "after": after });
        let tasks = vec![serde_json::from_value(json).unwrap()];
        let change =
            || Ok::<_, std::convert::Infallible>(Some(Change::from(Action::AddTasks { tasks: tasks.clone() })));
        store::transact(repo, world, &Scope::open(), |_, _| change()).unwrap();
    }

    #[test]
    fn the_copy_is_the_state_and_only_of_its_own_commit() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        let world = World { now: chrono::DateTime::UNIX_EPOCH, seed: None, home: None };
        write_task(&repo, &world, "1", &[]);
        write_task(&repo, &world, "2", &["1"]);
        let tip = store::tip(&repo).unwrap().unwrap();
        let copied = read(&repo, tip).unwrap();
        std::fs::remove_file(path(&repo)).unwrap();
        let read_anew = store::load(&repo, &Scope::open()).unwrap().state;
        assert_eq!(copied, read_anew);
        assert_eq!(read(&repo, tip).unwrap(), read_anew, "reading makes a copy too");
        assert_eq!(read(&repo, ObjectId::null(tip.kind())), None);
        std::fs::write(path(&repo), format!("{}{{", first_line(tip))).unwrap();
        assert_eq!(read(&repo, tip), None, "a damaged copy is none");
    }

    #[test]
    fn what_was_read_without_tasks_is_no_copy() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        let world = World { now: chrono::DateTime::UNIX_EPOCH, seed: None, home: None };
        write_task(&repo, &world, "1", &[]);
        let whole = store::load(&repo, &Scope::open()).unwrap().state;
        assert_eq!(store::load(&repo, &Scope::claims()).unwrap().state, whole, "what is there costs nothing");
        std::fs::remove_file(path(&repo)).unwrap();
        let some = store::load(&repo, &Scope::claims()).unwrap().state;
        assert_eq!((some.tasks.len(), &some.agents, &some.claims), (0, &whole.agents, &whole.claims));
        assert!(!path(&repo).exists());
        assert_eq!(store::load(&repo, &Scope::open()).unwrap().state, whole);
    }
}
