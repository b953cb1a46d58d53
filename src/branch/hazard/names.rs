//! Which names are one and the same to some file system, and which Windows cannot hold.

use gix::bstr::{BStr, BString, ByteSlice};
use unicode_normalization::UnicodeNormalization;

/// What Windows does not accept in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forbidden {
    /// The name of a device, with or without an extension: `NUL`, `con.txt`.
    Device,
    /// A dot or a space at the end, which is dropped.
    Ending,
    /// A character that no name may hold.
    Character(char),
}

/// How two names are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// They differ only in case: macOS and Windows.
    Case,
    /// The same characters, composed differently: macOS.
    Composition,
    /// They differ only in dots and spaces at the end, which Windows drops.
    Ending,
}

/// What the most careless file system makes of a path: equal for all paths that some disk takes for one.
pub(super) fn folded(path: &BStr) -> BString {
    let names: Vec<Vec<u8>> = path.split_str("/").map(|name| composed(&lower(&composed(ended(name))))).collect();
    names.join(&b'/').into()
}

/// How two different paths that fold to the same are alike.
pub(super) fn likeness(one: &BStr, other: &BStr) -> Likeness {
    if lower(one) == lower(other) {
        Likeness::Case
    } else if composed(&lower(&composed(one))) == composed(&lower(&composed(other))) {
        Likeness::Composition
    } else {
        Likeness::Ending
    }
}

/// Why Windows cannot hold a name (without folders), if it cannot.
pub(super) fn forbidden(name: &BStr) -> Option<Forbidden> {
    let bad = |c: &char| *c < ' ' || "<>:\"|?*\\".contains(*c);
    if let Some(found) = name.chars().find(bad) {
        return Some(Forbidden::Character(found));
    }
    let stem = name.split_str(".").next().unwrap_or_default().trim_end_with(|c| c == ' ');
    let stem = stem.to_str_lossy().to_uppercase();
    let is_numbered = |device: &str| {
        let number = stem.strip_prefix(device).unwrap_or_default();
        matches!(number, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
    };
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || is_numbered("COM")
        || is_numbered("LPT")
    {
        return Some(Forbidden::Device);
    }
    name.ends_with(b".").then_some(Forbidden::Ending).or_else(|| name.ends_with(b" ").then_some(Forbidden::Ending))
}

/// Without the dots and spaces at the end, unless there is nothing else.
fn ended(name: &[u8]) -> &[u8] {
    match name.trim_end_with(|c| matches!(c, '.' | ' ')) {
        b"" => name,
        rest => rest,
    }
}

fn lower(name: &[u8]) -> Vec<u8> {
    text_by_text(name, |text| text.to_lowercase())
}

fn composed(name: &[u8]) -> Vec<u8> {
    text_by_text(name, |text| text.nfd().collect())
}

/// Change what is UTF-8 and keep the bytes between: two names that are not are not the same for that.
fn text_by_text(name: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        out.extend(change(chunk.valid()).into_bytes());
        out.extend(chunk.invalid());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_windows_forbids() {
        let why = |name: &str| forbidden(name.into());
        for name in ["nul", "NUL.txt", "Con", "aux .c", "com1", "LPT9.x.y", "com²"] {
            assert_eq!(why(name), Some(Forbidden::Device), "{name}");
        }
        for name in ["com", "com0", "com10", "console", "null", ".gitignore", "a.nul", "ä"] {
            assert_eq!(why(name), None, "{name}");
        }
        assert_eq!((why("a."), why("a ")), (Some(Forbidden::Ending), Some(Forbidden::Ending)));
        assert_eq!((why("a:b"), why("a\\b")), (Some(Forbidden::Character(':')), Some(Forbidden::Character('\\'))));
        assert_eq!(why("a\nb"), Some(Forbidden::Character('\n')));
    }

    #[test]
    fn names_that_are_one_to_some_disk() {
        let alike = |one: &str, other: &str| {
            (folded(one.into()) == folded(other.into())).then(|| likeness(one.into(), other.into()))
        };
        assert_eq!(alike("Src/A", "src/a"), Some(Likeness::Case));
        assert_eq!(alike("ÄRGER", "ärger"), Some(Likeness::Case));
        assert_eq!(alike("\u{e4}", "a\u{308}"), Some(Likeness::Composition));
        assert_eq!(alike("\u{c4}", "a\u{308}"), Some(Likeness::Composition));
        assert_eq!(alike("a.", "A"), Some(Likeness::Ending));
        assert_eq!(alike("a/b", "a.b"), None);
        assert_ne!(folded(b"\xff".into()), folded(b"\xfe".into()));
    }

    proptest! {
        #[test]
        fn any_bytes_will_do(one in proptest::collection::vec(any::<u8>(), 0..40)) {
            let path = one.as_bstr();
            let once = folded(path);
            likeness(path, once.as_ref());
            forbidden(path);
        }
    }
}
