//! Which branches collide.

use git_agents::branch::hazard::{Hazard, HazardKind, Side};
use git_agents::branch::soft::Soft;
use git_agents::branch::verdict::Verdict;
use git_agents::branch::{Candidate, Matrix};
use git_agents::config::Target;
use git_agents::git::scratch::Scratch;
use git_agents::state::State;
use git_agents::work::reserved::Reserved;
use serde::Serialize;

use super::collision::{PathView, paths_text};
use super::conflicts_branch::{BranchView, TaskRef, is_none, left_out};
use super::conflicts_matrix;
use super::reserved::ReservedView;
use super::status::TargetView;
use super::warnings::{HazardView, Names, WarningView};
use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// Two branches that share a path, or more. `verdict` is `overlap`, `conflict` or `unknown`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PairView {
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) verdict: &'static str,
    pub(crate) paths: Vec<PathView>,
    /// The only order in which the two merge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) merges_in_order: Option<[String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// How many there are of what.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct ConflictsSummary {
    pub(crate) branches: usize,
    pub(crate) pairs: usize,
    pub(crate) overlapping: usize,
    pub(crate) conflicting: usize,
    pub(crate) unknown: usize,
    /// How many branches conflict with the target itself.
    pub(crate) target_conflicts: usize,
    /// How many are judged without uncommitted work that they may have.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) left_out: usize,
}

/// How the text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// What collides, one after the other.
    Table,
    /// A row and a column for each branch.
    Matrix,
    /// How each branch stands to the target.
    Target,
}

/// `conflicts`. Clean pairs that share no path are left out.
#[derive(Debug, Serialize)]
pub(crate) struct ConflictsView {
    pub(crate) target: TargetView,
    pub(crate) branches: Vec<BranchView>,
    pub(crate) pairs: Vec<PairView>,
    /// Branches that contain another: the lower and the upper one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stacked: Vec<[String; 2]>,
    /// What merges and should be looked at all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<WarningView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hazards: Vec<HazardView>,
    /// What branches change and others have claimed, or declared as paths of their tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) reserved: Vec<ReservedView>,
    pub(crate) summary: ConflictsSummary,
    #[serde(skip)]
    pub(crate) format: Format,
}

/// Everything that the answer is made of.
pub(crate) struct Found<'a> {
    pub(crate) target: &'a Target,
    pub(crate) candidates: &'a [Candidate],
    pub(crate) state: &'a State,
    pub(crate) matrix: &'a Matrix,
    pub(crate) soft: &'a [Soft],
    /// Where to read what both sides did, when that is to be shown.
    pub(crate) show: Option<&'a Scratch>,
}

impl ConflictsView {
    /// All branches and pairs, or only the pairs of the branch with number `about`.
    pub(crate) fn new(found: &Found<'_>, about: Option<usize>, format: Format) -> Self {
        let Found { target, candidates, state, matrix, soft, show } = *found;
        let branches: Vec<BranchView> =
            candidates.iter().zip(&matrix.branches).map(|(c, facts)| BranchView::new(c, facts, state, show)).collect();
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
            let sides = [&matrix.branches[pair.a], &matrix.branches[pair.b]];
            let paths = pair.paths.iter().map(|path| PathView::between(path, &sides, show)).collect();
            let merges_in_order = pair.in_order.map(|(first, then)| [name(first), name(then)]);
            PairView { a: name(pair.a), b: name(pair.b), verdict, paths, merges_in_order, reason }
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
            pairs: match (format, about) {
                (Format::Target, _) => 0,
                (_, Some(_)) => number.saturating_sub(1),
                (_, None) => number * number.saturating_sub(1) / 2,
            },
            overlapping: count("overlap"),
            conflicting: count("conflict"),
            unknown: count("unknown") + with_target("unknown"),
            target_conflicts: with_target("conflict"),
            left_out: left_out(matrix).count(),
        };
        let names = Names { matrix, target: &target.branch };
        let is_about = |sides: [Side; 2]| about.is_none_or(|number| sides.contains(&Side::Branch(number)));
        let soft = soft.iter().filter(|one| is_about([Side::Branch(one.a), one.b]));
        let is_concerned = |hazard: &&Hazard| {
            let other = match &hazard.kind {
                HazardKind::Alike { with, .. } => *with,
                HazardKind::Windows(_) => Side::Target,
            };
            is_about([Side::Branch(hazard.branch), other])
        };
        let pair_of =
            |(lower, upper): &(usize, usize)| [lower, upper].map(|number| matrix.branches[*number].name.clone());
        ConflictsView {
            target: target.into(),
            branches: shown,
            pairs,
            stacked: matrix
                .stacked
                .iter()
                .filter(|(a, b)| is_about([Side::Branch(*a), Side::Branch(*b)]))
                .map(pair_of)
                .collect(),
            warnings: soft.map(|one| names.warning(one)).collect(),
            hazards: matrix.hazards.iter().filter(is_concerned).map(|one| names.hazard(one)).collect(),
            reserved: Vec::new(),
            summary,
            format,
        }
    }

    /// Note what the branches change of what others have reserved.
    #[must_use]
    pub(crate) fn with_reserved(mut self, reserved: &[Reserved]) -> Self {
        let changed = |branch: &BranchView| -> Vec<ReservedView> {
            let others = reserved.iter().filter(|one| branch.agent.as_deref() != Some(one.agent.as_str()));
            others.filter_map(|one| ReservedView::changed(one, &branch.name, &branch.files)).collect()
        };
        self.reserved = self.branches.iter().flat_map(changed).collect();
        self
    }

    /// Nothing conflicts, and nothing is unknown.
    pub(crate) fn is_good(&self) -> bool {
        let ConflictsSummary { conflicting, unknown, target_conflicts, left_out, .. } = self.summary;
        conflicting + unknown + target_conflicts + left_out == 0
    }
}

impl View for ConflictsView {
    const KIND: &'static str = "conflicts";

    fn text(&self, style: &Style) -> String {
        match self.format {
            Format::Matrix => return conflicts_matrix::draw(self, style) + &self.summary_line(),
            Format::Target => return self.with_target(style),
            Format::Table => {}
        }
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
            if pair.verdict == "conflict" {
                text.push_str(&self.work(style, [&pair.a, &pair.b]));
            }
            text.push_str(&paths_text(style, &pair.paths, [&pair.a, &pair.b]));
            if let Some([first, then]) = &pair.merges_in_order {
                text.push_str(&format!("  merges when {} lands before {}\n", safe(first), safe(then)));
            }
            if let Some(reason) = &pair.reason {
                text.push_str(&format!("  {}\n", safe(reason)));
            }
        }
        self.warnings.iter().for_each(|warning| text.push_str(&warning.text(style)));
        self.hazards.iter().for_each(|hazard| text.push_str(&hazard.text(style)));
        self.reserved.iter().for_each(|reserved| text.push_str(&reserved.text(style)));
        if !text.is_empty() {
            text.push('\n');
        }
        text + &self.summary_line()
    }
}

impl ConflictsView {
    /// What the two sides are working on.
    fn work(&self, style: &Style, names: [&str; 2]) -> String {
        let of = |name: &&str| self.branches.iter().find(|branch| branch.name == **name);
        let task = |task: &TaskRef| format!("{} {}", safe(&task.id), safe(&task.title));
        let side = |branch: &BranchView| {
            let tasks: Vec<String> = branch.tasks.iter().map(task).collect();
            (!tasks.is_empty()).then(|| format!("{}: {}", safe(&branch.name), tasks.join(", ")))
        };
        let sides: Vec<String> = names.iter().filter_map(of).filter_map(side).collect();
        if sides.is_empty() { String::new() } else { format!("  {}\n", style.dim(&sides.join("; "))) }
    }

    /// A line a branch.
    fn with_target(&self, style: &Style) -> String {
        let target = safe(&self.target.branch);
        let mut text = String::new();
        for branch in &self.branches {
            let word = match branch.target_verdict {
                "conflict" => style.red("conflict"),
                "unknown" => style.red("unknown "),
                word => format!("{word:<8}"),
            };
            let reason = branch.reason.as_deref().map(|reason| format!("  {}", safe(reason))).unwrap_or_default();
            text.push_str(&format!("{word}  {}{reason}\n", style.bold(&safe(&branch.name))));
            text.push_str(&paths_text(style, &branch.target_paths, [&target, &branch.name]));
        }
        self.hazards.iter().for_each(|hazard| text.push_str(&hazard.text(style)));
        if !text.is_empty() {
            text.push('\n');
        }
        text + &self.summary_line()
    }

    fn summary_line(&self) -> String {
        let summary = &self.summary;
        let found: Vec<String> = [
            (summary.conflicting, "conflict"),
            (summary.target_conflicts, "conflict with the target"),
            (summary.overlapping, "overlap"),
            (summary.unknown, "unknown"),
            (summary.left_out, "judged by commits only"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| match word {
            "conflict with the target" if number > 1 => format!("{number} conflicts with the target"),
            "unknown" | "judged by commits only" => format!("{number} {word}"),
            word => counted(number, word),
        })
        .collect();
        let found = if found.is_empty() { "nothing collides".to_owned() } else { found.join(", ") };
        let branches = match summary.branches {
            1 => "1 branch".to_owned(),
            number => format!("{number} branches"),
        };
        let judged = match self.format {
            Format::Target => format!("{branches} on {}", safe(&self.target.branch)),
            _ => format!("{branches}, {}", counted(summary.pairs, "pair")),
        };
        format!("{judged}: {found}\n")
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
