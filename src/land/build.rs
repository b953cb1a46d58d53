//! Making a plan: every branch on top of the one before, all of it in a scratch.

use std::path::PathBuf;

use gix::ObjectId;

use super::commit::Writer;
use super::finish::{self, WorktreeIntent};
use super::merger::Merger;
use super::message::COMMIT_MSG;
use super::plan::{Built, Following, Move, Plan, PlanError, Refusal, Request, Source, Step, Stop, Stopped};
use super::replay::{Builder, Outcome};
use crate::git::refs::{self, RefError};
use crate::git::scratch::Scratch;
use crate::git::worktrees::{self, Worktree};
use crate::git::{Repository, hooks};
use crate::worktree::check::Check;
use crate::worktree::follow;

/// The worktrees, and which of them still wait for the files of an earlier landing.
struct Holders {
    worktrees: Vec<Worktree>,
    waiting: Vec<WorktreeIntent>,
}

impl Holders {
    fn list(repo: &Repository) -> Result<Self, PlanError> {
        Ok(Holders { worktrees: worktrees::list(repo)?, waiting: finish::waiting(repo)? })
    }
}

/// Build what the request asks for. A branch that does not come along is left out, and the others go on.
///
/// # Errors
/// See [`PlanError`]; what speaks against a landing is no error but part of the plan.
pub fn plan(repo: &Repository, request: &Request) -> Result<Built, PlanError> {
    let target = &request.target;
    if !target.starts_with("refs/heads/") {
        return Err(PlanError::TargetNotABranch { target: target.clone() });
    }
    let before = refs::read_movable(repo, target)?.ok_or_else(|| PlanError::NoTarget { target: target.clone() })?;
    let start = request.start.unwrap_or(before);
    let all = Holders::list(repo)?;
    let scratch = Scratch::new(repo)?;
    let check = Check::new(repo, Some(&scratch));
    let mut barred = request.barred.clone();
    // A branch whose worktree is in the way of what all of them make together is left out, and the rest built again.
    let plan = loop {
        let mut plan = land_all(repo, request, start, &all.worktrees, &scratch, &barred)?;
        if plan.steps.is_empty() && (!plan.empty.is_empty() || plan.stopped.is_empty()) {
            plan.brought = request.start.filter(|start| *start != before);
        }
        let Some(end) = plan.target_after() else { break plan };
        let mut of_target = Vec::new();
        let refused = follow_all(&check, &all, target, before, end, &mut of_target)?;
        // A file that cannot be written is somebody's: without that branch the others land.
        if let Some(reason) = &refused
            && let Some(found) = whose(&check, &all, target, before, &plan, reason)?
        {
            barred.push(found);
            continue;
        }
        let mut found = Vec::new();
        for step in &plan.steps {
            let reason = follow_all(&check, &all, &step.branch, step.tip, end, &mut plan.worktrees)?;
            found.extend(reason.map(|reason| stopped(&step.name, &step.branch, Some(step.tip), reason)));
        }
        if !found.is_empty() {
            barred.append(&mut found);
            continue;
        }
        plan.refusals.extend(refused.and_then(|reason| refusal_of(target, reason)));
        plan.worktrees.splice(0..0, of_target);
        plan.moves.push(Move { name: target.clone(), before: Some(before), after: Some(end) });
        let branches = plan.steps.iter().filter(|step| step.tip != end);
        let branches: Vec<_> =
            branches.map(|step| Move { name: step.branch.clone(), before: Some(step.tip), after: Some(end) }).collect();
        plan.moves.extend(branches);
        let empty = request.sources.iter().filter(|source| plan.empty.contains(&source.name));
        let empty: Vec<&str> = empty.map(|source| source.branch.as_str()).collect();
        for branch in empty {
            bring_along(repo, &check, &all, branch, (start, end), &mut plan)?;
        }
        break plan;
    };
    Ok(Built { plan, scratch })
}

/// Build only some of the request's branches, in the scratch of a plan: to see what they make together. Worktrees are not
/// looked at, so this is nothing that could be carried out.
///
/// # Errors
/// See [`PlanError`].
pub fn compose(repo: &Repository, request: &Request, names: &[&str], scratch: &Scratch) -> Result<Plan, PlanError> {
    let target = &request.target;
    let before = refs::read_movable(repo, target)?.ok_or_else(|| PlanError::NoTarget { target: target.clone() })?;
    // What a hook makes of a message changes no file.
    let mut request = Request { runs_hooks: false, ..request.clone() };
    request.sources.retain(|source| names.contains(&source.name.as_str()));
    land_all(repo, &request, request.start.unwrap_or(before), &[], scratch, &[])
}

/// Build one branch again on top of `onto`, which is not moved. Only the branch moves, and its worktree follows.
///
/// # Errors
/// See [`PlanError`].
pub fn plan_rebase(
    repo: &Repository,
    source: &Source,
    onto: ObjectId,
    identity: &gix::actor::Signature,
) -> Result<Built, PlanError> {
    let all = Holders::list(repo)?;
    let scratch = Scratch::new(repo)?;
    let check = Check::new(repo, Some(&scratch));
    let mut plan = Plan::default();
    let stop = |plan: &mut Plan, tip, reason| plan.stopped.push(stopped(&source.name, &source.branch, tip, reason));
    let tip = match tip_of(repo, &source.branch)? {
        Ok(tip) => tip,
        Err(reason) => {
            stop(&mut plan, None, reason);
            return Ok(Built { plan, scratch });
        }
    };
    let writer = Writer { repo, scratch: &scratch, identity };
    let mut builder = Builder { writer, merger: Merger::new(repo, &scratch, onto), hooks_in: None };
    let outcome = builder.rebase(tip, onto, &source.exclude, &source.trailers)?;
    let (strategy, after, replayed, dropped) = match outcome {
        Outcome::Landed { strategy, after, replayed, dropped } => (strategy, after, replayed, dropped),
        // All of it is there already: the branch moves forward.
        Outcome::Nothing => (super::plan::Strategy::Rebase, onto, Vec::new(), Vec::new()),
        Outcome::Stopped(reason) => {
            stop(&mut plan, Some(tip), reason);
            return Ok(Built { plan, scratch });
        }
    };
    if after == tip {
        plan.empty.push(source.name.clone());
        return Ok(Built { plan, scratch });
    }
    if let Some(reason) = follow_all(&check, &all, &source.branch, tip, after, &mut plan.worktrees)? {
        stop(&mut plan, Some(tip), reason);
        plan.worktrees.clear();
        return Ok(Built { plan, scratch });
    }
    let (name, branch) = (source.name.clone(), source.branch.clone());
    plan.moves.push(Move { name: branch.clone(), before: Some(tip), after: Some(after) });
    plan.steps.push(Step { name, branch, tip, strategy, onto, after, replayed, dropped });
    Ok(Built { plan, scratch })
}

/// Refs that moved, moved back: a plan without new objects. What stands elsewhere by now is a refusal.
///
/// # Errors
/// See [`PlanError`].
pub fn plan_undo(repo: &Repository, moves: &[Move]) -> Result<Built, PlanError> {
    let all = Holders::list(repo)?;
    let scratch = Scratch::new(repo)?;
    let check = Check::new(repo, Some(&scratch));
    let mut plan = Plan::default();
    for Move { name, before, after } in moves {
        let actual = refs::read_movable(repo, name)?;
        if actual != *after {
            plan.refusals.push(Refusal::Elsewhere { name: name.clone(), expected: *after, actual });
            continue;
        }
        plan.moves.push(Move { name: name.clone(), before: *after, after: *before });
        match (after, before) {
            (Some(now), Some(then)) => {
                if let Some(reason) = follow_all(&check, &all, name, *now, *then, &mut plan.worktrees)? {
                    plan.refusals.extend(refusal_of(name, reason));
                }
            }
            (Some(_), None) => {
                let held = all.worktrees.iter().filter(|worktree| worktree.holds(name));
                plan.refusals.extend(
                    held.map(|worktree| Refusal::CheckedOut { branch: name.clone(), path: worktree.path.clone() }),
                );
            }
            (None, _) => {}
        }
    }
    Ok(Built { plan, scratch })
}

/// One round: every branch that is not barred, on top of the one before.
fn land_all(
    repo: &Repository,
    request: &Request,
    start: ObjectId,
    all: &[Worktree],
    scratch: &Scratch,
    barred: &[Stopped],
) -> Result<Plan, PlanError> {
    let writer = Writer { repo, scratch, identity: &request.identity };
    let hooks_in = request.runs_hooks.then(|| hooks_dir(repo, all, &request.target));
    let hooks_in = hooks_in.filter(|dir| hooks::exists(dir, COMMIT_MSG));
    let mut builder = Builder { writer, merger: Merger::new(repo, scratch, start), hooks_in };
    let mut plan = Plan::default();
    let mut current = start;
    for source in &request.sources {
        let found = tip_of(repo, &source.branch)?;
        let tip = found.as_ref().ok().copied();
        let mut stop = |reason| plan.stopped.push(stopped(&source.name, &source.branch, tip, reason));
        if let Some(found) = barred.iter().find(|found| found.branch == source.branch) {
            stop(found.reason.clone());
            continue;
        }
        let tip = match found {
            Ok(tip) => tip,
            Err(reason) => {
                stop(reason);
                continue;
            }
        };
        if let Some(reason) = stopped_beforehand(request, source, all) {
            stop(reason);
            continue;
        }
        if let Some(work) = source.elsewhere.iter().find(|work| !work.was_here) {
            stop(Stop::Elsewhere(work.clone()));
            continue;
        }
        let before = source.after.iter().find(|name| plan.stopped.iter().any(|found| found.name == **name));
        if let Some(name) = before {
            let reason = Stop::After { name: name.clone() };
            plan.stopped.push(stopped(&source.name, &source.branch, Some(tip), reason));
            continue;
        }
        // What landed a moment ago under other ids is not this branch's own either.
        let has_landed = |tip: &ObjectId| plan.steps.iter().any(|step| step.tip == *tip);
        let rewritten = source.rewritten.iter().filter(|(_, with)| has_landed(with)).map(|(old, _)| *old);
        let landed = plan.steps.iter().map(|step| step.tip).chain(rewritten);
        let exclude: Vec<_> = source.exclude.iter().copied().chain(landed).collect();
        match builder.bring(source, tip, current, &exclude)? {
            Outcome::Nothing => match source.elsewhere.first() {
                Some(work) => {
                    let reason = Stop::Elsewhere(work.clone());
                    plan.stopped.push(stopped(&source.name, &source.branch, Some(tip), reason));
                }
                None => plan.empty.push(source.name.clone()),
            },
            Outcome::Stopped(reason) => {
                plan.stopped.push(stopped(&source.name, &source.branch, Some(tip), reason));
            }
            Outcome::Landed { strategy, after, replayed, dropped } => {
                let (name, branch) = (source.name.clone(), source.branch.clone());
                plan.steps.push(Step { name, branch, tip, strategy, onto: current, after, replayed, dropped });
                current = after;
            }
        }
    }
    Ok(plan)
}

/// Whose files cannot be written to the target's worktree: the first branch with which it is refused, where it is not
/// with those before.
fn whose(
    check: &Check<'_>,
    all: &Holders,
    target: &str,
    before: ObjectId,
    plan: &Plan,
    reason: &Stop,
) -> Result<Option<Stopped>, PlanError> {
    let words = |stop: &Stop| match stop {
        Stop::Worktree { path, reason: follow::Blocked::Unwritable { reason } } => Some((path.clone(), reason.clone())),
        _ => None,
    };
    if words(reason).is_none() || plan.steps.first().is_none_or(|step| step.onto != before) {
        return Ok(None);
    }
    for step in &plan.steps {
        let found = follow_all(check, all, target, before, step.after, &mut Vec::new())?;
        if let Some((path, reason)) = found.as_ref().and_then(words) {
            let reason = Stop::Unwritable { path, reason };
            return Ok(Some(stopped(&step.name, &step.branch, Some(step.tip), reason)));
        }
    }
    Ok(None)
}

/// A branch whose work the target has under other ids stands at the target afterwards too, where its worktree lets it.
fn bring_along(
    repo: &Repository,
    check: &Check<'_>,
    all: &Holders,
    branch: &str,
    (start, end): (ObjectId, ObjectId),
    plan: &mut Plan,
) -> Result<(), PlanError> {
    let Ok(tip) = tip_of(repo, branch)? else { return Ok(()) };
    if tip == end || repo.is_within(tip, start) {
        return Ok(());
    }
    if follow_all(check, all, branch, tip, end, &mut plan.worktrees)?.is_none() {
        plan.moves.push(Move { name: branch.to_owned(), before: Some(tip), after: Some(end) });
    }
    Ok(())
}

/// Where hooks run: the worktree that has the target checked out, else the main one, or the bare repository.
pub fn hooks_dir(repo: &Repository, all: &[Worktree], target: &str) -> PathBuf {
    let here = all.iter().find(|worktree| worktree.holds(target) && worktree.is_intact());
    let here = here.or_else(|| all.iter().find(|worktree| worktree.is_main && worktree.exists()));
    here.map_or_else(|| repo.common_dir().to_owned(), |worktree| worktree.path.clone())
}

/// Where a branch stands, or why it cannot land.
fn tip_of(repo: &Repository, branch: &str) -> Result<Result<ObjectId, Stop>, PlanError> {
    match refs::read_movable(repo, branch) {
        Ok(tip) => Ok(tip.ok_or(Stop::Missing)),
        Err(RefError::Symbolic { .. }) => Ok(Err(Stop::Symbolic)),
        Err(error) => Err(error.into()),
    }
}

/// What can be said without building anything.
fn stopped_beforehand(request: &Request, source: &Source, all: &[Worktree]) -> Option<Stop> {
    if source.branch == request.target {
        return Some(Stop::IsTarget);
    }
    let holders: Vec<_> = all.iter().filter(|worktree| worktree.holds(&source.branch)).collect();
    if holders.len() > 1 {
        return Some(Stop::HeldTwice { paths: holders.iter().map(|worktree| worktree.path.clone()).collect() });
    }
    let operation = holders.first().and_then(|worktree| Some((worktree, worktree.operation.as_ref()?)));
    operation.map(|(worktree, operation)| Stop::Worktree {
        path: worktree.path.clone(),
        reason: follow::Blocked::Operation { kind: operation.kind },
    })
}

/// The worktrees that have the branch, or why they cannot come along.
fn follow_all(
    check: &Check<'_>,
    all: &Holders,
    branch: &str,
    before: ObjectId,
    after: ObjectId,
    following: &mut Vec<Following>,
) -> Result<Option<Stop>, PlanError> {
    let holders: Vec<_> = all.worktrees.iter().filter(|worktree| worktree.holds(branch)).collect();
    let [holder] = holders[..] else {
        let paths: Vec<_> = holders.iter().map(|worktree| worktree.path.clone()).collect();
        return Ok((!paths.is_empty()).then_some(Stop::HeldTwice { paths }));
    };
    if before == after {
        return Ok(None);
    }
    let path = holder.path.clone();
    let is_behind =
        |one: &WorktreeIntent| one.path == path && one.branch == branch && !one.is_undone_by(branch, before, after);
    if all.waiting.iter().any(is_behind) {
        return Ok(Some(Stop::Worktree { path, reason: follow::Blocked::Behind }));
    }
    if let Some(reason) = check.worktree(holder, before, after)? {
        return Ok(Some(Stop::Worktree { path, reason }));
    }
    if holder.exists() {
        following.push(Following { path, branch: branch.to_owned(), before, after });
    }
    Ok(None)
}

fn refusal_of(branch: &str, stop: Stop) -> Option<Refusal> {
    let branch = branch.to_owned();
    match stop {
        Stop::Worktree { path, reason } => Some(Refusal::Worktree { branch, path, reason }),
        Stop::HeldTwice { paths } => Some(Refusal::HeldTwice { branch, paths }),
        _ => None,
    }
}

fn stopped(name: &str, branch: &str, tip: Option<ObjectId>, reason: Stop) -> Stopped {
    Stopped { name: name.to_owned(), branch: branch.to_owned(), tip, reason }
}

#[cfg(test)]
#[path = "build_test.rs"]
pub(super) mod tests;
