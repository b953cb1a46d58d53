//! Bringing branches into the target: plan, replay, one transaction, worktrees that follow.
