//! Agents as users make them, and work in their worktrees.

use std::path::PathBuf;

use super::Sandbox;

impl Sandbox {
    /// A repository with these agents, each with a branch and a worktree.
    pub(crate) fn with_agents(names: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        sandbox.agents(["init"].iter().chain(names)).good();
        sandbox
    }

    /// The agent's worktree.
    pub(crate) fn of(&self, agent: &str) -> PathBuf {
        self.root().join("repo-worktrees").join(agent)
    }

    /// A file in the agent's worktree, not committed.
    pub(crate) fn write(&self, agent: &str, path: &str, content: &str) {
        let file = self.of(agent).join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    /// A file as a commit on the agent's branch.
    pub(crate) fn work(&self, agent: &str, path: &str, content: &str) -> String {
        self.write(agent, path, content);
        let dir = self.of(agent);
        self.git_in(&dir, ["add", "-f", "--", path]);
        self.git_in(&dir, ["commit", "-q", "-m", &format!("{agent}: {path}")]);
        self.git_in(&dir, ["rev-parse", "HEAD"])
    }

    /// What a revision is now.
    pub(crate) fn rev(&self, revision: &str) -> String {
        self.git(["rev-parse", "--verify", revision])
    }

    /// The agent's worktree stands at its branch and has nothing uncommitted.
    #[track_caller]
    pub(crate) fn is_clean(&self, agent: &str) {
        let status = self.git_in(&self.of(agent), ["status", "--porcelain", "--branch"]);
        assert_eq!(status, format!("## agents/{agent}"), "the worktree of {agent}");
    }
}
