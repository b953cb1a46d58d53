//! The library's verdicts against git's own, on random histories; at length by
//! `cargo run --release --example oracle -- --random 20000`.
//!
//! Git is asked by a driver of its own here, by the definition of a verdict and nothing else, so that whatever the
//! library leaves out, remembers or decides by itself is held against the whole truth.

mod built;
mod case;
mod compare;
mod cpu;
mod edits;
mod git;
mod history;
mod lines;
mod round;
mod tree;
mod truth;

use round::{Tally, round};

/// Some seconds of them; the command above takes minutes.
const SEEDS: std::ops::Range<u64> = 1..25;

#[test]
fn verdicts_are_gits() {
    let mut tally = Tally::default();
    let reports: Vec<String> = SEEDS.flat_map(|seed| round(seed, &mut tally)).collect();
    eprintln!("{tally}");
    assert!(reports.is_empty(), "{}", reports.join("\n"));
    assert!(tally.conflicts > tally.pairs / 20 && tally.merged > tally.pairs / 4, "hardly anything happens: {tally}");
}

/// The cases under `tests/cases/conflict`, each with git's verdict beside ours. What a case comes to is rewritten where
/// it is out of date, and an error where `CI` is set; that ours is not git's is an error everywhere.
#[test]
fn named_cases_are_gits() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/conflict");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let history = text.split_once("\n==\n").map_or(text.as_str(), |(history, _)| history);
        let (told, different) = case::run(history);
        wrong.extend(different.iter().map(|what| format!("{}: {what}", path.display())));
        let fresh = format!("{}\n==\n{told}", history.trim_end());
        if fresh != text {
            wrong.push(format!("{} was out of date, is now:\n{told}", path.display()));
            if std::env::var_os("CI").is_none() {
                std::fs::write(&path, fresh).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
