//! One random history, judged by git and by the library.

use std::fmt::Write;
use std::path::Path;

use git_agents::branch::Question;

use super::built::Built;
use super::compare::{differences, direct_differences, ours};
use super::cpu::{Cpu, all};
use super::git::{Place, Record};
use super::history::{History, history};
use super::truth::{Extent, How, Truth, truth};

/// What came of one or many.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) histories: usize,
    pub(crate) branches: usize,
    pub(crate) pairs: usize,
    /// Pairs of which git had to merge anything.
    pub(crate) merged: usize,
    pub(crate) direct: usize,
    pub(crate) conflicts: usize,
    pub(crate) unknown: usize,
    pub(crate) landings: usize,
    pub(crate) landings_that_differ: usize,
    pub(crate) differences: usize,
    /// What it cost us, and what it cost git.
    pub(crate) cpu: [Cpu; 2],
}

impl Tally {
    /// Count one answer of git.
    pub(crate) fn add(&mut self, truth: &Truth) {
        self.branches += truth.stands.len();
        self.pairs += truth.pairs.len();
        self.direct += truth.direct.len();
        let records = || truth.pairs.values();
        self.merged += records().filter(|(how, ..)| !matches!(how, How::Nothing | How::Unknown)).count();
        self.conflicts += records().filter(|(.., record)| matches!(record, Record::Conflict { .. })).count();
        self.unknown += records().filter(|(.., record)| matches!(record, Record::Fatal(_))).count();
        self.landings += truth.landings.0;
        self.landings_that_differ += truth.landings.1;
        self.cpu[1] += truth.cpu;
        self.cpu[1] += truth.direct_cpu;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} histories, {} branches, {} pairs ({} merged, {} conflicts, {} unknown), {} of tips directly; \
             {} of {} landings in sequence go otherwise than the pair's verdict; {} differences; \
             CPU {} ms ours, {} ms git's",
            self.histories,
            self.branches,
            self.pairs,
            self.merged,
            self.conflicts,
            self.unknown,
            self.direct,
            self.landings_that_differ,
            self.landings,
            self.differences,
            self.cpu[0].0.as_millis(),
            self.cpu[1].0.as_millis(),
        )
    }
}

/// Judge the history of a seed. What comes back is a complete report of every difference.
pub(crate) fn round(seed: u64, tally: &mut Tally) -> Vec<String> {
    let History { plan, mut targets, later, tips } = history(seed);
    let built = Built::new(&plan);
    let tips: Vec<_> = tips.into_iter().map(|tip| built.ids[tip]).collect();
    let mut reports = Vec::new();
    tally.histories += 1;
    // One after the other in one repository, so that what was remembered of one question is there for the next.
    let last = targets.len();
    targets.extend(later.map(|_| targets[0]));
    for (step, target) in targets.into_iter().enumerate() {
        if let (true, Some((config, attributes))) = (step == last, later) {
            append(&built.git_dir().join("config"), config);
            append(&built.git_dir().join("info/attributes"), attributes);
        }
        let target = built.ids[target];
        let before = all();
        let cold = ours(built.path(), target, &tips, Question::AfterLanding);
        let direct = ours(built.path(), target, &tips, Question::Direct);
        tally.cpu[0] += all().since(&before);
        let warm = ours(built.path(), target, &tips, Question::AfterLanding);
        let place = Place::new(&built.git_dir());
        let truth = truth(&place, target, &tips, Extent { direct: true, landings: true });
        tally.add(&truth);
        reports.extend(differences(&cold, &truth));
        reports.extend(direct_differences(&direct, &truth));
        if reports.is_empty() && format!("{cold:?}") != format!("{warm:?}") {
            reports.extend(differences(&warm, &truth));
            reports.push(format!("the second answer is another one\n  first: {cold:?}\n  second: {warm:?}"));
        }
        if !reports.is_empty() {
            tally.differences += reports.len();
            let mut context =
                format!("seed {seed}, question {step}, target {target}; {later:?} from question {last}\n");
            for (number, tip) in tips.iter().enumerate() {
                writeln!(context, "  branch {number}: {tip}").unwrap();
            }
            writeln!(context, "  config: {:?} {:?}", plan.config, plan.attributes).unwrap();
            writeln!(context, "  repository: {}", built.keep().display()).unwrap();
            reports.insert(0, context);
            return reports;
        }
    }
    reports
}

fn append(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let before = std::fs::read_to_string(file).unwrap_or_default();
    std::fs::write(file, before + text).unwrap();
}
