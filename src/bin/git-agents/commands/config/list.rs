//! `git agents config list`

use clap::Args;
use git_agents::config;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::config::ConfigView;

/// Every setting, what holds for it, and where that comes from.
///
/// Names that are no settings are said on standard error, with the nearest that is one.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {}

pub(crate) fn run(ctx: &Context, ListArgs {}: &ListArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let file = ctx.shared_file()?;
    let (settings, unknown) = super::settings(repo, file.as_ref())?;
    for name in &unknown {
        let nearest = config::keys::nearest(name);
        ctx.ui.warn(&format!("{name} is no setting; {nearest} is the nearest"));
    }
    settings.iter().for_each(|setting| super::warn_of_values(ctx, setting));
    if let Some(file) = &file {
        file.problems.iter().for_each(|problem| ctx.ui.warn(&format!("{}: {problem}", config::shared::FILE)));
        ctx.warn_of_commands(file);
    }
    ctx.ui.answer(&ConfigView::new(&settings))?;
    Ok(Exit::Good)
}
