//! What is written, where it can be read, and what of it stays.

use super::*;
use crate::git::fixture::Fixture;

#[test]
fn what_is_written_reaches_the_repository_only_when_it_migrates() {
    for format in ["sha1", "sha256"] {
        let fixture = Fixture::with_format(format);
        fixture.write("a", "hello\n");
        let commit = fixture.commit("first");
        let before = fixture.objects();
        let repository = fixture.open();
        let scratch = Scratch::new(&repository).unwrap();

        let blob = scratch.write(gix::objs::Kind::Blob, b"in scratch").unwrap();
        assert_eq!(blob.kind(), repository.gix().object_hash());
        assert_eq!(scratch.find(blob).unwrap().data, b"in scratch");
        assert_eq!(scratch.find(commit).unwrap().kind, gix::objs::Kind::Commit);
        let by_git = scratch.on(repository.git()).args(["hash-object", "-w", "--stdin"]).input("by git");
        let by_git: ObjectId = by_git.text().unwrap().parse().unwrap();
        assert_eq!(scratch.find(by_git).unwrap().data, b"by git");
        let seen = scratch.on(repository.git()).args(["cat-file", "-t", &commit.to_string()]).text().unwrap();
        assert_eq!(seen, "commit");
        assert_eq!(fixture.objects(), before);

        scratch.migrate(&repository).unwrap();
        scratch.migrate(&repository).unwrap();
        drop(scratch);
        assert_eq!(fixture.git(&["cat-file", "blob", &blob.to_string()]), "in scratch");
        assert_eq!(fixture.git(&["cat-file", "blob", &by_git.to_string()]), "by git");
        fixture.git(&["fsck", "--strict"]);
        let hex = blob.to_string();
        let file = fixture.path().join(".git/objects").join(&hex[..2]).join(&hex[2..]);
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o222, 0);
    }
}

#[test]
fn folders_that_gc_removes_are_made_again() {
    let fixture = Fixture::new();
    fixture.commit("first");
    let repository = fixture.open();
    let objects = fixture.path().join(".git/objects");
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                for number in 0..=255 {
                    drop(fs::remove_dir(objects.join(format!("{number:02x}"))));
                }
            }
        });
        let migrated = (0..5).try_for_each(|round| {
            let scratch = Scratch::new(&repository)?;
            for number in 0..50 {
                scratch.write(gix::objs::Kind::Blob, format!("{round} {number}").as_bytes())?;
            }
            scratch.migrate(&repository)
        });
        is_done.store(true, std::sync::atomic::Ordering::Relaxed);
        migrated.unwrap();
    });
}

#[test]
fn packs_migrate_too() {
    let fixture = Fixture::new();
    fixture.commit("first");
    let repository = fixture.open();
    let scratch = Scratch::new(&repository).unwrap();
    let big = scratch.on(repository.git()).args(["-c", "core.bigFileThreshold=10"]);
    std::fs::write(fixture.path().join("big"), "more than ten bytes").unwrap();
    let file = fixture.path().join("big");
    let id = big.args(["hash-object", "-w", "--no-filters"]).arg(&file).text().unwrap();
    scratch.migrate(&repository).unwrap();
    drop(scratch);
    assert_eq!(fixture.git(&["cat-file", "blob", &id]), "more than ten bytes");
}

#[test]
fn an_object_that_nobody_has_is_missing() {
    let fixture = Fixture::new();
    fixture.commit("first");
    let repository = fixture.open();
    let scratch = Scratch::new(&repository).unwrap();
    let nowhere = ObjectId::from_hex(b"1234567890123456789012345678901234567890").unwrap();
    assert!(matches!(scratch.find(nowhere), Err(ScratchError::Missing { id }) if id == nowhere));
}

#[test]
fn quoting_keeps_every_byte() {
    let path = PathBuf::from(std::ffi::OsStr::from_bytes(b"/a:\"b\\\n\xff#"));
    assert_eq!(quoted(&path), b"\"/a:\\\"b\\\\\\012\\377#\"\n");
}

#[test]
fn what_is_kept_in_memory_is_there_for_git_when_it_is_handed_over() {
    for format in ["sha1", "sha256"] {
        let fixture = Fixture::with_format(format);
        fixture.write("d/e", "first\n");
        let commit = fixture.commit("first");
        let repository = fixture.open();
        let scratch = Scratch::in_memory(&repository).unwrap();
        let files = |scratch: &Scratch| walk(scratch.path());
        let before = files(&scratch);
        for count in [3, 300] {
            let mut commits = Vec::new();
            for number in 0..count {
                let content = format!("{number} of {count}\n").repeat(number * 500 + 1);
                let blob = scratch.write(gix::objs::Kind::Blob, content.as_bytes()).unwrap();
                let mut tree = b"100644 file\0".to_vec();
                tree.extend_from_slice(blob.as_slice());
                let tree = scratch.write(gix::objs::Kind::Tree, &tree).unwrap();
                commits.push(scratch.stand_in(tree, &[commit]).unwrap());
                assert_eq!(scratch.find(blob).unwrap().data, content.as_bytes());
            }
            let unasked = scratch.write(gix::objs::Kind::Blob, format!("nobody asks {count}").as_bytes()).unwrap();
            assert_eq!(files(&scratch), before.clone());
            scratch.hand_over(commits.iter().copied()).unwrap();
            scratch.hand_over(commits.iter().copied()).unwrap();
            for commit in [commits[0], commits[count - 1]] {
                let git = scratch.on(repository.git()).args(["cat-file", "-p"]).arg(format!("{commit}:file"));
                let content = scratch.find(commit).map(|_| git.stdout().unwrap()).unwrap();
                assert!(content.ends_with(format!(" of {count}\n").as_bytes()));
            }
            let git = scratch.on(repository.git()).args(["cat-file", "-e"]).arg(unasked.to_string());
            assert!(git.stdout().is_err());
            fs::remove_dir_all(scratch.path().join("pack")).ok();
            for folder in read_dir(scratch.path()).unwrap() {
                if folder.file_name().is_some_and(|name| name.len() == 2) {
                    fs::remove_dir_all(folder).unwrap();
                }
            }
        }
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let inside = |path: PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
    read_dir(folder).unwrap().into_iter().flat_map(inside).collect()
}
