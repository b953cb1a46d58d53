//! `git agents __settle FOLDER`: what a supervisor becomes when its run is over.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use git_agents::git::Repository;
use git_agents::run::supervise::SETTLE;
use git_agents::run::{RunError, RunId, list, settle};
use git_agents::world::World;

use super::execute;
use crate::context::Context;
use crate::error::Exit;
use crate::render::style::Style;
use crate::ui::{self, Ui};

/// Record how a run went, when the command line asks for it; none when it asks for something else. Nobody listens but
/// the run's own log, and what fails is done by the next command.
pub(crate) fn answer_supervisor(world: &World) -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != SETTLE {
        return None;
    }
    let folder = PathBuf::from(args.next()?);
    Some(match record(world, &folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::show_error(&format!("how it ended is not recorded yet: {error}\n"));
            ExitCode::from(Exit::Outside as u8)
        }
    })
}

fn record(world: &World, folder: &Path) -> Result<(), RunError> {
    let unreadable = |reason: String| RunError::Io { path: folder.to_owned(), reason };
    // agents/runs/ID below the folder that all worktrees share.
    let common = folder.ancestors().nth(3).ok_or_else(|| unreadable("it is no run".to_owned()))?;
    let repo = Repository::discover(common).map_err(|error| unreadable(error.to_string()))?;
    let id = folder.file_name().and_then(|name| name.to_str()?.parse::<RunId>().ok());
    let id = id.ok_or_else(|| unreadable("it is no run".to_owned()))?;
    let found = list::one(&repo, &id);
    let run = found.known().ok_or_else(|| unreadable("its plan cannot be read".to_owned()))?;
    settle::settle(&repo, world, run)?;
    // A task of a batch that nobody drives is judged here.
    let style = Style { color: false, width: None, now: world.now };
    let ui = Ui { json: false, lines: false, quiet: false, verbose: false, out: style, err: style };
    let ctx = Context::new(ui, world.clone(), common.to_owned());
    if let Err(error) = execute::conclude(&ctx, run) {
        ctx.ui.error(&error);
    }
    Ok(())
}
