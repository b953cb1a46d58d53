//! How the end of a run is judged: by what is in the branch and the worktree, and by what the agent itself has said.

use gix::ObjectId;

use crate::agent::Agent;
use crate::config::Target;
use crate::git::{Repository, refs, worktrees};
use crate::run::{self, Run};
use crate::task::{Task, TaskState};
use crate::work::complete::{Allowed, Incomplete, Survey, SurveyError, since_first, survey};
use crate::work::place::{self, Standing};

/// So many paths are named in a reason.
const SHOWN: usize = 5;
/// So many digits of a commit are named.
const SHORT: usize = 10;

/// What becomes of a task when its run has ended.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The agent has completed it itself.
    Completed,
    /// All is committed: it is to be completed, as it was seen.
    Complete(Box<Survey>),
    /// The agent has given it up itself.
    GivenUp {
        /// In its own words.
        reason: String,
    },
    /// It is to be failed; everything stays as it is.
    Failed {
        /// Why.
        reason: String,
        /// Somebody wanted it to end: it is not tried again.
        is_final: bool,
    },
    /// It is not the agent's any more.
    TakenAway,
}

/// Judge the end of `run`, which `agent` had for `task`.
///
/// # Errors
/// The branch or the worktree could not be looked at; nothing is known then.
pub fn judge(
    repo: &Repository,
    target: &Target,
    agent: &Agent,
    task: &Task,
    state: run::State,
    run: &Run,
) -> Result<Verdict, SurveyError> {
    if let Some(verdict) = said(repo, target, agent, task)? {
        return Ok(verdict);
    }
    if state != run::State::Done {
        return Ok(ended_badly(state, run));
    }
    if let Some(astray) = astray(repo, agent)? {
        return Ok(Verdict::Failed { reason: astray, is_final: true });
    }
    let survey = survey(repo, target, agent, &since_first(&agent.name, task))?;
    Ok(match survey.check(Allowed::default()) {
        Ok(()) => Verdict::Complete(Box::new(survey)),
        Err(incomplete) => Verdict::Failed { reason: missing(&incomplete), is_final: false },
    })
}

/// What the agent, or somebody else, has said of the task already. That it is completed is believed while the work is there.
fn said(repo: &Repository, target: &Target, agent: &Agent, task: &Task) -> Result<Option<Verdict>, SurveyError> {
    let is_its_own = task.agent.as_ref() == Some(&agent.name);
    Ok(match task.state {
        TaskState::InProgress if is_its_own => None,
        TaskState::Landed if is_its_own => Some(Verdict::Completed),
        TaskState::Completed if is_its_own => Some(match lost(repo, target, agent, task)? {
            Some(reason) => Verdict::GivenUp { reason },
            None => Verdict::Completed,
        }),
        TaskState::Failed if is_its_own => {
            Some(Verdict::GivenUp { reason: task.reason.clone().unwrap_or_else(|| "the agent gave it up".to_owned()) })
        }
        _ => Some(Verdict::TakenAway),
    })
}

/// Why the work of a completed task is not to be found: its branch is gone, went back, or has nothing any more. What was
/// written anew, as by a rebase, is there.
///
/// # Errors
/// See [`SurveyError`].
pub fn lost(repo: &Repository, target: &Target, agent: &Agent, task: &Task) -> Result<Option<String>, SurveyError> {
    let recorded = task.last_attempt().and_then(|attempt| attempt.tip.as_ref());
    let Some(at) = recorded.and_then(|tip| ObjectId::from_hex(tip.as_str().as_bytes()).ok()) else { return Ok(None) };
    let tip = refs::read(repo, &format!("refs/heads/{}", agent.branch))?;
    if repo.is_within(at, target.commit) || tip.is_some_and(|tip| repo.is_within(at, tip)) {
        return Ok(None);
    }
    let has_gone_back = tip.is_none_or(|tip| repo.is_within(tip, at));
    if !has_gone_back && survey(repo, target, agent, &since_first(&agent.name, task))?.commits > 0 {
        return Ok(None);
    }
    let commit = at.to_hex_with_len(SHORT);
    Ok(Some(format!("it was completed at {commit}, which is not on {} any more", agent.branch)))
}

/// Where the agent has gone with its work, when that is not on its branch in its worktree: nobody can tell what is missing
/// then.
fn astray(repo: &Repository, agent: &Agent) -> Result<Option<String>, SurveyError> {
    if refs::read(repo, &format!("refs/heads/{}", agent.branch))?.is_none() {
        return Ok(Some(format!("its branch {} is gone", agent.branch)));
    }
    let all = worktrees::list(repo)?;
    if place::astray(repo, &all, agent).is_some() {
        return Ok(Some(format!("its worktree has something else checked out than {}", agent.branch)));
    }
    Ok(match place::standing(repo, &all, agent) {
        Standing::At(_) => None,
        _ => Some("its worktree is gone, or is none any more".to_owned()),
    })
}

fn ended_badly(state: run::State, run: &Run) -> Verdict {
    let ended = run.facts.ended.known();
    let after = |seconds: u64| format!("it took longer than {}", span(seconds));
    let (reason, is_final) = match state {
        run::State::TimedOut => (run.plan().timeout_s.map_or_else(|| "it took too long".to_owned(), after), false),
        run::State::Killed => {
            let by = ended.and_then(|ended| ended.by.as_ref()).map(|by| format!(" by {by}")).unwrap_or_default();
            (format!("it was killed{by}"), true)
        }
        run::State::Lost(loss) => (loss.sentence().to_owned(), false),
        run::State::Failed => match ended.map(|ended| (ended.exit_code, ended.signal)) {
            Some((Some(code), _)) => (format!("exit status {code}"), false),
            Some((None, Some(signal))) => (format!("ended by signal {signal}"), false),
            _ => ("it failed".to_owned(), false),
        },
        _ => ("how it ended is not known".to_owned(), false),
    };
    Verdict::Failed { reason, is_final }
}

/// What is missing, as a reason for whoever takes the task next.
fn missing(incomplete: &Incomplete) -> String {
    match incomplete {
        Incomplete::Busy { operation } => format!("it left a {} unfinished", operation.command()),
        Incomplete::Empty => "it has made no commit".to_owned(),
        Incomplete::Uncommitted { paths } => {
            let shown = paths.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if paths.len() > SHOWN { ", …" } else { "" };
            let noun = if paths.len() == 1 { "path" } else { "paths" };
            // A reason is one line of bounded length, and a path may be neither.
            let line: String = format!("it left {} uncommitted {noun}: {shown}{more}", paths.len());
            line.chars().map(|c| if crate::text::is_hidden(c) { '\u{fffd}' } else { c }).take(300).collect()
        }
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        s if s % 3600 == 0 && s > 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 && s > 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_one_printable_line() {
        let paths: Vec<String> = (0..7).map(|n| format!("a{n}\n")).collect();
        let said = missing(&Incomplete::Uncommitted { paths });
        assert_eq!(said, "it left 7 uncommitted paths: a0\u{fffd}, a1\u{fffd}, a2\u{fffd}, a3\u{fffd}, a4\u{fffd}, …");
        let said = missing(&Incomplete::Uncommitted { paths: vec!["x".repeat(5000)] });
        assert!(crate::text::line(&said).is_ok());
        assert_eq!((span(90), span(120), span(7200), span(0)), ("90s".into(), "2m".into(), "2h".into(), "0s".into()));
    }
}
