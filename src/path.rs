//! Paths that people, agents and other clones write down: relative to the top of the repository, and never out of it.
//!
//! What passes here can be joined to a folder, handed to git behind `--` and shown, on every system, without meaning
//! something else than the file that it names.

use crate::text::is_hidden;

/// Why a path was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// Nothing was given.
    #[error("it is empty")]
    Empty,
    /// More bytes than the most.
    #[error("it has {length} bytes, {most} are the most")]
    TooLong {
        /// How many there are.
        length: usize,
        /// How many may be.
        most: usize,
    },
    /// It begins at the root, at a drive (`C:`) or at a server (`\\x`).
    #[error("it is absolute")]
    Absolute,
    /// It begins with `-`.
    #[error("it looks like an option")]
    Option,
    /// It has a part `..`.
    #[error("it leads out of the repository")]
    Leaves,
    /// It has a part that some system takes for `.git`.
    #[error("it leads into .git")]
    GitFolder,
    /// A control character, or one that reorders what is around it.
    #[error("it holds {found:?}")]
    Hidden {
        /// The first such character.
        found: char,
    },
}

/// The longest path that is taken, in bytes: what systems take, and quoted.
pub const LONGEST_PATH: usize = 16 * 1024;

/// Check a path or glob that somebody wrote down.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_path(path: &str) -> Result<(), InvalidPath> {
    if path.is_empty() {
        return Err(InvalidPath::Empty);
    }
    if path.len() > LONGEST_PATH {
        return Err(InvalidPath::TooLong { length: path.len(), most: LONGEST_PATH });
    }
    if let Some(found) = path.chars().find(|&c| is_hidden(c)) {
        return Err(InvalidPath::Hidden { found });
    }
    let bytes = path.as_bytes();
    let is_drive = bytes[0].is_ascii_alphabetic() && bytes.get(1) == Some(&b':');
    if path.starts_with(['/', '\\']) || is_drive {
        return Err(InvalidPath::Absolute);
    }
    if path.starts_with('-') {
        return Err(InvalidPath::Option);
    }
    // Windows takes both, and we do not know where the path will be used.
    let mut parts = path.split(['/', '\\']);
    if parts.clone().any(|part| part == "..") {
        return Err(InvalidPath::Leaves);
    }
    if parts.any(is_git_folder) { Err(InvalidPath::GitFolder) } else { Ok(()) }
}

/// A file's name as it can be written down: as it is when it passes [`check_path`], else quoted like git does it.
pub fn recorded(path: &str) -> String {
    if check_path(path).is_ok() {
        return path.to_owned();
    }
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\\');
    let quoted = |plain: &dyn Fn(u8) -> bool| {
        let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("\\{byte:03o}") };
        format!("\"{}\"", path.bytes().map(escape).collect::<String>())
    };
    let usual = quoted(&plain);
    // Beside a backslash the dots of `..\x` and `.git\x`, which are plain names to git, would be parts.
    if check_path(&usual).is_ok() { usual } else { quoted(&|byte| plain(byte) && !matches!(byte, b'.' | b'~')) }
}

/// Whether some file system takes the part for `.git`: without regard to case, with dots, spaces or a stream at its end
/// and by its short name (Windows), with characters in it that are passed over (macOS).
fn is_git_folder(part: &str) -> bool {
    let is_passed_over = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let seen: String = part.chars().filter(|c| !is_passed_over(c)).collect();
    let name = seen.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case("git~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_names_itself() {
        for good in ["src/**/*.rs", "a b/ä", ".gitignore", "git", "a/-x", "x..y", "ab:c/d", "[ab]/?.rs"] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        let cases = [
            ("", InvalidPath::Empty),
            ("/etc/passwd", InvalidPath::Absolute),
            ("C:\\Windows", InvalidPath::Absolute),
            ("c:x", InvalidPath::Absolute),
            ("\\\\server\\share", InvalidPath::Absolute),
            ("-rf", InvalidPath::Option),
            ("..", InvalidPath::Leaves),
            ("a/../../b", InvalidPath::Leaves),
            ("a\\..\\b", InvalidPath::Leaves),
            (".git/hooks/pre-commit", InvalidPath::GitFolder),
            ("sub/.GIT/config", InvalidPath::GitFolder),
            ("GIT~1/config", InvalidPath::GitFolder),
            (".git. /config", InvalidPath::GitFolder),
            (".git::$INDEX_ALLOCATION/x", InvalidPath::GitFolder),
            (".g\u{200c}it/x", InvalidPath::GitFolder),
            ("a\0b", InvalidPath::Hidden { found: '\0' }),
            ("a\u{1b}[2J", InvalidPath::Hidden { found: '\u{1b}' }),
            ("a\u{202e}b", InvalidPath::Hidden { found: '\u{202e}' }),
        ];
        for (path, reason) in cases {
            assert_eq!(check_path(path), Err(reason), "{path:?}");
        }
        let length = LONGEST_PATH + 1;
        assert_eq!(check_path(&"x".repeat(length)), Err(InvalidPath::TooLong { length, most: LONGEST_PATH }));
    }

    #[test]
    fn names_that_another_system_takes_for_something_else_are_quoted() {
        for (name, written) in [
            ("src/a.rs", "src/a.rs"),
            ("a\tb.rs", "\"a\\011b.rs\""),
            ("a/..\\x", "\"a/\\056\\056\\134x\""),
            ("a/.git\\x.c", "\"a/\\056git\\134x\\056c\""),
            ("a/git~1\\x", "\"a/git\\1761\\134x\""),
        ] {
            assert_eq!(recorded(name), written);
            assert_eq!(check_path(written), Ok(()), "{written}");
        }
    }

    proptest::proptest! {
        /// Whatever a file is called, it can be written down, and two do not look alike.
        #[test]
        fn every_file_name_can_be_written_down(a in "[-a./\\\\\"\\x00-\\x1f\u{202e}~]{1,12}", b in "[-a./\\\\\"\\x00-\\x1f\u{202e}~]{1,12}") {
            let written = recorded(&a);
            let quotes_itself = |text: &str| text.starts_with('"') && text.ends_with('"');
            proptest::prop_assert_eq!(check_path(&written), Ok(()), "{:?}", a);
            if a != b && !quotes_itself(&a) && !quotes_itself(&b) {
                proptest::prop_assert_ne!(written, recorded(&b));
            }
        }
    }
}
