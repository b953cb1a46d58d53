//! Starting the supervisor and hearing from it that the agent's program runs.
//!
//! The supervisor inherits the lock that we hold, so there is no moment at which nobody has it. What its program's
//! environment has besides goes to it through a socket, and so does its answer.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::git::hooks::INSIDE;
use crate::git::run::LOCAL_VARIABLES;
use crate::run::error::RunError;
use crate::run::folder::Folder;
use crate::run::id::{MARK, PLACE};
use crate::run::start::Planned;
use crate::run::word::Word;

/// The name by which our program is told to be a supervisor.
pub(in crate::run) const SUPERVISE: &str = "__supervise";
/// The program beside ours that is nothing but a supervisor.
const SMALL: &str = "git-agents-supervisor";
/// A machine that takes longer to start two processes is not going to.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the supervisor answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// The agent's program runs.
    Started,
    /// The program could not be started.
    Program(String),
    /// Something else went wrong.
    Failed(String),
}

/// Start the supervisor of a run that was planned, and wait for its answer.
pub(in crate::run) fn background(planned: Planned, program: &Path, env: &[(String, OsString)]) -> Result<(), RunError> {
    match answer(&planned, program, env) {
        Ok(()) => Ok(()),
        Err(error) => {
            planned.take_back();
            Err(error)
        }
    }
}

fn answer(planned: &Planned, program: &Path, env: &[(String, OsString)]) -> Result<(), RunError> {
    let failed = |error: std::io::Error| RunError::Supervisor { reason: error.to_string() };
    let (mut ours, theirs) = UnixStream::pair().map_err(failed)?;
    ours.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let mut child = spawn(planned, program, theirs).map_err(failed)?;
    let mut heard = Vec::new();
    let spoken = ours.write_all(&encode(env)).and_then(|()| ours.read_to_end(&mut heard).map(drop));
    let said = serde_json::from_slice::<Answer>(&heard);
    match (spoken, said) {
        (Ok(()), Ok(Answer::Started)) => {
            // Whoever goes on for long buries it when it ends; whoever does not leaves it to the system.
            drop(std::thread::Builder::new().stack_size(64 << 10).spawn(move || drop(child.wait())));
            Ok(())
        }
        (Ok(()), Ok(Answer::Program(reason))) => {
            drop(child.wait());
            let program = planned.plan.argv.first().map(Word::to_text).unwrap_or_default();
            Err(RunError::Program { program, reason })
        }
        (Ok(()), Ok(Answer::Failed(reason))) => {
            drop(child.wait());
            Err(RunError::Supervisor { reason })
        }
        (spoken, _) => {
            // It has died, or it hangs. What it has started ends with it.
            drop(child.kill());
            drop(child.wait());
            let log = std::fs::read_to_string(planned.folder.own_log()).unwrap_or_default();
            let last = log.lines().last().map(ToOwned::to_owned);
            let reason = last.or_else(|| spoken.err().map(|error| error.to_string()));
            Err(RunError::Supervisor { reason: reason.unwrap_or_else(|| "it died without a word".to_owned()) })
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the supervisor is our own program, not git")]
fn spawn(planned: &Planned, program: &Path, socket: UnixStream) -> std::io::Result<Child> {
    let log = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(planned.folder.own_log())?;
    let [supervisor, rest @ ..] = words(program, &planned.folder);
    let mut command = Command::new(supervisor);
    command.args(rest).current_dir(planned.folder.path());
    for name in LOCAL_VARIABLES.iter().chain(&[INSIDE]) {
        command.env_remove(name);
    }
    command.env(MARK, planned.plan.id.as_str()).env(PLACE, planned.folder.place().unwrap_or_default());
    command.stdin(Stdio::from(planned.held.try_clone()?)).stdout(Stdio::from(OwnedFd::from(socket))).stderr(log);
    command.spawn()
}

/// The command line of a supervisor; `program` is where our own program is. Its last word is only for who looks at it:
/// the environment of a window is not a run's.
pub fn words(program: &Path, folder: &Folder) -> [OsString; 5] {
    let small = program.with_file_name(SMALL);
    let supervisor = if small.is_file() { small } else { program.to_owned() };
    let place = folder.place().unwrap_or_default();
    [supervisor.into(), SUPERVISE.into(), folder.path().into(), program.into(), place.into()]
}

/// Variables as bytes: their length first, so that what was cut off is known to be.
pub(in crate::run) fn encode(env: &[(String, OsString)]) -> Vec<u8> {
    let entry = |(name, value): &(String, OsString)| [name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat();
    let block: Vec<u8> = env.iter().flat_map(entry).collect();
    [&(block.len() as u64).to_be_bytes()[..], &block].concat()
}

/// The variables that came through the socket; none when it was cut off.
pub(in crate::run) fn decode(socket: &mut impl Read) -> Option<Vec<(OsString, OsString)>> {
    let mut length = [0; 8];
    socket.read_exact(&mut length).ok()?;
    let length = u64::from_be_bytes(length);
    let mut block = Vec::new();
    socket.take(length).read_to_end(&mut block).ok()?;
    if block.len() as u64 != length {
        return None;
    }
    let word = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let pair = |entry: &[u8]| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        Some((word(&entry[..at]), word(&entry[at + 1..])))
    };
    Some(block.split(|byte| *byte == 0).filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_arrive_whole_or_not_at_all() {
        let env = vec![("A".to_owned(), OsString::from("1=2\n")), ("B".to_owned(), OsString::from_vec(vec![255]))];
        let bytes = encode(&env);
        let arrived = decode(&mut &bytes[..]).unwrap();
        assert_eq!(arrived, vec![("A".into(), "1=2\n".into()), ("B".into(), OsString::from_vec(vec![255]))]);
        for cut in 0..bytes.len() {
            assert_eq!(decode(&mut &bytes[..cut]), None, "{cut}");
        }
        assert_eq!(decode(&mut &encode(&[])[..]), Some(Vec::new()));
    }
}
