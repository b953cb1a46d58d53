//! Many clones take tasks at the same moment: the same one, and each its own.

use std::fmt::{Display, Formatter, Result};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use super::ground::{Ground, Weather};

/// What is contended for, and by how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contest {
    /// How many clones.
    pub(crate) clones: usize,
    /// How many rounds of each kind.
    pub(crate) rounds: usize,
    /// The remote takes a while.
    pub(crate) is_slow: bool,
}

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// Acts that were acknowledged in rounds for one task, and how long those rounds took.
    pub(crate) same: (usize, Duration),
    /// The same where everybody takes another task.
    pub(crate) different: (usize, Duration),
    /// What must not be.
    pub(crate) losses: Vec<String>,
}

impl Display for Results {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let rate = |(acts, time): (usize, Duration)| {
            format!(
                "{acts} acknowledged in {:.1} s ({:.1} a second)",
                time.as_secs_f64(),
                acts as f64 / time.as_secs_f64()
            )
        };
        let Results { same, different, losses } = self;
        write!(f, "one task: {}; different tasks: {}; {} losses", rate(*same), rate(*different), losses.len())
    }
}

/// Let them contend.
pub(crate) fn race(program: &Path, contest: Contest) -> Results {
    let Contest { clones, rounds, is_slow } = contest;
    let ground = Ground::new(program, clones);
    let ids = (0..rounds).flat_map(|round| {
        std::iter::once(format!("s{round}")).chain((0..clones).map(move |n| format!("d{round}-{n}")))
    });
    let lines: String = ids.map(|id| format!("{{\"id\":\"{id}\",\"title\":\"T\"}}\n")).collect();
    std::fs::write(ground.root().join("tasks"), lines).unwrap();
    let tasks = ground.root().join("tasks");
    ground.agents(0, &["task", "import", tasks.to_str().unwrap()]);
    ground.agents(0, &["sync"]);
    if is_slow {
        ground.set(Weather::Slow);
    }
    let mut results = Results::default();
    for round in 0..rounds {
        let task = format!("s{round}");
        let begun = Instant::now();
        let ended = all_at_once(&ground, clones, |_| task.clone());
        results.same.1 += begun.elapsed();
        let winners: Vec<usize> = (0..clones).filter(|n| ended[*n].status.code() == Some(0)).collect();
        results.same.0 += winners.len();
        let [winner] = winners[..] else {
            results.losses.push(format!("{task} was won by {winners:?}: {}", told(&ended)));
            continue;
        };
        let holder = format!("task {task} is held by a{winner} since");
        for (n, output) in ended.iter().enumerate().filter(|(n, _)| *n != winner) {
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.code() != Some(1) || !said.contains(&holder) {
                results.losses.push(format!("c{n} lost {task} to a{winner} and was told: {said}"));
            }
        }
        let begun = Instant::now();
        let ended = all_at_once(&ground, clones, |n| format!("d{round}-{n}"));
        results.different.1 += begun.elapsed();
        let winners = ended.iter().filter(|output| output.status.success()).count();
        results.different.0 += winners;
        if winners != clones {
            results.losses.push(format!("round {round}: only {winners} got their own tasks: {}", told(&ended)));
        }
    }
    ground.set(Weather::Fine);
    for n in 0..clones {
        ground.agents(n, &["sync"]);
    }
    results.losses.extend(ground.disagreements(clones));
    let assigned = ground.sentences(0).iter().filter(|sentence| sentence.starts_with("assign ")).count();
    if assigned != results.same.0 + results.different.0 {
        results.losses.push(format!("{assigned} assignments are in the chain"));
    }
    results
}

/// Every clone assigns a task to its agent.
fn all_at_once(ground: &Ground, clones: usize, task: impl Fn(usize) -> String) -> Vec<Output> {
    let begin = |n: usize| ground.command(n, &["assign", &format!("a{n}"), &task(n)]).spawn().unwrap();
    let begun: Vec<_> = (0..clones).map(begin).collect();
    begun.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

fn told(ended: &[Output]) -> String {
    let one = |output: &Output| format!("{:?} {}", output.status.code(), String::from_utf8_lossy(&output.stderr));
    ended.iter().map(one).collect::<Vec<_>>().join("\n")
}
