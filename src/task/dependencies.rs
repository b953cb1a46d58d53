//! What waits for what.

use std::collections::{BTreeMap, BTreeSet};

use super::{Task, TaskId, TaskState};

/// The dependencies of `task` that are neither completed nor landed, in its own order. One that is not known
/// (dropped from view, or from another clone) counts as not done.
pub fn waiting_for<'a>(tasks: &'a BTreeMap<TaskId, Task>, task: &'a Task) -> Vec<&'a TaskId> {
    let done = |id: &TaskId| tasks.get(id).is_some_and(|task| task.state.satisfies_dependents());
    task.after.iter().filter(|id| !done(id)).collect()
}

/// A cycle among the dependencies that can be reached from `roots`, as the ids along it with the first repeated at
/// the end; none when there is none. A landed task waits for nothing any more, whatever it was after; a dropped one
/// may be reopened. Depth-first search with three colours, each task once.
pub fn cycle<'a>(
    tasks: &'a BTreeMap<TaskId, Task>,
    roots: impl IntoIterator<Item = &'a TaskId>,
) -> Option<Vec<TaskId>> {
    let mut seen: BTreeSet<&TaskId> = BTreeSet::new();
    for root in roots {
        if !seen.insert(root) {
            continue;
        }
        // The stack is our own, since an import may bring a chain of thousands; it is also the path walked so far.
        let mut path: Vec<(&TaskId, usize)> = vec![(root, 0)];
        while let Some((id, next)) = path.last_mut() {
            let waits = tasks.get(*id).filter(|task| task.state != TaskState::Landed);
            let Some(dependency) = waits.and_then(|task| task.after.get(*next)) else {
                path.pop();
                continue;
            };
            *next += 1;
            if let Some(start) = path.iter().position(|(on_path, _)| *on_path == dependency) {
                let around = path[start..].iter().map(|(id, _)| *id);
                return Some(around.chain([dependency]).cloned().collect());
            }
            if seen.insert(dependency) {
                path.push((dependency, 0));
            }
        }
    }
    None
}
