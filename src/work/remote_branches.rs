//! The branches of agents on remotes: which one is an agent's, what it holds, and deleting it when that has landed.
//!
//! A remote is asked for where its branch is at this moment, and deletes it only there (`--force-with-lease`). Only a
//! branch of the same name is ever deleted: an upstream of another name may be what the branch began at.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::landed::{Judge, JudgeError, Judgement, Proof};
use super::past::Past;
use crate::config::Target;
use crate::git::repository::Repository;
use crate::git::{Git, GitError, remote, worktrees};

/// Where an agent's branch is on a remote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upstream {
    /// The remote's name.
    pub remote: String,
    /// The branch there, `refs/heads/…`.
    pub branch: String,
}

/// What is to become of an agent's branch on a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteFate {
    /// It may go, from exactly this commit.
    Goes {
        /// Where it is.
        tip: ObjectId,
        /// Why its work counts as landed.
        proof: Proof,
    },
    /// There is no such branch there.
    Absent,
    /// It is where the target goes, or the remote's own default.
    Protected,
    /// It has another name than the agent's branch.
    OtherName,
    /// It has commits that are not in this repository, so nobody can say what they hold.
    Unknown {
        /// Where it is.
        tip: ObjectId,
    },
    /// The remote's own target lacks commits of the target here, which may be what the proof rests on.
    TargetBehind,
    /// Not all of what it holds is in the target.
    NotLanded {
        /// What became of it.
        judgement: Judgement,
    },
    /// The remote could not be asked.
    Unreachable {
        /// git's own words.
        reason: String,
    },
}

/// How deleting a branch on a remote ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// The remote, a hook or the way there said no.
    Failed {
        /// git's own words.
        reason: String,
    },
}

/// The upstream of a branch, by its short name: what the configuration says, else the remote that is pushed to.
pub fn of_branch(repo: &Repository, branch: &str) -> Option<Upstream> {
    let own = repo.config(&format!("branch.{branch}.remote"));
    let (remote, merge) = match own {
        Some(remote) => (remote, repo.config(&format!("branch.{branch}.merge"))),
        None => (repo.config("remote.pushDefault")?, None),
    };
    // "." is this repository, and anything but the name of a remote is no place that was set up on purpose.
    let is_remote = remote != "." && !remote.starts_with('-') && repo.config(&format!("remote.{remote}.url")).is_some();
    is_remote.then(|| Upstream { remote, branch: merge.unwrap_or_else(|| format!("refs/heads/{branch}")) })
}

/// Ask the remotes about the branches of these agents: each with its branch's short name and its past. Nothing is
/// changed. The answers are in the same order; none for a branch that has no upstream.
///
/// # Errors
/// Whether work has landed could not be found out. A remote out of reach is part of the answer.
pub fn survey(
    repo: &Repository,
    target: &Target,
    agents: &[(&str, &Past)],
) -> Result<Vec<Option<(Upstream, RemoteFate)>>, JudgeError> {
    let upstreams: Vec<Option<Upstream>> = agents.iter().map(|(branch, _)| of_branch(repo, branch)).collect();
    let mut listings: BTreeMap<String, Result<Listing, String>> = BTreeMap::new();
    for upstream in upstreams.iter().flatten() {
        if !listings.contains_key(&upstream.remote) {
            let wanted = upstreams.iter().flatten().filter(|other| other.remote == upstream.remote);
            let goal = target_on(repo, target, &upstream.remote);
            let branches: Vec<&str> = wanted.map(|other| other.branch.as_str()).chain([goal.as_str()]).collect();
            listings.insert(upstream.remote.clone(), listing(repo, &upstream.remote, &branches));
        }
    }
    let mut judge = Judge::new(repo, target.commit)?;
    let mut fates = Vec::new();
    for ((branch, past), upstream) in agents.iter().zip(upstreams) {
        let Some(upstream) = upstream else {
            fates.push(None);
            continue;
        };
        let fate = match &listings[&upstream.remote] {
            Err(reason) => RemoteFate::Unreachable { reason: reason.clone() },
            Ok(listing) => fate(repo, target, &mut judge, branch, past, &upstream, listing)?,
        };
        fates.push(Some((upstream, fate)));
    }
    Ok(fates)
}

/// Delete branches of one remote, each only where it is expected to be; the answers are in the same order. No tags and
/// no submodules go along, nobody is asked for a password, and the user's own `pre-push` hook runs.
pub fn delete(repo: &Repository, remote: &str, branches: &[(&str, ObjectId)]) -> Vec<Deleted> {
    let options = ["push", "--porcelain", "--no-follow-tags", "--no-signed", "--recurse-submodules=no"];
    let leases = branches.iter().map(|(branch, tip)| format!("--force-with-lease={branch}:{tip}"));
    let specs = branches.iter().map(|(branch, _)| format!(":{branch}"));
    let child = remote::unprompted(repo, at_work(repo)).args(options).args(leases).args(["--", remote]).args(specs);
    let output = match child.run() {
        Ok(output) => output,
        Err(error) => return branches.iter().map(|_| Deleted::Failed { reason: error.to_string() }).collect(),
    };
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    // `<flag> TAB <from>:<to> TAB <what was done>`
    let row = |branch: &str| {
        let mut rows = told.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        rows.rfind(|row| row.get(1).and_then(|spec| spec.split_once(':')).is_some_and(|(_, to)| to == branch))
    };
    let ended = |branch: &str| match row(branch).as_deref() {
        Some([" " | "-" | "=", ..]) => Deleted::Done,
        Some([_, _, reason, ..]) => Deleted::Failed { reason: (*reason).to_owned() },
        _ => Deleted::Failed { reason: last_line(&said) },
    };
    branches.iter().map(|(branch, _)| ended(branch)).collect()
}

/// What a remote has: the branches that were asked for, and the name of its default.
struct Listing {
    branches: BTreeMap<String, ObjectId>,
    default: Option<String>,
}

fn listing(repo: &Repository, remote: &str, branches: &[&str]) -> Result<Listing, String> {
    let child =
        remote::unprompted(repo, at_work(repo)).args(["ls-remote", "--symref", "--", remote, "HEAD"]).args(branches);
    let output = child.run().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(last_line(String::from_utf8_lossy(&output.stderr).trim()));
    }
    let mut found = Listing { branches: BTreeMap::new(), default: None };
    for line in output.stdout.lines() {
        let Some((value, name)) = line.split_once_str("\t") else { continue };
        let (value, name) = (value.to_str_lossy(), name.to_str_lossy().into_owned());
        match (value.strip_prefix("ref: "), ObjectId::from_hex(value.as_bytes())) {
            (Some(default), _) if name == "HEAD" => found.default = Some(default.to_owned()),
            // A pattern also finds names that only end like it.
            (None, Ok(id)) if branches.contains(&name.as_str()) => drop(found.branches.insert(name, id)),
            _ => {}
        }
    }
    Ok(found)
}

fn fate(
    repo: &Repository,
    target: &Target,
    judge: &mut Judge<'_>,
    branch: &str,
    past: &Past,
    upstream: &Upstream,
    listing: &Listing,
) -> Result<RemoteFate, JudgeError> {
    let Some(tip) = listing.branches.get(&upstream.branch).copied() else { return Ok(RemoteFate::Absent) };
    let of_target = repo.config(&format!("branch.{}.merge", target.branch));
    let protected = [Some(target.full_name()), of_target, listing.default.clone()];
    if protected.iter().flatten().any(|name| *name == upstream.branch) {
        return Ok(RemoteFate::Protected);
    }
    if upstream.branch != format!("refs/heads/{branch}") {
        return Ok(RemoteFate::OtherName);
    }
    if !repo.gix().has_object(tip) {
        return Ok(RemoteFate::Unknown { tip });
    }
    let theirs = listing.branches.get(&target_on(repo, target, &upstream.remote)).copied();
    let is_there = |theirs| repo.gix().has_object(theirs) && repo.is_within(target.commit, theirs);
    if !theirs.is_some_and(is_there) {
        return Ok(RemoteFate::TargetBehind);
    }
    Ok(match judge.judge(tip, past)? {
        Judgement::Landed(proof) => RemoteFate::Goes { tip, proof },
        judgement => RemoteFate::NotLanded { judgement },
    })
}

/// The target's branch on a remote: its upstream there, else the one of the same name.
fn target_on(repo: &Repository, target: &Target, remote: &str) -> String {
    let of_target = |key: &str| repo.config(&format!("branch.{}.{key}", target.branch));
    let is_upstream = of_target("remote").as_deref() == Some(remote);
    of_target("merge").filter(|_| is_upstream).unwrap_or_else(|| target.full_name())
}

/// Hooks of a push expect to run at the top of the worktree.
fn at_work(repo: &Repository) -> Git {
    let all: Result<_, GitError> = worktrees::list(repo);
    match all.unwrap_or_default().into_iter().find(|worktree| worktree.is_main && worktree.is_intact()) {
        Some(main) => main.git(),
        None => repo.git(),
    }
}

fn last_line(text: &str) -> String {
    let told = text.lines().map(str::trim).find(|line| line.starts_with("fatal: ") || line.starts_with("error: "));
    told.or_else(|| text.lines().last()).unwrap_or("git said nothing").to_owned()
}
