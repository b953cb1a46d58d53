//! Random histories: a target that moves on, and branches of every ancestry that begin along it.
//!
//! Everything follows from the seed. Branches begin at different places of the target, on each other, or nowhere;
//! they merge the target and each other, and the target takes in some of what they have, whole or copied.

use fastrand::Rng;

use super::built::Plan;
use super::edits::{change, first_tree};
use super::tree::Tree;

/// A history to judge: targets and tips, by their commits' numbers.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) plan: Plan,
    /// One, or a second one to be judged after it in the same repository.
    pub(crate) targets: Vec<usize>,
    /// Settings, and lines of `info/attributes`, that are added before the first target is judged once more.
    pub(crate) later: Option<(&'static str, &'static str)>,
    pub(crate) tips: Vec<usize>,
}

/// Settings that change what merging means; no line at all for most histories.
const SETTINGS: [(&str, &str); 16] = [
    ("merge.renames", "false"),
    ("diff.renames", "false"),
    ("diff.renames", "copies"),
    ("merge.directoryRenames", "true"),
    ("merge.directoryRenames", "false"),
    ("merge.renameLimit", "2"),
    ("diff.renameLimit", "1"),
    ("merge.renormalize", "true"),
    ("merge.default", "union"),
    ("merge.conflictStyle", "zdiff3"),
    ("diff.algorithm", "myers"),
    ("diff.algorithm", "patience"),
    ("core.autocrlf", "true"),
    ("core.ignoreCase", "true"),
    ("diff.indentHeuristic", "false"),
    ("core.bigFileThreshold", "100"),
];

/// Lines of `info/attributes`.
const INFO: [&str; 4] = ["hot merge=union\n", "hot -merge\n", "d/* merge=ours-always\n", "* text=auto\n"];

/// What may be set after a first answer, which then must not be remembered.
const LATER: [(&str, &str); 7] = [
    ("[merge]\n\trenames = false\n", ""),
    ("[merge]\n\tdirectoryRenames = true\n", ""),
    ("[merge]\n\tdefault = union\n", ""),
    ("[merge]\n\trenormalize = true\n", "* text=auto\n"),
    ("[merge \"picky\"]\n\tdriver = false\n", ""),
    ("", "* merge=union\n"),
    ("", "hot binary\n"),
];

/// The history of a seed.
pub(crate) fn history(seed: u64) -> History {
    let mut random = Rng::with_seed(seed);
    let random = &mut random;
    let mut plan = Plan { is_sha256: random.u8(0..10) == 0, ..Plan::default() };
    configure(random, &mut plan);
    // Histories of plain edits only are where a fast path decides the most; in the others everything happens.
    let wild = random.u8(0..3) != 0;
    let mut main = vec![plan.commit(Vec::new(), first_tree(random))];
    for _ in 0..random.usize(0..4) {
        let last = main[main.len() - 1];
        main.push(grown(random, &mut plan, vec![last], wild, 2));
    }
    let mut tips: Vec<usize> = Vec::new();
    for _ in 0..random.usize(5..10) {
        let tip = branch(random, &mut plan, &main, &tips, wild);
        tips.push(tip);
        if random.u8(0..8) == 0 {
            let next = moves_on(random, &mut plan, &main, &tips, wild);
            main.push(next);
        }
    }
    if random.u8(0..6) == 0 {
        criss_cross(random, &mut plan, &main, &mut tips);
    }
    let mut targets = vec![main[main.len() - 1]];
    if random.u8(0..4) == 0 {
        targets.push(*random.choice(&main).unwrap());
    }
    let later = (random.u8(0..3) == 0).then(|| *random.choice(&LATER).unwrap());
    History { plan, targets, later, tips }
}

fn configure(random: &mut Rng, plan: &mut Plan) {
    let set = |plan: &mut Plan, key: &str, value: &str| plan.config.push((key.to_owned(), value.to_owned()));
    set(plan, "merge.ours-always.driver", "true");
    // Succeeds or not by what it is given, and writes something of its own.
    set(plan, "merge.picky.driver", "cat %B >>%A && test -s %O");
    if random.u8(0..4) == 0 {
        for _ in 0..random.usize(1..3) {
            let (key, value) = *random.choice(&SETTINGS).unwrap();
            set(plan, key, value);
        }
    }
    if random.u8(0..10) == 0 {
        plan.attributes = (*random.choice(&INFO).unwrap()).to_owned();
    }
}

/// A commit that changes a few things in its first parent.
fn grown(random: &mut Rng, plan: &mut Plan, parents: Vec<usize>, wild: bool, most: usize) -> usize {
    let mut tree = parents.first().map(|parent| plan.commits[*parent].tree.clone()).unwrap_or_default();
    // One in twenty has nothing in it.
    let count = if random.u8(0..20) == 0 { 0 } else { random.usize(1..=most) };
    for _ in 0..count {
        let others: Vec<&Tree> = plan.commits.iter().map(|commit| &commit.tree).collect();
        change(random, &mut tree, &others, wild);
    }
    plan.commit(parents, tree)
}

/// A branch of one to three commits.
fn branch(random: &mut Rng, plan: &mut Plan, main: &[usize], tips: &[usize], wild: bool) -> usize {
    let mut tip = match random.u8(0..40) {
        0 => {
            let tree = first_tree(random);
            plan.commit(Vec::new(), tree)
        }
        // Nothing of its own yet.
        1 => return *random.choice(main).unwrap(),
        2..9 if !tips.is_empty() => *random.choice(tips).unwrap(),
        9..24 => main[main.len() - 1],
        _ => *random.choice(main).unwrap(),
    };
    let (commits, most) = if wild { (random.usize(1..3), 2) } else { (random.usize(1..4), 3) };
    for _ in 0..commits {
        tip = grown(random, plan, vec![tip], wild, most);
        if random.u8(0..10) == 0 {
            let other = if random.bool() { random.choice(main) } else { random.choice(tips) };
            if let Some(other) = other.copied().filter(|other| *other != tip) {
                tip = merged(random, plan, &[tip, other]);
            }
        }
    }
    tip
}

/// The target's next commit: work of its own, a branch merged, several merged, one squashed, or one undone.
fn moves_on(random: &mut Rng, plan: &mut Plan, main: &[usize], tips: &[usize], wild: bool) -> usize {
    let last = main[main.len() - 1];
    let (one, other) = (*random.choice(tips).unwrap(), *random.choice(tips).unwrap());
    match random.u8(0..6) {
        0 if one != last => merged(random, plan, &[last, one]),
        1 if one != last && other != last && one != other => merged(random, plan, &[last, one, other]),
        2 => {
            let merge = merged(random, plan, &[last, one]);
            let squashed = plan.commits[merge].tree.clone();
            plan.commit(vec![last], squashed)
        }
        3 => {
            let before = plan.commits[main[main.len().saturating_sub(2)]].tree.clone();
            plan.commit(vec![last], before)
        }
        _ => grown(random, plan, vec![last], wild, 2),
    }
}

/// Two tips that have merged each other, differently.
fn criss_cross(random: &mut Rng, plan: &mut Plan, main: &[usize], tips: &mut Vec<usize>) {
    let (a, b) = (*random.choice(&*tips).unwrap(), *random.choice(main).unwrap());
    let (c, d) = (*random.choice(&*tips).unwrap(), *random.choice(&*tips).unwrap());
    for (one, other) in [(a, b), (b, a), (c, d), (d, c)] {
        if one != other {
            let merge = merged(random, plan, &[one, other]);
            tips.push(grown(random, plan, vec![merge], false, 2));
        }
    }
}

/// A merge commit whose conflicts are resolved by chance.
fn merged(random: &mut Rng, plan: &mut Plan, parents: &[usize]) -> usize {
    let mut tree = plan.commits[parents[0]].tree.clone();
    for parent in &parents[1..] {
        let base = common(plan, parents[0], *parent);
        let base = base.map(|base| plan.commits[base].tree.clone()).unwrap_or_default();
        tree = Tree::merge(&base, &tree, &plan.commits[*parent].tree, || random.bool());
    }
    plan.commit(parents.to_vec(), tree)
}

/// The newest commit that both have.
fn common(plan: &Plan, a: usize, b: usize) -> Option<usize> {
    let has = |tip: usize| {
        let mut seen = vec![false; plan.commits.len()];
        let mut todo = vec![tip];
        while let Some(commit) = todo.pop() {
            if !std::mem::replace(&mut seen[commit], true) {
                todo.extend(&plan.commits[commit].parents);
            }
        }
        seen
    };
    has(a).into_iter().zip(has(b)).rposition(|both| both == (true, true))
}
