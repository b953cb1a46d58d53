//! What to say of worktrees that did not simply come along.

use git_agents::git::GitError;
use git_agents::git::hooks::Ran;
use git_agents::land::plan::Following;
use git_agents::text::printable;
use git_agents::worktree::follow::Followed;

use crate::context::Context;
use crate::view::blocked::blocked_text;
use crate::view::merge::LeftBehindView;

/// The landing stands, whatever the hook thinks of it.
pub(super) fn tell_post_merge(ctx: &Context, ran: Result<Ran, GitError>) {
    match ran {
        Ok(Ran::Good { output }) => output.lines().for_each(|line| ctx.ui.note(line)),
        Ok(Ran::No { output }) if output.is_empty() => ctx.ui.warn("the post-merge hook failed"),
        Ok(Ran::No { output }) => ctx.ui.warn(&format!("the post-merge hook failed: {}", printable(&output))),
        Err(error) => ctx.ui.warn(&format!("the post-merge hook could not be run: {error}")),
    }
}

/// The worktrees whose files are not where their branch is.
pub(super) fn left_behind(followed: &[(Following, Followed)]) -> Vec<LeftBehindView> {
    let one = |(following, how): &(Following, Followed)| match how {
        Followed::Later { reason } => Some(LeftBehindView {
            worktree: following.path.display().to_string(),
            branch: following.branch.strip_prefix("refs/heads/").unwrap_or(&following.branch).to_owned(),
            reason: blocked_text(reason),
        }),
        _ => None,
    };
    followed.iter().filter_map(one).collect()
}

/// Say what could not come along as expected; the refs have moved in any case.
pub(crate) fn tell_followed(ctx: &Context, followed: &[(Following, Followed)]) {
    for (following, result) in followed {
        let path = following.path.display();
        match result {
            Followed::Done => {}
            Followed::Elsewhere => ctx.ui.warn(&format!("{path} has something else checked out by now; it stays")),
            Followed::Later { reason } => {
                let why = crate::render::style::safe(&blocked_text(reason));
                ctx.ui.warn(&format!(
                    "{path} could not come along: {why}; its branch has moved, so commit nothing there before the next \
                     command has brought it along, or git agents undo has taken this back"
                ));
            }
            Followed::Kept { paths } => {
                let paths: Vec<String> =
                    paths.iter().map(|path| git_agents::git::repository::path_text(path.as_ref())).collect();
                ctx.ui.warn(&format!("{path}: edited meanwhile and kept as they are: {}", paths.join(", ")));
            }
        }
    }
}
