//! The branches behind the merges of a real repository.
//!
//! A set is made of branches that were all alive at one moment: they began before the first of them landed. The target
//! is the commit that this one landed on.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git_agents::branch::Question;
use gix::ObjectId;

use crate::built::empty_repository;
use crate::compare::{differences, direct_differences, ours};
use crate::cpu::{Cpu, all};
use crate::git::Place;
use crate::round::Tally;
use crate::truth::{Extent, truth};

/// Branches that were alive at one moment.
struct Set {
    target: ObjectId,
    tips: Vec<ObjectId>,
}

/// Judge `count` sets and print what came of it; how many differences there are.
pub(crate) fn judge(repository: &Path, tips: usize, count: usize) -> usize {
    // Everything that anybody writes goes to a repository that only borrows the real one's objects.
    let is_sha256 = false;
    let front = empty_repository(is_sha256, &[]);
    let behind = objects_of(repository);
    std::fs::create_dir(front.path().join(".git/objects/info")).unwrap();
    std::fs::write(front.path().join(".git/objects/info/alternates"), format!("{}\n", behind.display())).unwrap();
    // As in any repository that git maintains; without it, walking history is all that the merges of a long one cost.
    let head = git(repository, &["rev-parse", "HEAD"]);
    let mut graph = Command::new("git");
    graph.arg("-C").arg(front.path()).args(["commit-graph", "write", "--no-progress", "--stdin-commits"]);
    let mut graph = graph.stdin(Stdio::piped()).spawn().unwrap();
    graph.stdin.take().unwrap().write_all(head.as_bytes()).unwrap();
    assert!(graph.wait().unwrap().success());
    let mut total = Tally::default();
    let (mut sum_cold, mut sum_warm, mut sum_git) = (Cpu::default(), Cpu::default(), Cpu::default());
    let (mut sum_direct, mut sum_git_direct) = (Cpu::default(), Cpu::default());
    for Set { target, tips } in sets(front.path(), head.trim(), tips, count) {
        let before = all();
        let cold = ours(front.path(), target, &tips, Question::AfterLanding);
        let cold_cpu = all().since(&before);
        let before = all();
        let warm = ours(front.path(), target, &tips, Question::AfterLanding);
        let warm_cpu = all().since(&before);
        let before = all();
        let direct = ours(front.path(), target, &tips, Question::Direct);
        let direct_cpu = all().since(&before);
        let place = Place::new(&front.path().join(".git"));
        let truth = truth(&place, target, &tips, Extent { direct: true, landings: false });
        let mut tally = Tally { histories: 1, ..Tally::default() };
        tally.add(&truth);
        let mut reports = differences(&cold, &truth);
        reports.extend(differences(&warm, &truth));
        reports.extend(direct_differences(&direct, &truth));
        tally.differences = reports.len();
        let milliseconds = |cpu: Cpu| cpu.0.as_millis();
        println!(
            "{target}: {} branches, {} pairs, {} meet, {} conflicts, {} differences; CPU ms: ours {} cold, {} warm, \
             git {}; tips directly: ours {}, git {}",
            tips.len(),
            tally.pairs,
            cold.pairs.len(),
            tally.conflicts,
            tally.differences,
            milliseconds(cold_cpu),
            milliseconds(warm_cpu),
            milliseconds(truth.cpu),
            milliseconds(direct_cpu),
            milliseconds(truth.direct_cpu),
        );
        reports.iter().for_each(|report| println!("{report}"));
        total.add(&truth);
        total.histories += 1;
        total.differences += tally.differences;
        total.cpu[0] += cold_cpu;
        total.cpu[0] += direct_cpu;
        for (sum, cpu) in [
            (&mut sum_cold, cold_cpu),
            (&mut sum_warm, warm_cpu),
            (&mut sum_git, truth.cpu),
            (&mut sum_direct, direct_cpu),
            (&mut sum_git_direct, truth.direct_cpu),
        ] {
            *sum += cpu;
        }
    }
    println!("{}: {total}", repository.display());
    let share = |ours: Cpu, git: Cpu| 100.0 * ours.0.as_secs_f64() / git.0.as_secs_f64().max(f64::EPSILON);
    println!(
        "CPU of git for the same: cold {:.1} %, warm {:.1} %, tips directly {:.1} %",
        share(sum_cold, sum_git),
        share(sum_warm, sum_git),
        share(sum_direct, sum_git_direct),
    );
    total.differences
}

fn objects_of(repository: &Path) -> PathBuf {
    let path = git(repository, &["rev-parse", "--path-format=absolute", "--git-path", "objects"]);
    std::fs::canonicalize(path.trim()).unwrap()
}

/// The newest sets, no two of which share a branch.
fn sets(repository: &Path, head: &str, most: usize, count: usize) -> Vec<Set> {
    let log = git(repository, &["log", "--first-parent", "--merges", "-n", "6000", "--format=%P", head]);
    // Oldest first, as they landed: what each landed on, and its tip.
    let parents = |line: &str| {
        let ids: Vec<_> = line.split(' ').filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok()).collect();
        let [before, tip] = ids[..] else { return None };
        Some((before, tip))
    };
    let merges: Vec<(ObjectId, ObjectId)> = log.lines().rev().filter_map(parents).collect();
    let mut sets = Vec::new();
    let mut end = merges.len();
    while sets.len() < count && end > 0 {
        let start = end.saturating_sub(most * 8);
        let (target, _) = merges[start];
        let known = ancestors(repository, target);
        let mut tips: Vec<ObjectId> = Vec::new();
        // Some that land here began later, so more are looked at than are wanted.
        for (before, tip) in merges[start..].iter().take(most * 30) {
            if tips.len() == most {
                break;
            }
            if !known.contains(tip) && !tips.contains(tip) && began_in(repository, &known, *before, *tip) {
                tips.push(*tip);
            }
        }
        if tips.len() > 3 {
            sets.push(Set { target, tips });
        }
        end = start;
    }
    sets
}

/// Whether the branch left the target's history before the set's first branch landed.
fn began_in(repository: &Path, known: &HashSet<ObjectId>, before: ObjectId, tip: ObjectId) -> bool {
    let base = git(repository, &["merge-base", &before.to_string(), &tip.to_string()]);
    ObjectId::from_hex(base.trim().as_bytes()).is_ok_and(|base| known.contains(&base))
}

fn ancestors(repository: &Path, commit: ObjectId) -> HashSet<ObjectId> {
    let listed = git(repository, &["rev-list", &commit.to_string()]);
    listed.lines().map(|line| ObjectId::from_hex(line.as_bytes()).unwrap()).collect()
}

fn git(repository: &Path, args: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(repository).args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
