//! Where branches stand, and whether the worktrees stand there too.

use super::Sandbox;

impl Sandbox {
    /// What a revision is now.
    #[track_caller]
    pub(crate) fn rev(&self, revision: &str) -> String {
        self.git(["rev-parse", "--verify", revision])
    }

    /// The agent's worktree stands at its branch and has nothing uncommitted.
    #[track_caller]
    pub(crate) fn is_clean(&self, agent: &str) {
        let status = self.git_in(&self.worktree_of(agent), ["status", "--porcelain", "--branch"]);
        assert_eq!(status, format!("## agents/{agent}"), "the worktree of {agent}");
    }
}
