//! `git agents`: several coding agents, one repository.

mod cli;
#[cfg(test)]
mod cli_test;
mod commands;
mod context;
mod error;
mod render;
mod sharing;
mod ui;
mod view;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use git_agents::world::World;

use cli::{Cli, ColorWhen};
use context::Context;
use error::{CliError, Exit};
use render::style::Style;
use ui::Ui;

fn main() -> ExitCode {
    // Before anything else is touched: a supervisor is to stay small.
    if let Some(ended) = git_agents::run::supervise::answer_launcher() {
        return ended;
    }
    if let Some(answered) = commands::completions::answer_shell() {
        return answered;
    }
    let world = World::here();
    if let Some(ended) = commands::settle::answer_supervisor(&world) {
        return ended;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&world, &error),
    };
    // An interrupt takes the lock files that we hold with it; git would do the same. The demo holds none, and stays to
    // remove its folder; what drives a plan finishes what it is at; a run in the foreground has the terminal, and its
    // interrupts are its own.
    if !cli.command.as_ref().is_some_and(cli::Command::hears_interrupts) {
        gix::tempfile::signal::setup(Default::default());
    }
    let ui = Ui {
        json: cli.global.json.is_some() || cli.command.as_ref().is_some_and(cli::Command::is_json),
        lines: cli.global.json == Some(cli::JsonForm::Lines),
        quiet: cli.global.quiet,
        verbose: cli.global.verbose,
        out: style(&world, cli.global.color, &std::io::stdout()),
        err: style(&world, cli.global.color, &std::io::stderr()),
    };
    if ui.verbose {
        git_agents::git::run::observe(ui::show_detail);
    }
    let context = Context::new(ui, world, cli.global.directory.unwrap_or_else(|| PathBuf::from(".")));
    let run = std::panic::AssertUnwindSafe(|| commands::run(&context, cli.command));
    let exit = match std::panic::catch_unwind(run) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            context.ui.error(&error);
            error.exit
        }
        Err(_) => {
            context.ui.error(&CliError::new(Exit::Bug, "bug", "this is a bug in git-agents; nothing more was changed"));
            Exit::Bug
        }
    };
    ExitCode::from(exit as u8)
}

/// Colour when it is asked for, or when a terminal is there (or `CLICOLOR_FORCE`) and `NO_COLOR` is not.
fn style(world: &World, when: ColorWhen, stream: &impl IsTerminal) -> Style {
    let terminal = stream.is_terminal();
    let declined = World::variable("NO_COLOR").is_some_and(|value| !value.is_empty())
        || World::variable("TERM").is_some_and(|value| value == "dumb");
    let forced = World::variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
    let color = match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => (terminal || forced) && !declined,
    };
    let width = if terminal { render::style::terminal_width() } else { None };
    Style { color, width, now: world.now }
}

/// What clap found: help and version are answers, the rest is a usage error, as JSON when that was asked for.
fn usage(world: &World, error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    let args: Vec<_> = std::env::args_os().take_while(|arg| arg != "--").collect();
    let is_json = |arg: &std::ffi::OsString| arg.to_string_lossy().split('=').next() == Some("--json");
    let is_format = |two: &[std::ffi::OsString]| two[0] == "--format" && two[1] == "json";
    let asked_for_json =
        args.iter().any(|arg| is_json(arg) || arg == "--format=json") || args.windows(2).any(is_format);
    let answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked_for_json && !answer {
        let style = Style { color: false, width: None, now: world.now };
        let ui = Ui { json: true, lines: false, quiet: false, verbose: false, out: style, err: style };
        ui.error(&CliError::usage(usage_sentence(error)).hint("git agents -h"));
    } else if answer {
        drop(error.print());
    } else {
        // clap repeats what was typed: it must not act on the terminal.
        ui::show_error(&error.render().to_string());
    }
    // For an agent's tool, status 2 of its hook is a no: a command line that makes no sense is none.
    let asked_by_tool = std::env::args_os().any(|arg| arg == "--hook-json");
    let wrong = if asked_by_tool { Exit::Outside } else { Exit::Usage };
    ExitCode::from(if answer { Exit::Good } else { wrong } as u8)
}

/// What clap found, in one line: its first paragraph, which names what is missing or possible on lines of its own.
fn usage_sentence(error: &clap::Error) -> String {
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "the name of a command is missing".to_owned();
    }
    let text = error.render().to_string();
    let paragraph = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim);
    paragraph.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
}
