//! What a program says of itself in its output: its session, its cost, its tokens.
//!
//! The programs that can, write a JSON object a line. Of each value the last one counts, or the sum of all. Only the
//! beginning and the end of an output are read, however long it is; a sum is told only of an output that was read whole.
//! What is not found is not known: it is never guessed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// So many bytes are read at the beginning and at the end of an output.
const PORTION: u64 = 256 << 10;
/// Nobody pays more for one run.
const MOST_COST: f64 = 1e6;
const MOST_TOKENS: f64 = 1e15;

/// Where an output tells it. A path is names with dots between, in a JSON object of one line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CostSource {
    /// The path of the program's own id for the session.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub session: String,
    /// The path of the cost in US dollars.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cost: String,
    /// The paths of numbers of tokens, which are added up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<String>,
    /// Whether every line has its own part of the cost and the tokens, and not the sum so far.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_parts: bool,
    /// For a program that tells its cost in a sentence: what stands before the number and after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<(String, String)>,
}

/// What was told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// The program's own id for the session.
    pub session: Option<String>,
    /// In US dollars.
    pub cost_usd: Option<f64>,
    /// How many tokens.
    pub tokens: Option<u64>,
}

impl CostSource {
    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        *self == CostSource::default()
    }

    /// What the output in these files tells: `newest`, and what was moved to `older` when it became too long.
    ///
    /// # Errors
    /// A file is there and cannot be read.
    pub fn read(&self, newest: &Path, older: &Path) -> io::Result<Told> {
        if self.is_empty() {
            return Ok(Told::default());
        }
        let (mut head, rest) = portion(older, false)?;
        let (mut tail, before) = portion(newest, true)?;
        let is_whole = rest == 0 && before == 0 && head.is_empty();
        if head.is_empty() {
            (head, _) = portion(newest, false)?;
        }
        if before > 0 {
            // The first line of what was read may be the end of one.
            let line = tail.iter().position(|byte| *byte == b'\n').map_or(tail.len(), |at| at + 1);
            tail.drain(..line);
        }
        Ok(self.told(&head, &tail, is_whole))
    }

    /// What the beginning and the end of an output tell; they may overlap. `is_whole` says that the end is all of it.
    pub fn told(&self, head: &[u8], tail: &[u8], is_whole: bool) -> Told {
        let mut told = Told::default();
        let (mut cost, mut tokens) = (None, None);
        let add = |sum: &mut Option<f64>, one: Option<f64>| match (*sum, one) {
            (Some(before), Some(one)) if self.in_parts => *sum = Some(before + one),
            (_, Some(one)) => *sum = Some(one),
            (_, None) => {}
        };
        for line in tail.split(|byte| *byte == b'\n') {
            if let Some(object) = object(line) {
                told.session = self.session_in(&object).or(told.session);
                add(&mut cost, number_at(&object, &self.cost));
                add(&mut tokens, self.tokens_in(&object));
            } else if let Some(found) = self.in_sentence(line) {
                cost = Some(found);
            }
        }
        if told.session.is_none() {
            let objects = head.split(|byte| *byte == b'\n').filter_map(object);
            told.session = objects.filter_map(|object| self.session_in(&object)).next_back();
        }
        if is_whole || !self.in_parts {
            told.cost_usd = cost.filter(|cost| *cost <= MOST_COST);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and the most")]
            let whole = |tokens: f64| tokens as u64;
            told.tokens = tokens.filter(|tokens| *tokens <= MOST_TOKENS).map(whole);
        }
        told
    }

    fn session_in(&self, object: &Value) -> Option<String> {
        let text = at(object, &self.session)?.as_str()?;
        is_session(text).then(|| text.to_owned())
    }

    fn tokens_in(&self, object: &Value) -> Option<f64> {
        let found: Vec<f64> = self.tokens.iter().filter_map(|path| number_at(object, path)).collect();
        (!found.is_empty()).then(|| found.iter().sum())
    }

    fn in_sentence(&self, line: &[u8]) -> Option<f64> {
        let (before, after) = self.sentence.as_ref()?;
        let line = String::from_utf8_lossy(line);
        let rest = &line[line.find(before.as_str())? + before.len()..];
        let end = rest.find(after.as_str())?;
        // The number is the last word before.
        let number = rest[..end].rsplit(|c: char| !(c.is_ascii_digit() || c == '.')).next()?;
        sensible(number.parse().ok()?)
    }
}

/// Whether a text can be the id of a session: nothing that a program could take for something else.
pub fn is_session(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    !text.is_empty() && text.len() <= 128 && !text.starts_with('-') && text.chars().all(plain)
}

/// The beginning or the end of a file, and how many bytes there are besides; nothing where there is no file.
fn portion(path: &Path, is_end: bool) -> io::Result<(Vec<u8>, u64)> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(error) => return Err(error),
    };
    let left_out = file.metadata()?.len().saturating_sub(PORTION);
    if is_end {
        file.seek(SeekFrom::Start(left_out))?;
    }
    let mut bytes = Vec::new();
    file.take(PORTION).read_to_end(&mut bytes)?;
    Ok((bytes, left_out))
}

fn object(line: &[u8]) -> Option<Value> {
    let line = line.trim_ascii();
    if !line.starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(line).ok()
}

fn at<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return None;
    }
    path.split('.').try_fold(object, |value, name| value.get(name))
}

fn number_at(object: &Value, path: &str) -> Option<f64> {
    sensible(at(object, path)?.as_f64()?)
}

fn sensible(number: f64) -> Option<f64> {
    (number.is_finite() && number >= 0.0).then_some(number)
}

#[cfg(test)]
#[path = "cost_test.rs"]
mod tests;
