//! What a process answered, as text that can be compared whole.

use std::fmt::{Display, Formatter, Result};
use std::path::Path;

/// Standard output, standard error and the exit status, with everything that differs from run to run replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// None when a signal ended the process.
    pub(crate) status: Option<i32>,
}

impl Output {
    pub(crate) fn new(output: &std::process::Output, root: &Path) -> Self {
        let text = |bytes: &[u8]| redacted(&String::from_utf8_lossy(bytes), root);
        Output { stdout: text(&output.stdout), stderr: text(&output.stderr), status: output.status.code() }
    }

    /// The answer, which must have been good.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.status, Some(0), "{self}");
        self
    }

    /// Standard output as the one JSON object that it must be.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        object(&self.stdout).unwrap_or_else(|| panic!("no JSON object on standard output:\n{self}"))
    }

    /// Standard error as the one error object that it must be.
    #[track_caller]
    pub(crate) fn json_error(&self) -> serde_json::Value {
        let object = object(&self.stderr).unwrap_or_else(|| panic!("no JSON object on standard error:\n{self}"));
        assert_eq!((&object["version"], &object["kind"]), (&1.into(), &"error".into()), "{self}");
        assert!(self.stdout.is_empty(), "{self}");
        object["error"].clone()
    }
}

fn object(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok().filter(serde_json::Value::is_object)
}

/// Standard output as it is, then standard error when there is any, then the status.
impl Display for Output {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "[stderr]\n{}", self.stderr)?;
        }
        match self.status {
            Some(code) => write!(f, "[status {code}]"),
            None => f.write_str("[killed]"),
        }
    }
}

/// `text` with the sandbox's folder and every object id replaced.
fn redacted(text: &str, root: &Path) -> String {
    let text = text.replace(root.to_str().unwrap(), "[ROOT]");
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
        } else {
            out.push_str(named(&word));
            word.clear();
            out.push(c);
        }
    }
    out.push_str(named(&word));
    out
}

fn named(word: &str) -> &str {
    let hex = word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match word.len() {
        40 | 64 if hex => "[COMMIT]",
        10 if hex && word.bytes().any(|b| b.is_ascii_digit()) => "[COMMIT]",
        // An operation's id, a ULID.
        26 if word.starts_with("01") => "[OPERATION]",
        _ => word,
    }
}
