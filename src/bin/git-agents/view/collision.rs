//! One path on which two sides meet, and where in the file.

use git_agents::branch::facts::{BranchFacts, Uncommitted};
use git_agents::branch::hunks::of_conflict;
use git_agents::branch::regions::{Lines, Region};
use git_agents::branch::verdict::{PathState, PathVerdict};
use git_agents::git::repository::path_text;
use git_agents::git::scratch::Scratch;
use serde::Serialize;

use super::hunks::HunksView;
use crate::render::style::{Style, safe};

/// Some lines of a file: the first, from 1, and how many.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct LinesView {
    pub(crate) start: u32,
    pub(crate) lines: u32,
}

impl From<Lines> for LinesView {
    fn from(lines: Lines) -> Self {
        LinesView { start: lines.start, lines: lines.lines }
    }
}

/// One place where two sides collide, in each side's own file and in their base.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RegionView {
    pub(crate) a: LinesView,
    pub(crate) b: LinesView,
    pub(crate) base: LinesView,
}

impl From<&Region> for RegionView {
    fn from(region: &Region) -> Self {
        RegionView { a: region.a.into(), b: region.b.into(), base: region.base.into() }
    }
}

/// One path that both change. `verdict` is `overlap` or `conflict`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PathView {
    pub(crate) path: String,
    pub(crate) verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) regions: Vec<RegionView>,
    /// The branches whose change of the path is not committed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) uncommitted: Vec<String>,
    /// What both did to the base, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hunks: Option<HunksView>,
}

impl From<&PathVerdict> for PathView {
    fn from(verdict: &PathVerdict) -> Self {
        let (word, kind, regions) = match &verdict.state {
            PathState::Overlap => ("overlap", None, Vec::new()),
            PathState::Conflict { kind, regions, .. } => {
                ("conflict", Some(kind.name().to_owned()), regions.iter().map(RegionView::from).collect())
            }
        };
        PathView {
            path: path_text(verdict.path.as_ref()),
            verdict: word,
            kind,
            regions,
            uncommitted: Vec::new(),
            hunks: None,
        }
    }
}

impl PathView {
    /// The path as these branches have it. With what both did to the base, where the objects of the merge are at hand.
    pub(crate) fn between(verdict: &PathVerdict, sides: &[&BranchFacts], show: Option<&Scratch>) -> Self {
        let is_uncommitted = |side: &&&BranchFacts| match &side.uncommitted {
            Uncommitted::Included { paths } => paths.contains(&verdict.path),
            _ => false,
        };
        let uncommitted = sides.iter().filter(is_uncommitted).map(|side| side.name.clone()).collect();
        let hunks = match (&verdict.state, show) {
            (PathState::Conflict { kind, stages, .. }, Some(scratch)) => {
                of_conflict(scratch, stages, kind).as_ref().map(HunksView::from)
            }
            _ => None,
        };
        PathView { uncommitted, hunks, ..PathView::from(verdict) }
    }
}

impl std::fmt::Display for LinesView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.lines {
            0 => write!(f, "before {}", self.start),
            1 => write!(f, "{}", self.start),
            number => write!(f, "{}-{}", self.start, self.start + number - 1),
        }
    }
}

/// A path a line, with the kind of conflict and the lines of both sides.
pub(crate) fn paths_text(style: &Style, paths: &[PathView], sides: [&str; 2]) -> String {
    let line = |path: &PathView| {
        let mut line = format!("  {}", safe(&path.path));
        if let Some(kind) = &path.kind {
            line.push_str(&format!("  {}", style.dim(&safe(kind))));
        }
        if !path.regions.is_empty() {
            let side = |name: &str, pick: &dyn Fn(&RegionView) -> LinesView| {
                let places: Vec<String> = path.regions.iter().map(|region| pick(region).to_string()).collect();
                format!("{} {}", safe(name), places.join(", "))
            };
            let (a, b) = (side(sides[0], &|region| region.a), side(sides[1], &|region| region.b));
            line.push_str(&format!("  lines: {a}; {b}"));
        }
        if !path.uncommitted.is_empty() {
            let names: Vec<String> = path.uncommitted.iter().map(|name| safe(name)).collect();
            line.push_str(&style.dim(&format!("  not committed by {}", names.join(" and "))));
        }
        let hunks = path.hunks.as_ref().map(|hunks| hunks.text(style, sides)).unwrap_or_default();
        line + "\n" + &hunks
    };
    paths.iter().map(line).collect()
}
