//! Lets clones contend on one remote and looks for what is lost.
//!
//! `cargo run --release --example contest -- race --clones 16 --rounds 100 [--slow]` has them take tasks at the same
//! moment and prints how many a second are acknowledged. `-- storm --acts 1000 [--seed N]` has two of them do whatever
//! comes to mind while the remote rejects, loses replies and goes away, and processes are killed. The status is 1 when
//! anything that was acknowledged is lost.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers: it starts processes by itself, prints what it finds, and a panic is how it fails"
)]

#[path = "../../tests/it/contest/mod.rs"]
mod contest;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

use contest::{Contest, race, storm};

/// Contend.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Take tasks at the same moment.
    Race {
        /// How many clones.
        #[arg(long, default_value_t = 8)]
        clones: usize,
        /// How many rounds of each kind.
        #[arg(long, default_value_t = 100)]
        rounds: usize,
        /// The remote takes a while for everything.
        #[arg(long)]
        slow: bool,
    },
    /// Do anything in bad weather.
    Storm {
        /// How many acts each.
        #[arg(long, default_value_t = 1000)]
        acts: usize,
        /// Where the random moments begin.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let program = program();
    let losses = match Args::parse().kind {
        Kind::Race { clones, rounds, slow } => {
            let results = race(&program, Contest { clones, rounds, is_slow: slow });
            println!("{clones} clones, {rounds} rounds: {results}");
            results.losses
        }
        Kind::Storm { acts, seed } => {
            let weathered = storm(&program, acts, seed);
            println!("seed {seed}: {weathered}");
            weathered.losses
        }
    };
    losses.iter().for_each(|loss| println!("\n{loss}"));
    if losses.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The program beside this one. cargo builds no programs for examples, so it is asked to: an old one would lie.
fn program() -> PathBuf {
    if let Some(cargo) = std::env::var_os("CARGO") {
        let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
        let status = Command::new(cargo).args(["build", "--quiet", "--bin", "git-agents"]).args(profile).status();
        assert!(status.unwrap().success(), "the program could not be built");
    }
    std::env::current_exe().unwrap().parent().unwrap().with_file_name("git-agents")
}
