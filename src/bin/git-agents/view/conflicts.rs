//! Which branches collide.

use git_agents::branch::facts::{BranchFacts, Standing, Uncommitted};
use git_agents::branch::regions::{Lines, Region};
use git_agents::branch::verdict::{PathState, PathVerdict, Verdict};
use git_agents::branch::{Candidate, Matrix};
use git_agents::config::Target;
use git_agents::git::repository::path_text;
use serde::Serialize;

use super::status::TargetView;
use crate::render::style::{Style, counted, safe};
use crate::ui::View;

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
}

impl From<&PathVerdict> for PathView {
    fn from(verdict: &PathVerdict) -> Self {
        let (word, kind, regions) = match &verdict.state {
            PathState::Overlap => ("overlap", None, Vec::new()),
            PathState::Conflict { kind, regions, .. } => {
                ("conflict", Some(kind.name().to_owned()), regions.iter().map(RegionView::from).collect())
            }
        };
        PathView { path: path_text(verdict.path.as_ref()), verdict: word, kind, regions }
    }
}

/// One branch. `target_verdict` is `clean`, `conflict`, `unknown`, `landed` or `empty` (nothing of it is left).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BranchView {
    pub(crate) name: String,
    /// Without `refs/heads/`; `null` for a commit that was named as such.
    pub(crate) branch: Option<String>,
    pub(crate) commit: String,
    /// The uncommitted paths that count; `null` when nobody looked or they could not be read.
    pub(crate) uncommitted: Option<Vec<String>>,
    /// The paths that it changes.
    pub(crate) files: Vec<String>,
    pub(crate) target_verdict: &'static str,
    /// Where it conflicts with the target; there `a` is the target and `b` the branch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) target_paths: Vec<PathView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl BranchView {
    fn new(candidate: &Candidate, facts: &BranchFacts) -> Self {
        let (verdict, paths, reason) = match &facts.standing {
            Standing::Landed => ("landed", Vec::new(), None),
            Standing::Empty => ("empty", Vec::new(), None),
            Standing::Clean { .. } => ("clean", Vec::new(), None),
            Standing::Conflict { paths } => ("conflict", paths.iter().map(PathView::from).collect(), None),
            Standing::Unknown { reason } => ("unknown", Vec::new(), Some(reason.clone())),
        };
        let text = |path: &gix::bstr::BString| path_text(path.as_ref());
        BranchView {
            name: facts.name.clone(),
            branch: candidate.branch.as_ref().map(|name| name.trim_start_matches("refs/heads/").to_owned()),
            commit: facts.commit.to_string(),
            uncommitted: match &facts.uncommitted {
                Uncommitted::None => Some(Vec::new()),
                Uncommitted::Included { paths } => Some(paths.iter().map(text).collect()),
                Uncommitted::NotAsked | Uncommitted::LeftOut { .. } => None,
            },
            files: facts.changes.iter().map(|change| text(&change.path)).collect(),
            target_verdict: verdict,
            target_paths: paths,
            reason,
        }
    }
}

/// Two branches that share a path, or more. `verdict` is `overlap`, `conflict` or `unknown`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PairView {
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) verdict: &'static str,
    pub(crate) paths: Vec<PathView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// How many there are of what.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ConflictsSummary {
    pub(crate) branches: usize,
    pub(crate) pairs: usize,
    pub(crate) overlapping: usize,
    pub(crate) conflicting: usize,
    pub(crate) unknown: usize,
    /// How many branches conflict with the target itself.
    pub(crate) target_conflicts: usize,
}

/// `conflicts`. Clean pairs that share no path are left out.
#[derive(Debug, Serialize)]
pub(crate) struct ConflictsView {
    pub(crate) target: TargetView,
    pub(crate) branches: Vec<BranchView>,
    pub(crate) pairs: Vec<PairView>,
    pub(crate) summary: ConflictsSummary,
}

impl ConflictsView {
    /// All branches and pairs, or only the pairs of the branch with number `about`.
    pub(crate) fn new(target: &Target, candidates: &[Candidate], matrix: &Matrix, about: Option<usize>) -> Self {
        let branches: Vec<BranchView> =
            candidates.iter().zip(&matrix.branches).map(|(c, facts)| BranchView::new(c, facts)).collect();
        let is_shown = |pair: &&git_agents::branch::conflict::Pair| {
            pair.verdict != Verdict::Clean && about.is_none_or(|number| pair.a == number || pair.b == number)
        };
        let pair_view = |pair: &git_agents::branch::conflict::Pair| {
            let (verdict, reason) = match &pair.verdict {
                Verdict::Clean => ("clean", None),
                Verdict::Overlap => ("overlap", None),
                Verdict::Conflict => ("conflict", None),
                Verdict::Unknown { reason } => ("unknown", Some(reason.clone())),
            };
            let name = |number: usize| matrix.branches[number].name.clone();
            let paths = pair.paths.iter().map(PathView::from).collect();
            PairView { a: name(pair.a), b: name(pair.b), verdict, paths, reason }
        };
        let pairs: Vec<PairView> = matrix.pairs.iter().filter(is_shown).map(pair_view).collect();
        let shown: Vec<BranchView> = match about {
            None => branches,
            Some(number) => {
                let name = &matrix.branches[number].name;
                let meets = |branch: &BranchView| {
                    branch.name == *name || pairs.iter().any(|pair| pair.a == branch.name || pair.b == branch.name)
                };
                branches.into_iter().filter(meets).collect()
            }
        };
        let number = candidates.len();
        let judged = |branch: &&BranchView| about.is_none_or(|n| branch.name == matrix.branches[n].name);
        let with_target = |word: &str| shown.iter().filter(judged).filter(|b| b.target_verdict == word).count();
        let count = |word: &str| pairs.iter().filter(|pair| pair.verdict == word).count();
        let summary = ConflictsSummary {
            branches: number,
            pairs: if about.is_some() { number.saturating_sub(1) } else { number * number.saturating_sub(1) / 2 },
            overlapping: count("overlap"),
            conflicting: count("conflict"),
            unknown: count("unknown") + with_target("unknown"),
            target_conflicts: with_target("conflict"),
        };
        ConflictsView { target: target.into(), branches: shown, pairs, summary }
    }

    /// Nothing conflicts, and nothing is unknown.
    pub(crate) fn is_good(&self) -> bool {
        self.summary.conflicting == 0 && self.summary.unknown == 0 && self.summary.target_conflicts == 0
    }
}

impl View for ConflictsView {
    const KIND: &'static str = "conflicts";

    fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        let target = safe(&self.target.branch);
        for branch in &self.branches {
            match branch.target_verdict {
                "conflict" => {
                    text.push_str(&heading(style, "conflict", &branch.name, &target));
                    text.push_str(&paths_text(style, &branch.target_paths, [&target, &branch.name]));
                }
                "unknown" => {
                    text.push_str(&heading(style, "unknown", &branch.name, &target));
                    text.push_str(&format!("  {}\n", safe(branch.reason.as_deref().unwrap_or_default())));
                }
                _ => {}
            }
        }
        for pair in &self.pairs {
            text.push_str(&heading(style, pair.verdict, &pair.a, &pair.b));
            text.push_str(&paths_text(style, &pair.paths, [&pair.a, &pair.b]));
            if let Some(reason) = &pair.reason {
                text.push_str(&format!("  {}\n", safe(reason)));
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text + &self.summary_line()
    }
}

impl ConflictsView {
    fn summary_line(&self) -> String {
        let summary = &self.summary;
        let found: Vec<String> = [
            (summary.conflicting, "conflict"),
            (summary.target_conflicts, "conflict with the target"),
            (summary.overlapping, "overlap"),
            (summary.unknown, "unknown"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| match word {
            "conflict with the target" if number > 1 => format!("{number} conflicts with the target"),
            "unknown" => format!("{number} unknown"),
            word => counted(number, word),
        })
        .collect();
        let found = if found.is_empty() { "nothing collides".to_owned() } else { found.join(", ") };
        let branches = match summary.branches {
            1 => "1 branch".to_owned(),
            number => format!("{number} branches"),
        };
        format!("{branches}, {}: {found}\n", counted(summary.pairs, "pair"))
    }
}

fn heading(style: &Style, verdict: &str, a: &str, b: &str) -> String {
    let word = match verdict {
        "conflict" => style.red("conflict"),
        "overlap" => style.yellow("overlap "),
        other => style.red(other),
    };
    format!("{word}  {} and {}\n", style.bold(&safe(a)), style.bold(&safe(b)))
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
                let places: Vec<String> = path.regions.iter().map(|region| place(pick(region))).collect();
                format!("{} {}", safe(name), places.join(", "))
            };
            let (a, b) = (side(sides[0], &|region| region.a), side(sides[1], &|region| region.b));
            line.push_str(&format!("  lines: {a}; {b}"));
        }
        line + "\n"
    };
    paths.iter().map(line).collect()
}

fn place(lines: LinesView) -> String {
    match lines.lines {
        0 => format!("before {}", lines.start),
        1 => lines.start.to_string(),
        number => format!("{}-{}", lines.start, lines.start + number - 1),
    }
}
