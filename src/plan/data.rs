//! Plans in TOML and JSON: the same fields in both. A field that is not known is an error, since a misspelt one would be
//! lost without a word.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::details::{Details, as_hours};
use super::draft::{Draft, Drafts};
use super::source::Lines;
use super::{PlanError, Wrong};

/// A task as it is written in both.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: Word,
    id: Option<Word>,
    #[serde(default, alias = "description", alias = "prompt")]
    body: Option<String>,
    hours: Option<Word>,
    #[serde(default, alias = "depends", alias = "depends_on", alias = "dependencies")]
    after: Words,
    #[serde(default)]
    paths: Words,
    #[serde(default)]
    labels: Words,
    agent: Option<Word>,
    model: Option<Word>,
    profile: Option<Word>,
    category: Option<Word>,
    priority: Option<Word>,
    #[serde(default)]
    done: bool,
}

/// What tasks are when they do not say it themselves.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    hours: Option<Word>,
    #[serde(default)]
    labels: Words,
    agent: Option<Word>,
    model: Option<Word>,
    profile: Option<Word>,
    category: Option<Word>,
    priority: Option<Word>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Toml {
    name: Option<String>,
    #[serde(default)]
    defaults: Defaults,
    #[serde(default, alias = "tasks")]
    task: Vec<toml::Spanned<Written>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Json<'t> {
    name: Option<String>,
    #[serde(default)]
    defaults: Defaults,
    #[serde(borrow)]
    tasks: Vec<&'t RawValue>,
}

/// The tasks of a plan in TOML.
pub(super) fn read_toml(text: &str) -> Result<Drafts, PlanError> {
    let mut lines = Lines::of(text);
    let read: Toml = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| lines.at(span.start));
        PlanError { line, wrong: Wrong::Syntax { message: error.message().to_owned() } }
    })?;
    let tasks = read.task.into_iter().map(|task| {
        let line = lines.at(task.span().start);
        task.into_inner().draft(line)
    });
    Ok(Drafts {
        name: read.name.map(|name| (1, name)),
        defaults: read.defaults.details(),
        tasks: tasks.collect(),
        passed_over: Vec::new(),
        is_list: false,
    })
}

/// The tasks of a plan in JSON.
pub(super) fn read_json(text: &str) -> Result<Drafts, PlanError> {
    let wrong = |error: &serde_json::Error, before: usize| {
        let message = error.to_string();
        // The place is named in front.
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        PlanError::at(before + error.line().max(1), Wrong::Syntax { message })
    };
    let (name, defaults, tasks) = match text.trim_start().starts_with('[') {
        true => (None, Defaults::default(), serde_json::from_str(text).map_err(|error| wrong(&error, 0))?),
        false => {
            let read: Json<'_> = serde_json::from_str(text).map_err(|error| wrong(&error, 0))?;
            (read.name, read.defaults, read.tasks)
        }
    };
    let mut lines = Lines::of(text);
    let mut drafts = Vec::with_capacity(tasks.len());
    for task in tasks {
        // It borrows from the text, so its address says where it stands.
        let line = lines.at((task.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize));
        let written: Written = serde_json::from_str(task.get()).map_err(|error| wrong(&error, line - 1))?;
        drafts.push(written.draft(line));
    }
    Ok(Drafts {
        name: name.map(|name| (1, name)),
        defaults: defaults.details(),
        tasks: drafts,
        passed_over: Vec::new(),
        is_list: false,
    })
}

impl Written {
    fn draft(self, line: usize) -> Draft {
        let text = |word: Option<Word>| word.map(|word| word.0);
        let details = Details {
            hours: hours(self.hours),
            after: self.after.0,
            paths: self.paths.0,
            labels: self.labels.0,
            agent: text(self.agent),
            model: text(self.model),
            profile: text(self.profile),
            category: text(self.category),
            priority: text(self.priority),
        };
        let (id, title, body) = (text(self.id), self.title.0, self.body.unwrap_or_default());
        Draft { line, is_done: self.done, id, title, body, details }
    }
}

impl Defaults {
    fn details(self) -> Details {
        let text = |word: Option<Word>| word.map(|word| word.0);
        Details {
            hours: hours(self.hours),
            labels: self.labels.0,
            agent: text(self.agent),
            model: text(self.model),
            profile: text(self.profile),
            category: text(self.category),
            priority: text(self.priority),
            ..Details::default()
        }
    }
}

/// `2`, `"2h"` and `"90min"` are hours.
fn hours(word: Option<Word>) -> Option<String> {
    word.map(|Word(text)| as_hours(&text).unwrap_or(text))
}

/// A text, or a number that is meant as one: `id = 16`.
#[derive(Debug)]
struct Word(String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts).and_then(|words| match <[String; 1]>::try_from(words) {
            Ok([word]) => Ok(Word(word)),
            Err(_) => Err(de::Error::custom("one text or number is wanted, not a list")),
        })
    }
}

/// Texts or numbers in a list, or one alone.
#[derive(Debug, Default)]
struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts).map(Words)
    }
}

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number, or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Word(word)) = list.next_element()? {
            all.push(word);
        }
        Ok(all)
    }
}
