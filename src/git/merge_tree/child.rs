//! One `git merge-tree --stdin` and how to talk to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::thread::JoinHandle;

use super::record::{self, Incomplete};
use super::{Merge, MergeError, Request, Setup};
use crate::git::run::Git;
use crate::git::scratch;

/// A running child. Dropping it closes its input, upon which it ends.
#[derive(Debug)]
pub(super) struct Child {
    process: std::process::Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    /// The question whose answer is known, which makes git hand over the answers before it.
    flush: String,
    /// The end mark of that answer may still be in git's buffer.
    end_is_due: bool,
}

impl Child {
    pub(super) fn start(setup: &Setup) -> Result<Self, MergeError> {
        let folder = setup.worktree.as_ref().unwrap_or(&setup.git_dir);
        let mut git = scratch::in_front(&setup.scratch, Git::at(folder).arg("--git-dir").arg(&setup.git_dir));
        if let Some(worktree) = &setup.worktree {
            git = git.arg("--work-tree").arg(worktree);
        }
        // Always given: git would take the attributes of whatever happens to be checked out.
        let git = git.arg(format!("--attr-source={}", setup.attributes));
        // With --messages for all records, clean ones too: it makes them uniform, and writing messages flushes.
        let git = git.args(["merge-tree", "--write-tree", "--stdin", "-z", "--messages"]);
        let line = git.line();
        let mut process = git.spawn()?;
        let (stdin, stdout, stderr) = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(stdin), Some(stdout), Some(mut stderr)) = (stdin, stdout, stderr) else {
            return Err(MergeError::Answer { detail: format!("`{line}` has no pipes") });
        };
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // Warnings may be many and the pipe is small, so somebody has to read it all the time.
            drop(stderr.read_to_end(&mut bytes));
            bytes
        });
        let empty = setup.empty_tree;
        Ok(Child {
            process,
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
            stderr: Some(stderr),
            flush: format!("{empty} -- {empty} {empty}\n"),
            end_is_due: false,
        })
    }

    /// Ask a batch and push the answers. `false` when git gave up on the request after the last one that it answered;
    /// the child is of no use then.
    pub(super) fn ask(&mut self, requests: &[Request], answers: &mut Vec<Merge>) -> Result<bool, MergeError> {
        let mut question = String::new();
        for Request { base, ours, theirs } in requests {
            if let Some(base) = base {
                question.push_str(&format!("{base} -- "));
            }
            question.push_str(&format!("{ours} {theirs}\n"));
        }
        question.push_str(&self.flush);
        // A child that is gone breaks the pipe; its answers so far are still there to be read.
        let sent = self.stdin.as_mut().map(|stdin| stdin.write_all(question.as_bytes()).and_then(|()| stdin.flush()));
        if let Some(Err(source)) = sent
            && source.kind() != std::io::ErrorKind::BrokenPipe
        {
            return Err(MergeError::Talk { source });
        }
        match self.read_answers(requests.len(), answers) {
            Ok(()) => Ok(true),
            Err(Incomplete::Ended) => Ok(false),
            Err(Incomplete::Io(source)) => Err(MergeError::Talk { source }),
            Err(Incomplete::Malformed(detail)) => Err(MergeError::Answer { detail }),
        }
    }

    fn read_answers(&mut self, count: usize, answers: &mut Vec<Merge>) -> Result<(), Incomplete> {
        if std::mem::take(&mut self.end_is_due) {
            record::read_end(&mut self.stdout)?;
        }
        for _ in 0..count {
            answers.push(record::read(&mut self.stdout)?);
        }
        record::read_flush(&mut self.stdout)?;
        self.end_is_due = true;
        Ok(())
    }

    /// What git said when it gave up, and whether it was killed by a signal: then answers that it had finished may be
    /// lost with its buffer.
    pub(super) fn last_words(mut self) -> (String, bool) {
        drop(self.stdin.take());
        let status = self.process.wait();
        let said = self.stderr.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        // Warnings of earlier merges may come before; the line it died of is the last.
        let is_killed = status.as_ref().is_ok_and(|status| status.code().is_none());
        let words = match (status, said.trim().lines().last()) {
            (Ok(status), Some(line)) if status.code().is_some() => {
                line.strip_prefix("fatal: ").unwrap_or(line).to_owned()
            }
            (Ok(status), _) => format!("git merge-tree ended: {status}"),
            (Err(error), _) => format!("git merge-tree ended: {error}"),
        };
        (words, is_killed)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It may still be writing to us, if we stopped listening after an error.
        while self.stdout.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
            let length = self.stdout.buffer().len();
            self.stdout.consume(length);
        }
        drop(self.process.wait());
    }
}
