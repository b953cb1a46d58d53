//! Every position with all that is known about it, and how the order was found.

use git_agents::branch::order::{Plan, Position};
use serde::Serialize;

use super::{TasksBetween, texts};
use crate::render::style::{counted, listed, safe};

/// All that a position is based on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ExplanationView {
    /// Where it conflicts with others.
    pub(crate) conflicts: Vec<ConflictView>,
    /// What it shares with others and merges.
    pub(crate) shares: Vec<SharedView>,
    /// What it waits for.
    pub(crate) waits: Vec<WaitView>,
}

/// A conflict with another branch. `earlier`: the other one lands before it, so this one is resolved.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ConflictView {
    pub(crate) with: String,
    pub(crate) earlier: bool,
    pub(crate) paths: Vec<String>,
    pub(crate) regions: usize,
}

/// Paths that two branches change, and that merge.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SharedView {
    pub(crate) with: String,
    pub(crate) paths: Vec<String>,
}

/// What lands before it and why. `because` is `commits` (it contains them), `depends`, or `order`: the other way round does not merge.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WaitView {
    pub(crate) on: String,
    pub(crate) because: &'static str,
    /// The tasks that are waited for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tasks: Vec<String>,
}

impl ExplanationView {
    /// Of the position at a place among those that are shown.
    pub(super) fn new(shown: &[&Position], place: usize, plan: &Plan, tasks: &TasksBetween) -> Self {
        let position = shown[place];
        let is_earlier = |name: &String| shown[..place].iter().any(|other| other.name == *name);
        let conflict = |clash: &git_agents::branch::reason::Clash| ConflictView {
            with: clash.with.clone(),
            earlier: is_earlier(&clash.with),
            paths: texts(&clash.paths),
            regions: clash.regions,
        };
        let depends = position.after.iter().map(|on| WaitView {
            on: on.clone(),
            because: if position.stacked_on.contains(on) { "commits" } else { "depends" },
            tasks: tasks.get(&(on.clone(), position.name.clone())).cloned().unwrap_or_default(),
        });
        let ordered = plan.waits.iter().filter(|(_, then)| *then == position.name);
        let ordered = ordered.map(|(on, _)| WaitView { on: on.clone(), because: "order", tasks: Vec::new() });
        ExplanationView {
            conflicts: position.clashes.iter().map(conflict).collect(),
            shares: position
                .shares
                .iter()
                .map(|shared| SharedView { with: shared.with.clone(), paths: texts(&shared.paths) })
                .collect(),
            waits: depends.chain(ordered).collect(),
        }
    }

    pub(super) fn text(&self) -> String {
        let waits = self.waits.iter().map(|wait| match (wait.because, wait.tasks.as_slice()) {
            ("order", _) => format!("after {}: the other way round does not merge", safe(&wait.on)),
            ("commits", []) => format!("after {}: contains its commits", safe(&wait.on)),
            (_, []) => format!("after {}: depends on it", safe(&wait.on)),
            (_, tasks) => {
                let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
                let commits = if wait.because == "commits" { "contains its commits, and " } else { "" };
                format!("after {}: {commits}its task depends on {}", safe(&wait.on), listed(&tasks))
            }
        });
        let conflicts = self.conflicts.iter().map(|conflict| {
            let when =
                if conflict.earlier { "which lands before it" } else { "which lands later and is resolved then" };
            let regions = counted(conflict.regions, "region");
            format!("conflicts with {}, {when}: {} ({regions})", safe(&conflict.with), names(&conflict.paths))
        });
        let shares = self
            .shares
            .iter()
            .map(|shared| format!("merges with {} although both change {}", safe(&shared.with), names(&shared.paths)));
        waits.chain(conflicts).chain(shares).map(|line| format!("       - {line}\n")).collect()
    }
}

/// How the order was found and what is known of better ones.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProofView {
    /// How often the order was computed: again whenever merging it taught something.
    pub(crate) rounds: usize,
    /// How many merges were tried.
    pub(crate) merges: usize,
    /// The order was merged and came out as planned.
    pub(crate) agreed: bool,
    pub(crate) exact: bool,
    pub(crate) most_clean: usize,
    /// What does not merge together although it does in pairs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) together: Vec<TogetherView>,
}

/// Branches that break another one together: in any order, or in this one.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TogetherView {
    pub(crate) branches: Vec<String>,
    pub(crate) breaks: String,
    pub(crate) in_any_order: bool,
}

impl ProofView {
    pub(super) fn new(plan: &Plan) -> Self {
        ProofView {
            rounds: plan.tried.rounds,
            merges: plan.tried.merges,
            agreed: plan.tried.agreed,
            exact: plan.exact,
            most_clean: plan.most_clean,
            together: plan
                .together
                .iter()
                .map(|rule| TogetherView {
                    branches: rule.branches.clone(),
                    breaks: rule.breaks.clone(),
                    in_any_order: rule.in_any_order,
                })
                .collect(),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "how it was found: computed {}, tried out with {}\n",
            if self.rounds == 1 { "once".to_owned() } else { counted(self.rounds, "time") },
            counted(self.merges, "merge"),
        );
        for rule in &self.together {
            let order = if rule.in_any_order { "in any order" } else { "in this order" };
            let all = names(&rule.branches);
            text.push_str(&format!("  - {} does not merge after {all} {order}\n", safe(&rule.breaks)));
        }
        let most = self.most_clean;
        text.push_str(&match (self.exact, self.agreed) {
            (true, _) => format!("proof: no order lands more than {most} clean; every other set was ruled out\n"),
            (false, true) => format!("no proof: at most {most} can land clean; not every order was ruled out\n"),
            (false, false) => {
                format!("no proof: at most {most} can land clean; merging kept finding new conflicts\n")
            }
        });
        text
    }
}

/// Names or paths from anywhere, as one safe list.
pub(super) fn names(all: &[String]) -> String {
    let safe: Vec<String> = all.iter().map(|name| safe(name)).collect();
    listed(&safe.iter().map(String::as_str).collect::<Vec<_>>())
}
