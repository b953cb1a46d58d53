//! Everything that somebody needs who is to resolve a conflict.

use git_agents::git::repository::path_text;
use git_agents::work::packet::{Other, Packet, PacketPath, TaskName};
use serde::Serialize;

use super::hunks::HunksView;
use crate::render::style::{Style, counted, listed, safe};

/// How many lines of hunks people are shown for one branch: a screen.
const SCREEN: usize = 40;
/// How many lines and bytes of hunks are published for one side of one path, and for one branch.
const LINES: usize = 400;
const BYTES: usize = 16 * 1024;
const ALL_BYTES: usize = 256 * 1024;

/// What a branch that was stopped by a conflict needs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PacketView {
    /// The branch's own tasks.
    pub(crate) tasks: Vec<PacketTask>,
    /// Who brought the other side into the target, as far as it was an agent.
    pub(crate) others: Vec<OtherView>,
    pub(crate) paths: Vec<PacketPathView>,
    /// What would be replayed, the oldest first.
    pub(crate) commits: Vec<CommitView>,
    /// How many paths and commits more there are than are told here.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) more_paths: usize,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) more_commits: usize,
}

/// A task; its title is `null` when it cannot be read.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PacketTask {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
}

/// An agent on the other side, and which of the paths it touched.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OtherView {
    pub(crate) name: String,
    pub(crate) tasks: Vec<PacketTask>,
    pub(crate) paths: Vec<String>,
}

/// One path; `hunks.a` is what the target's side did to the base, `hunks.b` what the branch did.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PacketPathView {
    pub(crate) path: String,
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hunks: Option<HunksView>,
    /// The hunks are longer than what is published.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cut: bool,
}

/// One commit.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CommitView {
    pub(crate) commit: String,
    pub(crate) subject: String,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl From<&Packet> for PacketView {
    fn from(packet: &Packet) -> Self {
        let mut left = ALL_BYTES;
        let commits = packet.commits.iter();
        PacketView {
            tasks: packet.tasks.iter().map(task).collect(),
            others: packet.others.iter().map(other).collect(),
            paths: packet.paths.iter().map(|one| path(one, &mut left)).collect(),
            commits: commits
                .map(|one| CommitView { commit: one.id.to_string(), subject: one.subject.clone() })
                .collect(),
            more_paths: packet.more_paths,
            more_commits: packet.more_commits,
        }
    }
}

fn task(task: &TaskName) -> PacketTask {
    PacketTask { id: task.id.to_string(), title: task.title.clone() }
}

fn other(other: &Other) -> OtherView {
    OtherView {
        name: other.agent.to_string(),
        tasks: other.tasks.iter().map(task).collect(),
        paths: other.paths.iter().map(|path| path_text(path.as_ref())).collect(),
    }
}

fn path(one: &PacketPath, left: &mut usize) -> PacketPathView {
    let whole = one.sides.as_ref().map(HunksView::from);
    let cut = whole.clone().map(|hunks| HunksView { a: limited(&hunks.a, left), b: limited(&hunks.b, left) });
    let is_cut = cut.as_ref().zip(whole.as_ref()).is_some_and(|(cut, whole)| cut.a != whole.a || cut.b != whole.b);
    let path = path_text(one.path.as_ref());
    PacketPathView { path, kind: one.kind.name().to_owned(), hunks: cut, cut: is_cut }
}

/// As many whole lines as may be published.
fn limited(text: &str, left: &mut usize) -> String {
    let mut end = 0;
    for line in text.split_inclusive('\n').take(LINES) {
        if end + line.len() > BYTES.min(*left) {
            break;
        }
        end += line.len();
    }
    *left -= end;
    text[..end].to_owned()
}

impl PacketView {
    /// Compact, for people: what both sides did as far as a screen holds it, and what is to be replayed. `target` and
    /// `name` are what the two sides are called.
    pub(crate) fn text(&self, style: &Style, target: &str, name: &str) -> String {
        let mut text = String::new();
        let mut lines = SCREEN;
        let mut is_cut = false;
        for one in &self.paths {
            let Some(hunks) = &one.hunks else { continue };
            let others: Vec<&OtherView> = self.others.iter().filter(|other| other.paths.contains(&one.path)).collect();
            let theirs: Vec<String> = others.iter().map(|other| titled(&other.name, &other.tasks)).collect();
            let theirs: Vec<&str> = theirs.iter().map(String::as_str).collect();
            let theirs = if theirs.is_empty() { safe(target) } else { listed(&theirs) };
            let shown = hunks.text(style, [&theirs, &titled(name, &self.tasks)]);
            let number = shown.lines().count();
            if number > lines {
                is_cut = true;
                continue;
            }
            lines -= number;
            if self.paths.len() > 1 {
                text.push_str(&format!("  in {}\n", safe(&one.path)));
            }
            text.push_str(&shown);
            is_cut |= one.cut;
        }
        if is_cut || self.more_paths > 0 {
            text.push_str(&format!("    {}\n", style.dim(&format!("more: git agents conflicts {name} --show"))));
        }
        // A single commit was named with the conflict.
        if self.commits.len() > 1 {
            let number = self.commits.len() + self.more_commits;
            text.push_str(&format!("  {} of its own\n", counted(number, "commit")));
            for one in self.commits.iter().take(10) {
                let id = one.commit.get(..10).unwrap_or(&one.commit);
                text.push_str(&format!("    {id} {}\n", safe(&one.subject)));
            }
            if number > 10 {
                text.push_str(&format!("    {}\n", style.dim(&format!("and {} more", number - 10))));
            }
        }
        text
    }
}

/// A name with what it worked on.
fn titled(name: &str, tasks: &[PacketTask]) -> String {
    let tasks: Vec<String> = tasks
        .iter()
        .map(|task| match &task.title {
            Some(title) => format!("#{} {title}", task.id),
            None => format!("#{}", task.id),
        })
        .collect();
    match tasks.is_empty() {
        true => safe(name),
        false => safe(&format!("{name} ({})", tasks.join("; "))),
    }
}
