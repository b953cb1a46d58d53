//! The worktrees of the repository: where they are, what they have checked out, what they are in the middle of.
