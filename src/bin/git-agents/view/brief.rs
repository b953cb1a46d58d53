//! What agents are told.

use serde::Serialize;

use crate::render::style::{Style, safe};
use crate::ui::View;

/// `brief`.
#[derive(Debug, Serialize)]
pub(crate) struct BriefView {
    pub(crate) prompts: Vec<PromptView>,
}

/// One prompt.
#[derive(Debug, Serialize)]
pub(crate) struct PromptView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    pub(crate) prompt: String,
    /// Where it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
}

impl View for BriefView {
    const KIND: &'static str = "brief";

    /// The prompt as it is; several with a line between; where they are when they were written to files.
    fn text(&self, _: &Style) -> String {
        let line = |line: &str| format!("{}\n", line.split('\t').map(safe).collect::<Vec<_>>().join("\t"));
        let one = |view: &PromptView| match &view.file {
            Some(file) => format!("{}\n", safe(file)),
            None => view.prompt.lines().map(line).collect(),
        };
        let is_saved = self.prompts.iter().all(|view| view.file.is_some());
        let texts: Vec<String> = self.prompts.iter().map(one).collect();
        texts.join(if is_saved { "" } else { "\n---\n\n" })
    }
}
