//! Holds the library's verdicts against git's own, at length.
//!
//! `cargo run --release --example oracle -- --random 20000 [--seed N]` judges random histories until that many pairs
//! are through; `cargo run --release --example oracle -- REPO [--tips N] [--sets K]` judges the branches behind the
//! merges of a real repository, which is only read, and says what it cost beside git's own `merge-tree --stdin`.
//! The status is 1 when anything differs.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers: it starts git by itself, prints what it finds, and a panic is how it fails"
)]

#[path = "../../tests/it/differential/built.rs"]
mod built;
#[path = "../../tests/it/differential/compare.rs"]
mod compare;
#[path = "../../tests/it/differential/cpu.rs"]
mod cpu;
#[path = "../../tests/it/differential/edits.rs"]
mod edits;
#[path = "../../tests/it/differential/git.rs"]
mod git;
#[path = "../../tests/it/differential/history.rs"]
mod history;
#[path = "../../tests/it/differential/lines.rs"]
mod lines;
#[path = "../../tests/it/differential/round.rs"]
mod round;
#[path = "../../tests/it/differential/tree.rs"]
mod tree;
#[path = "../../tests/it/differential/truth.rs"]
mod truth;

mod real;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use round::{Tally, round};

/// Hold the verdicts against git's own.
#[derive(Debug, Parser)]
struct Args {
    /// A repository whose merges are judged.
    #[arg(required_unless_present = "random")]
    repository: Option<PathBuf>,
    /// How many pairs of random histories to judge.
    #[arg(long, value_name = "PAIRS", conflicts_with = "repository")]
    random: Option<usize>,
    /// The seed of the first random history.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many branches are in a set at most.
    #[arg(long, default_value_t = 60)]
    tips: usize,
    /// How many sets of concurrent branches to judge.
    #[arg(long, default_value_t = 5)]
    sets: usize,
    /// After how many differences to stop.
    #[arg(long, default_value_t = 5)]
    most: usize,
}

fn main() -> ExitCode {
    let Args { repository, random, seed, tips, sets, most } = Args::parse();
    let differences = match (repository, random) {
        (Some(repository), _) => real::judge(&repository, tips, sets),
        (None, pairs) => judge_random(pairs.unwrap_or_default(), seed, most),
    };
    if differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn judge_random(pairs: usize, first: u64, most: usize) -> usize {
    let mut tally = Tally::default();
    let mut differing = 0;
    let mut seed = first;
    while tally.pairs < pairs && differing < most {
        let reports = round(seed, &mut tally);
        differing += usize::from(!reports.is_empty());
        reports.iter().for_each(|report| println!("{report}"));
        seed += 1;
        if tally.histories % 100 == 0 {
            println!("… seed {seed}: {tally}");
        }
    }
    println!("seeds {first}..{seed}: {tally}");
    tally.differences
}
