//! Making, removing and moving the worktrees of agents.
