//! What a task's line says: `t4: Title (2h, after: t3, paths: src/a src/b, agent: ann, model: opus)`.

use super::Wrong;
use super::slug::id_of_title;
use crate::task::TaskId;

/// What a task says of itself besides its title and body, as it was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Details {
    pub(super) hours: Option<String>,
    pub(super) after: Vec<String>,
    pub(super) paths: Vec<String>,
    pub(super) labels: Vec<String>,
    pub(super) agent: Option<String>,
    pub(super) model: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) category: Option<String>,
    pub(super) priority: Option<String>,
}

/// A task's line, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TaskLine {
    pub(super) id: Option<String>,
    pub(super) title: String,
    pub(super) details: Details,
}

/// Words that people number their tasks with: `Task 4: …` has the id `task-4`.
pub(super) const NUMBERED: [&str; 5] = ["task", "step", "phase", "milestone", "part"];

/// Take a task's line apart.
pub(super) fn read(line: &str) -> Result<TaskLine, Wrong> {
    let (rest, details) = split_details(line)?;
    let (id, title) = split_id(rest);
    Ok(TaskLine { id, title: title.to_owned(), details })
}

/// Whether the line looks like a task's on purpose: with an id, or with details.
pub(super) fn is_meant(line: &str) -> bool {
    split_id(line).0.is_some() || has_details(line)
}

/// Whether the line says more of a task than its title.
pub(super) fn has_details(line: &str) -> bool {
    split_details(line).is_ok_and(|(_, details)| details != Details::default())
}

/// The id at the beginning, when there is one: one word before a colon that has a digit or is all in lower case, a
/// number before a full stop, or `Task 4`.
fn split_id(line: &str) -> (Option<String>, &str) {
    let line = line.trim();
    let ends = |at: usize, rest: &str| rest[at..].chars().next().is_none_or(char::is_whitespace);
    if let Some((word, rest)) = line.split_once(':') {
        const MARKS: [char; 3] = ['*', '`', '_'];
        // `**t4**: …` and `**t4:** …`
        let rest = if word.starts_with(MARKS) { rest.trim_start_matches(MARKS) } else { rest };
        let word = word.trim_matches(MARKS);
        if let Some(id) = as_id(word).or_else(|| as_numbered(word)).filter(|_| ends(0, rest)) {
            return (Some(id), rest.trim());
        }
    }
    let number = line.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, rest) = line.split_at(number);
    let digits = number.trim_end_matches('.');
    let rest = rest.strip_prefix(')').unwrap_or(rest);
    let is_marked = number.len() > digits.len() || rest.len() + number.len() < line.len();
    if !digits.is_empty() && is_marked && ends(0, rest) && !rest.trim().is_empty() && !digits.starts_with('.') {
        return (Some(digits.to_owned()), rest.trim());
    }
    if let Some((first, rest)) = line.split_once(char::is_whitespace)
        && let Some(number) = first.strip_prefix('#')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return (Some(number.to_owned()), rest.trim());
    }
    (None, line)
}

fn as_id(word: &str) -> Option<String> {
    let is_meant =
        word.bytes().any(|byte| byte.is_ascii_digit()) || !word.bytes().any(|byte| byte.is_ascii_uppercase());
    TaskId::from_user(word).ok().filter(|_| is_meant).map(String::from)
}

/// `Task 4`
fn as_numbered(words: &str) -> Option<String> {
    let (word, number) = words.split_once(' ')?;
    let word = word.to_ascii_lowercase();
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (NUMBERED.contains(&word.as_str()) && is_number).then(|| format!("{word}-{number}"))
}

/// The details between the parentheses at the end of the line; parentheses that hold none belong to the title.
fn split_details(line: &str) -> Result<(&str, Details), Wrong> {
    let none = || (line.trim(), Details::default());
    let plain = line.trim().trim_end_matches(['*', '_', '`']);
    let mark = &line.trim()[plain.len()..];
    let Some(inner) = plain.strip_suffix(')') else { return Ok(none()) };
    let Some(open) = opening(inner) else { return Ok(none()) };
    let (before, inside) = (&inner[..open], &inner[open + 1..]);
    let details = details(inside)?;
    let before = if mark.is_empty() { before } else { before.strip_suffix(mark).unwrap_or(before) };
    Ok(details.map_or_else(none, |details| (before.trim(), details)))
}

/// Where the parenthesis opens that the end of the text would close.
fn opening(inner: &str) -> Option<usize> {
    let mut open = 1;
    inner.rmatch_indices(['(', ')']).find_map(|(at, one)| {
        open = if one == ")" { open + 1 } else { open - 1 };
        (open == 0).then_some(at)
    })
}

const KEYS: [&str; 11] =
    ["after", "paths", "labels", "agent", "model", "profile", "category", "priority", "hours", "path", "label"];

/// What is between the parentheses; none when none of it is a detail.
fn details(inside: &str) -> Result<Option<Details>, Wrong> {
    let pieces: Vec<&str> = inside.split([',', ';']).map(str::trim).collect();
    let is_detail = |piece: &&str| as_key(piece).is_some() || as_hours(piece).is_some();
    if !pieces.iter().any(is_detail) {
        return Ok(None);
    }
    let mut details = Details::default();
    let mut list: Option<&'static str> = None;
    for piece in pieces {
        if let Some(hours) = as_hours(piece) {
            details.once("hours", hours)?;
            list = None;
        } else if let Some((key, value)) = as_key(piece) {
            let key = known(key).ok_or_else(|| Wrong::Detail { text: shown(piece) })?;
            list = details.take(key, value)?;
        } else if let Some(key) = list.filter(|_| !piece.is_empty()) {
            details.more(key, piece);
        } else if !piece.is_empty() {
            return Err(Wrong::Detail { text: shown(piece) });
        }
    }
    Ok(Some(details))
}

/// `key: value`, where the key is one plain word in lower case: a misspelt one is not taken for a part of the title.
fn as_key(piece: &str) -> Option<(&str, &str)> {
    let (key, value) = piece.split_once(':')?;
    let is_word = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let is_key = is_word || known(&key.to_ascii_lowercase()).is_some() || key.eq_ignore_ascii_case("depends on");
    // `src::x` and `https://x` are no details.
    (is_key && !value.starts_with([':', '/'])).then_some((key, value.trim()))
}

fn known(key: &str) -> Option<&'static str> {
    let key = key.to_ascii_lowercase();
    let key = match key.as_str() {
        "depends" | "depends on" | "depends-on" | "needs" | "deps" => "after",
        "path" | "files" | "file" => "paths",
        "label" => "labels",
        "estimate" => "hours",
        other => other,
    };
    KEYS.into_iter().find(|known| *known == key)
}

/// `2h`, `1.5 hours`, `90min`: a number of hours as text.
pub(super) fn as_hours(piece: &str) -> Option<String> {
    let piece = piece.trim().trim_start_matches('~').trim_start();
    let number = piece.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+')).count();
    let (number, unit) = piece.split_at(number);
    let amount: f64 = number.parse().ok()?;
    match unit.trim().to_ascii_lowercase().as_str() {
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(number.to_owned()),
        "m" | "min" | "mins" | "minutes" => Some((amount / 60.0).to_string()),
        _ => None,
    }
}

impl Details {
    /// Take one detail; the key of a list, to which what follows may belong.
    pub(super) fn take(&mut self, key: &'static str, value: &str) -> Result<Option<&'static str>, Wrong> {
        if value.is_empty() {
            return Err(Wrong::Nothing { key });
        }
        match key {
            "after" | "paths" | "labels" => {
                let list = self.list(key);
                if !list.is_empty() {
                    return Err(Wrong::Twice { key });
                }
                self.more(key, value);
                Ok(Some(key))
            }
            "hours" => self.once(key, as_hours(value).unwrap_or_else(|| value.to_owned())).map(|()| None),
            key => self.once(key, value.trim_matches('`').to_owned()).map(|()| None),
        }
    }

    fn once(&mut self, key: &'static str, value: String) -> Result<(), Wrong> {
        let place = match key {
            "hours" => &mut self.hours,
            "agent" => &mut self.agent,
            "model" => &mut self.model,
            "profile" => &mut self.profile,
            "category" => &mut self.category,
            _ => &mut self.priority,
        };
        match place.replace(value) {
            Some(_) => Err(Wrong::Twice { key }),
            None => Ok(()),
        }
    }

    fn list(&mut self, key: &str) -> &mut Vec<String> {
        match key {
            "after" => &mut self.after,
            "paths" => &mut self.paths,
            _ => &mut self.labels,
        }
    }

    /// More of a list: paths and labels are words; what a task is after may be a title.
    fn more(&mut self, key: &str, piece: &str) {
        let piece = piece.trim();
        let list = self.list(key);
        match key {
            "after" => list.push(piece.trim_matches('`').to_owned()),
            _ => list.extend(piece.split_whitespace().map(|word| word.trim_matches('`').to_owned())),
        }
    }
}

/// The ids that a text after `after:` may mean, most likely first.
pub(super) fn meant(text: &str) -> Vec<TaskId> {
    let text = text.trim();
    let numbered = NUMBERED.iter().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()));
    let named = TaskId::from_user(text).ok().into_iter();
    let of_number = as_numbered(text).and_then(|id| TaskId::from_user(&id).ok());
    let numbered = numbered.filter_map(|word| TaskId::from_user(&format!("{word}-{text}")).ok());
    named.chain(of_number).chain(numbered).chain([id_of_title(text)]).collect()
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (Option<String>, String) {
        let line = read(line).unwrap();
        (line.id, line.title)
    }

    #[test]
    fn a_line_is_an_id_a_title_and_details() {
        let line = read("t4: Write it (2h, after: t3, t2; paths: src/a `src/b`, agent: ann, model: opus)").unwrap();
        assert_eq!((line.id.as_deref(), line.title.as_str()), (Some("t4"), "Write it"));
        assert_eq!(line.details.after, ["t3", "t2"]);
        assert_eq!(line.details.paths, ["src/a", "src/b"]);
        let one = |text: &Option<String>| text.clone().unwrap();
        assert_eq!((one(&line.details.hours), one(&line.details.agent)), ("2".to_owned(), "ann".to_owned()));
        assert_eq!(one(&line.details.model), "opus");
        assert_eq!(read("x (90 min)").unwrap().details.hours.unwrap(), "1.5");
        assert_eq!(read("x *(1h)*").unwrap().title, "x");
        assert_eq!(read("x (a) (Depends on: b)").unwrap().title, "x (a)");
    }

    #[test]
    fn ids_are_what_people_write_before_a_title() {
        let id = |line: &str| parts(line).0;
        for (line, expected) in [
            ("t4: x", "t4"),
            ("PROJ-7: x", "proj-7"),
            ("**t4**: x", "t4"),
            ("**t4:** x", "t4"),
            ("#16: x", "16"),
            ("#16 x", "16"),
            ("4. x", "4"),
            ("4) x", "4"),
            ("1.2. x", "1.2"),
            ("Task 4: x", "task-4"),
            ("Step 1.2: x", "step-1.2"),
            ("parser: x", "parser"),
        ] {
            assert_eq!(parts(line), (Some(expected.to_owned()), "x".to_owned()), "{line}");
        }
        for line in ["Backend: x", "see https://x", "2 things", "2.5 hours", "x", "Note that: x", "#x y", "a::b", "."] {
            assert_eq!(id(line), None, "{line}");
        }
    }

    #[test]
    fn parentheses_that_hold_no_details_are_the_titles() {
        for line in ["Fix it (again)", "Call f(x)", "Use (a: see https://x)", "Odd )", "(", "x (std::fmt)", "()"] {
            let said = read(line);
            assert!(matches!(&said, Ok(read) if read.title == line) || line.contains("see"), "{line} {said:?}");
        }
    }

    #[test]
    fn what_is_misspelt_is_not_passed_over() {
        let wrong = |line: &str| read(line).unwrap_err().to_string();
        assert!(wrong("x (aftr: t3)").starts_with("\"aftr: t3\" is no detail"));
        assert!(wrong("x (2h, quick)").starts_with("\"quick\" is no detail"));
        assert_eq!(wrong("x (after:)"), "nothing is said after `after:`");
        assert_eq!(wrong("x (1h, 2h)"), "hours is given twice");
        assert_eq!(wrong("x (agent: a, agent: b)"), "agent is given twice");
    }
}
