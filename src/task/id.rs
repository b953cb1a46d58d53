//! Ids of tasks: an issue number or a slug from the user, else five generated letters.

use crate::name::{InvalidName, checked_name};

checked_name! {
    /// What a task is called: `[a-z0-9][a-z0-9._-]{0,63}`.
    TaskId
}

impl TaskId {
    /// The id that a user means: `#16` is `16`, `PROJ-7` is `proj-7`.
    ///
    /// # Errors
    /// The rule of the grammar that is broken.
    pub fn from_user(text: &str) -> Result<Self, InvalidName> {
        let text = text.strip_prefix('#').unwrap_or(text);
        TaskId::try_from(text.to_ascii_lowercase())
    }
}

/// RFC 4648's base-32 alphabet in lower case.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const LENGTH: usize = 5;

/// Five base-32 letters that `taken` does not have. The first is a letter, so that it is never read as an issue number.
pub fn generate_id(rng: &mut fastrand::Rng, mut taken: impl FnMut(&str) -> bool) -> String {
    loop {
        let letter = |rng: &mut fastrand::Rng, from: usize| char::from(LETTERS[rng.usize(..from)]);
        let id: String = (0..LENGTH).map(|place| letter(rng, if place == 0 { 26 } else { 32 })).collect();
        if !taken(&id) {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_write_numbers_and_keys() {
        assert_eq!(TaskId::from_user("#16").unwrap().as_str(), "16");
        assert_eq!(TaskId::from_user("PROJ-7").unwrap().as_str(), "proj-7");
        assert!(TaskId::from_user("##1").is_err());
    }

    #[test]
    fn generated_ids_are_ids_and_avoid_the_taken() {
        let mut rng = fastrand::Rng::with_seed(1);
        let first = generate_id(&mut rng, |_| false);
        assert_eq!(first.len(), 5);
        assert!(TaskId::try_from(first.clone()).is_ok());
        let mut same = fastrand::Rng::with_seed(1);
        assert_ne!(generate_id(&mut same, |id| id == first), first);
    }
}
