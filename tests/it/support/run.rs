//! One run of the program, put together step by step.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Output, Sandbox};

/// A run of `git agents …` that is being put together.
pub(crate) struct Run<'s> {
    sandbox: &'s Sandbox,
    command: Command,
    input: Option<Vec<u8>>,
}

impl<'s> Run<'s> {
    /// Through git's own dispatch, in the sandbox's repository.
    pub(super) fn through_git(sandbox: &'s Sandbox) -> Self {
        let mut run = Run { sandbox, command: sandbox.command("git"), input: None };
        run.command.arg("agents");
        run
    }

    /// The binary itself.
    pub(super) fn directly(sandbox: &'s Sandbox) -> Self {
        Run::of(sandbox, Sandbox::binary())
    }

    /// Any program.
    pub(super) fn of(sandbox: &'s Sandbox, program: impl AsRef<OsStr>) -> Self {
        Run { sandbox, command: sandbox.command(program), input: None }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn path(self, folders: &[&Path]) -> Self {
        let path: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
        self.env("PATH", std::env::join_paths(path).unwrap())
    }

    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// Standard output goes where nobody reads: a pipe whose other end is closed.
    pub(crate) fn into_closed_pipe(mut self) -> Output {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        self.command.stdout(writer);
        self.output()
    }

    /// Start it; all it writes is kept in pipes.
    pub(crate) fn spawn(&mut self) -> Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Run to the end.
    pub(crate) fn output(mut self) -> Output {
        let input = self.input.take();
        let piped = input.is_some();
        self.command.stdin(if piped { Stdio::piped() } else { Stdio::null() });
        self.command.stderr(Stdio::piped());
        let mut child = match piped {
            true => self.command.stdout(Stdio::piped()).spawn().unwrap(),
            false => return Output::new(&self.command.output().unwrap(), self.sandbox.root()),
        };
        let mut stdin = child.stdin.take().unwrap();
        // A program that refuses early does not read on, which is its right.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input.unwrap_or_default())));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Output::new(&output, self.sandbox.root())
    }
}
