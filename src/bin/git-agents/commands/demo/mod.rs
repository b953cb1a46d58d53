//! `git agents demo`

mod play;
mod project;
mod stage;
mod story;

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::render::style::Style;
use crate::ui::View;
use play::{Play, Step};
use stage::Stage;

/// Show the whole of it on a throw-away project: three agents, a conflict, and everything merged.
///
/// Makes a small project in a temporary folder, lets three scripted agents work on it at once, and takes their work to
/// main. Every command is shown with what it really answers. Your own repositories and git configuration are neither
/// read nor changed.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Keep the folder, to look around in it.
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(ctx: &Context, args: &DemoArgs) -> Result<Exit, CliError> {
    git_agents::git::repository::require_git(ctx.dir())?;
    let stage = Stage::build(&ctx.ui.out)?;
    let mut play = Play::new(ctx, &stage);
    let told = story::tell(&mut play);
    let steps = play.steps;
    let folder = if args.keep {
        Some(stage.keep().display().to_string())
    } else {
        stage.close()?;
        None
    };
    if let (Err(_), Some(folder)) = (&told, &folder) {
        ctx.ui.note(&format!("the demo's folder is {folder}"));
    }
    told?;
    ctx.ui.answer(&DemoView { steps, folder })?;
    Ok(Exit::Good)
}

/// What was run, and where, when that is still there.
#[derive(Debug, Serialize)]
struct DemoView {
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
}

impl View for DemoView {
    const KIND: &'static str = "demo";

    fn text(&self, _: &Style) -> String {
        match &self.folder {
            Some(folder) => format!("The folder is kept: cd {folder}/todo\n"),
            None => "The temporary folder is removed. Your own turn: git agents init --agents 3\n".to_owned(),
        }
    }
}
