//! Random changes of a tree: to the lines of files, to names, kinds, folders and attributes.

use fastrand::Rng;

use super::lines::{edited, text};
use super::tree::{Entry, Kind, Tree};

/// Folders that things are in and move to; some hold each other.
const FOLDERS: [&[u8]; 7] = [b"", b"d/", b"d/e/", b"d/e/f/", b"g/", b"h h/", b"\xff\t/"];

/// Names, the same in every folder so that moves collide.
const NAMES: [&[u8]; 9] = [b"f", b"g", b"a b", b"q\"q", b"new\nline", b"\xc3\xa4", b"\xff\xfe", b"d", b"u.txt"];

/// Lines of `.gitattributes`.
const ATTRIBUTES: [&str; 12] = [
    "* merge=union\n",
    "f merge=union\n",
    "f binary\n",
    "* -text\n",
    "* text eol=crlf\n",
    "g merge=ours-always\n",
    "* merge=ours-always\n",
    "* merge=picky\n",
    "f -merge\n",
    "* merge\n",
    "/d/** merge=union\n",
    "[attr]own merge=union\n* own\n",
];

/// A tree to begin with.
pub(crate) fn first_tree(random: &mut Rng) -> Tree {
    let mut tree = Tree::default();
    for _ in 0..random.usize(4..14) {
        let path = any_path(random);
        let entry = any_entry(random);
        tree.put(&path, entry);
    }
    tree.put(b"hot", Entry::file(text(random)));
    tree.put(b"d/hot", Entry::file(text(random)));
    if random.u8(0..6) == 0 {
        set_attributes(random, &mut tree);
    }
    tree
}

/// What a branch of some temperament does to a tree.
pub(crate) fn change(random: &mut Rng, tree: &mut Tree, others: &[&Tree], wild: bool) {
    if !wild || random.bool() {
        edit_some_file(random, tree);
        return;
    }
    match random.u8(0..22) {
        0..4 => move_file(random, tree),
        4..7 => move_folder(random, tree),
        7..9 => delete(random, tree),
        9..13 => {
            let path = any_path(random);
            let entry = any_entry(random);
            tree.put(&path, entry);
        }
        13 => change_kind(random, tree),
        14 => set_attributes(random, tree),
        15 | 16 => take_from_another(random, tree, others),
        17 => {
            // A copy, which may pair up with the wrong source when that is deleted later.
            if let Some((_, entry)) = any_file(random, tree) {
                let path = any_path(random);
                tree.put(&path, entry);
            }
        }
        18 => file_and_folder(random, tree),
        19 => drop(submodule(random, tree)),
        20 => split_folder(random, tree),
        _ => two_to_one(random, tree),
    }
}

fn edit_some_file(random: &mut Rng, tree: &mut Tree) {
    if let Some((path, entry)) = any_file(random, tree) {
        let data = edited(random, &entry.data);
        tree.put(&path, Entry { kind: entry.kind, data });
    }
}

fn move_file(random: &mut Rng, tree: &mut Tree) {
    let Some((path, entry)) = any_file(random, tree) else { return };
    let to = any_path(random);
    tree.rename(&path, &to);
    // Changed on the way, sometimes beyond recognition.
    for _ in 0..random.usize(0..3) {
        if let Some(entry) = tree.get(&to).cloned().filter(|now| now.kind == entry.kind) {
            let data = edited(random, &entry.data);
            tree.put(&to, Entry { kind: entry.kind, data });
        }
    }
}

fn move_folder(random: &mut Rng, tree: &mut Tree) {
    let folders = tree.folders();
    let Some(from) = random.choice(&folders) else { return };
    let to: &[u8] = random.choice([b"moved".as_slice(), b"d", b"g", b"d/e", b"d/e/moved", b"moved/deep", b""]).unwrap();
    // Once in a while it is everything that moves into a folder.
    let from: &[u8] = if random.u8(0..8) == 0 { b"" } else { from };
    if !(from.is_empty() && to.is_empty()) {
        tree.rename(from, to);
    }
}

fn delete(random: &mut Rng, tree: &mut Tree) {
    let folders = tree.folders();
    if random.u8(0..4) == 0 {
        if let Some(folder) = random.choice(&folders) {
            tree.remove(folder);
        }
    } else if let Some((path, _)) = any(random, tree, |_| true) {
        tree.remove(&path);
    }
}

fn change_kind(random: &mut Rng, tree: &mut Tree) {
    let Some((path, mut entry)) = any(random, tree, |entry| entry.kind != Kind::Submodule) else { return };
    entry.kind = match (entry.kind, random.u8(0..4)) {
        (_, 0) => Kind::Link,
        (Kind::File, _) => Kind::Executable,
        _ => Kind::File,
    };
    if entry.kind == Kind::Link && (entry.data.is_empty() || random.bool()) {
        entry.data = random.choice(["f", "g", "d/f"]).unwrap().into();
    }
    tree.put(&path, entry);
}

fn set_attributes(random: &mut Rng, tree: &mut Tree) {
    let folder = if random.bool() { b"".as_slice() } else { random.choice(FOLDERS).unwrap() };
    let text: String = (0..random.usize(0..3)).map(|_| *random.choice(&ATTRIBUTES).unwrap()).collect();
    tree.put(&[folder, b".gitattributes"].concat(), Entry::file(text));
}

/// The same thing that somebody else did, or something else of the same name.
fn take_from_another(random: &mut Rng, tree: &mut Tree, others: &[&Tree]) {
    let Some(other) = random.choice(others) else { return };
    for _ in 0..random.usize(1..4) {
        if let Some((path, entry)) = any(random, other, |_| true) {
            tree.put(&path, entry);
        }
    }
}

fn file_and_folder(random: &mut Rng, tree: &mut Tree) {
    let folders = tree.folders();
    match random.choice(&folders) {
        Some(folder) if random.bool() => tree.put(folder, Entry::file(text(random))),
        _ => {
            if let Some((path, entry)) = any_file(random, tree) {
                tree.put(&[&path, b"/".as_slice(), b"f"].concat(), entry);
            }
        }
    }
}

fn submodule(random: &mut Rng, tree: &mut Tree) -> Option<()> {
    let known = any(random, tree, |entry| entry.kind == Kind::Submodule);
    let path = if random.bool() { known?.0 } else { any_path(random) };
    tree.put(&path, Entry { kind: Kind::Submodule, data: vec![random.u8(0x11..0x15)] });
    Some(())
}

/// What was in one folder goes to two, so that it is not clear where it went.
fn split_folder(random: &mut Rng, tree: &mut Tree) {
    let folders = tree.folders();
    let Some(folder) = random.choice(&folders) else { return };
    let inside: Vec<_> =
        tree.0.keys().filter(|path| path.starts_with(&[folder, b"/".as_slice()].concat())).cloned().collect();
    for path in inside {
        let name = &path[folder.len() + 1..];
        let to: &[u8] = if random.bool() { b"one/" } else { b"two/" };
        tree.rename(&path, &[to, name].concat());
    }
}

fn two_to_one(random: &mut Rng, tree: &mut Tree) {
    let to = any_path(random);
    for _ in 0..2 {
        if let Some((path, _)) = any_file(random, tree) {
            tree.rename(&path, &to);
        }
    }
}

fn any_path(random: &mut Rng) -> Vec<u8> {
    [*random.choice(&FOLDERS).unwrap(), *random.choice(&NAMES).unwrap()].concat()
}

fn any_entry(random: &mut Rng) -> Entry {
    match random.u8(0..24) {
        0 => Entry { kind: Kind::Link, data: random.choice(["f", "g", "nowhere"]).unwrap().into() },
        1 => Entry { kind: Kind::Submodule, data: vec![random.u8(0x11..0x15)] },
        2 => Entry::file([b"\0bin\n".as_slice(), &text(random)].concat()),
        3 => Entry { kind: Kind::Executable, data: text(random) },
        _ => Entry::file(text(random)),
    }
}

/// A file; the hot ones more often than not, so that branches meet.
fn any_file(random: &mut Rng, tree: &Tree) -> Option<(Vec<u8>, Entry)> {
    let hot: &[u8] = if random.bool() { b"hot" } else { b"d/hot" };
    match tree.get(hot) {
        Some(entry) if entry.is_file() && random.bool() => Some((hot.to_vec(), entry.clone())),
        _ => any(random, tree, Entry::is_file),
    }
}

fn any(random: &mut Rng, tree: &Tree, wanted: impl Fn(&Entry) -> bool) -> Option<(Vec<u8>, Entry)> {
    let all: Vec<_> = tree.0.iter().filter(|(_, entry)| wanted(entry)).collect();
    random.choice(all).map(|(path, entry)| (path.clone(), entry.clone()))
}
