//! The files of one commit, as plain data that can be edited at random and written to git.
//!
//! A tree here always can be one in git: no path is both a file and a folder. Folders exist by what is in them.

use std::collections::BTreeMap;

/// What a path holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    /// What it is.
    pub(crate) kind: Kind,
    /// Content of a file, target of a link; of a submodule the byte that its commit's id is made of.
    pub(crate) data: Vec<u8>,
}

/// What kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// An executable one.
    Executable,
    /// A symbolic link.
    Link,
    /// A submodule.
    Submodule,
}

impl Kind {
    /// As git writes it.
    pub(crate) fn mode(self) -> &'static str {
        match self {
            Kind::File => "100644",
            Kind::Executable => "100755",
            Kind::Link => "120000",
            Kind::Submodule => "160000",
        }
    }
}

impl Entry {
    /// A regular file.
    pub(crate) fn file(data: impl Into<Vec<u8>>) -> Self {
        Entry { kind: Kind::File, data: data.into() }
    }

    /// Whether it has content that could be text.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File | Kind::Executable)
    }
}

/// The files of one commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree(pub(crate) BTreeMap<Vec<u8>, Entry>);

impl Tree {
    /// What is at a path.
    pub(crate) fn get(&self, path: &[u8]) -> Option<&Entry> {
        self.0.get(path)
    }

    /// Put something at a path; whatever was in the way is gone: a file above it, a folder at it.
    pub(crate) fn put(&mut self, path: &[u8], entry: Entry) {
        for (at, byte) in path.iter().enumerate() {
            if *byte == b'/' {
                self.0.remove(&path[..at]);
            }
        }
        self.remove(path);
        self.0.insert(path.to_vec(), entry);
    }

    /// Remove a file or a folder.
    pub(crate) fn remove(&mut self, path: &[u8]) {
        self.0.remove(path);
        self.0.retain(|name, _| below(name, path).is_none());
    }

    /// Move a file or a folder; the empty path is the top folder.
    pub(crate) fn rename(&mut self, from: &[u8], to: &[u8]) {
        let moved: Vec<_> = self.0.iter().filter(|(name, _)| at_or_below(name, from)).collect();
        let moved: Vec<_> = moved.into_iter().map(|(name, entry)| (name.clone(), entry.clone())).collect();
        for (name, _) in &moved {
            self.0.remove(name);
        }
        for (name, entry) in moved {
            let rest = if from.is_empty() { Some(name.as_slice()) } else { below(&name, from) };
            match rest {
                Some(rest) if to.is_empty() => self.put(rest, entry),
                Some(rest) => self.put(&[to, b"/", rest].concat(), entry),
                None if to.is_empty() => self.put(&name, entry),
                None => self.put(to, entry),
            }
        }
    }

    /// Every folder, the top one left out.
    pub(crate) fn folders(&self) -> Vec<Vec<u8>> {
        let mut folders: Vec<_> = self
            .0
            .keys()
            .flat_map(|path| path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at]))
            .map(<[u8]>::to_vec)
            .collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// Both sides' changes; where both changed a path, `choose` says whether ours is taken.
    pub(crate) fn merge(base: &Tree, ours: &Tree, theirs: &Tree, mut choose: impl FnMut() -> bool) -> Tree {
        let mut merged = ours.clone();
        let paths = base.0.keys().chain(theirs.0.keys());
        for path in paths {
            let (b, o, t) = (base.get(path), ours.get(path), theirs.get(path));
            if t == o || t == b || (o != b && choose()) {
                continue;
            }
            match t {
                Some(entry) => merged.put(path, entry.clone()),
                None => drop(merged.0.remove(path)),
            }
        }
        merged
    }
}

fn below<'a>(name: &'a [u8], folder: &[u8]) -> Option<&'a [u8]> {
    name.strip_prefix(folder)?.strip_prefix(b"/")
}

fn at_or_below(name: &[u8], path: &[u8]) -> bool {
    path.is_empty() || name == path || below(name, path).is_some()
}
