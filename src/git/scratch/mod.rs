//! A throw-away object folder in front of a repository.
//!
//! What is planned (merges, snapshots of uncommitted work, rebased commits) is written here and reads like the
//! repository itself, because the repository is the folder's alternate. Nothing reaches the repository until
//! [`Scratch::migrate`] is called, and a scratch that is dropped leaves nothing behind.

mod memory;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::objs::Find as _;

use super::repository::Repository;
use super::run::{Git, GitError};
use memory::Objects;

/// How often a folder that vanishes is made again.
const ATTEMPTS: u32 = 100;

/// What can go wrong with a scratch.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// No folder for it, or it could not be set up.
    #[error("no temporary object folder in {}: {source}", .path.display())]
    Folder {
        /// Where it was to be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An object could not be written.
    #[error("could not write an object to {}: {reason}", .path.display())]
    Write {
        /// The scratch folder.
        path: PathBuf,
        /// What stood in the way.
        reason: String,
    },
    /// An object is there but cannot be read.
    #[error("object {id} cannot be read: {reason}")]
    Unreadable {
        /// The object.
        id: ObjectId,
        /// What was wrong with it.
        reason: String,
    },
    /// Neither the scratch nor the repository has the object.
    #[error("object {id} does not exist")]
    Missing {
        /// The object.
        id: ObjectId,
    },
    /// An object could not be moved to the repository.
    #[error("could not move {} to the repository: {source}", .path.display())]
    Migrate {
        /// The file that stayed behind.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Commit, tree, blob or tag.
    pub kind: gix::objs::Kind,
    /// Its content, without git's header.
    pub data: Vec<u8>,
}

/// A temporary object folder whose alternate is one repository.
pub struct Scratch {
    folder: tempfile::TempDir,
    objects: Objects,
    git_dir: PathBuf,
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Scratch {
    /// A fresh one: inside the repository's `agents/tmp` so that migrating is a link and not a copy, or in the
    /// system's temporary folder when the repository is not ours to write.
    ///
    /// # Errors
    /// [`ScratchError::Folder`].
    pub fn new(repository: &Repository) -> Result<Self, ScratchError> {
        Self::open(repository, Objects::in_files)
    }

    /// A fresh one that keeps what it writes in memory, as files are slow to make. git sees it when it is handed over:
    /// see [`Scratch::hand_over`]. Nothing of that kind can migrate.
    ///
    /// # Errors
    /// [`ScratchError::Folder`].
    pub fn in_memory(repository: &Repository) -> Result<Self, ScratchError> {
        Self::open(repository, Objects::in_memory)
    }

    fn open(repository: &Repository, keep: fn(gix::odb::Handle) -> Objects) -> Result<Self, ScratchError> {
        let preferred = repository.agents_dir().join("tmp");
        let create = |parent: &Path| tempfile::Builder::new().prefix("scratch-").tempdir_in(parent);
        let folder = fs::create_dir_all(&preferred)
            .and_then(|()| create(&preferred))
            .or_else(|_| tempfile::Builder::new().prefix("git-agents-scratch-").tempdir())
            .map_err(|source| ScratchError::Folder { path: preferred, source })?;
        let failed = |source| ScratchError::Folder { path: folder.path().to_owned(), source };

        let behind = repository.gix().objects.store_ref().path();
        let behind = behind.canonicalize().map_err(failed)?;
        // A file and not GIT_ALTERNATE_OBJECT_DIRECTORIES: git and gix both read it, so they see the same objects.
        fs::create_dir(folder.path().join("info")).map_err(failed)?;
        fs::write(folder.path().join("info/alternates"), quoted(&behind)).map_err(failed)?;
        let hash = repository.gix().object_hash();
        let mut objects = gix::odb::at(folder.path(), hash).map_err(failed)?;
        // Trees are read again and again while branches are compared.
        objects.set_object_cache(|| Box::new(gix::odb::pack::cache::object::MemoryCappedHashmap::new(16 << 20)));
        Ok(Scratch { folder, objects: keep(objects), git_dir: repository.git_dir().to_owned() })
    }

    /// The folder that takes the place of `.git/objects`.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The variables that make a git child write here and read from here and from the repository.
    pub fn environment(&self) -> [(&'static str, OsString); 1] {
        [("GIT_OBJECT_DIRECTORY", self.path().as_os_str().to_owned())]
    }

    /// Make a git child work on the scratch. To be called before the subcommand is named, as it gives `-c` options.
    pub fn on(&self, git: Git) -> Git {
        in_front(self.path(), git)
    }

    /// A reader for scratch and repository, and for what is in memory, for gix's algorithms.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Write one object.
    ///
    /// # Errors
    /// [`ScratchError::Write`].
    pub fn write(&self, kind: gix::objs::Kind, bytes: &[u8]) -> Result<ObjectId, ScratchError> {
        let failed = |reason: String| ScratchError::Write { path: self.path().to_owned(), reason };
        self.objects.write(kind, bytes).map_err(failed)
    }

    /// A commit that stands in for work that nobody has committed, so that git can see its ancestry.
    ///
    /// # Errors
    /// [`ScratchError::Write`].
    pub fn stand_in(&self, tree: ObjectId, parents: &[ObjectId]) -> Result<ObjectId, ScratchError> {
        // Dated in the year 2100: git walks history from the newest commit, and one that seems older than its parents
        // would make it walk all of history first.
        let who = "git-agents <git-agents> 4102444800 +0000";
        let mut text = format!("tree {tree}\n");
        for parent in parents {
            text.push_str(&format!("parent {parent}\n"));
        }
        text.push_str(&format!("author {who}\ncommitter {who}\n\nstands in for what is not committed\n"));
        self.write(gix::objs::Kind::Commit, text.as_bytes())
    }

    /// Whether there is such an object.
    pub fn has(&self, id: ObjectId) -> bool {
        self.objects.has(id)
    }

    /// Read one object from the scratch or from the repository behind it.
    ///
    /// # Errors
    /// [`ScratchError::Missing`] and [`ScratchError::Unreadable`].
    pub fn find(&self, id: ObjectId) -> Result<Object, ScratchError> {
        let mut data = Vec::new();
        let kind = match self.objects.try_find(&id, &mut data) {
            Ok(Some(found)) => found.kind,
            Ok(None) => return Err(ScratchError::Missing { id }),
            Err(error) => return Err(ScratchError::Unreadable { id, reason: error.to_string() }),
        };
        Ok(Object { kind, data })
    }

    /// Let git see `roots` and everything below them, as far as it was kept in memory until now.
    ///
    /// # Errors
    /// [`ScratchError::Write`].
    pub fn hand_over(&self, roots: impl IntoIterator<Item = ObjectId>) -> Result<(), ScratchError> {
        let failed = |reason: String| ScratchError::Write { path: self.path().to_owned(), reason };
        let index = |pack: Vec<u8>| -> Result<(), GitError> {
            let git = self.on(Git::at(&self.git_dir).arg("--git-dir").arg(&self.git_dir));
            git.args(["index-pack", "--stdin"]).input(pack).stdout().map(drop)
        };
        self.objects.hand_over(roots, |pack| index(pack).map_err(|error| error.to_string())).map_err(failed)
    }

    /// Publish: every object of the scratch becomes the repository's own, durably. The order does not matter, as
    /// nothing refers to them until a ref moves; stopping half way leaves objects that git's own `gc` collects.
    ///
    /// # Errors
    /// [`ScratchError::Migrate`], with what was moved so far left in place: calling it again continues.
    pub fn migrate(&self, repository: &Repository) -> Result<(), ScratchError> {
        let into = repository.gix().objects.store_ref().path();
        for folder in read_dir(self.path())? {
            let name = folder.file_name().unwrap_or_default();
            let is_fan = name.len() == 2 && name.as_bytes().iter().all(u8::is_ascii_hexdigit);
            if !is_fan && name != "pack" {
                continue;
            }
            let mut files = read_dir(&folder)?;
            // An index announces its pack, so it goes last.
            files.sort_by_key(|file| file.extension().is_some_and(|extension| extension == "idx"));
            for file in files {
                let file_name = file.file_name().unwrap_or_default();
                // What a killed child left half written has no place in the repository.
                if file_name.as_bytes().starts_with(b"tmp") || file_name.as_bytes().starts_with(b".tmp") {
                    continue;
                }
                publish(&file, into, &into.join(name))
                    .map_err(|source| ScratchError::Migrate { path: file.clone(), source })?;
            }
        }
        Ok(())
    }
}

/// Make a git child work on the scratch at `path`; for threads, which cannot share a [`Scratch`].
pub(super) fn in_front(path: &Path, git: Git) -> Git {
    // Without fsync: it is thrown away, and what is kept is synchronised when it migrates.
    git.env("GIT_OBJECT_DIRECTORY", path).args(["-c", "core.fsync=none"])
}

/// A path as a line of `info/alternates`, in C quotes: it may begin with `#` or `"` or hold a newline.
fn quoted(path: &Path) -> Vec<u8> {
    let mut line = vec![b'"'];
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', byte]),
            0..=31 | 127.. => line.extend(format!("\\{byte:03o}").bytes()),
            _ => line.push(byte),
        }
    }
    line.extend(b"\"\n");
    line
}

fn read_dir(path: &Path) -> Result<Vec<PathBuf>, ScratchError> {
    fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|source| ScratchError::Migrate { path: path.to_owned(), source })
}

/// Put one finished object file into `folder` of the object folder `objects`, never replacing one. git's gc removes a
/// folder that is empty, also the one that was made a moment ago; then it is made again.
fn publish(file: &Path, objects: &Path, folder: &Path) -> io::Result<()> {
    let there = folder.join(file.file_name().unwrap_or_default());
    let mut attempt = 1;
    loop {
        if there.exists() {
            return Ok(());
        }
        match make_folder(objects, folder).and_then(|()| link_or_copy(file, objects, &there)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

fn make_folder(objects: &Path, folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        // A repository that is shared between users keeps its group's rights.
        Ok(()) => fs::set_permissions(folder, fs::metadata(objects)?.permissions()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn link_or_copy(file: &Path, objects: &Path, there: &Path) -> io::Result<()> {
    fs::File::open(file)?.sync_all()?;
    match fs::hard_link(file, there) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        // Another file system, or one without links, or the folder has gone, which the copy finds out too.
        Err(_) => {}
    }
    // git's own gc removes files with this prefix when they are old.
    let mut copy = tempfile::Builder::new().prefix("tmp_obj_agents_").tempfile_in(objects)?;
    io::copy(&mut fs::File::open(file)?, &mut copy)?;
    let mode = fs::metadata(file)?.permissions().mode() & 0o444;
    copy.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    copy.as_file().sync_all()?;
    match copy.persist_noclobber(there) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
