//! What git itself says: the simplest driver of `git merge-tree --stdin` there can be, sharing no code with the library.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

/// A repository, and a folder for what git writes.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) git_dir: PathBuf,
    pub(crate) objects: tempfile::TempDir,
}

/// One line for git: `[base -- ]a b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) base: Option<ObjectId>,
    pub(crate) a: ObjectId,
    pub(crate) b: ObjectId,
}

/// git's record of one merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    Clean(ObjectId),
    Conflict {
        stages: Vec<Stage>,
        messages: Vec<Message>,
    },
    /// git gave up, with these words.
    Fatal(String),
}

/// One unmerged index entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) mode: String,
    pub(crate) id: String,
    pub(crate) number: u8,
    pub(crate) path: BString,
}

/// One message, of a conflict or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) paths: Vec<BString>,
    pub(crate) kind: String,
}

impl Place {
    /// In front of the repository of a git folder that is in its worktree.
    pub(crate) fn new(git_dir: &Path) -> Self {
        let objects = tempfile::Builder::new().prefix("git-agents-oracle-").tempdir().unwrap();
        std::fs::create_dir(objects.path().join("info")).unwrap();
        let behind = git_dir.join("objects").canonicalize().unwrap();
        std::fs::write(objects.path().join("info/alternates"), format!("{}\n", behind.display())).unwrap();
        Place { git_dir: git_dir.to_owned(), objects }
    }

    /// A git command on it.
    pub(crate) fn git(&self) -> Command {
        let mut command = Command::new("git");
        let worktree = self.git_dir.parent().unwrap();
        command.arg("--git-dir").arg(&self.git_dir).arg("--work-tree").arg(worktree).current_dir(worktree);
        command.env("GIT_OBJECT_DIRECTORY", self.objects.path()).env("LC_ALL", "C").env("GIT_NO_REPLACE_OBJECTS", "1");
        command
    }

    /// Run a command with input.
    pub(crate) fn run(&self, args: &[&str], input: Vec<u8>) -> Output {
        let mut command = self.git();
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let mut stderr = child.stderr.take().unwrap();
        let complaints = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).map(|_| bytes).unwrap()
        });
        let mut stdout = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        writer.join().unwrap();
        let stderr = complaints.join().unwrap();
        Output { status: child.wait().unwrap(), stdout, stderr }
    }

    /// Ask git about every line, with the attributes of `attributes`.
    pub(crate) fn merges(&self, attributes: ObjectId, lines: &[Line]) -> Vec<Record> {
        let mut records = Vec::with_capacity(lines.len());
        while records.len() < lines.len() {
            let rest = &lines[records.len()..];
            let (found, reason) = self.ask(attributes, rest);
            match reason {
                Some(End::Died(reason)) => {
                    records.extend(found);
                    records.push(Record::Fatal(reason));
                }
                // What git had not handed over is lost with it, so it is not known which line is to blame.
                Some(End::Killed(reason)) if rest.len() == 1 => records.push(Record::Fatal(reason)),
                Some(End::Killed(_)) => {
                    let (one, other) = rest.split_at(rest.len() / 2);
                    records.extend(self.merges(attributes, one));
                    records.extend(self.merges(attributes, other));
                }
                None => records.extend(found),
            }
        }
        records
    }

    /// One process for many lines: its answers, and why it did not answer all.
    fn ask(&self, attributes: ObjectId, lines: &[Line]) -> (Vec<Record>, Option<End>) {
        let mut input = String::new();
        for Line { base, a, b } in lines {
            if let Some(base) = base {
                input.push_str(&format!("{base} -- "));
            }
            input.push_str(&format!("{a} {b}\n"));
        }
        let source = format!("--attr-source={attributes}");
        let output = self.run(&[&source, "merge-tree", "--write-tree", "--stdin", "-z"], input.into_bytes());
        let mut rest = output.stdout.as_slice();
        let records: Vec<_> = std::iter::from_fn(|| parse(&mut rest)).collect();
        if records.len() == lines.len() && output.status.success() {
            return (records, None);
        }
        let said = output.stderr.trim().lines().next_back().unwrap_or_default().to_str_lossy().into_owned();
        let said = said.strip_prefix("fatal: ").unwrap_or(&said).to_owned();
        assert!(!output.status.success() && records.len() < lines.len(), "git answered otherwise than asked: {said}");
        (records, Some(if output.status.code().is_some() { End::Died(said) } else { End::Killed(said) }))
    }
}

/// Why git did not answer everything.
enum End {
    /// It complained about the line after those that it answered.
    Died(String),
    /// It was stopped by itself, in the middle of some line.
    Killed(String),
}

/// One record off the front; none when it is not whole.
fn parse(rest: &mut &[u8]) -> Option<Record> {
    let mut at = *rest;
    let status = field(&mut at)?;
    let tree = ObjectId::from_hex(field(&mut at)?).unwrap();
    if status == b"1" {
        assert_eq!(field(&mut at)?, b"");
        *rest = at;
        return Some(Record::Clean(tree));
    }
    assert_eq!(status, b"0");
    let mut stages = Vec::new();
    loop {
        let entry = field(&mut at)?;
        if entry.is_empty() {
            break;
        }
        let (head, path) = entry.split_once_str("\t").unwrap();
        let words: Vec<_> = head.fields().map(|word| word.to_str_lossy().into_owned()).collect();
        let number = words[2].parse().unwrap();
        stages.push(Stage { mode: words[0].clone(), id: words[1].clone(), number, path: path.into() });
    }
    let mut messages = Vec::new();
    loop {
        let count = field(&mut at)?;
        if count.is_empty() {
            break;
        }
        let count: usize = count.to_str().unwrap().parse().unwrap();
        let paths = (0..count).map(|_| field(&mut at).map(BString::from)).collect::<Option<_>>()?;
        let kind = field(&mut at)?.to_str_lossy().into_owned();
        field(&mut at)?;
        messages.push(Message { paths, kind });
    }
    *rest = at;
    Some(Record::Conflict { stages, messages })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (field, after) = rest.split_once_str("\0")?;
    *rest = after;
    Some(field)
}
