//! From a profile and values to the arguments of a program.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::script::{self, Part};
use super::{Call, CostSource, GIVEN, Profile, ProfileError, Stdin, nested};

/// The longest prompt that is given as an argument, in bytes. Linux takes no argument of 128 KiB or more
/// (`MAX_ARG_STRLEN`), macOS no more than 1 MiB for all arguments and the environment together.
pub const LONGEST_ARGUMENT: usize = 100_000;

/// Every placeholder, without the braces.
pub const PLACEHOLDERS: [&str; 10] =
    ["agent", "branch", "git_dir", "model", "port", "prompt", "prompt_file", "session", "task", "worktree"];
/// The argument in whose place the options for the model come.
pub const OPTIONS: &str = "{options}";

/// What is put into the placeholders.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// What the program is told.
    pub prompt: Option<&'a str>,
    /// A file that holds the same.
    pub prompt_file: Option<&'a Path>,
    /// The model that was chosen; none leaves it to the program.
    pub model: Option<&'a str>,
    /// The agent.
    pub agent: &'a str,
    /// Its task.
    pub task: Option<&'a str>,
    /// Its branch.
    pub branch: &'a str,
    /// Its worktree.
    pub worktree: &'a Path,
    /// The repository's own folder (the common one), in which a commit in a linked worktree is written.
    pub git_dir: &'a Path,
    /// The first port that the agent may use.
    pub port: Option<u16>,
    /// The program's own session, to go on with.
    pub session: Option<&'a str>,
}

/// Which of the profile's calls is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Without anybody there: `command`.
    Alone,
    /// In a terminal: `interactive`, or `command` where there is no such thing.
    Terminal,
    /// Going on with a session, without anybody there: `resume`.
    Resume,
}

/// What a program's standard input is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Nothing: `/dev/null`. In a terminal: the terminal.
    Nothing,
    /// This file, and then its end.
    File(PathBuf),
    /// A pipe that stays open.
    Open,
}

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The program and its arguments; never empty.
    pub argv: Vec<OsString>,
    /// Its standard input.
    pub input: Input,
    /// How its output tells what it cost.
    pub cost: CostSource,
}

impl Profile {
    /// The command for these values.
    ///
    /// # Errors
    /// See [`ProfileError`].
    pub fn command(&self, values: &Values<'_>, mode: Mode) -> Result<Command, ProfileError> {
        // What has no way of its own for a terminal runs there as it does anywhere.
        let mode = if mode == Mode::Terminal && self.interactive.is_none() { Mode::Alone } else { mode };
        let (call, field) = match mode {
            Mode::Alone => (Some(&self.command), "command"),
            Mode::Terminal => (self.interactive.as_ref(), "interactive"),
            Mode::Resume => (self.resume.as_ref(), "resume"),
        };
        let nothing = || ProfileError::NothingToRun { name: self.name.clone(), field };
        let argv = match call.ok_or_else(nothing)? {
            Call::Words(words) => self.words(words, field, values, mode)?,
            Call::Script(script) => self.script(script, field, values)?,
            Call::Given(words) => {
                let texts: Vec<&str> = words.iter().map(|word| word.to_str().unwrap_or_default()).collect();
                nested::check(&texts).map_err(|error| ProfileError::misplaced(GIVEN.to_owned(), error))?;
                words.iter().map(|word| self.given_argument(word, values)).collect::<Result<_, _>>()?
            }
        };
        if argv.first().is_none_or(|program| program.is_empty()) {
            return Err(nothing());
        }
        let input = match self.stdin {
            _ if mode == Mode::Terminal => Input::Nothing,
            Stdin::Nothing => Input::Nothing,
            Stdin::Open => Input::Open,
            Stdin::Prompt => Input::File(values.prompt_file.ok_or_else(|| self.no_value("prompt_file"))?.to_owned()),
        };
        Ok(Command { argv, input, cost: self.cost.clone() })
    }

    fn words(
        &self,
        words: &[String],
        field: &'static str,
        values: &Values<'_>,
        mode: Mode,
    ) -> Result<Vec<OsString>, ProfileError> {
        let model: &[String] = if values.model.is_some() { &self.model } else { &[] };
        let opening: &[String] = if mode == Mode::Terminal && values.prompt.is_some() { &self.opening } else { &[] };
        let mut all: Vec<&String> = Vec::new();
        for word in words {
            if word == OPTIONS { all.extend(model) } else { all.push(word) }
        }
        if !words.iter().any(|word| word == OPTIONS) {
            all.extend(model);
        }
        all.extend(opening);
        let texts: Vec<&str> = all.iter().map(|word| word.as_str()).collect();
        nested::check(&texts).map_err(|error| ProfileError::misplaced(self.key(field), error))?;
        all.into_iter().map(|word| self.argument(word, values)).collect()
    }

    /// One word with its values in it: one argument, whatever the values are.
    fn argument(&self, word: &str, values: &Values<'_>) -> Result<OsString, ProfileError> {
        let mut argument = Vec::new();
        for piece in pieces(word) {
            match piece {
                Piece::Text(text) => argument.extend_from_slice(text.as_bytes()),
                Piece::Placeholder(name) => {
                    let value = self.value(name, values)?;
                    // A program would take it for an option. Nobody reads the space.
                    if argument.is_empty() && value.as_bytes().starts_with(b"-") {
                        argument.push(b' ');
                    }
                    argument.extend_from_slice(value.as_bytes());
                }
            }
        }
        Ok(OsString::from_vec(argument))
    }

    /// A word that somebody has given. What is no text holds no placeholder.
    fn given_argument(&self, word: &OsStr, values: &Values<'_>) -> Result<OsString, ProfileError> {
        word.to_str().map_or_else(|| Ok(word.to_owned()), |text| self.argument(text, values))
    }

    /// The script with names for its placeholders, and their values as parameters.
    fn script(&self, script: &str, field: &'static str, values: &Values<'_>) -> Result<Vec<OsString>, ProfileError> {
        let parts = script::parts(script).map_err(|error| ProfileError::misplaced(self.key(field), error))?;
        let mut given: Vec<(String, OsString)> = Vec::new();
        let mut give = |name: &str, word: &str| {
            let name = script::variable(name);
            if !given.iter().any(|(known, _)| *known == name) {
                given.push((name.clone(), self.argument(word, values)?));
            }
            Ok(name)
        };
        let mut body = String::new();
        for part in parts {
            match part {
                Part::Text(text) => body.push_str(&text),
                Part::Value(name, true) => body.push_str(&format!("\"${}\"", give(&name, &format!("{{{name}}}"))?)),
                Part::Value(name, false) => body.push_str(&format!("${{{}}}", give(&name, &format!("{{{name}}}"))?)),
                Part::Options if values.model.is_some() => {
                    let names = self.model.iter().enumerate().map(|(n, word)| give(&format!("option_{n}"), word));
                    let names = names.collect::<Result<Vec<_>, ProfileError>>()?;
                    body.push_str(&names.iter().map(|name| format!("\"${name}\"")).collect::<Vec<_>>().join(" "));
                }
                Part::Options => {}
            }
        }
        let names = given.iter().enumerate().map(|(n, (name, _))| format!("{name}=${{{}}}", n + 1));
        let mut text = names.collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&body);
        let shell = ["sh", "-c", &text, "sh"].map(OsString::from);
        Ok(shell.into_iter().chain(given.into_iter().map(|(_, value)| value)).collect())
    }

    fn value(&self, name: &str, values: &Values<'_>) -> Result<OsString, ProfileError> {
        let unknown = || ProfileError::UnknownPlaceholder { name: self.name.clone(), placeholder: name.to_owned() };
        let name = *PLACEHOLDERS.iter().find(|known| **known == name).ok_or_else(unknown)?;
        let value: Option<OsString> = match name {
            "agent" => Some(values.agent.into()),
            "branch" => Some(values.branch.into()),
            "git_dir" => Some(values.git_dir.into()),
            "model" => values.model.map(Into::into),
            "port" => values.port.map(|port| port.to_string().into()),
            "prompt" => values.prompt.map(|prompt| self.prompt(prompt, values)).transpose()?,
            "prompt_file" => values.prompt_file.map(Into::into),
            "session" => values.session.map(Into::into),
            "task" => values.task.map(Into::into),
            _ => Some(values.worktree.into()),
        };
        let value = value.ok_or_else(|| self.no_value(name))?;
        if value.as_bytes().contains(&0) {
            return Err(self.unfit(name, "it holds a zero byte"));
        }
        if value.as_bytes().starts_with(b"-") && name != "prompt" {
            return Err(self.unfit(name, "it begins like an option"));
        }
        Ok(value)
    }

    /// The prompt, or where it is to be read.
    fn prompt(&self, prompt: &str, values: &Values<'_>) -> Result<OsString, ProfileError> {
        if prompt.len() <= LONGEST_ARGUMENT {
            return Ok(prompt.into());
        }
        let file = values.prompt_file.ok_or_else(|| self.unfit("prompt", "it is too long for an argument"))?;
        let mut sentence = OsString::from("Read the whole file ");
        sentence.push(file);
        sentence.push(" and do what it says.");
        Ok(sentence)
    }

    fn key(&self, field: &'static str) -> String {
        format!("agents.profile.{}.{field}", self.name)
    }

    fn no_value(&self, placeholder: &'static str) -> ProfileError {
        ProfileError::NoValue { name: self.name.clone(), placeholder }
    }

    fn unfit(&self, placeholder: &'static str, reason: &'static str) -> ProfileError {
        ProfileError::Unfit { name: self.name.clone(), placeholder, reason }
    }
}

impl Call {
    /// The program as it is written; none when a shell is to find it.
    pub fn program(&self) -> Option<&OsStr> {
        match self {
            Call::Words(words) => words.first().map(OsStr::new),
            Call::Given(words) => words.first().map(OsString::as_os_str),
            Call::Script(_) => None,
        }
    }

    /// Whether the prompt is among the arguments.
    pub fn says_prompt(&self) -> bool {
        let says = |text: &str| text.contains("{prompt}") || text.contains("{prompt_file}");
        match self {
            Call::Words(words) => words.iter().any(|word| says(word)),
            Call::Given(words) => words.iter().filter_map(|word| word.to_str()).any(says),
            Call::Script(script) => says(script),
        }
    }
}

/// A word in pieces.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'w> {
    Text(&'w str),
    Placeholder(&'w str),
}

/// What is text in a word, and what is a placeholder: small letters and `_` in braces. Any other brace is text, as in
/// `{"a": 1}`; so is `${name}`, which is the shell's.
pub(super) fn pieces(word: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut from) = (word, 0);
    while let Some(open) = rest[from..].find('{').map(|at| from + at) {
        let name = |close: usize| &rest[open + 1..close];
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let close = rest[open..].find('}').map(|at| open + at).filter(|close| is_name(name(*close)));
        match close.filter(|_| !rest[..open].ends_with('$')) {
            Some(close) => {
                if open > 0 {
                    pieces.push(Piece::Text(&rest[..open]));
                }
                pieces.push(Piece::Placeholder(name(close)));
                (rest, from) = (&rest[close + 1..], 0);
            }
            None => from = open + 1,
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

#[cfg(test)]
#[path = "command_test.rs"]
mod tests;
