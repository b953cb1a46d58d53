//! Agents: named workers with a branch.
