//! In what order to land.

mod explain;
mod graph;
mod waves;

use std::collections::BTreeMap;

use git_agents::branch::Candidate;
use git_agents::branch::order::{Outcome, Plan, Position};
use git_agents::branch::reason::Reason;
use git_agents::config::Target;
use git_agents::git::repository::path_text;
use gix::bstr::BString;
use serde::Serialize;

use self::explain::{ExplanationView, ProofView};
use self::graph::GraphView;
use self::waves::WaveView;

use super::conflicts_branch::{is_none, short_name};
use super::status::TargetView;
use crate::render::style::{Style, listed, safe};
use crate::ui::View;

/// One place in the order. `outcome` is `clean`, `needs-resolution`, `conflicts-with-target`, `waits` (for one
/// that does not land), `empty` or `unknown`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PositionView {
    pub(crate) position: usize,
    pub(crate) name: String,
    /// Without `refs/heads/`; `null` for a commit that was named as such.
    pub(crate) branch: Option<String>,
    pub(crate) outcome: &'static str,
    pub(crate) conflicts_with: Vec<String>,
    pub(crate) after: Vec<String>,
    pub(crate) reason: String,
    /// Everything that is known about the position; absent when not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explanation: Option<ExplanationView>,
}

/// Branches whose order decides about the content, although they merge in either order.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OtherResultView {
    pub(crate) planned: Vec<String>,
    pub(crate) other: Vec<String>,
    pub(crate) paths: Vec<String>,
}

/// What to show besides the order.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) explanation: bool,
    pub(crate) waves: bool,
    pub(crate) graph: Option<GraphForm>,
    /// Leave out what has nothing to land.
    pub(crate) only_open: bool,
}

/// How the graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GraphForm {
    Ascii,
    Dot,
}

/// For two agents, the first of whom comes before the second: the tasks of the first that the second's wait for.
pub(crate) type TasksBetween = BTreeMap<(String, String), Vec<String>>;

/// How it comes out. `exact`: no order lands more without manual work; `most_clean`: at most so many can.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OrderSummary {
    pub(crate) clean: usize,
    pub(crate) needs_resolution: usize,
    pub(crate) conflicts_with_target: usize,
    pub(crate) unknown: usize,
    /// How many wait for one that does not land.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) waiting: usize,
    pub(crate) exact: bool,
    pub(crate) most_clean: usize,
}

/// `merge-order`.
#[derive(Debug, Serialize)]
pub(crate) struct OrderView {
    pub(crate) target: TargetView,
    pub(crate) order: Vec<PositionView>,
    pub(crate) summary: OrderSummary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) other_results: Vec<OtherResultView>,
    /// Why no order lands more, or how far that is known; absent when not asked for, as are the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proof: Option<ProofView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) waves: Option<Vec<WaveView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) graph: Option<GraphView>,
    /// How the graph is drawn in the text.
    #[serde(skip)]
    form: Option<GraphForm>,
}

impl OrderView {
    /// The order and what else is wanted.
    pub(crate) fn new(
        target: &Target,
        candidates: &[Candidate],
        plan: &Plan,
        tasks: &TasksBetween,
        wanted: Wanted,
    ) -> Self {
        let is_shown = |position: &&Position| !(wanted.only_open && position.outcome == Outcome::Empty);
        let shown: Vec<&Position> = plan.order.iter().filter(is_shown).collect();
        let view = |(index, position): (usize, &&Position)| PositionView {
            position: index + 1,
            name: position.name.clone(),
            branch: candidates[position.branch].branch.as_deref().map(|name| short_name(name).to_owned()),
            outcome: word(position.outcome),
            conflicts_with: position.conflicts_with.clone(),
            after: position.after.clone(),
            reason: reason(position, tasks),
            explanation: wanted.explanation.then(|| ExplanationView::new(&shown, index, plan, tasks)),
        };
        OrderView {
            target: target.into(),
            order: shown.iter().enumerate().map(view).collect(),
            summary: OrderSummary {
                clean: plan.count(Outcome::Clean),
                needs_resolution: plan.count(Outcome::NeedsResolution),
                conflicts_with_target: plan.count(Outcome::ConflictsWithTarget),
                unknown: plan.count(Outcome::Unknown),
                waiting: plan.count(Outcome::Waits),
                exact: plan.exact,
                most_clean: plan.most_clean,
            },
            other_results: plan
                .other_results
                .iter()
                .map(|found| OtherResultView {
                    planned: found.planned.clone(),
                    other: found.other.clone(),
                    paths: texts(&found.paths),
                })
                .collect(),
            proof: wanted.explanation.then(|| ProofView::new(plan)),
            waves: wanted.waves.then(|| waves::waves(plan)),
            graph: wanted.graph.map(|_| GraphView::new(&shown, plan)),
            form: wanted.graph,
        }
    }

    /// Everything lands without manual work.
    pub(crate) fn is_good(&self) -> bool {
        let OrderSummary { needs_resolution, conflicts_with_target, unknown, waiting, .. } = self.summary;
        needs_resolution + conflicts_with_target + unknown + waiting == 0
    }
}

/// The reason of a position, with tasks where agents wait for each other.
fn reason(position: &Position, tasks: &TasksBetween) -> String {
    let Reason::After { depends_on, stacked_on } = &position.reason else { return position.reason.to_string() };
    let of = |first: &String| tasks.get(&(first.clone(), position.name.clone()));
    match (depends_on.as_slice(), stacked_on.as_slice()) {
        ([first], []) if of(first).is_some() => {
            let tasks: Vec<&str> = of(first).into_iter().flatten().map(String::as_str).collect();
            format!("after {first}: its task depends on {}", listed(&tasks))
        }
        _ => position.reason.to_string(),
    }
}

fn texts(paths: &[BString]) -> Vec<String> {
    paths.iter().map(|path| path_text(path.as_ref())).collect()
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Clean => "clean",
        Outcome::NeedsResolution => "needs-resolution",
        Outcome::ConflictsWithTarget => "conflicts-with-target",
        Outcome::Waits => "waits",
        Outcome::Empty => "empty",
        Outcome::Unknown => "unknown",
    }
}

impl View for OrderView {
    const KIND: &'static str = "merge-order";

    fn text(&self, style: &Style) -> String {
        if let (Some(graph), Some(GraphForm::Dot)) = (&self.graph, self.form) {
            return graph.dot();
        }
        if self.order.is_empty() {
            return "nothing to land\n".to_owned();
        }
        let widest = self.order.iter().map(|position| position.name.chars().count()).max().unwrap_or_default();
        let line = |position: &PositionView| {
            let reason = safe(&position.reason);
            let reason = match position.outcome {
                "clean" => format!("{}: {reason}", style.green("clean")),
                "empty" => format!("empty: {reason}"),
                // Everything else is in the reason's own words.
                _ => style.red(&reason),
            };
            let name = format!("{:<widest$}", safe(&position.name));
            let more = position.explanation.as_ref().map(ExplanationView::text).unwrap_or_default();
            format!("{:>3}. {}  {reason}\n{more}", position.position, style.bold(&name))
        };
        let mut text: String = self.order.iter().map(line).collect();
        text.push_str(&format!("\n{}\n", self.summary_line()));
        if let Some(proof) = &self.proof {
            text.push_str(&proof.text());
        }
        if let Some(waves) = &self.waves {
            text.push_str(&waves::text(waves));
        }
        if let Some(graph) = &self.graph {
            text.push_str(&graph.ascii());
        }
        text
    }
}

impl OrderView {
    fn summary_line(&self) -> String {
        let summary = &self.summary;
        let rest = [
            (summary.needs_resolution, "needs resolution", "need resolution"),
            (summary.conflicts_with_target, "conflicts with the target", "conflict with the target"),
            (summary.waiting, "waits", "wait"),
            (summary.unknown, "is unknown", "are unknown"),
        ];
        let mut parts = vec![match summary.clean {
            1 => "1 lands clean".to_owned(),
            number => format!("{number} land clean"),
        }];
        for (number, one, many) in rest.into_iter().filter(|(number, ..)| *number > 0) {
            parts.push(format!("{number} {}", if number == 1 { one } else { many }));
        }
        let proof = match (summary.exact, self.is_good()) {
            (_, true) => String::new(),
            (true, false) => "; no order lands more".to_owned(),
            (false, false) => format!("; at most {} could", summary.most_clean),
        };
        format!("on {}: {}{proof}", safe(&self.target.branch), parts.join(", "))
    }
}
