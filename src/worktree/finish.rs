//! Finishing a `git read-tree -m -u` that was interrupted.
//!
//! git writes the files one by one and the index at the very end, so after a kill the index still speaks of the old
//! commit while some files are at the new one, missing, or cut short. Those are ours: their content is in the
//! repository, so they are deleted and git writes them again. A file with any other content is somebody's work since
//! then. It stays, and is reported; only the index learns what the branch now has there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::follow::{self, Blocked, Change, Entry, FollowError, Followed};
use super::index_copy::IndexCopy;
use crate::git::repository::path_of;
use crate::git::worktrees::Worktree;
use crate::git::{Git, GitError, Repository};

/// What is at a path of the worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnDisk {
    /// Nothing, or what the old commit has there: git goes on by itself.
    Untouched,
    /// What the new commit has there, or the beginning of it.
    Ours,
    /// Something else.
    Somebodys,
}

/// Bring the rest from `old` to `new`. Where git cannot write the files, the old ones come back: the index is still the
/// old one, and the branch may have to go back to it.
pub(super) fn finish(
    repo: &Repository,
    worktree: &Worktree,
    old: ObjectId,
    new: ObjectId,
) -> Result<Followed, FollowError> {
    let result = go_on(repo, worktree, old, new);
    if result.is_err() {
        // What cannot be written back either is told by the first failure.
        drop(take_back(worktree, old, new));
    }
    result
}

/// Remove the lock on the index that a killed git of ours left. False when it may be somebody else's.
pub(crate) fn clear_lock(repo: &Repository, worktree: &Worktree) -> bool {
    clear_lock_of(repo, worktree, &[])
}

/// The same where git was about to make these changes.
fn clear_lock_of(repo: &Repository, worktree: &Worktree, changes: &[Change]) -> bool {
    let lock = follow::index_lock(worktree);
    // A whole index in a lock is what `git commit -a` leaves there while the editor is open, with edits that are to be
    // committed. Ours has none: git was killed before it gave the index its name.
    let is_ours = |content: &[u8]| !is_whole_index(content) || has_no_edits(worktree, &lock, changes).unwrap_or(false);
    crate::git::stale::clear(repo, &lock, is_ours)
}

/// Put back what is half way where the index has the old entry.
pub(crate) fn take_back(worktree: &Worktree, old: ObjectId, new: ObjectId) -> Result<(), FollowError> {
    let changes = follow::changes(worktree.git(), old, new)?;
    let index = index_of(worktree, &changes)?;
    let mut missing = Vec::new();
    for change in changes.iter().filter(|change| index.get(&change.path) == change.old.as_ref()) {
        let path = worktree.path.join(path_of(change.path.as_bstr()));
        // A filter that fails cannot say whose it is: it stays.
        if on_disk(worktree, change).is_ok_and(|found| found == OnDisk::Ours) {
            std::fs::remove_file(&path).map_err(|source| FollowError::Io { path: path.clone(), source })?;
        }
        if change.old.as_ref().is_some_and(|entry| !entry.is_submodule()) && path.symlink_metadata().is_err() {
            missing.extend_from_slice(&change.path);
            missing.push(0);
        }
    }
    worktree.git().args(["checkout-index", "--quiet", "-u", "-z", "--stdin"]).input(missing).run()?;
    Ok(())
}

fn go_on(repo: &Repository, worktree: &Worktree, old: ObjectId, new: ObjectId) -> Result<Followed, FollowError> {
    let changes = follow::changes(worktree.git(), old, new)?;
    if !clear_lock_of(repo, worktree, &changes) {
        let reason = Blocked::Refused { reason: format!("{} is locked", follow::index_lock(worktree).display()) };
        return Ok(Followed::Later { reason });
    }
    let index = index_of(worktree, &changes)?;
    let staged: Vec<BString> =
        changes.iter().filter(|change| is_staged(change, &index)).map(|change| change.path.clone()).collect();
    if !staged.is_empty() {
        return Ok(Followed::Later { reason: Blocked::InTheWay { paths: staged } });
    }
    // Where the index is at the new commit already, the file was written before it.
    let (mut settled, behind): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| index.get(&change.path) == change.new.as_ref());
    if behind.is_empty() {
        follow::refresh(worktree)?;
        return Ok(Followed::Done);
    }
    let mut kept = Vec::new();
    for change in behind {
        match on_disk(worktree, change)? {
            OnDisk::Untouched => {}
            OnDisk::Ours => {
                let path = worktree.path.join(path_of(change.path.as_bstr()));
                std::fs::remove_file(&path).map_err(|source| FollowError::Io { path, source })?;
            }
            OnDisk::Somebodys => kept.push(change),
        }
    }
    settled.extend(&kept);
    let mut from = old;
    if !settled.is_empty() {
        // Where both trees and the index agree, git does not look at the file.
        from = tree_with(repo, worktree, old, &settled)?;
        set_index(worktree.git(), &kept)?;
    }
    follow::refresh(worktree)?;
    follow::read_tree(worktree.git(), from, new).stdout()?;
    let paths: Vec<BString> = kept.iter().map(|change| change.path.clone()).collect();
    Ok(if paths.is_empty() { Followed::Done } else { Followed::Kept { paths } })
}

/// Whether the bytes are a complete index file: header, and not cut short as far as its own checksum tells.
fn is_whole_index(content: &[u8]) -> bool {
    let checked = |kind: gix::hash::Kind| {
        let split = content.len().checked_sub(kind.len_in_bytes())?;
        let (body, sum) = content.split_at(split);
        // All zeros is what `index.skipHash` writes.
        let mut hasher = gix::hash::hasher(kind);
        hasher.update(body);
        Some(sum.iter().all(|byte| *byte == 0) || hasher.try_finalize().is_ok_and(|id| id.as_bytes() == sum))
    };
    content.starts_with(b"DIRC")
        && [gix::hash::Kind::Sha1, gix::hash::Kind::Sha256].into_iter().any(|kind| checked(kind) == Some(true))
}

/// Whether an index has what the worktree's own has, or at the changed paths what the new commit has.
fn has_no_edits(worktree: &Worktree, index: &Path, changes: &[Change]) -> Result<bool, GitError> {
    let list = |git: Git| git.without_locks().args(["ls-files", "-z", "--stage"]).stdout();
    let (theirs, own) = (list(worktree.git().env("GIT_INDEX_FILE", index))?, list(worktree.git())?);
    let changed: BTreeMap<&[u8], &Change> = changes.iter().map(|change| (change.path.as_slice(), change)).collect();
    let (theirs, own) = (BTreeSet::from_iter(theirs.split_str("\0")), BTreeSet::from_iter(own.split_str("\0")));
    let is_new = |record: &&[u8]| {
        let (head, path) = record.split_once_str("\t")?;
        let new = changed.get(path)?.new.as_ref()?;
        Some(head == format!("{} {} 0", new.mode, new.id).as_bytes())
    };
    let is_changed = |record: &&[u8]| Some(changed.contains_key(record.split_once_str("\t")?.1));
    Ok(theirs.difference(&own).all(|record| is_new(record) == Some(true))
        && own.difference(&theirs).all(|record| is_changed(record) == Some(true)))
}

/// What the index has at the changed paths.
pub(super) fn index_of(worktree: &Worktree, changes: &[Change]) -> Result<BTreeMap<BString, Entry>, FollowError> {
    let output = worktree.git().without_locks().args(["ls-files", "-z", "--stage"]).stdout()?;
    let mut all: BTreeMap<&[u8], Entry> = BTreeMap::new();
    for record in output.split_str("\0") {
        // `<mode> <id> <stage>` TAB path
        let parsed = record.split_once_str("\t").and_then(|(head, path)| {
            let mut words = head.to_str().ok()?.split(' ');
            let (mode, id) = (words.next()?.to_owned(), ObjectId::from_hex(words.next()?.as_bytes()).ok()?);
            Some((path, Entry { mode, id }))
        });
        all.extend(parsed);
    }
    let wanted = changes.iter().filter_map(|change| Some((change.path.clone(), all.remove(change.path.as_slice())?)));
    Ok(wanted.collect())
}

/// The index has something of its own at a changed path: neither the old nor the new.
fn is_staged(change: &Change, index: &BTreeMap<BString, Entry>) -> bool {
    let found = index.get(&change.path);
    found != change.old.as_ref() && found != change.new.as_ref()
}

fn on_disk(worktree: &Worktree, change: &Change) -> Result<OnDisk, FollowError> {
    let is_submodule = |entry: &Option<Entry>| entry.as_ref().is_some_and(Entry::is_submodule);
    if is_submodule(&change.old) || is_submodule(&change.new) {
        return Ok(OnDisk::Untouched);
    }
    let path = worktree.path.join(path_of(change.path.as_bstr()));
    let Ok(data) = path.symlink_metadata() else { return Ok(OnDisk::Untouched) };
    if data.is_dir() {
        // A folder that is to become a file: git looks whether it is empty or holds only what goes away.
        return Ok(OnDisk::Untouched);
    }
    let id = if data.is_symlink() { link_id(&path, change)? } else { file_id(worktree, &path, change)? };
    let has = |entry: &Option<Entry>| {
        entry.as_ref().is_some_and(|entry| entry.id == id && (entry.mode == "120000") == data.is_symlink())
    };
    if has(&change.old) {
        return Ok(OnDisk::Untouched);
    }
    let is_ours = has(&change.new) || (!data.is_symlink() && is_beginning(worktree, &path, change)?);
    Ok(if is_ours { OnDisk::Ours } else { OnDisk::Somebodys })
}

fn link_id(path: &Path, change: &Change) -> Result<ObjectId, FollowError> {
    let failed = |source| FollowError::Io { path: path.to_owned(), source };
    let target = path.read_link().map_err(failed)?;
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(target.as_os_str());
    let kind = change.old.as_ref().or(change.new.as_ref()).map_or(gix::hash::Kind::Sha1, |entry| entry.id.kind());
    gix::objs::compute_hash(kind, gix::objs::Kind::Blob, bytes)
        .map_err(|error| failed(std::io::Error::other(error.to_string())))
}

/// The id that the file would have in the repository, after the filters that git applies to its path.
fn file_id(worktree: &Worktree, path: &Path, change: &Change) -> Result<ObjectId, FollowError> {
    let content = std::fs::read(path).map_err(|source| FollowError::Io { path: path.to_owned(), source })?;
    let child =
        worktree.git().args(["hash-object", "--stdin", "--path"]).arg(path_of(change.path.as_bstr())).input(content);
    let line = child.line();
    let hex = child.text()?;
    ObjectId::from_hex(hex.as_bytes()).map_err(|_| unreadable(line, hex))
}

/// Whether the file is the beginning of what git would write there.
fn is_beginning(worktree: &Worktree, path: &Path, change: &Change) -> Result<bool, FollowError> {
    let Some(new) = change.new.as_ref().filter(|entry| entry.mode != "120000") else { return Ok(false) };
    let content = std::fs::read(path).map_err(|source| FollowError::Io { path: path.to_owned(), source })?;
    let mut argument = std::ffi::OsString::from("--path=");
    argument.push(path_of(change.path.as_bstr()));
    let whole = worktree.git().args(["cat-file", "--filters"]).arg(argument).arg(new.id.to_string()).stdout()?;
    Ok(whole.starts_with(&content))
}

/// The tree of `commit`, but at the changed paths what the branch has there now.
fn tree_with(
    repo: &Repository,
    worktree: &Worktree,
    commit: ObjectId,
    changes: &[&Change],
) -> Result<ObjectId, FollowError> {
    let copy = IndexCopy::empty(repo, worktree)
        .map_err(|source| FollowError::Io { path: repo.agents_dir().join("tmp"), source })?;
    let on_copy = || copy.git(worktree.git());
    on_copy().args(["read-tree", &commit.to_string()]).stdout()?;
    set_index(on_copy(), changes)?;
    let child = on_copy().arg("write-tree");
    let line = child.line();
    let hex = child.text()?;
    ObjectId::from_hex(hex.as_bytes()).map_err(|_| unreadable(line, hex))
}

/// Let an index have what the branch has, whatever is in the files.
fn set_index(git: Git, changes: &[&Change]) -> Result<(), FollowError> {
    let mut lines = Vec::new();
    for change in changes {
        let head = match (&change.new, &change.old) {
            (Some(entry), _) => format!("{} {}", entry.mode, entry.id),
            (None, Some(entry)) => format!("0 {}", ObjectId::null(entry.id.kind())),
            (None, None) => continue,
        };
        lines.extend_from_slice(head.as_bytes());
        lines.push(b'\t');
        lines.extend_from_slice(&change.path);
        lines.push(0);
    }
    git.args(["update-index", "-z", "--index-info"]).input(lines).stdout()?;
    Ok(())
}

fn unreadable(command: String, detail: String) -> FollowError {
    GitError::Answer { command, detail }.into()
}
