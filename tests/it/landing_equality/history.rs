//! Random histories: a branch of commits of every kind, beside a target that went on.

use std::collections::BTreeMap;

use fastrand::Rng;

/// The files of a commit: mode and content.
type Tree = BTreeMap<String, (&'static str, String)>;

/// One change.
#[derive(Debug, Clone)]
enum Change {
    Edit { path: String, line: usize, text: String },
    Add { path: String, text: String },
    Delete { path: String },
    Rename { path: String, to: String },
    Mode { path: String, mode: &'static str },
    Nothing,
}

/// One commit: what it changes, and what is written in it.
#[derive(Debug, Clone)]
struct Commit {
    changes: Vec<Change>,
    author: &'static str,
    date: &'static str,
    message: (&'static [u8], Option<&'static str>),
}

/// A branch and a target that begin at the same commit.
#[derive(Debug)]
pub(super) struct History {
    branch: Vec<Commit>,
    target: Vec<Commit>,
}

const AUTHORS: &[&str] = &[
    "Ann <ann@example.com>",
    "Zo\u{eb} <zoe@example.com>",
    "O'Neil, \"Q\" Jr. <o.neil+git@example.com>",
    "\u{5f20}\u{4e09} <zhang@example.cn>",
    "Only Name <>",
    "agent[bot] <1234+agent[bot]@users.noreply.github.com>",
];

const DATES: &[&str] =
    &["1700000000 +0000", "1600000000 +0530", "1500000000 -0330", "1234567890 +1400", "1 +0000", "1699999999 -1200"];

const MESSAGES: &[(&[u8], Option<&str>)] = &[
    (b"Plain subject\n", None),
    (b"Subject and body\n\nThe body.\n\nMore of it.\n", None),
    (b"\n\n  Leading blank lines\n", None),
    (b"Trailing blank lines\n\n\n", None),
    (b"No final newline", None),
    (b"", None),
    (b"\n", None),
    (b"# only a comment\n", None),
    (b"Subject\n\n# a line like a comment\nbody   \n", None),
    (b"CRLF subject\r\n\r\nCRLF body\r\n", None),
    ("\u{4fee}\u{590d}\u{ff1a}\u{9519}\u{8bef}\n\n\u{6b63}\u{6587}\n".as_bytes(), None),
    (b"Paired\n\nCo-authored-by: Eve <eve@example.com>\nSigned-off-by: Eve <eve@example.com>\n", None),
    (b"Two lines\nof subject\n\nbody without newline", None),
    (b"Like a patch\n\n---\n a | 1 +\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n", None),
    (b"fixup! Plain subject\n", None),
    (b"# ------------------------ >8 ------------------------\nbelow the scissors\n", None),
    (b"Umlaut \xfc in Latin\n\nK\xf6rper\n", Some("ISO-8859-1")),
    (b"\x93\xfa\x96{\x8c\xea\n", Some("SHIFT_JIS")),
    (b"Stray byte \xff\n", None),
    (b"ASCII, said to be Latin\n", Some("ISO-8859-1")),
];

impl History {
    pub(super) fn random(seed: u64) -> Self {
        let random = &mut Rng::with_seed(seed);
        let mut tree = base();
        let branch: Vec<Commit> = (0..random.usize(1..6)).map(|n| commit(random, &mut tree, n, 0..9)).collect();
        let mut tree = base();
        let mut target: Vec<Commit> = Vec::new();
        for n in 0..random.usize(0..5) {
            // Now and then the target has a commit of the branch already.
            let known = random.choice(&branch).filter(|_| random.u8(..) < 64);
            match known.filter(|commit| commit.changes.iter().all(|change| applies(&tree, change))) {
                Some(known) => {
                    known.changes.iter().for_each(|change| apply(&mut tree, change));
                    target.push(Commit { author: AUTHORS[0], ..known.clone() });
                }
                None => target.push(commit(random, &mut tree, 10 + n, 9..20)),
            }
        }
        History { branch, target }
    }

    /// What `git fast-import` reads: `main`, and `agents/ann` beside it.
    pub(super) fn script(&self) -> Vec<u8> {
        let mut script = Vec::new();
        let begin = Commit { changes: Vec::new(), author: AUTHORS[0], date: DATES[0], message: MESSAGES[0] };
        write(&mut script, "refs/heads/main", None, &begin, &base());
        for (branch, commits) in [("refs/heads/agents/ann", &self.branch), ("refs/heads/main", &self.target)] {
            let mut tree = base();
            for (n, commit) in commits.iter().enumerate() {
                commit.changes.iter().for_each(|change| apply(&mut tree, change));
                write(&mut script, branch, (n == 0).then_some(":1"), commit, &tree);
            }
            if commits.is_empty() {
                script.extend_from_slice(format!("reset {branch}\nfrom :1\n\n").as_bytes());
            }
        }
        script
    }
}

fn base() -> Tree {
    let lines: String = (0..20).map(|n| format!("line {n}\n")).collect();
    ["a.txt", "b.txt", "dir/c.txt", "dir/d e.txt"]
        .map(|path| (path.to_owned(), ("100644", format!("{path}\n{lines}"))))
        .into()
}

/// A commit whose edits are mostly within `range`, so that branch and target seldom meet.
fn commit(random: &mut Rng, tree: &mut Tree, n: usize, range: std::ops::Range<usize>) -> Commit {
    let mut changes = Vec::new();
    for m in 0..random.usize(1..3) {
        let change = change(random, tree, n * 10 + m, range.clone());
        apply(tree, &change);
        changes.push(change);
    }
    let message = *random.choice(MESSAGES).unwrap();
    // A name that does not fit into the encoding that the commit claims makes it one of no encoding.
    let author = random.choice(AUTHORS).filter(|_| message.1.is_none()).unwrap_or(&AUTHORS[0]);
    Commit { changes, author, date: random.choice(DATES).unwrap(), message }
}

fn change(random: &mut Rng, tree: &Tree, n: usize, range: std::ops::Range<usize>) -> Change {
    let paths: Vec<&String> = tree.keys().collect();
    let path = random.choice(paths).cloned().unwrap_or_default();
    let range = if random.u8(..) < 12 { 0..20 } else { range };
    match random.u8(..20) {
        _ if path.is_empty() => Change::Nothing,
        0..11 => Change::Edit { path, line: random.usize(range), text: format!("changed {n}") },
        11..14 => Change::Add { path: format!("new/{n}.txt"), text: format!("new {n}\nmore {n}\n") },
        14 => Change::Delete { path },
        15..17 => Change::Rename { to: format!("moved/{n}.txt"), path },
        17 => Change::Mode { path, mode: "100755" },
        _ => Change::Nothing,
    }
}

fn applies(tree: &Tree, change: &Change) -> bool {
    match change {
        Change::Edit { path, .. }
        | Change::Delete { path }
        | Change::Rename { path, .. }
        | Change::Mode { path, .. } => tree.contains_key(path),
        Change::Add { .. } | Change::Nothing => true,
    }
}

fn apply(tree: &mut Tree, change: &Change) {
    match change {
        Change::Edit { path, line, text } => {
            let Some((_, content)) = tree.get_mut(path) else { return };
            let mut lines: Vec<&str> = content.split_inclusive('\n').collect();
            let replaced = format!("{text}\n");
            match lines.get_mut(*line) {
                Some(there) => *there = &replaced,
                None => lines.push(&replaced),
            }
            *content = lines.concat();
        }
        Change::Add { path, text } => drop(tree.insert(path.clone(), ("100644", text.clone()))),
        Change::Delete { path } => drop(tree.remove(path)),
        Change::Rename { path, to } => {
            if let Some(file) = tree.remove(path) {
                tree.insert(to.clone(), file);
            }
        }
        Change::Mode { path, mode } => {
            if let Some(file) = tree.get_mut(path) {
                file.0 = mode;
            }
        }
        Change::Nothing => {}
    }
}

fn write(script: &mut Vec<u8>, branch: &str, from: Option<&str>, commit: &Commit, tree: &Tree) {
    let (message, encoding) = commit.message;
    let mut line = |text: String| script.extend_from_slice(text.as_bytes());
    line(format!("commit {branch}\n"));
    if from.is_none() && commit.changes.is_empty() {
        line("mark :1\n".to_owned());
    }
    line(format!("author {} {}\ncommitter Ann <ann@example.com> 1700000000 +0000\n", commit.author, commit.date));
    if let Some(encoding) = encoding {
        line(format!("encoding {encoding}\n"));
    }
    line(format!("data {}\n", message.len()));
    script.extend_from_slice(message);
    script.extend_from_slice(b"\n");
    if let Some(from) = from {
        script.extend_from_slice(format!("from {from}\n").as_bytes());
    }
    script.extend_from_slice(b"deleteall\n");
    for (path, (mode, content)) in tree {
        script.extend_from_slice(format!("M {mode} inline {path}\ndata {}\n{content}\n", content.len()).as_bytes());
    }
    script.extend_from_slice(b"\n");
}
