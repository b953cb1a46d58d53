//! Which lines of a file a side has changed, and whether two sides are apart.
//!
//! git merges a file when a line that neither side has changed lies between any two of their changes. Both sides'
//! changes are found as git finds them; where that cannot be done, there is no answer. The contrary proves nothing:
//! git also merges what both sides changed alike.

use gix::diff::blob::InternedInput;
use gix::diff::blob::sources::byte_lines;

use super::histogram::{Changed, changes};
use crate::branch::regions::is_binary;

/// Files that are larger are git's to merge.
const TOO_LARGE: usize = 4 << 20;

/// What a side has changed in its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edits(Vec<Changed>);

impl Edits {
    /// From the base to the side; `None` when that is not text, or too much of it, or git would do it in another way.
    pub fn new(base: &[u8], side: &[u8]) -> Option<Self> {
        if [base, side].into_iter().any(|bytes| bytes.len() > TOO_LARGE || is_binary(bytes)) {
            return None;
        }
        changes(&InternedInput::new(byte_lines(base), byte_lines(side))).map(Edits)
    }

    /// Whether an unchanged line lies between any change of the one and any of the other.
    pub fn is_apart_from(&self, other: &Edits) -> bool {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(a), Some(b)) = (mine.peek(), theirs.peek()) {
            if a.before.1 < b.before.0 {
                mine.next();
            } else if b.before.1 < a.before.0 {
                theirs.next();
            } else {
                return false;
            }
        }
        true
    }

    /// The base with the changes of both sides, which have to be apart.
    pub fn merged_with(&self, other: &Edits, base: &[u8], side: &[u8], other_side: &[u8]) -> Vec<u8> {
        let (base, side, other_side): (Vec<_>, Vec<_>, Vec<_>) =
            (byte_lines(base).collect(), byte_lines(side).collect(), byte_lines(other_side).collect());
        let mine = self.0.iter().map(|change| (change, &side));
        let mut all: Vec<_> = mine.chain(other.0.iter().map(|change| (change, &other_side))).collect();
        all.sort_by_key(|(change, _)| change.before);
        let mut merged = Vec::new();
        let mut at = 0;
        let range = |(start, end): (u32, u32)| start as usize..end as usize;
        for (change, lines) in all {
            let before = range(change.before);
            base[at..before.start].iter().for_each(|line| merged.extend_from_slice(line));
            lines[range(change.after)].iter().for_each(|line| merged.extend_from_slice(line));
            at = before.end;
        }
        base[at..].iter().for_each(|line| merged.extend_from_slice(line));
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(letters: &str) -> Vec<u8> {
        letters.chars().flat_map(|letter| [letter as u8, b'\n']).collect()
    }

    fn apart(base: &str, a: &str, b: &str) -> bool {
        let edits = |side: &str| Edits::new(&text(base), &text(side)).unwrap();
        let (of_a, of_b) = (edits(a), edits(b));
        assert_eq!(of_a.is_apart_from(&of_b), of_b.is_apart_from(&of_a));
        of_a.is_apart_from(&of_b)
    }

    #[test]
    fn a_line_between_is_enough_and_none_is_not() {
        assert!(apart("abcdef", "aXcdef", "abcYef"));
        assert!(!apart("abcdef", "abXdef", "abcYef"));
        assert!(!apart("abcdef", "abXdef", "abYdef"));
        assert!(apart("abcdef", "1abcdef", "abcdef2"));
        assert!(!apart("", "1", "2"));
        assert!(apart("abc", "abc", "xyz"));
    }

    #[test]
    fn what_is_not_text_is_left_to_git() {
        assert_eq!(Edits::new(b"a\n", b"\0"), None);
        assert_eq!(Edits::new(&vec![b'a'; TOO_LARGE + 1], b"a"), None);
    }

    /// Apart is clean to git's own file merge, with the same result, in files in which nearly every line is repeated.
    #[test]
    fn apart_is_what_git_merges() {
        // A million of them were compared once, with other seeds.
        let rounds = 400;
        let mut random = fastrand::Rng::with_seed(23);
        let dir = tempfile::tempdir().unwrap();
        let mut found = 0;
        for _ in 0..rounds {
            let letters: Vec<char> = "abcdefgh".chars().take(random.usize(2..8)).collect();
            let length = if random.u8(0..8) == 0 { random.usize(100..400) } else { random.usize(4..40) };
            let base: String = (0..length).map(|_| random.choice(&letters).unwrap()).collect();
            let mut side = || {
                let mut side: Vec<char> = base.chars().collect();
                for _ in 0..random.usize(1..4) {
                    let at = random.usize(0..=side.len());
                    let end = (at + random.usize(0..4)).min(side.len());
                    let new: Vec<_> = (0..random.usize(0..4)).map(|_| *random.choice(&letters).unwrap()).collect();
                    side.splice(at..end, new);
                }
                side.into_iter().collect::<String>()
            };
            let (a, b) = (side(), side());
            // Where git would use another algorithm there is no answer.
            let is_known = [&a, &b].iter().all(|side| Edits::new(&text(&base), &text(side)).is_some());
            if !is_known || !apart(&base, &a, &b) {
                continue;
            }
            for (name, letters) in [("base", &base), ("a", &a), ("b", &b)] {
                std::fs::write(dir.path().join(name), text(letters)).unwrap();
            }
            let merged = crate::git::Git::at(dir.path());
            let merged = merged.args(["merge-file", "-p", "--diff-algorithm=histogram", "a", "base", "b"]);
            let merged = merged.run().unwrap();
            assert_eq!(merged.status.code(), Some(0), "{base} {a} {b}");
            let [base, a, b] = [&base, &a, &b].map(|letters| text(letters));
            let [of_a, of_b] = [&a, &b].map(|side| Edits::new(&base, side).unwrap());
            assert!(of_a.merged_with(&of_b, &base, &a, &b) == merged.stdout, "{base:?} {a:?} {b:?}");
            found += 1;
        }
        assert!(found > rounds / 20, "{found} of {rounds}");
    }
}
