//! What `reset` did, and how to take it back.

use serde::Serialize;

use crate::render::style::Style;
use crate::ui::View;

/// The answer of `reset`.
#[derive(Debug, Serialize)]
pub(crate) struct ResetView {
    /// The ref that holds what was there; `null` when there was nothing.
    pub(crate) backup: Option<String>,
    /// Commands that bring it back.
    pub(crate) restore: Vec<String>,
}

impl View for ResetView {
    const KIND: &'static str = "reset";

    fn text(&self, style: &Style) -> String {
        let Some(backup) = &self.backup else { return "there was nothing to forget\n".to_owned() };
        let mut text = format!("forgot everything; it is in {backup}\n{}\n", style.dim("to get it back:"));
        for command in &self.restore {
            text.push_str(&format!("  {command}\n"));
        }
        text
    }
}
