//! Who changes what, in real repositories.

use super::*;
use crate::git::fixture::{Fixture, write_in};

/// `candidate path what kind own-lines`, a line a touch.
fn told(f: &Fixture, candidates: &[Candidate], paths: &[&str]) -> Vec<String> {
    let repository = f.open();
    let scratch = Scratch::new(&repository).unwrap();
    let paths: Vec<BString> = paths.iter().map(|path| BString::from(*path)).collect();
    let touches = touches(&repository, &scratch, f.id("main"), candidates, &paths).unwrap();
    assert_eq!((touches.unknown, touches.left_out), (vec![], vec![]));
    let line = |one: &Touch| {
        let places: Vec<String> =
            one.places.iter().map(|place| format!("{}+{}", place.own.start, place.own.lines)).collect();
        let what = [(one.committed, 'c'), (one.uncommitted, 'u')];
        let what: String = what.iter().filter_map(|(is, letter)| is.then_some(*letter)).collect();
        format!("{} {} {what} {:?} {}", candidates[one.candidate].name, one.path, one.kind, places.join(","))
    };
    touches.found.iter().map(line).collect()
}

fn start() -> Fixture {
    let f = Fixture::new();
    f.write("dir/a", "1\n2\n3\n");
    f.write("dir/b", "1\n");
    f.write("c", "1\n");
    f.commit("base");
    f
}

#[test]
fn commits_since_the_merge_base() {
    let f = start();
    f.branch("one", "main", |f| {
        f.write("dir/a", "1\nX\n3\n");
        f.remove("c");
    });
    f.branch("two", "main", |f| f.write("dir/new", "1\n2\n"));
    f.branch("same", "main", |f| f.write("dir/b", "landed\n"));
    f.git(&["checkout", "-q", "main"]);
    f.write("dir/b", "landed\n");
    f.commit("the target moves on");
    let all: Vec<_> = ["one", "two", "same", "main"].iter().map(|name| Candidate::new(*name, f.id(name))).collect();
    assert_eq!(told(&f, &all, &["dir/a"]), ["one dir/a c Modified 2+1"]);
    assert_eq!(told(&f, &all, &["c"]), ["one c c Deleted "]);
    assert_eq!(told(&f, &all, &["dir"]), ["one dir/a c Modified 2+1", "two dir/new c Added 1+2"]);
    assert_eq!(told(&f, &all, &["dir/b", "nothing", "c/below"]), [""; 0]);
    assert_eq!(told(&f, &all, &[""]).len(), 3);
}

#[test]
fn a_folder_and_a_file_change_places() {
    let f = start();
    f.branch("one", "main", |f| {
        f.git(&["rm", "-rq", "dir"]);
        f.write("dir", "a file\n");
    });
    let one = [Candidate::new("one", f.id("one"))];
    assert_eq!(told(&f, &one, &["dir"]), ["one dir c Added 1+1", "one dir/a c Deleted ", "one dir/b c Deleted "]);
    assert_eq!(told(&f, &one, &["dir/a"]), ["one dir/a c Deleted "]);
}

#[test]
fn what_is_not_committed() {
    let f = start();
    let dir = f.beside("tree");
    f.git(&["worktree", "add", "-q", "-b", "one", dir.to_str().unwrap()]);
    let one = [Candidate { worktree: Some(dir.clone()), ..Candidate::new("one", f.id("one")) }];
    assert_eq!(told(&f, &one, &["", "dir", "c", "nothing"]), [""; 0]);
    write_in(&dir, b"dir/a", b"1\n2\nX\n");
    write_in(&dir, b"dir/new/x", b"1\n");
    std::fs::remove_file(dir.join("c")).unwrap();
    std::fs::create_dir(dir.join("empty")).unwrap();
    assert_eq!(told(&f, &one, &["dir"]), ["one dir/a u Modified 3+1", "one dir/new/x u Added 1+1"]);
    assert_eq!(told(&f, &one, &["c", "dir/b", "empty"]), ["one c u Deleted "]);
    assert_eq!(told(&f, &one, &[""]).len(), 3);
    // A folder that became a symlink: all that was in it is gone.
    std::fs::rename(dir.join("dir"), f.beside("moved")).unwrap();
    std::os::unix::fs::symlink(f.beside("moved"), dir.join("dir")).unwrap();
    assert_eq!(told(&f, &one, &["dir/b"]), ["one dir/b u Deleted "]);
}

#[test]
fn files_that_come_and_go_meanwhile() {
    let f = start();
    let dir = f.beside("tree");
    f.git(&["worktree", "add", "-q", "-b", "one", dir.to_str().unwrap()]);
    let one = [Candidate { worktree: Some(dir.clone()), ..Candidate::new("one", f.id("one")) }];
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                drop(std::fs::write(dir.join("c"), "2\n"));
                drop(std::fs::rename(dir.join("dir"), dir.join("away")));
                drop(std::fs::remove_file(dir.join("c")));
                drop(std::fs::rename(dir.join("away"), dir.join("dir")));
            }
        });
        let asked = std::panic::catch_unwind(|| (0..20).for_each(|_| drop(told(&f, &one, &["c", "dir", "dir/a", ""]))));
        is_done.store(true, std::sync::atomic::Ordering::Relaxed);
        asked.unwrap();
    });
}

/// With what `git status` says of the whole worktree beside it, for many small random changes.
#[test]
fn as_git_status_says() {
    let mut random = fastrand::Rng::with_seed(5);
    let f = start();
    f.write(".gitignore", "ignored\n");
    f.commit("ignore");
    let dir = f.beside("tree");
    f.git(&["worktree", "add", "-q", "-b", "one", dir.to_str().unwrap()]);
    let one = [Candidate { worktree: Some(dir.clone()), ..Candidate::new("one", f.id("one")) }];
    let paths = ["dir/a", "dir/b", "c", "new", "ignored", "dir/new"];
    for _ in 0..40 {
        let path = random.choice(paths).unwrap();
        match random.u8(0..5) {
            0 => drop(std::fs::remove_file(dir.join(path))),
            1 => f.git_in(&dir, &["add", "-A"]).clear(),
            2 => f.git_in(&dir, &["reset", "-q", "--hard"]).clear(),
            3 => write_in(&dir, path.as_bytes(), b"2\n"),
            _ => write_in(&dir, path.as_bytes(), b"1\n"),
        }
        let status = f.git_in(&dir, &["status", "--porcelain", "-uall", "--no-renames"]);
        let told = told(&f, &one, &paths);
        let mut ours: Vec<&str> = told.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
        // What was staged and taken back in the file is nobody's change.
        let is_back = |line: &&str| {
            let committed = f.try_git_in(&dir, &["show", &format!("HEAD:{}", &line[3..])]);
            let now = std::fs::read_to_string(dir.join(&line[3..])).ok().map(|text| text.trim_end().to_owned());
            (committed.0 == 0).then_some(committed.1) == now
        };
        let mut git: Vec<&str> = status.lines().filter(|line| !is_back(line)).map(|line| &line[3..]).collect();
        ours.sort_unstable();
        git.sort_unstable();
        git.dedup();
        assert_eq!(ours, git, "{status}");
    }
}
