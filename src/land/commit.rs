//! Commits that are made without a worktree.
//!
//! What is kept of an old commit is kept byte for byte. Where the user signs commits, git writes and signs them;
//! otherwise they are written as they are.

use std::os::unix::ffi::OsStrExt;

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::{BString, ByteSlice};
use gix::objs::Kind;

use super::encoding::as_utf8;
use super::plan::PlanError;
use crate::git::refs::{as_committer, time_for_git};
use crate::git::scratch::Scratch;
use crate::git::{GitError, Repository};

/// What is read of a commit.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// `name <email> seconds offset`, as it is written in the commit.
    pub(super) author: BString,
    pub(super) encoding: Option<BString>,
    pub(super) message: BString,
}

/// Writes commits of one user, now.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) repo: &'a Repository,
    pub(crate) scratch: &'a Scratch,
    pub(crate) identity: &'a Signature,
}

/// Read a commit from scratch or repository.
pub(super) fn read(scratch: &Scratch, id: ObjectId) -> Result<Commit, PlanError> {
    let object = scratch.find(id)?;
    parse(&object.data).filter(|_| object.kind == Kind::Commit).ok_or(PlanError::NotACommit { id })
}

/// A signature as a commit holds it.
pub(super) fn line_of(signature: &Signature) -> BString {
    // git leaves out what would end a name or a line.
    let clean = |text: &BString| text.replace(b"<", "").replace(b">", "").replace(b"\n", "");
    let mut line = BString::from(clean(&signature.name));
    line.extend_from_slice(b" <");
    line.extend_from_slice(&clean(&signature.email));
    line.extend_from_slice(b"> ");
    line.extend_from_slice(time_for_git(signature.time).trim_start_matches('@').as_bytes());
    line
}

impl Writer<'_> {
    /// Write a merge commit of the user's.
    pub(crate) fn merge(&self, tree: ObjectId, parents: &[ObjectId], message: &str) -> Result<ObjectId, PlanError> {
        let author = line_of(self.identity);
        self.write(&Commit { tree, parents: parents.to_vec(), author, encoding: None, message: message.into() })
    }

    /// Write a commit; the committer is the user.
    pub(super) fn write(&self, commit: &Commit) -> Result<ObjectId, PlanError> {
        if self.repo.config_flag("commit.gpgSign") {
            return self.write_signed(commit);
        }
        let mut data = Vec::new();
        let mut header = |key: &str, value: &[u8]| {
            data.extend_from_slice(key.as_bytes());
            data.push(b' ');
            data.extend_from_slice(value);
            data.push(b'\n');
        };
        header("tree", commit.tree.to_string().as_bytes());
        for parent in &commit.parents {
            header("parent", parent.to_string().as_bytes());
        }
        let text = |bytes| if commit.encoding.is_none() { as_utf8(bytes) } else { bytes.into() };
        header("author", &text(&commit.author));
        header("committer", &line_of(self.identity));
        if let Some(encoding) = &commit.encoding {
            header("encoding", encoding);
        }
        data.push(b'\n');
        data.extend_from_slice(&text(&commit.message));
        Ok(self.scratch.write(Kind::Commit, &data)?)
    }

    fn write_signed(&self, commit: &Commit) -> Result<ObjectId, PlanError> {
        let (name, email, date) = parts_of(&commit.author);
        let child = self.scratch.on(as_committer(self.repo.git(), self.identity));
        let encoding = commit.encoding.as_ref().map_or_else(|| "UTF-8".into(), |name| name.to_str_lossy());
        let mut child = child
            .env("GIT_AUTHOR_NAME", std::ffi::OsStr::from_bytes(name))
            .env("GIT_AUTHOR_EMAIL", std::ffi::OsStr::from_bytes(email))
            .env("GIT_AUTHOR_DATE", format!("@{}", date.to_str_lossy()))
            .arg("-c")
            .arg(format!("i18n.commitEncoding={encoding}"))
            .args(["commit-tree", "-S", "-F", "-"])
            .input(commit.message.to_vec());
        for parent in &commit.parents {
            child = child.arg("-p").arg(parent.to_string());
        }
        let child = child.arg(commit.tree.to_string());
        let command = child.line();
        let hex = child.text().map_err(|error| match error {
            GitError::Failed { stderr, .. } => PlanError::Signing { reason: one_sentence(&stderr) },
            error => error.into(),
        })?;
        ObjectId::from_hex(hex.as_bytes()).map_err(|_| GitError::Answer { command, detail: hex }.into())
    }
}

/// What git says in several lines, without its own marks. That it then could not write the commit goes without saying.
fn one_sentence(stderr: &str) -> String {
    let lines = stderr.lines().map(|line| {
        let line = line.trim();
        ["error: ", "fatal: "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line).trim_end_matches(':')
    });
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && *line != "failed to write commit object").collect();
    lines.join(": ")
}

fn parse(data: &[u8]) -> Option<Commit> {
    let (header, message) = data.split_once_str("\n\n").or_else(|| Some((data.strip_suffix(b"\n")?, b"")))?;
    let (mut tree, mut author, mut encoding) = (None, None, None);
    let mut parents = Vec::new();
    for line in header.split_str("\n") {
        // Lines that continue a signature begin with a space, so their key is empty.
        let (key, value) = line.split_once_str(" ").unwrap_or((line, b""));
        match key {
            b"tree" => tree = ObjectId::from_hex(value).ok(),
            b"parent" => parents.push(ObjectId::from_hex(value).ok()?),
            b"author" => author = Some(value.into()),
            b"encoding" => encoding = Some(value.into()),
            _ => {}
        }
    }
    Some(Commit { tree: tree?, parents, author: author?, encoding, message: message.into() })
}

/// Name, address, and `seconds offset` of an author line.
pub(super) fn parts_of(author: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (name, rest) = author.split_once_str("<").unwrap_or((author, b""));
    let (email, date) = rest.rsplit_once_str(">").unwrap_or((rest, b""));
    (name.trim_end(), email, date.trim())
}
