//! What `undo` took back.

use serde::Serialize;

use crate::render::style::{Style, safe};
use crate::ui::View;

/// The answer of `undo`.
#[derive(Debug, Serialize)]
pub(crate) struct UndoneView {
    /// The operation that was taken back.
    pub(crate) operation: String,
    pub(crate) sentence: String,
    /// The refs that went back to where they were.
    pub(crate) refs: Vec<String>,
}

impl View for UndoneView {
    const KIND: &'static str = "undone";

    fn text(&self, _: &Style) -> String {
        let mut text = format!("took back: {}\n", safe(&self.sentence));
        for name in &self.refs {
            text.push_str(&format!("  {} is where it was\n", safe(name.strip_prefix("refs/heads/").unwrap_or(name))));
        }
        text
    }
}
