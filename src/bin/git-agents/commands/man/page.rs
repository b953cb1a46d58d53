//! Manual pages from the tree of commands, in the style of git's own: all options in the synopsis, arguments as they
//! are typed, options that every command takes on the main page only. Pages are plain ASCII and carry no date, so
//! that they are the same wherever they are made.

use clap::{Arg, ArgAction, Command};
use roff::{Inline, Roff, bold, italic, roman};

use super::guide::{Part, SECTIONS};

/// A manual page.
pub(super) struct Page {
    /// Its file's name, such as `git-agents-task-add.1`.
    pub(super) file: String,
    /// Its source.
    pub(super) text: String,
}

/// The page of `root` and those of all its commands, the main page first.
pub(super) fn pages(mut root: Command) -> Vec<Page> {
    root.build();
    let mut pages = Vec::new();
    add_pages(&root, &[], &mut pages);
    pages
}

fn add_pages(command: &Command, parents: &[&Command], pages: &mut Vec<Page>) {
    let way: Vec<&Command> = parents.iter().copied().chain([command]).collect();
    pages.push(page(&way));
    for sub in subcommands(command) {
        add_pages(sub, &way, pages);
    }
}

/// The page of the last command of `way`, which leads there from the root.
fn page(way: &[&Command]) -> Page {
    let name = page_name(way);
    let mut roff = Roff::new();
    let (root, command) = (way[0], way[way.len() - 1]);
    let version = format!("git-agents {}", root.get_version().unwrap_or_default());
    roff.control("TH", [&*in_control(&name.to_uppercase()), "1", "\"\"", &*in_control(&version), "Git Agents Manual"]);
    section(&mut roff, "NAME");
    roff.text([roman(format!("{name} - {}", about(command)))]);
    section(&mut roff, "SYNOPSIS");
    synopsis(&mut roff, way);
    section(&mut roff, "DESCRIPTION");
    description(&mut roff, command);
    options(&mut roff, way);
    commands(&mut roff, way);
    if way.len() == 1 {
        guide(&mut roff);
    }
    section(&mut roff, "SEE ALSO");
    see_also(&mut roff, way);
    Page { file: format!("{name}.1"), text: ascii(&roff.render()) }
}

/// `git-agents-task-add`
fn page_name(way: &[&Command]) -> String {
    way.iter().map(|command| command.get_name()).collect::<Vec<_>>().join("-")
}

/// `git agents task add`
fn typed(way: &[&Command]) -> String {
    page_name(&way[..1]).replacen('-', " ", 1)
        + &way[1..].iter().map(|command| format!(" {}", command.get_name())).collect::<String>()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default().trim_end_matches('.').to_owned()
}

fn subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set())
}

/// The options and arguments that belong to the command itself.
fn arguments<'c>(way: &[&'c Command]) -> impl Iterator<Item = &'c Arg> {
    let main = way.len() == 1;
    let command = way[way.len() - 1];
    let help = |arg: &Arg| matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong);
    command.get_arguments().filter(move |arg| !arg.is_hide_set() && (main || !arg.is_global_set() && !help(arg)))
}

fn synopsis(roff: &mut Roff, way: &[&Command]) {
    let command = way[way.len() - 1];
    if way.len() == 1 || !command.has_subcommands() {
        synopsis_line(roff, way);
        return;
    }
    if !command.is_subcommand_required_set() && !command.is_arg_required_else_help_set() {
        synopsis_line(roff, way);
    }
    for sub in subcommands(command) {
        synopsis_line(roff, &way.iter().copied().chain([sub]).collect::<Vec<_>>());
    }
}

fn synopsis_line(roff: &mut Roff, way: &[&Command]) {
    roff.control("SY", [&*in_control(&typed(way))]);
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) = arguments(way).partition(|arg| arg.is_positional());
    let answers = |arg: &&&Arg| !matches!(arg.get_action(), ArgAction::Help | ArgAction::Version);
    let (required, optional): (Vec<&Arg>, Vec<&Arg>) =
        options.iter().filter(answers).partition(|arg| arg.is_required_set());
    for arg in optional.into_iter().chain(required).chain(positional) {
        let mut words = Vec::new();
        if let Some(flag) = flag(arg) {
            words.push(bold(flag));
        }
        if let Some(value) = value(arg) {
            words.extend((!words.is_empty()).then(|| roman("\u{a0}")));
            words.push(italic(value));
        }
        if !arg.is_required_set() {
            words.insert(0, roman("["));
            words.push(roman("]"));
        }
        if repeats(arg) {
            words.push(roman("\u{2026}"));
        }
        roff.text(words);
    }
    if way.len() == 1 {
        roff.text([roman("["), italic("COMMAND"), roman("\u{a0}\u{2026}]")]);
    }
    roff.control("YS", []);
}

/// The option's longest name.
fn flag(arg: &Arg) -> Option<String> {
    arg.get_long().map(|long| format!("--{long}")).or_else(|| arg.get_short().map(|short| format!("-{short}")))
}

/// What stands for the value, when there is one.
fn value(arg: &Arg) -> Option<String> {
    let takes_one = arg.is_positional() || arg.get_action().takes_values();
    let names = || arg.get_value_names().map(|names| names.join(" "));
    takes_one.then(|| names().unwrap_or_else(|| arg.get_id().as_str().to_uppercase()))
}

fn repeats(arg: &Arg) -> bool {
    let many = arg.is_positional() && arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    many || !arg.is_positional() && matches!(arg.get_action(), ArgAction::Append)
}

fn description(roff: &mut Roff, command: &Command) {
    let text = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    for (index, paragraph) in text.split("\n\n").enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text(inline(&sentence(paragraph)));
    }
}

fn options(roff: &mut Roff, way: &[&Command]) {
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) = arguments(way).partition(|arg| arg.is_positional());
    let all: Vec<&Arg> = positional.into_iter().chain(options).collect();
    if all.is_empty() && way.len() > 1 {
        return;
    }
    section(roff, "OPTIONS");
    for arg in all {
        roff.control("TP", []);
        roff.text(option_head(arg));
        let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
        for (index, paragraph) in help.split("\n\n").enumerate() {
            if index > 0 {
                roff.control("IP", []);
            }
            roff.text(inline(&sentence(paragraph)));
        }
        values(roff, arg);
    }
    if way.len() > 1 {
        roff.control("PP", []);
        roff.text([roman("Options that every command takes, such as "), bold("--json"), roman(", are in ")]);
        roff.text([bold("git-agents"), roman("(1).")]);
    }
}

fn option_head(arg: &Arg) -> Vec<Inline> {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let mut head = Vec::new();
    for name in short.into_iter().chain(long) {
        head.extend((!head.is_empty()).then(|| roman(", ")));
        head.push(bold(name));
    }
    if let Some(value) = value(arg) {
        head.extend((!head.is_empty()).then(|| roman(" ")));
        head.push(italic(value));
    }
    if repeats(arg) && arg.is_positional() {
        head.push(roman("\u{2026}"));
    }
    head
}

/// The values that can be chosen from, and the one that is taken when none is.
fn values(roff: &mut Roff, arg: &Arg) {
    let shown = arg.get_action().takes_values() && !arg.is_hide_possible_values_set();
    let possible = arg.get_possible_values().into_iter().filter(|value| shown && !value.is_hide_set());
    let possible: Vec<_> = possible.collect();
    if possible.iter().any(|value| value.get_help().is_some()) {
        roff.control("RS", []);
        for value in &possible {
            roff.control("TP", []);
            roff.text([italic(value.get_name())]);
            roff.text(inline(&sentence(&value.get_help().map(ToString::to_string).unwrap_or_default())));
        }
        roff.control("RE", []);
    } else if let Some((last, others)) = possible.split_last() {
        let names = others.iter().map(|value| value.get_name()).collect::<Vec<_>>().join(", ");
        roff.text([roman(format!("One of {names} and {}.", last.get_name()))]);
    }
    let defaults = arg.get_default_values().first().filter(|_| arg.get_action().takes_values());
    if let Some(default) = defaults.filter(|_| !arg.is_hide_default_value_set()) {
        roff.control("IP", []);
        roff.text([roman("The default is "), italic(default.to_string_lossy()), roman(".")]);
    }
}

fn commands(roff: &mut Roff, way: &[&Command]) {
    let command = way[way.len() - 1];
    if !command.has_subcommands() {
        return;
    }
    section(roff, "COMMANDS");
    for sub in subcommands(command) {
        roff.control("TP", []);
        let path: Vec<&Command> = way.iter().copied().chain([sub]).collect();
        roff.text([bold(page_name(&path)), roman("(1)")]);
        roff.text(inline(&sentence(&about(sub))));
    }
}

fn guide(roff: &mut Roff) {
    for (heading, parts) in SECTIONS {
        section(roff, heading);
        for part in *parts {
            match part {
                Part::Text(text) => {
                    roff.control("PP", []);
                    roff.text(inline(text));
                }
                Part::Term(term, text) => {
                    roff.control("TP", []);
                    roff.text([bold(*term)]);
                    roff.text(inline(text));
                }
                Part::Commands(lines) => {
                    roff.control("PP", []).control("RS", ["4"]).control("nf", []);
                    for line in *lines {
                        roff.text([roman(*line)]);
                    }
                    roff.control("fi", []).control("RE", []);
                }
            }
        }
    }
}

/// The page above and its commands; from the main page, git's own.
fn see_also(roff: &mut Roff, way: &[&Command]) {
    let names: Vec<String> = match way {
        [_] => ["git", "git-worktree", "git-merge-tree", "git-config"].map(str::to_owned).to_vec(),
        [above @ .., command] => {
            let beside = subcommands(above[above.len() - 1]).filter(|_| above.len() > 1);
            let beside = beside.filter(|sub| sub.get_name() != command.get_name());
            let parents = (1..=above.len()).map(|length| page_name(&above[..length]));
            parents.chain(beside.map(|sub| format!("{}-{}", page_name(above), sub.get_name()))).collect()
        }
        [] => Vec::new(),
    };
    let last = names.len().saturating_sub(1);
    for (index, name) in names.into_iter().enumerate() {
        roff.text([bold(name), roman(if index == last { "(1)" } else { "(1)," })]);
    }
}

fn section(roff: &mut Roff, heading: &str) {
    roff.control("SH", [heading]);
}

/// With a full stop, which clap takes off.
fn sentence(text: &str) -> String {
    let ends = text.is_empty() || text.ends_with(['.', '!', '?', ':', '\u{2026}']);
    if ends { text.to_owned() } else { format!("{text}.") }
}

/// Text in which `…` is bold.
fn inline(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

/// A name in a request's argument, where a hyphen would not be a minus sign.
fn in_control(text: &str) -> String {
    text.replace('-', "\\-")
}

/// Everything else as groff's escapes, which need no encoding to be agreed on.
fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            _ if char.is_ascii() => ascii.push(char),
            '\u{a0}' => ascii.push_str("\\ "),
            _ => ascii.push_str(&format!("\\[u{:04X}]", char as u32)),
        }
    }
    ascii
}
