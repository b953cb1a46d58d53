//! Orders of real branches, each merged for real in the order that was given.

use super::*;
use crate::branch::{Options, matrix};
use crate::git::fixture::{Fixture, lines_with, write_in};

/// One letter is one line.
fn letters(text: &str) -> String {
    text.chars().flat_map(|letter| [letter, '\n']).collect()
}

fn planned(fixture: &Fixture, candidates: &[Candidate]) -> Plan {
    let before = fixture.objects();
    let repository = fixture.open();
    let scratch = Scratch::new(&repository).unwrap();
    let matrix = matrix(&repository, &scratch, fixture.id("main"), candidates, &Options::default()).unwrap();
    let plan = plan(&repository, &scratch, &matrix, candidates).unwrap();
    assert_eq!(fixture.objects(), before, "nothing is written in the repository");
    assert_eq!(plan.order.len(), candidates.len());
    plan
}

fn named(fixture: &Fixture, names: &[&str]) -> Vec<Candidate> {
    names.iter().map(|name| Candidate::new(*name, fixture.id(name))).collect()
}

/// Merge what is said to be clean, in order, and make sure that it is, and that the tree is the one that was told.
fn lands(fixture: &Fixture, plan: &Plan) {
    fixture.git(&["checkout", "-q", "-f", "--detach", "main"]);
    for position in plan.order.iter().filter(|position| position.outcome == Outcome::Clean) {
        let (code, said, _) = fixture.try_git_in(fixture.path(), &["merge", "-q", "--no-edit", &position.name]);
        assert_eq!(code, 0, "{}: {said} in {plan:#?}", position.name);
    }
    assert_eq!(fixture.id("HEAD^{tree}"), plan.tree);
}

fn summary(plan: &Plan) -> Vec<String> {
    plan.order.iter().map(|position| format!("{}: {}", position.name, position.reason)).collect()
}

#[test]
fn every_outcome_with_its_reason() {
    let f = Fixture::new();
    f.write("f", lines_with(40, &[]));
    f.write("g", lines_with(40, &[]));
    f.commit("base");
    f.git(&["branch", "base"]);
    f.write("f", lines_with(40, &[(1, "main")]));
    f.commit("moved on");
    let edit = |file: &'static str, line: usize| {
        move |f: &Fixture| {
            let text = std::fs::read_to_string(f.path().join(file)).unwrap();
            let mut lines: Vec<_> = text.lines().collect();
            let new = format!("{} on {}", line, f.git(&["branch", "--show-current"]));
            lines[line - 1] = &new;
            f.write(file, lines.join("\n") + "\n");
        }
    };
    f.branch("hub", "base", |f| {
        edit("f", 10)(f);
        edit("f", 20)(f);
    });
    f.branch("left", "base", edit("f", 10));
    f.branch("right", "base", edit("f", 20));
    f.branch("alone", "base", |f| f.write("alone", "x\n"));
    f.branch("shares", "base", edit("f", 30));
    f.branch("low", "base", edit("g", 5));
    f.branch("high", "low", edit("g", 6));
    f.branch("late", "base", |f| f.write("late", "x\n"));
    f.branch("stale", "base", edit("f", 1));
    f.branch("picked", "base", |f| f.write("f", lines_with(40, &[(1, "main")])));
    f.git(&["checkout", "-q", "--orphan", "stranger"]);
    f.commit("stranger");
    let names =
        ["hub", "left", "right", "alone", "shares", "low", "high", "late", "stale", "picked", "base", "stranger"];
    let mut candidates = named(&f, &names);
    candidates[7].after = vec!["alone".to_owned(), "somebody else".to_owned()];
    let plan = planned(&f, &candidates);
    assert_eq!(
        summary(&plan),
        [
            "alone: touches nothing that the others touch",
            "late: after alone: depends on it",
            "low: touches nothing that the others touch",
            "high: after low: contains its commits",
            "shares: shares f with 4 branches, and merges",
            "left: before hub, which conflicts with it",
            "right: before hub, which conflicts with it",
            "base: already in the target",
            "picked: changes nothing in the target",
            "hub: needs resolution in f with left (1 region); in f with right (1 region)",
            "stale: conflicts with the target in f",
            "stranger: cannot be judged: refusing to merge unrelated histories",
        ]
    );
    assert!(plan.exact);
    assert_eq!((plan.most_clean, plan.count(Outcome::Clean), plan.count(Outcome::NeedsResolution)), (7, 7, 1));
    assert_eq!(plan.order[9].conflicts_with, ["left", "right"]);
    lands(&f, &plan);
}

#[test]
fn priority_and_age_tell_equals_apart() {
    let f = Fixture::new();
    f.write("f", lines_with(10, &[]));
    f.commit("base");
    for name in ["a", "b", "c"] {
        f.branch(name, "main", |f| f.write("f", lines_with(10, &[(5, name)])));
    }
    let mut candidates = named(&f, &["a", "b", "c"]);
    candidates[0].age = 3;
    candidates[1].age = 2;
    candidates[2].age = 1;
    assert_eq!(planned(&f, &candidates).order[0].name, "c");
    candidates[1].priority = 1;
    let plan = planned(&f, &candidates);
    assert_eq!(plan.order[0].name, "b");
    assert_eq!(plan.order[1].outcome, Outcome::NeedsResolution);
    lands(&f, &plan);
}

#[test]
fn dependencies_in_a_circle_are_reported() {
    let f = Fixture::new();
    f.commit("base");
    for name in ["a", "b"] {
        f.branch(name, "main", |f| f.write(name, name));
    }
    let mut candidates = named(&f, &["a", "b"]);
    candidates[0].after = vec!["b".to_owned(), "a".to_owned()];
    candidates[1].after = vec!["a".to_owned()];
    let plan = planned(&f, &candidates);
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(plan.ignored, [pair("a", "a"), pair("a", "b")]);
    assert_eq!(summary(&plan)[1], "a: after b: depends on it");
    lands(&f, &plan);
}

#[test]
fn a_dependency_can_force_a_resolution() {
    let f = Fixture::new();
    f.write("f", lines_with(10, &[]));
    f.commit("base");
    for name in ["a", "b"] {
        f.branch(name, "main", |f| f.write("f", lines_with(10, &[(5, name)])));
    }
    f.branch("c", "main", |f| f.write("f", lines_with(10, &[(5, "c")])));
    let mut candidates = named(&f, &["a", "b", "c"]);
    candidates[0].after = vec!["b".to_owned()];
    candidates[2].after = vec!["a".to_owned()];
    let plan = planned(&f, &candidates);
    let outcomes: Vec<_> = plan.order.iter().map(|position| (position.name.as_str(), position.outcome)).collect();
    let needs = Outcome::NeedsResolution;
    assert_eq!(outcomes, [("b", Outcome::Clean), ("a", needs), ("c", needs)]);
    assert_eq!(plan.order[2].after, ["a"]);
    assert!(plan.exact);
}

#[test]
fn a_triple_that_conflicts_only_in_some_orders() {
    let f = Fixture::new();
    f.write("f", letters("acadaabbaaad"));
    f.commit("base");
    // Named so that the order by name is the one that fails.
    f.branch("1-a", "main", |f| f.write("f", letters("acadaabbaaaa")));
    f.branch("3-b", "main", |f| f.write("f", letters("acadaabbcaad")));
    f.branch("2-c", "main", |f| f.write("f", letters("acadadbbaaad")));
    let plan = planned(&f, &named(&f, &["1-a", "2-c", "3-b"]));
    assert_eq!(plan.count(Outcome::Clean), 3, "{plan:#?}");
    assert!(plan.exact && plan.most_clean == 3);
    assert_eq!(plan.together.len(), 1, "{plan:#?}");
    lands(&f, &plan);
    // When 1-a and 2-c have to come first, the order of the two decides.
    let mut candidates = named(&f, &["1-a", "2-c", "3-b"]);
    candidates[2].after = vec!["1-a".to_owned(), "2-c".to_owned()];
    let plan = planned(&f, &candidates);
    lands(&f, &plan);
    assert!(plan.count(Outcome::Clean) <= plan.most_clean);
    assert_eq!(plan.exact, plan.count(Outcome::Clean) == plan.most_clean || plan.together[0].in_any_order);
}

#[test]
fn a_triple_that_is_clean_with_different_results() {
    let f = Fixture::new();
    f.write("f", letters("lklusepbdjsfwyqcsbellkpfyolkjb"));
    f.commit("base");
    f.branch("a", "main", |f| f.write("f", letters("lklusepbdjsfwyqcsbelllkpfyolkjb")));
    f.branch("b", "main", |f| f.write("f", letters("lklusepbdjsfwyqcsbnllkpfyolkjb")));
    f.branch("c", "main", |f| f.write("f", letters("lklusepbdjsfwyqcsbelrlkpfyolkjb")));
    let plan = planned(&f, &named(&f, &["a", "b", "c"]));
    assert_eq!(plan.count(Outcome::Clean), 3, "{plan:#?}");
    lands(&f, &plan);
    assert_eq!(plan.other_results.len(), 1, "{plan:#?}");
    let OtherResult { planned, other, paths } = &plan.other_results[0];
    assert_eq!((planned.len(), paths.as_slice()), (3, &[BString::from("f")][..]));
    f.git(&["checkout", "-q", "-f", "--detach", "main"]);
    other.iter().for_each(|name| drop(f.git(&["merge", "-q", "--no-edit", name])));
    assert_ne!(f.id("HEAD^{tree}"), plan.tree, "the other order merges too, with other content");
}

#[test]
fn renamers_go_after_editors() {
    let f = Fixture::new();
    f.write("f", lines_with(100, &[]));
    f.commit("base");
    let new = |range: std::ops::Range<usize>| range.map(|line| (line, "something else")).collect::<Vec<_>>();
    f.branch("b1", "main", |f| f.write("f", lines_with(100, &new(1..31))));
    f.branch("b2", "main", |f| f.write("f", lines_with(100, &new(34..64))));
    f.branch("a-renames", "main", |f| {
        f.git(&["mv", "f", "renamed"]);
        f.write("renamed", lines_with(100, &new(70..95)));
    });
    let plan = planned(&f, &named(&f, &["a-renames", "b1", "b2"]));
    let order: Vec<_> = plan.order.iter().map(|position| position.name.as_str()).collect();
    assert_eq!(order, ["b1", "b2", "a-renames"]);
    assert_eq!(plan.count(Outcome::Clean), 3, "{plan:#?}");
    lands(&f, &plan);
}

#[test]
fn uncommitted_work_takes_part() {
    let f = Fixture::new();
    f.write("f", lines_with(10, &[]));
    f.commit("base");
    f.branch("a", "main", |f| f.write("f", lines_with(10, &[(5, "a")])));
    let tree = f.beside("b");
    f.git(&["worktree", "add", "-q", "-b", "b", &tree.to_string_lossy(), "main"]);
    write_in(&tree, b"f", lines_with(10, &[(5, "b")]).as_bytes());
    let mut candidates = named(&f, &["a", "b"]);
    candidates[1].worktree = Some(tree);
    let plan = planned(&f, &candidates);
    assert_eq!(summary(&plan)[1], "b: needs resolution in f with a (1 region)");
    assert_eq!(planned(&f, &[]).order, []);
}

/// Random branches: what is said to land does, in that order, and as many as ever could in pairs.
#[test]
fn random_branches_land_as_planned() {
    for seed in 20..23 {
        let f = Fixture::new();
        let mut random = fastrand::Rng::with_seed(seed);
        f.write("f", lines_with(30, &[]));
        f.write("g", lines_with(30, &[]));
        ["1", "2", "3"].iter().for_each(|name| f.write(format!("dir/{name}"), lines_with(9, &[(1, name)])));
        f.commit("base");
        let names: Vec<String> = (0..8).map(|number| format!("r{number}")).collect();
        for (number, name) in names.iter().enumerate() {
            let start = if number > 0 && random.u8(0..4) == 0 { &names[random.usize(0..number)] } else { "main" };
            f.branch(name, start, |f| (0..random.usize(1..3)).for_each(|_| f.change_at_random(&mut random)));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let plan = planned(&f, &named(&f, &names));
        assert!(plan.count(Outcome::Clean) <= plan.most_clean, "{plan:#?}");
        lands(&f, &plan);
    }
}

/// That no order lands more is only said when none does.
#[test]
fn what_is_proven_is_true() {
    let mut proven = 0;
    for seed in 0..8 {
        let f = Fixture::new();
        let mut random = fastrand::Rng::with_seed(seed);
        let letters = |random: &mut fastrand::Rng| letters(&(0..8).map(|_| random.char('a'..='c')).collect::<String>());
        f.write("f", letters(&mut random));
        f.commit("base");
        f.git(&["tag", "base"]);
        f.write("f", letters(&mut random));
        f.commit("main moves on");
        let names = ["a", "b", "c", "d"];
        for name in names {
            let mut text = f.git(&["show", "base:f"]);
            let at = random.usize(0..8) * 2;
            text.replace_range(at..=at, ["a", "b", "c", "a\nb"][random.usize(0..4)]);
            f.branch(name, if random.u8(0..3) == 0 { "main" } else { "base" }, |f| f.write("f", text + "\n"));
        }
        let candidates = named(&f, &names);
        let plan = planned(&f, &candidates);
        let open = plan.order.iter().filter(|position| position.outcome != Outcome::Empty);
        let open: Vec<_> = open.map(|position| position.branch).collect();
        let most = orders_of(&open).iter().map(|order| landed(&f, order.iter().map(|at| names[*at]))).max();
        assert!(plan.count(Outcome::Clean) <= most.unwrap() && most.unwrap() <= plan.most_clean, "{seed}: {plan:#?}");
        assert!(!plan.exact || most == Some(plan.count(Outcome::Clean)), "seed {seed}: {most:?} {plan:#?}");
        proven += usize::from(plan.exact);
        // What is in one wave lands in any order.
        let clean = plan.waves().into_iter().filter(|wave| !wave.manual);
        let turned: Vec<usize> = clean.flat_map(|wave| wave.positions.into_iter().rev()).collect();
        let turned = turned.iter().map(|place| plan.order[*place].name.as_str());
        assert_eq!(landed(&f, turned), plan.count(Outcome::Clean), "seed {seed}: {plan:#?} {:?}", plan.waves());
    }
    assert!(proven > 4, "only {proven} of 8 are proven");
}

/// How many land when each is merged that can be.
fn landed<'a>(f: &Fixture, order: impl Iterator<Item = &'a str>) -> usize {
    f.git(&["checkout", "-q", "-f", "--detach", "main"]);
    let merges = |name: &&str| {
        let is_clean = f.try_git_in(f.path(), &["merge", "-q", "--no-edit", name]).0 == 0;
        if !is_clean {
            f.git(&["reset", "-q", "--hard"]);
        }
        is_clean
    };
    order.filter(merges).count()
}

fn orders_of(items: &[usize]) -> Vec<Vec<usize>> {
    let [first, rest @ ..] = items else { return vec![Vec::new()] };
    let longer = |order: Vec<usize>| (0..=order.len()).map(move |at| [&order[..at], &[*first], &order[at..]].concat());
    orders_of(rest).into_iter().flat_map(longer).collect()
}

#[test]
fn waves_of_a_plan() {
    let f = Fixture::new();
    f.write("f", lines_with(10, &[]));
    f.commit("base");
    for name in ["a", "b"] {
        f.branch(name, "main", |f| f.write("f", lines_with(10, &[(5, name)])));
    }
    for name in ["c", "d", "e"] {
        f.branch(name, "main", |f| f.write(name, name));
    }
    f.branch("on-b", "b", |f| f.write("on-b", "x"));
    let mut candidates = named(&f, &["a", "b", "c", "d", "e", "on-b", "main"]);
    candidates[3].after = vec!["c".to_owned()];
    candidates[4].after = vec!["b".to_owned()];
    candidates[0].priority = 1;
    let plan = planned(&f, &candidates);
    let waves: Vec<(Vec<&str>, bool)> = plan
        .waves()
        .iter()
        .map(|wave| (wave.positions.iter().map(|place| plan.order[*place].name.as_str()).collect(), wave.manual))
        .collect();
    assert_eq!(
        waves,
        [(vec!["c", "b"], false), (vec!["d", "e", "on-b"], false), (vec!["a"], true)],
        "{:#?}",
        summary(&plan)
    );
}
