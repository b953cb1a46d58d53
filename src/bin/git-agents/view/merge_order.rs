//! In what order to land.

use git_agents::branch::Candidate;
use git_agents::branch::order::{Outcome, Plan, Position};
use git_agents::config::Target;
use serde::Serialize;

use super::status::TargetView;
use crate::render::style::{Style, safe};
use crate::ui::View;

/// One place in the order. `outcome` is `clean`, `needs-resolution`, `conflicts-with-target`, `empty` or `unknown`.
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
}

/// How it comes out. `exact`: no order lands more without manual work; `most_clean`: at most so many can.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OrderSummary {
    pub(crate) clean: usize,
    pub(crate) needs_resolution: usize,
    pub(crate) conflicts_with_target: usize,
    pub(crate) unknown: usize,
    pub(crate) exact: bool,
    pub(crate) most_clean: usize,
}

/// `merge-order`.
#[derive(Debug, Serialize)]
pub(crate) struct OrderView {
    pub(crate) target: TargetView,
    pub(crate) order: Vec<PositionView>,
    pub(crate) summary: OrderSummary,
}

impl OrderView {
    /// The order, without the branches that have nothing to land when nobody asked for them by name.
    pub(crate) fn new(target: &Target, candidates: &[Candidate], plan: &Plan, leave_out_empty: bool) -> Self {
        let is_shown = |position: &&Position| !(leave_out_empty && position.outcome == Outcome::Empty);
        let view = |(index, position): (usize, &Position)| PositionView {
            position: index + 1,
            name: position.name.clone(),
            branch: candidates[position.branch].branch.as_ref().map(|b| b.trim_start_matches("refs/heads/").to_owned()),
            outcome: word(position.outcome),
            conflicts_with: position.conflicts_with.clone(),
            after: position.after.clone(),
            reason: position.reason.to_string(),
        };
        OrderView {
            target: target.into(),
            order: plan.order.iter().filter(is_shown).enumerate().map(view).collect(),
            summary: OrderSummary {
                clean: plan.count(Outcome::Clean),
                needs_resolution: plan.count(Outcome::NeedsResolution),
                conflicts_with_target: plan.count(Outcome::ConflictsWithTarget),
                unknown: plan.count(Outcome::Unknown),
                exact: plan.exact,
                most_clean: plan.most_clean,
            },
        }
    }

    /// Everything lands without manual work.
    pub(crate) fn is_good(&self) -> bool {
        let OrderSummary { needs_resolution, conflicts_with_target, unknown, .. } = self.summary;
        needs_resolution + conflicts_with_target + unknown == 0
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Clean => "clean",
        Outcome::NeedsResolution => "needs-resolution",
        Outcome::ConflictsWithTarget => "conflicts-with-target",
        Outcome::Empty => "empty",
        Outcome::Unknown => "unknown",
    }
}

impl View for OrderView {
    const KIND: &'static str = "merge-order";

    fn text(&self, style: &Style) -> String {
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
            format!("{:>3}. {}  {reason}\n", position.position, style.bold(&name))
        };
        let mut text: String = self.order.iter().map(line).collect();
        text.push_str(&format!("\n{}\n", self.summary_line()));
        text
    }
}

impl OrderView {
    fn summary_line(&self) -> String {
        let summary = &self.summary;
        let rest = [
            (summary.needs_resolution, "needs resolution", "need resolution"),
            (summary.conflicts_with_target, "conflicts with the target", "conflict with the target"),
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
