//! A repository as git sees it from one folder: where its parts are, how its refs are kept, what its config says.

use std::cell::RefCell;
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};

use super::run::{Git, GitError};
use crate::world::World;

/// The oldest git whose `merge-tree --stdin` takes trees as well as commits.
pub const OLDEST_GIT: &str = "2.45";
const OLDEST_GIT_NUMBERS: (u32, u32) = (2, 45);

/// Why no repository could be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is in no repository.
    #[error("{} is not in a git repository", .path.display())]
    NotARepository {
        /// Where the search began.
        path: PathBuf,
    },
    /// The folder does not exist or is a file.
    #[error("{} is not a folder", .path.display())]
    NotAFolder {
        /// What was given.
        path: PathBuf,
    },
    /// It belongs to somebody else, and git would not work in it either.
    #[error("{reason}")]
    NotTrusted {
        /// Where the search began.
        path: PathBuf,
        /// git's own words.
        reason: String,
    },
    /// There is a repository, but it cannot be used.
    #[error("the repository at {} cannot be opened: {reason}", .path.display())]
    Unusable {
        /// Where the search began.
        path: PathBuf,
        /// What stood in the way.
        reason: String,
    },
}

/// How a repository keeps its refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefStorage {
    /// Loose files and `packed-refs`: gix reads and writes them.
    Files,
    /// reftable: gix would write refs that git cannot see, so git's own plumbing does it all.
    Reftable,
}

/// One repository, opened from one folder. A clone is for another thread and shares the object store.
#[derive(Debug, Clone)]
pub struct Repository {
    gix: gix::Repository,
    git_dir: PathBuf,
    common_dir: PathBuf,
    worktree: Option<PathBuf>,
    storage: RefStorage,
    sizes: RefCell<HashMap<ObjectId, u64>>,
}

/// The sizes of so many objects are remembered.
const MOST_SIZES: usize = 1 << 16;

impl Repository {
    /// Find the repository that `dir` is in; `GIT_DIR` and its relatives are honoured as git does.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn discover(dir: &Path) -> Result<Self, OpenError> {
        if !dir.is_dir() {
            return Err(OpenError::NotAFolder { path: dir.to_owned() });
        }
        let mut gix = search(dir).map_err(|error| {
            let path = dir.to_owned();
            match error.downcast_any_ref::<gix::discover::upwards::Error>() {
                Some(_) => OpenError::NotARepository { path },
                None => OpenError::Unusable { path, reason: error.to_string() },
            }
        })?;
        if gix.git_dir_trust() != gix::sec::Trust::Full && World::variable("GIT_DIR").is_none() {
            ask_git_for_trust(dir)?;
        }
        gix.objects.ignore_replacements = true;
        // In a bare repository git keeps no logs by default, and gix none at all then, also where one is asked for.
        gix.refs.write_reflog = gix::refs::store::WriteReflog::Normal;
        // One small document is read after another: without a cache each would inflate its delta chain anew. It has room
        // for the folders that a few operations of a large state change, which are read again and again.
        gix.object_cache_size_if_unset(4 << 20);
        let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let storage = match gix.config_snapshot().string("extensions.refStorage") {
            Some(kind) if kind.eq_ignore_ascii_case(b"reftable") => RefStorage::Reftable,
            _ => RefStorage::Files,
        };
        Ok(Repository {
            git_dir: canonical(gix.git_dir()),
            common_dir: canonical(gix.common_dir()),
            worktree: gix.workdir().map(canonical),
            storage,
            gix,
            sizes: RefCell::default(),
        })
    }

    /// The gix view of it: reading objects and walking history.
    pub fn gix(&self) -> &gix::Repository {
        &self.gix
    }

    /// How large an object is, without reading it. What an id names never changes, so each is looked up once.
    ///
    /// # Errors
    /// It is not there or damaged.
    pub fn size_of(&self, id: ObjectId) -> Result<u64, gix::Error> {
        if let Some(size) = self.sizes.borrow().get(&id) {
            return Ok(*size);
        }
        let size = self.gix.find_header(id)?.size();
        let mut sizes = self.sizes.borrow_mut();
        if sizes.len() >= MOST_SIZES {
            sizes.clear();
        }
        sizes.insert(id, size);
        Ok(size)
    }

    /// Whether `tip` is `commit` or has it in its history. What is not here is in nothing, and has nothing.
    pub fn is_within(&self, commit: ObjectId, tip: ObjectId) -> bool {
        let bases = self.gix.merge_bases_many(tip, &[commit]).unwrap_or_default();
        bases.iter().any(|base| base.detach() == commit)
    }

    /// This worktree's own git folder (`.git`, or `.git/worktrees/x` in a linked worktree).
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The git folder that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The top of the worktree that we were called in; none in a bare repository.
    pub fn worktree(&self) -> Option<&Path> {
        self.worktree.as_deref()
    }

    /// How refs are kept.
    pub fn storage(&self) -> RefStorage {
        self.storage
    }

    /// The folder of what is ours, local and derivable or transient: journals, locks, caches.
    pub fn agents_dir(&self) -> PathBuf {
        self.common_dir.join("agents")
    }

    /// A git child that works on the repository as a whole, in no particular worktree.
    pub fn git(&self) -> Git {
        Git::at(&self.common_dir).arg("--git-dir").arg(&self.common_dir)
    }

    /// The same where the user's hooks may run: at the top of the main worktree, from which a relative `core.hooksPath`
    /// counts, and in a bare repository in the repository itself.
    pub fn git_with_hooks(&self) -> Git {
        let top = match (self.common_dir.file_name(), self.common_dir.parent()) {
            (Some(name), Some(parent)) if name == ".git" => parent,
            _ => &self.common_dir,
        };
        Git::at(top).env(super::hooks::INSIDE, "1").arg("--git-dir").arg(&self.common_dir)
    }

    /// One value of git's configuration, all scopes considered.
    pub fn config(&self, key: &str) -> Option<String> {
        if is_given_for_this_run(key) {
            return self.config_by_git(&["--get", key]);
        }
        self.gix.config_snapshot().string(key).map(|value| value.to_str_lossy().into_owned())
    }

    /// All values of a key that may be given several times, in git's order.
    pub fn config_all(&self, key: &str) -> Vec<String> {
        if is_given_for_this_run(key) {
            let values = self.config_by_git(&["-z", "--get-all", key]).unwrap_or_default();
            return values.split_terminator('\0').map(ToOwned::to_owned).collect();
        }
        let values = self.gix.config_snapshot().plumbing().strings(key).unwrap_or_default();
        values.into_iter().map(|value| value.to_str_lossy().into_owned()).collect()
    }

    /// One boolean of git's configuration; `false` when it is not set.
    pub fn config_flag(&self, key: &str) -> bool {
        if is_given_for_this_run(key) {
            return self.config_by_git(&["--type=bool", "--get", key]).as_deref() == Some("true");
        }
        self.gix.config_snapshot().boolean(key).unwrap_or(false)
    }

    fn config_by_git(&self, args: &[&str]) -> Option<String> {
        let git = Git::at(&self.common_dir).arg("--git-dir").arg(&self.git_dir).arg("config").args(args);
        git.text().ok()
    }

    /// Refuse a git that lacks what conflicts and landing rely on.
    ///
    /// # Errors
    /// [`GitError::Missing`] and [`GitError::TooOld`].
    pub fn require_git(&self) -> Result<(), GitError> {
        require_git(&self.common_dir)
    }
}

/// Whether `git -c` may have given the key: that reaches git, and not gix.
fn is_given_for_this_run(key: &str) -> bool {
    let given = World::variable("GIT_CONFIG_PARAMETERS").unwrap_or_default().to_ascii_lowercase();
    // A file that is included for this run may have any key.
    given.contains(&key.to_ascii_lowercase()) || given.contains("include")
}

/// Refuse a git that lacks what conflicts and landing rely on; `dir` is any folder.
///
/// # Errors
/// [`GitError::Missing`] and [`GitError::TooOld`].
pub fn require_git(dir: &Path) -> Result<(), GitError> {
    let line = version(dir)?;
    let found = line.split_whitespace().nth(2).unwrap_or("of unknown version").to_owned();
    let mut numbers = found.split('.').map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST_GIT_NUMBERS => Ok(()),
        _ => Err(GitError::TooOld { found, needed: OLDEST_GIT }),
    }
}

/// What `git version` says, asked once; `dir` is any folder.
///
/// # Errors
/// [`GitError::Missing`] above all.
pub fn version(dir: &Path) -> Result<String, GitError> {
    static KNOWN: OnceLock<String> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Ok(known.clone());
    }
    let line = Git::at(dir).arg("version").text()?;
    Ok(KNOWN.get_or_init(|| line).clone())
}

/// Search from `dir` upwards, or open what `GIT_DIR` names.
fn search(dir: &Path) -> Result<gix::Repository, gix::Error> {
    let options = || gix::discover::upwards::Options { match_ceiling_dir_or_error: false, ..Default::default() };
    // gix takes "." for a worktree also where it is the git folder itself: in `.git`, and in the hooks of a push, for
    // which git sets GIT_DIR to ".".
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let found = match World::variable("GIT_DIR").as_deref() {
        Some(".") => {
            let here = Path::new(".").canonicalize().unwrap_or(whole);
            gix::ThreadSafeRepository::discover_opts(here, options(), Default::default())
        }
        _ => gix::ThreadSafeRepository::discover_with_environment_overrides_opts(whole, options(), Default::default()),
    };
    found.map(|found| found.to_thread_local())
}

/// The repository is somebody else's: whether its configuration may name programs to run is git's to say (it asks
/// `safe.directory`), and every git child of ours names the repository, which would pass over that question.
fn ask_git_for_trust(dir: &Path) -> Result<(), OpenError> {
    match Git::at(dir).args(["rev-parse", "--git-dir"]).stdout() {
        Ok(_) => Ok(()),
        Err(GitError::Failed { stderr, .. }) => {
            let reason = stderr.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_owned();
            Err(OpenError::NotTrusted { path: dir.to_owned(), reason })
        }
        Err(error) => Err(OpenError::Unusable { path: dir.to_owned(), reason: error.to_string() }),
    }
}

/// A path from git's output, which is bytes, as a path of this system.
pub fn path_of(bytes: &BStr) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A path from git as text: as it is when it is UTF-8, else quoted as git quotes it, so that no two look alike. So is
/// one that seems to be quoted.
pub fn path_text(path: &BStr) -> String {
    match path.to_str() {
        Ok(text) if !text.starts_with('"') => text.to_owned(),
        _ => {
            let escape = |byte: &u8| match byte {
                b'"' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                byte => format!("\\{byte:03o}"),
            };
            format!("\"{}\"", path.iter().map(escape).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_no_text_are_quoted_as_git_does() {
        assert_eq!(path_text("src/ä b.rs".into()), "src/ä b.rs");
        assert_eq!(path_text(b"\xff\"x".as_bstr()), "\"\\377\\\"x\"");
        assert_ne!(path_text("\"\\377\"".into()), path_text(b"\xff".as_bstr()));
    }
}
