//! What is shown, in order.

use std::time::Instant;

use super::play::Play;
use super::project;
use crate::error::CliError;

pub(super) fn tell(play: &mut Play<'_>) -> Result<(), CliError> {
    let began = Instant::now();
    play.quietly("git init -q -b main && git add . && git commit -q -m 'A to-do list in a text file'")?;
    plan(play)?;
    work(play)?;
    look(play)?;
    land(play)?;
    result(play)?;
    let seconds = began.elapsed().as_secs_f64();
    play.say(&format!("Four tasks of three agents are on main, in {seconds:.1} seconds."))
}

fn plan(play: &mut Play<'_>) -> Result<(), CliError> {
    play.say("A to-do program in a temporary folder. Three agents get a branch and a worktree each.")?;
    play.show("git agents init ann ben cam")?;
    play.say("Three tasks with an owner and an estimate in hours, and one that has to wait for two of them.")?;
    play.show("git agents assign ann 12 'Sort the list by priority' 2")?;
    play.show("git agents assign ben 13 'Mark what is overdue' 1.5")?;
    play.show("git agents assign cam 14 'A find command' 1")?;
    play.show("git agents task add 'Write down the changes' --id 15 --hours 0.5 --after 12 --after 14")
}

fn work(play: &mut Play<'_>) -> Result<(), CliError> {
    play.say("The agents work at the same time: three processes, here three scripts, each in its own worktree.")?;
    play.together(project::FIRST)
}

fn look(play: &mut Play<'_>) -> Result<(), CliError> {
    play.say("Where everybody is.")?;
    play.show("git agents status")?;
    play.say("Who is in whose way: Ann and Ben both rewrote lib/list.sh. What merely overlaps will merge.")?;
    play.show_ending("git agents conflicts", 1)?;
    play.say("The order that lands the most without anybody's help.")?;
    play.show_ending("git agents merge-order", 1)?;
    play.say("What the agents noticed on the way.")?;
    play.show("git agents findings")
}

fn land(play: &mut Play<'_>) -> Result<(), CliError> {
    play.say("What merges is landed. What conflicts stays exactly as it was.")?;
    play.show_ending("git agents merge --all --yes", 1)?;
    play.say("Ben resolves the conflict in his worktree, with plain git. Cam takes the task that is ready now.")?;
    play.together(project::SECOND)?;
    play.say("Now there is nothing in the way.")?;
    play.show("git agents merge --all --yes")
}

fn result(play: &mut Play<'_>) -> Result<(), CliError> {
    play.say("What happened, newest first.")?;
    play.show("git agents log -n 5")?;
    play.say("The result is plain git history, and the project's own tests agree.")?;
    play.show("git log --oneline --graph")?;
    play.show("sh tests/check")?;
    play.quietly("test -z \"$(git branch --no-merged main)\" && test -z \"$(git status --porcelain)\"")?;
    Ok(())
}
