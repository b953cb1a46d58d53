//! Landings that are killed at random moments, once or several times in a row, and then run to their end.
//!
//! Half of the moments are spread over the whole of a landing, half over what follows once the journal has it: there
//! refs and files move. How long both take is learned on the way, as the machine's other work comes and goes.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::facts::{End, Work};
use super::ground::Ground;
use super::scenario::Scenario;
use super::tally::Tally;

/// Who gets which signal.
#[derive(Debug, Clone, Copy)]
struct Blow {
    signal: Signal,
    /// The children too, as a terminal does it and as the machine's end does it; else they live on.
    whole_group: bool,
}

const BLOWS: [Blow; 6] = [
    Blow { signal: Signal::SIGKILL, whole_group: true },
    Blow { signal: Signal::SIGKILL, whole_group: true },
    Blow { signal: Signal::SIGKILL, whole_group: false },
    Blow { signal: Signal::SIGTERM, whole_group: true },
    Blow { signal: Signal::SIGTERM, whole_group: false },
    Blow { signal: Signal::SIGINT, whole_group: true },
];

/// Kill landings of these scenarios, `kills` of them in all, several at a time. `told` hears of each scenario's end.
pub(crate) fn kill_landings(
    program: &Path,
    scenarios: &[Scenario],
    kills: usize,
    seed: u64,
    jobs: usize,
    told: &(dyn Fn(&Scenario, &Tally) + Sync),
) -> Tally {
    let (all, next) = (Mutex::new(Tally::default()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(number) else { return };
                    let share = kills / scenarios.len() + usize::from(number < kills % scenarios.len());
                    let mut killer = Killer::new(program, *scenario, seed.wrapping_add(number as u64));
                    while killer.tally.faults < share && killer.tally.losses.len() < 3 {
                        killer.round();
                    }
                    told(scenario, &killer.tally);
                    all.lock().unwrap().add(killer.tally);
                }
            });
        }
    });
    all.into_inner().unwrap()
}

struct Killer {
    ground: Ground,
    random: fastrand::Rng,
    work: Work,
    end: End,
    whole: Span,
    /// From the journal entry on.
    moving: Span,
    tally: Tally,
}

/// When a landing is to be killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    AfterStart(Duration),
    AfterJournal(Duration),
}

impl Killer {
    fn new(program: &Path, scenario: Scenario, seed: u64) -> Self {
        let ground = Ground::new(program, scenario);
        let work = Work::of(&ground);
        let mut child = ground.landing().spawn().unwrap();
        let begun = Instant::now();
        let journal = wait_for_journal(&ground, &mut child).then(|| begun.elapsed());
        let status = child.wait().unwrap();
        let whole = begun.elapsed();
        assert!(matches!(status.code(), Some(0 | 1)), "{}: {status}", scenario.name);
        let moving = whole.saturating_sub(journal.unwrap_or_default());
        assert_eq!(work.losses(&ground), [""; 0], "{}", scenario.name);
        let end = End::of(&ground);
        assert_eq!(end.differences(&ground, &end), [""; 0], "{}", scenario.name);
        let (whole, moving, tally) = (Span(whole), Span(moving), Tally::default());
        Killer { ground, random: fastrand::Rng::with_seed(seed), work, end, whole, moving, tally }
    }

    /// One landing: killed, looked at, killed again perhaps, and then left alone.
    fn round(&mut self) {
        self.ground.restore();
        let mut story = Vec::new();
        let mut losses = Vec::new();
        for _ in 0..1 + self.random.usize(0..5) / 2 {
            let (blow, moment) = (BLOWS[self.random.usize(0..BLOWS.len())], self.moment());
            story.push(format!("{blow:?} {moment:?}"));
            let was_killed = self.strike(blow, moment);
            losses.extend(self.work.losses(&self.ground));
            if !was_killed {
                break;
            }
        }
        let last = self.ground.land();
        self.tally.landings += 1;
        losses.extend(self.work.losses(&self.ground));
        if !matches!(last.status.code(), Some(0 | 1)) {
            losses.push(format!("the last run ended with {}: {}", last.status, String::from_utf8_lossy(&last.stderr)));
        } else {
            losses.extend(self.end.differences(&self.ground, &End::of(&self.ground)));
            if losses.is_empty() && self.tally.landings.is_multiple_of(4) {
                self.ground.agents(["undo", "--yes"]);
                losses.extend(self.work.differences(&self.ground).into_iter().map(|what| format!("undone, {what}")));
            }
        }
        if !losses.is_empty() {
            let (name, kept) = (self.ground.scenario.name, self.ground.keep());
            let told = format!("{name}, {}\n{}\nkept in {}", story.join(", "), losses.join("\n"), kept.display());
            self.tally.losses.push(told);
        }
    }

    fn moment(&mut self) -> Moment {
        if self.random.bool() {
            Moment::AfterStart(self.whole.moment(&mut self.random))
        } else {
            Moment::AfterJournal(self.moving.moment(&mut self.random))
        }
    }

    /// Whether the landing was ended by it.
    fn strike(&mut self, blow: Blow, moment: Moment) -> bool {
        let mut child = self.ground.landing().spawn().unwrap();
        // This is the moment itself, not a wait for something to have happened.
        match moment {
            Moment::AfterStart(time) => std::thread::sleep(time),
            Moment::AfterJournal(time) => {
                if wait_for_journal(&self.ground, &mut child) {
                    std::thread::sleep(time);
                }
            }
        }
        let was_alive = child.try_wait().unwrap().is_none();
        let under_way = self.ground.has_journal();
        let pid = Pid::from_raw(child.id().cast_signed());
        if was_alive {
            let sent = if blow.whole_group { killpg(pid, blow.signal) } else { kill(pid, blow.signal) };
            sent.unwrap();
        }
        let was_killed = child.wait().unwrap().signal().is_some();
        self.tally.faults += usize::from(was_killed);
        self.tally.under_way += usize::from(was_killed && under_way);
        match moment {
            Moment::AfterStart(_) => self.whole.learn(!was_killed),
            Moment::AfterJournal(_) => self.moving.learn(!was_killed),
        }
        was_killed
    }
}

/// The time over which moments are spread.
struct Span(Duration);

impl Span {
    /// A moment in it, or shortly after.
    fn moment(&self, random: &mut fastrand::Rng) -> Duration {
        self.0.mul_f64(random.f64() * 1.1)
    }

    /// Runs that are done make it shorter, runs that are not make it longer: both keep on happening.
    fn learn(&mut self, was_done: bool) {
        self.0 = self.0.mul_f64(if was_done { 0.85 } else { 1.04 });
    }
}

/// Wait until the journal has an entry; false when the process ends without one.
fn wait_for_journal(ground: &Ground, child: &mut Child) -> bool {
    loop {
        if ground.has_journal() {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}
