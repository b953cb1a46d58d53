//! What kind of work a task is, and how hard it looks, with the reasons: from what was said of it, never from a model.

use std::str::FromStr;

use crate::task::{NewTask, Task};

/// The categories that the built-in presets know. A task may have any other; presets of users may map it.
pub const CATEGORIES: [&str; 9] =
    ["backend", "database", "docs", "frontend", "infrastructure", "refactor", "security", "testing", "other"];

/// How hard a task looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Complexity {
    /// Little is to be thought of.
    Simple,
    /// Much is.
    Complex,
}

impl Complexity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Complexity::Simple => "simple",
            Complexity::Complex => "complex",
        }
    }
}

impl FromStr for Complexity {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "simple" => Ok(Complexity::Simple),
            "complex" => Ok(Complexity::Complex),
            _ => Err(()),
        }
    }
}

/// Check a word for a category in a key: every word will do but those that only nearly, or under another name, say one
/// that is known. No task would ever have it.
///
/// # Errors
/// Why it will not do.
pub fn check(word: &str) -> Result<(), String> {
    if word.parse::<Complexity>().is_ok() {
        return Err(format!("{word} says how hard work is and not of which kind"));
    }
    if crate::name::check_name(word).is_err() || word.contains('_') {
        return Err(format!("{word:?} is no category: a-z, 0-9 and '-' will do"));
    }
    match meant(word).filter(|known| *known != word) {
        Some(known) => Err(format!("no task has the category {word}: it is {known}")),
        None => Ok(()),
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// One line.
    pub title: &'a str,
    /// Many, or none.
    pub body: &'a str,
    /// What its author calls it.
    pub category: Option<&'a str>,
    /// The paths that it declares.
    pub paths: &'a [String],
    /// The words that it was filed under.
    pub labels: &'a [String],
    /// The estimate.
    pub hours: Option<f64>,
}

impl<'a> From<&'a Task> for Subject<'a> {
    fn from(task: &'a Task) -> Self {
        Subject {
            title: &task.title,
            body: &task.body,
            category: task.category.as_deref(),
            paths: &task.paths,
            labels: &task.labels,
            hours: task.hours.map(f64::from),
        }
    }
}

impl<'a> From<&'a NewTask> for Subject<'a> {
    fn from(task: &'a NewTask) -> Self {
        Subject {
            title: &task.title,
            body: &task.body,
            category: task.category.as_deref(),
            paths: &task.paths,
            labels: &task.labels,
            hours: task.hours.map(f64::from),
        }
    }
}

/// What was found, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The category: one of [`CATEGORIES`], or its author's own word.
    pub category: String,
    /// What says so.
    pub category_reason: String,
    /// How hard it looks.
    pub complexity: Complexity,
    /// What says so.
    pub complexity_reason: String,
}

/// Judge a task.
pub fn classify(subject: &Subject<'_>) -> Class {
    let (category, category_reason) = category(subject);
    let (complexity, complexity_reason) = complexity(subject);
    Class { category, category_reason, complexity, complexity_reason }
}

/// Words for each category: as a category or a label, and in a text. The first of equals wins.
const WORDS: [(&str, &[&str]); 8] = [
    (
        "security",
        &["security", "auth", "authentication", "authorization", "encryption", "vulnerability", "cve", "secrets"],
    ),
    ("database", &["database", "db", "sql", "schema", "migration", "migrations", "postgres", "sqlite", "mysql"]),
    (
        "infrastructure",
        &[
            "infrastructure",
            "infra",
            "ci",
            "cd",
            "devops",
            "docker",
            "kubernetes",
            "terraform",
            "deploy",
            "build",
            "release",
        ],
    ),
    ("docs", &["docs", "doc", "documentation", "readme", "changelog", "tutorial", "guide", "manual"]),
    ("testing", &["testing", "test", "tests", "qa", "coverage", "fuzzing", "e2e", "flaky"]),
    ("refactor", &["refactor", "refactoring", "cleanup", "rename", "extract", "simplify", "deduplicate", "dead"]),
    (
        "frontend",
        &["frontend", "ui", "ux", "css", "html", "react", "vue", "svelte", "button", "page", "layout", "component"],
    ),
    ("backend", &["backend", "api", "server", "endpoint", "service", "queue", "worker", "cache", "parser", "cli"]),
];

fn category(subject: &Subject<'_>) -> (String, String) {
    if let Some(own) = subject.category {
        let own = own.trim().to_lowercase();
        let known = meant(&own).map_or_else(|| slug(&own), str::to_owned);
        return (known, format!("its category is {own}"));
    }
    if let Some((known, label)) =
        subject.labels.iter().find_map(|label| Some((known_word(&label.to_lowercase())?, label)))
    {
        return (known.to_owned(), format!("it has the label {label}"));
    }
    if let Some((category, path)) = of_paths(subject.paths) {
        return (category.to_owned(), format!("most of its paths are like {path}"));
    }
    let mut best: Option<(usize, &str, String)> = None;
    let (title, body) = (words(subject.title), words(subject.body));
    for (category, signs) in WORDS {
        let among =
            |words: &[String]| words.iter().filter(|word| signs.contains(&word.as_str())).cloned().collect::<Vec<_>>();
        let (in_title, in_body) = (among(&title), among(&body));
        let score = in_title.len() * 3 + in_body.len().min(3);
        if score > best.as_ref().map_or(0, |(most, ..)| *most) {
            let word = in_title.into_iter().chain(in_body).next().unwrap_or_default();
            best = Some((score, category, word));
        }
    }
    match best {
        Some((_, category, word)) => (category.to_owned(), format!("it speaks of {word:?}")),
        None => ("other".to_owned(), "nothing says what kind of work it is".to_owned()),
    }
}

fn known_word(word: &str) -> Option<&'static str> {
    let of_list = WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(category, _)| *category);
    of_list.or_else(|| CATEGORIES.iter().find(|known| **known == word).copied())
}

/// The category that a word says, though with another word or one letter that is wrong.
fn meant(word: &str) -> Option<&'static str> {
    const LONG: usize = 5;
    let is_near = |known: &&&str| word.len() >= LONG && crate::config::keys::edits(known, word) == 1;
    known_word(word).or_else(|| CATEGORIES.iter().find(is_near).copied())
}

/// A word that can stand in a key of git's configuration.
fn slug(text: &str) -> String {
    let slug: String =
        text.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "other".to_owned() } else { slug.chars().take(40).collect() }
}

/// What most of the paths are, with one of them.
fn of_paths(paths: &[String]) -> Option<(&'static str, &str)> {
    let mut counted: Vec<(&'static str, usize, &str)> = Vec::new();
    for path in paths {
        let Some(category) = of_path(path) else { continue };
        match counted.iter_mut().find(|(known, ..)| *known == category) {
            Some((_, count, _)) => *count += 1,
            None => counted.push((category, 1, path)),
        }
    }
    let (category, count, path) = counted.into_iter().max_by_key(|(_, count, _)| *count)?;
    (count * 2 > paths.len()).then_some((category, path))
}

fn of_path(path: &str) -> Option<&'static str> {
    let path = path.to_lowercase();
    let folders: Vec<&str> = path.split('/').collect();
    let name = folders.last().copied().unwrap_or_default();
    let in_folder = |names: &[&str]| folders.iter().any(|folder| names.contains(folder));
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let is_test =
        in_folder(&["tests", "test", "spec", "__tests__", "e2e"]) || name.contains("_test.") || name.contains(".test.");
    if is_test {
        Some("testing")
    } else if in_folder(&["docs", "doc", "man"]) || ends(&[".md", ".rst", ".adoc", ".txt"]) {
        Some("docs")
    } else if in_folder(&["migrations"]) || ends(&[".sql"]) {
        Some("database")
    } else if in_folder(&[".github", ".ci", "deploy", "terraform", "k8s"]) || ends(&[".tf", "dockerfile", "makefile"]) {
        Some("infrastructure")
    } else if in_folder(&["frontend", "ui", "web", "components"])
        || ends(&[".tsx", ".jsx", ".css", ".scss", ".html", ".vue", ".svelte"])
    {
        Some("frontend")
    } else if in_folder(&["backend", "server", "api"]) {
        Some("backend")
    } else {
        None
    }
}

/// From so many hours on a task is complex, and up to so many it is simple.
const COMPLEX_HOURS: f64 = 4.0;
const SIMPLE_HOURS: f64 = 1.0;
/// So long a text, or so many paths, speak of much to do.
const LONG_TEXT: usize = 150;
const MANY_PATHS: usize = 5;

const HARD: &[&str] = &[
    "architecture",
    "redesign",
    "rewrite",
    "migrate",
    "migration",
    "concurrency",
    "concurrent",
    "race",
    "deadlock",
    "distributed",
    "encryption",
    "protocol",
    "performance",
    "optimize",
    "transaction",
    "algorithm",
    "parser",
    "consistency",
    "recovery",
    "vulnerability",
];
const EASY: &[&str] = &[
    "typo",
    "typos",
    "rename",
    "bump",
    "comment",
    "comments",
    "readme",
    "formatting",
    "lint",
    "changelog",
    "spelling",
    "wording",
    "link",
    "links",
    "whitespace",
];

fn complexity(subject: &Subject<'_>) -> (Complexity, String) {
    match subject.hours {
        Some(hours) if hours >= COMPLEX_HOURS => return (Complexity::Complex, format!("it is estimated at {hours}h")),
        Some(hours) if hours <= SIMPLE_HOURS => return (Complexity::Simple, format!("it is estimated at {hours}h")),
        _ => {}
    }
    let (title, body) = (words(subject.title), words(subject.body));
    let among = |signs: &[&str]| title.iter().chain(&body).find(|word| signs.contains(&word.as_str())).cloned();
    if let Some(word) = among(HARD) {
        return (Complexity::Complex, format!("it speaks of {word:?}"));
    }
    if body.len() >= LONG_TEXT {
        return (Complexity::Complex, format!("its text has {} words", body.len()));
    }
    if subject.paths.len() >= MANY_PATHS {
        return (Complexity::Complex, format!("it declares {} paths", subject.paths.len()));
    }
    match among(EASY) {
        Some(word) => (Complexity::Simple, format!("it speaks of {word:?}")),
        None => (Complexity::Simple, "nothing says that it is hard".to_owned()),
    }
}

/// The words of a text in small letters; of a very long one those at its beginning.
fn words(text: &str) -> Vec<String> {
    const MOST: usize = 5000;
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(MOST).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(title: &str) -> Class {
        classify(&Subject { title, ..Subject::default() })
    }

    #[test]
    fn what_is_said_comes_before_what_is_guessed() {
        let paths = ["web/app.tsx".to_owned(), "web/app.css".to_owned(), "x".to_owned()];
        let labels = ["urgent".to_owned(), "QA".to_owned()];
        let subject = Subject { title: "Write the docs", paths: &paths, ..Subject::default() };
        let class = |subject: &Subject<'_>| {
            let class = classify(subject);
            format!("{}: {}", class.category, class.category_reason)
        };
        assert_eq!(class(&subject), "frontend: most of its paths are like web/app.tsx");
        assert_eq!(class(&Subject { labels: &labels, ..subject }), "testing: it has the label QA");
        let own = Subject { labels: &labels, category: Some("Game Design"), ..subject };
        assert_eq!(class(&own), "game-design: its category is game design");
        assert_eq!(class(&Subject { paths: &[], ..subject }), "docs: it speaks of \"docs\"");
        assert_eq!(of("Do it").category, "other");
    }

    #[test]
    fn hours_words_and_size_say_how_hard_it_is() {
        let class = |subject: &Subject<'_>| {
            let class = classify(subject);
            format!("{}: {}", class.complexity.word(), class.complexity_reason)
        };
        let rename = Subject { title: "Fix a typo", ..Subject::default() };
        assert_eq!(class(&rename), "simple: it speaks of \"typo\"");
        assert_eq!(class(&Subject { hours: Some(6.0), ..rename }), "complex: it is estimated at 6h");
        let race = Subject { title: "A race in the cache", hours: Some(2.0), ..rename };
        assert_eq!(class(&race), "complex: it speaks of \"race\"");
        assert_eq!(class(&Subject { hours: Some(0.5), ..race }), "simple: it is estimated at 0.5h");
        let long = "word ".repeat(200);
        assert_eq!(class(&Subject { body: &long, ..rename }), "complex: its text has 200 words");
        let paths = ["a", "b", "c", "d", "e"].map(str::to_owned);
        assert_eq!(class(&Subject { paths: &paths, ..rename }), "complex: it declares 5 paths");
    }

    #[test]
    fn the_known_words_lead_to_known_categories() {
        assert!(WORDS.iter().all(|(category, words)| CATEGORIES.contains(category) && words.contains(category)));
        assert_eq!(CATEGORIES.map(known_word), CATEGORIES.map(Some));
    }

    proptest! {
        #[test]
        fn any_task_has_a_category_that_can_be_configured(title in "\\PC{0,60}", category in proptest::option::of("\\PC{0,30}")) {
            let class = classify(&Subject { title: &title, category: category.as_deref(), ..Subject::default() });
            let key = format!("agents.preset.mine.{}", class.category);
            prop_assert!(crate::config::keys::find(&key).is_some() || class.category.parse::<Complexity>().is_ok(), "{}", key);
        }
    }
}
