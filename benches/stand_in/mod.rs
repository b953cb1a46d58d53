//! How much of a program's processor time is that of its git children: somebody who counts stands in git's place.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::processor::{of_children, time};

const GIT: &str = "BENCH_GIT";
const LOG: &str = "BENCH_GIT_LOG";

/// What the command's direct git children take, with everything that they start.
pub(crate) fn spent_in_git(folder: &Path, mut command: Command) -> Duration {
    let stand_in = folder.join("stand-in");
    let log = folder.join("git-log");
    let path = std::env::var_os("PATH").unwrap();
    if !stand_in.exists() {
        std::fs::create_dir(&stand_in).unwrap();
        std::os::unix::fs::symlink(std::env::current_exe().unwrap(), stand_in.join("git")).unwrap();
    }
    std::fs::write(&log, "").unwrap();
    let git = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file()).unwrap();
    let with = std::env::join_paths(std::iter::once(stand_in).chain(std::env::split_paths(&path))).unwrap();
    let output = command.env("PATH", with).env(GIT, git).env(LOG, &log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = std::fs::read_to_string(&log).unwrap();
    Duration::from_micros(lines.lines().map(|line| line.parse::<u64>().unwrap()).sum())
}

/// When this process was started in git's place: do what git would, note what it took, and give how to end.
pub(crate) fn stood_in_for_git() -> Option<ExitCode> {
    let mut args = std::env::args_os();
    let is_git = args.next().is_some_and(|name| Path::new(&name).file_name() == Some("git".as_ref()));
    let (true, Some(git), Some(log)) = (is_git, std::env::var_os(GIT), std::env::var_os(LOG)) else { return None };
    let status = Command::new(PathBuf::from(git)).args(args).status().unwrap();
    let mut log = OpenOptions::new().append(true).open(log).unwrap();
    writeln!(log, "{}", time(&of_children()).as_micros()).unwrap();
    Some(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
