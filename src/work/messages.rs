//! The messages of the commits that a landing makes: git's words for a merge, the task's for a squash, or the user's
//! own by a template, which is given what would have been written.
//!
//! Bodies of the branch's own commits go in as they are; `commit.cleanup` is for what people type.

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::ByteSlice;
use serde::Serialize;

use super::template::{MERGE_MESSAGE_KEY, SQUASH_MESSAGE_KEY, Template, TemplateError};
use crate::agent::Agent;
use crate::config::Target;
use crate::git::{GitError, Repository};
use crate::task::Task;

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// A template of the user's.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Writes the messages of new commits.
#[derive(Debug)]
pub(super) struct Messages<'a> {
    repo: &'a Repository,
    target: &'a Target,
    identity: &'a Signature,
    merge_template: Option<Template>,
    squash_template: Option<Template>,
}

/// A branch that is to land.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) agent: &'a Agent,
    pub(super) tip: ObjectId,
    /// Its completed tasks.
    pub(super) tasks: &'a [&'a Task],
    /// What these reach is not its own.
    pub(super) exclude: &'a [ObjectId],
}

/// What a template is given.
#[derive(Debug, Serialize)]
struct Values<'a> {
    agent: &'a str,
    branch: &'a str,
    target: &'a str,
    tasks: &'a [TaskValues<'a>],
    /// The task, when it is exactly one.
    task: Option<&'a TaskValues<'a>>,
    commits: &'a [CommitValues],
    /// What would be written without a template.
    default: &'a str,
}

#[derive(Debug, Serialize)]
struct TaskValues<'a> {
    id: &'a str,
    title: &'a str,
    details: &'a str,
}

/// A commit of the branch's own, its texts in UTF-8.
#[derive(Debug, Serialize)]
struct CommitValues {
    id: String,
    subject: String,
    body: String,
    /// `Name <address>`
    author: String,
    #[serde(skip)]
    people: Vec<Person>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    name: String,
    email: String,
}

impl<'a> Messages<'a> {
    /// Reads the templates.
    ///
    /// # Errors
    /// One of them does not parse.
    pub(super) fn new(
        repo: &'a Repository,
        target: &'a Target,
        identity: &'a Signature,
    ) -> Result<Self, TemplateError> {
        let merge_template = Template::configured(repo, MERGE_MESSAGE_KEY)?;
        let squash_template = Template::configured(repo, SQUASH_MESSAGE_KEY)?;
        Ok(Messages { repo, target, identity, merge_template, squash_template })
    }

    /// git's own message for a merge, and the tasks that it brings.
    pub(super) fn merge(&self, subject: &Subject<'_>) -> Result<String, MessageError> {
        let Subject { agent, tip, tasks, .. } = subject;
        let line = format!("{tip}\t\tbranch '{}' of .\n", agent.branch);
        let git = self.repo.git().args(["fmt-merge-msg", "--into-name", &self.target.branch]);
        let mut message = git.input(line).text()?;
        if !tasks.is_empty() {
            let lines: Vec<String> = tasks.iter().map(|task| format!("{} {}", task.id, task.title)).collect();
            message.push_str(&format!("\n\n{}", lines.join("\n")));
        }
        message.push('\n');
        match &self.merge_template {
            Some(template) => self.render(template, subject, &self.commits(subject)?, &message),
            None => Ok(message),
        }
    }

    /// The task's title, or the first commit's subject, then a line for each commit; all authors are named. The author
    /// is the first commit's.
    pub(super) fn squash(&self, subject: &Subject<'_>) -> Result<(String, Signature), MessageError> {
        let commits = self.commits(subject)?;
        let title = match (subject.tasks, commits.first()) {
            ([task], _) => task.title.clone(),
            (_, Some(commit)) if !commit.subject.is_empty() => commit.subject.clone(),
            _ => format!("Work of {}", subject.agent.name),
        };
        let mut message = format!("{title}\n");
        if commits.len() > 1 {
            let lines: Vec<String> = commits.iter().map(|commit| format!("* {}", commit.subject)).collect();
            message.push_str(&format!("\n{}\n", lines.join("\n")));
        }
        let people = people_of(&commits);
        let others: String =
            people.iter().skip(1).map(|Person { name, email }| format!("Co-authored-by: {name} <{email}>\n")).collect();
        if !others.is_empty() {
            message.push_str(&format!("\n{others}"));
        }
        if let Some(template) = &self.squash_template {
            message = self.render(template, subject, &commits, &message)?;
        }
        let author = people.into_iter().next().map(|Person { name, email }| Signature {
            name: name.into(),
            email: email.into(),
            time: self.identity.time,
        });
        Ok((message, author.unwrap_or_else(|| self.identity.clone())))
    }

    fn render(
        &self,
        template: &Template,
        subject: &Subject<'_>,
        commits: &[CommitValues],
        default: &str,
    ) -> Result<String, MessageError> {
        let tasks: Vec<TaskValues<'_>> = subject
            .tasks
            .iter()
            .map(|task| TaskValues { id: task.id.as_str(), title: &task.title, details: &task.body })
            .collect();
        let values = Values {
            agent: subject.agent.name.as_str(),
            branch: &subject.agent.branch,
            target: &self.target.branch,
            task: if let [task] = tasks.as_slice() { Some(task) } else { None },
            tasks: &tasks,
            commits,
            default: default.trim_end(),
        };
        Ok(template.render(&values)?)
    }

    /// The branch's own commits, the oldest first, without merges.
    fn commits(&self, subject: &Subject<'_>) -> Result<Vec<CommitValues>, GitError> {
        const FIELDS: usize = 6;
        let range = format!("{}..{}", self.target.commit, subject.tip);
        let trailers = "%(trailers:key=Co-authored-by,valueonly,unfold)";
        let format = format!("--format=%H%x00%an%x00%ae%x00%s%x00%b%x00{trailers}%x00");
        let child = self.repo.git().args(["log", "--reverse", "--topo-order", "--no-merges", "--encoding=UTF-8"]);
        let child = child.args(["--no-show-signature", &format, &range]);
        let output = child.args(subject.exclude.iter().map(|id| format!("^{id}"))).arg("--").stdout()?;
        let fields: Vec<String> =
            output.split(|byte| *byte == 0).map(|field| field.to_str_lossy().into_owned()).collect();
        let commit = |fields: &[String]| {
            let [id, name, email, subject, body, trailers] = fields else { return None };
            let author = Person { name: name.clone(), email: email.clone() };
            Some(CommitValues {
                // git ends what it says of a commit with a newline.
                id: id.trim_start().to_owned(),
                subject: subject.clone(),
                body: body.trim_end().to_owned(),
                author: format!("{name} <{email}>"),
                people: std::iter::once(author).chain(trailers.lines().filter_map(person)).collect(),
            })
        };
        Ok(fields.chunks_exact(FIELDS).filter_map(commit).collect())
    }
}

/// Everybody once, by address: who wrote the commits, in their order, then who is named in them.
fn people_of(commits: &[CommitValues]) -> Vec<Person> {
    let authors = commits.iter().filter_map(|commit| commit.people.first());
    let named = commits.iter().flat_map(|commit| commit.people.iter().skip(1));
    let mut people: Vec<Person> = Vec::new();
    for person in authors.chain(named) {
        if !people.iter().any(|known| known.email.to_lowercase() == person.email.to_lowercase()) {
            people.push(person.clone());
        }
    }
    people
}

/// `Name <address>`
fn person(text: &str) -> Option<Person> {
    let (name, rest) = text.trim().split_once('<')?;
    let (email, _) = rest.split_once('>')?;
    Some(Person { name: name.trim().to_owned(), email: email.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_once_by_address() {
        let commit = |people: &[&str]| CommitValues {
            id: String::new(),
            subject: String::new(),
            body: String::new(),
            author: String::new(),
            people: people.iter().filter_map(|text| person(text)).collect(),
        };
        let commits = [
            commit(&["Ann <ann@x>", "Eve <eve@x>", "nobody"]),
            commit(&["Bob <BOB@x>", "Bob <bob@X>", "Ann B. <Ann@x>"]),
            commit(&["Eve at home <Eve@x>"]),
        ];
        let names: Vec<String> = people_of(&commits).into_iter().map(|person| person.name).collect();
        assert_eq!(names, ["Ann", "Bob", "Eve at home"]);
    }
}
