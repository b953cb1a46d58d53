//! `git agents attach`

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Args;
use git_agents::run::record::Mode;
use git_agents::run::{list, tmux};

use super::complete_values::agent_names;
use super::run_names::absent;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit};
use crate::view::attach::AttachView;

/// Show an agent's window in tmux, in this terminal; inside of tmux, switch to it.
///
/// For a run that was started with --tmux. Leave it with the keys of tmux (Ctrl-B d); the agent goes on. With --json,
/// nothing is shown: the answer says where the window is and which command shows it.
#[derive(Debug, Args)]
pub(crate) struct AttachArgs {
    /// The agent.
    #[arg(add = agent_names())]
    agent: String,
    /// Only look: nothing that is typed reaches the agent.
    #[arg(short, long)]
    read_only: bool,
}

pub(crate) fn run(ctx: &Context, args: &AttachArgs) -> Result<Exit, CliError> {
    let agent = agent_name(&args.agent)?;
    let not_running = || {
        let error = CliError::refused("not-running", format!("{agent} is not running"));
        absent(ctx, &agent, error.hint(format!("git agents run {agent} --tmux")))
    };
    let run = list::live_of(ctx.repo()?, &agent)?.ok_or_else(not_running)?;
    if run.plan().mode != Mode::Tmux {
        let message = format!("{agent} runs in the {}, and not in tmux", run.plan().mode.word());
        return Err(CliError::refused("not-in-tmux", message).hint(format!("git agents logs {agent} -f")));
    }
    let ids = tmux::window_of(&run)?;
    let is_seen = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !ctx.ui.json && !is_seen {
        let message = format!("there is no terminal to show the window of {agent} in");
        return Err(CliError::refused("no-terminal", message).hint(format!("git agents logs {agent} -f")));
    }
    let command = tmux::attach(&ids, args.read_only);
    if ctx.ui.json {
        ctx.ui.answer(&AttachView::new(&agent, &run.id, &ids, &command))?;
        return Ok(Exit::Good);
    }
    Err(become_it(&command, tmux::is_inside(&ids)))
}

/// Be tmux from here on; what comes back says why that cannot be.
#[expect(clippy::disallowed_methods, reason = "tmux takes the terminal")]
fn become_it(command: &[OsString], is_inside: bool) -> CliError {
    let Some((program, args)) = command.split_first() else { return CliError::new(Exit::Bug, "bug", "no command") };
    let mut tmux = Command::new(program);
    tmux.args(args);
    if !is_inside {
        // Of another server: tmux refuses to show a window in one of the same only.
        tmux.env_remove("TMUX");
    }
    let error = tmux.exec();
    CliError::new(Exit::Outside, "tmux-failed", format!("tmux cannot be started: {error}")).hint("tmux -V")
}
