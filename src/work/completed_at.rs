//! Whether the work of completed tasks is where their agent's branch or the target has it.
//!
//! A task is completed at a commit, perhaps in another clone. An agent's branch that never had that commit has nothing of
//! the work, and landing it, or finding that there is nothing to land, says nothing of the task.

use gix::ObjectId;

use super::landed::{Judge, JudgeError, Judgement};
use super::past::Past;
use crate::git::Repository;
use crate::land::plan::WorkElsewhere;
use crate::task::Task;

/// The completed tasks whose work neither the branch at `tip` nor `target` has.
///
/// # Errors
/// See [`JudgeError`].
pub(super) fn elsewhere(
    repo: &Repository,
    branch: &str,
    tip: ObjectId,
    target: ObjectId,
    tasks: &[&Task],
) -> Result<Vec<WorkElsewhere>, JudgeError> {
    let mut judge = None;
    let mut found: Vec<WorkElsewhere> = Vec::new();
    for task in tasks {
        let Some(at) = task.attempts.last().and_then(|attempt| attempt.tip.as_ref()) else { continue };
        let Ok(at) = ObjectId::from_hex(at.as_str().as_bytes()) else { continue };
        if repo.is_within(at, tip) {
            continue;
        }
        let is_known = repo.gix().find_commit(at).is_ok();
        if is_known {
            let judge = match &mut judge {
                Some(judge) => judge,
                empty => empty.insert(Judge::new(repo, target)?),
            };
            if let Judgement::Landed(_) = judge.judge(at, &Past::default())? {
                continue;
            }
        }
        let was_here = is_known && was_at(repo, branch, at)?;
        let is_on_branch = is_known && is_on_any(repo, at)?;
        found.push(WorkElsewhere { task: task.id.to_string(), commit: at, is_known, is_on_branch, was_here });
    }
    Ok(found)
}

/// Whether any branch, here or as a remote had it, has the commit.
fn is_on_any(repo: &Repository, commit: ObjectId) -> Result<bool, JudgeError> {
    let contains = format!("--contains={commit}");
    let asked = ["for-each-ref", "--count=1", "--format=x", &contains, "refs/heads/", "refs/remotes/"];
    Ok(!repo.git().args(asked).text()?.is_empty())
}

/// Whether the branch stood there once: what it is now came of it, by a rebase or by hand.
fn was_at(repo: &Repository, branch: &str, commit: ObjectId) -> Result<bool, JudgeError> {
    let log = repo.git().args(["rev-list", "--walk-reflogs", branch, "--"]).text()?;
    let commit = commit.to_string();
    Ok(log.lines().any(|line| line == commit))
}
