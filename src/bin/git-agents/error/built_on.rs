//! Why an operation cannot be taken back: what was built on it since, and the commands of a person who wants to.

use git_agents::git::Repository;
use git_agents::work::built_on::{self, Built, Revert, Stand};

use super::{CliError, quoted};
use crate::render::style::counted;

/// `sentence` is what the operation says of itself, `landing` the branch that it landed on, if it is one, with the commit
/// that it began at where that is not where the branch was.
pub(crate) fn built_upon(
    repo: &Repository,
    sentence: &str,
    landing: Option<(&str, Option<gix::ObjectId>)>,
    stands: &[Stand],
) -> CliError {
    let is_built = stands.iter().any(|stand| stand.now != stand.left && stand.built.is_some());
    let mut message = match is_built {
        true => format!("something was built on \"{sentence}\" since"),
        false => format!("\"{sentence}\" cannot be taken back: what moved with it has moved since"),
    };
    for stand in stands.iter().filter(|stand| stand.now != stand.left) {
        message.push_str(&format!("\n  {}", moved_text(stand)));
        for (id, subject) in stand.built.iter().flat_map(|built| &built.newest) {
            message.push_str(&format!("\n    {} {subject}", &id.to_string()[..10]));
        }
    }
    let is_target = |stand: &&Stand| landing.is_some_and(|(target, _)| stand.name == format!("refs/heads/{target}"));
    let start = landing.and_then(|(_, start)| start);
    let (of_target, others): (Vec<&Stand>, Vec<&Stand>) = stands.iter().partition(|stand| is_target(stand));
    let mut commands: Vec<String> =
        of_target.into_iter().flat_map(|stand| revert_commands(repo, stand, start)).collect();
    commands.extend(others.into_iter().filter_map(back_command));
    commands.push("git agents log".to_owned());
    commands.into_iter().fold(CliError::refused("built-upon", message), CliError::hint)
}

/// Where a ref went since.
fn moved_text(stand: &Stand) -> String {
    let name = short(&stand.name);
    let text = |id: gix::ObjectId| id.to_string()[..10].to_owned();
    match (stand.left, stand.now, &stand.built) {
        (Some(left), Some(now), Some(Built { commits, newest })) => {
            let more = if *commits > newest.len() { ", the newest of them" } else { "" };
            format!("{name} moved from {} to {}: {}{more}", text(left), text(now), counted(*commits, "commit"))
        }
        (Some(left), Some(now), None) => {
            format!("{name} moved from {} to {}, which is not on top of it", text(left), text(now))
        }
        (Some(left), None, _) => format!("{name} was at {} and is gone", text(left)),
        (None, Some(now), _) => format!("{name} was gone and is at {}", text(now)),
        (None, None, _) => format!("{name} is gone"),
    }
}

/// On the target everything stays in the history, and is reverted where it is checked out.
fn revert_commands(repo: &Repository, stand: &Stand, start: Option<gix::ObjectId>) -> Vec<String> {
    let (Some(before), Some(left), Some(_)) = (start.or(stand.before), stand.left, &stand.built) else {
        return Vec::new();
    };
    // What git cannot tell now, it cannot do either.
    let steps = built_on::reverts(repo, before, left).unwrap_or_default();
    let (mut commands, mut git) = (Vec::new(), "git".to_owned());
    match &stand.checked_out {
        Some(path) if repo.worktree() == Some(path) => {}
        Some(path) => git = format!("git -C {}", quoted(&path.display().to_string())),
        None => commands.push(format!("git switch {}", quoted(short(&stand.name)))),
    }
    let short = |id: &gix::ObjectId| id.to_string()[..10].to_owned();
    commands.extend(steps.iter().map(|step| match step {
        Revert::Range(from, to) => format!("{git} revert --no-edit {}..{}", short(from), short(to)),
        Revert::Merge(merge) => format!("{git} revert --no-edit -m 1 {}", short(merge)),
    }));
    commands
}

/// A branch goes back to where it was; what was built on it goes along.
fn back_command(stand: &Stand) -> Option<String> {
    let (before, left, now) = (stand.before?, stand.left?, stand.now?);
    let from = left.to_string()[..10].to_owned();
    let name = quoted(short(&stand.name));
    let back = quoted(&stand.backup.clone().unwrap_or_else(|| before.to_string()));
    let place = stand.checked_out.as_ref().map(|path| quoted(&path.display().to_string()));
    match (&stand.built, place) {
        (None, _) => None,
        (Some(_), Some(path)) if now != left => Some(format!("git -C {path} rebase --onto {back} {from}")),
        (Some(_), None) if now != left => Some(format!("git rebase --onto {back} {from} {name}")),
        (Some(_), Some(path)) => Some(format!("git -C {path} reset --keep {back}")),
        (Some(_), None) => Some(format!("git branch -f {name} {back}")),
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}
