//! Where branches stand in history, relative to the target: own commits, merge bases, ahead and behind.
//!
//! Three runs of `git rev-list` and `git merge-base` for all branches together. The part of history that lies outside
//! the target is small; every question about single branches and pairs is answered on it in memory.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::BranchError;
use crate::git::{GitError, Repository};

/// One branch in history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The commits that the target does not have, the tip first; empty when the target has it all.
    pub own: Vec<ObjectId>,
    /// Its merge bases with the target; none when the histories are unrelated.
    pub bases: Vec<ObjectId>,
    /// How many commits the target has that the branch does not.
    pub behind: usize,
}

/// Commits with their parents.
pub(super) type Parents = Vec<(ObjectId, Vec<ObjectId>)>;

/// All branches in history.
#[derive(Debug)]
pub struct Histories {
    /// One for each tip, in their order; in git's own words why one has none that can be read.
    pub each: Vec<Result<History, String>>,
    outside: Graph,
    inside: Graph,
    /// What each commit of the target reaches inside, as far as it was asked for.
    reached: RefCell<HashMap<ObjectId, Rc<HashSet<ObjectId>>>>,
}

impl Histories {
    /// Every pair that shares commits which the target does not have, the lower number first, with the merge bases
    /// of the two.
    pub fn sharing(&self) -> HashMap<(usize, usize), Vec<ObjectId>> {
        let mut holders: HashMap<ObjectId, Vec<usize>> = HashMap::new();
        for (number, history) in self.each.iter().enumerate() {
            for commit in history.iter().flat_map(|history| &history.own) {
                holders.entry(*commit).or_default().push(number);
            }
        }
        let mut common: HashMap<(usize, usize), Vec<ObjectId>> = HashMap::new();
        for (commit, holders) in holders {
            for (position, a) in holders.iter().enumerate() {
                for b in &holders[position + 1..] {
                    common.entry((*a, *b)).or_default().push(commit);
                }
            }
        }
        for commits in common.values_mut() {
            // Hashed so far: the answer must not depend on that.
            commits.sort();
            *commits = self.outside.heads(commits);
        }
        common
    }

    /// Put together what is known of every tip: its history and the parents of its own commits.
    pub(super) fn known(known: Vec<(History, Parents)>) -> Self {
        let mut outside = Graph::default();
        let mut each = Vec::with_capacity(known.len());
        for (history, parents) in known {
            outside.parents.extend(parents);
            each.push(Ok(history));
        }
        Histories { each, outside, inside: Graph::default(), reached: RefCell::default() }
    }

    /// The parents of a tip's own commits.
    pub(super) fn parents(&self, history: &History) -> Parents {
        history.own.iter().map(|commit| (*commit, self.outside.parents[commit].clone())).collect()
    }

    fn inside_from(&self, base: ObjectId) -> Rc<HashSet<ObjectId>> {
        let mut reached = self.reached.borrow_mut();
        Rc::clone(reached.entry(base).or_insert_with(|| Rc::new(self.inside.reachable(&[base]).into_iter().collect())))
    }

    /// The one merge base of two tips, where it can be told without git. `shared` are the newest of the commits that
    /// both have and the target does not.
    pub fn sole_base(&self, a: usize, b: usize, shared: &[ObjectId]) -> Option<ObjectId> {
        let base = |number: usize| match self.each[number].as_ref().map(|history| history.bases.as_slice()) {
            Ok([base]) => Some(*base),
            _ => None,
        };
        let (of_a, of_b) = (base(a)?, base(b)?);
        match shared {
            [] if of_a == of_b => Some(of_a),
            // What lies outside the graph is in the history of everything within.
            [] if self.inside.contains(of_a) != self.inside.contains(of_b) => {
                Some(if self.inside.contains(of_a) { of_b } else { of_a })
            }
            [] => {
                let [from_a, from_b] = [of_a, of_b].map(|base| self.inside_from(base));
                let newer_is_b = from_b.contains(&of_a);
                (newer_is_b || from_a.contains(&of_b)).then_some(if newer_is_b { of_a } else { of_b })
            }
            // What both have of the target has to lie behind the commit that they share.
            [newest] if of_a == of_b => {
                let own = self.outside.reachable(&[*newest]);
                self.outside.border(*newest, &own).contains(&of_a).then_some(*newest)
            }
            _ => None,
        }
    }
}

/// The history of every tip.
///
/// # Errors
/// [`BranchError::Git`] when the target itself cannot be walked.
pub fn histories(repository: &Repository, target: ObjectId, tips: &[ObjectId]) -> Result<Histories, BranchError> {
    let mut outside = Graph::default();
    let mut broken: HashMap<ObjectId, String> = HashMap::new();
    if let Err(error) = outside.walk(repository, tips, &[target]) {
        // One of them is to blame; the others must not suffer for it.
        let GitError::Failed { .. } = error else { return Err(error.into()) };
        outside = Graph::default();
        outside.walk(repository, &[], &[target])?;
        for tip in tips {
            match outside.walk(repository, &[*tip], &[target]) {
                Err(GitError::Failed { stderr, .. }) => {
                    broken.insert(*tip, stderr.strip_prefix("fatal: ").unwrap_or(&stderr).to_owned());
                }
                result => result?,
            }
        }
    }
    let own: Vec<_> = tips.iter().map(|tip| outside.reachable(&[*tip])).collect();
    let borders: Vec<_> = tips.iter().zip(&own).map(|(tip, own)| outside.border(*tip, own)).collect();
    let inside = inside(repository, target, &borders)?;
    let known = tips.iter().zip(own).zip(borders).map(|((tip, own), border)| {
        if let Some(reason) = broken.remove(tip).or_else(|| broken.get(tip).cloned()) {
            return Err(reason);
        }
        let behind = inside.parents.len() - inside.reachable(&border).len();
        Ok(History { own, bases: inside.heads(&border), behind })
    });
    let each = known.collect();
    Ok(Histories { each, outside, inside, reached: RefCell::default() })
}

/// The target's commits as far as some branch lacks them.
fn inside(repository: &Repository, target: ObjectId, borders: &[Vec<ObjectId>]) -> Result<Graph, BranchError> {
    let mut all: Vec<_> = borders.iter().flatten().copied().collect();
    all.sort();
    all.dedup();
    let mut graph = Graph::default();
    // What all of them reach from every border commit, the target has and no branch lacks.
    let limit = if all.is_empty() || borders.iter().any(Vec::is_empty) {
        Vec::new()
    } else {
        let git = repository.git().args(["merge-base", "--octopus", "--all"]).args(all.iter().map(ToString::to_string));
        let output = git.run()?;
        output.stdout.lines().filter_map(|line| ObjectId::from_hex(line).ok()).collect()
    };
    graph.walk(repository, &[target], &limit)?;
    Ok(graph)
}

/// A part of history that is closed upwards: whatever lies between two commits of it belongs to it.
#[derive(Debug, Default)]
struct Graph {
    parents: HashMap<ObjectId, Vec<ObjectId>>,
}

impl Graph {
    /// Take up what `tips` reach and `limits` do not.
    fn walk(&mut self, repository: &Repository, tips: &[ObjectId], limits: &[ObjectId]) -> Result<(), GitError> {
        let mut input = String::new();
        for tip in tips {
            input.push_str(&format!("{tip}\n"));
        }
        for limit in limits {
            input.push_str(&format!("^{limit}\n"));
        }
        let listed = repository.git().args(["rev-list", "--parents", "--stdin"]).input(input).stdout()?;
        for line in listed.lines() {
            let mut ids = line.fields().filter_map(|id| ObjectId::from_hex(id).ok());
            if let Some(commit) = ids.next() {
                self.parents.insert(commit, ids.collect());
            }
        }
        Ok(())
    }

    fn contains(&self, commit: ObjectId) -> bool {
        self.parents.contains_key(&commit)
    }

    /// The commits of the graph that `tips` reach, themselves included, in the order of the search.
    fn reachable(&self, tips: &[ObjectId]) -> Vec<ObjectId> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut todo: Vec<_> = tips.to_vec();
        while let Some(commit) = todo.pop() {
            if let Some(parents) = self.parents.get(&commit)
                && seen.insert(commit)
            {
                found.push(commit);
                todo.extend(parents.iter().rev());
            }
        }
        found
    }

    /// Where the branch leaves the graph: the target's commits that its own commits build on.
    fn border(&self, tip: ObjectId, own: &[ObjectId]) -> Vec<ObjectId> {
        if own.is_empty() {
            return vec![tip];
        }
        let mut border: Vec<_> = own.iter().flat_map(|commit| &self.parents[commit]).copied().collect();
        border.retain(|commit| !self.parents.contains_key(commit));
        border.sort();
        border.dedup();
        border
    }

    /// Those of `commits` that no other one of them reaches. A commit outside the graph is reached by every other.
    fn heads(&self, commits: &[ObjectId]) -> Vec<ObjectId> {
        if commits.len() < 2 {
            return commits.to_vec();
        }
        let mut reached = HashSet::new();
        for commit in commits {
            let parents = self.parents.get(commit).cloned().unwrap_or_default();
            reached.extend(self.reachable(&parents));
        }
        let inside: Vec<_> = commits.iter().filter(|commit| self.parents.contains_key(*commit)).copied().collect();
        if inside.is_empty() {
            return commits.to_vec();
        }
        inside.into_iter().filter(|commit| !reached.contains(commit)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    /// A random history of merges, and every answer compared with git's.
    #[test]
    fn as_git_counts() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..4 {
            let fixture = Fixture::new();
            fixture.commit("root");
            let tree = fixture.git(&["rev-parse", "HEAD^{tree}"]);
            let mut commits = vec![fixture.git(&["rev-parse", "HEAD"])];
            for number in 0..30 {
                let message = format!("c{number}");
                let mut args = vec!["commit-tree", &tree, "-m", &message];
                let mut parents: Vec<_> = (0..random.usize(1..=3)).map(|_| random.usize(0..commits.len())).collect();
                parents.dedup();
                parents.iter().for_each(|parent| args.extend(["-p", commits[*parent].as_str()]));
                let commit = fixture.git(&args);
                commits.push(commit);
            }
            let target = commits.swap_remove(random.usize(20..30));
            let tips: Vec<ObjectId> = commits.iter().map(|commit| commit.parse().unwrap()).collect();
            let found = histories(&fixture.open(), target.parse().unwrap(), &tips).unwrap().each;
            for (tip, history) in commits.iter().zip(found) {
                let history = history.unwrap();
                let counts = fixture.git(&["rev-list", "--left-right", "--count", &format!("{target}...{tip}")]);
                assert_eq!(counts, format!("{}\t{}", history.behind, history.own.len()));
                let bases = fixture.git(&["merge-base", "--all", &target, tip]);
                let mut bases: Vec<_> = bases.lines().map(str::to_owned).collect();
                let mut ours: Vec<_> = history.bases.iter().map(ToString::to_string).collect();
                bases.sort();
                ours.sort();
                assert_eq!(ours, bases);
            }
        }
    }

    #[test]
    fn strangers_and_missing_commits() {
        let fixture = Fixture::new();
        let target = fixture.commit("root");
        fixture.git(&["checkout", "-q", "--orphan", "stranger"]);
        let stranger = fixture.commit("stranger");
        let missing = ObjectId::from_hex(&[b'7'; 40]).unwrap();
        let found = histories(&fixture.open(), target, &[stranger, missing, target]).unwrap().each;
        assert_eq!(found[0], Ok(History { own: vec![stranger], bases: vec![], behind: 1 }));
        assert!(found[1].as_ref().is_err_and(|reason| reason.contains("7777")), "{:?}", found[1]);
        assert_eq!(found[2], Ok(History { own: vec![], bases: vec![target], behind: 0 }));
    }
}
