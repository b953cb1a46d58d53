//! Plays rounds with states, operations, claims, settings and calls of hooks that are nearly right.
//!
//! `cargo run --release --example fuzz -- --minutes 60 [--seed N]` begins at a seed and goes on until the time is over. A
//! panic, a round of more than five minutes, or a change outside the state ends it with status 1 and names the seed;
//! `--seed N --rounds 1` plays that one again.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::exit,
    reason = "a program for developers: it starts processes by itself, prints what it finds, and a panic is how it fails"
)]

#[path = "../../tests/it/fuzz/mod.rs"]
mod fuzz;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;

use fuzz::{Ground, round};

/// No round takes so long, also where others have the processors: one that waits for ever waits longer.
const LONGEST: Duration = Duration::from_secs(300);
/// After so many rounds the ground is made anew, since every round leaves objects.
const ROUNDS_PER_GROUND: u64 = 500;

/// Play rounds.
#[derive(Debug, Parser)]
struct Args {
    /// How long.
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Not more than so many.
    #[arg(long)]
    rounds: Option<u64>,
}

static SEED: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let args = Args::parse();
    let (program, begun) = (program(), Instant::now());
    let end = begun + Duration::from_secs(args.minutes * 60);
    std::thread::spawn(watch);
    let mut ground = Ground::new();
    let mut seed = args.seed;
    let last = args.rounds.map(|rounds| args.seed + rounds);
    while Instant::now() < end && last.is_none_or(|last| seed < last) {
        SEED.store(seed, Ordering::Relaxed);
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| round(&ground, seed, &program)));
        if played.is_err() {
            println!("seed {seed} fails");
            return ExitCode::FAILURE;
        }
        seed += 1;
        if (seed - args.seed).is_multiple_of(ROUNDS_PER_GROUND) {
            println!("{} rounds in {} s, next is seed {seed}", seed - args.seed, begun.elapsed().as_secs());
            SEED.store(0, Ordering::Relaxed);
            ground = Ground::new();
        }
    }
    println!("{} rounds, seeds {} to {}: nothing found", seed - args.seed, args.seed, seed - 1);
    ExitCode::SUCCESS
}

/// Ends the program when one round takes too long.
fn watch() {
    let (mut known, mut since) = (0, Instant::now());
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let seed = SEED.load(Ordering::Relaxed);
        if seed != known {
            (known, since) = (seed, Instant::now());
        } else if since.elapsed() > LONGEST {
            println!("{}", if seed == 0 { "the ground hangs".to_owned() } else { format!("seed {seed} hangs") });
            std::process::exit(1);
        }
    }
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
