//! Refs that are kept in files: loose ones and `packed-refs`, read as they are at this moment and moved through gix.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::{BString, ByteSlice};
use gix::lock::acquire::Fail;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};

use super::{Expected, LOCK_WAIT, RefError, RefUpdate, full_name, held_lock, one_line, storage};
use crate::git::Repository;

pub(super) fn swap_in_files(repo: &Repository, update: &RefUpdate, signature: &Signature) -> Result<(), RefError> {
    let name = full_name(&update.name)?;
    let give_up = Instant::now() + LOCK_WAIT;
    let out_of_date = |actual| RefError::OutOfDate { name: update.name.clone(), expected: update.expected, actual };
    let mut buffer = gix::date::parse::TimeBuf::default();
    loop {
        let actual = object_at(repo, &name)?;
        if actual != update.expected.value() {
            return Err(out_of_date(actual));
        }
        let Some(edit) = edit_of(&name, update) else { return Ok(()) };
        // gix decides on its copy of packed-refs, which it believes fresh when the time of change is the same.
        drop(repo.gix().refs.force_refresh_packed_buffer());
        let wait = Fail::AfterDurationWithBackoff(give_up.saturating_duration_since(Instant::now()));
        let error = match repo.gix().refs.transaction().prepare(Some(edit), wait, wait) {
            Ok(prepared) => {
                // The lock is ours, so this is the truth: also where gix read packed-refs just before they were
                // rewritten, and where it lets "must not exist" pass because the ref already is what we want.
                let actual = object_at(repo, &name)?;
                if actual != update.expected.value() {
                    return Err(out_of_date(actual));
                }
                let committed = prepared.commit(Some(signature.to_ref(&mut buffer)));
                return committed.map(drop).map_err(|error| storage(&update.name, &error));
            }
            Err(error) => error,
        };
        if Instant::now() < give_up {
            // Either the ref did move, which the next round finds out, or gix was misled by an old copy.
            let actual = object_at(repo, &name)?;
            if actual != update.expected.value() || error.is_conflict() || error.is_retryable() {
                std::thread::sleep(Duration::from_millis(fastrand::u64(1..5)));
                continue;
            }
        }
        let held = held_lock(repo, std::slice::from_ref(update));
        return Err(held.unwrap_or_else(|| storage(&update.name, &error)));
    }
}

fn edit_of(name: &FullName, update: &RefUpdate) -> Option<RefEdit> {
    let change = match (update.new, update.expected) {
        (None, Expected::Missing) => return None,
        (None, Expected::At(old)) => {
            Change::Delete { expected: PreviousValue::MustExistAndMatch(old.into()), log: RefLog::AndReference }
        }
        (Some(new), expected) => Change::Update {
            log: LogChange {
                mode: RefLog::AndReference,
                force_create_reflog: true,
                message: BString::from(one_line(&update.message)),
            },
            expected: match expected {
                Expected::Missing => PreviousValue::MustNotExist,
                Expected::At(old) => PreviousValue::MustExistAndMatch(old.into()),
            },
            new: new.into(),
        },
    };
    Some(RefEdit { change, name: name.clone(), deref: false })
}

pub(super) fn read_target(repo: &Repository, name: &FullName) -> Result<Option<Target>, RefError> {
    let failed = |error: gix::Error| storage(&name.as_bstr().to_str_lossy(), &error);
    unless_packed_meanwhile(repo, || {
        let refs = &repo.gix().refs;
        if let Some(loose) = refs.try_find_loose(name.as_ref()).map_err(failed)? {
            return Ok(Some(loose.target));
        }
        let packed = refs.open_packed_buffer().map_err(failed)?;
        let found = refs.try_find_packed(name.as_ref(), packed.as_ref()).map_err(failed)?;
        Ok(found.map(|reference| reference.target))
    })
}

pub(super) fn unless_packed_meanwhile<T>(
    repo: &Repository,
    mut read: impl FnMut() -> Result<T, RefError>,
) -> Result<T, RefError> {
    let path = repo.gix().refs.packed_refs_path();
    let state = |data: Metadata| (data.ino(), data.size(), data.mtime(), data.mtime_nsec());
    let mut before = path.metadata().ok().map(state);
    loop {
        let answer = read()?;
        let after = path.metadata().ok().map(state);
        if before == after {
            return Ok(answer);
        }
        before = after;
    }
}

pub(super) fn object_at(repo: &Repository, name: &FullName) -> Result<Option<ObjectId>, RefError> {
    match read_target(repo, name)? {
        None => Ok(None),
        Some(Target::Object(id)) => Ok(Some(id)),
        Some(Target::Symbolic(_)) => Err(RefError::Symbolic { name: name.as_bstr().to_str_lossy().into_owned() }),
    }
}
