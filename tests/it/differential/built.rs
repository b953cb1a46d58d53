//! A history as plain data, and the repository that one `git fast-import` makes of it.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gix::ObjectId;

use super::tree::{Kind, Tree};

/// One commit; parents are numbers of earlier ones.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) parents: Vec<usize>,
    pub(crate) tree: Tree,
}

/// Commits, and how the repository is configured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) commits: Vec<Commit>,
    /// Keys and values of git's configuration, in the order in which they were set.
    pub(crate) config: Vec<(String, String)>,
    /// The content of `info/attributes`.
    pub(crate) attributes: String,
    pub(crate) is_sha256: bool,
}

impl Plan {
    /// Add a commit and give its number.
    pub(crate) fn commit(&mut self, parents: Vec<usize>, tree: Tree) -> usize {
        self.commits.push(Commit { parents, tree });
        self.commits.len() - 1
    }
}

/// A repository in a folder that goes away with it, with nothing checked out.
#[derive(Debug)]
pub(crate) struct Built {
    folder: tempfile::TempDir,
    /// The commits, by number.
    pub(crate) ids: Vec<ObjectId>,
}

impl Built {
    /// The top of its worktree.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its git folder.
    pub(crate) fn git_dir(&self) -> PathBuf {
        self.folder.path().join(".git")
    }

    /// Leave the repository behind, to be looked at.
    pub(crate) fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// Write the plan.
    pub(crate) fn new(plan: &Plan) -> Self {
        let folder = empty_repository(plan.is_sha256, &plan.config);
        if !plan.attributes.is_empty() {
            std::fs::create_dir(folder.path().join(".git/info")).unwrap();
            std::fs::write(folder.path().join(".git/info/attributes"), &plan.attributes).unwrap();
        }
        let mut stream = Vec::new();
        let mut marks = Marks::default();
        for (number, commit) in plan.commits.iter().enumerate() {
            marks.blobs(&mut stream, &commit.tree);
            marks.commit(&mut stream, number, commit, if plan.is_sha256 { 64 } else { 40 });
        }
        let git_dir = folder.path().join(".git");
        let marks = git_dir.join("marks");
        import(&git_dir, None, &stream, &marks);
        let ids = marked_commits(&marks, plan.commits.len()).into_iter().map(Option::unwrap).collect();
        Built { folder, ids }
    }
}

/// A repository without any object, made by hand since `git init` costs as much as ten merges. Not a bare one: with
/// `merge.renormalize` git stops there with a bug of its own.
pub(crate) fn empty_repository(is_sha256: bool, config: &[(String, String)]) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("git-agents-differential-").tempdir().unwrap();
    let git_dir = folder.path().join(".git");
    for name in ["objects", "refs"] {
        std::fs::create_dir_all(git_dir.join(name)).unwrap();
    }
    std::fs::write(git_dir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    let mut text = String::from("[core]\n\tbare = false\n\trepositoryformatversion = ");
    text.push_str(if is_sha256 { "1\n[extensions]\n\tobjectFormat = sha256\n" } else { "0\n" });
    for (key, value) in config {
        let (section, name) = key.rsplit_once('.').unwrap();
        let section = match section.split_once('.') {
            Some((section, name)) => format!("{section} \"{name}\""),
            None => section.to_owned(),
        };
        text.push_str(&format!("[{section}]\n\t{name} = {value}\n"));
    }
    std::fs::write(git_dir.join("config"), text).unwrap();
    folder
}

/// Run one `git fast-import`, with its objects going to `objects` or to where they belong.
pub(crate) fn import(git_dir: &Path, objects: Option<&Path>, stream: &[u8], marks: &Path) {
    let mut command = Command::new("git");
    if let Some(objects) = objects {
        command.env("GIT_OBJECT_DIRECTORY", objects);
    }
    command.arg("--git-dir").arg(git_dir).args(["-c", "core.fsync=none", "fast-import", "--quiet", "--force"]);
    command.arg(format!("--export-marks={}", marks.display())).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = BufWriter::new(child.stdin.take().unwrap());
    stdin.write_all(stream).and_then(|()| stdin.flush()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success(), "git fast-import did not take the history");
}

/// The commits among the marks; commit number n has the mark n + 1, blobs come after a million.
pub(crate) fn marked_commits(marks: &Path, count: usize) -> Vec<Option<ObjectId>> {
    let text = std::fs::read_to_string(marks).unwrap();
    let mut ids = vec![None; count];
    for line in text.lines() {
        let (mark, id) = line[1..].split_once(' ').unwrap();
        let mark: usize = mark.parse().unwrap();
        if mark <= count {
            ids[mark - 1] = Some(id.parse().unwrap());
        }
    }
    ids
}

/// Blobs that the stream has already.
#[derive(Default)]
struct Marks {
    blobs: HashMap<Vec<u8>, usize>,
}

impl Marks {
    fn blobs(&mut self, stream: &mut Vec<u8>, tree: &Tree) {
        for entry in tree.0.values().filter(|entry| entry.kind != Kind::Submodule) {
            let mark = 1_000_001 + self.blobs.len();
            if !self.blobs.contains_key(&entry.data) {
                self.blobs.insert(entry.data.clone(), mark);
                stream.extend(format!("blob\nmark :{mark}\ndata {}\n", entry.data.len()).bytes());
                stream.extend_from_slice(&entry.data);
                stream.push(b'\n');
            }
        }
    }

    fn commit(&self, stream: &mut Vec<u8>, number: usize, commit: &Commit, hex: usize) {
        let date = 1_700_000_000 + number * 60;
        // Every commit on a ref of its own: nothing is implied, and nothing can be collected as garbage.
        stream.extend(format!("reset refs/tags/c{number}\ncommit refs/tags/c{number}\nmark :{}\n", number + 1).bytes());
        stream.extend(format!("committer C <c@example.com> {date} +0000\ndata 1\nc\n").bytes());
        for (position, parent) in commit.parents.iter().enumerate() {
            stream.extend(format!("{} :{}\n", if position == 0 { "from" } else { "merge" }, parent + 1).bytes());
        }
        stream.extend(b"deleteall\n");
        for (path, entry) in &commit.tree.0 {
            let object = match entry.kind {
                Kind::Submodule => format!("{:02x}", entry.data[0]).repeat(hex / 2),
                _ => format!(":{}", self.blobs[&entry.data]),
            };
            stream.extend(format!("M {} {object} ", entry.kind.mode()).bytes());
            stream.extend(quoted(path));
            stream.push(b'\n');
        }
        stream.push(b'\n');
    }
}

/// A path in git's C quotes.
pub(crate) fn quoted(path: &[u8]) -> Vec<u8> {
    let mut line = vec![b'"'];
    for &byte in path {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', byte]),
            0..=31 | 127.. => line.extend(format!("\\{byte:03o}").bytes()),
            _ => line.push(byte),
        }
    }
    line.push(b'"');
    line
}
