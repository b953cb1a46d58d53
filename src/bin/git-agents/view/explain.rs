//! A note for one agent: what it collides with and what it would have to do.

use git_agents::branch::facts::BranchFacts;
use git_agents::config::Target;
use serde::Serialize;

use super::collision::PathView;
use super::conflicts::ConflictsView;
use super::conflicts_branch::{BranchView, TaskRef};
use crate::error::quoted;
use crate::render::style::{Style, listed, safe};
use crate::ui::View;

/// `conflicts --explain`: everything that a branch has to adapt to.
#[derive(Debug, Serialize)]
pub(crate) struct ExplainView {
    pub(crate) name: String,
    pub(crate) target: String,
    /// What it collides with; in the paths, `a` is the other side of the target and of nothing else.
    pub(crate) collisions: Vec<Collision>,
    /// Why something could not be judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unknown: Vec<String>,
    /// Its own paths that are not committed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) uncommitted: Vec<String>,
    /// What brings the branch up to the target.
    pub(crate) command: String,
}

/// One that it collides with.
#[derive(Debug, Serialize)]
pub(crate) struct Collision {
    pub(crate) with: String,
    /// Whether that is the target, where the other side has landed already.
    pub(crate) is_target: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tasks: Vec<TaskRef>,
    pub(crate) paths: Vec<Adapt>,
}

/// One path and what is to be done there.
#[derive(Debug, Serialize)]
pub(crate) struct Adapt {
    #[serde(flatten)]
    pub(crate) path: PathView,
    pub(crate) advice: &'static str,
}

impl ExplainView {
    /// From the answer about one branch, which is the first one.
    pub(crate) fn new(view: &ConflictsView, facts: &BranchFacts, target: &Target) -> Self {
        let own = view.branches.iter().find(|branch| branch.name == facts.name);
        let mut collisions = Vec::new();
        let adapt = |paths: &[PathView]| -> Vec<Adapt> {
            let conflicts = paths.iter().filter(|path| path.verdict == "conflict").cloned();
            conflicts.map(|path| Adapt { advice: advice(path.kind.as_deref().unwrap_or_default()), path }).collect()
        };
        if let Some(own) = own.filter(|own| own.target_verdict == "conflict") {
            let (with, paths) = (target.branch.clone(), adapt(&own.target_paths));
            collisions.push(Collision { with, is_target: true, tasks: Vec::new(), paths });
        }
        let mut unknown: Vec<String> = own.and_then(|own| own.reason.clone()).into_iter().collect();
        for pair in &view.pairs {
            let tasks = |branch: &&BranchView| branch.name == pair.b;
            let tasks = view.branches.iter().find(tasks).map(|branch| branch.tasks.clone()).unwrap_or_default();
            match pair.verdict {
                "conflict" => {
                    let paths = adapt(&pair.paths);
                    collisions.push(Collision { with: pair.b.clone(), is_target: false, tasks, paths });
                }
                "unknown" => {
                    unknown.push(format!("{}: {}", pair.b, pair.reason.as_deref().unwrap_or("git cannot tell")));
                }
                _ => {}
            }
        }
        ExplainView {
            name: facts.name.clone(),
            target: target.branch.clone(),
            collisions,
            unknown,
            uncommitted: own.and_then(|own| own.uncommitted.clone()).unwrap_or_default(),
            command: command(facts, own, target),
        }
    }

    /// There is nothing to adapt to, and nothing is unknown.
    pub(crate) fn is_good(&self) -> bool {
        self.collisions.is_empty() && self.unknown.is_empty()
    }
}

/// Replaying needs the one place where the branch began.
fn command(facts: &BranchFacts, own: Option<&BranchView>, target: &Target) -> String {
    let branch = own.and_then(|own| own.branch.clone()).unwrap_or_else(|| facts.commit.to_string());
    match facts.history.as_ref().map(|history| history.bases.as_slice()) {
        Some([base]) => format!("git rebase --onto {} {base} {}", quoted(&target.branch), quoted(&branch)),
        _ => format!("git merge {}", quoted(&target.branch)),
    }
}

/// What a kind of conflict asks for.
fn advice(kind: &str) -> &'static str {
    match kind {
        "content" => "Both change these lines. Make your change so that it also holds with theirs in place.",
        "add/add" => "Both add this file. Agree on one content, or give yours another name.",
        "modify/delete" => {
            "One side changes what the other deletes. Move the change to where the content has gone, or keep the file."
        }
        "rename/delete" => "One side renames what the other deletes. Decide whether the file stays.",
        "rename/rename" => "Both rename, in different ways. Take one of the names.",
        "directory rename" => {
            "A folder was renamed in which the other side adds or moves something. Put it into the new folder."
        }
        "file/directory" => "One side has a file where the other has a folder. Rename one of them.",
        "mode" => "The sides disagree on whether the file is executable. Take one mode.",
        "binary" => "The file is not text and cannot be merged. Take one version, or make it anew from its source.",
        "submodule" => "The sides point the submodule to different commits. Take one that contains both.",
        "distinct types" => "One side has a file, the other a link or a submodule. Rename one of them.",
        _ => "git cannot merge this by itself. Look at both versions.",
    }
}

impl View for ExplainView {
    const KIND: &'static str = "explain";

    fn text(&self, _: &Style) -> String {
        let (name, target) = (inline(&self.name), inline(&self.target));
        let mut text = format!("# {name} on {target}\n\n");
        if self.is_good() {
            text.push_str(&format!("Nothing to adapt to: it merges into {target} and with everybody else's work.\n"));
            return text;
        }
        for reason in &self.unknown {
            text.push_str(&format!("Not known: {}\n\n", inline(reason)));
        }
        self.collisions.iter().for_each(|collision| text.push_str(&collision.text(&name)));
        if !self.uncommitted.is_empty() {
            let paths: Vec<String> = self.uncommitted.iter().map(|path| inline(path)).collect();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            text.push_str(&format!("Commit first what is not committed: {}.\n\n", listed(&paths)));
        }
        let when = if self.collisions.iter().any(|collision| collision.is_target) {
            "Now"
        } else {
            "When the other side has landed"
        };
        let fence = fence(&self.command);
        text.push_str(&format!("{when}, in the worktree of {name}:\n\n{fence}sh\n{}\n{fence}\n", safe(&self.command)));
        text
    }
}

impl Collision {
    fn text(&self, name: &str) -> String {
        let with = inline(&self.with);
        let mut text = format!("## With {with}\n\n");
        let tasks: Vec<String> =
            self.tasks.iter().map(|task| format!("- {}: {}\n", inline(&task.id), inline(&task.title))).collect();
        if !tasks.is_empty() {
            text.push_str(&format!("{with} is working on:\n\n{}\n", tasks.concat()));
        }
        // The first side of a path is the target's, or the branch's own.
        let sides = if self.is_target { [with.as_str(), name] } else { [name, with.as_str()] };
        for adapt in &self.paths {
            let PathView { path, kind, regions, hunks, uncommitted, .. } = &adapt.path;
            text.push_str(&format!(
                "### {} ({})\n\n{}",
                inline(path),
                inline(kind.as_deref().unwrap_or("conflict")),
                adapt.advice
            ));
            if !regions.is_empty() {
                let lines = |pick: &dyn Fn(&super::collision::RegionView) -> String| {
                    regions.iter().map(pick).collect::<Vec<_>>().join(", ")
                };
                let (a, b) = (lines(&|region| region.a.to_string()), lines(&|region| region.b.to_string()));
                text.push_str(&format!(" Lines: {} {a}; {} {b}.", sides[0], sides[1]));
            }
            if !uncommitted.is_empty() {
                let names: Vec<String> = uncommitted.iter().map(|name| inline(name)).collect();
                text.push_str(&format!(" Not committed by {}.", names.join(" and ")));
            }
            text.push_str("\n\n");
            if let Some(hunks) = hunks {
                for (side, content) in sides.into_iter().zip([&hunks.a, &hunks.b]) {
                    let fence = fence(content);
                    text.push_str(&format!("{side}:\n\n{fence}diff\n{content}{fence}\n\n"));
                }
            }
        }
        text
    }
}

/// Text from anywhere in a line of Markdown: what could begin something there is made harmless.
fn inline(text: &str) -> String {
    let mut shown = String::new();
    for c in safe(text).chars() {
        if "\\`*_[]<>#|!".contains(c) && (c != '_') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// A fence that nothing inside can close.
fn fence(content: &str) -> String {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(3.max(longest + 1))
}
