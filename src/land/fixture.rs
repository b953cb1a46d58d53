//! Temporary repositories for tests against real git: no user, system or global configuration, a pinned identity in
//! the repository's own configuration (the library's children inherit the environment of the test process).

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::actor::Signature;
use gix::date::Time;

use crate::git::{Git, Repository};

/// How a fixture's repository is made.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shape {
    pub(crate) sha256: bool,
    pub(crate) reftable: bool,
    pub(crate) bare: bool,
}

/// A folder with a repository in `repo`, on branch `main` with one commit unless it is bare.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::shaped(Shape::default())
    }

    pub(crate) fn shaped(shape: Shape) -> Self {
        let fixture = Fixture { folder: tempfile::tempdir().unwrap() };
        let mut init = vec!["init", "-q", "-b", "main"];
        init.extend(shape.sha256.then_some("--object-format=sha256"));
        init.extend(shape.reftable.then_some("--ref-format=reftable"));
        init.extend(shape.bare.then_some("--bare"));
        std::fs::create_dir(fixture.dir()).unwrap();
        fixture.git(&init);
        fixture.git(&["config", "user.name", "Ann"]);
        fixture.git(&["config", "user.email", "ann@example.com"]);
        fixture.git(&["config", "commit.gpgSign", "false"]);
        fixture.git(&["config", "core.hooksPath", "/dev/null"]);
        if !shape.bare {
            fixture.write("a.txt", &lines(20));
            fixture.commit("first");
        }
        fixture
    }

    /// The main worktree, or the bare repository.
    pub(crate) fn dir(&self) -> PathBuf {
        self.root().join("repo")
    }

    /// The folder that everything of the fixture is in.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn open(&self) -> Repository {
        Repository::discover(&self.dir()).unwrap()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.dir(), args)
    }

    pub(crate) fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        self.child(dir, args).text().unwrap()
    }

    /// Whether git said yes.
    pub(crate) fn try_git_in(&self, dir: &Path, args: &[&str]) -> bool {
        self.child(dir, args).text().is_ok()
    }

    fn child(&self, dir: &Path, args: &[&str]) -> Git {
        Git::at(dir)
            .env("HOME", self.root())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_DATE", "@1700000000 +0130")
            .env("GIT_COMMITTER_DATE", "@1700000100 +0000")
            .args(args)
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        write_in(&self.dir(), path, content);
    }

    /// Everything in the main worktree as one commit.
    pub(crate) fn commit(&self, message: &str) -> ObjectId {
        self.commit_in(&self.dir(), message)
    }

    pub(crate) fn commit_in(&self, dir: &Path, message: &str) -> ObjectId {
        self.git_in(dir, &["add", "-A"]);
        self.git_in(dir, &["commit", "-q", "--allow-empty", "-m", message]);
        self.id_in(dir, "HEAD")
    }

    pub(crate) fn id(&self, name: &str) -> ObjectId {
        self.id_in(&self.dir(), name)
    }

    pub(crate) fn id_in(&self, dir: &Path, name: &str) -> ObjectId {
        ObjectId::from_hex(self.git_in(dir, &["rev-parse", "--verify", name]).as_bytes()).unwrap()
    }

    /// A linked worktree `root/<name>` on a new branch `agents/<name>` that starts at `start`.
    pub(crate) fn worktree(&self, name: &str, start: &str) -> PathBuf {
        let path = self.root().join(name);
        let branch = format!("agents/{}", name.replace(' ', "-"));
        self.git(&["worktree", "add", "-q", "-b", &branch, path.to_str().unwrap(), start]);
        path
    }

    /// Wait until no journal entry is locked any more. A child that another test starts at this moment holds copies of
    /// all our files until it becomes git, also of those that were closed.
    pub(crate) fn entries_are_free(&self) {
        let folder = self.open().agents_dir().join("journal");
        for _ in 0..200 {
            let mut files = folder
                .read_dir()
                .into_iter()
                .flatten()
                .filter_map(|entry| std::fs::File::open(entry.ok()?.path()).ok());
            if files.all(|file| file.try_lock().is_ok()) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("an entry is still locked");
    }

    pub(crate) fn status_in(&self, dir: &Path) -> String {
        self.git_in(dir, &["status", "--porcelain", "--untracked-files=all"])
    }
}

pub(crate) fn write_in(dir: &Path, path: &str, content: &str) {
    let path = dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub(crate) fn read_in(dir: &Path, path: &str) -> String {
    std::fs::read_to_string(dir.join(path)).unwrap()
}

/// `1\n2\n…` up to `count`.
pub(crate) fn lines(count: u32) -> String {
    (1..=count).map(|number| format!("{number}\n")).collect()
}

/// [`lines`] with one of them replaced.
pub(crate) fn lines_with(count: u32, at: u32, text: &str) -> String {
    lines(count).replace(&format!("\n{at}\n"), &format!("\n{text}\n"))
}

pub(crate) fn ann() -> Signature {
    Signature {
        name: "Ann".into(),
        email: "ann@example.com".into(),
        time: Time { seconds: 1_700_000_200, offset: 3600 },
    }
}
