//! Which branch a worktree is about.

use std::path::Path;

use super::{RefStorage, Repository};

/// The branch (without `refs/heads/`) that the worktree we were called in has checked out, or that a rebase in it is
/// about; none when HEAD is detached otherwise.
pub fn current_branch(repo: &Repository) -> Option<String> {
    let full = branch_being_rebased(repo.git_dir()).or_else(|| match repo.storage() {
        RefStorage::Files => repo.gix().head_name().ok().flatten().map(|name| name.as_bstr().to_string()),
        RefStorage::Reftable => {
            let git = super::Git::at(repo.common_dir()).arg("--git-dir").arg(repo.git_dir());
            git.args(["symbolic-ref", "--quiet", "HEAD"]).text().ok()
        }
    })?;
    full.strip_prefix("refs/heads/").map(str::to_owned)
}

/// The full name of the branch that a rebase going on in the worktree with this git folder is about.
pub fn branch_being_rebased(git_dir: &Path) -> Option<String> {
    ["rebase-merge/head-name", "rebase-apply/head-name"].iter().find_map(|file| {
        let text = std::fs::read_to_string(git_dir.join(file)).ok()?;
        Some(text.trim_end().to_owned())
    })
}
