//! Histories that people wrote down: the format of `tests/cases/conflict/*.case`.
//!
//! A line is a command; what follows it with `|` in front is the content of a file. A commit goes on with its first
//! parent's files. Paths with odd bytes are in C quotes.
//!
//! ```text
//! # comment
//! config merge.renames false        one setting
//! attributes F merge=union          a line of info/attributes
//! commit NAME [PARENT…]             what follows belongs to it; NAME is its branch
//! write PATH [exec|crlf|open|NUL]   the `|` lines below; open: no newline at the end; NUL: one in front
//! lines PATH COUNT [N=TEXT…]        numbered lines, some replaced
//! link PATH TARGET, submodule PATH DIGIT, remove PATH, move PATH PATH, exec PATH
//! shallow NAME                      history is cut off at this commit
//! lose NAME[:PATH]                  the object of a commit or of a file is missing
//! ```
//!
//! The target is `main`. What it comes to stands below `==`: for every branch and every pair git's record and ours,
//! then the same for the tips as they are. The test that runs a case writes that part.

use std::collections::HashMap;
use std::fmt::Write;

use git_agents::branch::facts::Standing;
use git_agents::branch::verdict::{PathState, PathVerdict, Verdict};
use git_agents::branch::{Matrix, Question};
use gix::bstr::ByteSlice;

use super::built::{Built, Plan};
use super::compare::{differences, direct_differences, ours};
use super::git::{Place, Record};
use super::tree::{Entry, Kind, Tree};
use super::truth::{Extent, Stand, truth};

/// A case, and what is to be done to the repository afterwards.
#[derive(Default)]
struct Case {
    plan: Plan,
    /// Names and their last commits, in the order in which they came up.
    names: Vec<(String, usize)>,
    damage: Vec<Vec<String>>,
}

/// Run what is above `==`: what it comes to, and where we differ from git.
pub(crate) fn run(text: &str) -> (String, Vec<String>) {
    let Case { plan, names, damage } = parse(text);
    let built = Built::new(&plan);
    for words in &damage {
        spoil(&built, &names, words);
    }
    let commit = |name: &str| built.ids[names.iter().find(|(known, _)| known == name).unwrap().1];
    let branches: Vec<_> =
        names.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with("main")).collect();
    let tips: Vec<_> = branches.iter().map(|name| commit(name)).collect();
    let target = commit("main");
    let matrix = ours(built.path(), target, &tips, Question::AfterLanding);
    let direct = ours(built.path(), target, &tips, Question::Direct);
    let truth = truth(&Place::new(&built.git_dir()), target, &tips, Extent { direct: true, landings: false });
    let mut different = differences(&matrix, &truth);
    different.extend(direct_differences(&direct, &truth));

    let mut told = String::new();
    for (number, (stand, facts)) in truth.stands.iter().zip(&matrix.branches).enumerate() {
        let git = match stand {
            Stand::Landed => "landed".to_owned(),
            Stand::Merge(record) => by_git(record),
        };
        beside(&mut told, &format!("main + {}", branches[number]), &git, &standing(&facts.standing));
    }
    for ((a, b), (.., record)) in &truth.pairs {
        let name = format!("{} + {}", branches[*a], branches[*b]);
        beside(&mut told, &name, &by_git(record), &pair(&matrix, *a, *b));
    }
    for ((a, b), (_, record)) in &truth.direct {
        let name = format!("{} + {} directly", branches[*a], branches[*b]);
        beside(&mut told, &name, &by_git(record), &pair(&direct, *a, *b));
    }
    // Ids come from sha1 and say nothing to a reader.
    let told = told.split_inclusive(|c: char| !c.is_ascii_hexdigit()).map(short).collect();
    (told, different)
}

/// A word without the id that it may be.
fn short(word: &str) -> String {
    if word.len() < 40 { word.to_owned() } else { format!("ID{}", &word[40..]) }
}

fn beside(told: &mut String, name: &str, git: &str, ours: &str) {
    writeln!(told, "{name}\n  git:  {git}\n  ours: {ours}").unwrap();
}

fn by_git(record: &Record) -> String {
    match record {
        Record::Clean(_) => "clean".to_owned(),
        Record::Fatal(reason) => format!("fatal: {reason}").trim_end_matches([':', ' ']).to_owned(),
        Record::Conflict { messages, .. } => {
            let conflicts = messages.iter().filter(|message| message.kind.starts_with("CONFLICT"));
            let told = conflicts.map(|message| {
                let paths: Vec<_> = message.paths.iter().map(|path| format!("{path:?}")).collect();
                format!("{} {}", message.kind, paths.join(" "))
            });
            told.collect::<Vec<_>>().join("; ")
        }
    }
}

fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Landed => "landed".to_owned(),
        Standing::Empty => "empty".to_owned(),
        Standing::Clean { .. } => "clean".to_owned(),
        Standing::Conflict { paths } => format!("conflict {}", kinds(paths)),
        Standing::Unknown { reason } => format!("unknown: {reason}"),
    }
}

fn pair(matrix: &Matrix, a: usize, b: usize) -> String {
    let Some(pair) = matrix.pair(a, b) else { return "clean".to_owned() };
    match &pair.verdict {
        Verdict::Clean | Verdict::Overlap => format!("clean {}", kinds(&pair.paths)),
        Verdict::Conflict => format!("conflict {}", kinds(&pair.paths)),
        Verdict::Unknown { reason } => format!("unknown: {reason}"),
    }
}

fn kinds(paths: &[PathVerdict]) -> String {
    let kind = |path: &PathVerdict| match &path.state {
        PathState::Overlap => format!("overlap {:?}", path.path),
        PathState::Conflict { kind, .. } => format!("{kind} {:?}", path.path),
    };
    paths.iter().map(kind).collect::<Vec<_>>().join("; ")
}

fn parse(text: &str) -> Case {
    let mut case = Case::default();
    let mut content: Option<(Vec<u8>, String)> = None;
    for line in text.lines().take_while(|line| *line != "==") {
        if let Some(line) = line.trim_start().strip_prefix('|') {
            let (path, how) = content.as_ref().unwrap();
            let tree = &mut case.plan.commits.last_mut().unwrap().tree;
            let mut entry = tree.get(path).unwrap().clone();
            append(&mut entry.data, line.strip_prefix(' ').unwrap_or(line), how);
            tree.put(path, entry);
            continue;
        }
        let words = words(line);
        if words.is_empty() || line.starts_with('#') {
            continue;
        }
        let text: Vec<String> = words.iter().map(|word| word.to_str_lossy().into_owned()).collect();
        content = None;
        match text[0].as_str() {
            "config" => case.plan.config.push((text[1].clone(), text[2..].join(" "))),
            "attributes" => case.plan.attributes.push_str(&format!("{}\n", text[1..].join(" "))),
            "commit" => commit(&mut case, &text[1..]),
            "shallow" | "lose" => case.damage.push(text),
            _ => {
                change(&mut case.plan.commits.last_mut().unwrap().tree, &words, &text);
                content = (text[0] == "write").then(|| (words[1].clone(), text[2..].join(" ")));
            }
        }
    }
    case
}

fn commit(case: &mut Case, words: &[String]) {
    let known: HashMap<_, _> = case.names.iter().cloned().collect();
    let parents: Vec<_> = words[1..].iter().map(|parent| known[parent]).collect();
    let tree = parents.first().map(|parent| case.plan.commits[*parent].tree.clone()).unwrap_or_default();
    let number = case.plan.commit(parents, tree);
    case.names.retain(|(name, _)| *name != words[0]);
    case.names.push((words[0].clone(), number));
}

fn change(tree: &mut Tree, words: &[Vec<u8>], text: &[String]) {
    let path = &words[1];
    match text[0].as_str() {
        "write" => {
            let is = |how: &str| text[2..].iter().any(|word| word == how);
            let kind = if is("exec") { Kind::Executable } else { Kind::File };
            tree.put(path, Entry { kind, data: if is("NUL") { vec![0] } else { Vec::new() } });
        }
        "lines" => {
            let replaced: HashMap<_, _> = text[3..].iter().map(|word| word.split_once('=').unwrap()).collect();
            let count: usize = text[2].parse().unwrap();
            let line = |number: usize| match replaced.get(number.to_string().as_str()) {
                Some(line) => format!("{line}\n"),
                None => format!("line {number}\n"),
            };
            tree.put(path, Entry::file((1..=count).map(line).collect::<String>()));
        }
        "link" => tree.put(path, Entry { kind: Kind::Link, data: words[2].clone() }),
        "submodule" => tree.put(path, Entry { kind: Kind::Submodule, data: vec![0x11 * (words[2][0] - b'0')] }),
        "remove" => tree.remove(path),
        "move" => tree.rename(path, &words[2]),
        "exec" => {
            let data = tree.get(path).unwrap().data.clone();
            tree.put(path, Entry { kind: Kind::Executable, data });
        }
        other => panic!("no such command: {other}"),
    }
}

fn append(data: &mut Vec<u8>, line: &str, how: &str) {
    let ending = if how.contains("crlf") { "\r\n" } else { "\n" };
    if how.contains("open") {
        if !data.is_empty() {
            data.extend_from_slice(ending.as_bytes());
        }
        data.extend_from_slice(line.as_bytes());
    } else {
        data.extend_from_slice(line.as_bytes());
        data.extend_from_slice(ending.as_bytes());
    }
}

/// Words between blanks, or in C quotes.
fn words(line: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if rest.starts_with('"') {
            let (word, used) = gix::quote::ansi_c::undo(rest.as_bytes().as_bstr()).unwrap();
            words.push(word.to_vec());
            rest = rest[used..].trim_start();
        } else {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            words.push(word.as_bytes().to_vec());
            rest = after.trim_start();
        }
    }
    words
}

/// Cut history off, or lose an object.
fn spoil(built: &Built, names: &[(String, usize)], words: &[String]) {
    let (name, path) = words[1].split_once(':').unwrap_or((&words[1], ""));
    let commit = built.ids[names.iter().find(|(known, _)| known == name).unwrap().1];
    if words[0] == "shallow" {
        std::fs::write(built.git_dir().join("shallow"), format!("{commit}\n")).unwrap();
        return;
    }
    let what = if path.is_empty() { commit.to_string() } else { format!("{commit}:{path}") };
    let output = Place::new(&built.git_dir()).run(&["rev-parse", "--verify", &what], Vec::new());
    let id = output.stdout.trim().to_str_lossy().into_owned();
    std::fs::remove_file(built.git_dir().join("objects").join(&id[..2]).join(&id[2..])).unwrap();
}
