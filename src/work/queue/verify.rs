//! Checking a landing before it happens, and leaving out whose work makes the check fail.
//!
//! By default all of it is checked once, as it would land. Where that fails, the target is checked next: if it fails by
//! itself, nobody's work is to blame. Then the culprits are searched for (see [`search`]); the last of them in landing
//! order stays behind, named with the others, and the rest is built and checked again until it passes.

use gix::ObjectId;

use crate::check::search::{self, Trial};
use crate::check::{CheckError, Failure, Runner, Verdict};
use crate::git::Repository;
use crate::git::scratch::ScratchError;
use crate::land::plan::{Stop, Stopped};
use crate::land::{self, Built, Plan, PlanError, Request};

/// Why a landing could not be checked to its end. Nothing has moved.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The target fails by itself.
    #[error("the check fails on the target itself")]
    Target {
        /// What failed.
        failure: Box<Failure>,
    },
    /// A check could not be run.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// What is left could not be built.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The commits could not be brought into the repository for the check to see them.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// A commit that was just made cannot be read.
    #[error("commit {id} cannot be read: {reason}")]
    Unreadable {
        /// The commit.
        id: ObjectId,
        /// Why.
        reason: String,
    },
}

/// Check what was built for the request. Gives what may land; the request's `barred` then has those that may not.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(
    repo: &Repository,
    request: &mut Request,
    mut built: Built,
    runner: &mut Runner<'_>,
    each: bool,
) -> Result<Built, VerifyError> {
    loop {
        if built.plan.steps.is_empty() || !built.plan.refusals.is_empty() {
            return Ok(built);
        }
        built.scratch.migrate(repo)?;
        let mut set = Set { repo, request, built: &built, runner };
        let failing = if each { set.first_failing()? } else { set.whole()? };
        let Some((length, failure)) = failing else { return Ok(built) };
        if let Verdict::Failed(failure) = set.target()? {
            return Err(VerifyError::Target { failure: Box::new(failure) });
        }
        let culprit = set.culprit(length, failure)?;
        request.barred.push(culprit);
        built = land::plan(repo, request)?;
    }
}

/// What is checked at the moment.
struct Set<'a, 'r> {
    repo: &'a Repository,
    request: &'a Request,
    built: &'a Built,
    runner: &'a mut Runner<'r>,
}

impl Set<'_, '_> {
    fn plan(&self) -> &Plan {
        &self.built.plan
    }

    /// The failure of all of them together.
    fn whole(&mut self) -> Result<Option<(usize, Failure)>, VerifyError> {
        let length = self.plan().steps.len();
        Ok(self.beginning(length)?.map(|failure| (length, failure)))
    }

    /// The failure of the shortest beginning that fails, each one longer than the last being checked.
    fn first_failing(&mut self) -> Result<Option<(usize, Failure)>, VerifyError> {
        for length in 1..=self.plan().steps.len() {
            if let Some(failure) = self.beginning(length)? {
                return Ok(Some((length, failure)));
            }
        }
        Ok(None)
    }

    fn beginning(&mut self, length: usize) -> Result<Option<Failure>, VerifyError> {
        let names: Vec<usize> = (0..length).collect();
        let Some(step) = self.plan().steps.get(length - 1) else { return Ok(None) };
        let commit = step.after;
        Ok(match self.verdict(commit, &self.subject(&names))? {
            Verdict::Passed => None,
            Verdict::Failed(failure) => Some(failure),
        })
    }

    fn target(&mut self) -> Result<Verdict, VerifyError> {
        let Some(start) = self.plan().steps.first().map(|step| step.onto) else { return Ok(Verdict::Passed) };
        let subject = format!("{} itself", self.target_name());
        self.verdict(start, &subject)
    }

    /// Who is to stay behind of the first `length`, which fail together.
    fn culprit(&mut self, length: usize, mut failure: Failure) -> Result<Stopped, VerifyError> {
        let mut found = search::culprits(length, |set| {
            let verdict = self.trial(set)?;
            Ok::<_, VerifyError>(match verdict {
                None => Trial::Unknown,
                Some(Verdict::Passed) => Trial::Passes,
                Some(Verdict::Failed(found)) => {
                    failure = found;
                    Trial::Fails
                }
            })
        })?;
        let last = found.pop().unwrap_or(length - 1);
        let steps = &self.plan().steps;
        let with = found.iter().map(|one| steps[*one].name.clone()).collect();
        let step = &steps[last];
        Ok(Stopped {
            name: step.name.clone(),
            branch: step.branch.clone(),
            tip: Some(step.tip),
            reason: Stop::Check { failure, with },
        })
    }

    /// What the check says of only these; none where they cannot be built without others.
    fn trial(&mut self, set: &[usize]) -> Result<Option<Verdict>, VerifyError> {
        let subject = self.subject(set);
        // A beginning was built on the way.
        if set.iter().copied().eq(0..set.len())
            && let Some(last) = set.last()
        {
            let commit = self.plan().steps[*last].after;
            return self.verdict(commit, &subject).map(Some);
        }
        let names: Vec<&str> = set.iter().map(|one| self.built.plan.steps[*one].name.as_str()).collect();
        if !self.needs_only(&names) {
            return Ok(None);
        }
        let plan = land::compose(self.repo, self.request, &names, &self.built.scratch)?;
        let end = plan.target_after().filter(|_| plan.steps.len() == names.len());
        let Some(commit) = end else { return Ok(None) };
        self.built.scratch.migrate(self.repo)?;
        self.verdict(commit, &subject).map(Some)
    }

    /// Whether none of them waits for one that would land and is not among them.
    fn needs_only(&self, names: &[&str]) -> bool {
        let lands = |name: &str| self.plan().steps.iter().any(|step| step.name == name);
        let sources = self.request.sources.iter().filter(|source| names.contains(&source.name.as_str()));
        let mut waits_for = sources.flat_map(|source| &source.after);
        waits_for.all(|name| names.contains(&name.as_str()) || !lands(name))
    }

    fn verdict(&mut self, commit: ObjectId, subject: &str) -> Result<Verdict, VerifyError> {
        let unreadable = |reason: String| VerifyError::Unreadable { id: commit, reason };
        let found = self.repo.gix().find_commit(commit).map_err(|error| unreadable(error.to_string()))?;
        let tree = found.tree_id().map_err(|error| unreadable(error.to_string()))?.detach();
        Ok(self.runner.verdict(commit, tree, subject)?)
    }

    fn target_name(&self) -> &str {
        self.request.target.strip_prefix("refs/heads/").unwrap_or(&self.request.target)
    }

    fn subject(&self, set: &[usize]) -> String {
        let names: Vec<&str> = set.iter().map(|one| self.plan().steps[*one].name.as_str()).collect();
        let named = match names[..] {
            [] => return format!("{} itself", self.target_name()),
            ref all if all.len() <= 4 => all.join(", "),
            [first, .., last] => format!("{} branches from {first} to {last}", names.len()),
            _ => return String::new(),
        };
        format!("{named} on {}", self.target_name())
    }
}
