//! Plans: what lands, what stops, what is refused, and that planning changes nothing.

use super::*;
use crate::git::worktrees::OperationKind;
use crate::land::fixture::{Fixture, Shape, ann, lines_with, read_in, write_in};
use crate::land::plan::Strategy;
use crate::worktree::follow::Blocked;

pub(in crate::land) fn source(name: &str) -> Source {
    Source {
        name: name.into(),
        branch: format!("refs/heads/agents/{name}"),
        strategy: None,
        merge_message: format!("Merge {name}"),
        squash_message: name.into(),
        squash_author: ann(),
        exclude: Vec::new(),
        rewritten: Vec::new(),
        elsewhere: Vec::new(),
        trailers: Vec::new(),
        after: Vec::new(),
    }
}

pub(in crate::land) fn request(names: &[&str]) -> Request {
    let sources = names.iter().map(|name| source(name)).collect();
    let target = "refs/heads/main".into();
    Request { target, start: None, sources, barred: Vec::new(), identity: ann(), runs_hooks: false }
}

/// A worktree with one commit that writes one file.
pub(in crate::land) fn agent(fixture: &Fixture, name: &str, path: &str, content: &str) -> std::path::PathBuf {
    let dir = fixture.worktree(name, "main");
    write_in(&dir, path, content);
    fixture.commit_in(&dir, name);
    dir
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.name.as_str()).collect()
}

fn stop_of<'a>(plan: &'a Plan, name: &str) -> &'a Stop {
    &plan.stopped.iter().find(|stopped| stopped.name == name).unwrap().reason
}

#[test]
fn a_branch_that_conflicts_is_left_out_and_the_others_go_on() {
    let fixture = Fixture::new();
    agent(&fixture, "one", "a.txt", &lines_with(20, 5, "one"));
    let two = agent(&fixture, "two", "a.txt", &lines_with(20, 5, "two"));
    agent(&fixture, "three", "c.txt", "c\n");
    fixture.worktree("idle", "main");
    let before = (fixture.git(&["for-each-ref"]), fixture.git(&["count-objects"]));
    let mut wanted = request(&["one", "two", "three", "four", "idle"]);
    wanted.sources[3] =
        Source { branch: "refs/heads/agents/three".into(), after: vec!["two".into()], ..source("four") };
    wanted.sources.push(Source { branch: "refs/heads/main".into(), ..source("five") });
    wanted.sources.push(source("missing"));
    let Built { plan, .. } = plan(&fixture.open(), &wanted).unwrap();
    assert_eq!(names(&plan), ["one", "three"]);
    assert_eq!(plan.empty, ["idle"]);
    assert!(matches!(stop_of(&plan, "two"), Stop::Conflict { paths, .. } if paths[0].path == "a.txt"));
    assert_eq!(stop_of(&plan, "four"), &Stop::After { name: "two".into() });
    assert_eq!(stop_of(&plan, "five"), &Stop::IsTarget);
    assert_eq!(stop_of(&plan, "missing"), &Stop::Missing);
    assert_eq!(plan.steps[1].onto, plan.steps[0].after);
    let moved: Vec<_> = plan.moves.iter().map(|one| (one.name.as_str(), one.after)).collect();
    let end = plan.target_after();
    assert_eq!(moved, [("refs/heads/main", end), ("refs/heads/agents/one", end), ("refs/heads/agents/three", end)]);
    assert_eq!(plan.worktrees.len(), 3);
    assert_eq!((fixture.git(&["for-each-ref"]), fixture.git(&["count-objects"])), before);
    assert_eq!(fixture.status_in(&two), "");
}

#[test]
fn a_stack_lands_in_one_plan() {
    let fixture = Fixture::new();
    agent(&fixture, "one", "a.txt", &lines_with(20, 5, "one"));
    let two = fixture.worktree("two", "agents/one");
    write_in(&two, "a.txt", &lines_with(20, 5, "two"));
    fixture.commit_in(&two, "two");
    fixture.write("z.txt", "z\n");
    fixture.commit("main goes on");
    for strategy in [None, Some(Strategy::Rebase), Some(Strategy::Squash), Some(Strategy::Merge)] {
        let mut wanted = request(&["one", "two"]);
        wanted.sources.iter_mut().for_each(|source| source.strategy = strategy);
        let built = plan(&fixture.open(), &wanted).unwrap();
        assert_eq!(names(&built.plan), ["one", "two"], "{strategy:?}");
        built.scratch.migrate(&fixture.open()).unwrap();
        let end = built.plan.target_after().unwrap();
        assert!(fixture.git(&["show", &format!("{end}:a.txt")]).contains("two"));
        if strategy != Some(Strategy::Merge) {
            assert_eq!(fixture.git(&["rev-list", "--count", &format!("main..{end}")]), "2");
        }
    }
}

#[test]
fn edits_in_the_way_stop_a_branch_or_refuse_the_whole() {
    let fixture = Fixture::new();
    let one = agent(&fixture, "one", "b.txt", "one\n");
    agent(&fixture, "two", "a.txt", &lines_with(20, 5, "two"));
    write_in(&one, "a.txt", "edited\n");
    let repo = fixture.open();
    // Without two, nothing touches a.txt.
    assert_eq!(names(&plan(&repo, &request(&["one"])).unwrap().plan), ["one"]);
    let Built { plan: found, .. } = plan(&repo, &request(&["one", "two"])).unwrap();
    assert_eq!(names(&found), ["two"]);
    let blocked = |path: &str| Blocked::InTheWay { paths: vec![path.into()] };
    assert_eq!(stop_of(&found, "one"), &Stop::Worktree { path: one.clone(), reason: blocked("a.txt") });
    // The branch of two is where it will be, so its worktree has nothing to follow.
    assert!(found.refusals.is_empty() && found.worktrees.len() == 1);
    fixture.write("b.txt", "untracked\n");
    let Built { plan: found, .. } = plan(&repo, &request(&["one"])).unwrap();
    let refusal = Refusal::Worktree { branch: "refs/heads/main".into(), path: fixture.dir(), reason: blocked("b.txt") };
    assert_eq!(found.refusals, [refusal]);
    assert_eq!(read_in(&fixture.dir(), "b.txt"), "untracked\n");
}

#[test]
fn operations_and_double_checkouts() {
    let fixture = Fixture::new();
    let one = agent(&fixture, "one", "a.txt", "one\n");
    agent(&fixture, "two", "b.txt", "two\n");
    fixture.write("a.txt", "main\n");
    fixture.commit("main");
    assert!(!fixture.try_git_in(&one, &["rebase", "main"]));
    let again = fixture.root().join("again");
    fixture.git(&["worktree", "add", "-q", "--force", again.to_str().unwrap(), "agents/two"]);
    let Built { plan: found, .. } = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
    let rebasing = Blocked::Operation { kind: OperationKind::Rebase };
    assert_eq!(stop_of(&found, "one"), &Stop::Worktree { path: one, reason: rebasing });
    assert!(matches!(stop_of(&found, "two"), Stop::HeldTwice { paths } if paths.len() == 2));
    let error = plan(&fixture.open(), &Request { target: "refs/remotes/origin/main".into(), ..request(&[]) });
    assert!(matches!(error, Err(PlanError::TargetNotABranch { .. })));
}

#[test]
fn one_branch_is_rebased_without_the_target() {
    for shape in [Shape::default(), Shape { reftable: true, ..Shape::default() }] {
        let fixture = Fixture::shaped(shape);
        let one = agent(&fixture, "one", "b.txt", "one\n");
        let tip = fixture.id("agents/one");
        let repo = fixture.open();
        let built = plan_rebase(&repo, &source("one"), fixture.id("main"), &ann()).unwrap();
        assert_eq!(built.plan.empty, ["one"]);
        fixture.write("c.txt", "c\n");
        let main = fixture.commit("main goes on");
        let Built { plan, .. } = plan_rebase(&repo, &source("one"), main, &ann()).unwrap();
        assert_eq!(
            plan.moves,
            [Move { name: "refs/heads/agents/one".into(), before: Some(tip), after: plan.target_after() }]
        );
        assert_eq!(plan.worktrees[0].path, one);
        write_in(&one, "c.txt", "mine\n");
        let Built { plan, .. } = plan_rebase(&repo, &source("one"), main, &ann()).unwrap();
        assert!(matches!(plan.stopped[0].reason, Stop::Worktree { .. }) && plan.moves.is_empty());
    }
}

#[test]
fn a_symbolic_branch_is_neither_landed_nor_landed_on() {
    for shape in [Shape::default(), Shape { reftable: true, ..Shape::default() }] {
        let fixture = Fixture::shaped(shape);
        agent(&fixture, "one", "b.txt", "one\n");
        fixture.git(&["symbolic-ref", "refs/heads/agents/alias", "refs/heads/agents/one"]);
        fixture.git(&["symbolic-ref", "refs/heads/trunk", "refs/heads/main"]);
        let repo = fixture.open();
        let Built { plan: found, .. } = plan(&repo, &request(&["alias", "one"])).unwrap();
        assert_eq!((stop_of(&found, "alias"), names(&found)), (&Stop::Symbolic, vec!["one"]));
        let Built { plan: found, .. } = plan_rebase(&repo, &source("alias"), fixture.id("main"), &ann()).unwrap();
        assert_eq!(stop_of(&found, "alias"), &Stop::Symbolic);
        let error = plan(&repo, &Request { target: "refs/heads/trunk".into(), ..request(&["one"]) }).unwrap_err();
        assert!(matches!(error, PlanError::Ref(RefError::Symbolic { name }) if name == "refs/heads/trunk"));
        let error = crate::config::named_target(&repo, "trunk").unwrap_err();
        assert!(matches!(error, crate::config::TargetError::Ref(RefError::Symbolic { .. })));
        assert_eq!(crate::config::target(&repo).unwrap().branch, "main");
    }
}
