//! The one door to tmux.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::TmuxError;
use crate::git::hooks::INSIDE;
use crate::git::run::LOCAL_VARIABLES;
use crate::run::id::{MARK, PLACE};
use crate::run::record::TmuxIds;
use crate::text::sentence;
use crate::world::World;

/// A server that takes longer does not answer: it was stopped, or it is stuck.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// One call of tmux that is being put together.
pub(super) struct Tmux {
    args: Vec<OsString>,
    /// How many of them say which server.
    server: usize,
    input: Option<Vec<u8>>,
}

impl Tmux {
    /// The server that tmux itself would ask: the one that we are in, else the user's.
    pub(super) fn here() -> Self {
        Tmux { args: Vec::new(), server: 0, input: None }
    }

    /// The server that has a window.
    pub(super) fn at(ids: &TmuxIds) -> Self {
        match &ids.socket {
            Some(socket) => Tmux { args: vec!["-S".into(), socket.into()], server: 2, input: None },
            None => Tmux::here(),
        }
    }

    pub(super) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| separate(arg.as_ref())));
        self
    }

    /// Another command after it, when it went well.
    pub(super) fn then<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.push(";".into());
        self.args(args)
    }

    pub(super) fn input(mut self, bytes: &[u8]) -> Self {
        self.input = Some(bytes.to_owned());
        self
    }

    /// All of it, to be run by somebody else.
    pub(super) fn argv(self) -> Vec<OsString> {
        [OsString::from("tmux")].into_iter().chain(self.args).collect()
    }

    /// Run it; gives what it writes, without the last line break.
    pub(super) fn text(self) -> Result<String, TmuxError> {
        let command = self.args.get(self.server).map(|one| one.to_string_lossy().into_owned()).unwrap_or_default();
        let output = self.run().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => TmuxError::Missing,
            io::ErrorKind::TimedOut => TmuxError::Silent { seconds: PATIENCE.as_secs() },
            _ => TmuxError::Failed { command: command.clone(), reason: error.to_string() },
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().filter(|line| !line.trim().is_empty()).map(sentence);
        Err(TmuxError::Failed { command, reason: said.unwrap_or_else(|| output.status.to_string()) })
    }

    #[expect(clippy::disallowed_methods, reason = "tmux is another program than git")]
    fn run(&self) -> io::Result<Output> {
        let mut command = Command::new("tmux");
        command.args(&self.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A server that this starts lives on: it belongs to no repository, and to no run that ends.
        for name in LOCAL_VARIABLES.iter().chain(&[INSIDE, MARK, PLACE]) {
            command.env_remove(name);
        }
        if self.input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn()?;
        let written = child.stdin.take().zip(self.input.clone()).map(|(mut pipe, input)| {
            // A server that does not answer does not read either.
            std::thread::spawn(move || pipe.write_all(&input))
        });
        let output = within(child, PATIENCE)?;
        let written = written.map_or(Ok(()), |thread| thread.join().unwrap_or(Ok(())));
        // When it has not read everything, it says why.
        if output.status.success() { written.map(|()| output) } else { Ok(output) }
    }
}

/// What a child answers when it does so in time; one that does not is killed.
fn within(mut child: Child, longest: Duration) -> io::Result<Output> {
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(pipe.map(|mut pipe| pipe.read_to_end(&mut bytes)));
            bytes
        })
    };
    let stdout = read(child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let stderr = read(child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() >= longest {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        std::thread::sleep(PAUSE);
    };
    Ok(Output { status, stdout: stdout.join().unwrap_or_default(), stderr: stderr.join().unwrap_or_default() })
}

/// Whether we are in a client of the server that has a window.
pub fn is_inside(ids: &TmuxIds) -> bool {
    let inside = World::variable("TMUX").unwrap_or_default();
    let socket = inside.split(',').next().unwrap_or_default();
    !socket.is_empty() && ids.socket.as_deref().is_none_or(|known| known == socket)
}

/// An argument that ends with `;` would end the command for tmux, unless there is a backslash before it.
fn separate(arg: &OsStr) -> OsString {
    let bytes = arg.as_encoded_bytes();
    match bytes.strip_suffix(b";") {
        Some(before) => {
            use std::os::unix::ffi::OsStringExt;
            OsString::from_vec([before, b"\\;"].concat())
        }
        None => arg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_ends_the_command() {
        let argv = Tmux::here().args(["send-keys", "a;", ";", "b"]).argv();
        assert_eq!(argv, ["tmux", "send-keys", "a\\;", "\\;", "b"]);
    }
}
