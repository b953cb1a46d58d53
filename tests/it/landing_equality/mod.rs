//! What a landing makes of a branch is what git makes of it: random branches, landed by `git agents merge` with each
//! strategy and by `git rebase`, `git merge --no-ff` and `git merge --squash` in a clone, have the same trees, authors,
//! dates, encodings and messages, to the byte.
//!
//! A longer run is a larger [`CASES`]; a seed that fails is told, and [`land`] with it is the case again.

mod by_git;
mod history;

use by_git::Oracle;
use history::History;

use crate::support::Sandbox;

/// How many random branches the suite lands with each strategy.
const CASES: u64 = 24;

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Both made the same.
    Same,
    /// Neither made anything.
    Neither,
    /// git left out what the target has had and has taken back, which we do not do silently.
    TakenBack,
}

/// A branch and a target that went on, as a repository.
fn repository(seed: u64) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git_with(&["fast-import", "--quiet", "--force"], &History::random(seed).script());
    sandbox.git(["reset", "-q", "--hard"]);
    sandbox.register(&["ann"]);
    sandbox
}

#[track_caller]
fn land(seed: u64, strategy: &str) -> Ended {
    let sandbox = repository(seed);
    let before = sandbox.git(["rev-parse", "main"]);
    let oracle = Oracle::new(&sandbox);
    let output = sandbox.direct(["merge", "ann", "--strategy", strategy, "--yes", "--json"]).output();
    let what = format!("seed {seed}, {strategy}: {output}");
    let by_git = oracle.land(strategy);
    match (output.status, by_git) {
        (Some(0), Some(theirs)) => {
            assert_eq!(oracle.commits(sandbox.repo(), &before, "main", strategy), theirs, "{what}");
            sandbox.fsck();
            Ended::Same
        }
        (Some(1), None) => Ended::Neither,
        (Some(3), Some(_)) if output.stderr.contains("taken-back") || output.stderr.contains("no longer has") => {
            Ended::TakenBack
        }
        (_, theirs) => panic!("{what}\ngit: {theirs:#?}"),
    }
}

/// The first commits of the branch land in another form, and the rest, which is bob's, on top of them.
#[track_caller]
fn land_stacked(seed: u64) -> Ended {
    let sandbox = repository(seed);
    let commits = sandbox.git(["rev-list", "--reverse", "main..agents/ann"]);
    let commits: Vec<&str> = commits.lines().collect();
    // The same changes by the same people at the same time are the same commits.
    let Some(below) = commits.get(seed as usize % commits.len().max(1)) else { return Ended::Neither };
    sandbox.git(["branch", "-q", "agents/bob", "agents/ann"]);
    sandbox.git(["branch", "-q", "-f", "agents/ann", *below]);
    sandbox.register(&["bob"]);
    let strategy = if seed.is_multiple_of(3) { "rebase" } else { "squash" };
    let first = sandbox.direct(["merge", "ann", "--strategy", strategy, "--yes"]).output();
    if first.status != Some(0) || first.stdout.contains("nothing to land") {
        return Ended::Neither;
    }
    let before = sandbox.git(["rev-parse", "main"]);
    let oracle = Oracle::new(&sandbox);
    let output = sandbox.direct(["merge", "bob", "--strategy", "rebase", "--yes", "--json"]).output();
    let what = format!("seed {seed}, stacked on {below}, {strategy}: {output}");
    match (output.status, oracle.rebase_onto(below, "agents/bob")) {
        (Some(0), Some(theirs)) => {
            assert_eq!(oracle.commits(sandbox.repo(), &before, "main", "rebase"), theirs, "{what}");
            Ended::Same
        }
        (Some(1), None) => Ended::Neither,
        (Some(3), Some(_)) if output.stderr.contains("no longer has") => Ended::TakenBack,
        (_, theirs) => panic!("{what}\ngit: {theirs:#?}"),
    }
}

/// Land many, and see that they are not all of one kind.
fn land_many(strategy: &str, seeds: impl Iterator<Item = u64>) {
    let land = |seed| if strategy == "stacked" { land_stacked(seed) } else { land(seed, strategy) };
    let ended: Vec<Ended> = seeds.map(land).collect();
    let same = ended.iter().filter(|ended| **ended == Ended::Same).count();
    eprintln!("{strategy}: {same} of {} branches landed as git lands them", ended.len());
    assert!(same * 2 > ended.len(), "{ended:?}");
}

#[test]
fn a_rebase_lands_what_git_rebase_makes() {
    land_many("rebase", 1..=CASES);
}

#[test]
fn a_merge_lands_what_git_merge_makes() {
    land_many("merge", 1000..1000 + CASES / 4);
}

#[test]
fn a_squash_lands_what_git_merge_squash_makes() {
    land_many("squash", 2000..2000 + CASES / 4);
}

#[test]
fn what_is_stacked_lands_as_git_rebase_onto_makes_it() {
    land_many("stacked", 3000..3000 + CASES / 2);
}
