//! A throw-away repository for the tests of this crate: real git, no user, no system, a fixed clock.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::repository::{Repository, path_of};

/// A repository with one empty-handed main branch, in a folder of its own with an awkward name.
pub(crate) struct Fixture {
    home: tempfile::TempDir,
    path: PathBuf,
}

impl Fixture {
    /// A sha1 repository.
    pub(crate) fn new() -> Self {
        Self::with_format("sha1")
    }

    /// A repository whose ids are made by `format`: `sha1` or `sha256`.
    pub(crate) fn with_format(format: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        // The name holds what has to be quoted in lists of object folders.
        let path = home.path().join("a \"repo\": é");
        std::fs::create_dir(&path).unwrap();
        let fixture = Fixture { home, path };
        fixture.git(&["init", "-q", "-b", "main", "--object-format", format]);
        fixture
    }

    /// The top of the main worktree.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A folder beside the repository, for further worktrees.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Open it.
    pub(crate) fn open(&self) -> Repository {
        Repository::discover(&self.path).unwrap()
    }

    /// Run git in the main worktree; it must succeed.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.path, args)
    }

    /// Run git in some worktree; it must succeed.
    pub(crate) fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let (code, stdout, stderr) = self.try_git_in(dir, args);
        assert_eq!(code, 0, "git {args:?}: {stdout}{stderr}");
        stdout
    }

    /// Run git in some worktree: exit status, standard output and standard error.
    #[expect(clippy::disallowed_methods, reason = "what the tests compare with must not be built by the tested code")]
    pub(crate) fn try_git_in(&self, dir: &Path, args: &[&str]) -> (i32, String, String) {
        let output = Command::new("git")
            .args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"])
            .args(args)
            .current_dir(dir)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "A")
            .env("GIT_AUTHOR_EMAIL", "a@example.com")
            .env("GIT_AUTHOR_DATE", "1700000000 +0000")
            .env("GIT_COMMITTER_NAME", "C")
            .env("GIT_COMMITTER_EMAIL", "c@example.com")
            .env("GIT_COMMITTER_DATE", "1700000000 +0000")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// Write a file of the main worktree, with the folders above it.
    pub(crate) fn write(&self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) {
        write_in(&self.path, path.as_ref(), content.as_ref());
    }

    /// Remove a file of the main worktree.
    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.path.join(path)).unwrap();
    }

    /// Commit everything that is in the main worktree and give the commit.
    pub(crate) fn commit(&self, message: &str) -> ObjectId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// A branch at `start` with one commit on it, made of what `change` does to the worktree. Ends on that branch.
    pub(crate) fn branch(&self, name: &str, start: &str, change: impl FnOnce(&Fixture)) -> ObjectId {
        self.git(&["checkout", "-q", "-b", name, start]);
        change(self);
        self.commit(name)
    }

    /// What a name stands for.
    pub(crate) fn id(&self, name: &str) -> ObjectId {
        self.git(&["rev-parse", "--verify", name]).parse().unwrap()
    }

    /// One random change of the files: edit, delete, rename, move a folder, add to it, or put a file in a folder's place.
    pub(crate) fn change_at_random(&self, random: &mut fastrand::Rng) {
        let listed = self.git(&["ls-files", "--cached", "--others"]);
        let files: Vec<&str> = listed.lines().filter(|file| self.path.join(file).is_file()).collect();
        let Some(file) = random.choice(&files).copied() else { return };
        let word = random.choice(["x", "y"]).unwrap();
        match random.u8(0..8) {
            0 => self.remove(file),
            1 => {
                std::fs::create_dir_all(self.path.join(word)).ok();
                std::fs::rename(self.path.join(file), self.path.join(format!("{word}/file"))).ok();
            }
            2 => drop(std::fs::rename(self.path.join("dir"), self.path.join(format!("dir-{word}")))),
            3 => self.write(format!("dir/new-{word}"), random.choice(["1\n", "2\n"]).unwrap()),
            4 => drop(std::fs::write(self.path.join(word), "a file\n")),
            _ => {
                let text = std::fs::read_to_string(self.path.join(file)).unwrap_or_default();
                let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
                let at = random.usize(0..=lines.len() / 4);
                lines.insert(at, word.to_owned());
                self.write(file, lines.join("\n") + "\n");
            }
        }
    }

    /// Every object that the repository itself holds, so that "nothing was written" can be asserted.
    pub(crate) fn objects(&self) -> String {
        self.git(&["cat-file", "--batch-all-objects", "--batch-check"])
    }
}

/// `count` numbered lines.
pub(crate) fn lines(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("line {number}\n")).collect()
}

/// Numbered lines with some of them (counted from 1) replaced.
pub(crate) fn lines_with(count: usize, changes: &[(usize, &str)]) -> String {
    let mut all = lines(count);
    for (number, text) in changes {
        all[number - 1] = format!("{text}\n");
    }
    all.concat()
}

/// Write a file below `dir`.
pub(crate) fn write_in(dir: &Path, path: &[u8], content: &[u8]) {
    let path = dir.join(path_of(BString::from(path).as_bstr()));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}
