//! A bare remote and clones of it, with programs in between that can be told to fail.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The remote, the clones and the weather between them.
pub(super) struct Ground {
    /// Removed when the ground is dropped.
    folder: tempfile::TempDir,
    program: PathBuf,
}

/// What happens to whoever talks to the remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    /// Nothing.
    Fine,
    /// It takes a while.
    Slow,
    /// A hook of the host rejects every push.
    Rejecting,
    /// The push goes through, and nobody says so.
    LostReply,
    /// It can only be read.
    ReadOnly,
    /// It takes no refs but branches.
    BranchesOnly,
    /// It is not there.
    Away,
}

impl Weather {
    pub(super) const ALL: [Weather; 7] = [
        Weather::Fine,
        Weather::Slow,
        Weather::Rejecting,
        Weather::LostReply,
        Weather::ReadOnly,
        Weather::BranchesOnly,
        Weather::Away,
    ];
}

impl Ground {
    /// A remote with a branch, and this many clones, `c0`, `c1`, …, each with one agent that all know: `a0`, `a1`, ….
    pub(super) fn new(program: &Path, clones: usize) -> Self {
        let mut named = tempfile::Builder::new();
        named.prefix("git-agents-contest-");
        let folder = named.tempdir_in("/dev/shm").or_else(|_| named.tempdir()).unwrap();
        let ground = Ground { folder, program: program.to_owned() };
        std::fs::create_dir(ground.root().join("home")).unwrap();
        ground.set(Weather::Fine);
        ground.git(&ground.root(), ["init", "-q", "--bare", "-b", "main", "remote.git"]);
        ground.write_programs();
        for n in 0..clones {
            ground.clone(n);
        }
        let names: Vec<String> = (0..clones).map(|n| format!("a{n}")).collect();
        for name in &names {
            ground.agents(0, &["agent", "add", name, "--no-worktree"]);
        }
        for n in 0..clones {
            ground.agents(n, &["sync"]);
        }
        ground
    }

    fn clone(&self, n: usize) {
        let root = self.root();
        let url = format!("file://{}", root.join("remote.git").display());
        self.git(&root, ["clone", "-q", &url, &format!("c{n}")]);
        let dir = self.dir(n);
        for (key, value) in [
            ("user.name".to_owned(), format!("c{n}")),
            ("user.email".to_owned(), format!("c{n}@example.com")),
            ("agents.remote".to_owned(), "origin".to_owned()),
            ("remote.origin.uploadpack".to_owned(), root.join("upload-pack").display().to_string()),
            ("remote.origin.receivepack".to_owned(), root.join("receive-pack").display().to_string()),
        ] {
            self.git(&dir, ["config", &key, &value]);
        }
        if n == 0 {
            self.git(&dir, ["commit", "-q", "--allow-empty", "-m", "Begin"]);
            self.git(&dir, ["push", "-q", &url, "HEAD:main"]);
        }
    }

    fn write_programs(&self) {
        let weather = self.root().join("weather");
        let sky = format!("case $(cat {}) in", weather.display());
        self.script(
            "upload-pack",
            &format!("{sky} Away) exit 128;; Slow) sleep 0.05;; esac\nexec git-upload-pack \"$@\""),
        );
        let receive = format!("{sky} Away|ReadOnly) exit 128;; Slow) sleep 0.05;; esac\nexec git-receive-pack \"$@\"");
        self.script("receive-pack", &receive);
        self.script("remote.git/hooks/pre-receive", &format!("{sky} Rejecting) echo 'Closed' >&2; exit 1;; esac"));
        let update = format!("{sky} BranchesOnly) case $1 in refs/heads/*) ;; *) exit 1;; esac;; esac");
        self.script("remote.git/hooks/update", &update);
        let lost = format!("[ $1 = committed ] || exit 0\n{sky} LostReply) kill -9 $PPID;; esac");
        self.script("remote.git/hooks/reference-transaction", &lost);
    }

    fn script(&self, path: &str, body: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Change the weather for all.
    pub(super) fn set(&self, weather: Weather) {
        let new = self.root().join(format!("weather.{:?}", std::thread::current().id()));
        let path = self.root().join("weather");
        std::fs::write(&new, format!("{weather:?}\n")).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// A clone's folder.
    pub(super) fn dir(&self, n: usize) -> PathBuf {
        self.root().join(format!("c{n}"))
    }

    /// The program in a clone.
    pub(super) fn command(&self, n: usize, words: &[&str]) -> Command {
        let mut command = self.any(&self.program, &self.dir(n));
        command.args(words);
        command
    }

    /// git in a clone.
    pub(super) fn git_command(&self, n: usize, words: &[&str]) -> Command {
        let mut command = self.any("git", &self.dir(n));
        command.args(words);
        command
    }

    /// The program in a clone; it must not fail.
    #[track_caller]
    pub(super) fn agents(&self, n: usize, words: &[&str]) -> Output {
        let output = self.command(n, words).output().unwrap();
        assert!(output.status.success(), "c{n} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    #[track_caller]
    pub(super) fn git<S: AsRef<OsStr>>(&self, dir: &Path, words: impl IntoIterator<Item = S>) -> String {
        let output = self.any("git", dir).args(words).output().unwrap();
        assert!(output.status.success(), "git said no: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The sentences of a clone's chain, newest first.
    pub(super) fn sentences(&self, n: usize) -> Vec<String> {
        let log = self.git(&self.dir(n), ["log", "--format=%s", "refs/agents/state"]);
        log.lines().map(str::to_owned).collect()
    }

    /// Every clone has the same chain as the remote, and git finds nothing wrong with any of them.
    pub(super) fn disagreements(&self, clones: usize) -> Vec<String> {
        let tip = |dir: &Path| self.git(dir, ["rev-parse", "refs/agents/state"]);
        let remote = tip(&self.root().join("remote.git"));
        let mut found = Vec::new();
        for n in 0..clones {
            let own = tip(&self.dir(n));
            if own != remote {
                found.push(format!("c{n} is at {own}, the remote at {remote}"));
            }
            self.git(&self.dir(n), ["fsck", "--no-dangling", "--strict"]);
        }
        if self.git(&self.dir(0), ["rev-list", "--merges", "--count", "refs/agents/state"]) != "0" {
            found.push("the chain has merges".to_owned());
        }
        found
    }

    fn any(&self, program: impl AsRef<OsStr>, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(dir)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.root().join("home"))
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}
