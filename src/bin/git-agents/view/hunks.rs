//! What both sides of a conflict did to the base, as unified hunks.

use git_agents::branch::hunks::{Side, Sides, Tag};
use git_agents::git::repository::path_text;
use git_agents::text::printable;
use gix::bstr::ByteSlice;
use serde::Serialize;

use crate::render::style::{Style, safe};

/// The hunks of each side against the base, as text that is safe to show; or in words why there are none.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HunksView {
    pub(crate) a: String,
    pub(crate) b: String,
}

impl From<&Sides> for HunksView {
    fn from(sides: &Sides) -> Self {
        HunksView { a: side(&sides.a), b: side(&sides.b) }
    }
}

fn side(side: &Side) -> String {
    match side {
        Side::Hunks(hunks) if hunks.is_empty() => "(as in the base)\n".to_owned(),
        Side::Hunks(hunks) => {
            let mut text = String::new();
            for hunk in hunks {
                text.push_str(&format!("{}\n", hunk.header()));
                for line in &hunk.lines {
                    let sign = match line.tag {
                        Tag::Context => ' ',
                        Tag::Removed => '-',
                        Tag::Added => '+',
                    };
                    // Tabs are no danger to a terminal and matter in code.
                    let shown: Vec<String> = line.text.to_str_lossy().split('\t').map(printable).collect();
                    text.push_str(&format!("{sign}{}\n", shown.join("\t")));
                    if !line.ends {
                        text.push_str("\\ No newline at end of file\n");
                    }
                }
            }
            text
        }
        Side::Deleted => "(deleted)\n".to_owned(),
        Side::Absent => "(not there)\n".to_owned(),
        Side::Binary => "(not text)\n".to_owned(),
        Side::TooLarge => "(too large to show)\n".to_owned(),
        Side::Submodule(commit) => format!("(a submodule at {commit})\n"),
        Side::Symlink(to) => format!("(a symbolic link to {})\n", safe(&path_text(to.as_ref()))),
        Side::Missing(id) => format!("(object {id} cannot be read)\n"),
    }
}

impl HunksView {
    /// Both sides below each other, indented.
    pub(crate) fn text(&self, style: &Style, names: [&str; 2]) -> String {
        let mut text = String::new();
        for (name, hunks) in names.into_iter().zip([&self.a, &self.b]) {
            text.push_str(&format!("    {}\n", style.bold(&safe(name))));
            for line in hunks.lines() {
                let shown = match line.chars().next() {
                    Some('+') => style.green(line),
                    Some('-') => style.red(line),
                    Some('@') => style.cyan(line),
                    Some('(' | '\\') => style.dim(line),
                    _ => line.to_owned(),
                };
                text.push_str(&format!("    {shown}\n"));
            }
        }
        text
    }
}
