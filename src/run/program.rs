//! Where the program of a run is: on the `PATH`, in the worktree in which it runs, or where its command was typed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use rustix::fs::Access;

use crate::config;
use crate::git::Repository;
use crate::worktree::ready;
use crate::world::World;

/// Why there is no such program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// No folder of the `PATH` has it.
    #[error("it is not on the PATH")]
    NotOnPath,
    /// It is there, and cannot be run.
    #[error("{} is not executable", .path.display())]
    NotExecutable {
        /// Where it is.
        path: PathBuf,
    },
    /// It is a script, and what it is written for is not there.
    #[error("{} is a script for {interpreter}, which is not there", .path.display())]
    NoInterpreter {
        /// Where it is.
        path: PathBuf,
        /// What its first line names.
        interpreter: String,
    },
    /// It is a folder.
    #[error("{} is a folder", .path.display())]
    Folder {
        /// Where it is.
        path: PathBuf,
    },
    /// It is neither where the command was typed nor on the branch from which a worktree would be made.
    #[error("there is no such file {}on {branch}", .typed_in.as_ref().map(|folder| format!("in {}, nor ", folder.display())).unwrap_or_default())]
    NotOnBranch {
        /// Where the command was typed; none for a profile's.
        typed_in: Option<PathBuf>,
        /// The branch.
        branch: String,
    },
    /// It is nowhere.
    #[error("there is no such file in {}", .folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", nor in "))]
    Nowhere {
        /// Where it was looked for.
        folders: Vec<PathBuf>,
    },
}

/// Where programs are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The worktree in which it is to run; none when that is still to be made.
    pub worktree: Option<&'a Path>,
    /// Where the command was typed; none when it comes from a profile.
    pub typed_in: Option<&'a Path>,
    /// The environment that it will have besides ours.
    pub env: &'a [(String, OsString)],
}

impl Places<'_> {
    /// Find a program as a shell in the worktree would. One that is named by a path and is not there is taken from where
    /// the command was typed, by its whole path; that is given back.
    ///
    /// # Errors
    /// See [`Missing`].
    pub fn find(&self, program: &OsStr) -> Result<Option<PathBuf>, Missing> {
        if !is_path(program) {
            return if self.is_on_path(program) { Ok(None) } else { Err(Missing::NotOnPath) };
        }
        let whole = Path::new(program).parent().filter(|_| Path::new(program).is_absolute());
        let places = [whole.or(self.worktree), self.typed_in.filter(|_| whole.is_none())];
        let found = places.into_iter().flatten().find(|folder| folder.join(program).exists());
        let Some(folder) = found else {
            let mut folders: Vec<PathBuf> = places.into_iter().flatten().map(Path::to_owned).collect();
            folders.dedup();
            return Err(Missing::Nowhere { folders });
        };
        let path = config::normalise(&folder.join(program));
        if let Some(interpreter) = absent_interpreter(&path) {
            return Err(Missing::NoInterpreter { path, interpreter });
        }
        match is_program(&path) {
            true if whole.is_some() || Some(folder) == self.worktree => Ok(None),
            true => Ok(Some(path)),
            false if path.is_dir() => Err(Missing::Folder { path }),
            false => Err(Missing::NotExecutable { path }),
        }
    }

    /// The same before there is a worktree: what is on the target's branch, or is brought by what makes worktrees ready,
    /// will be there.
    ///
    /// # Errors
    /// See [`Missing`].
    pub fn find_ahead(&self, repo: &Repository, program: &OsStr) -> Result<(), Missing> {
        match self.find(program) {
            Err(Missing::Nowhere { .. }) if self.worktree.is_none() && Path::new(program).is_relative() => {
                let is_made_ready = ready::Plan::of(repo, true).map_or(true, |plan| !plan.is_empty());
                let Some(target) = config::target(repo).ok().filter(|_| !is_made_ready) else { return Ok(()) };
                let typed_in = self.typed_in.map(Path::to_owned);
                let missing = Missing::NotOnBranch { typed_in, branch: target.branch.clone() };
                if is_in_tree(repo, target.commit, program) { Ok(()) } else { Err(missing) }
            }
            other => other.map(drop),
        }
    }

    fn is_on_path(&self, program: &OsStr) -> bool {
        let given = self.env.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let path = given.or_else(|| World::variable("PATH").map(OsString::from)).unwrap_or_default();
        let from = self.worktree.or(self.typed_in).unwrap_or(Path::new("/"));
        std::env::split_paths(&path).any(|folder| is_program(&from.join(folder).join(program)))
    }
}

/// Whether it is named by a path, and not looked for on the `PATH`.
fn is_path(program: &OsStr) -> bool {
    program.as_encoded_bytes().contains(&b'/')
}

fn is_in_tree(repo: &Repository, commit: ObjectId, program: &OsStr) -> bool {
    let path = config::normalise(Path::new(program));
    let tree = repo.gix().find_commit(commit).ok().and_then(|commit| commit.tree().ok());
    tree.and_then(|tree| tree.lookup_entry_by_path(path).ok().flatten()).is_some_and(|entry| entry.mode().is_blob())
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

/// What the first line of a script names, when it is not there.
fn absent_interpreter(path: &Path) -> Option<String> {
    // As much as the system reads of it.
    let mut first = Vec::new();
    File::open(path).ok()?.take(256).read_to_end(&mut first).ok()?;
    let line = first.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let interpreter = String::from_utf8_lossy(line).split_whitespace().next()?.to_owned();
    (interpreter.starts_with('/') && !Path::new(&interpreter).exists()).then_some(interpreter)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(path: &Path, mode: u32) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_path_is_one_in_the_worktree_or_where_it_was_typed() {
        let folder = tempfile::tempdir().unwrap();
        let (worktree, here) = (folder.path().join("w"), folder.path().join("h"));
        program(&worktree.join("both"), 0o755);
        program(&here.join("both"), 0o755);
        program(&here.join("bin/own"), 0o755);
        program(&worktree.join("plain"), 0o644);
        let places = Places { worktree: Some(&worktree), typed_in: Some(&here), env: &[] };
        let find = |name: &str| places.find(name.as_ref());
        assert_eq!(find("./both"), Ok(None));
        assert_eq!(find("./bin/own"), Ok(Some(here.join("bin/own"))));
        assert_eq!(find("./plain"), Err(Missing::NotExecutable { path: worktree.join("plain") }));
        assert_eq!(find("./bin"), Err(Missing::Folder { path: here.join("bin") }));
        assert_eq!(find("./none"), Err(Missing::Nowhere { folders: vec![worktree.clone(), here.clone()] }));
        assert_eq!(find("/none/x"), Err(Missing::Nowhere { folders: vec!["/none".into()] }));
        assert_eq!(find("/bin/sh"), Ok(None));
        // A profile's command was typed nowhere.
        let of_profile = Places { typed_in: None, ..places };
        assert_eq!(of_profile.find("bin/own".as_ref()), Err(Missing::Nowhere { folders: vec![worktree.clone()] }));
    }

    #[test]
    fn a_name_is_one_on_the_path_that_it_will_have() {
        let folder = tempfile::tempdir().unwrap();
        program(&folder.path().join("bin/x"), 0o755);
        let find = |value: &str| {
            let env = [("PATH".to_owned(), OsString::from(value))];
            Places { worktree: Some(folder.path()), typed_in: None, env: &env }.find("x".as_ref())
        };
        assert_eq!(find("/nowhere"), Err(Missing::NotOnPath));
        assert_eq!(find("/nowhere:bin"), Ok(None));
    }
}
