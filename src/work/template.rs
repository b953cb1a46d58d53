//! The user's own words for new commits: minijinja templates in git's configuration.

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::config;
use crate::git::Repository;

/// The key of the template for merge commits.
pub const MERGE_MESSAGE_KEY: &str = "agents.mergeMessage";
/// The key of the template for squashed commits.
pub const SQUASH_MESSAGE_KEY: &str = "agents.squashMessage";

/// A template that makes no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} makes no message{}: {reason}", .line.map(|line| format!(" (line {line})")).unwrap_or_default())]
pub struct TemplateError {
    /// Where it stands in git's configuration.
    pub key: &'static str,
    /// The line of the template.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub reason: String,
}

/// A template that parses.
#[derive(Debug, Clone)]
pub(super) struct Template {
    key: &'static str,
    source: String,
}

impl Template {
    /// The template that is configured; none when there is none.
    ///
    /// # Errors
    /// It does not parse.
    pub(super) fn configured(repo: &Repository, key: &'static str) -> Result<Option<Self>, TemplateError> {
        let Some(source) = config::value(repo, key) else { return Ok(None) };
        environment().template_from_str(&source).map_err(|error| failed(key, &source, &error))?;
        Ok(Some(Template { key, source }))
    }

    /// The message that it makes of these values.
    ///
    /// # Errors
    /// A value is asked for that there is none of, or nothing comes of it.
    pub(super) fn render(&self, values: &impl serde::Serialize) -> Result<String, TemplateError> {
        let environment = environment();
        let rendered = environment.template_from_str(&self.source).and_then(|it| it.render(Value::from(Serde(values))));
        let message = rendered.map_err(|error| failed(self.key, &self.source, &error))?;
        if message.trim().is_empty() {
            return Err(TemplateError { key: self.key, line: None, reason: "it is empty".to_owned() });
        }
        Ok(message)
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // A name that is misspelt is an error, and not a gap in a commit message that nobody can change any more.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
}

fn failed(key: &'static str, source: &str, error: &minijinja::Error) -> TemplateError {
    let mut reason = error.kind().to_string();
    if let Some(detail) = error.detail() {
        reason.push_str(&format!(": {detail}"));
    }
    let line = error.line();
    if let Some(text) = line.and_then(|line| source.lines().nth(line.checked_sub(1)?)) {
        reason.push_str(&format!(" in {:?}", text.trim()));
    }
    TemplateError { key, line, reason }
}
