//! What runs say no with.

use git_agents::run::RunError;
use git_agents::run::compose::ComposeError;
use git_agents::run::program::Missing;

use super::{CliError, Exit, quoted};

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        let message = error.to_string();
        match error {
            RunError::Busy { agent, .. } => CliError::refused("run-exists", format!("{agent} is running already"))
                .hint(format!("git agents logs {agent} -f"))
                .hint(format!("git agents kill {agent}")),
            RunError::StillRunning { agent } => {
                CliError::refused("run-exists", message).hint(format!("git agents kill {agent}"))
            }
            RunError::OverLimit { .. } => CliError::refused("too-many-runs", message)
                .hint("git agents wait")
                .hint("git config agents.maxConcurrent N"),
            RunError::NoCommand => CliError::usage(message).hint("git agents run AGENT -- COMMAND…"),
            RunError::Program { program, .. } => {
                let look = if program.contains('/') { "ls -l" } else { "command -v" };
                CliError::refused("program-not-found", message).hint(format!("{look} {}", quoted(&program)))
            }
            RunError::NoFolder { .. } => CliError::refused("worktree-gone", message).hint("git agents status"),
            RunError::BadVariable { .. } => CliError::usage(message).hint("git agents run AGENT --env NAME=VALUE …"),
            RunError::Setting { key, .. } => {
                CliError::refused("bad-setting", message).hint(format!("git agents config get {key}"))
            }
            RunError::Supervisor { .. } => {
                CliError::new(Exit::Outside, "run-failed", message).hint("df . && ulimit -a").hint("git agents doctor")
            }
            RunError::Queue { first, .. } => CliError::new(Exit::Outside, "run-queue", message)
                .hint(first.map_or_else(|| "ps -ef".to_owned(), |pid| format!("ps -f -p {pid}"))),
            RunError::OutOfReach { agent } => CliError::new(Exit::Outside, "out-of-reach", message)
                .hint(format!("git agents kill {agent}, in the container that it was started in")),
            RunError::Hidden { .. } => {
                CliError::refused("run-unreadable", message).hint("git agents doctor").hint("git agents kill --all")
            }
            RunError::Live { live } => {
                let message = if live == 1 { "an agent is running".to_owned() } else { message };
                CliError::refused("runs-live", message).hint("git agents runs").hint("git agents kill --all")
            }
            RunError::NotEnded { .. } | RunError::HiddenNotEnded { .. } => {
                CliError::new(Exit::Outside, "not-ended", message).hint("git agents doctor")
            }
            RunError::TakesNoInput { .. } => CliError::refused("takes-no-input", message)
                .hint("git config agents.profile.NAME.stdin open, for the profile that it runs with"),
            RunError::InputEnded { agent } => {
                CliError::refused("input-ended", message).hint(format!("git agents wait {agent}"))
            }
            RunError::DoesNotRead { .. } => {
                CliError::new(Exit::Outside, "does-not-read", message).hint("git agents runs")
            }
            RunError::NotRunning { .. } => CliError::refused("not-running", message).hint("git agents runs"),
            RunError::NotRecorded { .. } => CliError::refused("not-recorded", message).hint("git agents doctor"),
            RunError::Io { .. } => CliError::new(Exit::Outside, "run-io", message)
                .hint("look at the permissions of .git/agents and at the free space: df ."),
            RunError::Git(error) => error.into(),
            RunError::Ref(error) => error.into(),
            RunError::Store(error) => error.into(),
        }
    }
}

impl From<ComposeError> for CliError {
    fn from(error: ComposeError) -> Self {
        let message = error.to_string();
        match error {
            ComposeError::NoWorktree { agent } => CliError::refused("no-worktree", message)
                .hint("git agents status")
                .hint(format!("git agents init {agent}")),
            ComposeError::NoProfile { .. } => CliError::refused("no-profile", message)
                .hint("the same command with --profile claude")
                .hint("git agents config set profile claude")
                .hint("the same command with -- PROGRAM \"{prompt}\""),
            ComposeError::NoProgram { program, missing, install } => no_program(message, &program, &missing, install),
            ComposeError::NothingToDo { agent } => CliError::refused("nothing-to-do", message)
                .hint(format!("git agents start {agent}"))
                .hint(format!("git agents run {agent} --prompt TEXT")),
            ComposeError::NothingToResume { agent, .. } => {
                CliError::refused("nothing-to-resume", message).hint(format!("git agents run {agent}"))
            }
            ComposeError::Profile(error) => error.into(),
            ComposeError::Preset(error) => error.into(),
            ComposeError::Prompt(error) => error.into(),
            ComposeError::Ports(error) => error.into(),
            ComposeError::Run(error) => error.into(),
        }
    }
}

fn no_program(message: String, program: &str, missing: &Missing, install: String) -> CliError {
    let error = CliError::refused("program-not-found", message);
    match missing {
        Missing::NotOnPath if install.is_empty() => error.hint(format!("command -v {}", quoted(program))),
        Missing::NotOnPath => error.hint(install),
        Missing::NoInterpreter { path, .. } => error.hint(format!("head -1 {}", quoted(&path.display().to_string()))),
        Missing::NotExecutable { path } => error.hint(format!("chmod +x {}", quoted(&path.display().to_string()))),
        Missing::Folder { .. } => error.hint("the same command with a program, not its folder"),
        Missing::NotOnBranch { .. } | Missing::Nowhere { .. } => error.hint("the same command with its whole path"),
    }
}
