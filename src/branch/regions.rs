//! Where in a file two sides collide, as line ranges.
//!
//! The lines that each side changed since the base are compared: changes that overlap or touch form one region, unless
//! both sides made the same change. This explains git's verdict to a person, it never makes one.

use gix::diff::blob::sources::byte_lines;
use gix::diff::blob::{Algorithm, Diff, Hunk, InternedInput};

/// Some lines of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lines {
    /// The first one, counted from 1. With no lines, the one before which they would be.
    pub start: u32,
    /// How many.
    pub lines: u32,
}

/// One place where two sides collide, as each of them sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// In the first side's file.
    pub a: Lines,
    /// In the second side's file.
    pub b: Lines,
    /// In what they have in common.
    pub base: Lines,
}

/// Where the changes `base` → `a` and `base` → `b` collide. Nothing for files that are not text.
pub fn regions(base: &[u8], a: &[u8], b: &[u8]) -> Vec<Region> {
    if [base, a, b].into_iter().any(is_binary) {
        return Vec::new();
    }
    let (of_a, of_b) = (hunks(base, a), hunks(base, b));
    let (lines_a, lines_b): (Vec<_>, Vec<_>) = (byte_lines(a).collect(), byte_lines(b).collect());
    let mut found = Vec::new();
    let (mut next_a, mut next_b) = (0, 0);
    while next_a < of_a.len() && next_b < of_b.len() {
        let (first_a, first_b) = (next_a, next_b);
        let mut end = of_a[next_a].before.start.min(of_b[next_b].before.start);
        let start = end;
        // Take up what overlaps or touches until nothing more does.
        loop {
            let before = (next_a, next_b);
            absorb(&of_a, &mut next_a, &mut end);
            absorb(&of_b, &mut next_b, &mut end);
            if before == (next_a, next_b) {
                break;
            }
        }
        if next_a == first_a || next_b == first_b {
            continue;
        }
        let side_a = side(&of_a, first_a..next_a, start, end);
        let side_b = side(&of_b, first_b..next_b, start, end);
        if lines_a.get(range(side_a)) != lines_b.get(range(side_b)) {
            found.push(Region { a: side_a, b: side_b, base: lines(start, end) });
        }
    }
    found
}

/// The same lines in another version of the file, as near as a diff can tell.
pub fn moved(from: &[u8], to: &[u8], place: Lines) -> Lines {
    if from == to || is_binary(from) || is_binary(to) {
        return place;
    }
    let hunks = hunks(from, to);
    let (start, end) = (place.start - 1, place.start - 1 + place.lines);
    // A line that was itself changed: where its hunk starts, or ends when it is the end that is asked for.
    let map = |line: u32, is_end: bool| {
        let mut mapped = line;
        for hunk in hunks.iter().take_while(|hunk| hunk.before.start < line || (!is_end && hunk.before.end <= line)) {
            let inside = line < hunk.before.end;
            mapped = match (inside, is_end) {
                (true, false) => hunk.after.start,
                (true, true) => hunk.after.end,
                (false, _) => hunk.after.end + (line - hunk.before.end),
            };
        }
        mapped
    };
    let start = map(start, false);
    lines(start, map(end, true).max(start))
}

/// As git decides it: a NUL among the first 8000 bytes.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8000).any(|byte| *byte == 0)
}

pub(super) fn hunks(before: &[u8], after: &[u8]) -> Vec<Hunk> {
    let input = InternedInput::new(byte_lines(before), byte_lines(after));
    // What git's merge uses.
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    diff.hunks().collect()
}

/// Extend a region that ends at `end` by the hunks that begin within it or right behind it.
fn absorb(hunks: &[Hunk], next: &mut usize, end: &mut u32) {
    while let Some(hunk) = hunks.get(*next)
        && hunk.before.start <= *end
    {
        *end = (*end).max(hunk.before.end);
        *next += 1;
    }
}

/// The lines of a side that stand for the base's `start..end`, given which of its hunks lie in there.
fn side(hunks: &[Hunk], inside: std::ops::Range<usize>, start: u32, end: u32) -> Lines {
    let (first, last) = (&hunks[inside.start], &hunks[inside.end - 1]);
    lines(first.after.start - (first.before.start - start), last.after.end + (end - last.before.end))
}

fn lines(start: u32, end: u32) -> Lines {
    Lines { start: start + 1, lines: end - start }
}

fn range(lines: Lines) -> std::ops::Range<usize> {
    let start = lines.start as usize - 1;
    start..start + lines.lines as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(letters: &str) -> Vec<u8> {
        letters.chars().flat_map(|letter| [letter as u8, b'\n']).collect()
    }

    /// Regions as `(a, b, base)`, one letter a line.
    fn found(base: &str, a: &str, b: &str) -> Vec<[(u32, u32); 3]> {
        let all = regions(&text(base), &text(a), &text(b));
        all.iter().map(|found| [found.a, found.b, found.base].map(|lines| (lines.start, lines.lines))).collect()
    }

    #[test]
    fn the_same_lines() {
        assert_eq!(found("abcdef", "abXdef", "abYdef"), [[(3, 1), (3, 1), (3, 1)]]);
        assert_eq!(found("abcdef", "abXXdef", "abdef"), [[(3, 2), (3, 0), (3, 1)]]);
    }

    #[test]
    fn lines_that_touch_collide_and_lines_apart_do_not() {
        assert_eq!(found("abcdef", "abXdef", "abcYef"), [[(3, 2), (3, 2), (3, 2)]]);
        assert!(found("abcdef", "aXcdef", "abcYef").is_empty());
    }

    #[test]
    fn additions_at_one_place() {
        assert_eq!(found("abc", "aXbc", "aYYbc"), [[(2, 1), (2, 2), (2, 0)]]);
        assert_eq!(found("", "X", "YZ"), [[(1, 1), (1, 2), (1, 0)]]);
    }

    #[test]
    fn the_same_change_on_both_sides_is_none() {
        assert_eq!(found("abcdefgh", "aXcdefZh", "aXcdefYh"), [[(7, 1), (7, 1), (7, 1)]]);
        assert!(found("abc", "aXc", "aXc").is_empty());
    }

    #[test]
    fn offsets_of_earlier_hunks_count() {
        assert_eq!(found("abcdef", "11abcXef", "abcYef"), [[(6, 1), (4, 1), (4, 1)]]);
    }

    #[test]
    fn binary_files_have_no_lines() {
        assert_eq!(regions(b"\0", b"\0a", b"\0b"), []);
    }

    #[test]
    fn lines_move_with_what_is_above_them() {
        let place = |start, lines| Lines { start, lines };
        assert_eq!(moved(&text("abcd"), &text("12abcd"), place(3, 1)), place(5, 1));
        assert_eq!(moved(&text("12abcd"), &text("abcd"), place(5, 2)), place(3, 2));
        assert_eq!(moved(&text("abcd"), &text("abcd"), place(2, 1)), place(2, 1));
        assert_eq!(moved(&text("abcd"), &text("aXYd"), place(2, 2)), place(2, 2));
        assert_eq!(moved(&text("abcd"), &text("ad"), place(2, 2)), place(2, 0));
        assert_eq!(moved(&text("abcd"), &text("abcd12"), place(4, 0)), place(4, 0));
    }

    /// A region for every conflict that git's own file merge shows, for many small random files.
    #[test]
    fn something_is_found_wherever_git_finds_something() {
        let mut random = fastrand::Rng::with_seed(11);
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..150 {
            // Lines that repeat are matched up by rules of taste, in which git and this program may differ.
            let base: String = ('a'..='l').collect();
            let mut change = || {
                let mut letters: Vec<char> = base.chars().collect();
                for _ in 0..random.usize(1..3) {
                    let at = random.usize(0..letters.len());
                    match random.u8(0..3) {
                        0 => drop(letters.remove(at)),
                        1 => letters.insert(at, 'X'),
                        _ => letters[at] = random.choice(['Y', 'Z']).unwrap(),
                    }
                }
                letters.into_iter().collect::<String>()
            };
            let (a, b) = (change(), change());
            for (name, letters) in [("base", &base), ("a", &a), ("b", &b)] {
                std::fs::write(dir.path().join(name), text(letters)).unwrap();
            }
            let merged = crate::git::Git::at(dir.path()).args([
                "merge-file",
                "-p",
                "--diff-algorithm=histogram",
                "a",
                "base",
                "b",
            ]);
            let conflicts = merged.run().unwrap().status.code().unwrap();
            assert_eq!(found(&base, &a, &b).is_empty(), conflicts == 0, "{base} {a} {b}");
        }
    }
}
