//! From facts to words: the built-in template, or the user's own (`agents.template`, a file).

use std::io::{self, Read, Write};
use std::path::PathBuf;

use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use super::Facts;
use crate::config;
use crate::git::Repository;
use crate::world::World;

/// The key that names the file, from the top of the main worktree. Only git's configuration says it: the words that agents
/// are given are nothing that whoever can push may change.
pub const TEMPLATE_KEY: &str = "agents.template";
/// The largest that is read, in bytes.
const LARGEST: u64 = 256 * 1024;
/// So many steps a template may take: those of a task among a thousand others are a twentieth of them.
const MOST_STEPS: u64 = 2_000_000;
/// The longest prompt, in bytes. No model reads more.
const LONGEST: usize = 8 << 20;
const BUILT_IN: &str = include_str!("brief.md.j2");

/// What the words are made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Where it comes from; none for the built-in one.
    path: Option<PathBuf>,
    source: String,
}

/// Why there is no prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The file of the template cannot be read.
    #[error("the template {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What stood in the way.
        reason: String,
    },
    /// It makes no text of the facts.
    #[error("the template {} makes no prompt{}: {reason}", path.display(), .line.map(|line| format!(" (line {line})")).unwrap_or_default())]
    Unusable {
        /// The file; empty for the built-in one.
        path: PathBuf,
        /// The line.
        line: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },
}

impl Template {
    /// The one in this program.
    pub fn built_in() -> Self {
        Template { path: None, source: BUILT_IN.to_owned() }
    }

    /// The one that is configured, else the one in this program.
    ///
    /// # Errors
    /// The file cannot be read, or is no template.
    pub fn configured(repo: &Repository, world: &World) -> Result<Self, PromptError> {
        let Some(given) = config::value(repo, TEMPLATE_KEY).filter(|path| !path.is_empty()) else {
            return Ok(Template::built_in());
        };
        let from_home = given.strip_prefix("~/").zip(world.home.as_ref()).map(|(rest, home)| home.join(rest));
        let path = from_home.unwrap_or_else(|| config::main_folder(repo).join(&given));
        let unreadable = |reason: String| PromptError::Unreadable { path: path.clone(), reason };
        // Opening a pipe would wait for somebody to write into it.
        let found = std::fs::metadata(&path).map_err(|error| unreadable(error.to_string()))?;
        if !found.is_file() {
            return Err(unreadable("it is no file".to_owned()));
        }
        let file = std::fs::File::open(&path).map_err(|error| unreadable(error.to_string()))?;
        let mut source = String::new();
        file.take(LARGEST + 1).read_to_string(&mut source).map_err(|error| unreadable(error.to_string()))?;
        if source.len() as u64 > LARGEST {
            return Err(unreadable(format!("it has more than {LARGEST} bytes")));
        }
        let template = Template { path: Some(path), source };
        environment().template_from_str(&template.source).map_err(|error| template.failed(&error))?;
        Ok(template)
    }

    fn failed(&self, error: &minijinja::Error) -> PromptError {
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        let reason = match error.kind() {
            ErrorKind::OutOfFuel => "it does not come to an end".to_owned(),
            ErrorKind::WriteFailure => format!("what it makes has more than {LONGEST} bytes"),
            kind => format!("{kind}{detail}"),
        };
        PromptError::Unusable { path: self.path.clone().unwrap_or_default(), line: error.line(), reason }
    }
}

/// Takes a prompt, and no more than one.
#[derive(Default)]
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The prompt for these facts. It ends with a line break and has no two empty lines in a row.
///
/// # Errors
/// The template asks for something that there is not, or nothing comes of it.
pub fn brief(template: &Template, facts: &Facts) -> Result<String, PromptError> {
    let environment = environment();
    let mut rendered = Bounded::default();
    let done = environment
        .template_from_str(&template.source)
        .and_then(|it| it.render_captured_to(Value::from(Serde(facts)), &mut rendered).map(drop));
    done.map_err(|error| template.failed(&error))?;
    let text = String::from_utf8_lossy(&rendered.0);
    let mut prompt = String::with_capacity(text.len());
    for line in text.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && prompt.ends_with("\n\n")) {
            prompt.push_str(line);
            prompt.push('\n');
        }
    }
    if prompt.is_empty() {
        let path = template.path.clone().unwrap_or_default();
        return Err(PromptError::Unusable { path, line: None, reason: "it is empty".to_owned() });
    }
    Ok(prompt)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // A name that is misspelt is an error, and not a gap in what an agent is told.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(MOST_STEPS));
    environment.add_filter("quoted", quoted);
    environment
}

/// Text of others, with `>` before every line.
#[expect(clippy::needless_pass_by_value, reason = "the shape that minijinja wants")]
fn quoted(text: String) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}

#[cfg(test)]
#[path = "template_test.rs"]
mod tests;
