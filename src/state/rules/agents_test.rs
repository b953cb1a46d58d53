use crate::agent::AgentName;
use crate::state::fixture::*;
use crate::state::{Action, Document, NewAgent, Rejected, State};
use crate::task::{Outcome, TaskState};

fn remove(name: &str, backup: Option<&str>) -> Action {
    Action::RemoveAgent { agent: agent(name), backup: backup.map(str::to_owned) }
}

#[test]
fn agents_are_registered_all_or_none() {
    let state = State::after(&[add_agents(&["ann"])]);
    assert_eq!(state.agents[&agent("ann")].created_at, at(1));
    let rejected = state.then(add_agents(&["bob", "ann"])).unwrap_err();
    assert_eq!(rejected, Rejected::AgentExists { name: agent("ann") });
}

#[test]
fn a_branch_has_one_agent() {
    let state = State::after(&[add_agents(&["ann"])]);
    let same_branch = NewAgent { branch: "agents/ann".to_owned(), ..new_agent("bob") };
    let rejected = state.then(Action::AddAgents { agents: vec![same_branch] }).unwrap_err();
    assert_eq!(rejected, Rejected::BranchTaken { branch: "agents/ann".to_owned(), agent: agent("ann") });
}

#[test]
fn the_tasks_of_a_removed_agent_are_free_and_what_it_completed_is_not_done() {
    let state = State::after(&[
        add_agents(&["ann"]),
        add_tasks(&[("assigned", &[]), ("started", &[]), ("completed", &[]), ("landed", &[]), ("failed", &[])]),
        start("ann", "failed"),
        fail("ann", "failed"),
        start("ann", "landed"),
        complete("ann", "landed"),
        land("ann", &["landed"]),
        start("ann", "completed"),
        complete("ann", "completed"),
        start("ann", "started"),
        assign("ann", "assigned"),
    ]);
    let after = state.then(remove("ann", Some("refs/agents-local/backup/ann"))).unwrap();
    assert!(after.agents.is_empty());
    for text in ["assigned", "started"] {
        assert_eq!((after.has(text).state, &after.has(text).agent), (TaskState::Open, &None), "{text}");
    }
    assert_eq!(after.has("started").last_attempt().unwrap().outcome, Some(Outcome::Failed));
    let completed = after.has("completed");
    assert_eq!(
        (completed.state, completed.last_attempt().unwrap().outcome),
        (TaskState::Failed, Some(Outcome::Failed))
    );
    assert!(completed.reason.as_ref().unwrap().contains("refs/agents-local/backup/ann"));
    // What is over stays as it is, with the name of who did it.
    for (text, is) in [("landed", TaskState::Landed), ("failed", TaskState::Failed)] {
        assert_eq!((after.has(text).state, &after.has(text).agent), (is, &Some(agent("ann"))), "{text}");
    }
}

#[test]
fn an_unknown_agent_cannot_do_anything() {
    let state = State::after(&[add_tasks(&[("1", &[])])]);
    let unknown = || Rejected::UnknownAgent { name: agent("eve") };
    assert_eq!(state.then(remove("eve", None)).unwrap_err(), unknown());
    assert_eq!(state.then(assign("eve", "1")).unwrap_err(), unknown());
    assert_eq!(state.then(start("eve", "1")).unwrap_err(), unknown());
    let rebase = Action::Rebase { agent: agent("eve"), target: "main".to_owned(), onto: commit(1) };
    assert_eq!(state.then(rebase).unwrap_err(), unknown());
}

#[test]
fn a_rebase_moves_the_base() {
    let state = State::after(&[add_agents(&["ann"])]);
    let rebase = Action::Rebase { agent: agent("ann"), target: "main".to_owned(), onto: commit(7) };
    assert_eq!(state.then(rebase).unwrap().agents[&agent("ann")].base, Some(commit(7)));
}

#[test]
fn nothing_is_built_on_a_damaged_agent() {
    let mut state = State::after(&[add_agents(&["ann"]), add_tasks(&[("1", &[])])]);
    let name: AgentName = agent("ann");
    state.agents.remove(&name);
    let document = Document::Agent(name);
    state.damaged.push(crate::state::Damaged {
        path: "agents/ann.json".to_owned(),
        document: Some(document.clone()),
        reason: "it is a folder".to_owned(),
    });
    for action in [add_agents(&["ann"]), assign("ann", "1"), remove("ann", None)] {
        assert_eq!(state.then(action).unwrap_err(), Rejected::Damaged { document: document.clone() });
    }
    assert!(state.then(add_agents(&["bob"])).is_ok());
}
