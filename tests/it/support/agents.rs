//! Agents at work: a repository with agents whose worktrees have commits of their own.

use std::path::PathBuf;

use super::Sandbox;

impl Sandbox {
    /// A repository with a file of twenty lines and these agents, each with its branch and its worktree.
    pub(crate) fn with_agents(names: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        sandbox.commit("lines", &lines(0, ""), "Lines");
        sandbox.direct([&["init"], names].concat()).output().good();
        sandbox
    }

    /// Where an agent's worktree is by default.
    pub(crate) fn worktree_of(&self, agent: &str) -> PathBuf {
        self.root().join("repo-worktrees").join(agent)
    }

    /// Write a file in an agent's worktree, without committing it.
    pub(crate) fn write_as(&self, agent: &str, path: &str, content: &str) {
        std::fs::write(self.worktree_of(agent).join(path), content).unwrap();
    }

    /// A commit on an agent's branch; gives its id.
    pub(crate) fn commit_as(&self, agent: &str, path: &str, content: &str) -> String {
        let worktree = self.worktree_of(agent);
        self.write_as(agent, path, content);
        self.git_in(&worktree, ["add", "--", path]);
        self.git_in(&worktree, ["commit", "-q", "-m", &format!("{path} by {agent}")]);
        self.git_in(&worktree, ["rev-parse", "HEAD"])
    }

    /// The agent takes the task, does it in one commit, and says that it is done.
    pub(crate) fn work_as(&self, agent: &str, task: &str, path: &str, content: &str) {
        self.direct(["assign", agent, task, &format!("Task {task}")]).output().good();
        self.direct(["start", agent, task]).output().good();
        self.commit_as(agent, path, content);
        self.direct(["complete", agent]).output().good();
    }

    /// What git says of a worktree that has changes; nothing when it has none.
    pub(crate) fn dirt(&self, agent: &str) -> String {
        self.git_in(&self.worktree_of(agent), ["status", "--porcelain"])
    }
}

/// Twenty numbered lines, one of which (from 1) is replaced.
pub(crate) fn lines(at: usize, text: &str) -> String {
    (1..=20).map(|n| if n == at { format!("{text}\n") } else { format!("{n}\n") }).collect()
}
