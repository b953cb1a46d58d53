//! The uncommitted work of a worktree as a tree, without touching its index or its files.
