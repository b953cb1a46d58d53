//! Where the demo plays: a temporary folder with a home, a git configuration and a PATH of its own. Nothing of the
//! user's git configuration or environment reaches what runs here, and nothing that runs here writes elsewhere.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use git_agents::world::World;
use tempfile::TempDir;

use super::project;
use crate::error::{CliError, Exit};
use crate::render::style::Style;

/// Agents commit under their own names, see [`Stage::command`]; this is who does the rest. Git's own upkeep in the
/// background would still be writing when the folder is removed.
const GIT_CONFIG: &str = "\
[user]
\tname = Lead
\temail = lead@example.com
[gc]
\tauto = 0
[maintenance]
\tauto = false
[advice]
\tmergeConflict = false
";

/// The folder and what its processes need.
#[derive(Debug)]
pub(super) struct Stage {
    folder: TempDir,
    /// The folder without symbolic links, as git will name it.
    root: PathBuf,
    path: OsString,
    color: bool,
}

/// A process and what it writes, both streams in one.
pub(super) struct Playing {
    pub(super) child: Child,
    pub(super) output: Box<dyn Read + Send>,
}

impl Stage {
    /// Make the folder, with the project's files in it.
    pub(super) fn build(style: &Style) -> Result<Self, CliError> {
        let folder = tempfile::Builder::new().prefix("git-agents-demo-").tempdir().map_err(|error| failed(&error))?;
        let root = folder.path().canonicalize().map_err(|error| failed(&error))?;
        let path = path_with_this_program(&root)?;
        let stage = Stage { folder, root, path, color: style.color };
        let color = if style.color { "[color]\n\tui = always\n" } else { "" };
        stage.write("home/.gitconfig", &format!("{GIT_CONFIG}{color}"))?;
        stage.write("tmp/.keep", "")?;
        for (path, content) in project::FILES {
            stage.write(&format!("todo/{path}"), content)?;
        }
        Ok(stage)
    }

    /// The project's main worktree.
    pub(super) fn project(&self) -> PathBuf {
        self.root.join("todo")
    }

    /// The folder where `git agents init` puts an agent's worktree.
    pub(super) fn worktree(&self, agent: &str) -> PathBuf {
        self.root.join("todo-worktrees").join(agent)
    }

    /// Start a shell script in `dir`, under an agent's name when one is given.
    pub(super) fn play(&self, dir: &Path, script: &str, agent: Option<&str>) -> Result<Playing, CliError> {
        let (reader, writer) = std::io::pipe().map_err(|error| failed(&error))?;
        let both = writer.try_clone().map_err(|error| failed(&error))?;
        let mut command = self.command(dir, agent);
        command.args(["-c", script]).stdin(Stdio::null()).stdout(writer).stderr(both);
        let child = command.spawn().map_err(|error| {
            CliError::new(Exit::Outside, "no-shell", format!("the demo's scripts need a shell, `sh`: {error}"))
        })?;
        // The writing ends that `command` holds are closed here, so that the reader sees the end.
        drop(command);
        Ok(Playing { child, output: Box::new(reader) })
    }

    /// Remove everything.
    pub(super) fn close(self) -> Result<(), CliError> {
        let shown = self.root.display().to_string();
        self.folder
            .close()
            .map_err(|error| CliError::new(Exit::Outside, "folder-left", format!("{shown} is not removed: {error}")))
    }

    /// Leave everything where it is.
    pub(super) fn keep(self) -> PathBuf {
        drop(self.folder.keep());
        self.root
    }

    #[expect(clippy::disallowed_methods, reason = "the demo's own shell, which starts git as a user would")]
    fn command(&self, dir: &Path, agent: Option<&str>) -> Command {
        let mut command = Command::new("sh");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("GIT_")) {
                command.env_remove(name);
            }
        }
        let home = self.root.join("home");
        command
            .current_dir(dir)
            .env("PATH", &self.path)
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("TMPDIR", self.root.join("tmp"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"))
            .env("GIT_CEILING_DIRECTORIES", &self.root)
            .env("GIT_EDITOR", "true")
            .env("LC_ALL", "C")
            .env_remove(if self.color { "NO_COLOR" } else { "CLICOLOR_FORCE" })
            .env(if self.color { "CLICOLOR_FORCE" } else { "NO_COLOR" }, "1");
        if let Some(agent) = agent {
            for role in ["AUTHOR", "COMMITTER"] {
                command
                    .env(format!("GIT_{role}_NAME"), agent)
                    .env(format!("GIT_{role}_EMAIL"), format!("{agent}@example.com"));
            }
        }
        command
    }

    fn write(&self, path: &str, content: &str) -> Result<(), CliError> {
        let path = self.root.join(path);
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, content)).map_err(|error| failed(&error))
    }
}

/// The PATH with a folder in front in which this very program is `git-agents`, so that git finds it, whatever it is
/// called and whatever else is installed.
fn path_with_this_program(root: &Path) -> Result<OsString, CliError> {
    let bin = root.join("bin");
    let this = std::env::current_exe().map_err(|error| failed(&error))?;
    std::fs::create_dir(&bin).map_err(|error| failed(&error))?;
    std::os::unix::fs::symlink(&this, bin.join("git-agents")).map_err(|error| failed(&error))?;
    let others = World::variable("PATH").unwrap_or_default();
    let folders = std::iter::once(bin).chain(std::env::split_paths(&others));
    std::env::join_paths(folders)
        .map_err(|error| CliError::new(Exit::Outside, "demo-folder", format!("the PATH cannot be extended: {error}")))
}

fn failed(error: &std::io::Error) -> CliError {
    CliError::new(Exit::Outside, "demo-folder", format!("the demo's temporary folder cannot be made: {error}"))
}
