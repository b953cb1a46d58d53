//! The library's answer beside git's: the same verdicts, the same paths, the same kinds, the same trees.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use git_agents::branch::conflict::Basis;
use git_agents::branch::facts::Standing;
use git_agents::branch::verdict::{PathState, PathVerdict, Verdict};
use git_agents::branch::{Candidate, Matrix, Options, Question, Work, matrix};
use git_agents::git::Repository;
use git_agents::git::scratch::Scratch;

use super::git::{Line, Message, Record, Stage};
use super::truth::{How, Stand, Truth};

/// The library's answer.
pub(crate) fn ours(folder: &Path, target: ObjectId, tips: &[ObjectId], question: Question) -> Matrix {
    let repository = Repository::discover(folder).unwrap();
    let scratch = Scratch::new(&repository).unwrap();
    let named = |(number, tip): (usize, &ObjectId)| Candidate::new(format!("b{number}"), *tip);
    let candidates: Vec<_> = tips.iter().enumerate().map(named).collect();
    let options = Options { work: Work::Committed, question, jobs: 1, ..Options::default() };
    matrix(&repository, &scratch, target, &candidates, &options).unwrap()
}

/// Everything in which the library's answer is not git's, each with both records.
pub(crate) fn differences(matrix: &Matrix, truth: &Truth) -> Vec<String> {
    let mut found = Vec::new();
    for (number, (facts, stand)) in matrix.branches.iter().zip(&truth.stands).enumerate() {
        if let Some(what) = branch_differs(&facts.standing, stand, matrix.target.commit, facts.tip, matrix.target.tree)
        {
            found.push(format!("target + {number}: {what}\n  git: {stand:?}\n  ours: {:?}", facts.standing));
        }
    }
    for ((a, b), (how, line, record)) in &truth.pairs {
        let pair = matrix.pair(*a, *b);
        // Where there is no verdict there is no basis either.
        let judged = pair.filter(|pair| !matches!(pair.verdict, Verdict::Unknown { .. }));
        let basis = judged.map(|pair| pair.basis);
        let expected = match how {
            How::OnTarget => Some(Basis::Target),
            How::AsCommits => Some(Basis::SharedHistory),
            How::AsTips => Some(Basis::Tips),
            How::Nothing | How::Unknown => None,
        };
        let mut what = pair_differs(matrix, *a, *b, line, record);
        if what.is_none() && basis.is_some() && expected.is_some() && basis != expected {
            what = Some(format!("was judged as {basis:?} and not as {expected:?}"));
        }
        if let Some(what) = what {
            found.push(format!("{a} + {b}: {what}\n  git ({line:?}): {record:?}\n  ours: {pair:?}"));
        }
    }
    found
}

/// The same for the tips as they are.
pub(crate) fn direct_differences(matrix: &Matrix, truth: &Truth) -> Vec<String> {
    let differs = |((a, b), (line, record)): (&(usize, usize), &(Line, Record))| {
        let what = pair_differs(matrix, *a, *b, line, record)?;
        Some(format!("{a} + {b} directly: {what}\n  git ({line:?}): {record:?}\n  ours: {:?}", matrix.pair(*a, *b)))
    };
    truth.direct.iter().filter_map(differs).collect()
}

fn branch_differs(
    ours: &Standing,
    git: &Stand,
    target: ObjectId,
    tip: ObjectId,
    target_tree: ObjectId,
) -> Option<String> {
    match (ours, git) {
        (Standing::Landed, Stand::Landed) | (Standing::Unknown { .. }, Stand::Merge(Record::Fatal(_))) => None,
        (Standing::Empty, Stand::Merge(Record::Clean(tree))) if *tree == target_tree => None,
        (Standing::Clean { tree }, Stand::Merge(Record::Clean(merged))) if tree == merged => {
            (*tree == target_tree).then(|| "nothing is left to land".to_owned())
        }
        (Standing::Conflict { paths }, Stand::Merge(record @ Record::Conflict { .. })) => {
            paths_differ(paths, record, &Line { base: None, a: target, b: tip })
        }
        (Standing::Unknown { reason }, Stand::Merge(_)) if lacks_an_object(reason) => None,
        _ => Some("another verdict".to_owned()),
    }
}

/// What cannot be read whole is unknown to us, even where git merges it without having looked at the missing part.
fn lacks_an_object(reason: &str) -> bool {
    ["could not be found", "does not exist"].iter().any(|words| reason.contains(words))
}

fn pair_differs(matrix: &Matrix, a: usize, b: usize, line: &Line, record: &Record) -> Option<String> {
    match (matrix.pair(a, b).map(|pair| (&pair.verdict, &pair.paths)), record) {
        (None | Some((Verdict::Clean | Verdict::Overlap, _)), Record::Clean(_)) => None,
        (Some((Verdict::Unknown { .. }, _)), Record::Fatal(_)) => None,
        (Some((Verdict::Unknown { reason }, _)), _) if lacks_an_object(reason) => None,
        (Some((Verdict::Conflict, paths)), Record::Conflict { .. }) => paths_differ(paths, record, line),
        _ => Some("another verdict".to_owned()),
    }
}

/// Compare the paths in conflict and what kind of conflict each has.
fn paths_differ(ours: &[PathVerdict], record: &Record, line: &Line) -> Option<String> {
    let expected = kinds(record, line);
    let ours: BTreeMap<BString, String> = ours
        .iter()
        .filter_map(|path| match &path.state {
            PathState::Overlap => None,
            PathState::Conflict { kind, .. } => Some((path.path.clone(), kind.name().to_owned())),
        })
        .collect();
    if !ours.keys().eq(expected.keys()) {
        return Some(format!("other paths: {ours:?} and not {expected:?}"));
    }
    for (path, kind) in &ours {
        let of_git = &expected[path];
        // That the content does not merge either says less than what became of the names.
        let says_too_little = kind == "content" && of_git.len() > 1;
        if !of_git.contains(kind.as_str()) || says_too_little {
            return Some(format!("{path:?} is {kind}, and not one of {of_git:?}"));
        }
    }
    None
}

/// The kinds of conflict that git's messages name for each path, in the library's words.
pub(crate) fn kinds(record: &Record, line: &Line) -> BTreeMap<BString, BTreeSet<String>> {
    let mut kinds: BTreeMap<BString, BTreeSet<String>> = BTreeMap::new();
    let Record::Conflict { stages, messages } = record else { return kinds };
    for Message { paths, kind } in messages {
        let Some(kind) = kind_of(kind) else { continue };
        let unmerged: Vec<_> = paths.iter().filter(|path| stages.iter().any(|stage| stage.path == **path)).collect();
        let told_at = if unmerged.is_empty() { paths.iter().take(1).collect() } else { unmerged };
        for path in told_at {
            let sides: Vec<_> = stages.iter().filter(|stage| stage.path == *path).collect();
            kinds.entry(real_name(path, line)).or_default().insert(refined(&kind, &sides).to_owned());
        }
    }
    for path in stages.iter().map(|stage| &stage.path) {
        if !kinds.contains_key(&real_name(path, line)) {
            let sides: Vec<_> = stages.iter().filter(|stage| stage.path == *path).collect();
            let has = |number: u8| sides.iter().any(|stage| stage.number == number);
            let kind = match (has(1), has(2), has(3)) {
                (_, true, true) => refined("content", &sides),
                (true, true, false) | (true, false, true) => "modify/delete",
                _ => "unmerged",
            };
            kinds.entry(real_name(path, line)).or_default().insert(kind.to_owned());
        }
    }
    kinds
}

fn kind_of(message: &str) -> Option<String> {
    let words = message.strip_prefix("CONFLICT")?.trim().trim_start_matches('(').trim_end_matches(')');
    let kind = match words {
        "contents" => "content",
        "distinct modes" => "distinct types",
        "rename involved in collision" => "rename/rename",
        _ if words.contains("directory rename") => "directory rename",
        _ if words.starts_with("submodule") => "submodule",
        _ => words,
    };
    Some(kind.to_owned())
}

/// What the sides of a path say beyond "contents".
fn refined<'a>(kind: &'a str, sides: &[&Stage]) -> &'a str {
    let side = |number: u8| sides.iter().find(|stage| stage.number == number);
    match (side(1), side(2), side(3)) {
        _ if kind != "content" => kind,
        _ if sides.iter().any(|stage| stage.mode == "160000") => "submodule",
        (_, Some(a), Some(b)) if a.id == b.id && a.mode != b.mode => "mode",
        (None, Some(_), Some(_)) => "add/add",
        _ => kind,
    }
}

/// The path without what git adds to keep two things of one name apart.
fn real_name(path: &BString, line: &Line) -> BString {
    let cut = [line.a, line.b].iter().find_map(|side| path.rfind(format!("~{side}")));
    cut.map_or_else(|| path.clone(), |at| path[..at].into())
}
