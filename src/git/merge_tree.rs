//! Long-lived `git merge-tree --stdin` children: git's own word on what merges.
