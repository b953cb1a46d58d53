//! Every kind of conflict, made with real git and compared with what `git merge` in a checkout says.

use super::*;
use crate::git::fixture::{Fixture, lines_with};

/// Two branches off a common commit, made by three closures.
fn sides(
    base: impl FnOnce(&Fixture),
    ours: impl FnOnce(&Fixture),
    theirs: impl FnOnce(&Fixture),
) -> (Fixture, Request) {
    let fixture = Fixture::new();
    base(&fixture);
    fixture.commit("base");
    let request = Request {
        base: None,
        ours: fixture.branch("ours", "main", ours),
        theirs: fixture.branch("theirs", "main", theirs),
    };
    (fixture, request)
}

/// What we say of it, after making sure that git says the same and that nothing was written in the repository.
fn verdict(fixture: &Fixture, request: &Request) -> Vec<(String, ConflictKind)> {
    let before = fixture.objects();
    let repository = fixture.open();
    let scratch = Scratch::new(&repository).unwrap();
    let mut merger = MergeTree::new(&repository, &scratch, Some(request.ours));
    let merge = merger.merge(request).unwrap();
    assert_eq!(merger.merge_all(&[*request; 3], 2).unwrap(), vec![merge.clone(); 3]);
    assert_eq!(fixture.objects(), before, "nothing is written in the repository");
    drop(merger);

    fixture.git(&["checkout", "-q", &request.ours.to_string()]);
    let (code, ..) = fixture.try_git_in(fixture.path(), &["merge", "-q", "--no-edit", &request.theirs.to_string()]);
    match merge {
        Merge::Clean { tree } => {
            assert_eq!(code, 0, "git merge is clean too");
            assert_eq!(fixture.id("HEAD^{tree}"), tree);
            Vec::new()
        }
        Merge::Conflict { paths, .. } => {
            assert_eq!(code, 1, "git merge stops too");
            let unmerged = fixture.git(&["diff", "--name-only", "--diff-filter=U", "-z"]);
            let ours: Vec<_> = paths.iter().map(|path| path.path.to_string()).collect();
            let mut gits: Vec<_> = unmerged.split_terminator('\0').map(|path| path.to_owned()).collect();
            // A worktree calls our side HEAD where merge-tree was given an id.
            gits.iter_mut().for_each(|path| *path = path.replace("~HEAD", &format!("~{}", request.ours)));
            gits.sort();
            assert_eq!(ours, gits, "the same paths are unmerged");
            paths.into_iter().map(|path| (path.path.to_string(), path.kind)).collect()
        }
        Merge::Unknown { reason } => {
            assert!(code > 1, "git merge fails too");
            vec![(reason, ConflictKind::Other("unknown".to_owned()))]
        }
    }
}

fn kinds(fixture: &Fixture, request: &Request) -> Vec<ConflictKind> {
    verdict(fixture, request).into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn clean_when_apart_and_content_when_together() {
    let base = |f: &Fixture| f.write("f", lines_with(20, &[]));
    let (f, r) =
        sides(base, |f| f.write("f", lines_with(20, &[(2, "a")])), |f| f.write("f", lines_with(20, &[(18, "b")])));
    assert_eq!(verdict(&f, &r), []);
    let (f, r) =
        sides(base, |f| f.write("f", lines_with(20, &[(9, "a")])), |f| f.write("f", lines_with(20, &[(9, "b")])));
    assert_eq!(verdict(&f, &r), [("f".to_owned(), ConflictKind::Content)]);
}

#[test]
fn added_on_both_sides() {
    let base = |f: &Fixture| f.write("x", "x\n");
    let (f, r) = sides(base, |f| f.write("n", "one\n"), |f| f.write("n", "two\n"));
    assert_eq!(verdict(&f, &r), [("n".to_owned(), ConflictKind::AddAdd)]);
    let (f, r) = sides(base, |f| f.write("n", "same\n"), |f| f.write("n", "same\n"));
    assert_eq!(verdict(&f, &r), []);
}

#[test]
fn modified_and_deleted() {
    let (f, r) = sides(
        |f| f.write("f", lines_with(20, &[])),
        |f| f.write("f", lines_with(20, &[(3, "new")])),
        |f| f.remove("f"),
    );
    assert_eq!(verdict(&f, &r), [("f".to_owned(), ConflictKind::ModifyDelete)]);
}

#[test]
fn renames() {
    let base = |f: &Fixture| f.write("f", lines_with(20, &[]));
    let to = |name: &'static str| move |f: &Fixture| drop(f.git(&["mv", "f", name]));
    let (f, r) = sides(base, to("a"), to("b"));
    assert_eq!(kinds(&f, &r), vec![ConflictKind::RenameRename; 3]);
    let (f, r) = sides(base, to("a"), |f| f.remove("f"));
    assert_eq!(kinds(&f, &r), [ConflictKind::RenameDelete]);
    let (f, r) = sides(base, to("a"), |f| f.write("f", lines_with(20, &[(4, "edited")])));
    assert_eq!(verdict(&f, &r), [], "an edit follows its file");
}

#[test]
fn a_file_added_to_a_renamed_folder() {
    let base = |f: &Fixture| ["1", "2", "3"].iter().for_each(|n| f.write(format!("old/{n}"), lines_with(9, &[(1, n)])));
    let (f, r) = sides(base, |f| drop(f.git(&["mv", "old", "new"])), |f| f.write("old/4", "four\n"));
    assert_eq!(verdict(&f, &r), [("new/4".to_owned(), ConflictKind::DirectoryRename)]);
}

#[test]
fn a_file_where_the_other_has_a_folder() {
    let (f, r) = sides(|f| f.write("x", "x\n"), |f| f.write("d", "file\n"), |f| f.write("d/e", "below\n"));
    assert_eq!(kinds(&f, &r), [ConflictKind::FileDirectory]);
}

#[test]
fn modes_and_types() {
    let base = |f: &Fixture| f.write("x", "x\n");
    let executable = |f: &Fixture| {
        f.write("n", "same\n");
        f.git(&["update-index", "--add", "--chmod=+x", "n"]);
        std::fs::set_permissions(f.path().join("n"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    let (f, r) = sides(base, |f| f.write("n", "same\n"), executable);
    assert_eq!(kinds(&f, &r), [ConflictKind::Mode]);
    let link = |f: &Fixture| std::os::unix::fs::symlink("x", f.path().join("n")).unwrap();
    let (f, r) = sides(base, |f| f.write("n", "file\n"), link);
    assert_eq!(kinds(&f, &r), [ConflictKind::DistinctTypes, ConflictKind::DistinctTypes]);
}

#[test]
fn binary() {
    let (f, r) = sides(|f| f.write("b", b"\0base"), |f| f.write("b", b"\0ours"), |f| f.write("b", b"\0theirs"));
    assert_eq!(kinds(&f, &r), [ConflictKind::Binary]);
}

#[test]
fn submodules() {
    let gitlink = |id: &'static str| {
        move |f: &Fixture| {
            drop(f.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},sub", id.repeat(20))]))
        }
    };
    let fixture = Fixture::new();
    fixture.write("x", "x\n");
    fixture.commit("base");
    let commit = |branch: &str, id: &'static str| {
        fixture.git(&["checkout", "-q", "-b", branch]);
        gitlink(id)(&fixture);
        fixture.git(&["commit", "-q", "-m", branch]);
        fixture.id("HEAD")
    };
    commit("with", "aa");
    let ours = commit("ours", "bb");
    fixture.git(&["checkout", "-q", "with"]);
    let theirs = commit("theirs", "cc");
    assert_eq!(kinds(&fixture, &Request { base: None, ours, theirs }), [ConflictKind::Submodule]);
}

/// git knows which of two commits of a submodule contains the other when the submodule is checked out.
#[test]
fn submodules_that_moved_along_one_line() {
    let other = Fixture::new();
    let moves = ["one", "two", "three"].map(|name| other.commit(name).to_string());
    let fixture = Fixture::new();
    fixture.git(&["submodule", "add", "-q", &other.path().to_string_lossy(), "sub"]);
    let sub = fixture.path().join("sub");
    let at = |branch: &str, number: usize| {
        fixture.git(&["checkout", "-q", "-B", branch]);
        fixture.git_in(&sub, &["checkout", "-q", &moves[number]]);
        fixture.commit(branch)
    };
    at("main", 0);
    let ours = at("ours", 1);
    fixture.git(&["checkout", "-q", "main"]);
    let theirs = at("theirs", 2);
    assert_eq!(kinds(&fixture, &Request { base: None, ours, theirs }), []);
}

#[test]
fn attributes_are_those_of_the_given_tree() {
    let add = |text: &'static str| move |f: &Fixture| f.write("log", format!("{}{text}\n", lines_with(5, &[])));
    let base = |f: &Fixture| {
        f.write("log", lines_with(5, &[]));
        f.write(".gitattributes", "log merge=union\n");
    };
    let (f, r) = sides(base, add("ours"), add("theirs"));
    assert_eq!(verdict(&f, &r), [], "union takes both");
    let repository = f.open();
    let scratch = Scratch::new(&repository).unwrap();
    let without = MergeTree::new(&repository, &scratch, None).merge(&r).unwrap();
    assert!(matches!(without, Merge::Conflict { .. }));
}

#[test]
fn criss_cross_history() {
    let fixture = Fixture::new();
    fixture.write("f", lines_with(20, &[]));
    fixture.commit("base");
    let a = fixture.branch("a", "main", |f| f.write("f", lines_with(20, &[(2, "a")]))).to_string();
    let b = fixture.branch("b", "main", |f| f.write("f", lines_with(20, &[(18, "b")]))).to_string();
    fixture.git(&["checkout", "-q", "a"]);
    fixture.git(&["merge", "-q", "--no-edit", &b]);
    fixture.git(&["checkout", "-q", "b"]);
    fixture.git(&["merge", "-q", "--no-edit", &a]);
    fixture.write("f", lines_with(20, &[(2, "a"), (10, "theirs"), (18, "b")]));
    let theirs = fixture.commit("later");
    let request = Request { base: None, ours: fixture.id("a"), theirs };
    assert_eq!(verdict(&fixture, &request), []);
}

#[test]
fn what_git_cannot_merge_is_unknown_and_the_rest_is_answered() {
    let (f, r) = sides(|f| f.write("x", "x\n"), |f| f.write("a", "a\n"), |f| f.write("b", "b\n"));
    f.git(&["checkout", "-q", "--orphan", "stranger"]);
    f.write("c", "c\n");
    let stranger = f.commit("stranger");
    let unrelated = Request { theirs: stranger, ..r };
    assert_eq!(kinds(&f, &unrelated), [ConflictKind::Other("unknown".to_owned())]);
    let missing = Request { theirs: ObjectId::from_hex(&[b'7'; 40]).unwrap(), ..r };

    let repository = f.open();
    let scratch = Scratch::new(&repository).unwrap();
    let mut merger = MergeTree::new(&repository, &scratch, None);
    let mut requests = vec![r; 100];
    requests[0] = missing;
    requests[37] = unrelated;
    requests[38] = unrelated;
    requests[99] = missing;
    for jobs in [1, 2, 200] {
        let answers = merger.merge_all(&requests, jobs).unwrap();
        assert_eq!(answers.len(), 100);
        for (number, answer) in answers.iter().enumerate() {
            match (number, answer) {
                (37 | 38, Merge::Unknown { reason }) => assert_eq!(reason, "refusing to merge unrelated histories"),
                (0 | 99, Merge::Unknown { reason }) => assert!(reason.contains("7777"), "{reason}"),
                (0 | 37 | 38 | 99, _) => panic!("{number}: {answer:?}"),
                _ => assert!(answer.clean_tree().is_some()),
            }
        }
    }
    assert_eq!(merger.merge_all(&[], 2).unwrap(), []);
}

#[test]
fn trees_awkward_paths_and_sha256() {
    let fixture = Fixture::with_format("sha256");
    let paths: [&[u8]; 5] = [b"a b", b"q\"uote", b"new\nline", b"not-utf8-\xff\xfe", "h\u{e9}".as_bytes()];
    let all = |text: &'static str| move |f: &Fixture| paths.iter().for_each(|path| f.write(path, text));
    all("base\n")(&fixture);
    let base = fixture.commit("base");
    fixture.branch("ours", "main", all("ours\n"));
    fixture.branch("theirs", "main", all("theirs\n"));
    let before = fixture.objects();
    let repository = fixture.open();
    let scratch = Scratch::new(&repository).unwrap();
    let request = Request { base: Some(base), ours: fixture.id("ours^{tree}"), theirs: fixture.id("theirs^{tree}") };
    let merge = MergeTree::new(&repository, &scratch, Some(base)).merge(&request).unwrap();
    let Merge::Conflict { paths: found, tree } = merge else { panic!("{merge:?}") };
    let mut expected = paths.map(BString::from).to_vec();
    expected.sort();
    assert_eq!(found.iter().map(|path| path.path.clone()).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|path| path.kind == ConflictKind::Content && path.stages.base.is_some()));
    assert_eq!(scratch.find(tree).unwrap().kind, gix::objs::Kind::Tree);
    assert_eq!(fixture.objects(), before);
}
