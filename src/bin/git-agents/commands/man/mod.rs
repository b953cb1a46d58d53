//! `git agents man`

mod guide;
mod page;

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use serde::Serialize;

use crate::cli::Cli;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::render::style::Style;
use crate::ui::View;

/// Print the manual page of git agents, or write a page for every command into a folder.
///
/// Once the pages are in a folder that man searches, such as ~/.local/share/man/man1, `git agents --help` opens them.
/// What is printed is the source of the page, as man and groff read it.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write all pages into DIR, which is made when it is missing.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// The pages that were written.
#[derive(Debug, Serialize)]
struct Written {
    pages: Vec<PathBuf>,
    #[serde(skip)]
    dir: PathBuf,
}

impl View for Written {
    const KIND: &'static str = "man";

    fn text(&self, _: &Style) -> String {
        format!("wrote {} pages to {}\n", self.pages.len(), git_agents::text::printable(&self.dir.to_string_lossy()))
    }
}

pub(crate) fn run(ctx: &Context, args: ManArgs) -> Result<Exit, CliError> {
    let pages = page::pages(Cli::command());
    match args.dir {
        Some(dir) => ctx.ui.answer(&written(&pages, &ctx.dir().join(&dir), dir)?)?,
        None => ctx.ui.raw(&pages[0].text)?,
    }
    Ok(Exit::Good)
}

/// Write the pages into `folder`, which is called `dir`.
fn written(pages: &[page::Page], folder: &Path, dir: PathBuf) -> Result<Written, CliError> {
    let failed = |path: &Path, error: std::io::Error| {
        CliError::new(Exit::Outside, "output-failed", format!("{} cannot be written: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(&dir, error))?;
    for page in pages {
        let path = folder.join(&page.file);
        std::fs::write(&path, &page.text).map_err(|error| failed(&path, error))?;
    }
    Ok(Written { pages: pages.iter().map(|page| dir.join(&page.file)).collect(), dir })
}
