//! What is wrong, and what helps.

use git_agents::sync::{Probed, Support};
use git_agents::work::doctor::{Ailment, Level};
use serde::Serialize;

use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// `doctor`.
#[derive(Debug, Serialize)]
pub(crate) struct DoctorView {
    pub(crate) problems: Vec<Ailment>,
    /// What a probe has found; absent when nobody asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remote: Option<ProbeView>,
    pub(crate) summary: DoctorSummary,
}

/// What a remote does with refs such as the state's.
#[derive(Debug, Serialize)]
pub(crate) struct ProbeView {
    pub(crate) name: String,
    /// The ref there that has the state, or will have it.
    #[serde(rename = "ref")]
    pub(crate) state: String,
    /// `full`, `keeps`, `hides`, `only-branches`, `read-only` or `unreachable`.
    pub(crate) support: &'static str,
    /// Refs of earlier probes that were deleted there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed: Vec<String>,
}

impl From<&Probed> for ProbeView {
    fn from(probed: &Probed) -> Self {
        let support = match probed.support {
            Support::Full => "full",
            Support::Keeps { .. } => "keeps",
            Support::Hides => "hides",
            Support::OnlyBranches { .. } => "only-branches",
            Support::ReadOnly { .. } => "read-only",
            Support::Unreachable { .. } => "unreachable",
        };
        let Probed { remote, name, removed, .. } = probed.clone();
        ProbeView { name: remote, state: name, support, removed }
    }
}

impl ProbeView {
    fn text(&self) -> String {
        let ProbeView { name, state, support, removed } = self;
        let mut text: String = removed
            .iter()
            .map(|left| format!("deleted {} on {}, which a probe had left\n", safe(left), safe(name)))
            .collect();
        if *support == "full" {
            text.push_str(&format!("{} can keep {}: it takes, shows and deletes such refs\n", safe(name), safe(state)));
        }
        text
    }
}

/// How many there are.
#[derive(Debug, Serialize)]
pub(crate) struct DoctorSummary {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) fixed: usize,
}

impl DoctorView {
    pub(crate) fn new(problems: Vec<Ailment>, probed: Option<&Probed>) -> Self {
        let open = |level: Level| problems.iter().filter(|one| one.level == level && !one.fixed).count();
        let summary = DoctorSummary {
            errors: open(Level::Error),
            warnings: open(Level::Warning),
            fixed: problems.iter().filter(|one| one.fixed).count(),
        };
        DoctorView { problems, remote: probed.map(ProbeView::from), summary }
    }

    /// Nothing is wrong any more.
    pub(crate) fn is_good(&self) -> bool {
        self.summary.errors == 0 && self.summary.warnings == 0
    }
}

impl View for DoctorView {
    const KIND: &'static str = "doctor";

    fn text(&self, style: &Style) -> String {
        let mut text = self.remote.as_ref().map(ProbeView::text).unwrap_or_default();
        for problem in &self.problems {
            let word = match (problem.fixed, problem.level) {
                (true, _) => style.green("fixed:"),
                (false, Level::Error) => style.red("error:"),
                (false, Level::Warning) => style.yellow("warning:"),
            };
            text.push_str(&format!("{word} {}\n", safe(&problem.message)));
            if let (false, Some(hint)) = (problem.fixed, &problem.hint) {
                text.push_str(&format!("  {} {}\n", style.dim("try:"), safe(hint)));
            }
        }
        let DoctorSummary { errors, warnings, fixed } = self.summary;
        let parts: Vec<String> = [(errors, "error"), (warnings, "warning")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| counted(number, word))
            .chain((fixed > 0).then(|| format!("{fixed} fixed")))
            .collect();
        text.push_str(&if parts.is_empty() { "all is well\n".to_owned() } else { format!("{}\n", parts.join(", ")) });
        text
    }
}
