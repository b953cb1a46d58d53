//! Objects that are kept in memory until git has to see them, and the pack in which it gets many at once.

use std::cell::RefCell;
use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::{CommitRefIter, Data, Exists as _, Find, FindHeader, Header, Kind, TreeRefIter, Write as _};

/// What a scratch writes, in front of what its folder and the repository have.
pub struct Objects {
    files: gix::odb::Handle,
    memory: Option<RefCell<HashMap<ObjectId, Kept>>>,
}

struct Kept {
    kind: Kind,
    bytes: Vec<u8>,
    /// Whether git can see it too.
    is_handed_over: bool,
}

/// So many objects are written one by one; more go into a pack, which takes a process to index.
const FEW: usize = 12;

impl Objects {
    /// Every object becomes a file at once.
    pub(super) fn in_files(files: gix::odb::Handle) -> Self {
        Objects { files, memory: None }
    }

    /// Objects stay in memory.
    pub(super) fn in_memory(files: gix::odb::Handle) -> Self {
        Objects { files, memory: Some(RefCell::default()) }
    }

    pub(super) fn write(&self, kind: Kind, bytes: &[u8]) -> Result<ObjectId, String> {
        let Some(memory) = &self.memory else {
            return self.files.write_buf(kind, bytes).map_err(|error| error.to_string());
        };
        let hash = self.files.store_ref().object_hash();
        let id = gix::objs::compute_hash(hash, kind, bytes).map_err(|error| error.to_string())?;
        let kept = || Kept { kind, bytes: bytes.to_vec(), is_handed_over: false };
        memory.borrow_mut().entry(id).or_insert_with(kept);
        Ok(id)
    }

    pub(super) fn has(&self, id: ObjectId) -> bool {
        let is_kept = |memory: &RefCell<HashMap<ObjectId, Kept>>| memory.borrow().contains_key(&id);
        self.memory.as_ref().is_some_and(is_kept) || self.files.exists(&id)
    }

    /// Write what `roots` reach to files; `index` takes a whole pack.
    pub(super) fn hand_over(
        &self,
        roots: impl IntoIterator<Item = ObjectId>,
        index: impl FnOnce(Vec<u8>) -> Result<(), String>,
    ) -> Result<(), String> {
        let Some(memory) = &self.memory else { return Ok(()) };
        let mut memory = memory.borrow_mut();
        let mut todo: Vec<_> = roots.into_iter().collect();
        let mut due = Vec::new();
        while let Some(id) = todo.pop() {
            if let Some(kept) = memory.get_mut(&id).filter(|kept| !kept.is_handed_over) {
                kept.is_handed_over = true;
                todo.extend(below(id.kind(), kept));
                due.push(id);
            }
        }
        let due: Vec<_> = due.iter().map(|id| &memory[id]).collect();
        if due.len() <= FEW {
            let write = |kept: &&Kept| self.files.write_buf(kept.kind, &kept.bytes).map(drop);
            return due.iter().try_for_each(write).map_err(|error| error.to_string());
        }
        index(pack(self.files.store_ref().object_hash(), &due)?)
    }
}

impl Find for Objects {
    fn try_find<'a>(&self, id: &gix::oid, buffer: &'a mut Vec<u8>) -> Result<Option<Data<'a>>, gix::Error> {
        if let Some(memory) = &self.memory
            && let Some(kept) = memory.borrow().get(id)
        {
            buffer.clear();
            buffer.extend_from_slice(&kept.bytes);
            return Ok(Some(Data { kind: kept.kind, object_hash: id.kind(), data: buffer }));
        }
        self.files.try_find(id, buffer)
    }
}

impl FindHeader for Objects {
    fn try_header(&self, id: &gix::oid) -> Result<Option<Header>, gix::Error> {
        if let Some(memory) = &self.memory
            && let Some(kept) = memory.borrow().get(id)
        {
            return Ok(Some(Header { kind: kept.kind, size: kept.bytes.len() as u64 }));
        }
        FindHeader::try_header(&self.files, id)
    }
}

/// What an object refers to.
fn below(hash: gix::hash::Kind, kept: &Kept) -> Vec<ObjectId> {
    match kept.kind {
        Kind::Tree => TreeRefIter::from_bytes(&kept.bytes, hash)
            .filter_map(Result::ok)
            .map(|entry| entry.oid.to_owned())
            .collect(),
        Kind::Commit => {
            let mut commit = CommitRefIter::from_bytes(&kept.bytes, hash);
            let tree = commit.tree_id().ok();
            tree.into_iter().chain(CommitRefIter::from_bytes(&kept.bytes, hash).parent_ids()).collect()
        }
        Kind::Blob | Kind::Tag => Vec::new(),
    }
}

/// A pack of whole objects, as `gitformat-pack` describes it, without compression: it lives for a moment.
fn pack(hash: gix::hash::Kind, objects: &[&Kept]) -> Result<Vec<u8>, String> {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    let count = u32::try_from(objects.len()).map_err(|error| error.to_string())?;
    pack.extend(count.to_be_bytes());
    for object in objects {
        let kind = match object.kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4,
        };
        let mut size = object.bytes.len();
        let mut byte = (kind << 4) | (size & 15) as u8;
        size >>= 4;
        while size > 0 {
            pack.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        pack.push(byte);
        deflate(&mut pack, &object.bytes);
    }
    let mut hasher = gix::hash::hasher(hash);
    hasher.update(&pack);
    let end = hasher.try_finalize().map_err(|error| error.to_string())?;
    pack.extend_from_slice(end.as_slice());
    Ok(pack)
}

/// Append `bytes` as a zlib stream of stored blocks (RFC 1950 and 1951).
fn deflate(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend([0x78, 0x01]);
    let mut blocks = bytes.chunks(0xffff).peekable();
    if blocks.peek().is_none() {
        to.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        to.push(u8::from(blocks.peek().is_none()));
        to.extend(length.to_le_bytes());
        to.extend((!length).to_le_bytes());
        to.extend_from_slice(block);
    }
    let (mut low, mut high) = (1u32, 0u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65521;
        high = (high + low) % 65521;
    }
    to.extend(((high << 16) | low).to_be_bytes());
}
