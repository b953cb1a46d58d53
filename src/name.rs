//! The grammar that names of agents and ids of tasks share, and text that people wrote.
//!
//! A name becomes a file in the state's tree, a folder on disk and a part of a ref, on every system: so lower-case
//! ASCII, nothing that a shell, an option parser or a case-insensitive disk could take for something else.

/// Why a name or an id was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing was given.
    #[error("it is empty")]
    Empty,
    /// Longer than 64 characters.
    #[error("it has {length} characters, 64 are the most")]
    TooLong {
        /// How many there are.
        length: usize,
    },
    /// It begins with something else than a letter or a digit.
    #[error("it must begin with a lower-case letter or a digit, not {found:?}")]
    Start {
        /// The first character.
        found: char,
    },
    /// It contains something else than `a-z 0-9 . _ -`.
    #[error("{found:?} is not among a-z, 0-9, '.', '_' and '-'")]
    Character {
        /// The first such character.
        found: char,
    },
    /// git takes no such part of a ref.
    #[error("git refuses a ref part with '..', or one that ends with '.' or '.lock'")]
    NotARefPart,
}

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 64;

/// Check `text` against the grammar `[a-z0-9][a-z0-9._-]{0,63}` and what git refuses in a ref.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_name(text: &str) -> Result<(), InvalidName> {
    let first = text.chars().next().ok_or(InvalidName::Empty)?;
    let length = text.chars().count();
    if length > LONGEST_NAME {
        return Err(InvalidName::TooLong { length });
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if let Some(found) = text.chars().find(|&c| !plain(c) && !matches!(c, '.' | '_' | '-')) {
        return Err(InvalidName::Character { found });
    }
    if !plain(first) {
        return Err(InvalidName::Start { found: first });
    }
    if text.contains("..") || text.ends_with('.') || text.ends_with(".lock") {
        return Err(InvalidName::NotARefPart);
    }
    Ok(())
}

/// A checked name as a type of its own: parsing, printing and (de)serialising all go through [`check_name`].
macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = $crate::name::InvalidName;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                $crate::name::check_name(&text)?;
                Ok(Self(text))
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::name::InvalidName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.to_owned())
            }
        }
    };
}
pub(crate) use checked_name;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass() {
        for name in ["a", "0", "agent-1", "fix_login.2", "16", &"x".repeat(64)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn each_rule_names_itself() {
        assert_eq!(check_name(""), Err(InvalidName::Empty));
        assert_eq!(check_name(&"x".repeat(65)), Err(InvalidName::TooLong { length: 65 }));
        assert_eq!(check_name("-x"), Err(InvalidName::Start { found: '-' }));
        assert_eq!(check_name("../x"), Err(InvalidName::Character { found: '/' }));
        assert_eq!(check_name("a b"), Err(InvalidName::Character { found: ' ' }));
        assert_eq!(check_name("🦀"), Err(InvalidName::Character { found: '🦀' }));
        assert_eq!(check_name("A"), Err(InvalidName::Character { found: 'A' }));
        for name in ["a..b", "a.", "a.lock"] {
            assert_eq!(check_name(name), Err(InvalidName::NotARefPart), "{name}");
        }
    }

    proptest::proptest! {
        /// Whatever passes is a ref part, a file name and no option on every system.
        #[test]
        fn what_passes_is_harmless(text in "\\PC{0,70}|[a-z0-9._-]{1,66}") {
            if check_name(&text).is_ok() {
                proptest::prop_assert!(text.is_ascii() && !text.starts_with(['-', '.']) && !text.contains(['/', '\\', ' ']));
                proptest::prop_assert!(text.len() <= LONGEST_NAME && !text.is_empty());
            }
        }
    }
}
