//! The files in which a project says how it wants to be worked on.

use std::path::Path;

/// Where they are by convention, from the top of the worktree. What agent programs read by themselves is among them, since
/// not every program reads every one.
const FILES: [&str; 8] = [
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
    "CONTRIBUTING.md",
    "docs/CONTRIBUTING.md",
    ".github/CONTRIBUTING.md",
    ".github/copilot-instructions.md",
    "CONVENTIONS.md",
];

/// Those that are there.
pub(super) fn found(top: &Path) -> Vec<&'static str> {
    FILES.into_iter().filter(|file| top.join(file).is_file()).collect()
}
