//! What is certain, held against git.

use std::path::Path;

use super::*;
use crate::git::worktrees;
use crate::land::fixture::{Fixture, write_in};

/// What is done to a worktree, by name.
type Deed<'a> = (&'a str, &'a dyn Fn(&Case));

/// A worktree at a commit, and another commit that changes, adds and deletes files, makes a file a folder and a folder a
/// file.
struct Case {
    fixture: Fixture,
    worktree: Worktree,
    old: ObjectId,
    new: ObjectId,
}

impl Case {
    fn new() -> Self {
        let fixture = Fixture::new();
        for name in ["changed", "gone", "same", "tool", "swap-a", "swap-b/x", "run"] {
            fixture.write(name, &format!("{name}\n"));
        }
        let dir = fixture.dir().to_owned();
        std::os::unix::fs::symlink("same", dir.join("link")).unwrap();
        let old = fixture.commit("old");
        let path = fixture.worktree("one", "main");
        for name in ["gone", "swap-a", "swap-b/x", "link"] {
            std::fs::remove_file(dir.join(name)).unwrap();
        }
        std::fs::remove_dir(dir.join("swap-b")).unwrap();
        for (name, text) in [("changed", "new\n"), ("swap-a/x", "x\n"), ("swap-b", "b\n"), ("new/deep/file", "n\n")] {
            fixture.write(name, text);
        }
        std::os::unix::fs::symlink("changed", dir.join("link")).unwrap();
        let new = fixture.commit("new");
        let repo = fixture.open();
        let worktree = worktrees::list(&repo).unwrap().into_iter().find(|one| one.path == path).unwrap();
        let case = Case { fixture, worktree, old, new };
        case.settle();
        case
    }

    /// Let the index be younger than every file, as it is a moment later.
    fn settle(&self) {
        let index = std::fs::File::options().append(true).open(self.index()).unwrap();
        let later = index.metadata().unwrap().modified().unwrap() + Duration::from_secs(5);
        index.set_modified(later).unwrap();
    }

    fn index(&self) -> std::path::PathBuf {
        self.worktree.git_dir.as_ref().unwrap().join("index")
    }

    fn dir(&self) -> &Path {
        &self.worktree.path
    }

    fn git(&self, args: &[&str]) {
        self.fixture.git_in(self.dir(), args);
    }

    /// What we say for certain, and what git says.
    fn both(&self) -> (bool, Option<String>) {
        let repo = self.fixture.open();
        let scratch = Scratch::new(&repo).unwrap();
        let check = Check::new(&repo, Some(&scratch));
        let changes = check.changes(&self.worktree, self.old, self.new).unwrap();
        assert_eq!(changes, follow::changes(self.worktree.git(), self.old, self.new).unwrap());
        let says = check.rehearse(&self.worktree, self.old, self.new).unwrap();
        (certain::takes(&repo, &self.worktree, &changes), says)
    }
}

/// A change of a path that no folder turns into and no file of a folder: the two swaps are git's to judge.
fn without_swaps(case: Case) -> Case {
    let main = case.fixture.dir().to_owned();
    std::fs::remove_dir_all(main.join("swap-a")).unwrap();
    std::fs::remove_file(main.join("swap-b")).unwrap();
    case.fixture.write("swap-a", "swap-a\n");
    case.fixture.write("swap-b/x", "swap-b/x\n");
    let new = case.fixture.commit("without swaps");
    Case { new, ..case }
}

#[test]
fn a_clean_worktree_is_certain() {
    let case = without_swaps(Case::new());
    assert_eq!(case.both(), (true, None));
    write_in(case.dir(), "same", "edited where nothing changes\n");
    write_in(case.dir(), "untracked", "mine\n");
    write_in(case.dir(), "staged", "mine\n");
    case.git(&["add", "staged"]);
    case.settle();
    assert_eq!(case.both(), (true, None));
}

#[test]
fn folders_that_become_files_are_left_to_git() {
    assert_eq!(Case::new().both(), (false, None));
}

#[test]
fn what_git_would_refuse_is_never_certain() {
    let refused: [Deed<'_>; 9] = [
        ("edited", &|case| write_in(case.dir(), "changed", "edit\n")),
        ("of the same length", &|case| write_in(case.dir(), "changed", "CHANGED\n")),
        ("deleted file edited", &|case| write_in(case.dir(), "gone", "edited\n")),
        ("staged", &|case| {
            write_in(case.dir(), "changed", "edit\n");
            case.git(&["add", "changed"]);
        }),
        ("staged and put back", &|case| {
            write_in(case.dir(), "changed", "edit\n");
            case.git(&["add", "changed"]);
            write_in(case.dir(), "changed", "changed\n");
        }),
        ("staged where a file is added", &|case| {
            write_in(case.dir(), "new/deep/file", "mine\n");
            case.git(&["add", "new"]);
        }),
        ("staged where its folder goes", &|case| {
            write_in(case.dir(), "new", "mine\n");
            case.git(&["add", "new"]);
        }),
        ("another link", &|case| {
            std::fs::remove_file(case.dir().join("link")).unwrap();
            std::os::unix::fs::symlink("elsewhere", case.dir().join("link")).unwrap();
        }),
        ("unmerged", &|case| {
            write_in(case.dir(), "same", "theirs\n");
            let theirs = case.fixture.commit_in(case.dir(), "theirs").to_string();
            case.git(&["reset", "-q", "--hard", &case.old.to_string()]);
            write_in(case.dir(), "same", "ours\n");
            let ours = case.fixture.commit_in(case.dir(), "ours").to_string();
            let old = case.old.to_string();
            assert!(!case.fixture.try_git_in(case.dir(), &["merge-recursive", &old, "--", &ours, &theirs]));
        }),
    ];
    for (name, change) in refused {
        let case = without_swaps(Case::new());
        change(&case);
        case.settle();
        let (is_certain, says) = case.both();
        assert!(!is_certain, "{name}");
        // git counts in seconds, and the index says that it is younger: it does not look. We count in nanoseconds.
        assert!(says.is_some() || name == "of the same length", "{name}: git takes it");
    }
}

#[test]
fn what_is_out_of_the_ordinary_is_left_to_git() {
    let unusual: [Deed<'_>; 8] = [
        ("a file of another time", &|case| write_in(case.dir(), "changed", "changed\n")),
        ("an index as young as its files", &|case| {
            let file = std::fs::File::open(case.dir().join("changed")).unwrap().metadata().unwrap();
            let index = std::fs::File::options().append(true).open(case.index()).unwrap();
            index.set_modified(file.modified().unwrap()).unwrap();
        }),
        ("assumed unchanged", &|case| case.git(&["update-index", "--assume-unchanged", "changed"])),
        ("skipped", &|case| case.git(&["update-index", "--skip-worktree", "same"])),
        ("to be added", &|case| {
            write_in(case.dir(), "later", "x\n");
            case.git(&["add", "--intent-to-add", "later"]);
        }),
        ("sparse", &|case| case.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/new/"])),
        ("without an index", &|case| std::fs::remove_file(case.index()).unwrap()),
        ("a deleted file", &|case| std::fs::remove_file(case.dir().join("changed")).unwrap()),
    ];
    for (name, change) in unusual {
        let case = without_swaps(Case::new());
        change(&case);
        if !["an index as young as its files", "without an index"].contains(&name) {
            case.settle();
        }
        assert!(!case.both().0, "{name}");
    }
}

#[test]
fn a_split_index_is_read_as_git_reads_it() {
    let case = without_swaps(Case::new());
    case.git(&["update-index", "--split-index"]);
    case.settle();
    assert_eq!(case.both(), (true, None));
    write_in(case.dir(), "changed", "edit\n");
    case.git(&["add", "changed"]);
    case.settle();
    let (is_certain, says) = case.both();
    assert!(!is_certain && says.is_some(), "{says:?}");
}
