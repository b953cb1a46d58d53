//! What is true of a set of branches, by definition and by git alone.
//!
//! Every branch is merged into the target with a merge commit, and the other one of a pair into that: the pair is in
//! conflict when git stops in one of the two orders. A pair of which a side conflicts with the target is merged as it
//! is. A branch of which nothing is left to land meets nobody.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::built::{import, marked_commits};
use super::cpu::{Cpu, children};
use super::git::{Line, Place, Record};

/// How a branch stands to the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stand {
    /// The target has its commits.
    Landed,
    /// git's merge of it into the target.
    Merge(Record),
}

/// Why two branches are merged as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// A side has nothing left to land, or has the other one: there is nothing to merge.
    Nothing,
    OnTarget,
    AsCommits,
    AsTips,
    /// git could not merge a side into the target.
    Unknown,
}

/// Everything that git says.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) stands: Vec<Stand>,
    pub(crate) pairs: BTreeMap<(usize, usize), (How, Line, Record)>,
    /// The tips as they are, but for pairs with nothing to merge; when that was asked for.
    pub(crate) direct: BTreeMap<(usize, usize), (Line, Record)>,
    /// How many pairs of clean branches were landed one after the other, and how often that went otherwise.
    pub(crate) landings: (usize, usize),
    /// What git's merges of branches and pairs cost, and what merging the tips did.
    pub(crate) cpu: Cpu,
    pub(crate) direct_cpu: Cpu,
}

/// What to ask besides the pairs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) direct: bool,
    pub(crate) landings: bool,
}

/// Ask git everything.
pub(crate) fn truth(place: &Place, target: ObjectId, tips: &[ObjectId], extent: Extent) -> Truth {
    let holders = Holders::new(place, target, tips);
    let before = children();
    let into_target: Vec<_> = tips.iter().map(|tip| Line { base: None, a: target, b: *tip }).collect();
    let records = place.merges(target, &into_target);
    let stands: Vec<_> = records
        .into_iter()
        .enumerate()
        .map(|(number, record)| if holders.is_landed(number) { Stand::Landed } else { Stand::Merge(record) })
        .collect();
    let target_tree = tree_of(place, target);
    let trees: Vec<_> = stands.iter().map(|stand| clean_tree(stand, target_tree)).collect();

    let landed = landed(place, target, tips, &trees);
    let mut keys = Vec::new();
    let mut lines = Vec::new();
    let mut direct = Vec::new();
    for a in 0..tips.len() {
        for b in a + 1..tips.len() {
            let as_they_are = Line { base: None, a: tips[a], b: tips[b] };
            let is_one = holders.contains(a, b) || [a, b].iter().any(|side| stands[*side] == Stand::Landed);
            if !is_one {
                direct.push(((a, b), as_they_are));
            }
            let failed = |side: usize| matches!(&stands[side], Stand::Merge(Record::Fatal(_)));
            let how = match (trees[a], trees[b]) {
                _ if is_one || [trees[a], trees[b]].contains(&Some(target_tree)) => How::Nothing,
                _ if failed(a) || failed(b) => How::Unknown,
                _ if holders.share(a, b) => How::AsCommits,
                (Some(_), Some(_)) => How::OnTarget,
                _ => How::AsTips,
            };
            let asked = match (how, landed[a], landed[b]) {
                (How::Nothing | How::Unknown, ..) => Vec::new(),
                (How::OnTarget | How::AsCommits, Some(with_a), Some(with_b)) => {
                    vec![Line { base: None, a: with_a, b: tips[b] }, Line { base: None, a: with_b, b: tips[a] }]
                }
                _ => vec![as_they_are],
            };
            keys.push(((a, b), how, asked.len()));
            lines.extend(asked);
        }
    }
    // Whoever merges has the attributes checked out of what has landed.
    let mut records = BTreeMap::new();
    for checked_out in lines.iter().map(|line| line.a).collect::<BTreeSet<_>>() {
        let of_it: Vec<_> = lines.iter().copied().filter(|line| line.a == checked_out).collect();
        let attributes = if landed.contains(&Some(checked_out)) { checked_out } else { target };
        records.extend(of_it.iter().map(|line| (line.a, line.b)).zip(place.merges(attributes, &of_it)));
    }
    let mut answers = lines.iter().map(|line| (line, records[&(line.a, line.b)].clone()));
    let cpu = children().since(&before);
    let mut pairs = BTreeMap::new();
    for ((a, b), how, asked) in keys {
        let as_they_are = Line { base: None, a: tips[a], b: tips[b] };
        let answers: Vec<_> = answers.by_ref().take(asked).collect();
        let stops = |(_, record): &&(&Line, Record)| matches!(record, Record::Conflict { .. });
        let (line, record) = match (how, answers.iter().find(stops).or(answers.first())) {
            (_, Some((line, record))) => (**line, record.clone()),
            (How::Unknown, None) => (as_they_are, Record::Fatal(String::new())),
            (_, None) => (as_they_are, Record::Clean(target_tree)),
        };
        pairs.insert((a, b), (how, line, record));
    }
    let before = children();
    let lines: Vec<_> = direct.iter().map(|(_, line)| *line).collect();
    let records = if extent.direct { place.merges(target, &lines) } else { Vec::new() };
    let direct_cpu = children().since(&before);
    let direct = direct.into_iter().zip(records).map(|((key, line), record)| (key, (line, record))).collect();
    let landings = if extent.landings { land(place, target, tips, &landed, &pairs) } else { (0, 0) };
    Truth { stands, pairs, direct, landings, cpu, direct_cpu }
}

fn clean_tree(stand: &Stand, target: ObjectId) -> Option<ObjectId> {
    match stand {
        Stand::Landed => Some(target),
        Stand::Merge(Record::Clean(tree)) => Some(*tree),
        Stand::Merge(_) => None,
    }
}

/// The files of a commit.
pub(crate) fn tree_of(place: &Place, commit: ObjectId) -> ObjectId {
    let output = place.run(&["rev-parse", "--verify", &format!("{commit}^{{tree}}")], Vec::new());
    ObjectId::from_hex(output.stdout.trim()).unwrap()
}

/// The target with one branch landed, for each that merges.
fn landed(place: &Place, target: ObjectId, tips: &[ObjectId], trees: &[Option<ObjectId>]) -> Vec<Option<ObjectId>> {
    let mut stream = String::new();
    for (number, (tip, tree)) in tips.iter().zip(trees).enumerate() {
        let Some(tree) = tree else { continue };
        stream.push_str(&format!("reset refs/tags/l{number}\ncommit refs/tags/l{number}\nmark :{}\n", number + 1));
        stream.push_str("committer C <c@example.com> 1800000000 +0000\ndata 1\nc\n");
        stream.push_str(&format!("from {target}\nmerge {tip}\nM 040000 {tree} \"\"\n\n"));
    }
    let marks = place.objects.path().join("marks");
    import(&place.git_dir, Some(place.objects.path()), stream.as_bytes(), &marks);
    marked_commits(&marks, tips.len())
}

/// Land the first of two and merge the second, and count how often that differs from the pair's verdict.
fn land(
    place: &Place,
    target: ObjectId,
    tips: &[ObjectId],
    landed: &[Option<ObjectId>],
    pairs: &BTreeMap<(usize, usize), (How, Line, Record)>,
) -> (usize, usize) {
    let judged: Vec<_> = pairs
        .iter()
        .filter(|((a, b), (how, ..))| *how != How::Nothing && landed[*a].is_some() && landed[*b].is_some())
        .collect();
    let lines: Vec<_> =
        judged.iter().map(|((a, b), _)| Line { base: None, a: landed[*a].unwrap(), b: tips[*b] }).collect();
    let records = place.merges(target, &lines);
    let differ = judged
        .iter()
        .zip(&records)
        .filter(|((_, (_, _, pair)), record)| matches!(pair, Record::Clean(_)) != matches!(record, Record::Clean(_)));
    (judged.len(), differ.count())
}

/// Which branches have which of the commits that the target lacks.
struct Holders {
    tips: Vec<ObjectId>,
    of: HashMap<ObjectId, u128>,
    broken: Vec<bool>,
}

impl Holders {
    fn new(place: &Place, target: ObjectId, tips: &[ObjectId]) -> Self {
        assert!(tips.len() <= 128, "more than 128 branches");
        let mut holders = Holders { tips: tips.to_vec(), of: HashMap::new(), broken: vec![false; tips.len()] };
        let all: Vec<_> = (0..tips.len()).collect();
        if !holders.walk(place, target, &all) {
            for number in all {
                holders.broken[number] = !holders.walk(place, target, &[number]);
            }
        }
        holders
    }

    /// Note what some of the tips have; whether git could list it.
    fn walk(&mut self, place: &Place, target: ObjectId, numbers: &[usize]) -> bool {
        let mut input = format!("^{target}\n");
        let mut found: HashMap<ObjectId, u128> = HashMap::new();
        for number in numbers {
            input.push_str(&format!("{}\n", self.tips[*number]));
            *found.entry(self.tips[*number]).or_default() |= 1 << number;
        }
        let output = place.run(&["rev-list", "--topo-order", "--parents", "--stdin"], input.into_bytes());
        // Children come before their parents, so what they are in is known when they are met.
        for line in output.stdout.lines() {
            let mut ids = line.fields().map(|id| ObjectId::from_hex(id).unwrap());
            let commit = ids.next().unwrap();
            let bits = found[&commit];
            *self.of.entry(commit).or_default() |= bits;
            ids.for_each(|parent| *found.entry(parent).or_default() |= bits);
        }
        output.status.success()
    }

    fn is_landed(&self, number: usize) -> bool {
        !self.broken[number] && !self.of.contains_key(&self.tips[number])
    }

    fn has(&self, number: usize, commit: ObjectId) -> bool {
        self.of.get(&commit).is_some_and(|bits| bits & (1 << number) != 0)
    }

    fn contains(&self, a: usize, b: usize) -> bool {
        self.has(a, self.tips[b]) || self.has(b, self.tips[a])
    }

    fn share(&self, a: usize, b: usize) -> bool {
        let both = 1 << a | 1 << b;
        self.of.values().any(|bits| bits & both == both)
    }
}
