//! What is written down about a run, a file each. Whoever reads them may meet a file of a newer version, half of one, or
//! something that somebody else has put there.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::RunId;
use super::word::Word;
use crate::agent::{AgentName, CommitId};
use crate::profile::CostSource;
use crate::task::TaskId;

/// How a run is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By itself, without a terminal.
    Background,
    /// In a window of tmux.
    Tmux,
    /// In the terminal of whoever started it.
    Foreground,
}

impl Mode {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Background => "background",
            Mode::Tmux => "tmux",
            Mode::Foreground => "foreground",
        }
    }
}

/// `plan.json`: what was to be run, written by whoever started it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The run.
    pub id: RunId,
    /// Whose it is.
    pub agent: AgentName,
    /// What the agent works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The program and its arguments.
    pub argv: Vec<Word>,
    /// Where it runs: the agent's worktree.
    pub dir: PathBuf,
    /// The names of what the environment has besides; values are never written down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The profile that the command came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The model that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How it is started.
    pub mode: Mode,
    /// How long it may take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
    /// The most bytes that one file of its output may have.
    pub log_limit: u64,
    /// How often the supervisor looks at what it does, in seconds.
    pub look_every_s: u64,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// The run that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<RunId>,
    /// The batch that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// Its standard input is open, for `send`.
    #[serde(default)]
    pub takes_input: bool,
    /// Its standard input is this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<PathBuf>,
    /// Where its output tells what it has cost.
    #[serde(default)]
    pub cost: CostSource,
    /// The agent's branch, by its full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Where that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CommitId>,
}

/// A process that no other can be taken for: its number is given again, but not at the same time of the same boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Birth {
    /// Its number.
    pub pid: i32,
    /// When it was started, in clock ticks since the boot; none where the system does not tell.
    pub start: Option<u64>,
}

/// `started.json`, written by the supervisor when the agent's program runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// The agent's program, which leads a process group of its own in the background.
    pub agent: Birth,
    /// What watches over it.
    pub supervisor: Birth,
    /// The process group of the agent's program; 0 when it is outside of our namespace of processes.
    pub group: i32,
    /// The session that both are in.
    pub session: Option<i32>,
    /// Names the boot that the numbers belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Names the namespace of processes that they belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// When.
    pub started_at: DateTime<Utc>,
    /// The window of tmux, by its ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmux: Option<TmuxIds>,
    /// Which folder its repository was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Where a run is in tmux.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TmuxIds {
    /// Such as `$3`.
    pub session: String,
    /// Such as `@7`.
    pub window: String,
    /// Such as `%9`.
    pub pane: String,
    /// The socket of the server that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
}

/// Why a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The program has ended by itself.
    Exited,
    /// By a signal that was not ours.
    Signalled,
    /// It took longer than it may.
    TimedOut,
    /// Somebody wanted it to end.
    Killed,
}

/// `ended.json`: how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Why.
    pub why: Why,
    /// The program's exit status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Who wanted it to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    pub ended_at: DateTime<Utc>,
    /// The most memory that was seen in use, in bytes: of all its processes at a look, or of the largest one ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// The processor time of all its processes, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<f64>,
    /// How many bytes of its output could not be kept (a full disk).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// How many bytes of it were given up for what came later.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rotated: u64,
    /// How many processes were still there when the program had ended, and were ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left: u64,
}

/// `activity.json`: what the supervisor saw when it last looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// When it looked.
    pub looked_at: DateTime<Utc>,
    /// The latest time at which anything is known to have happened: output, or processor time used.
    pub active_at: DateTime<Utc>,
    /// The processor time until then, in milliseconds.
    pub cpu_ms: u64,
    /// The memory in use, in bytes.
    pub memory: u64,
    /// The most memory that was seen in use, in bytes.
    pub peak_memory: u64,
    /// How many processes there were.
    pub processes: u64,
    /// How many bytes of output could not be kept so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// How many bytes of it were given up for what came later.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rotated: u64,
    /// Those that have shed the mark, by which nobody but the supervisor could find them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmarked: Vec<Birth>,
}

/// What an agent says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reported {
    /// It goes on.
    Working,
    /// It needs an answer.
    Waiting,
}

impl Reported {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Reported::Working => "working",
            Reported::Waiting => "waiting",
        }
    }
}

/// `report.json`, written by `git agents report`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What it says.
    pub state: Reported,
    /// In its own words, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// `stop.json`: somebody wants it to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// How long it has to end by itself, in seconds.
    pub grace_s: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references over")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
