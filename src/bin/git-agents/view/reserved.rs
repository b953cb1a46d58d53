//! Paths that somebody else has reserved.

use git_agents::work::reserved::{How, Reserved};
use serde::Serialize;

use crate::render::style::{Style, counted, safe};

/// What somebody has reserved and another changes, or asks about. `class` is `claim` or `task` (a task that declares it).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReservedView {
    pub(crate) by: String,
    pub(crate) class: &'static str,
    /// As it was claimed or declared.
    pub(crate) path: String,
    /// Whether the claim is exclusive; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exclusive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The task that declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    /// Who changes some of it; absent where that was not the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<String>,
    /// Which paths of it that branch changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<String>,
}

impl From<&Reserved> for ReservedView {
    fn from(reserved: &Reserved) -> Self {
        let (class, exclusive, reason, task) = match &reserved.how {
            How::Claim { exclusive, reason } => ("claim", Some(*exclusive), reason.clone(), None),
            How::Task { id } => ("task", None, None, Some(id.to_string())),
        };
        let (by, path) = (reserved.agent.to_string(), reserved.path.clone());
        ReservedView { by, class, path, exclusive, reason, task, branch: None, files: Vec::new() }
    }
}

impl ReservedView {
    /// What of it a branch changes; none when it changes nothing of it.
    pub(crate) fn changed(reserved: &Reserved, branch: &str, files: &[String]) -> Option<Self> {
        let files: Vec<String> = files.iter().filter(|file| reserved.has(file.as_str().into())).cloned().collect();
        let branch = Some(branch.to_owned());
        (!files.is_empty()).then(|| ReservedView { branch, files, ..ReservedView::from(reserved) })
    }

    /// "note  bob changes src/a.rs, which ann has claimed exclusively (New schema)", or without a branch "note  ann has
    /// claimed src/a.rs"
    pub(crate) fn text(&self, style: &Style) -> String {
        let whole = safe(&self.path);
        let reason = self.reason.as_deref().map(|reason| format!(" ({})", safe(reason))).unwrap_or_default();
        let alone = if self.exclusive == Some(true) { " exclusively" } else { "" };
        let sentence = match (&self.branch, &self.task) {
            (None, None) => format!("{} has claimed {whole}{alone}{reason}", self.by),
            (None, Some(task)) => format!("{}'s task {} declares {whole}", self.by, safe(task)),
            (Some(branch), None) => {
                let changed = self.changed_text(style, branch, &whole);
                format!("{changed}, which {} has claimed{alone}{reason}", self.by)
            }
            (Some(branch), Some(task)) => {
                let changed = self.changed_text(style, branch, &whole);
                format!("{changed}, which {}'s task {} declares", self.by, safe(task))
            }
        };
        format!("{}  {sentence}\n", style.yellow("note"))
    }

    fn changed_text(&self, style: &Style, branch: &str, whole: &str) -> String {
        let branch = style.bold(&safe(branch));
        match self.files.as_slice() {
            [one] if *one == self.path => format!("{branch} changes {whole}"),
            [one] => format!("{branch} changes {} in {whole}", safe(one)),
            files => format!("{branch} changes {} in {whole}", counted(files.len(), "file")),
        }
    }
}
