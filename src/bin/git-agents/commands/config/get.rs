//! `git agents config get`

use clap::Args;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::config::SettingView;

/// What holds for one setting; with `--json` also where it comes from. Exit status 1 when nothing does.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// The setting, with or without `agents.`.
    key: String,
}

pub(crate) fn run(ctx: &Context, args: &GetArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let (_, name) = super::key(&args.key)?;
    let file = ctx.shared_file()?;
    let (settings, _) = super::settings(repo, file.as_ref())?;
    let setting = settings.iter().find(|setting| setting.name == name);
    setting.into_iter().for_each(|setting| super::warn_of_values(ctx, setting));
    let view = SettingView::of(&name, setting);
    ctx.ui.answer(&view)?;
    Ok(if view.values.is_empty() { Exit::Negative } else { Exit::Good })
}
