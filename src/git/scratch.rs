//! A throw-away object folder in front of a repository.
//!
//! What is planned (merges, snapshots of uncommitted work, rebased commits) is written here and reads like the
//! repository itself, because the repository is the folder's alternate. Nothing reaches the repository until
//! [`Scratch::migrate`] is called, and a scratch that is dropped leaves nothing behind.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::objs::{Find as _, Write as _};

use super::repository::Repository;
use super::run::Git;

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
    objects: gix::odb::Handle,
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
        Ok(Scratch { folder, objects })
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

    /// A reader for scratch and repository, for gix's algorithms.
    pub fn objects(&self) -> &gix::odb::Handle {
        &self.objects
    }

    /// Write one object.
    ///
    /// # Errors
    /// [`ScratchError::Write`].
    pub fn write(&self, kind: gix::objs::Kind, bytes: &[u8]) -> Result<ObjectId, ScratchError> {
        self.objects
            .write_buf(kind, bytes)
            .map_err(|error| ScratchError::Write { path: self.path().to_owned(), reason: error.to_string() })
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
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    #[test]
    fn what_is_written_reaches_the_repository_only_when_it_migrates() {
        for format in ["sha1", "sha256"] {
            let fixture = Fixture::with_format(format);
            fixture.write("a", "hello\n");
            let commit = fixture.commit("first");
            let before = fixture.objects();
            let repository = fixture.open();
            let scratch = Scratch::new(&repository).unwrap();

            let blob = scratch.write(gix::objs::Kind::Blob, b"in scratch").unwrap();
            assert_eq!(blob.kind(), repository.gix().object_hash());
            assert_eq!(scratch.find(blob).unwrap().data, b"in scratch");
            assert_eq!(scratch.find(commit).unwrap().kind, gix::objs::Kind::Commit);
            let by_git = scratch.on(repository.git()).args(["hash-object", "-w", "--stdin"]).input("by git");
            let by_git: ObjectId = by_git.text().unwrap().parse().unwrap();
            assert_eq!(scratch.find(by_git).unwrap().data, b"by git");
            let seen = scratch.on(repository.git()).args(["cat-file", "-t", &commit.to_string()]).text().unwrap();
            assert_eq!(seen, "commit");
            assert_eq!(fixture.objects(), before);

            scratch.migrate(&repository).unwrap();
            scratch.migrate(&repository).unwrap();
            drop(scratch);
            assert_eq!(fixture.git(&["cat-file", "blob", &blob.to_string()]), "in scratch");
            assert_eq!(fixture.git(&["cat-file", "blob", &by_git.to_string()]), "by git");
            fixture.git(&["fsck", "--strict"]);
            let hex = blob.to_string();
            let file = fixture.path().join(".git/objects").join(&hex[..2]).join(&hex[2..]);
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o222, 0);
        }
    }

    #[test]
    fn folders_that_gc_removes_are_made_again() {
        let fixture = Fixture::new();
        fixture.commit("first");
        let repository = fixture.open();
        let objects = fixture.path().join(".git/objects");
        let is_done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                    for number in 0..=255 {
                        drop(fs::remove_dir(objects.join(format!("{number:02x}"))));
                    }
                }
            });
            let migrated = (0..5).try_for_each(|round| {
                let scratch = Scratch::new(&repository)?;
                for number in 0..50 {
                    scratch.write(gix::objs::Kind::Blob, format!("{round} {number}").as_bytes())?;
                }
                scratch.migrate(&repository)
            });
            is_done.store(true, std::sync::atomic::Ordering::Relaxed);
            migrated.unwrap();
        });
    }

    #[test]
    fn packs_migrate_too() {
        let fixture = Fixture::new();
        fixture.commit("first");
        let repository = fixture.open();
        let scratch = Scratch::new(&repository).unwrap();
        let big = scratch.on(repository.git()).args(["-c", "core.bigFileThreshold=10"]);
        std::fs::write(fixture.path().join("big"), "more than ten bytes").unwrap();
        let file = fixture.path().join("big");
        let id = big.args(["hash-object", "-w", "--no-filters"]).arg(&file).text().unwrap();
        scratch.migrate(&repository).unwrap();
        drop(scratch);
        assert_eq!(fixture.git(&["cat-file", "blob", &id]), "more than ten bytes");
    }

    #[test]
    fn an_object_that_nobody_has_is_missing() {
        let fixture = Fixture::new();
        fixture.commit("first");
        let repository = fixture.open();
        let scratch = Scratch::new(&repository).unwrap();
        let nowhere = ObjectId::from_hex(b"1234567890123456789012345678901234567890").unwrap();
        assert!(matches!(scratch.find(nowhere), Err(ScratchError::Missing { id }) if id == nowhere));
    }

    #[test]
    fn quoting_keeps_every_byte() {
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(b"/a:\"b\\\n\xff#"));
        assert_eq!(quoted(&path), b"\"/a:\\\"b\\\\\\012\\377#\"\n");
    }
}
