//! What files of trees hold, each read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::objs::{FindHeader, Kind};

use super::regions::is_binary;
use crate::git::merge_tree::Stage;
use crate::git::scratch::Scratch;

/// Larger files are not looked into.
pub(super) const TOO_LARGE: u64 = 4 << 20;

/// The files that were read so far. What cannot be read (a partial clone lacks it, say) is as if it were not text:
/// nothing that rests on this is a verdict.
pub(super) struct Blobs<'s> {
    scratch: &'s Scratch,
    known: RefCell<HashMap<ObjectId, Option<Rc<[u8]>>>>,
}

impl<'s> Blobs<'s> {
    pub(super) fn new(scratch: &'s Scratch) -> Self {
        Blobs { scratch, known: RefCell::default() }
    }

    /// How many bytes it has.
    pub(super) fn size(&self, id: ObjectId) -> Option<u64> {
        if let Some(known) = self.known.borrow().get(&id) {
            return known.as_ref().map(|bytes| bytes.len() as u64);
        }
        self.scratch.objects().try_header(&id).ok().flatten().filter(|header| header.kind == Kind::Blob).map(|h| h.size)
    }

    /// All of its bytes.
    pub(super) fn bytes(&self, id: ObjectId) -> Option<Rc<[u8]>> {
        let mut known = self.known.borrow_mut();
        let read =
            || self.scratch.find(id).ok().filter(|found| found.kind == Kind::Blob).map(|found| found.data.into());
        known.entry(id).or_insert_with(read).clone()
    }

    /// Its bytes, if it is a file of text that is not too large.
    pub(super) fn text(&self, stage: Stage) -> Option<Rc<[u8]>> {
        let is_file = matches!(stage.mode.kind(), EntryKind::Blob | EntryKind::BlobExecutable);
        if !is_file || self.size(stage.id)? > TOO_LARGE {
            return None;
        }
        self.bytes(stage.id).filter(|bytes| !is_binary(bytes))
    }
}
