//! Following against real git: what is kept, what is in the way, what a kill leaves.

use super::*;
use crate::git::refs::{self, Expected, RefUpdate};
use crate::git::worktrees;
use crate::land::fixture::{Fixture, ann, lines, lines_with, read_in, write_in};
use crate::worktree::check::Check;

const BRANCH: &str = "refs/heads/agents/one";

/// A worktree at main, and a commit on top of it that changes, adds and deletes files.
struct Case {
    fixture: Fixture,
    dir: PathBuf,
    old: ObjectId,
    new: ObjectId,
}

fn case() -> Case {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "*.log\n.env\n");
    fixture.write("b.txt", "b\n");
    fixture.write("gone.txt", "gone\n");
    fixture.write("kept.txt", "kept\n");
    let old = fixture.commit("old");
    let dir = fixture.worktree("one", "main");
    fixture.write("a.txt", &lines_with(20, 3, "three"));
    fixture.write("b.txt", "b2\n");
    fixture.write("deep/er/new.txt", "new content\n");
    fixture.write("ä new.txt", "new too\n");
    std::fs::remove_file(fixture.dir().join("gone.txt")).unwrap();
    let new = fixture.commit("new");
    Case { fixture, dir, old, new }
}

impl Case {
    fn worktree(&self) -> Worktree {
        worktrees::list(&self.fixture.open()).unwrap().into_iter().find(|one| one.path == self.dir).unwrap()
    }

    fn check(&self) -> Option<Blocked> {
        Check::new(&self.fixture.open(), None).worktree(&self.worktree(), self.old, self.new).unwrap()
    }

    fn move_branch(&self) {
        let (expected, new) = (Expected::At(self.old), Some(self.new));
        let update = RefUpdate { name: BRANCH.into(), expected, new, message: "test".into() };
        refs::swap_one(&self.fixture.open(), &update, &ann()).unwrap();
    }

    fn follow(&self) -> Followed {
        follow(&self.fixture.open(), &self.worktree(), BRANCH, self.old, self.new).unwrap()
    }

    fn resume(&self) -> Followed {
        resume(&self.fixture.open(), &self.worktree(), BRANCH, self.old, self.new).unwrap()
    }

    fn status(&self) -> String {
        self.fixture.status_in(&self.dir)
    }
}

fn in_the_way(blocked: Option<Blocked>) -> Vec<String> {
    let Some(Blocked::InTheWay { paths }) = blocked else { panic!("{blocked:?}") };
    paths.into_iter().map(|path| path.to_string()).collect()
}

#[test]
fn uncommitted_work_elsewhere_is_kept() {
    let case = case();
    write_in(&case.dir, "kept.txt", "edited\n");
    write_in(&case.dir, "untracked.txt", "mine\n");
    write_in(&case.dir, "staged.txt", "mine\n");
    case.fixture.git_in(&case.dir, &["add", "staged.txt"]);
    // Only its time differs.
    write_in(&case.dir, "b.txt", "b\n");
    assert_eq!(case.check(), None);
    assert_eq!(read_in(&case.dir, "b.txt"), "b\n");
    case.move_branch();
    assert_eq!(case.follow(), Followed::Done);
    assert_eq!(case.status(), " M kept.txt\nA  staged.txt\n?? untracked.txt");
    assert_eq!(read_in(&case.dir, "deep/er/new.txt"), "new content\n");
    assert!(!case.dir.join("gone.txt").exists());
    assert_eq!(case.follow(), Followed::Done);
    assert_eq!(case.resume(), Followed::Done);
}

#[test]
fn what_is_in_the_way_is_named() {
    let case = case();
    write_in(&case.dir, "b.txt", "edited\n");
    write_in(&case.dir, "kept.txt", "edited\n");
    assert_eq!(in_the_way(case.check()), ["b.txt"]);
    write_in(&case.dir, "ä new.txt", "untracked\n");
    write_in(&case.dir, "deep", "a file where a folder goes\n");
    assert_eq!(in_the_way(case.check()), ["b.txt", "deep", "ä new.txt"]);
    let second = self::case();
    std::fs::remove_file(second.dir.join("gone.txt")).unwrap();
    assert_eq!(second.check(), None);
}

#[test]
fn an_ignored_file_is_not_overwritten() {
    let case = case();
    case.fixture.write(".env", "theirs\n");
    case.fixture.git(&["add", "-f", ".env"]);
    let new = case.fixture.commit("adds an ignored file");
    let case = Case { new, ..case };
    assert_eq!(case.check(), None);
    write_in(&case.dir, ".env", "mine\n");
    assert_eq!(in_the_way(case.check()), [".env"]);
    std::fs::remove_file(case.dir.join(".env")).unwrap();
    write_in(&case.dir, ".env/deep/x", "mine\n");
    assert_eq!(in_the_way(case.check()), [".env/deep/x"]);
}

#[test]
fn operations_foreign_folders_and_other_branches() {
    let case = case();
    case.fixture.git_in(&case.dir, &["bisect", "start"]);
    assert_eq!(case.check(), Some(Blocked::Operation { kind: OperationKind::Bisect }));
    case.fixture.git_in(&case.dir, &["bisect", "reset"]);
    case.move_branch();
    case.fixture.git_in(&case.dir, &["checkout", "-q", "--detach", &case.old.to_string()]);
    assert_eq!(case.follow(), Followed::Elsewhere);
    assert_eq!(read_in(&case.dir, "b.txt"), "b\n");
    std::fs::remove_file(case.dir.join(".git")).unwrap();
    case.fixture.git_in(&case.dir, &["init", "-q"]);
    assert_eq!(case.check(), Some(Blocked::NotIntact));
    std::fs::remove_dir_all(&case.dir).unwrap();
    assert_eq!(case.check(), Some(Blocked::Missing));
    assert_eq!(case.follow(), Followed::Elsewhere);
}

#[test]
fn a_killed_checkout_is_completed() {
    let case = case();
    case.move_branch();
    // Some written, one cut short, one deleted already, a lock without content.
    write_in(&case.dir, "b.txt", "b2\n");
    write_in(&case.dir, "deep/er/new.txt", "new con");
    write_in(&case.dir, "ä new.txt", "");
    std::fs::remove_file(case.dir.join("gone.txt")).unwrap();
    std::fs::remove_file(case.dir.join("a.txt")).unwrap();
    write_in(&case.dir, "kept.txt", "edited\n");
    std::fs::write(index_lock(&case.worktree()), "").unwrap();
    assert_eq!(case.resume(), Followed::Done);
    assert_eq!(case.status(), " M kept.txt");
    assert_eq!(read_in(&case.dir, "deep/er/new.txt"), "new content\n");
    assert_eq!(case.resume(), Followed::Done);
}

#[test]
fn work_since_the_kill_is_kept_and_told() {
    let case = case();
    case.move_branch();
    write_in(&case.dir, "b.txt", "b2\n");
    write_in(&case.dir, "a.txt", &format!("{}more\n", lines(20)));
    write_in(&case.dir, "ä new.txt", "mine\n");
    write_in(&case.dir, "gone.txt", "still needed\n");
    let kept: Vec<BString> = vec!["a.txt".into(), "gone.txt".into(), "ä new.txt".into()];
    assert_eq!(case.resume(), Followed::Kept { paths: kept });
    assert_eq!(read_in(&case.dir, "gone.txt"), "still needed\n");
    assert_eq!(read_in(&case.dir, "ä new.txt"), "mine\n");
    assert_eq!(case.status(), " M a.txt\n M \"\\303\\244 new.txt\"\n?? gone.txt");
    assert_eq!(read_in(&case.dir, "deep/er/new.txt"), "new content\n");
    assert_eq!(case.resume(), Followed::Done);
    case.fixture.git_in(&case.dir, &["add", "a.txt"]);
}

#[test]
fn a_lock_that_is_a_whole_index_is_somebody_elses() {
    let case = case();
    case.move_branch();
    let lock = index_lock(&case.worktree());
    // What `git commit -a` leaves there while its editor is open.
    write_in(&case.dir, "kept.txt", "to be committed\n");
    std::fs::copy(lock.with_extension(""), lock.with_extension("before")).unwrap();
    case.fixture.git_in(&case.dir, &["add", "kept.txt"]);
    std::fs::rename(lock.with_extension(""), &lock).unwrap();
    std::fs::rename(lock.with_extension("before"), lock.with_extension("")).unwrap();
    assert!(matches!(case.resume(), Followed::Later { reason: Blocked::Refused { .. } }));
    assert!(lock.exists());
    std::fs::remove_file(&lock).unwrap();
    write_in(&case.dir, "b.txt", "staged since\n");
    case.fixture.git_in(&case.dir, &["add", "b.txt"]);
    assert_eq!(case.resume(), Followed::Later { reason: Blocked::InTheWay { paths: vec!["b.txt".into()] } });
}

#[test]
fn an_index_that_a_killed_git_had_written_whole_is_ours() {
    // As it was before, and as it was to be.
    for is_new in [false, true] {
        let case = case();
        case.move_branch();
        let lock = index_lock(&case.worktree());
        let before = lock.with_extension("before");
        std::fs::copy(lock.with_extension(""), &before).unwrap();
        if is_new {
            let (old, new) = (case.old.to_string(), case.new.to_string());
            case.fixture.git_in(&case.dir, &["read-tree", "-m", "-u", &old, &new]);
        }
        std::fs::rename(lock.with_extension(""), &lock).unwrap();
        std::fs::rename(&before, lock.with_extension("")).unwrap();
        assert_eq!(case.resume(), Followed::Done, "{is_new}");
        assert_eq!((lock.exists(), case.status().as_str()), (false, ""));
    }
}

#[test]
fn sparse_checkouts_and_line_endings_follow() {
    let case = case();
    case.fixture.git_in(&case.dir, &["sparse-checkout", "set", "--no-cone", "/*", "!/deep/"]);
    case.fixture.git_in(&case.dir, &["config", "core.autocrlf", "true"]);
    assert_eq!(case.check(), None);
    case.move_branch();
    write_in(&case.dir, "b.txt", "b2\r");
    assert_eq!(case.resume(), Followed::Done);
    assert_eq!(case.status(), "");
    assert!(!case.dir.join("deep").exists());
    assert_eq!(read_in(&case.dir, "b.txt"), "b2\r\n");
}

#[test]
fn a_locked_index_is_waited_for_and_then_in_the_way() {
    let case = case();
    let path = index_lock(&case.worktree());
    std::fs::write(&path, "").unwrap();
    assert_eq!(case.check(), Some(Blocked::Locked { path: path.clone() }));
    std::thread::scope(|scope| {
        let check = scope.spawn(|| case.check());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(check.join().unwrap(), None);
    });
}

#[test]
fn files_that_cannot_be_written_are_told_beforehand() {
    let case = case();
    case.fixture.git(&["config", "filter.x.required", "true"]);
    case.fixture.git(&["config", "filter.x.clean", "cat"]);
    case.fixture.git(&["config", "filter.x.smudge", "test -f a.txt && cat"]);
    case.fixture.write(".gitattributes", "b.txt filter=x\n");
    let new = case.fixture.commit("filtered");
    let case = Case { new, ..case };
    // Filters run in the worktree, and the attributes are the new ones.
    assert_eq!(case.check(), None);
    case.fixture.git(&["config", "filter.x.smudge", "false"]);
    let found = case.check();
    assert!(matches!(&found, Some(Blocked::Unwritable { reason }) if reason.contains("b.txt")), "{found:?}");
    case.fixture.git(&["config", "filter.x.required", "false"]);
    assert_eq!(case.check(), None);
    let id = case.fixture.git(&["rev-parse", &format!("{new}:deep/er/new.txt")]);
    let object = case.fixture.dir().join(".git/objects").join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, "damaged").unwrap();
    let found = case.check();
    assert!(matches!(&found, Some(Blocked::Unwritable { reason }) if !reason.is_empty()), "{found:?}");
    assert_eq!(case.status(), "");
}
