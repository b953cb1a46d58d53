//! Who is changing a path.

use git_agents::branch::Candidate;
use git_agents::branch::touch::{Touch, TouchKind, Touches};
use git_agents::config::Target;
use git_agents::git::repository::path_text;
use git_agents::state::State;
use git_agents::task::TaskState;
use gix::bstr::BString;
use serde::Serialize;

use super::collision::LinesView;
use super::conflicts_branch::{TaskRef, short_name};
use super::reserved::ReservedView;
use super::status::TargetView;
use crate::render::style::{Style, counted, listed, safe};
use crate::ui::View;

/// Lines that are changed: in the file of who changes them, and as it was when the branch left the target.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PlaceView {
    pub(crate) own: LinesView,
    pub(crate) base: LinesView,
}

/// A path that somebody changes. `kind` is `added`, `modified`, `deleted` or `mode`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TouchView {
    pub(crate) path: String,
    pub(crate) kind: &'static str,
    pub(crate) committed: bool,
    /// `null` when nobody looked: there is no worktree, or it could not be read.
    pub(crate) uncommitted: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) places: Vec<PlaceView>,
}

/// Somebody who changes something that was asked about.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ChangerView {
    pub(crate) name: String,
    /// Without `refs/heads/`.
    pub(crate) branch: Option<String>,
    /// What it works on or has completed and not landed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tasks: Vec<TaskRef>,
    pub(crate) paths: Vec<TouchView>,
}

/// Somebody of whom it cannot be told.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UnknownView {
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// `conflicts --path`.
#[derive(Debug, Serialize)]
pub(crate) struct PathsView {
    pub(crate) target: TargetView,
    /// What was asked about, from the top of the repository; empty is all of it.
    pub(crate) paths: Vec<String>,
    /// Who else changes some of it.
    pub(crate) changed_by: Vec<ChangerView>,
    /// What of it others have claimed, or declared as paths of their tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) reserved: Vec<ReservedView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unknown: Vec<UnknownView>,
    /// Whose uncommitted work could not be looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) left_out: Vec<UnknownView>,
}

impl PathsView {
    pub(crate) fn new(
        target: &Target,
        paths: &[BString],
        candidates: &[Candidate],
        state: &State,
        touches: &Touches,
    ) -> Self {
        let changer = |(number, candidate): (usize, &Candidate)| {
            let is_known = candidate.worktree.is_some() && touches.left_out.iter().all(|(other, _)| *other != number);
            let own = touches.found.iter().filter(|touch| touch.candidate == number);
            let paths: Vec<_> = own.map(|touch| touch_view(touch, is_known)).collect();
            let branch = candidate.branch.as_deref().map(|name| short_name(name).to_owned());
            let tasks = branch.as_deref().map(|branch| tasks_of(state, branch)).unwrap_or_default();
            (!paths.is_empty()).then(|| ChangerView { name: candidate.name.clone(), branch, tasks, paths })
        };
        let unknown = |number: usize, reason: String| UnknownView { name: candidates[number].name.clone(), reason };
        PathsView {
            target: target.into(),
            paths: paths.iter().map(|path| path_text(path.as_ref())).collect(),
            changed_by: candidates.iter().enumerate().filter_map(changer).collect(),
            reserved: Vec::new(),
            unknown: touches.unknown.iter().map(|(number, reason)| unknown(*number, reason.clone())).collect(),
            left_out: touches.left_out.iter().map(|(number, reason)| unknown(*number, reason.to_string())).collect(),
        }
    }

    /// Nobody changes any of it, and that is certain.
    pub(crate) fn is_good(&self) -> bool {
        self.changed_by.is_empty() && self.is_certain()
    }

    fn is_certain(&self) -> bool {
        self.unknown.is_empty() && self.left_out.is_empty()
    }

    fn summary_line(&self) -> String {
        let what = match self.paths.as_slice() {
            [one] if one.is_empty() => "anything".to_owned(),
            [one] => safe(one),
            several => format!("any of the {}", counted(several.len(), "path")),
        };
        let names: Vec<String> = self.changed_by.iter().map(|one| safe(&one.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            [] if self.is_certain() => format!("nobody else is changing {what}\n"),
            [] => format!("nobody else is known to be changing {what}\n"),
            [one] => format!("{one} is changing {}\n", what.replacen("any", "some", 1)),
            several => format!("{} are changing {}\n", listed(several), what.replacen("any", "some", 1)),
        }
    }
}

fn touch_view(touch: &Touch, is_known: bool) -> TouchView {
    let place = |place: &git_agents::branch::touch::Place| PlaceView { own: place.own.into(), base: place.base.into() };
    TouchView {
        path: path_text(touch.path.as_ref()),
        kind: match touch.kind {
            TouchKind::Added => "added",
            TouchKind::Modified => "modified",
            TouchKind::Deleted => "deleted",
            TouchKind::Mode => "mode",
        },
        committed: touch.committed,
        uncommitted: is_known.then_some(touch.uncommitted),
        places: touch.places.iter().map(place).collect(),
    }
}

fn tasks_of(state: &State, branch: &str) -> Vec<TaskRef> {
    let Some(agent) = state.agent_of_branch(branch) else { return Vec::new() };
    let is_live = |task: &&git_agents::task::Task| matches!(task.state, TaskState::InProgress | TaskState::Completed);
    let name = |task: &git_agents::task::Task| TaskRef { id: task.id.to_string(), title: task.title.clone() };
    state.tasks_of(&agent.name).filter(is_live).map(name).collect()
}

impl View for PathsView {
    const KIND: &'static str = "paths";

    fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        for one in &self.changed_by {
            let tasks: Vec<String> = one.tasks.iter().map(|task| format!("#{} {}", task.id, task.title)).collect();
            text.push_str(&style.bold(&safe(&one.name)));
            if !tasks.is_empty() {
                text.push_str(&format!("  {}", safe(&tasks.join("; "))));
            }
            text.push('\n');
            text.extend(one.paths.iter().map(|path| path_line(style, path)));
        }
        for one in &self.unknown {
            text.push_str(&format!("{}  {}\n", style.bold(&safe(&one.name)), style.red("unknown")));
            text.push_str(&format!("  {}\n", safe(&one.reason)));
        }
        self.reserved.iter().for_each(|reserved| text.push_str(&reserved.text(style)));
        if !text.is_empty() {
            text.push('\n');
        }
        text + &self.summary_line()
    }
}

fn path_line(style: &Style, path: &TouchView) -> String {
    let mut line = format!("  {}  {}", safe(&path.path), if path.kind == "mode" { "mode changed" } else { path.kind });
    line.push_str(match (path.committed, path.uncommitted) {
        (true, Some(true)) => ", partly uncommitted",
        (false, Some(true)) => ", uncommitted",
        _ => "",
    });
    if !path.places.is_empty() && path.kind == "modified" {
        let places: Vec<String> = path.places.iter().map(|place| span(place.own)).collect();
        line.push_str(&style.dim(&format!("  lines: {}", places.join(", "))));
    }
    line + "\n"
}

fn span(span: LinesView) -> String {
    match span.lines {
        0 => format!("before {}", span.start),
        1 => span.start.to_string(),
        number => format!("{}-{}", span.start, span.start + number - 1),
    }
}
