//! The README is run: every command that it shows answers exactly what it shows.
//!
//! A ```` ```console ```` block holds commands after `$ ` and below each what it prints, on either stream. All blocks
//! of a document are one shell session, so a `cd` lasts. `<!-- sh` … `-->` is run in between and shown to nobody. A
//! command must end with status 0; one that is meant not to says so itself: `… || echo "exit status $?"`.
//!
//! A document that is out of date is rewritten here, and an error where `CI` is set.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::support::Sandbox;

/// What the reader sees in place of the folder that the session ran in.
const SHOWN_ROOT: &str = "/home/you";

#[test]
fn the_readme_shows_what_is_printed() {
    let path = in_project("README.md");
    let shown = std::fs::read_to_string(&path).unwrap();
    let printed = perform(&shown);
    if shown == printed {
        return;
    }
    assert!(std::env::var_os("CI").is_none(), "README.md is out of date, `cargo test` rewrites it");
    std::fs::write(&path, printed).unwrap();
    #[expect(clippy::print_stderr, reason = "who runs the test should know that a file has changed")]
    {
        eprintln!("{} was out of date and is rewritten", path.display());
    }
}

#[test]
fn the_readme_lists_every_command() {
    let readme = std::fs::read_to_string(in_project("README.md")).unwrap();
    let (_, table) = readme.split_once("\n| command |").unwrap();
    let cells = table.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split('|').nth(1));
    let listed: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let there = commands(&Sandbox::new(), &[]);
    assert_eq!(listed.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), there);
    assert_eq!(listed.len(), there.len(), "a command is listed twice");
}

/// The names of all commands below `of` that have none below themselves, as the help tells them.
fn commands(sandbox: &Sandbox, of: &[String]) -> BTreeSet<String> {
    let help = sandbox.direct(of.iter().map(String::as_str).chain(["-h"])).output().good().stdout;
    let section = help.split_once("Commands:\n").map(|(_, rest)| rest).unwrap_or_default();
    // A description that is too long for its line goes on below, further to the right.
    let names = section.lines().map_while(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next());
    let mut found = BTreeSet::new();
    for name in names {
        let path: Vec<String> = of.iter().cloned().chain([name.to_owned()]).collect();
        let below = commands(sandbox, &path);
        match below.is_empty() {
            true => drop(found.insert(path.join(" "))),
            false => found.extend(below),
        }
    }
    found
}

/// A part of a document.
enum Part<'d> {
    /// Shown as it is.
    Text(&'d str),
    /// Shown as it is, and run.
    Hidden { line: &'d str, script: String },
    /// Shown with the answer below, and run.
    Command { lines: Vec<&'d str>, at: usize },
}

/// The document with the answers that its commands give now.
fn perform(document: &str) -> String {
    let parts = parts(document);
    let sandbox = Sandbox::new();
    let home = sandbox.root().join("home");
    let mut script = "exec 2>&1\n".to_owned();
    for (number, part) in parts.iter().enumerate() {
        let (command, shown) = match part {
            Part::Text(_) => continue,
            Part::Hidden { script, .. } => (script.clone(), false),
            Part::Command { lines, .. } => (lines.iter().map(|line| format!("{}\n", &line[2..])).collect(), true),
        };
        let to = if shown { "" } else { " >/dev/null" };
        // The record separator, which nothing prints: the answer is what stands between two of them.
        writeln!(script, "printf '\\036{number}\\036'\n{{ {command}\n}}{to}\nprintf '\\036%s\\036' $?").unwrap();
    }
    let output = sandbox
        .command("sh")
        .args(["-c", &script])
        .current_dir(&home)
        .env("DEMO", in_project("src/bin/git-agents/commands/demo"))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap().replace(home.to_str().unwrap(), SHOWN_ROOT);
    let mut told = told.split('\u{1e}').skip(1);
    let mut out = String::new();
    for (number, part) in parts.iter().enumerate() {
        let mut answer = |at: &str| {
            assert_eq!(told.next(), Some(number.to_string().as_str()), "the shell has ended before {at}");
            let answer = told.next().unwrap_or_default();
            assert_eq!(told.next(), Some("0"), "a status other than 0: {at}\n{answer}");
            let _ = told.next();
            answer.to_owned()
        };
        match part {
            Part::Text(line) => out.push_str(line),
            Part::Hidden { line, script } => {
                drop(answer(script));
                out.push_str(line);
            }
            Part::Command { lines, at } => {
                let answer = answer(&format!("line {at}: {}", lines.join("\n")));
                lines.iter().for_each(|line| writeln!(out, "{line}").unwrap());
                out.push_str(&answer);
                assert!(answer.is_empty() || answer.ends_with('\n'), "line {at}: the answer does not end its line");
            }
        }
    }
    out
}

fn parts(document: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut lines = document.split_inclusive('\n').enumerate().peekable();
    while let Some((_, line)) = lines.next() {
        parts.push(Part::Text(line));
        match line.trim_end() {
            "<!-- sh" => {
                let mut script = String::new();
                for (_, line) in lines.by_ref() {
                    if line.trim_end() == "-->" {
                        parts.push(Part::Hidden { line, script });
                        break;
                    }
                    script.push_str(line);
                    parts.push(Part::Text(line));
                }
            }
            "```console" => {
                while let Some((number, line)) = lines.next() {
                    if line.starts_with("```") {
                        parts.push(Part::Text(line));
                        break;
                    }
                    // What is no command is an answer, which is given anew.
                    if !line.starts_with("$ ") {
                        continue;
                    }
                    let mut command = vec![line.trim_end()];
                    while let Some((_, more)) = lines.next_if(|(_, line)| line.starts_with("> ")) {
                        command.push(more.trim_end());
                    }
                    parts.push(Part::Command { lines: command, at: number + 1 });
                }
            }
            _ => {}
        }
    }
    parts
}

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
