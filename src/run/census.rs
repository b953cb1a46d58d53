//! Everything that runs on the machine, looked at once, and which run it is of. The mark that a run's processes carry is
//! enough to find them, and not enough to end them: the folder of a repository may have been copied with its runs, or
//! moved, and another one made in its place. So which folder a process says that its repository is counts as well.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::folder::Folder;
use super::id::{MARK, PLACE, RunId};
use super::supervise::launch::SUPERVISE;
use crate::agent::AgentName;
use crate::process::table::{self, Process};

/// One look; it is made when it is first needed.
#[derive(Debug, Default)]
pub struct Census {
    all: OnceCell<Vec<Process>>,
    marked: OnceCell<BTreeMap<RunId, Vec<Marked>>>,
}

/// A process of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Marked {
    pub(super) process: Process,
    /// It watches over the run.
    pub(super) is_supervisor: bool,
    /// Whose run it is, as the environment says.
    pub(super) agent: Option<AgentName>,
    /// Which folder its repository is.
    place: Option<String>,
}

impl Census {
    /// Everything, what waits to be buried included.
    pub(super) fn all(&self) -> &[Process] {
        self.all.get_or_init(table::all)
    }

    /// All that carry the mark of a run.
    pub(super) fn runs(&self) -> &BTreeMap<RunId, Vec<Marked>> {
        self.marked.get_or_init(|| {
            let mut found: BTreeMap<RunId, Vec<Marked>> = BTreeMap::new();
            for (id, marked) in self.all().iter().filter(|process| process.is_alive()).filter_map(marked) {
                found.entry(id).or_default().push(marked);
            }
            found
        })
    }

    /// Those of one run.
    pub(super) fn of(&self, id: &RunId) -> &[Marked] {
        self.runs().get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether what carries the mark of the run with this folder says that it is of the same repository; none where it
    /// does not say.
    pub(super) fn is_of(&self, id: &RunId, folder: &Folder) -> Option<bool> {
        let ours = folder.place()?;
        let mut said = self.of(id).iter().filter_map(|one| one.place.as_ref()).peekable();
        said.peek()?;
        Some(said.all(|place| *place == ours))
    }
}

fn marked(process: &Process) -> Option<(RunId, Marked)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok().filter(|text| !text.is_empty());
    let [mark, place, agent] =
        table::variables(process.pid, [MARK, PLACE, "GIT_AGENTS_AGENT"]).map(|it| it.and_then(text));
    // In a window of tmux, the environment of a supervisor is the one of tmux, and what is around it another agent's.
    let (id, is_supervisor, place, agent) = match supervised(process.pid) {
        Some((id, place)) => (id, true, place, None),
        None => (mark?.parse().ok()?, false, place, agent.and_then(|name| name.parse().ok())),
    };
    Some((id, Marked { process: *process, is_supervisor, agent, place }))
}

/// The run that a process watches over, and where.
fn supervised(pid: i32) -> Option<(RunId, Option<String>)> {
    let words = table::words(pid);
    let [_, role, folder, rest @ ..] = words.as_slice() else { return None };
    if role != SUPERVISE.as_bytes() {
        return None;
    }
    let id = std::str::from_utf8(folder.rsplit(|byte| *byte == b'/').next()?).ok()?.parse().ok()?;
    let place = rest.get(1).and_then(|place| String::from_utf8(place.clone()).ok());
    Some((id, place.filter(|place| !place.is_empty())))
}
