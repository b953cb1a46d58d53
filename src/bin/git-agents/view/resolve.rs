//! Resolutions: begun, waiting for somebody, or taken back.

use git_agents::git::repository::path_text;
use git_agents::work::resolve::abort::How;
use git_agents::work::resolve::record::Way;
use git_agents::work::resolve::{Aborted, Record, Waiting};
use gix::bstr::{BString, ByteSlice};
use serde::Serialize;

use super::packet::PacketView;
use crate::error::quoted;
use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// The command that lands what was resolved.
pub(crate) const CONTINUE: &str = "git agents merge --continue";
/// The command that takes it back.
pub(crate) const ABORT: &str = "git agents merge --abort";

/// One resolution.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ResolutionView {
    pub(crate) agent: String,
    pub(crate) branch: String,
    pub(crate) target: String,
    /// `rebase` or `merge`.
    pub(crate) strategy: &'static str,
    /// `waiting` or `resolved`.
    pub(crate) state: &'static str,
    pub(crate) worktree: String,
    /// The commit that a rebase stopped at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped_at: Option<StoppedAt>,
    /// What is unmerged.
    pub(crate) paths: Vec<UnmergedView>,
    /// git's own words, when it stopped for another reason than a conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) words: Option<String>,
    /// What to run there once the files are as they should be.
    pub(crate) commands: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) packet: Option<PacketView>,
    /// The command that lands it, when that is done.
    pub(crate) next: &'static str,
    /// The command that goes back to how it was.
    pub(crate) abort: &'static str,
}

/// Where a rebase stopped; the numbers are absent when git does not say.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StoppedAt {
    pub(crate) commit: String,
    pub(crate) subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<usize>,
}

/// One unmerged path.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UnmergedView {
    pub(crate) path: String,
    pub(crate) kind: String,
}

impl ResolutionView {
    /// One that waits for somebody.
    pub(crate) fn waiting(waiting: &Waiting, packet: Option<PacketView>) -> Self {
        let path = waiting.worktree.path.display().to_string();
        let paths: Vec<UnmergedView> = waiting
            .unmerged
            .iter()
            .map(|one| UnmergedView { path: path_text(one.path.as_ref()), kind: one.kind.name().to_owned() })
            .collect();
        let git = format!("git -C {}", quoted(&path));
        let mut commands = Vec::new();
        if !paths.is_empty() {
            commands.push(format!("{git} add {}", to_add(waiting)));
        }
        commands.push(match waiting.record.way {
            Way::Rebase => format!("{git} rebase --continue"),
            Way::Merge => format!("{git} commit"),
        });
        let stopped_at = waiting.at.as_ref().map(|at| StoppedAt {
            commit: at.commit.to_string(),
            subject: at.subject.clone(),
            number: at.number.map(|(number, _)| number),
            of: at.number.map(|(_, of)| of),
        });
        let words = waiting.words.clone().filter(|words| !words.is_empty());
        let resolution = ResolutionView { paths, commands, packet, stopped_at, words, ..bare(&waiting.record, path) };
        ResolutionView { state: "waiting", ..resolution }
    }

    /// One that git is through with.
    pub(crate) fn resolved(record: &Record) -> Self {
        bare(record, record.worktree.display().to_string())
    }

    fn text(&self, style: &Style) -> String {
        let (agent, target) = (style.bold(&self.agent), safe(&self.target));
        if self.state == "resolved" {
            return format!("{} {agent} by {} on {target}\n", style.green("resolved"), self.strategy);
        }
        let how = if self.strategy == "merge" { format!("merges {target}") } else { format!("rebases on {target}") };
        let mut text = format!("{agent} {how} in {}\n", safe(&self.worktree));
        if let Some(at) = &self.stopped_at {
            let number = match (at.number, at.of) {
                (Some(number), Some(of)) if of > 1 => format!(", commit {number} of {of}"),
                _ => String::new(),
            };
            let id = at.commit.get(..10).unwrap_or(&at.commit);
            text.push_str(&format!("  {} {id} {}{number}\n", style.red("stopped at"), safe(&at.subject)));
        }
        for one in &self.paths {
            text.push_str(&format!("  {}  {}\n", safe(&one.path), style.dim(&safe(&one.kind))));
        }
        if let Some(words) = &self.words {
            text.push_str(&format!("  {}\n", safe(words)));
        }
        if let Some(packet) = &self.packet {
            text.push_str(&packet.text(style, &self.target, &self.agent));
        }
        let what = match self.paths.len() {
            0 => "nothing is unmerged; go on:".to_owned(),
            number => format!("resolve {} there, then:", counted(number, "file")),
        };
        text.push_str(&format!("  {}\n", style.dim(&what)));
        for command in &self.commands {
            text.push_str(&format!("    {}\n", safe(command)));
        }
        text
    }
}

/// The arguments of `git add`: the files by name while they are few and their names can be typed, else all that git knows.
fn to_add(waiting: &Waiting) -> String {
    let is_plain = |name: &str| !name.starts_with(':') && !name.contains(['*', '?', '[', '\\']);
    let name = |path: &BString| path.to_str().ok().filter(|name| is_plain(name)).map(quoted);
    let names: Option<Vec<String>> = waiting.unmerged.iter().map(|one| name(&one.path)).collect();
    match names.filter(|names| names.len() <= 5) {
        Some(names) => format!("-- {}", names.join(" ")),
        None => "--update".to_owned(),
    }
}

fn bare(record: &Record, worktree: String) -> ResolutionView {
    ResolutionView {
        agent: record.agent.to_string(),
        branch: record.short().to_owned(),
        target: record.target.clone(),
        strategy: record.way.word(),
        state: "resolved",
        worktree,
        stopped_at: None,
        paths: Vec::new(),
        words: None,
        commands: Vec::new(),
        packet: None,
        next: CONTINUE,
        abort: ABORT,
    }
}

/// `resolve`.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct ResolveView(pub(crate) ResolutionView);

impl View for ResolveView {
    const KIND: &'static str = "resolve";

    fn text(&self, style: &Style) -> String {
        self.0.text(style) + &end(style, self.0.state == "resolved")
    }
}

/// `merge --continue` while something still waits.
#[derive(Debug, Serialize)]
pub(crate) struct ContinueView {
    pub(crate) waiting: Vec<ResolutionView>,
}

impl View for ContinueView {
    const KIND: &'static str = "merge-continue";

    fn text(&self, style: &Style) -> String {
        let waiting: String = self.waiting.iter().map(|one| one.text(style)).collect();
        waiting + &end(style, false)
    }
}

fn end(style: &Style, is_done: bool) -> String {
    let next = if is_done { "next:" } else { "and last:" };
    format!("{} {CONTINUE}\n{} {ABORT}\n", style.dim(next), style.dim("to take it back:"))
}

/// `merge --abort`.
#[derive(Debug, Serialize)]
pub(crate) struct AbortedView {
    pub(crate) aborted: Vec<AbortedOne>,
}

/// One resolution that was taken back.
#[derive(Debug, Serialize)]
pub(crate) struct AbortedOne {
    pub(crate) agent: String,
    pub(crate) branch: String,
    /// `aborted`, `put-back`, `nothing` or `landed`.
    pub(crate) outcome: &'static str,
    /// Where the branch is again.
    pub(crate) commit: String,
    /// The refs that keep what was there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) kept: Vec<String>,
}

impl From<&Aborted> for AbortedOne {
    fn from(aborted: &Aborted) -> Self {
        AbortedOne {
            agent: aborted.record.agent.to_string(),
            branch: aborted.record.short().to_owned(),
            outcome: match aborted.how {
                How::Aborted => "aborted",
                How::PutBack => "put-back",
                How::Nothing => "nothing",
                How::Landed => "landed",
            },
            commit: aborted.record.tip.to_string(),
            kept: aborted.kept.clone(),
        }
    }
}

impl View for AbortedView {
    const KIND: &'static str = "merge-abort";

    fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        for one in &self.aborted {
            let (agent, id) = (style.bold(&one.agent), one.commit.get(..10).unwrap_or(&one.commit));
            text.push_str(&match one.outcome {
                "landed" => format!("{agent} has landed since; to take that back: git agents undo\n"),
                "nothing" => format!("{agent} is where it was, at {id}\n"),
                _ => format!("{agent} is back where it was, at {id}\n"),
            });
            for kept in &one.kept {
                text.push_str(&format!("  {} {}\n", style.dim("what was done meanwhile is kept in"), safe(kept)));
            }
        }
        text
    }
}
