//! What is wrong, and what helps.

use git_agents::work::doctor::{Ailment, Level};
use serde::Serialize;

use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// `doctor`.
#[derive(Debug, Serialize)]
pub(crate) struct DoctorView {
    pub(crate) problems: Vec<Ailment>,
    pub(crate) summary: DoctorSummary,
}

/// How many there are.
#[derive(Debug, Serialize)]
pub(crate) struct DoctorSummary {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) fixed: usize,
}

impl DoctorView {
    pub(crate) fn new(problems: Vec<Ailment>) -> Self {
        let open = |level: Level| problems.iter().filter(|one| one.level == level && !one.fixed).count();
        let summary = DoctorSummary {
            errors: open(Level::Error),
            warnings: open(Level::Warning),
            fixed: problems.iter().filter(|one| one.fixed).count(),
        };
        DoctorView { problems, summary }
    }

    /// Nothing is wrong any more.
    pub(crate) fn is_good(&self) -> bool {
        self.summary.errors == 0 && self.summary.warnings == 0
    }
}

impl View for DoctorView {
    const KIND: &'static str = "doctor";

    fn text(&self, style: &Style) -> String {
        let mut text = String::new();
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
