//! Placeholders in a script for `sh`: each arrives as one word, whatever its value holds and however its author quoted
//! it, and nothing of a value is ever read as a script.
//!
//! The values are positional parameters of `sh -c`. The script begins by giving them names, since a function or `set --`
//! changes the parameters, and a placeholder is the name of its value in double quotes, which are left out where it stands
//! in double quotes already. Where no quotes would help, the script is refused: beside other words in single quotes, in
//! a script for yet another shell, in backticks, in `${…}`, in a here-document, in arithmetic unless it is a number.

use super::command::{OPTIONS, Piece, pieces};
use super::nested::{self, CALLERS, READ_AGAIN, SHELLS};

/// What the names of values begin with in a script.
const NAME: &str = "agents_";

/// A script in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// To be taken as it is.
    Text(String),
    /// A placeholder, without its braces, and whether it needs double quotes.
    Value(String, bool),
    /// Where the options for the model come.
    Options,
}

/// Where a placeholder cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misplaced {
    /// Without the braces.
    pub(super) placeholder: String,
    /// Why not there, as the end of a sentence.
    pub(super) reason: &'static str,
}

/// What a script does with a value: the parameter's name in it.
pub(super) fn variable(placeholder: &str) -> String {
    format!("{NAME}{placeholder}")
}

/// What surrounds a place in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Double,
    /// `$(…)`, and how many more parentheses are open in it.
    Substitution(usize),
    /// `$((…))`, and how many more parentheses are open in it.
    Arithmetic(usize),
    Backticks,
    /// `${…}`
    Parameter,
}

/// A script in pieces, with what its placeholders need.
///
/// # Errors
/// [`Misplaced`]: a placeholder is where no quotes would make one word of its value.
pub(super) fn parts(script: &str) -> Result<Vec<Part>, Misplaced> {
    let mut reader = Reader::new(script);
    while reader.step()? {}
    reader.finish()
}

struct Reader<'s> {
    rest: &'s str,
    around: Vec<Around>,
    parts: Vec<Part>,
    /// The words of the command so far that stand outside of quotes, the one that is being read at the end.
    words: Vec<String>,
    /// The same for the commands around the substitutions that are open.
    outer: Vec<Vec<String>>,
    /// Nothing of the current word has been read.
    is_fresh: bool,
    has_document: bool,
    /// What surrounds the rest cannot be told.
    is_unclear: bool,
    last: Option<String>,
}

impl<'s> Reader<'s> {
    fn new(script: &'s str) -> Self {
        Reader {
            rest: script,
            around: vec![Around::Nothing],
            parts: Vec::new(),
            words: vec![String::new()],
            outer: Vec::new(),
            is_fresh: true,
            has_document: false,
            is_unclear: false,
            last: None,
        }
    }

    fn here(&self) -> Around {
        self.around.last().copied().unwrap_or(Around::Nothing)
    }

    /// Read what comes next; false at the end.
    fn step(&mut self) -> Result<bool, Misplaced> {
        let Some(next) = self.rest.chars().next() else { return Ok(false) };
        if let Some(name) = placeholder(self.rest) {
            self.rest = &self.rest[name.len() + 2..];
            self.place(name)?;
            return Ok(true);
        }
        let in_double = self.here() == Around::Double;
        match next {
            // Before the name of a value it would be the shell's own; two are one.
            '\\' if in_double && placeholder(&self.rest[1..]).is_some() => {
                self.push("\\");
                self.take(1);
            }
            '\\' => self.take(1 + self.rest[1..].chars().next().map_or(0, |c| self.escaped(c))),
            '\'' if !in_double => self.single_quoted()?,
            '"' if in_double => self.leave(1),
            '"' => self.enter(Around::Double, 1),
            '`' if self.here() == Around::Backticks => self.leave(1),
            '`' => self.enter(Around::Backticks, 1),
            '$' if self.rest.starts_with("$((") => self.enter(Around::Arithmetic(0), 3),
            '$' if self.rest.starts_with("$(") => self.enter(Around::Substitution(0), 2),
            '$' if self.rest.starts_with("${") => self.enter(Around::Parameter, 2),
            '}' if self.here() == Around::Parameter => self.leave(1),
            '(' | ')' if !in_double => self.parenthesis(next),
            _ if in_double || self.here() == Around::Parameter => self.take(next.len_utf8()),
            '#' if self.is_fresh => self.take(self.rest.find('\n').unwrap_or(self.rest.len())),
            '<' if self.rest.starts_with("<<<") => self.take(3),
            '<' if self.rest.starts_with("<<") && !matches!(self.here(), Around::Arithmetic(_)) => {
                self.has_document = true;
                self.take(2);
            }
            _ => self.plain(next),
        }
        Ok(true)
    }

    fn finish(self) -> Result<Vec<Part>, Misplaced> {
        let is_open = self.around.len() > 1 && !self.has_document;
        match self.last {
            Some(placeholder) if is_open => {
                Err(Misplaced { placeholder, reason: "in a script whose quotes or parentheses do not end" })
            }
            _ => Ok(self.parts),
        }
    }

    /// Whether the last character is one of these and not escaped.
    fn follows<const N: usize>(&self, which: [char; N]) -> bool {
        let Some(Part::Text(text)) = self.parts.last() else { return false };
        text.strip_suffix(which).is_some_and(|before| !before.ends_with('\\'))
    }

    /// How many bytes a backslash takes with it. In double quotes only some characters; of others it is a backslash.
    fn escaped(&self, next: char) -> usize {
        let is_special = self.here() != Around::Double || "$`\"\\\n".contains(next);
        if is_special { next.len_utf8() } else { 0 }
    }

    fn take(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at(length);
        if let Some(word) = self.words.last_mut() {
            word.push_str(text);
        }
        self.push(text);
        (self.rest, self.is_fresh) = (rest, false);
    }

    fn push(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    fn enter(&mut self, around: Around, length: usize) {
        self.take(length);
        self.around.push(around);
        if matches!(around, Around::Substitution(_)) {
            self.outer.push(std::mem::take(&mut self.words));
            self.next_command();
        }
    }

    fn leave(&mut self, length: usize) {
        let left = self.around.pop();
        if matches!(left, Some(Around::Substitution(_))) {
            self.words = self.outer.pop().unwrap_or_default();
        }
        self.take(length);
    }

    fn parenthesis(&mut self, which: char) {
        let (open, is_arithmetic) = match self.here() {
            Around::Substitution(open) => (open, false),
            Around::Arithmetic(open) => (open, true),
            _ => return self.plain(which),
        };
        match (which, open) {
            (')', 0) if is_arithmetic => {
                let is_whole = self.rest.starts_with("))");
                // It was a substitution that begins with a subshell.
                self.is_unclear |= !is_whole;
                self.leave(if is_whole { 2 } else { 1 });
            }
            (')', 0) => self.leave(1),
            _ => {
                let open = if which == '(' { open + 1 } else { open - 1 };
                self.around.pop();
                self.around.push(if is_arithmetic { Around::Arithmetic(open) } else { Around::Substitution(open) });
                self.plain(which);
            }
        }
    }

    /// A character that is no quote.
    fn plain(&mut self, next: char) {
        if next.is_ascii_whitespace() || ";|&()<>".contains(next) {
            let in_substitution = self.around.iter().any(|around| matches!(around, Around::Substitution(_)));
            self.is_unclear |= in_substitution && self.words.last().is_some_and(|word| word == "case");
            // `2>&1` ends no command.
            let is_redirection = next == '&' && self.follows(['<', '>']);
            self.take(next.len_utf8());
            if ";|&()\n".contains(next) && !is_redirection { self.next_command() } else { self.next_word() }
        } else {
            self.take(next.len_utf8());
        }
    }

    fn next_word(&mut self) {
        self.is_fresh = true;
        if let Some(word) = self.words.last_mut() {
            *word = word.trim_end_matches([' ', '\t', '<', '>']).to_owned();
            if !word.is_empty() {
                self.words.push(String::new());
            }
        }
    }

    fn next_command(&mut self) {
        self.is_fresh = true;
        self.words = vec![String::new()];
    }

    /// From one single quote to the other.
    fn single_quoted(&mut self) -> Result<(), Misplaced> {
        let inner = self.rest[1..].find('\'').map(|end| &self.rest[1..=end]);
        let (inner, length) = match inner {
            Some(inner) => (inner, inner.len() + 2),
            None => (&self.rest[1..], self.rest.len()),
        };
        let within: Vec<Piece<'_>> = pieces(inner);
        let named = within.iter().find_map(|piece| match piece {
            Piece::Placeholder(name) => Some((*name).to_owned()),
            Piece::Text(_) => None,
        });
        // `$'…'` is not the same in every shell.
        let is_ansi = self.follows(['$']);
        match (named, within.len()) {
            // In quotes for itself alone it is that word.
            (Some(name), 1) if !is_ansi && length == inner.len() + 2 => {
                self.rest = &self.rest[length..];
                self.place(&name)
            }
            (Some(placeholder), _) => Err(Misplaced {
                placeholder,
                reason: "in single quotes, in which the shell puts nothing; use double quotes, or for another shell \
                         \"$1\" in the quotes and the placeholder behind them",
            }),
            (None, _) if is_ansi && inner.contains('\\') => {
                self.is_unclear = true;
                self.take(length);
                Ok(())
            }
            (None, _) => {
                self.take(length);
                Ok(())
            }
        }
    }

    /// Put a placeholder where the script is.
    fn place(&mut self, name: &str) -> Result<(), Misplaced> {
        let misplaced = |reason| Err(Misplaced { placeholder: name.to_owned(), reason });
        if self.has_document {
            return misplaced("behind a here-document; put it before, or use stdin = prompt");
        }
        if self.is_unclear {
            return misplaced(
                "behind quotes or a `case` that cannot be told apart here; put it into a file of its own",
            );
        }
        if self.around.contains(&Around::Backticks) {
            return misplaced("in backticks; use $(…)");
        }
        if self.around.contains(&Around::Parameter) {
            return misplaced("in ${…}");
        }
        if self.is_read_again() {
            return misplaced(READ_AGAIN);
        }
        let in_arithmetic = self.around.iter().any(|around| matches!(around, Around::Arithmetic(_)));
        if in_arithmetic && name != "port" {
            return misplaced("in arithmetic");
        }
        self.last = Some(name.to_owned());
        if format!("{{{name}}}") == OPTIONS {
            let is_word = self.is_fresh && matches!(self.here(), Around::Nothing | Around::Substitution(_));
            if !is_word {
                return misplaced("not a word of its own");
            }
            self.parts.push(Part::Options);
        } else {
            let needs_quotes = !in_arithmetic && self.here() != Around::Double;
            self.parts.push(Part::Value(name.to_owned(), needs_quotes));
        }
        self.is_fresh = false;
        if let Some(word) = self.words.last_mut() {
            word.push_str("{}");
        }
        Ok(())
    }

    /// Whether another shell would read the word that is being read as its script; also where that is only likely.
    fn is_read_again(&self) -> bool {
        let bare: Vec<String> = self.words.iter().map(|word| word.replace(['"', '\'', '\\'], "")).collect();
        let says = |word: &String, names: &[&str]| {
            let is_part = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
            word.split(|c| !is_part(c)).any(|part| names.contains(&part))
        };
        // The script is the first word behind the option that is none.
        let option = bare.iter().rposition(|word| takes_script(word));
        let before_last = bare.len().saturating_sub(1);
        let is_next = |at: &usize| bare[..before_last].iter().skip(at + 1).all(|word| word.starts_with('-'));
        let names_shell = |word: &String| says(word, &SHELLS) || says(word, &CALLERS);
        let is_script = option.filter(is_next).is_some_and(|at| bare[..=at].iter().any(names_shell));
        is_script || nested::is_reader(&bare[..before_last]) || bare.iter().any(|word| says(word, &["eval"]))
    }
}

/// Whether a word has an option such as `-c`, `-lc`, `-ce` or `--command` in it.
fn takes_script(word: &str) -> bool {
    const LONGEST: usize = 6;
    let is_short = |part: &str| part.len() <= LONGEST && part.contains('c');
    let is_option = |part: &str| {
        let is_cluster = part.starts_with('-') && is_short(part) && (!part.starts_with("--") || part.ends_with('c'));
        is_cluster || (part.starts_with("--") && part.ends_with("command"))
    };
    word.split(|c: char| !c.is_ascii_lowercase() && c != '-').any(is_option)
}

/// The name of the placeholder that a text begins with.
fn placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix('{')?.split_once('}')?.0;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_name.then_some(name)
}

#[cfg(test)]
#[path = "script_test.rs"]
mod tests;
