//! `git agents guard --hook-json`: the answer to an agent's tool, in the tool's own form.

use std::io::Read;
use std::path::{Path, PathBuf};

use git_agents::git::Repository;
use git_agents::git::worktrees::canonical;
use git_agents::store;
use git_agents::work::hook_json::{self, Call, LARGEST};
use gix::bstr::BString;

use super::guard::judged;
use super::in_repository::{in_repository, stored};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::guard::GuardView;

/// Answer; a failure is no reason to stop the tool unless `is_strict`.
pub(crate) fn run(ctx: &Context, agent: Option<&str>, is_strict: bool) -> Result<Exit, CliError> {
    let answered = answer(ctx, agent);
    answered.map_err(|error| {
        // Status 2 stops the tool, in all of them; every other one does not.
        let exit = if is_strict { Exit::Usage } else { Exit::Outside };
        CliError { exit, ..error }
    })
}

fn answer(ctx: &Context, agent: Option<&str>) -> Result<Exit, CliError> {
    let mut bytes = Vec::new();
    let wrong = |why: String| CliError::new(Exit::Outside, "hook-input", format!("standard input: {why}"));
    std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    let call = hook_json::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
    drop(bytes);
    let view = judge(ctx, agent, &call)?;
    let (reasons, notes) = view.map(|view| (view.reasons(), view.notes())).unwrap_or_default();
    let value = match (reasons.is_empty(), notes.is_empty()) {
        (false, _) => {
            let reason = format!("{}. Work on something else, or see: git agents claims", reasons.join("; "));
            hook_json::denial(call.form, &reason)
        }
        (true, false) => hook_json::go_on(call.form, Some(&notes.join("; "))),
        (true, true) => hook_json::go_on(call.form, None),
    };
    ctx.ui.raw(&format!("{value}\n"))?;
    Ok(Exit::Good)
}

/// Whether the tool may go on, and what is worth knowing; nothing where it is none of our business: no file, no
/// repository, or one without agents.
fn judge(ctx: &Context, agent: Option<&str>, call: &Call) -> Result<Option<GuardView>, CliError> {
    let here = ctx.absolute(Path::new(call.cwd.as_deref().unwrap_or(".")))?;
    if call.paths.iter().any(|path| Path::new(path).is_relative()) && !here.is_dir() {
        let message = format!("the folder that paths are given from is not there: {}", here.display());
        return Err(CliError::new(Exit::Outside, "hook-input", message));
    }
    // Some tools write through a symlink and some replace it, so both are what is changed.
    let both = |path: &String| [git_agents::config::normalise(&here.join(path)), written(&here.join(path))];
    let files: Vec<PathBuf> = call.paths.iter().flat_map(both).collect();
    let Some(first) = files.first() else { return Ok(None) };
    // Who changes a file is whose worktree it is in, wherever the tool was started.
    let at = |dir: PathBuf| Context::new(ctx.ui.clone(), ctx.world.clone(), dir);
    let there = at(nearest_folder(first));
    let Ok(repo) = there.repo() else { return Ok(None) };
    if store::tip(repo)?.is_none() {
        return Ok(None);
    }
    let mut paths: Vec<BString> = files.iter().filter_map(|file| in_ours(&there, repo, file)).collect();
    paths.sort();
    paths.dedup();
    if paths.is_empty() {
        return Ok(None);
    }
    let from = at(here);
    // A file that is in nobody's worktree is changed by whoever sits where the tool is.
    let is_same = from.repo().is_ok_and(|other| other.common_dir() == repo.common_dir());
    judged(&there, agent, is_same.then_some(&from), &paths).map(Some)
}

/// A file as a path of the repository; none when it is outside, or git's own.
fn in_ours(ctx: &Context, repo: &Repository, file: &Path) -> Option<BString> {
    in_repository(ctx, repo, file).ok().map(|path| stored(repo, path))
}

/// The file that is written when `file` is, by who follows a symlink, even to a file that is not there yet.
fn written(file: &Path) -> PathBuf {
    match (file.read_link(), file.parent()) {
        (Ok(to), Some(folder)) => canonical(&folder.join(to)),
        _ => canonical(file),
    }
}

/// The folder that a file is in, or will be in, as far as that is there; a folder itself.
fn nearest_folder(file: &Path) -> PathBuf {
    if file.symlink_metadata().is_ok_and(|data| data.is_dir()) {
        return file.to_owned();
    }
    let above = file.ancestors().skip(1).find(|folder| folder.is_dir());
    above.map_or_else(|| PathBuf::from("/"), Path::to_owned)
}
