//! What became of which commits: the landings and rebases of the chain, the newest first.
//!
//! Reading a thousand operations takes longer than planning a landing, so what was found is copied to one file,
//! `$GIT_COMMON_DIR/agents/cache/rewrites`, and only what came since is read. The copy is believed as far back as the
//! chain has the commit that its first line names; it can be missing or damaged, but not stale.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use gix::ObjectId;

use crate::agent::CommitId;
use crate::git::Repository;
use crate::state::{Action, Landed, Operation, RefMove};
use crate::store::{self, Entry, History, Own, StoreError};

/// How many operations are looked back, and how many rewrites are kept.
const LOOK_BACK: usize = 2000;

/// Commits that took the place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rewrite {
    /// The branch that was landed on; none for a rebase.
    pub(super) target: Option<String>,
    /// The full name of the branch whose commits they were; empty where it is not known.
    pub(super) branch: String,
    pub(super) old: ObjectId,
    pub(super) new: ObjectId,
    /// Done in this clone. Of any other the chain alone says that the one became the other.
    pub(super) is_own: bool,
}

/// Every rewrite that is remembered, the newest first.
///
/// # Errors
/// The chain cannot be read.
pub(super) fn read(repo: &Repository) -> Result<Vec<Rewrite>, StoreError> {
    let Some(tip) = store::tip(repo)? else { return Ok(Vec::new()) };
    let copy = read_copy(repo);
    let own = Own::read(repo);
    let mut found = Vec::new();
    let mut from_copy = Vec::new();
    for entry in History::from(repo, Some(tip)).only(&["land", "rebase"]).take(LOOK_BACK) {
        let entry = entry?;
        if let Some((_, known)) = copy.as_ref().filter(|(commit, _)| *commit == entry.commit) {
            from_copy.clone_from(known);
            break;
        }
        found.extend(of_entry(&entry, &own));
    }
    let is_new = copy.is_none_or(|(commit, _)| commit != tip);
    found.append(&mut from_copy);
    found.truncate(LOOK_BACK);
    if is_new {
        // Only a copy: what stands in the way is passed over.
        drop(write_copy(repo, tip, &found));
    }
    Ok(found)
}

fn of_entry(entry: &Entry, own: &Own) -> Vec<Rewrite> {
    let Some(operation) = &entry.operation else { return Vec::new() };
    let Operation { moved, action, .. } = operation;
    let is_own = own.has(operation);
    match action {
        Action::Land { target, landed, .. } => {
            let branches: HashMap<&CommitId, &str> = moved
                .iter()
                .filter(|moved| moved.name.strip_prefix("refs/heads/") != Some(target))
                .filter_map(|moved| Some((moved.before.as_ref()?, moved.name.as_str())))
                .collect();
            let one = |Landed { tip, commit, .. }: &Landed| {
                let branch = branches.get(tip).copied().unwrap_or_default().to_owned();
                Some(Rewrite { target: Some(target.clone()), branch, old: id(tip)?, new: id(commit)?, is_own })
            };
            landed.iter().filter_map(one).collect()
        }
        Action::Rebase { .. } => {
            let one = |RefMove { name, before, after }: &RefMove| {
                let (old, new) = (id(before.as_ref()?)?, id(after.as_ref()?)?);
                Some(Rewrite { target: None, branch: name.clone(), old, new, is_own })
            };
            moved.iter().filter_map(one).collect()
        }
        _ => Vec::new(),
    }
}

fn id(commit: &CommitId) -> Option<ObjectId> {
    ObjectId::from_hex(commit.as_str().as_bytes()).ok()
}

/// The commit up to which the copy goes, and what is in it.
fn read_copy(repo: &Repository) -> Option<(ObjectId, Vec<Rewrite>)> {
    let text = std::fs::read_to_string(path(repo)).ok()?;
    let (first, rest) = text.split_once('\n')?;
    let commit = ObjectId::from_hex(first.strip_prefix(&beginning())?.as_bytes()).ok()?;
    let rewrite = |line: &str| {
        let mut words = line.split(' ');
        let mut id = || ObjectId::from_hex(words.next()?.as_bytes()).ok();
        let (old, new) = (id()?, id()?);
        let (branch, target) = (words.next()?.to_owned(), words.next()?);
        let is_own = words.next()? == "own";
        Some(Rewrite { target: (!target.is_empty()).then(|| target.to_owned()), branch, old, new, is_own })
    };
    let rewrites: Option<Vec<Rewrite>> = rest.strip_suffix("end\n")?.lines().map(rewrite).collect();
    Some((commit, rewrites?))
}

fn write_copy(repo: &Repository, tip: ObjectId, rewrites: &[Rewrite]) -> std::io::Result<()> {
    let path = path(repo);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder)?;
    let mut text = format!("{}{tip}\n", beginning());
    for Rewrite { target, branch, old, new, is_own } in rewrites {
        // Names of branches have no spaces.
        let (target, whose) = (target.as_deref().unwrap_or_default(), if *is_own { "own" } else { "told" });
        text.push_str(&format!("{old} {new} {branch} {target} {whose}\n"));
    }
    text.push_str("end\n");
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

fn beginning() -> String {
    format!("git-agents {} 2 ", env!("CARGO_PKG_VERSION"))
}

fn path(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("cache").join("rewrites")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;
    use crate::store::{Change, Scope};
    use crate::world::World;

    fn land(repo: &Repository, digit: &str) {
        let world = World { now: chrono::DateTime::UNIX_EPOCH, seed: None, home: None };
        let commit = |digit: &str| -> CommitId { digit.repeat(40).try_into().unwrap() };
        let landed = Landed {
            fences: Default::default(),
            agent: "ann".parse().unwrap(),
            tasks: Vec::new(),
            commit: commit("f"),
            tip: commit(digit),
            strategy: "squash".to_owned(),
        };
        let action = Action::Land {
            target: "main".to_owned(),
            before: commit("e"),
            start: None,
            after: commit("f"),
            landed: vec![landed],
        };
        let change = || Ok::<_, std::convert::Infallible>(Some(Change::from(action.clone())));
        store::transact(repo, &world, &Scope::open(), |_, _| change()).unwrap();
    }

    #[test]
    fn the_copy_says_what_the_chain_says() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        assert_eq!(read(&repo).unwrap(), []);
        let olds = |rewrites: &[Rewrite]| -> Vec<String> {
            rewrites.iter().map(|one| one.old.to_string().chars().take(1).collect()).collect()
        };
        for (digit, expected) in [("1", vec!["1"]), ("2", vec!["2", "1"]), ("3", vec!["3", "2", "1"])] {
            let world = World { now: chrono::DateTime::UNIX_EPOCH, seed: None, home: None };
            let agents = vec![crate::state::NewAgent {
                name: "ann".parse().unwrap(),
                branch: "agents/ann".to_owned(),
                base: None,
            }];
            let add =
                || Ok::<_, std::convert::Infallible>(Some(Change::from(Action::AddAgents { agents: agents.clone() })));
            // Only the first time.
            drop(store::transact(&repo, &world, &Scope::open(), |_, _| add()));
            land(&repo, digit);
            let found = read(&repo).unwrap();
            assert_eq!(olds(&found), expected);
            assert_eq!(read_copy(&repo).unwrap().1, found);
            assert_eq!(read(&repo).unwrap(), found);
        }
        let whole = read(&repo).unwrap();
        // A copy of another chain, a copy that was cut short, no copy.
        let text = std::fs::read_to_string(path(&repo)).unwrap();
        let tip = store::tip(&repo).unwrap().unwrap().to_string();
        for damaged in [text.replace(&tip, &"0".repeat(40)), text.replace("end\n", ""), "git-agents".to_owned()] {
            std::fs::write(path(&repo), damaged).unwrap();
            assert_eq!(read(&repo).unwrap(), whole);
        }
    }
}
