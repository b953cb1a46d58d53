//! Claims that are nearly right, and who is let through: an exclusive claim keeps the others out of all of it, however
//! a path in it is spelled, and nobody is kept out by what is their own.

use fastrand::Rng;
use git_agents::agent::AgentName;
use git_agents::claim::{Claim, ClaimedPath};
use git_agents::config;
use git_agents::git::Repository;
use git_agents::state::State;
use git_agents::store::{self, Scope};
use git_agents::work::guard::{Question, Verdict, guard};
use gix::bstr::BString;
use serde_json::{Value, json};

use super::{Ground, mutate};

/// Texts that are paths, nearly.
const PATHS: &[&str] =
    &["src/db", "src/db/a.sql", "docs", "README", ".", "SRC/Db", "ä/b", "src//db", "./src", "src/../x", "pipe"];

pub(super) fn path(rng: &mut Rng) -> String {
    let usual = PATHS[rng.usize(..PATHS.len())];
    match rng.u8(..3) {
        0 => mutate::text(rng),
        1 => mutate::path(rng, usual),
        _ => usual.to_owned(),
    }
}

/// What may be claimed leads nowhere else, and says the same when it is stored.
pub(super) fn path_is_taken_or_refused(rng: &mut Rng) {
    let (text, other) = (path(rng), path(rng));
    let Ok(taken) = text.parse::<ClaimedPath>() else { return };
    let whole = config::normalise(&std::path::Path::new("/top").join(taken.as_str()));
    assert!(whole.starts_with("/top") && !whole.starts_with("/top/.git"), "{text:?} leads to {whole:?}");
    assert_eq!(serde_json::from_value::<ClaimedPath>(json!(taken)).unwrap(), taken);
    assert!(taken.overlaps(&taken) && taken.is(&taken) && taken.meets(""), "{text:?}");
    if let Ok(other) = other.parse::<ClaimedPath>() {
        assert_eq!(taken.overlaps(&other), other.overlaps(&taken), "{text:?} and {other}");
        assert_eq!(
            taken.overlaps(&other),
            taken.is_everything() || other.is_everything() || taken.meets(other.as_str())
        );
    }
}

/// Ask about what is claimed and about anything else, for everybody.
pub(super) fn are_kept(ground: &Ground, repo: &Repository, state: &State, rng: &mut Rng) {
    let now = ground.world().now;
    let target = config::target(repo).ok();
    let mut asked: Vec<BString> = state.claims.values().take(20).map(|claim| inside(rng, claim)).collect();
    asked.extend((0..rng.usize(..4)).filter_map(|_| below(&path(rng))));
    let mut names: Vec<Option<&AgentName>> = state.agents.keys().take(5).map(Some).collect();
    names.push(None);
    for agent in names {
        let verdict: Verdict = guard(repo, state, target.as_ref(), &Question { agent, paths: &asked, at: now });
        let is_own = |claim: &Claim| Some(&claim.agent) == agent;
        for (number, claim) in verdict.denied.iter().chain(&verdict.shared) {
            assert!(*number < asked.len() && !is_own(claim) && claim.is_live(now), "{agent:?}: {claim:?}");
        }
        for (number, claim) in state.claims.values().take(20).enumerate() {
            if claim.exclusive && claim.is_live(now) && !is_own(claim) {
                let denied = verdict.denied.iter().any(|(asked, by)| (*asked, &by.id) == (number, &claim.id));
                assert!(denied && !verdict.is_allowed(), "{agent:?} may change {} of {claim:?}", asked[number]);
            }
        }
        assert!(verdict.changed.iter().all(|other| other.path < asked.len() && Some(&other.agent) != agent));
    }
}

/// Claim and release something: who claims for itself is then alone with it, among those whose lease runs.
pub(super) fn are_made(ground: &Ground, rng: &mut Rng) {
    let (path, exclusive) = (path(rng), rng.bool());
    let Ok(path) = path.parse::<ClaimedPath>() else { return };
    let claimed =
        ground.act(&json!({ "do": "claim", "agent": "ann", "claims": [{ "path": path, "exclusive": exclusive }] }));
    let repo = ground.open();
    let state = store::load(&repo, &Scope::open()).map(|snapshot| snapshot.state);
    if let (Ok(()), Ok(state)) = (claimed, state) {
        let now = ground.world().now;
        let (own, others): (Vec<&Claim>, Vec<&Claim>) =
            state.claims_on(&path).filter(|claim| claim.is_live(now)).partition(|claim| claim.agent.as_str() == "ann");
        assert!(own.iter().any(|claim| claim.path.is(&path) && claim.exclusive == exclusive), "{path} is not claimed");
        assert!(!others.iter().any(|claim| claim.exclusive || exclusive), "{path} is claimed twice: {others:?}");
    }
    drop(ground.act(&json!({ "do": "release", "agent": "ann", "paths": [path] })));
}

/// What an operation about claims may look like.
pub(super) fn operation(rng: &mut Rng) -> Value {
    let agent = ["ann", "bob"][rng.usize(..2)];
    match rng.bool() {
        true => json!({ "do": "claim", "agent": agent, "ttl_s": rng.u32(..),
            "claims": [{ "path": path(rng), "exclusive": rng.bool(), "reason": mutate::text(rng) }] }),
        false => json!({ "do": "release", "agent": agent, "paths": [path(rng)] }),
    }
}

/// A path that is the claim's, or below it, or what a careless disk takes for it.
fn inside(rng: &mut Rng, claim: &Claim) -> BString {
    let path = if claim.path.is_everything() { "" } else { claim.path.as_str() };
    match rng.u8(..3) {
        0 => path.into(),
        1 if path.is_empty() => "x".into(),
        1 => format!("{path}/x").into(),
        _ => path.to_ascii_uppercase().into(),
    }
}

/// A path as the commands hand it on: from the top, and not out of it.
fn below(path: &str) -> Option<BString> {
    let whole = config::normalise(&std::path::Path::new("/top").join(path));
    Some(whole.strip_prefix("/top").ok()?.to_str()?.into())
}
