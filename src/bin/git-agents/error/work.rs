//! What starting, landing and cleaning up say no with.

use git_agents::agent::{Agent, AgentName};
use git_agents::land::plan::Refusal;
use git_agents::land::{ExecuteError, PlanError};
use git_agents::store::{Refused, StoreError};
use git_agents::work::candidates::CandidateError;
use git_agents::work::carry_out::CarryOutError;
use git_agents::work::commit_hook::{HookError, LINE};
use git_agents::work::complete::SurveyError;
use git_agents::work::elsewhere::Absent;
use git_agents::work::enrol::EnrolError;
use git_agents::work::landing::LandingError;
use git_agents::work::messages::MessageError;
use git_agents::work::place::Astray;
use git_agents::work::recover::RecoverError;
use git_agents::work::reserved::OverlapError;
use git_agents::work::restore::RestoreError;
use git_agents::work::start::{Conflict, StartError};
use git_agents::work::strategies::UnknownStrategy;
use git_agents::work::template::TemplateError;
use git_agents::worktree::create::CreateError;

use super::{CliError, Exit, quoted, ready_error};

impl From<EnrolError> for CliError {
    fn from(error: EnrolError) -> Self {
        let message = error.to_string();
        match error {
            EnrolError::Create { name, source } => creation(&name, source, message),
            EnrolError::Ready { source, .. } => {
                let error = ready_error(message, source);
                let is_setup = error.code == "setup-failed";
                if is_setup { error.hint("the same command with --no-setup") } else { error }
            }
            EnrolError::Left { source, left } => {
                let mut error = CliError::from(*source);
                left.iter().for_each(|reason| error.message.push_str(&format!("\nsomething of it stays: {reason}")));
                error
            }
            EnrolError::Plan(error) => error.into(),
            EnrolError::Rejected(rejected) => rejected.into(),
            EnrolError::Store(error) => error.into(),
        }
    }
}

/// The agent's worktree has something else checked out than its branch, on which what was done there is not.
pub(crate) fn worktree_astray(agent: &Agent, astray: &Astray) -> CliError {
    let other = astray.branch.as_ref().map_or("a detached HEAD".to_owned(), |branch| format!("{branch} checked out"));
    let path = astray.path.display().to_string();
    let message = format!("{}'s worktree {path} has {other}, not {}", agent.name, agent.branch);
    let hint = format!("git -C {} switch {}", quoted(&path), quoted(&agent.branch));
    CliError::refused("worktree-elsewhere", message).hint(hint)
}

fn creation(name: &AgentName, error: CreateError, message: String) -> CliError {
    let short = |branch: &str| quoted(branch.strip_prefix("refs/heads/").unwrap_or(branch));
    match error {
        CreateError::InvalidBranch { .. } => CliError::usage(message),
        CreateError::BranchExists { branch } => CliError::refused("branch-exists", message)
            .hint(format!("git agents agent add {name} --existing --branch {}", short(&branch))),
        CreateError::NoSuchBranch { .. } => CliError::refused("branch-missing", message).hint("git branch --list"),
        CreateError::NameClash { .. } => {
            CliError::refused("branch-clash", message).hint(format!("git agents agent add {name} --branch OTHER"))
        }
        CreateError::CheckedOut { branch, path } => CliError::refused("checked-out", message).hint(format!(
            "git agents agent add {name} --existing --branch {} --path {}",
            short(&branch),
            quoted(&path.display().to_string())
        )),
        CreateError::PathOccupied { .. } | CreateError::PathInside { .. } => {
            CliError::refused("path-taken", message).hint(format!("git agents agent add {name} --path OTHER"))
        }
        CreateError::PathRegistered { .. } => CliError::refused("path-registered", message).hint("git worktree prune"),
        CreateError::Failed { .. } => CliError::new(Exit::Outside, "worktree-failed", message),
        CreateError::Aside { .. } => CliError::new(Exit::Outside, "remove-failed", message).hint("git agents doctor"),
        CreateError::Ref(error) => error.into(),
        CreateError::Git(error) => error.into(),
        CreateError::Journal(_) => CliError::new(Exit::Outside, "write-failed", message).hint("git agents doctor"),
    }
}

impl From<SurveyError> for CliError {
    fn from(error: SurveyError) -> Self {
        let message = error.to_string();
        match error {
            SurveyError::BranchGone { .. } => CliError::refused("branch-gone", message).hint("git agents init"),
            SurveyError::Ref(error) => error.into(),
            SurveyError::Git(error) => error.into(),
            SurveyError::Branch(error) => error.into(),
        }
    }
}

impl From<CandidateError> for CliError {
    fn from(error: CandidateError) -> Self {
        let message = error.to_string();
        match error {
            CandidateError::Unknown { .. } => {
                CliError::refused("not-found", message).hint("git agents agent list").hint("git branch --list")
            }
            CandidateError::BranchGone { agent, .. } => {
                CliError::refused("branch-gone", message).hint(format!("git agents agent show {agent}"))
            }
            CandidateError::BranchElsewhere { branch, absent: Absent { remote, seen_as }, .. } => {
                let (remote, branch) = (quoted(&remote), quoted(&branch));
                let error = CliError::refused("branch-elsewhere", message);
                let error = match seen_as {
                    Some(_) => error,
                    None => error.hint(format!("git push {remote} {branch}, in the clone that has it")),
                };
                error.hint(format!("git fetch {remote} {branch}:{branch}"))
            }
            CandidateError::Ref(error) => error.into(),
            CandidateError::Git(error) => error.into(),
        }
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        let message = error.to_string();
        match error {
            StartError::BranchGone { .. } => CliError::refused("branch-gone", message).hint("git agents init"),
            StartError::Conflict(conflict) => {
                let Conflict { agent, other, branches, .. } = *conflict;
                let merges: Vec<String> = branches.iter().map(|one| format!("git merge {}", quoted(one))).collect();
                let merges = merges.join(" && ");
                CliError::refused("dependency-conflict", message)
                    .hint(format!("{merges}, in the worktree of {agent}, resolving what conflicts"))
                    .hint(format!("git agents merge {other}"))
                    .hint(format!("git agents conflicts {other}"))
            }
            StartError::Uncommitted { .. } => CliError::refused("uncommitted", message).hint("git add … && git commit"),
            StartError::Blocked { agent, refusals } => blocked(&agent, &refusals),
            StartError::Refused(refused) => refused.into(),
            StartError::Execute(error) => error.into(),
            StartError::Plan(error) => error.into(),
            StartError::Ref(error) => error.into(),
            StartError::Git(error) => error.into(),
            StartError::Scratch(error) => error.into(),
            StartError::Merge(_) | StartError::Follow(_) => CliError::new(Exit::Outside, "git-failed", message),
        }
    }
}

fn blocked(agent: &AgentName, refusals: &[Refusal]) -> CliError {
    let why: Vec<String> = refusals.iter().map(crate::view::blocked::refusal_text).collect();
    CliError::refused("branch-blocked", format!("{agent}'s branch cannot be moved: {}", why.join("; ")))
        .hint(format!("git agents agent show {agent}"))
}

impl From<ExecuteError> for CliError {
    fn from(error: ExecuteError) -> Self {
        let message = error.to_string();
        match error {
            ExecuteError::Refused { refusals } => {
                let why: Vec<String> = refusals.iter().map(crate::view::blocked::refusal_text).collect();
                let hints = refusals.first().map(crate::view::blocked::refusal_hints).unwrap_or_default();
                hints.iter().fold(CliError::refused("blocked", why.join("; ")), |error, hint| error.hint(*hint))
            }
            ExecuteError::Outdated { .. } => {
                CliError::refused("moved-meanwhile", message).hint("run the command again")
            }
            ExecuteError::Scratch(error) => error.into(),
            ExecuteError::Ref(error) => error.into(),
            ExecuteError::Git(error) => error.into(),
            ExecuteError::Follow(_) | ExecuteError::Journal(_) => {
                CliError::new(Exit::Outside, "landing-interrupted", message).hint("git agents doctor --fix")
            }
        }
    }
}

impl From<HookError> for CliError {
    fn from(error: HookError) -> Self {
        let message = error.to_string();
        match error {
            HookError::Occupied { path } => CliError::refused("hook-occupied", message)
                .hint(format!("put this line into {}, before it ends: {LINE}", quoted(&path.display().to_string()))),
            HookError::Elsewhere { path } => {
                let path = path.join("pre-commit");
                let hint = format!("put this line into {}: {LINE}", quoted(&path.display().to_string()));
                CliError::refused("hooks-elsewhere", message).hint(hint).hint("git config --show-origin core.hooksPath")
            }
            HookError::Nowhere => CliError::refused("hooks-elsewhere", message)
                .hint("git config --show-origin core.hooksPath")
                .hint("git config --unset core.hooksPath"),
            HookError::Gone { .. } => CliError::refused("worktree-gone", message).hint("git agents doctor"),
            HookError::Io { .. } => CliError::new(Exit::Outside, "write-failed", message),
            HookError::Git(error) => error.into(),
        }
    }
}

impl From<OverlapError> for CliError {
    fn from(error: OverlapError) -> Self {
        match error {
            OverlapError::Candidate(error) => error.into(),
            OverlapError::Branch(error) => error.into(),
            OverlapError::Scratch(error) => error.into(),
        }
    }
}

impl From<LandingError> for CliError {
    fn from(error: LandingError) -> Self {
        match error {
            LandingError::NoIdentity => StoreError::NoIdentity.into(),
            LandingError::Candidate(error) => error.into(),
            LandingError::Branch(error) => error.into(),
            LandingError::Plan(error) => error.into(),
            LandingError::Git(error) => error.into(),
            LandingError::Ref(error) => error.into(),
            LandingError::Scratch(error) => error.into(),
            LandingError::Store(error) => error.into(),
            LandingError::Judge(error) => error.into(),
            LandingError::Message(MessageError::Git(error)) => error.into(),
            LandingError::Message(MessageError::Template(error)) | LandingError::Template(error) => error.into(),
        }
    }
}

impl From<TemplateError> for CliError {
    fn from(error: TemplateError) -> Self {
        CliError::refused("template", error.to_string()).hint(format!("git config --unset {}", error.key))
    }
}

impl From<RestoreError> for CliError {
    fn from(error: RestoreError) -> Self {
        let message = error.to_string();
        match error {
            RestoreError::Changed => CliError::refused("state-changed", message).hint("git agents doctor"),
            RestoreError::Ref(error) => error.into(),
            RestoreError::Store(error) => error.into(),
            RestoreError::Keep { .. } => CliError::new(Exit::Outside, "write-failed", message)
                .hint("look at the permissions of .git/agents and at the free space: df ."),
        }
    }
}

impl From<UnknownStrategy> for CliError {
    fn from(error: UnknownStrategy) -> Self {
        CliError::refused("strategy", error.to_string()).hint(format!("git config --unset {}", error.key))
    }
}

impl<E> From<CarryOutError<E>> for CliError
where
    CliError: From<Refused<E>>,
{
    fn from(error: CarryOutError<E>) -> Self {
        match error {
            CarryOutError::Refused(refused) => refused.into(),
            CarryOutError::Execute(error) => error.into(),
        }
    }
}

impl From<PlanError> for CliError {
    fn from(error: PlanError) -> Self {
        let message = error.to_string();
        match error {
            PlanError::TargetNotABranch { .. } | PlanError::NoTarget { .. } => {
                CliError::refused("no-target", message).hint("git config agents.target BRANCH")
            }
            PlanError::Signing { .. } => CliError::refused("signing-failed", message)
                .hint("git config user.signingKey")
                .hint("git -c commit.gpgSign=false agents merge …, to go without for once"),
            PlanError::Message { .. } => {
                CliError::new(Exit::Outside, "write-failed", message).hint("look at the free space: df .")
            }
            PlanError::Ref(error) => error.into(),
            PlanError::Git(error) => error.into(),
            PlanError::Scratch(error) => error.into(),
            _ => CliError::new(Exit::Outside, "git-failed", message),
        }
    }
}

impl From<RecoverError> for CliError {
    fn from(error: RecoverError) -> Self {
        let message = error.to_string();
        match error {
            RecoverError::Store(error) => error.into(),
            RecoverError::Journal(_) => {
                CliError::new(Exit::Outside, "journal-unreadable", message).hint("git agents doctor")
            }
        }
    }
}
