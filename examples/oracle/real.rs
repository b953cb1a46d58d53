//! The branches behind the merges of a real repository.
//!
//! A set is made of branches that were all alive at one moment of the first-parent line, the target: what each was
//! built on is in the target, and none had landed.

use std::collections::HashMap;
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

/// The moments at which the most branches were alive, the newest of equal ones; no branch is in two sets.
fn sets(repository: &Path, head: &str, most: usize, count: usize) -> Vec<Set> {
    let (line, mut lives) = lives(repository, head);
    let mut sets = Vec::new();
    while sets.len() < count {
        let mut change = vec![0_i64; line.len() + 1];
        for life in &lives {
            change[life.began] += 1;
            change[life.landed] -= 1;
        }
        let mut alive = 0;
        let crowd = change.iter().enumerate().map(|(place, change)| {
            alive += change;
            (alive.min(most as i64), place)
        });
        let Some((_, place)) = crowd.max() else { break };
        let (now, mut later): (Vec<_>, Vec<_>) =
            lives.into_iter().partition(|life| life.began <= place && place < life.landed);
        let mut now = now.into_iter();
        let tips: Vec<_> = now.by_ref().take(most).map(|life| life.tip).collect();
        later.extend(now);
        lives = later;
        if tips.len() < 2 {
            break;
        }
        sets.push(Set { target: line[place], tips });
    }
    sets
}

/// A branch, from the place on the first-parent line that has all that it was built on to the one that has it.
struct Life {
    tip: ObjectId,
    began: usize,
    landed: usize,
}

/// The first-parent line, oldest first, and the branches behind its merges of two.
fn lives(repository: &Path, head: &str) -> (Vec<ObjectId>, Vec<Life>) {
    let listed = git(repository, &["rev-list", "--parents", head]);
    let ids = |line: &str| -> Vec<_> { line.split(' ').map(|id| ObjectId::from_hex(id.as_bytes()).unwrap()).collect() };
    let parents: HashMap<ObjectId, Vec<ObjectId>> =
        listed.lines().map(ids).map(|ids| (ids[0], ids[1..].to_vec())).collect();
    let head = ObjectId::from_hex(head.as_bytes()).unwrap();
    let mut line: Vec<_> = std::iter::successors(Some(head), |commit| parents[commit].first().copied()).collect();
    line.reverse();
    // When a commit came to the line.
    let mut since: HashMap<ObjectId, usize> = HashMap::new();
    let mut lives = Vec::new();
    for (place, commit) in line.iter().enumerate() {
        since.insert(*commit, place);
        let mut began = None;
        let mut todo: Vec<_> = parents[commit].iter().skip(1).copied().collect();
        while let Some(commit) = todo.pop() {
            match since.get(&commit) {
                Some(known) if *known < place => began = began.max(Some(*known)),
                Some(_) => {}
                None => {
                    since.insert(commit, place);
                    todo.extend(&parents[&commit]);
                }
            }
        }
        if let [_, tip] = parents[commit][..]
            && since[&tip] == place
            && let Some(began) = began
        {
            lives.push(Life { tip, began, landed: place });
        }
    }
    (line, lives)
}

fn git(repository: &Path, args: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(repository).args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
