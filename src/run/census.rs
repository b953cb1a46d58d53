//! Everything that runs on the machine, looked at once, and which run it is of. The mark that a run's processes carry is
//! enough to find them, and not enough to end them: the folder of a repository may have been copied with its runs, so
//! where a process says that its run's folder is counts as well.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::id::{FOLDER, MARK, RunId};
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
    /// Where the run's folder was when it was started.
    folder: Option<PathBuf>,
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
}

impl Marked {
    /// Whether its run is of the repository with this common folder; none where that cannot be told, because what it says
    /// is not there any more.
    pub(super) fn is_of(&self, common: &Path) -> Option<bool> {
        let theirs = self.folder.as_ref()?.ancestors().nth(3)?.strip_prefix("/").ok()?;
        // As it sees it: in a container, the same name may be another folder.
        let root = PathBuf::from(format!("/proc/{}/root", self.process.pid));
        let (theirs, ours) = (root.join(theirs).metadata().ok()?, common.metadata().ok()?);
        Some((theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()))
    }
}

fn marked(process: &Process) -> Option<(RunId, Marked)> {
    let [mark, folder, agent] = table::variables(process.pid, [MARK, FOLDER, "GIT_AGENTS_AGENT"]);
    let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
    let supervised = supervised(process.pid);
    let id = match (&supervised, mark) {
        // In a window of tmux, its environment is the one of tmux.
        (Some(folder), _) => folder.file_name()?.to_str()?.parse().ok()?,
        (None, mark) => std::str::from_utf8(&mark?).ok()?.parse().ok()?,
    };
    let is_supervisor = supervised.is_some();
    let folder = supervised.or_else(|| folder.as_deref().map(path));
    // What is around a supervisor may be another agent's.
    let agent = agent.filter(|_| !is_supervisor).and_then(|name| std::str::from_utf8(&name).ok()?.parse().ok());
    Some((id, Marked { process: *process, is_supervisor, agent, folder }))
}

/// The folder of the run that a process watches over.
fn supervised(pid: i32) -> Option<PathBuf> {
    let words = table::words(pid);
    let [_, role, folder, ..] = words.as_slice() else { return None };
    (role == SUPERVISE.as_bytes()).then(|| PathBuf::from(OsStr::from_bytes(folder)))
}
