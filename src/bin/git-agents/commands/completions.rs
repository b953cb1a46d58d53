//! `git agents completions`, and the answers that its scripts ask for while the user types.
//!
//! The scripts know no commands. They start this program with [`ASKED`] set and, after a `--`, the words that follow
//! the command up to the cursor, the last of which is being typed and may be empty. The answer is a line for each word
//! that could stand there: the word, and after a tab what it is. Where a path is wanted the answer is one line,
//! `:files` or `:folders`, and the shell completes it as it does everywhere. Scripts outlive the program that printed
//! them: another protocol needs another variable.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::{Args, Command, CommandFactory, ValueEnum, ValueHint};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate, complete};
use git_agents::text::printable;
use git_agents::world::World;

use crate::cli::Cli;
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Set by the scripts when they ask.
const ASKED: &str = "GIT_AGENTS_COMPLETE";

/// Marks an offer that stands for paths.
const PATH: &str = "path";

/// Print the script that makes Tab complete `git agents` in a shell.
///
/// It completes commands, options, agents' names and tasks' ids, after `git agents` and after `git-agents`.
///
/// For bash save it as ~/.local/share/bash-completion/completions/git-agents, for zsh as _git-agents in a folder of
/// $fpath, for fish as ~/.config/fish/conf.d/git-agents.fish.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell to complete in.
    shell: Shell,
}

/// A shell that can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// With git's own completion or without it.
    Bash,
    /// With zsh's own completion of git.
    Zsh,
    /// With fish's own completion of git.
    Fish,
}

pub(crate) fn run(ctx: &Context, args: &CompletionsArgs) -> Result<Exit, CliError> {
    ctx.ui.raw(match args.shell {
        Shell::Bash => include_str!("../../../../completions/git-agents.bash"),
        Shell::Zsh => include_str!("../../../../completions/_git-agents"),
        Shell::Fish => include_str!("../../../../completions/git-agents.fish"),
    })?;
    Ok(Exit::Good)
}

/// Answer a shell's question, when that is what we were started for. Whatever goes wrong, there is nothing to offer.
pub(crate) fn answer_shell() -> Option<ExitCode> {
    World::variable(ASKED)?;
    let mut words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let typed = words.pop().unwrap_or_default();
    if let Some(at) = words.iter().position(|word| word == "-C")
        && let Some(dir) = words.get(at + 1)
    {
        drop(std::env::set_current_dir(dir));
    }
    let answer: String = offers(words, &typed).iter().map(|offer| offer.clone() + "\n").collect();
    drop(std::io::Write::write_all(&mut std::io::stdout(), answer.as_bytes()));
    Some(ExitCode::SUCCESS)
}

/// What could stand where `typed` is being typed, after `words`.
fn offers(words: Vec<OsString>, typed: &OsStr) -> Vec<String> {
    let wants_option = typed.as_encoded_bytes().starts_with(b"-");
    // Of an option with two names the engine offers one: after nothing the long one, after a dash the short one.
    let asked = if typed == "-" { OsStr::new("") } else { typed };
    let mut line = vec![OsString::from("git-agents")];
    line.extend(words);
    line.push(asked.to_owned());
    let index = line.len() - 1;
    let found = complete(&mut with_paths(Cli::command()), line, index, None).unwrap_or_default();
    if let Some(paths) = found.iter().find(|offer| offer.get_id().is_some_and(|id| id == PATH)) {
        return paths.get_help().map(ToString::to_string).into_iter().collect();
    }
    // Like git: no options before a dash asks for them.
    let fits = |offer: &&CompletionCandidate| offer.get_value().as_encoded_bytes().starts_with(b"-") == wants_option;
    found.iter().filter(fits).map(shown).collect()
}

fn shown(offer: &CompletionCandidate) -> String {
    let value = offer.get_value().to_string_lossy();
    let help = offer.get_help().map(ToString::to_string).unwrap_or_default();
    match help.lines().next() {
        Some(help) => format!("{value}\t{}", printable(help.trim_end_matches('.'))),
        None => value.into_owned(),
    }
}

/// The tree with paths left to the shell, which knows about `~`, quotes and hidden files.
fn with_paths(command: Command) -> Command {
    let left_to_shell = |marker: &'static str| {
        let offer = move || CompletionCandidate::new("").id(Some(PATH.to_owned())).help(Some(marker.into()));
        ArgValueCompleter::new(move |_: &OsStr| vec![offer()])
    };
    let arguments = command.mut_args(|arg| match arg.get_value_hint() {
        _ if arg.get::<ArgValueCandidates>().is_some() => arg,
        ValueHint::AnyPath | ValueHint::FilePath => arg.add(left_to_shell(":files")),
        ValueHint::DirPath => arg.add(left_to_shell(":folders")),
        _ => arg,
    });
    arguments.mut_subcommands(with_paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let mut words: Vec<OsString> = line.split(' ').map(Into::into).collect();
        let typed = words.pop().unwrap();
        offers(words, &typed).iter().map(|offer| offer.split('\t').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn commands_and_their_commands() {
        assert!(words("").contains(&"task".to_owned()));
        assert!(words("as").contains(&"assign".to_owned()));
        assert!(words("task ").contains(&"add".to_owned()));
        assert_eq!(words("completions "), ["bash", "zsh", "fish"]);
    }

    #[test]
    fn options_only_after_a_dash() {
        assert!(words("").iter().all(|word| !word.starts_with('-')));
        assert!(words("-").contains(&"--json".to_owned()));
        assert!(words("-").contains(&"-C".to_owned()), "{:?}", words("-"));
        assert!(words("task add --p").contains(&"--priority".to_owned()));
        assert_eq!(words("--color al"), ["always"]);
        assert_eq!(words("--color=al"), ["--color=always"]);
    }

    #[test]
    fn paths_are_the_shells() {
        assert_eq!(words("-C "), [":folders"]);
        assert_eq!(words("task add --body-file "), [":files"]);
        assert_eq!(words("task add --body-file=some/pa"), [":files"]);
        assert_eq!(words("task import x"), [":files"]);
    }

    #[test]
    fn what_makes_no_sense_has_no_answer() {
        assert!(words("no-such-command ").iter().all(|word| !word.starts_with("no-such")));
        assert_eq!(words("task add --no-such-option"), Vec::<String>::new());
    }
}
