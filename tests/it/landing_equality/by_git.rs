//! What git itself makes of the branch, in a clone, and everything of it that must be equal.

use std::path::{Path, PathBuf};

use crate::support::Sandbox;

/// A clone in which git lands the branch.
pub(super) struct Oracle<'s> {
    sandbox: &'s Sandbox,
    clone: PathBuf,
}

/// A commit without its parents and its committer, as text that tells bytes apart.
pub(super) type Shown = String;

impl<'s> Oracle<'s> {
    pub(super) fn new(sandbox: &'s Sandbox) -> Self {
        let clone = sandbox.root().join("clone");
        sandbox.git(["clone", "-q", "--shared", ".", clone.to_str().unwrap()]);
        for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com")] {
            sandbox.git_in(&clone, ["config", key, value]);
        }
        sandbox.git_in(&clone, ["branch", "-q", "agents/ann", "origin/agents/ann"]);
        Oracle { sandbox, clone }
    }

    /// The commits that git puts on the target; none when it does not come through.
    pub(super) fn land(&self, strategy: &str) -> Option<Vec<Shown>> {
        let before = self.sandbox.git_in(&self.clone, ["rev-parse", "main"]);
        let done = match strategy {
            "rebase" => {
                self.succeeds(&["checkout", "-q", "agents/ann"])
                    && self.succeeds(&["rebase", "-q", "main"])
                    && self.succeeds(&["checkout", "-q", "main"])
                    && self.succeeds(&["merge", "-q", "--ff-only", "agents/ann"])
            }
            "merge" => self.succeeds(&["merge", "-q", "--no-ff", "--no-edit", "agents/ann"]),
            _ => {
                self.succeeds(&["merge", "-q", "--squash", "agents/ann"])
                    // Nothing to commit is fine.
                    && (self.succeeds(&["diff", "--cached", "--quiet"])
                        || self.succeeds(&["commit", "-q", "-m", "squashed"]))
            }
        };
        done.then(|| self.commits(&self.clone, &before, "main", strategy))
    }

    /// The commits of a branch that are not below `upstream`, on the target; none when git does not come through.
    pub(super) fn rebase_onto(&self, upstream: &str, branch: &str) -> Option<Vec<Shown>> {
        let before = self.sandbox.git_in(&self.clone, ["rev-parse", "main"]);
        let branch = format!("origin/{branch}");
        let done = self.succeeds(&["checkout", "-q", "--detach", &branch])
            && self.succeeds(&["rebase", "-q", "--onto", "main", upstream]);
        done.then(|| self.commits(&self.clone, &before, "HEAD", "rebase"))
    }

    /// What is in `after` and not in `before`, first parents only, oldest first. The message of a squashed commit is
    /// ours, and so is its author.
    pub(super) fn commits(&self, dir: &Path, before: &str, after: &str, strategy: &str) -> Vec<Shown> {
        let range = format!("{before}..{after}");
        let listed = self.sandbox.git_in(dir, ["rev-list", "--reverse", "--first-parent", &range]);
        let only_tree = strategy == "squash";
        listed.lines().map(|id| shown(&self.raw(dir, id), only_tree)).collect()
    }

    fn raw(&self, dir: &Path, id: &str) -> Vec<u8> {
        let output = self.sandbox.command("git").current_dir(dir).args(["cat-file", "commit", id]).output().unwrap();
        assert!(output.status.success());
        output.stdout
    }

    fn succeeds(&self, args: &[&str]) -> bool {
        self.sandbox.command("git").current_dir(&self.clone).args(args).output().unwrap().status.success()
    }
}

fn shown(raw: &[u8], only_tree: bool) -> Shown {
    let text = raw.escape_ascii().to_string();
    let (header, message) = text.split_once("\\n\\n").unwrap_or((&text, ""));
    let kept = |line: &&str| !line.starts_with("parent ") && !line.starts_with("committer ");
    let lines: Vec<&str> = header.split("\\n").filter(kept).collect();
    if only_tree { lines[0].to_owned() } else { format!("{}\n{message}", lines.join("\n")) }
}
