//! What is uncommitted in a worktree.
