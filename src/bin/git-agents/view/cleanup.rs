//! What `cleanup` takes away and by what proof, what stays and why.

use git_agents::agent::AgentName;
use git_agents::config::Target;
use git_agents::git::repository::path_text;
use git_agents::work::cleanup::{Going, Keeps, Looked};
use git_agents::work::landed::Proof;
use git_agents::work::remote_branches::{Deleted, RemoteFate, Upstream};
use git_agents::worktree::remove::Removed;
use serde::Serialize;

use super::kept::{keeps_text, not_landed_text};
use super::prepared::RanView;
use super::removed::{ignored_kept, not_backed_up_text};
use crate::error::{CliError, Exit, quoted};
use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// One agent that went, or would.
#[derive(Debug, Serialize)]
pub(crate) struct RemovedAgent {
    pub(crate) agent: String,
    pub(crate) branch: String,
    /// Where the branch was.
    pub(crate) commit: String,
    pub(crate) worktree: Option<String>,
    pub(crate) proof: ProofView,
    /// The ref that holds what was there; absent while nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backup: Option<String>,
    /// How many ignored files are in the backup, or would be.
    pub(crate) ignored_files: usize,
    /// Ignored folders that go, and are in no backup.
    pub(crate) not_backed_up: Vec<String>,
    /// How many files are in those.
    pub(crate) not_backed_up_files: usize,
    /// The teardown commands that were run; absent when there were none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) teardown: Vec<RanView>,
}

/// Why its work counts as landed.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum ProofView {
    /// The target has the commit itself.
    Reached,
    /// It has all of the changes under other ids.
    Patches { commits: usize },
    /// It was recorded as landed, and merging it changes nothing.
    Recorded { operation: String },
}

/// One agent that stays.
#[derive(Debug, Serialize)]
pub(crate) struct KeptView {
    pub(crate) agent: String,
    pub(crate) branch: String,
    /// A word for the reason, such as `unlanded`, `taken-back` or `work`.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// Commands that lead on.
    pub(crate) next: Vec<String>,
}

/// A branch on a remote that went, would, or stays.
#[derive(Debug, Serialize)]
pub(crate) struct RemoteView {
    pub(crate) agent: String,
    pub(crate) remote: String,
    /// The branch there, without `refs/heads/`.
    pub(crate) branch: String,
    /// `deleted`, `would-delete`, `kept` or `failed`.
    pub(crate) outcome: &'static str,
    /// Where it is or was, as far as the remote said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proof: Option<ProofView>,
    /// Why it stays; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// The answer of `cleanup`; with `dry_run` nothing was changed.
#[derive(Debug, Serialize)]
pub(crate) struct CleanupView {
    pub(crate) dry_run: bool,
    /// The branch in which work has to be.
    pub(crate) target: String,
    pub(crate) removed: Vec<RemovedAgent>,
    pub(crate) kept: Vec<KeptView>,
    /// What was found on remotes, when that was asked for.
    pub(crate) remote: Vec<RemoteView>,
    /// The commands that would be run in each worktree before it goes; absent when there are none, or nothing is planned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) would_run: Vec<String>,
    /// Something outside failed.
    #[serde(skip)]
    pub(crate) has_failed: bool,
}

impl CleanupView {
    pub(crate) fn new(target: &Target, dry_run: bool) -> Self {
        CleanupView {
            dry_run,
            target: target.branch.clone(),
            removed: Vec::new(),
            kept: Vec::new(),
            remote: Vec::new(),
            would_run: Vec::new(),
            has_failed: false,
        }
    }

    /// The status: a failure outside, else a named agent that stays is a negative answer.
    pub(crate) fn exit(&self, named: bool) -> Exit {
        let stays = !self.kept.is_empty() || self.remote.iter().any(|one| one.outcome == "kept");
        match self.has_failed || self.remote.iter().any(|one| one.outcome == "failed") {
            true => Exit::Outside,
            false if named && stays => Exit::Negative,
            false => Exit::Good,
        }
    }
}

impl From<&Proof> for ProofView {
    fn from(proof: &Proof) -> Self {
        match proof {
            Proof::Reached => ProofView::Reached,
            Proof::Patches { commits } => ProofView::Patches { commits: *commits },
            Proof::Recorded { operation } => ProofView::Recorded { operation: operation.to_string() },
        }
    }
}

impl ProofView {
    fn text(&self, target: &str) -> String {
        match self {
            ProofView::Reached => format!("its tip is in {target}"),
            ProofView::Patches { commits: 1 } => format!("{target} has its commit under another id"),
            ProofView::Patches { commits } => format!("{target} has its {commits} commits under other ids"),
            ProofView::Recorded { operation } => {
                format!("it landed with {operation}, and merging it changes nothing in {target}")
            }
        }
    }
}

impl RemovedAgent {
    pub(crate) fn new(going: &Going, branch: &str, removed: Option<&Removed>) -> Self {
        let losses = removed.map_or(&going.losses, |removed| &removed.losses);
        RemovedAgent {
            agent: going.belongings.name.to_string(),
            branch: branch.to_owned(),
            commit: going.tip.to_string(),
            worktree: going.belongings.worktree.as_ref().map(|worktree| worktree.path.display().to_string()),
            proof: (&going.proof).into(),
            backup: removed.map(|removed| removed.backup.clone()),
            not_backed_up: losses.ignored_folders.iter().map(|path| path_text(path.as_ref())).collect(),
            ignored_files: ignored_kept(losses),
            not_backed_up_files: losses.ignored_inside,
            teardown: Vec::new(),
        }
    }
}

/// Why an agent stays.
pub(crate) fn keeps_view(one: &Looked, keeps: &Keeps, target: &Target) -> KeptView {
    let (reason, message, next) = keeps_text(one, keeps, target);
    KeptView { agent: one.name.to_string(), branch: one.branch.clone(), reason, message, next }
}

impl KeptView {
    /// An agent that was to go, and could not.
    pub(crate) fn failed(one: &Looked, error: CliError) -> Self {
        let (agent, branch) = (one.name.to_string(), one.branch.clone());
        KeptView { agent, branch, reason: error.code, message: error.message, next: error.hints }
    }
}

impl RemoteView {
    /// None where there is no such branch.
    pub(crate) fn new(
        agent: &AgentName,
        upstream: &Upstream,
        fate: &RemoteFate,
        deleted: Option<&Deleted>,
        target: &Target,
    ) -> Option<Self> {
        let (outcome, commit, proof, message) = match (fate, deleted) {
            (RemoteFate::Absent, _) => return None,
            (RemoteFate::Goes { tip, proof }, None) => ("would-delete", Some(tip), Some(proof), None),
            (RemoteFate::Goes { tip, proof }, Some(Deleted::Done)) => ("deleted", Some(tip), Some(proof), None),
            (RemoteFate::Goes { tip, .. }, Some(Deleted::Failed { reason })) => {
                ("failed", Some(tip), None, Some(reason.clone()))
            }
            (RemoteFate::Unreachable { reason }, _) => ("failed", None, None, Some(reason.clone())),
            (RemoteFate::Protected, _) => {
                let message = format!("it is the default there, or where {} goes", target.branch);
                ("kept", None, None, Some(message))
            }
            (RemoteFate::OtherName, _) => ("kept", None, None, Some("it has another name than the agent's".to_owned())),
            (RemoteFate::Unknown { tip }, _) => {
                ("kept", Some(tip), None, Some("it has commits that are not here".to_owned()))
            }
            (RemoteFate::TargetBehind, _) => {
                let (branch, remote) = (&target.branch, &upstream.remote);
                let push = format!("git push {} {}", quoted(remote), quoted(branch));
                let message = format!("{branch} as it is here has not been pushed to {remote} ({push})");
                ("kept", None, None, Some(message))
            }
            (RemoteFate::NotLanded { judgement }, _) => {
                ("kept", None, None, Some(not_landed_text(judgement, &target.branch)))
            }
        };
        Some(RemoteView {
            agent: agent.to_string(),
            remote: upstream.remote.clone(),
            branch: upstream.branch.strip_prefix("refs/heads/").unwrap_or(&upstream.branch).to_owned(),
            outcome,
            commit: commit.map(ToString::to_string),
            proof: proof.map(ProofView::from),
            message,
        })
    }

    fn text(&self, style: &Style, target: &str) -> String {
        let place = format!("{}'s {}", safe(&self.remote), safe(&self.branch));
        let proof = self.proof.as_ref().map(|proof| proof.text(target));
        let message = safe(self.message.as_ref().or(proof.as_ref()).map_or("", String::as_str));
        match self.outcome {
            "deleted" => format!("{} {place}: {message}\n", style.green("deleted")),
            "would-delete" => format!("{} {place}: {message}\n", style.green("would delete")),
            "failed" => format!("{} {place} is still there: {message}\n", style.red("failed")),
            _ => format!("{} {place}: {message}\n", style.yellow("kept")),
        }
    }
}

impl View for CleanupView {
    const KIND: &'static str = "cleanup";

    fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        let verb = if self.dry_run { "would remove" } else { "removed" };
        for one in &self.removed {
            let proof = safe(&one.proof.text(&self.target));
            text.push_str(&format!("{} {}: {proof}\n", style.green(verb), style.bold(&one.agent)));
            text.push_str(&format!("  branch {}\n", safe(&one.branch)));
            if let Some(worktree) = &one.worktree {
                text.push_str(&format!("  worktree {}\n", safe(worktree)));
            }
            if one.ignored_files > 0 {
                text.push_str(&format!("  ignored and backed up: {}\n", counted(one.ignored_files, "file")));
            }
            if !one.not_backed_up.is_empty() {
                text.push_str(&format!("  {}\n", not_backed_up_text(&one.not_backed_up, one.not_backed_up_files)));
            }
        }
        for command in &self.would_run {
            text.push_str(&format!(
                "{} in each worktree before it goes: {}\n",
                style.green("would run"),
                safe(command)
            ));
        }
        for one in &self.remote {
            text.push_str(&one.text(style, &self.target));
        }
        for one in &self.kept {
            text.push_str(&format!("{} {}: {}\n", style.yellow("kept"), style.bold(&one.agent), safe(&one.message)));
            for next in &one.next {
                text.push_str(&format!("  {} {}\n", style.dim("next:"), safe(next)));
            }
        }
        if self.removed.is_empty() {
            text.push_str("nothing to clean up\n");
        } else if !self.dry_run {
            let last = if self.removed.len() > 1 { "the last one " } else { "it " };
            let undo = format!("to take {last}back:");
            text.push_str(&format!("{} git agents undo --yes\n", style.dim(&undo)));
        } else {
            text.push_str(&format!("{} would go\n", counted(self.removed.len(), "agent")));
        }
        text
    }
}
