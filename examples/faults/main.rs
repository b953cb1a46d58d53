//! Disturbs landings and looks for what is lost.
//!
//! `cargo run --release --example faults -- kill --times 500 [--seed N] [--jobs N]` kills landings of all kinds at random
//! moments, looks at what is there, and runs the same command again. The status is 1 when anything is lost, or when it
//! ends otherwise than an undisturbed run. `-- syscalls [--stride N]` lets system calls fail, one in each landing (needs
//! strace); `-- disk` lets the disk be full (needs the right to mount).

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers: it starts processes by itself, prints what it finds, and a panic is how it fails"
)]

#[path = "../../tests/it/faults/mod.rs"]
mod faults;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

use faults::{
    NOT_INSTALLED, SCENARIOS, SMALL, Scenario, Tally, disturb_calls, fill_disks, kill_landings, why_no_strace,
};

/// Disturb landings.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    fault: Fault,
    /// Only the scenarios whose names contain this.
    #[arg(long, global = true, default_value = "")]
    only: String,
    /// How many at a time.
    #[arg(long, global = true, default_value_t = 4)]
    jobs: usize,
}

#[derive(Debug, Subcommand)]
enum Fault {
    /// Kill them at random moments.
    Kill {
        /// How many kills.
        #[arg(long, default_value_t = 500)]
        times: usize,
        /// Where the random moments begin.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Let system calls fail.
    Syscalls {
        /// Only every so many of them.
        #[arg(long, default_value_t = 1)]
        stride: usize,
    },
    /// Let the disk be full.
    Disk {
        /// How many pages of 4 KiB more are free in each landing than in the one before.
        #[arg(long, default_value_t = 1)]
        pages: u64,
    },
}

fn main() -> ExitCode {
    let Args { fault, only, jobs } = Args::parse();
    let program = program();
    let scenarios: Vec<Scenario> = SCENARIOS.into_iter().filter(|scenario| scenario.name.contains(&only)).collect();
    let told = |scenario: &Scenario, tally: &Tally| println!("{}: {tally}", scenario.name);
    let tally = match fault {
        Fault::Kill { times, seed } => kill_landings(&program, &scenarios, times, seed, jobs, &told),
        Fault::Syscalls { stride } => {
            assert_ne!(why_no_strace().as_deref(), Some(NOT_INSTALLED), "install strace first");
            assert_eq!(why_no_strace(), None, "nobody may trace here");
            disturb_calls(&program, SMALL, stride, jobs)
        }
        Fault::Disk { pages } => fill_disks(&program, SMALL, pages).expect("a small disk can be mounted"),
    };
    println!("in all: {tally}");
    let losses = tally.losses;
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
