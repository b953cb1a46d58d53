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
        let mut on_path = BTreeSet::from([root]);
        while let Some((id, next)) = path.last_mut() {
            let waits = tasks.get(*id).filter(|task| task.state != TaskState::Landed);
            let Some(dependency) = waits.and_then(|task| task.after.get(*next)) else {
                on_path.remove(*id);
                path.pop();
                continue;
            };
            *next += 1;
            if on_path.contains(dependency) {
                let around = path.iter().map(|(id, _)| *id).skip_while(|id| *id != dependency);
                return Some(around.chain([dependency]).cloned().collect());
            }
            if seen.insert(dependency) {
                path.push((dependency, 0));
                on_path.insert(dependency);
            }
        }
    }
    None
}

/// Every task that waits for itself, in groups of those that wait for each other; each group is sorted. Tarjan's
/// strongly connected components, each task and each dependency once.
pub fn knots(tasks: &BTreeMap<TaskId, Task>) -> Vec<Vec<TaskId>> {
    let waits =
        |id: &TaskId| tasks.get(id).filter(|task| task.state != TaskState::Landed).map_or(&[][..], |t| &t.after);
    let mut found = Vec::new();
    // When each was first met, and the earliest that it leads back to.
    let (mut met, mut back): (BTreeMap<&TaskId, usize>, BTreeMap<&TaskId, usize>) = Default::default();
    let (mut open, mut is_open): (Vec<&TaskId>, BTreeSet<&TaskId>) = Default::default();
    for root in tasks.iter().filter(|(_, task)| !task.after.is_empty()).map(|(id, _)| id) {
        if met.contains_key(root) {
            continue;
        }
        let mut path: Vec<(&TaskId, usize)> = vec![(root, 0)];
        while let Some((id, next)) = path.last_mut() {
            let id = *id;
            if *next == 0 {
                back.insert(id, met.len());
                met.insert(id, met.len());
                open.push(id);
                is_open.insert(id);
            }
            if let Some(dependency) = waits(id).get(*next) {
                *next += 1;
                match met.get(dependency) {
                    Some(when) if is_open.contains(dependency) => lower(&mut back, id, *when),
                    Some(_) => {}
                    // Known tasks only: what is not there waits for nothing.
                    None => path.extend(tasks.get_key_value(dependency).map(|(known, _)| (known, 0))),
                }
                continue;
            }
            path.pop();
            let earliest = back[id];
            if let Some((above, _)) = path.last() {
                lower(&mut back, above, earliest);
            }
            if earliest == met[id] {
                let from = open.iter().rposition(|open| *open == id).unwrap_or_default();
                let mut knot: Vec<TaskId> = open.split_off(from).into_iter().cloned().collect();
                for id in &knot {
                    is_open.remove(id);
                }
                if knot.len() > 1 || waits(id).contains(id) {
                    knot.sort();
                    found.push(knot);
                }
            }
        }
    }
    found
}

fn lower<'a>(back: &mut BTreeMap<&'a TaskId, usize>, id: &'a TaskId, to: usize) {
    back.entry(id).and_modify(|known| *known = to.min(*known)).or_insert(to);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::state::fixture::{add_tasks, id};

    /// Tasks `0`, `1`, …, each after the ones listed; made without the rule that refuses cycles.
    fn tasks(after: &[&[usize]]) -> BTreeMap<TaskId, Task> {
        let names: Vec<String> = (0..after.len()).map(|n| n.to_string()).collect();
        let filed: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
        let mut tasks = State::after(&[add_tasks(&filed)]).tasks;
        for (name, after) in names.iter().zip(after) {
            tasks.get_mut(&id(name)).unwrap().after = after.iter().map(|n| id(&n.to_string())).collect();
        }
        tasks
    }

    fn found(after: &[&[usize]]) -> Option<String> {
        let tasks = tasks(after);
        let ids = cycle(&tasks, tasks.keys())?;
        Some(ids.iter().map(TaskId::as_str).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_cycle_is_found_and_a_diamond_is_none() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[&[1, 2], &[3], &[3], &[]]), None);
        assert_eq!(found(&[&[0]]).unwrap(), "0 0");
        assert_eq!(found(&[&[1], &[2], &[0]]).unwrap(), "0 1 2 0");
        assert_eq!(found(&[&[1], &[2], &[3], &[1]]).unwrap(), "1 2 3 1", "without the way to it");
        assert_eq!(found(&[&[9], &[0]]), None, "what is not there waits for nothing");
    }

    #[test]
    fn a_chain_of_many_thousands_is_walked_in_no_time() {
        let next: Vec<[usize; 1]> = (0..20_000).map(|n| [n + 1]).collect();
        let after: Vec<&[usize]> = next.iter().map(|next| &next[..]).collect();
        let tasks = tasks(&after);
        assert_eq!(cycle(&tasks, tasks.keys()), None);
        assert!(knots(&tasks).is_empty());
    }

    #[test]
    fn only_what_can_be_reached_is_looked_at() {
        let tasks = tasks(&[&[], &[2], &[1]]);
        assert_eq!(cycle(&tasks, [&id("0")]), None);
        assert!(cycle(&tasks, [&id("1")]).is_some());
    }

    #[test]
    fn waiting_is_for_what_is_neither_completed_nor_landed() {
        let mut all = tasks(&[&[1, 2, 3, 4, 9], &[], &[], &[], &[]]);
        let states = [TaskState::Completed, TaskState::Landed, TaskState::Dropped, TaskState::InProgress];
        for (name, state) in ["1", "2", "3", "4"].into_iter().zip(states) {
            all.get_mut(&id(name)).unwrap().state = state;
        }
        assert_eq!(waiting_for(&all, &all[&id("0")]), [&id("3"), &id("4"), &id("9")]);
    }

    proptest::proptest! {
        #![proptest_config(crate::state::fixture::cases(300))]

        /// A task is in a knot exactly when a way from it leads back to it, and with all those on such ways.
        #[test]
        fn a_knot_is_all_that_waits_for_each_other(
            edges in proptest::collection::vec(proptest::collection::vec(0..8_usize, 0..3), 7),
        ) {
            let after: Vec<&[usize]> = edges.iter().map(Vec::as_slice).collect();
            let leads = |from: usize| {
                let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
                while let Some(at) = next.pop() {
                    next.extend(edges.get(at).into_iter().flatten().filter(|to| reached.insert(**to)));
                }
                reached
            };
            let reached: Vec<BTreeSet<usize>> = (0..7).map(leads).collect();
            let mut expected: BTreeSet<Vec<TaskId>> = BTreeSet::new();
            for n in (0..7).filter(|&n| reached[n].contains(&n)) {
                let around = (0..7).filter(|&m| reached[n].contains(&m) && reached[m].contains(&n));
                expected.insert(around.map(|m| id(&m.to_string())).collect());
            }
            let found = knots(&tasks(&after));
            proptest::prop_assert_eq!(found.len(), expected.len());
            proptest::prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
        }

        /// There is a cycle exactly when the tasks cannot be put in an order (Kahn's algorithm), and it is a real one.
        #[test]
        fn a_cycle_is_found_exactly_when_there_is_no_order(
            edges in proptest::collection::vec(proptest::collection::vec(0..7_usize, 0..3), 7),
        ) {
            let after: Vec<&[usize]> = edges.iter().map(Vec::as_slice).collect();
            let tasks = tasks(&after);
            let mut left: BTreeSet<usize> = (0..7).collect();
            while let Some(&free) = left.iter().find(|n| edges[**n].iter().all(|after| !left.contains(after))) {
                left.remove(&free);
            }
            let cycle = cycle(&tasks, tasks.keys());
            proptest::prop_assert_eq!(cycle.is_some(), !left.is_empty());
            for pair in cycle.unwrap_or_default().windows(2) {
                proptest::prop_assert!(tasks[&pair[0]].after.contains(&pair[1]));
            }
        }
    }
}
