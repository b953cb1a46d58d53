//! How a worktree stands after what people do to it with git and by hand.

use super::*;
use crate::git::worktrees;
use crate::land::fixture::{Fixture, write_in};

fn agent_called(name: &str) -> Agent {
    Agent {
        name: name.parse().unwrap(),
        branch: format!("agents/{name}"),
        base: None,
        created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        completed_tasks: 0,
        hours_total: 0.0,
        extra: serde_json::Map::new(),
    }
}

/// `Standing` without what it borrows.
fn stands(fixture: &Fixture, agent: &Agent) -> String {
    let repo = fixture.open();
    let all = worktrees::list(&repo).unwrap();
    match standing(&repo, &all, agent) {
        Standing::Nowhere => "nowhere".into(),
        Standing::At(_) => "at".into(),
        Standing::Elsewhere(worktree) => format!("elsewhere: {}", worktree.branch.as_deref().unwrap_or("detached")),
        Standing::Replaced { is_repairable, .. } => format!("replaced, repairable: {is_repairable}"),
        Standing::Missing { known, .. } => format!("missing, known: {}", known.is_some()),
    }
}

#[test]
fn a_worktree_is_found_by_its_place_when_its_branch_is_not() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    let agent = agent_called("one");
    assert_eq!(stands(&fixture, &agent), "at");
    write(&fixture.open(), &agent.name, Some(&dir)).unwrap();
    fixture.git_in(&dir, &["checkout", "-q", "-b", "topic"]);
    assert_eq!(stands(&fixture, &agent), "elsewhere: refs/heads/topic");
    fixture.git_in(&dir, &["checkout", "-q", "--detach"]);
    assert_eq!(stands(&fixture, &agent), "elsewhere: detached");
    fixture.git_in(&dir, &["switch", "-q", "agents/one"]);
    assert_eq!(stands(&fixture, &agent), "at");
    fixture.git(&["branch", "-m", "agents/one", "new"]);
    assert_eq!(stands(&fixture, &agent), "elsewhere: refs/heads/new");
    fixture.git(&["branch", "-m", "new", "agents/one"]);
    let tip = fixture.id("agents/one");
    fixture.git(&["update-ref", "-d", "refs/heads/agents/one"]);
    assert_eq!(stands(&fixture, &agent), "at");
    let all = worktrees::list(&fixture.open()).unwrap();
    assert_eq!(last_commit(&all[1]), Some(tip));
    fixture.git(&["branch", "agents/one", &tip.to_string()]);
}

#[test]
fn a_folder_that_is_not_the_worktree_is_replaced_or_missing() {
    let fixture = Fixture::new();
    let dir = fixture.worktree("one", "main");
    let agent = agent_called("one");
    assert_eq!(stands(&fixture, &agent_called("two")), "nowhere");
    write(&fixture.open(), &agent.name, Some(&dir)).unwrap();
    std::fs::remove_file(dir.join(".git")).unwrap();
    assert_eq!(stands(&fixture, &agent), "replaced, repairable: true");
    fixture.git(&["worktree", "repair"]);
    assert_eq!(stands(&fixture, &agent), "at");
    let moved = fixture.root().join("moved");
    std::fs::rename(&dir, &moved).unwrap();
    assert_eq!(stands(&fixture, &agent), "missing, known: true");
    fixture.git(&["init", "-q", dir.to_str().unwrap()]);
    assert_eq!(stands(&fixture, &agent), "replaced, repairable: false");
    std::fs::remove_dir_all(&dir).unwrap();
    fixture.git(&["worktree", "prune"]);
    assert_eq!(stands(&fixture, &agent), "missing, known: false");
    std::fs::create_dir(&dir).unwrap();
    assert_eq!(stands(&fixture, &agent), "missing, known: false");
    write_in(&dir, "file", "somebody's");
    assert_eq!(stands(&fixture, &agent), "replaced, repairable: false");
}
