//! What was there before a landing, what must be there at every moment of it, and what it ends in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::ground::Ground;

/// What git puts into a worktree's git folder while something is half done.
const HALF_DONE: [&str; 6] =
    ["rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG"];

/// What nobody may lose.
#[derive(Debug)]
pub(crate) struct Work {
    commits: BTreeSet<String>,
    /// Everything uncommitted, also what is ignored.
    files: BTreeMap<PathBuf, Vec<u8>>,
    branches: String,
}

impl Work {
    /// All that is there now.
    pub(crate) fn of(ground: &Ground) -> Self {
        let mut files = BTreeMap::new();
        for dir in ground.worktrees() {
            for line in status(ground, &dir).split('\0').filter(|line| !line.is_empty()) {
                // `1 XY …`, `? path`, `! path`; no path of a scenario has a space.
                let path = dir.join(line.rsplit(' ').next().unwrap());
                files.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
        Work { commits: commits(ground), files, branches: branches(ground) }
    }

    /// What is missing or changed, or left behind, whatever is going on.
    pub(crate) fn losses(&self, ground: &Ground) -> Vec<String> {
        let mut losses = Vec::new();
        let now = commits(ground);
        losses.extend(self.commits.difference(&now).map(|id| format!("commit {id} cannot be reached any more")));
        for (path, content) in &self.files {
            match fs::read(path) {
                Ok(now) if now == *content => {}
                Ok(_) => losses.push(format!("{} was changed", path.display())),
                Err(error) => losses.push(format!("{} is gone: {error}", path.display())),
            }
        }
        let fsck = ground.command("git").args(["fsck", "--strict", "--no-dangling"]).output().unwrap();
        let said = String::from_utf8_lossy(&fsck.stderr);
        if !fsck.status.success() || said.contains("error") {
            losses.push(format!("git fsck: {}", said.trim_end()));
        }
        if !ground.git(["for-each-ref", "refs/stash"]).is_empty() {
            losses.push("there is a stash".to_owned());
        }
        let half_done = ground.git_dirs().into_iter().flat_map(|dir| HALF_DONE.map(|name| dir.join(name)));
        losses.extend(half_done.filter(|path| path.exists()).map(|path| format!("{} was left behind", path.display())));
        losses
    }

    /// What is not as it was before there was a landing at all, but for refs that are no branches.
    pub(crate) fn differences(&self, ground: &Ground) -> Vec<String> {
        let mut found = self.losses(ground);
        let now = branches(ground);
        if now != self.branches {
            found.push(format!("the branches are\n{now}\nand were\n{}", self.branches));
        }
        found
    }
}

/// Where a landing ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    facts: BTreeMap<String, String>,
}

impl End {
    /// All that is to be equal at the end, however the landing came there.
    pub(crate) fn of(ground: &Ground) -> Self {
        let mut facts = BTreeMap::new();
        facts.insert("branches".to_owned(), branches(ground));
        facts.insert("tasks".to_owned(), ground.agents(["task", "list", "--all", "--json"]));
        facts.insert("agents".to_owned(), ground.agents(["agent", "list", "--json"]));
        facts.insert("log".to_owned(), sentences(ground));
        for dir in ground.worktrees() {
            facts.insert(format!("{}: status", dir.display()), status(ground, &dir).replace('\0', "\n"));
            let mut files = BTreeMap::new();
            collect(&dir, &mut files);
            facts.extend(files.into_iter().map(|(path, content)| (path.display().to_string(), content)));
        }
        End { facts }
    }

    /// In what `other` differs, and the locks and journal entries that are still there.
    pub(crate) fn differences(&self, ground: &Ground, other: &End) -> Vec<String> {
        let names: BTreeSet<&String> = self.facts.keys().chain(other.facts.keys()).collect();
        let none = "(nothing)".to_owned();
        let mut found = Vec::new();
        for name in names {
            let [expected, actual] = [self, other].map(|end| end.facts.get(name).unwrap_or(&none));
            if expected != actual {
                let short = |text: &str| text.chars().take(2_000).collect::<String>();
                found.push(format!("{name} is\n{}\ninstead of\n{}", short(actual), short(expected)));
            }
        }
        let git_dir = ground.repo().join(".git");
        let mut left = Vec::new();
        files_below(&git_dir, &mut left);
        let (journal, temporary) = (git_dir.join("agents/journal"), git_dir.join("agents/tmp"));
        left.retain(|path| {
            let is = |extension: &str| path.extension().is_some_and(|found| found == extension);
            // In a folder of its own, which nobody else ever looks into, a lock locks nothing.
            (is("lock") && !path.starts_with(&temporary)) || (path.starts_with(&journal) && is("json"))
        });
        found.extend(left.into_iter().map(|path| format!("{} was left behind", path.display())));
        found
    }
}

fn commits(ground: &Ground) -> BTreeSet<String> {
    ground.git(["rev-list", "--all"]).lines().map(ToOwned::to_owned).collect()
}

fn branches(ground: &Ground) -> String {
    ground.git(["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/", "refs/tags/"])
}

fn status(ground: &Ground, dir: &Path) -> String {
    ground.git_in(dir, ["status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignored"])
}

/// What the history says was done. Ids and times are left out.
fn sentences(ground: &Ground) -> String {
    let log: serde_json::Value = serde_json::from_str(&ground.agents(["log", "--json"])).unwrap();
    let operations = log["operations"].as_array().unwrap();
    operations.iter().map(|one| format!("{}\n", one["sentence"].as_str().unwrap())).collect()
}

/// Every file below `folder` but git's own, with what is in it.
fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let data = path.symlink_metadata().unwrap();
        if path.file_name().unwrap() == ".git" {
            continue;
        }
        if data.is_dir() {
            collect(&path, files);
        } else if data.is_symlink() {
            files.insert(path.clone(), format!("-> {}", path.read_link().unwrap().display()));
        } else {
            let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            files.insert(path, format!("{:o}\n{content}", data.permissions().mode()));
        }
    }
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, files) } else { files.push(path) }
    }
}
