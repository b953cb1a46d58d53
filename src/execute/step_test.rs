use proptest::prelude::*;

use super::*;

fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

fn agent(text: &str) -> AgentName {
    text.parse().unwrap()
}

/// `a`, `b<a,c` (after), `d!` (high), `e=5` (hours), `f@ann`, `g~2` (collisions)
fn jobs(text: &str) -> Vec<Job> {
    let one = |word: &str| {
        let mut parts = word.split('<');
        let head = parts.next().unwrap();
        let end = head.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(head.len());
        let tail = &head[end..];
        let number = |mark: char| tail.split(mark).nth(1).and_then(|rest| rest.parse::<u8>().ok());
        Job {
            id: id(&head[..end]),
            after: parts.next().into_iter().flat_map(|after| after.split(',')).map(id).collect(),
            priority: if tail.contains('!') { Priority::High } else { Priority::Medium },
            hours: number('=').map_or(1.0, f64::from),
            agent: tail.split('@').nth(1).map(agent),
            collisions: number('~').unwrap_or(0).into(),
        }
    };
    text.split_whitespace().map(one).collect()
}

/// `a=done b=run c=fail1 d=final e=closed f=skip`, the others waiting; `b=run@ann`.
fn stages(jobs: &[Job], text: &str) -> BTreeMap<TaskId, Stage> {
    let mut stages: BTreeMap<TaskId, Stage> = jobs.iter().map(|job| (job.id.clone(), Stage::Waiting)).collect();
    for word in text.split_whitespace() {
        let (name, stage) = word.split_once('=').unwrap();
        let stage = match stage {
            "done" => Stage::Done,
            "final" => Stage::Failed { tries: 1, is_final: true },
            "closed" => Stage::Closed,
            "skip" => Stage::Skipped,
            "run" => Stage::Running { agent: agent(name) },
            run if run.starts_with("run@") => Stage::Running { agent: agent(&run[4..]) },
            fail => Stage::Failed { tries: fail[4..].parse().unwrap(), is_final: false },
        };
        stages.insert(id(name), stage);
    }
    stages
}

fn rules(at_once: usize) -> Rules {
    Rules { at_once, retries: 0, workers: Workers::OneEach, busy: BTreeMap::new(), held: BTreeSet::new() }
}

fn said(acts: &[Act]) -> String {
    let one = |act: &Act| match act {
        Act::Start { task, agent } if task.as_str() == agent.as_str() => task.to_string(),
        Act::Start { task, agent } => format!("{task}@{agent}"),
        Act::Skip { task, because } => format!("-{task}({because})"),
    };
    acts.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn step(plan: &str, now: &str, rules: &Rules) -> String {
    let jobs = jobs(plan);
    said(&next(&jobs, &stages(&jobs, now), rules, &|_, _| false))
}

#[test]
fn what_waits_for_nothing_starts_up_to_the_limit() {
    assert_eq!(step("a b c d<a", "", &rules(2)), "a b");
    assert_eq!(step("a b c d<a", "a=run", &rules(2)), "b");
    assert_eq!(step("a b c d<a", "a=run b=run", &rules(2)), "");
    assert_eq!(step("a b c d<a", "a=done b=run", &rules(3)), "c d");
    assert_eq!(step("a b", "", &rules(0)), "");
    // What is no job of the plan does not count: it was looked at before.
    assert_eq!(step("a<x", "", &rules(1)), "a");
}

#[test]
fn the_urgent_and_the_longest_way_go_first() {
    assert_eq!(step("a b! c", "", &rules(1)), "b");
    assert_eq!(step("a b c<b d<c", "", &rules(1)), "b");
    assert_eq!(step("a=9 b c<b d<c", "", &rules(1)), "a");
    assert_eq!(step("a~2 b~1 c~1=2", "", &rules(3)), "c b a");
}

#[test]
fn a_failure_stops_only_what_depends_on_it() {
    assert_eq!(step("a b<a c<b d", "a=fail1", &rules(5)), "d -b(a) -c(b)");
    assert_eq!(step("a b<a c<b d", "a=closed b=skip", &rules(5)), "d -c(b)");
    assert_eq!(step("a b<a c<b", "a=final b=done", &rules(5)), "c", "what is done is done");
    assert_eq!(step("a b<a,c c", "a=final c=run", &rules(5)), "-b(a)");
    assert_eq!(step("a b<a", "a=final b=run", &rules(5)), "");
}

#[test]
fn what_has_failed_is_tried_again_as_often_as_was_said() {
    let twice = Rules { retries: 2, ..rules(5) };
    assert_eq!(step("a b<a", "a=fail1", &twice), "a");
    assert_eq!(step("a b<a", "a=fail2", &twice), "a");
    assert_eq!(step("a b<a", "a=fail3", &twice), "-b(a)");
    assert_eq!(step("a b<a", "a=final", &twice), "-b(a)");
    // It waits for something that will not come.
    assert_eq!(step("a b<a", "a=final b=fail1", &twice), "-b(a)");
}

#[test]
fn an_agent_does_one_thing_at_a_time() {
    assert_eq!(step("a@ann b@ann c@bob", "", &rules(5)), "a@ann c@bob");
    assert_eq!(step("a@ann b@ann", "a=run@ann", &rules(5)), "");
    let busy = |own| Rules { busy: [(agent("ann"), own)].into(), ..rules(5) };
    assert_eq!(step("a@ann b", "", &busy(None)), "b");
    // With its own task it may go on.
    assert_eq!(step("a@ann b@ann", "", &busy(Some(id("b")))), "b@ann");
    let jobs = jobs("a@ann b c<a");
    let stages = stages(&jobs, "");
    assert_eq!(stuck(&jobs, &stages, &busy(None)), [(&id("a"), vec![agent("ann")])]);
    assert_eq!(stuck(&jobs, &stages, &busy(Some(id("a")))), []);
    let pool = |names: &[&str]| Workers::Pool(names.iter().map(|name| agent(name)).collect());
    assert_eq!(stuck(&jobs, &stages, &Rules { workers: pool(&["ann"]), ..busy(None) }).len(), 2);
    assert_eq!(stuck(&jobs, &stages, &Rules { workers: pool(&["ann", "bob"]), ..busy(None) }).len(), 1);
    let held = Rules { held: [id("b")].into(), ..rules(5) };
    assert_eq!(
        (said(&next(&jobs, &stages, &held, &|_, _| false)), stuck(&jobs, &stages, &held)),
        ("a@ann".into(), vec![])
    );
    let pool = Rules { workers: Workers::Pool(vec![agent("x"), agent("y")]), ..rules(5) };
    assert_eq!(step("a b c", "", &pool), "a@x b@y");
    assert_eq!(step("a b c", "a=run@x", &pool), "b@y");
    assert_eq!(step("a b@x", "", &pool), "a@y b@x", "x is left to what needs it");
}

#[test]
fn what_would_collide_waits_for_its_turn() {
    let jobs = jobs("a b c");
    let meets = |one: &TaskId, other: &TaskId| [one.as_str(), other.as_str()] == ["b", "a"];
    assert_eq!(said(&next(&jobs, &stages(&jobs, ""), &rules(5), &meets)), "a c");
    assert_eq!(said(&next(&jobs, &stages(&jobs, "a=run"), &rules(5), &meets)), "c");
    assert_eq!(said(&next(&jobs, &stages(&jobs, "a=done"), &rules(5), &meets)), "b c");
}

#[test]
fn waves_are_as_early_as_they_can_be() {
    let show = |plan: &str, now: &str| {
        let jobs = jobs(plan);
        let waves = waves(&jobs, &stages(&jobs, now));
        let wave = |wave: usize| {
            let words: Vec<&str> = waves.iter().filter(|(_, of)| **of == wave).map(|(id, _)| id.as_str()).collect();
            words.join(" ")
        };
        (1..=waves.values().copied().max().unwrap_or_default()).map(wave).collect::<Vec<_>>().join(" | ")
    };
    assert_eq!(show("a b<a c d<b,c e", ""), "a c e | b | d");
    assert_eq!(show("a b<a c d<b,c e", "a=done e=done"), "b c | d");
    assert_eq!(show("", ""), "");
}

/// How the tries of a task end, in turn; the last goes on for ever.
type Ends = Vec<Vec<bool>>;

/// The jobs, how they end, the limit, the retries, the size of the pool (0 for an agent each), and what meets what.
type Play = (Vec<Job>, Ends, usize, u32, usize, Vec<(usize, usize)>);

fn play() -> impl Strategy<Value = Play> {
    let edges = prop::collection::vec(prop::collection::vec(0..100_usize, 0..3), 14);
    let named = prop::collection::vec(prop::option::weighted(0.2, 0..2_usize), 14);
    let ends = prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.8), 1..4), 14);
    let meets = prop::collection::vec((0..14_usize, 0..14_usize), 0..6);
    (1..14_usize, edges, named, ends, 1..6_usize, 0..3_u32, 0..4_usize, meets).prop_map(
        |(count, edges, named, ends, at_once, retries, pool, meets)| {
            let name = |n: usize| id(&format!("t{n}"));
            let job = |n: usize| Job {
                id: name(n),
                after: edges[n].iter().filter(|_| n > 0).map(|edge| name(edge % n.max(1))).collect(),
                priority: if n.is_multiple_of(3) { Priority::High } else { Priority::Medium },
                hours: 1.0,
                agent: named[n].map(|who| agent(&format!("agent-{who}"))),
                collisions: n % 2,
            };
            ((0..count).map(job).collect(), ends, at_once, retries, pool, meets)
        },
    )
}

proptest! {
    #![proptest_config(crate::state::fixture::cases(400))]

    #[test]
    fn whatever_happens_the_rules_hold(
        (jobs, ends, at_once, retries, pool, meeting) in play(),
        seed in any::<u64>(),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let workers = match pool {
            0 => Workers::OneEach,
            n => Workers::Pool((0..n).map(|n| agent(&format!("agent-{n}"))).collect()),
        };
        let rules = Rules { at_once, retries, workers, busy: BTreeMap::new(), held: BTreeSet::new() };
        let number = |id: &TaskId| id.as_str()[1..].parse::<usize>().unwrap();
        let meets = |one: &TaskId, other: &TaskId| {
            let two = (number(one), number(other));
            meeting.contains(&two) || meeting.contains(&(two.1, two.0))
        };
        let mut stages: BTreeMap<TaskId, Stage> = jobs.iter().map(|job| (job.id.clone(), Stage::Waiting)).collect();
        let mut tried: BTreeMap<TaskId, u32> = BTreeMap::new();
        let is_running = |stages: &BTreeMap<TaskId, Stage>| -> Vec<(TaskId, AgentName)> {
            let running = stages.iter().filter_map(|(id, stage)| match stage {
                Stage::Running { agent } => Some((id.clone(), agent.clone())),
                _ => None,
            });
            running.collect()
        };
        for round in 0.. {
            prop_assert!(round < 200, "it does not end");
            for act in next(&jobs, &stages, &rules, &meets) {
                match act {
                    Act::Start { task, agent } => {
                        let job = jobs.iter().find(|job| job.id == task).unwrap();
                        prop_assert!(job.after.iter().all(|after| stages[after] == Stage::Done));
                        let is_free = matches!(stages[&task], Stage::Waiting | Stage::Failed { is_final: false, .. });
                        prop_assert!(is_free);
                        prop_assert!(job.agent.as_ref().is_none_or(|named| *named == agent));
                        for (other, who) in is_running(&stages) {
                            prop_assert!(who != agent && !meets(&task, &other));
                        }
                        *tried.entry(task.clone()).or_default() += 1;
                        stages.insert(task, Stage::Running { agent });
                    }
                    Act::Skip { task, because } => {
                        let lost = matches!(stages[&because], Stage::Failed { .. } | Stage::Skipped);
                        let skips = |act: &Act| matches!(act, Act::Skip { task, .. } if *task == because);
                        prop_assert!(lost || next(&jobs, &stages, &rules, &meets).iter().any(skips));
                        stages.insert(task, Stage::Skipped);
                    }
                }
            }
            let running = is_running(&stages);
            prop_assert!(running.len() <= at_once);
            if running.is_empty() {
                break;
            }
            let (ended, _) = running[random.usize(..running.len())].clone();
            let tries = tried[&ended];
            let turn = &ends[number(&ended)];
            let good = turn[(tries as usize - 1).min(turn.len() - 1)];
            stages.insert(ended, if good { Stage::Done } else { Stage::Failed { tries, is_final: false } });
        }
        // Everything has ended: done, failed after all its tries, or skipped because of one that has.
        for job in &jobs {
            let after_lost = job.after.iter().any(|after| stages[after] != Stage::Done);
            match &stages[&job.id] {
                Stage::Done => prop_assert!(!after_lost),
                Stage::Failed { tries, .. } => prop_assert_eq!(*tries, retries + 1),
                Stage::Skipped => prop_assert!(after_lost && !tried.contains_key(&job.id)),
                other => prop_assert!(false, "{} is left {:?}", job.id, other),
            }
        }
    }
}
