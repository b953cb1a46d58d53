//! What is uncommitted in a worktree.
//!
//! Asked without optional locks, so that nobody who works there is disturbed, and with untracked files one by one:
//! work that was never added is work all the same. Renames are not paired up: both paths are named.

use gix::bstr::{BStr, BString, ByteSlice};

use super::run::GitError;
use super::worktrees::Worktree;

/// The uncommitted paths of a worktree, each list sorted by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The index differs from HEAD.
    pub staged: Vec<BString>,
    /// The file differs from the index.
    pub unstaged: Vec<BString>,
    /// Not known to git and not ignored.
    pub untracked: Vec<BString>,
    /// Folders that are repositories of their own and not known to git, without a trailing slash.
    pub embedded: Vec<BString>,
    /// A merge stopped at them.
    pub unmerged: Vec<BString>,
    /// Submodules with changes or untracked files of their own. They are in `unstaged` too.
    pub dirty_submodules: Vec<BString>,
}

impl Status {
    /// Nothing at all is uncommitted; ignored files do not count.
    pub fn is_clean(&self) -> bool {
        *self == Status::default()
    }

    /// Every path that git knows and that is not as HEAD has it.
    pub fn tracked(&self) -> Vec<&BStr> {
        let mut all: Vec<&BStr> =
            [&self.staged, &self.unstaged, &self.unmerged].into_iter().flatten().map(AsRef::as_ref).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Ignored files and folders of a worktree, as the patterns name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Single files, such as `.env`.
    pub files: Vec<BString>,
    /// Whole folders, such as `target`, without a trailing slash.
    pub folders: Vec<BString>,
}

/// What is uncommitted in `worktree`.
///
/// # Errors
/// Everything in [`GitError`] but `TooOld`.
pub fn status(worktree: &Worktree) -> Result<Status, GitError> {
    ask(worktree, &[]).map(|(status, _)| status)
}

/// What is ignored in `worktree`; slower than [`status`] where there is much of it.
///
/// # Errors
/// Everything in [`GitError`] but `TooOld`.
pub fn ignored(worktree: &Worktree) -> Result<Ignored, GitError> {
    ask(worktree, &["--ignored=matching"]).map(|(_, ignored)| ignored)
}

fn ask(worktree: &Worktree, more: &[&str]) -> Result<(Status, Ignored), GitError> {
    let child = worktree
        .git()
        .without_locks()
        .args(["status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=none", "--no-renames"])
        .args(more);
    let line = child.line();
    let output = child.stdout()?;
    let (mut status, mut ignored) = (Status::default(), Ignored::default());
    for record in output.split_str("\0").filter(|record| !record.is_empty()) {
        if add(record.as_bstr(), &mut status, &mut ignored).is_none() {
            let detail = record.to_str_lossy().into_owned();
            return Err(GitError::Answer { command: line, detail });
        }
    }
    Ok((status, ignored))
}

/// File one record: `1 XY sub mH mI mW hH hI path`, `u XY sub m1 m2 m3 mW h1 h2 h3 path`, `? path` or `! path`.
fn add(record: &BStr, status: &mut Status, ignored: &mut Ignored) -> Option<()> {
    let (kind, rest) = record.split_once_str(" ")?;
    match kind {
        b"1" => {
            let mut fields = rest.splitn_str(8, " ");
            let (codes, submodule) = (fields.next()?, fields.next()?);
            let path = BString::from(fields.nth(5)?);
            // `S<commit changed><modified><untracked>`, `N...` for what is no submodule.
            if submodule.first() == Some(&b'S') && submodule.get(2..) != Some(b"..") {
                status.dirty_submodules.push(path.clone());
            }
            if codes.first() != Some(&b'.') {
                status.staged.push(path.clone());
            }
            if codes.get(1) != Some(&b'.') {
                status.unstaged.push(path);
            }
        }
        b"u" => status.unmerged.push(rest.splitn_str(10, " ").nth(9)?.into()),
        // Every untracked file has its own record, so what ends with a slash could not be looked into.
        b"?" => match rest.strip_suffix(b"/") {
            Some(folder) => status.embedded.push(folder.into()),
            None => status.untracked.push(rest.into()),
        },
        b"!" => match rest.strip_suffix(b"/") {
            Some(folder) => ignored.folders.push(folder.into()),
            None => ignored.files.push(rest.into()),
        },
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::worktrees;
    use crate::land::fixture::{Fixture, write_in};

    #[test]
    fn every_kind_of_uncommitted_work() {
        let fixture = Fixture::new();
        fixture.write(".gitignore", ".env\ntarget/\n");
        fixture.write("b.txt", "b");
        fixture.write("ä ö.txt", "c");
        fixture.commit("second");
        let worktree = &worktrees::list(&fixture.open()).unwrap()[0];
        assert!(worktree.is_intact());
        assert!(status(worktree).unwrap().is_clean());
        fixture.git(&["mv", "b.txt", "moved.txt"]);
        fixture.write("ä ö.txt", "changed");
        fixture.write("new/one two.txt", "");
        fixture.write(".env", "secret");
        fixture.write("target/x", "");
        fixture.git(&["init", "-q", "inner"]);
        write_in(&fixture.dir(), "inner/file", "");
        let found = status(worktree).unwrap();
        assert_eq!(found.staged, ["b.txt", "moved.txt"]);
        assert_eq!(found.unstaged, ["ä ö.txt"]);
        assert_eq!(found.untracked, ["new/one two.txt"]);
        assert_eq!(found.embedded, ["inner"]);
        assert_eq!(found.tracked(), ["b.txt", "moved.txt", "ä ö.txt"]);
        let found = ignored(worktree).unwrap();
        assert_eq!((found.files, found.folders), (vec![".env".into()], vec!["target".into()]));
    }

    #[test]
    fn unmerged_paths_and_dirty_submodules() {
        let fixture = Fixture::new();
        let inner = fixture.root().join("inner");
        fixture.git(&["init", "-q", inner.to_str().unwrap()]);
        write_in(&inner, "file", "1");
        fixture.git_in(&inner, &["add", "file"]);
        fixture.git_in(&inner, &["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-m", "1"]);
        fixture.git(&[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            inner.to_str().unwrap(),
            "sub",
        ]);
        fixture.commit("second");
        let worktree = &worktrees::list(&fixture.open()).unwrap()[0];
        assert!(status(worktree).unwrap().is_clean());
        fixture.write("sub/untracked", "");
        let found = status(worktree).unwrap();
        assert_eq!(found.dirty_submodules, ["sub"]);
        std::fs::remove_file(fixture.dir().join("sub/untracked")).unwrap();
        fixture.git(&["checkout", "-q", "-b", "other"]);
        fixture.write("a.txt", "other");
        fixture.commit("other");
        fixture.git(&["checkout", "-q", "main"]);
        fixture.write("a.txt", "main");
        fixture.commit("main");
        assert!(!fixture.try_git_in(&fixture.dir(), &["merge", "other"]));
        let found = status(worktree).unwrap();
        assert_eq!(found.unmerged, ["a.txt"]);
        assert!(found.dirty_submodules.is_empty());
    }
}
