//! `git agents cleanup --backups`: old backups go, and what `undo` needs stays.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox};

/// One landing that fifteen operations have come after, and one that `undo` can take back.
fn with_backups() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.work_as("ann", "1", "ann", "x\n");
    sandbox.commit("first", "x\n", "First");
    sandbox.agents(["merge", "ann", "--yes"]).good();
    for n in 0..15 {
        sandbox.agents(["task", "add", "T", "--id", &format!("t{n}")]).good();
    }
    sandbox.work_as("bob", "2", "bob", "x\n");
    sandbox.commit("second", "x\n", "Second");
    sandbox.agents(["merge", "bob", "--yes"]).good();
    sandbox
}

impl Sandbox {
    fn backups(&self) -> String {
        self.git(["for-each-ref", "--format=%(refname)", "refs/agents-local/backup/"])
    }

    /// `cleanup --backups` so many days later.
    fn later(&self, date: &str, args: &[&str]) -> Output {
        self.run([&["cleanup", "--backups"], args].concat()).env("GIT_COMMITTER_DATE", date).output()
    }
}

#[test]
fn only_what_is_old_goes_and_never_what_undo_needs() {
    let sandbox = with_backups();
    let all = sandbox.backups();
    assert_eq!(all.lines().count(), 4, "{all}");
    assert_snapshot!(sandbox.later("2026-01-20T09:00:00Z", &["--dry-run"]), @"
    kept 2 backups: git agents undo may need them
    kept 2 backups: they are not old enough
    [status 0]
    ");
    let before = sandbox.facts();
    assert_snapshot!(sandbox.later("2026-03-01T09:00:00Z", &["--dry-run"]), @"
    would delete refs/agents-local/backup/[OPERATION]/heads/agents/ann (55d 0h ago, nothing else holds it)
    would delete refs/agents-local/backup/[OPERATION]/heads/main (55d 0h ago)
    kept 2 backups: git agents undo may need them
    [status 0]
    ");
    assert_eq!(before, sandbox.facts());
    assert_snapshot!(sandbox.unchanged(|| sandbox.later("2026-03-01T09:00:00Z", &[])), @"
    [stderr]
    error: there is no terminal to ask on: Delete 2 backups (1 with what nothing else holds)?
      try: the same command with --yes
    [status 3]
    ");
    assert_snapshot!(sandbox.later("2026-01-20T09:00:00Z", &["--older-than", "2w", "--yes", "--json"]), @r#"
    {
      "deleted": [
        {
          "at": "2026-01-05T09:00:00Z",
          "commit": "[COMMIT]",
          "id": "[OPERATION]",
          "only_here": true,
          "ref": "refs/agents-local/backup/[OPERATION]/heads/agents/ann"
        },
        {
          "at": "2026-01-05T09:00:00Z",
          "commit": "[COMMIT]",
          "id": "[OPERATION]",
          "only_here": false,
          "ref": "refs/agents-local/backup/[OPERATION]/heads/main"
        }
      ],
      "dry_run": false,
      "kept": [
        {
          "at": "2026-01-05T09:00:00Z",
          "commit": "[COMMIT]",
          "id": "[OPERATION]",
          "kept": "undo",
          "only_here": true,
          "ref": "refs/agents-local/backup/[OPERATION]/heads/agents/bob"
        },
        {
          "at": "2026-01-05T09:00:00Z",
          "commit": "[COMMIT]",
          "id": "[OPERATION]",
          "kept": "undo",
          "only_here": false,
          "ref": "refs/agents-local/backup/[OPERATION]/heads/main"
        }
      ],
      "kind": "backups-cleaned",
      "version": 1
    }
    [status 0]
    "#);
    assert_eq!(sandbox.backups().lines().count(), 2);
    sandbox.agents(["undo", "--yes"]).good();
    sandbox.fsck();
}

#[test]
fn what_is_not_understood_is_kept_or_refused() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["cleanup", "--backups"]), @"
    there are no backups
    [status 0]
    ");
    sandbox.git(["update-ref", "refs/agents-local/backup/by-hand/x", "HEAD"]);
    assert_snapshot!(sandbox.agents(["cleanup", "--backups", "--older-than", "0s", "--yes"]), @"
    kept 1 backup: their names do not say how old they are
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["cleanup", "--backups", "--older-than", "7 days"]), @r#"
    [stderr]
    error: invalid value '7 days' for '--older-than <DURATION>': "7 days" is no duration: write 90s, 10m, 2h, 7d, 2w or 1h30m

    For more information, try '--help'.
    [status 2]
    "#);
    assert_eq!(sandbox.refused(["cleanup", "--older-than", "7d"]).status, Some(2));
    assert_eq!(sandbox.refused(["cleanup", "ann", "--backups"]).status, Some(2));
}
