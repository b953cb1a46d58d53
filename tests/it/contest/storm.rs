//! Clones that do whatever comes to mind in bad weather, and are killed now and then.

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter, Result};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use super::ground::{Ground, Weather};

/// How many tasks they may take from each other.
const CONTENDED: usize = 40;
/// Clones.
const CLONES: usize = 2;

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Weathered {
    /// Acts that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Processes that were killed.
    pub(crate) killed: usize,
    /// Acts that were turned down or not confirmed.
    pub(crate) refused: usize,
    /// Acts that were acknowledged and reported as rejected later.
    pub(crate) rejected: usize,
    /// What must not be.
    pub(crate) losses: Vec<String>,
}

impl Display for Weathered {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Weathered { acknowledged, killed, refused, rejected, losses } = self;
        write!(f, "{acknowledged} acts acknowledged, {rejected} of them rejected later; {refused} refused, ")?;
        write!(f, "{killed} killed; {} losses", losses.len())
    }
}

/// One act that was acknowledged.
struct Act {
    sentence: String,
    /// The remote had confirmed it.
    is_confirmed: bool,
}

/// One clone's way through it.
struct Walker<'g> {
    ground: &'g Ground,
    n: usize,
    random: fastrand::Rng,
    acts: Vec<Act>,
    own: Vec<String>,
    taken: BTreeSet<usize>,
    /// How long a run takes, about: what kills are spread over.
    span: Duration,
    result: Weathered,
}

/// Have two clones do this many acts each.
pub(crate) fn storm(program: &Path, acts: usize, seed: u64) -> Weathered {
    let ground = Ground::new(program, CLONES);
    let lines: String = (0..CONTENDED).map(|n| format!("{{\"id\":\"t{n}\",\"title\":\"T\"}}\n")).collect();
    let tasks = ground.root().join("tasks");
    std::fs::write(&tasks, lines).unwrap();
    ground.agents(0, &["task", "import", tasks.to_str().unwrap()]);
    (0..CLONES).for_each(|n| drop(ground.agents(n, &["sync"])));
    let walk = |n: usize| {
        let random = fastrand::Rng::with_seed(seed * 1000 + n as u64);
        let mut walker = Walker {
            ground: &ground,
            n,
            random,
            acts: Vec::new(),
            own: Vec::new(),
            taken: BTreeSet::new(),
            span: Duration::from_millis(200),
            result: Weathered::default(),
        };
        (0..acts).for_each(|number| walker.step(number));
        (walker.acts, walker.result)
    };
    let walked: Vec<(Vec<Act>, Weathered)> = std::thread::scope(|scope| {
        let walks: Vec<_> = (0..CLONES).map(|n| scope.spawn(move || walk(n))).collect();
        walks.into_iter().map(|one| one.join().unwrap()).collect()
    });
    ground.set(Weather::Fine);
    let mut all = Weathered::default();
    for n in (0..CLONES).chain(0..CLONES) {
        let output = ground.command(n, &["sync"]).output().unwrap();
        // Something rejected is an answer.
        if !matches!(output.status.code(), Some(0 | 1)) {
            all.losses.push(format!("c{n} cannot sync: {}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    all.losses.extend(ground.disagreements(CLONES));
    let chain: BTreeSet<String> = ground.sentences(0).into_iter().collect();
    for (n, (acts, result)) in walked.into_iter().enumerate() {
        let rejected = rejected(&ground, n);
        for act in &acts {
            let (is_there, is_rejected) = (chain.contains(&act.sentence), rejected.contains(&act.sentence));
            if !is_there && (act.is_confirmed || !is_rejected) {
                all.losses.push(format!("c{n} was acknowledged and is missing: {}", act.sentence));
            }
            all.rejected += usize::from(!is_there && is_rejected);
        }
        all.acknowledged += acts.len();
        all.killed += result.killed;
        all.refused += result.refused;
        all.losses.extend(result.losses);
    }
    all
}

fn rejected(ground: &Ground, n: usize) -> BTreeSet<String> {
    let output = ground.agents(n, &["sync", "--acknowledge", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = json["acknowledged"].as_array().unwrap();
    list.iter().map(|one| one["sentence"].as_str().unwrap().to_owned()).collect()
}

impl Walker<'_> {
    fn step(&mut self, number: usize) {
        if self.random.u32(..4) == 0 {
            let fine = self.random.bool();
            let weather = if fine { Weather::Fine } else { Weather::ALL[self.random.usize(..Weather::ALL.len())] };
            self.ground.set(weather);
        }
        let (n, random) = (self.n, &mut self.random);
        match random.u32(..11) {
            0..=2 => {
                let id = format!("x{n}-{number}");
                if self.act(&["task", "add", "T", "--id", &id], format!("add task {id}: T"), false) {
                    self.own.push(id);
                }
            }
            3..=5 => {
                let task = random.usize(..CONTENDED);
                let is_offline = random.u32(..3) == 0;
                let words = ["assign", &format!("a{n}"), &format!("t{task}"), "--offline"];
                let words = if is_offline { &words[..] } else { &words[..3] };
                let sentence = format!("assign t{task} to a{n}");
                // Asking again for what one has is answered without an act.
                if !self.taken.contains(&task) && self.act(words, sentence, !is_offline) {
                    self.taken.insert(task);
                }
            }
            6 => {
                let message = format!("Noticed {n}-{number}");
                let words = ["findings", "add", &message, "--severity", "low", "--category", "c", "--json"];
                self.find(&words, &message);
            }
            7 => match self.own.pop() {
                Some(id) => {
                    self.act(&["task", "drop", &id, "--reason", "no"], format!("drop task {id}: no"), false);
                }
                None => drop(self.run(&["undo", "--yes"])),
            },
            8 => drop(self.run(&["undo", "--yes"])),
            9 => self.tidy_up(),
            _ => drop(self.run(&["sync"])),
        }
    }

    /// What git users do now and then, and git by itself.
    fn tidy_up(&mut self) {
        let ways: [&[&str]; 3] = [&["pack-refs", "--all"], &["fetch", "-q", "--prune"], &["gc", "-q", "--prune=now"]];
        let way = ways[self.random.usize(..ways.len())];
        // In bad weather a fetch fails, and what a killed one has left may be in the way of git.
        drop(self.ground.git_command(self.n, way).output().unwrap());
    }

    /// Do something whose sentence nothing else has; gives whether it was acknowledged.
    fn act(&mut self, words: &[&str], sentence: String, is_confirmed: bool) -> bool {
        let is_acknowledged = self.run(words).is_some_and(|output| output.status.success());
        if is_acknowledged {
            self.acts.push(Act { sentence, is_confirmed });
        }
        is_acknowledged
    }

    fn find(&mut self, words: &[&str], message: &str) {
        let Some(output) = self.run(words).filter(|output| output.status.success()) else { return };
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let id = json["ids"][0].as_str().or(json["finding"]["id"].as_str()).or(json["id"].as_str()).unwrap().to_owned();
        self.acts.push(Act { sentence: format!("add low finding {id}: {message}"), is_confirmed: false });
    }

    /// Run to the end, or kill it on the way; none when it was killed.
    fn run(&mut self, words: &[&str]) -> Option<Output> {
        let begun = std::time::Instant::now();
        let mut child = self.ground.command(self.n, words).spawn().unwrap();
        if self.random.u32(..4) == 0 {
            // This is the moment itself, not a wait for something to have happened.
            std::thread::sleep(self.span.mul_f64(self.random.f64()));
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            if output.status.code().is_none() {
                self.result.killed += 1;
                return None;
            }
            return Some(output);
        }
        let output = child.wait_with_output().unwrap();
        self.span = (self.span + begun.elapsed()) / 2;
        match output.status.code() {
            Some(0) => {}
            Some(1 | 3 | 4) => self.result.refused += 1,
            code => {
                let said = String::from_utf8_lossy(&output.stderr);
                self.result.losses.push(format!("c{} {words:?} ended with {code:?}: {said}", self.n));
            }
        }
        Some(output)
    }
}
