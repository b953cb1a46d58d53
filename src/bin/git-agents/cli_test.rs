//! The tree of commands as a stranger reads it: nothing without help, and every command line in a document parses.

use clap::{ArgAction, Command, CommandFactory, Parser};

use crate::cli::Cli;

#[test]
fn the_tree_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_every_option_has_help() {
    each(&built(), &mut |command| {
        let name = command.get_bin_name().unwrap_or_default();
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(about.len() > 10, "`{name}` has no help");
        assert!(about.len() <= 100, "`{name}` has a first line of {} characters, 100 are the most", about.len());
        for arg in command.get_arguments() {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.len() > 5, "`{}` of `{name}` has no help", arg.get_id());
        }
    });
}

#[test]
fn every_value_has_a_name_that_says_what_it_is() {
    each(&built(), &mut |command| {
        for arg in command.get_arguments().filter(|arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append))
        {
            let names = arg.get_value_names().unwrap_or_default();
            let told = names.iter().all(|name| name.len() > 1 || matches!(name.as_str(), "N"));
            assert!(told, "the value of `{}` of {:?} is called {names:?}", arg.get_id(), command.get_bin_name());
        }
    });
}

/// A list of things to do begins with `-`, and what clap says of that leads nowhere.
#[test]
fn every_option_for_a_text_takes_one_that_begins_like_an_option() {
    each(&built(), &mut |command| {
        let name = command.get_bin_name().unwrap_or_default();
        let is_text = |arg: &&clap::Arg| {
            let names = arg.get_value_names().unwrap_or_default();
            arg.get_long().is_some() && names.iter().any(|name| matches!(name.as_str(), "TEXT" | "TITLE"))
        };
        for arg in command.get_arguments().filter(is_text) {
            assert!(arg.is_allow_hyphen_values_set(), "--{} of `{name}`", arg.get_long().unwrap_or_default());
        }
    });
}

#[test]
fn every_command_line_in_a_document_parses() {
    let project = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(project.join("README.md")).unwrap_or_default();
    let main_page = std::fs::read_to_string(project.join("man/git-agents.1")).unwrap();
    let lines = command_lines(&readme).chain(command_lines(&main_page));
    let mut found = 0;
    for line in lines {
        let words = words(&line.replace("\\-", "-"));
        if let Err(error) = Cli::try_parse_from(words) {
            assert!(!error.use_stderr(), "{line}\n{error}");
        }
        found += 1;
    }
    assert!(found > 0, "no document shows a command");
}

/// Lines that a reader would type: those in a block that begin with `git agents`, with or without a prompt.
fn command_lines(document: &str) -> impl Iterator<Item = &str> {
    let typed = document.lines().map(|line| line.trim().trim_start_matches("$ "));
    typed.filter(|line| line.starts_with("git agents ") && !line.contains('\u{2026}'))
}

/// The words of a line as a shell splits them, up to what is for the shell.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for char in line.chars() {
        match (quote, char) {
            (None, '|' | '>' | '#' | '&' | ';') => break,
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().unwrap().push(char),
        }
    }
    words.retain(|word| !word.is_empty());
    // `git agents` is one word to the parser.
    words.splice(..2, ["git-agents".to_owned()]);
    words
}

fn built() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

fn each(command: &Command, check: &mut impl FnMut(&Command)) {
    check(command);
    for sub in command.get_subcommands() {
        each(sub, check);
    }
}
