//! What the demo works on: a small to-do program for a shell, with tests, and the agents' scripts.

/// The project's files.
pub(super) const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("project/README.md")),
    ("CHANGELOG.md", include_str!("project/CHANGELOG.md")),
    ("todo", include_str!("project/todo")),
    ("lib/store.sh", include_str!("project/lib/store.sh")),
    ("lib/add.sh", include_str!("project/lib/add.sh")),
    ("lib/list.sh", include_str!("project/lib/list.sh")),
    ("lib/done.sh", include_str!("project/lib/done.sh")),
    ("lib/help.sh", include_str!("project/lib/help.sh")),
    ("docs/usage.md", include_str!("project/docs/usage.md")),
    ("tests/check", include_str!("project/tests/check")),
    ("tests/expect", include_str!("project/tests/expect")),
    ("tests/add.sh", include_str!("project/tests/add.sh")),
    ("tests/list.sh", include_str!("project/tests/list.sh")),
    ("tests/done.sh", include_str!("project/tests/done.sh")),
];

/// One agent's work: a script that runs in its worktree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) agent: &'static str,
    script: &'static str,
}

impl Work {
    /// The whole script.
    pub(super) fn script(&self) -> String {
        [include_str!("agents/prelude.sh"), self.script].concat()
    }
}

/// What the three do at the same time.
pub(super) const FIRST: &[Work] = &[
    Work { agent: "ann", script: include_str!("agents/ann.sh") },
    Work { agent: "ben", script: include_str!("agents/ben.sh") },
    Work { agent: "cam", script: include_str!("agents/cam.sh") },
];

/// What two of them do once the first branches have landed.
pub(super) const SECOND: &[Work] = &[
    Work { agent: "ben", script: include_str!("agents/ben-resolves.sh") },
    Work { agent: "cam", script: include_str!("agents/cam-next.sh") },
];
