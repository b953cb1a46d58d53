//! Verdicts against what git does when one branch lands and then the other is merged.

use gix::bstr::BString;

use super::*;
use crate::branch::facts::{LeftOut, Standing, Uncommitted};
use crate::branch::hazard::{HazardKind, Likeness, Side};
use crate::branch::verdict::PathState;
use crate::git::fixture::{Fixture, lines_with, write_in};
use crate::git::merge_tree::{ConflictKind, Request};

fn judged(fixture: &Fixture, names: &[&str], options: &Options) -> Matrix {
    let candidates: Vec<_> = names.iter().map(|name| Candidate::new(*name, fixture.id(name))).collect();
    judged_candidates(fixture, &candidates, options)
}

fn judged_candidates(fixture: &Fixture, candidates: &[Candidate], options: &Options) -> Matrix {
    let before = fixture.objects();
    let repository = fixture.open();
    let scratch = Scratch::in_memory(&repository).unwrap();
    let matrix = matrix(&repository, &scratch, fixture.id("main"), candidates, options).unwrap();
    assert_eq!(fixture.objects(), before, "nothing is written in the repository");
    matrix
}

/// Whether git merges `first` and then `second` into main; an error says which of the two stopped.
fn really(fixture: &Fixture, first: &str, second: &str) -> Result<(), usize> {
    fixture.git(&["checkout", "-q", "-f", "--detach", "main"]);
    for (number, name) in [first, second].into_iter().enumerate() {
        let (code, ..) = fixture.try_git_in(fixture.path(), &["merge", "-q", "--no-edit", name]);
        if code != 0 {
            fixture.git(&["reset", "-q", "--hard"]);
            fixture.git(&["clean", "-q", "-f", "-d"]);
            return Err(number);
        }
    }
    Ok(())
}

/// Judge two branches off main and make sure that real merges in both orders agree.
fn pair_of(fixture: &Fixture, a: &str, b: &str) -> Option<Pair> {
    let matrix = judged(fixture, &[a, b], &Options::default());
    let conflict = matrix.pair(0, 1).is_some_and(|pair| pair.verdict == Verdict::Conflict);
    let expected = if conflict { Err(1) } else { Ok(()) };
    assert_eq!(really(fixture, a, b), expected, "{a} then {b}: {matrix:#?}");
    assert_eq!(really(fixture, b, a), expected, "{b} then {a}: {matrix:#?}");
    matrix.pair(1, 0).cloned()
}

fn kinds(pair: &Pair) -> Vec<(String, Option<ConflictKind>)> {
    let kind = |path: &PathVerdict| match &path.state {
        PathState::Overlap => None,
        PathState::Conflict { kind, .. } => Some(kind.clone()),
    };
    pair.paths.iter().map(|path| (path.path.to_string(), kind(path))).collect()
}

/// A repository whose main has moved on since the branches began, so that every one has to be brought up to it.
fn start() -> Fixture {
    let fixture = Fixture::new();
    fixture.write("f", lines_with(30, &[]));
    fixture.write("g", lines_with(30, &[]));
    for name in ["1", "2", "3"] {
        fixture.write(format!("dir/{name}"), lines_with(9, &[(1, name)]));
    }
    fixture.commit("base");
    fixture.git(&["tag", "base"]);
    fixture.write("f", format!("top\ntop\n{}", lines_with(30, &[])));
    fixture.commit("main moves on");
    fixture
}

#[test]
fn apart_overlapping_and_conflicting() {
    let f = start();
    f.branch("a", "base", |f| f.write("f", lines_with(30, &[(10, "a"), (20, "a")])));
    f.branch("b", "base", |f| f.write("f", lines_with(30, &[(10, "b"), (25, "b")])));
    f.branch("c", "base", |f| f.write("f", lines_with(30, &[(29, "c")])));
    f.branch("d", "base", |f| f.write("g", lines_with(30, &[(10, "d")])));
    assert_eq!(pair_of(&f, "a", "d"), None);
    let overlap = pair_of(&f, "a", "c").unwrap();
    assert_eq!((overlap.verdict.clone(), kinds(&overlap)), (Verdict::Overlap, vec![("f".to_owned(), None)]));
    let conflict = pair_of(&f, "a", "b").unwrap();
    assert_eq!((conflict.verdict, conflict.basis), (Verdict::Conflict, Basis::Target));
    let PathState::Conflict { kind: ConflictKind::Content, regions, .. } = &conflict.paths[0].state else { panic!() };
    // In their own files main's two new lines are not there yet.
    let lines: Vec<_> = regions.iter().map(|region| (region.a.start, region.b.start, region.base.start)).collect();
    assert_eq!(lines, [(10, 10, 10)]);
}

#[test]
fn structural_conflicts() {
    let f = start();
    f.branch("edit", "base", |f| f.write("g", lines_with(30, &[(3, "e")])));
    f.branch("delete", "base", |f| f.remove("g"));
    f.branch("to-h", "base", |f| drop(f.git(&["mv", "g", "h"])));
    f.branch("to-i", "base", |f| drop(f.git(&["mv", "g", "i"])));
    f.branch("folder", "base", |f| drop(f.git(&["mv", "dir", "moved"])));
    f.branch("into", "base", |f| f.write("dir/4", "four\n"));
    f.branch("file", "base", |f| f.write("new", "file\n"));
    f.branch("below", "base", |f| f.write("new/below", "below\n"));
    f.branch("other", "base", |f| f.write("new", "other file\n"));
    let kinds_of = |a, b| pair_of(&f, a, b).map(|pair| kinds(&pair)).unwrap_or_default();
    let one = |path: &str, kind| vec![(path.to_owned(), Some(kind))];
    assert_eq!(kinds_of("edit", "delete"), one("g", ConflictKind::ModifyDelete));
    assert_eq!(kinds_of("edit", "to-h"), vec![("g".to_owned(), None)]);
    assert!(kinds_of("to-h", "to-i").iter().all(|(_, kind)| *kind == Some(ConflictKind::RenameRename)));
    assert!(kinds_of("to-h", "delete").contains(&("h".to_owned(), Some(ConflictKind::RenameDelete))));
    assert_eq!(kinds_of("folder", "into"), one("moved/4", ConflictKind::DirectoryRename));
    assert_eq!(kinds_of("file", "below"), one("new", ConflictKind::FileDirectory));
    assert_eq!(kinds_of("file", "other"), one("new", ConflictKind::AddAdd));
}

#[test]
fn landed_empty_and_colliding_with_the_target() {
    let f = start();
    f.git(&["branch", "landed", "base"]);
    f.branch("squashed", "base", |f| f.write("f", format!("top\ntop\n{}", lines_with(30, &[]))));
    f.branch("collides", "base", |f| f.write("f", format!("other\n{}", lines_with(30, &[(20, "c")]))));
    f.branch("edits", "base", |f| f.write("f", lines_with(30, &[(20, "e")])));
    let matrix = judged(&f, &["landed", "squashed", "collides", "edits"], &Options::default());
    assert_eq!(matrix.branches[0].standing, Standing::Landed);
    assert_eq!(matrix.branches[1].standing, Standing::Empty);
    let Standing::Conflict { paths } = &matrix.branches[2].standing else { panic!() };
    assert_eq!((paths.len(), paths[0].places()), (1, 1));
    assert_eq!(matrix.branches[3].changes.len(), 1);
    let pair = matrix.pair(2, 3).unwrap();
    assert_eq!((&pair.verdict, pair.basis), (&Verdict::Conflict, Basis::Tips));
    assert_eq!(matrix.pairs.len(), 1);
}

#[test]
fn stacks_and_siblings_on_a_stack() {
    let f = start();
    f.branch("low", "base", |f| f.write("g", lines_with(30, &[(5, "low")])));
    f.branch("high", "low", |f| f.write("g", lines_with(30, &[(5, "high")])));
    f.branch("aside", "low", |f| f.write("g", lines_with(30, &[(5, "low"), (20, "aside")])));
    f.branch("clash", "low", |f| f.write("g", lines_with(30, &[(5, "clash")])));
    f.git(&["branch", "same", "low"]);
    let matrix = judged(&f, &["low", "high", "aside", "clash", "same"], &Options::default());
    assert_eq!(matrix.stacked, [(0, 1), (0, 2), (0, 3), (4, 1), (4, 2), (4, 3)]);
    let told: Vec<_> = matrix.pairs.iter().map(|pair| (pair.a, pair.b, pair.basis, pair.verdict.clone())).collect();
    let basis = Basis::SharedHistory;
    let expected = [(1, 2, basis, Verdict::Overlap), (1, 3, basis, Verdict::Conflict), (2, 3, basis, Verdict::Overlap)];
    assert_eq!(told, expected);
    pair_of(&f, "low", "high");
    pair_of(&f, "high", "aside");
}

#[test]
fn criss_cross_and_the_direct_question() {
    let f = start();
    f.branch("a", "base", |f| f.write("g", lines_with(30, &[(2, "a")])));
    f.branch("b", "base", |f| f.write("g", lines_with(30, &[(28, "b")])));
    f.git(&["tag", "a1", "a"]);
    f.git(&["merge", "-q", "--no-edit", "a"]);
    f.git(&["checkout", "-q", "a"]);
    f.git(&["merge", "-q", "--no-edit", "b^"]);
    f.write("g", lines_with(30, &[(2, "a"), (15, "later"), (28, "b")]));
    f.commit("later");
    assert_eq!(pair_of(&f, "a", "b").map(|pair| pair.verdict), None.or(Some(Verdict::Overlap)));

    // main rewrote what both have: between the tips as they are, one that has main and one that has not collide.
    f.git(&["checkout", "-q", "main"]);
    f.write("dir/1", "main\n");
    f.commit("more");
    f.branch("old", "base", |f| f.write("f", lines_with(30, &[(30, "old")])));
    f.branch("new", "main", |f| f.write("f", format!("top\nnew\n{}", lines_with(30, &[]))));
    let direct = Options { question: Question::Direct, ..Options::default() };
    for names in [["old", "new"], ["a", "new"], ["a", "b"]] {
        let pair = judged(&f, &names, &direct).pair(0, 1).cloned();
        let (code, ..) = f.try_git_in(f.path(), &["merge-tree", "--write-tree", names[0], names[1]]);
        let conflict = pair.as_ref().is_some_and(|pair| pair.verdict == Verdict::Conflict);
        assert_eq!(conflict, code == 1, "{names:?}");
        assert!(pair.is_none_or(|pair| pair.basis == Basis::Direct));
    }
}

#[test]
fn strangers_and_commits_that_are_missing_are_unknown() {
    let f = start();
    f.branch("a", "base", |f| f.write("g", "a\n"));
    f.git(&["checkout", "-q", "--orphan", "stranger"]);
    f.commit("stranger");
    let missing = ObjectId::from_hex(&[b'7'; 40]).unwrap();
    let candidates = ["a", "stranger"].map(|name| Candidate::new(name, f.id(name)));
    let candidates = [candidates[0].clone(), candidates[1].clone(), Candidate::new("missing", missing)];
    let committed = Options { work: Work::Committed, ..Options::default() };
    let matrix = judged_candidates(&f, &candidates, &committed);
    let unknown = |reason: &str| Standing::Unknown { reason: reason.to_owned() };
    assert!(matches!(matrix.branches[0].standing, Standing::Clean { .. }));
    assert_eq!(matrix.branches[1].standing, unknown("refusing to merge unrelated histories"));
    assert!(matches!(&matrix.branches[2].standing, Standing::Unknown { reason } if reason.contains("7777")));
    assert_eq!(matrix.pairs.len(), 3);
    assert!(matrix.pairs.iter().all(|pair| matches!(pair.verdict, Verdict::Unknown { .. })));
}

#[test]
fn uncommitted_work_counts_unless_it_must_not() {
    let f = start();
    f.branch("a", "base", |f| f.write("g", lines_with(30, &[(10, "a")])));
    f.git(&["checkout", "-q", "main"]);
    let tree = f.beside("b tree");
    f.git(&["worktree", "add", "-q", "-b", "b", &tree.to_string_lossy(), "base"]);
    write_in(&tree, b"g", lines_with(30, &[(10, "b")]).as_bytes());
    write_in(&tree, b"untracked", b"u\n");
    let a = Candidate::new("a", f.id("a"));
    let b = Candidate { worktree: Some(tree.clone()), ..Candidate::new("b", f.id("b")) };

    let matrix = judged_candidates(&f, &[a.clone(), b.clone()], &Options::default());
    assert_eq!(matrix.pair(0, 1).unwrap().verdict, Verdict::Conflict);
    let paths = vec!["g".into(), "untracked".into()];
    assert_eq!(matrix.branches[1].uncommitted, Uncommitted::Included { paths });
    assert_ne!(matrix.branches[1].tip, b.commit);

    let committed = Options { work: Work::Committed, ..Options::default() };
    let matrix = judged_candidates(&f, &[a.clone(), b.clone()], &committed);
    assert_eq!((&matrix.branches[1].standing, matrix.pairs.len()), (&Standing::Landed, 0));

    let busy = Candidate { busy: Some("rebase".to_owned()), ..b.clone() };
    let moved = Candidate { commit: f.id("main"), ..b };
    let matrix = judged_candidates(&f, &[a, busy, moved], &Options::default());
    let left_out = |reason| Uncommitted::LeftOut { reason };
    assert_eq!(matrix.branches[1].uncommitted, left_out(LeftOut::Busy { doing: "rebase".to_owned() }));
    assert_eq!(matrix.branches[2].uncommitted, left_out(LeftOut::Elsewhere { head: Some(f.id("base")) }));
}

/// Random edits, deletions, renames and moved folders: what is left out unasked must be clean to git too, and a real
/// landing of one and merge of the other must agree with every verdict.
#[test]
fn nothing_that_git_would_stop_at_is_missed() {
    for seed in 0..3 {
        let f = start();
        let mut random = fastrand::Rng::with_seed(seed);
        let names: Vec<String> = (0..9).map(|number| format!("r{number}")).collect();
        for name in &names {
            f.branch(name, if random.bool() { "base" } else { "main" }, |f| {
                (0..random.usize(1..3)).for_each(|_| f.change_at_random(&mut random));
            });
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let matrix = judged(&f, &names, &Options::default());
        let repository = f.open();
        let scratch = Scratch::new(&repository).unwrap();
        let mut merger = MergeTree::new(&repository, &scratch, None);
        for a in 0..names.len() {
            for b in a + 1..names.len() {
                let clean = |number: usize| matches!(matrix.branches[number].standing, Standing::Clean { .. });
                if !clean(a) || !clean(b) {
                    continue;
                }
                let conflict = matrix.pair(a, b).is_some_and(|pair| pair.verdict == Verdict::Conflict);
                // Land one for real, with a merge commit, and merge the other.
                let main = f.id("main");
                let landed = merger.merge(&Request { base: None, ours: main, theirs: f.id(names[a]) }).unwrap();
                let Standing::Clean { tree } = matrix.branches[a].standing else { panic!() };
                assert_eq!(landed.clean_tree(), Some(tree), "seed {seed}: {}", names[a]);
                let landed = scratch.stand_in(landed.clean_tree().unwrap(), &[main, f.id(names[a])]).unwrap();
                let then = merger.merge(&Request { base: None, ours: landed, theirs: f.id(names[b]) }).unwrap();
                assert_eq!(then.clean_tree().is_none(), conflict, "seed {seed}: {} then {}", names[a], names[b]);
            }
        }
    }
}

#[test]
fn sha256_and_paths_of_any_bytes() {
    let f = Fixture::with_format("sha256");
    let paths: [&[u8]; 4] = [b"a b", b"q\"uote", b"new\nline", b"not-utf8-\xff"];
    let all = |text: &'static str| move |f: &Fixture| paths.iter().for_each(|path| f.write(path, text));
    all("base\n")(&f);
    f.commit("base");
    f.branch("a", "main", all("a\n"));
    f.branch("b", "main", all("b\n"));
    f.git(&["checkout", "-q", "main"]);
    f.write("moved on", "x");
    f.commit("more");
    let pair = pair_of(&f, "a", "b").unwrap();
    let mut expected = paths.map(BString::from).to_vec();
    expected.sort();
    assert_eq!(pair.paths.iter().map(|path| path.path.clone()).collect::<Vec<_>>(), expected);
    assert!(pair.paths.iter().all(|path| path.is_conflict() && path.places() == 1));
}

#[test]
fn attributes_of_the_target_decide() {
    let f = start();
    f.git(&["checkout", "-q", "main"]);
    f.write(".gitattributes", "g merge=union\n");
    f.commit("union");
    f.branch("a", "main", |f| f.write("g", lines_with(30, &[(10, "a")])));
    f.branch("b", "main", |f| f.write("g", lines_with(30, &[(10, "b")])));
    f.git(&["checkout", "-q", "base"]);
    assert_eq!(pair_of(&f, "a", "b").map(|pair| pair.verdict), Some(Verdict::Overlap));
}

#[test]
fn names_that_differ_only_in_case() {
    let f = start();
    f.branch("a", "base", |f| f.write("src/Cli.rs", "a"));
    f.branch("b", "base", |f| f.write("src/cli.rs", "b"));
    f.branch("c", "base", |f| f.write("SRC/other.rs", "c"));
    f.branch("d", "base", |f| f.write("src/new.rs", "d"));
    let matrix = judged(&f, &["a", "b", "c", "d"], &Options::default());
    let told: Vec<_> = matrix
        .hazards
        .iter()
        .map(|one| match &one.kind {
            HazardKind::Alike { with: Side::Branch(b), path, how: Likeness::Case } => {
                (one.branch, *b, [one.path.to_string(), path.to_string()])
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let pair = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
    let expected = [
        (0, 1, pair("src/Cli.rs", "src/cli.rs")),
        (0, 2, pair("src", "SRC")),
        (1, 2, pair("src", "SRC")),
        (2, 3, pair("SRC", "src")),
    ];
    assert_eq!(told, expected);
    assert!(matrix.pairs.is_empty());
}

#[test]
fn the_word_of_git_is_remembered_as_long_as_it_holds() {
    let f = start();
    f.branch("a", "base", |f| f.write("g", lines_with(30, &[(10, "a")])));
    f.branch("b", "base", |f| f.write("g", lines_with(30, &[(10, "b")])));
    f.branch("gone", "base", |f| f.remove("f"));
    f.branch("moved", "base", |f| drop(f.git(&["mv", "f", "h"])));
    let names = ["a", "b", "gone", "moved"];
    let judge = |memory| judged(&f, &names, &Options { memory, ..Options::default() });
    let anew = judge(Memory::None);
    let folder = f.path().join(".git/agents/cache/verdicts");
    assert!(!folder.exists());
    assert_eq!(judge(Memory::Kept), anew);
    assert_eq!(judge(Memory::Kept), anew);
    let file = || std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(file()).unwrap();
    let kind = |matrix: &Matrix| kinds(matrix.pair(0, 1).unwrap())[0].1.clone();
    std::fs::write(file(), text.replace("\"content\"", "\"binary\"")).unwrap();
    assert_eq!(kind(&judge(Memory::Kept)), Some(ConflictKind::Binary), "what is remembered is used");
    std::fs::write(file(), &text[..text.len() / 2]).unwrap();
    assert_eq!(judge(Memory::Kept), anew, "damage is nothing");
    std::fs::write(f.path().join(".git/info/attributes"), "g merge=union\n").unwrap();
    assert_eq!(judge(Memory::Kept).pair(0, 1).map(|pair| pair.verdict.clone()), Some(Verdict::Overlap));
    // Another program's driver may change its mind.
    f.git(&["config", "merge.mine.driver", "true"]);
    std::fs::remove_dir_all(&folder).unwrap();
    judge(Memory::Kept);
    assert!(!folder.exists());
}
