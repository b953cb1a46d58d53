//! What git's merge takes for the changes of a file: the histogram algorithm and its sliding of groups, to the line.
//!
//! Whether two changes of a file are apart depends on how its lines are matched up, and where lines are repeated two
//! good algorithms match them up differently. So the verdict needs git's own way: the histogram algorithm as Shawn
//! Pearce made it for JGit and git follows it (`xhistogram.c`), and the way in which git slides groups of changed
//! lines afterwards (`xdl_change_compact`, without the indent heuristic, which merges do not use). Where git falls back
//! to another algorithm, because every common line is repeated too often, there is no answer.

use gix::diff::blob::{InternedInput, Token};

/// Lines that are repeated more often do not count as common ones.
const MOST_REPEATED: u32 = 64;

/// A run of changed lines: `before` in the base and `after` in the side, each `(first, behind the last)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// In the base.
    pub before: (u32, u32),
    /// In the side.
    pub after: (u32, u32),
}

/// The changes in their order; `None` when git would use another algorithm for a part of them.
pub fn changes(input: &InternedInput<&[u8]>) -> Option<Vec<Changed>> {
    let mut search = Search::new(input);
    let whole = Region { before: (0, search.before.len()), after: (0, search.after.len()) };
    search.compare(whole)?;
    let Search { before, after, mut removed, mut added, .. } = search;
    compact(before, &mut removed, &mut added);
    compact(after, &mut added, &mut removed);
    Some(runs(&removed, &added))
}

/// Lines of both sides that are compared with each other: `(first, behind the last)`.
#[derive(Debug, Clone, Copy)]
struct Region {
    before: (usize, usize),
    after: (usize, usize),
}

/// A run of lines that both sides have: its first and last line in `before`, and in `after`.
type Run = ((usize, usize), (usize, usize));

/// The longest run of common lines with the rarest line in it that was found so far.
#[derive(Debug, Clone, Copy, Default)]
struct Best {
    run: Option<Run>,
    /// The last line's distance from the first.
    length: usize,
}

struct Search<'a> {
    before: &'a [Token],
    after: &'a [Token],
    removed: Vec<bool>,
    added: Vec<bool>,
    /// For each token: its first line in the region of `before`, and in how many lines it is.
    first: Vec<Option<usize>>,
    count: Vec<u32>,
    /// For each line of `before`: the next one in the region with the same token.
    next: Vec<Option<usize>>,
    rarest: u32,
    has_common: bool,
}

impl<'a> Search<'a> {
    fn new(input: &'a InternedInput<&[u8]>) -> Self {
        let (before, after) = (input.before.as_slice(), input.after.as_slice());
        let tokens = input.interner.num_tokens() as usize;
        Search {
            before,
            after,
            removed: vec![false; before.len()],
            added: vec![false; after.len()],
            first: vec![None; tokens],
            count: vec![0; tokens],
            next: vec![None; before.len()],
            rarest: 0,
            has_common: false,
        }
    }

    /// Mark what has changed in a region.
    fn compare(&mut self, mut region: Region) -> Option<()> {
        loop {
            let Region { before, after } = region;
            if before.0 == before.1 || after.0 == after.1 {
                self.mark(region);
                return Some(());
            }
            let Some((in_before, in_after)) = self.common(region)? else {
                self.mark(region);
                return Some(());
            };
            self.compare(Region { before: (before.0, in_before.0), after: (after.0, in_after.0) })?;
            region = Region { before: (in_before.1 + 1, before.1), after: (in_after.1 + 1, after.1) };
        }
    }

    fn mark(&mut self, region: Region) {
        self.removed[region.before.0..region.before.1].fill(true);
        self.added[region.after.0..region.after.1].fill(true);
    }

    /// The run of common lines to split the region at. The outer `None` is git's fallback.
    fn common(&mut self, region: Region) -> Option<Option<Run>> {
        for line in (region.before.0..region.before.1).rev() {
            let token = self.before[line].0 as usize;
            self.next[line] = self.first[token];
            self.first[token] = Some(line);
            self.count[token] += 1;
        }
        self.rarest = MOST_REPEATED + 1;
        self.has_common = false;
        let mut best = Best::default();
        let mut line = region.after.0;
        while line < region.after.1 {
            line = self.extend(region, line, &mut best);
        }
        for line in region.before.0..region.before.1 {
            let token = self.before[line].0 as usize;
            (self.first[token], self.count[token]) = (None, 0);
        }
        if self.has_common && self.rarest > MOST_REPEATED { None } else { Some(best.run) }
    }

    /// Try every line of `before` that is as `line` of `after`; the answer is the next line to try.
    fn extend(&mut self, region: Region, line: usize, best: &mut Best) -> usize {
        let token = self.after[line].0 as usize;
        let mut beyond = line + 1;
        let Some(first) = self.first[token] else { return beyond };
        self.has_common = true;
        if self.count[token] > self.rarest {
            return beyond;
        }
        let mut candidate = Some(first);
        while let Some(start) = candidate {
            let (mut from, mut to) = ((start, line), (start, line));
            let mut rarity = self.count[token];
            while region.before.0 < from.0
                && region.after.0 < from.1
                && self.before[from.0 - 1] == self.after[from.1 - 1]
            {
                from = (from.0 - 1, from.1 - 1);
                rarity = rarity.min(self.count[self.before[from.0].0 as usize]);
            }
            while to.0 + 1 < region.before.1
                && to.1 + 1 < region.after.1
                && self.before[to.0 + 1] == self.after[to.1 + 1]
            {
                to = (to.0 + 1, to.1 + 1);
                rarity = rarity.min(self.count[self.before[to.0].0 as usize]);
            }
            beyond = beyond.max(to.1 + 1);
            if best.length < to.0 - from.0 || rarity < self.rarest {
                *best = Best { run: Some(((from.0, to.0), (from.1, to.1))), length: to.0 - from.0 };
                self.rarest = rarity;
            }
            candidate = self.next[start];
            while candidate.is_some_and(|line| line <= to.0) {
                candidate = candidate.and_then(|line| self.next[line]);
            }
        }
        beyond
    }
}

/// A group of changed lines, possibly empty, between two lines that have not changed.
#[derive(Debug, Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
}

impl Group {
    fn first(changed: &[bool]) -> Self {
        Group { start: 0, end: run_end(changed, 0) }
    }

    /// Go to the next group; false at the last one.
    fn advance(&mut self, changed: &[bool]) -> bool {
        if self.end == changed.len() {
            return false;
        }
        self.start = self.end + 1;
        self.end = run_end(changed, self.start);
        true
    }

    /// Go to the group before; false at the first one.
    fn retreat(&mut self, changed: &[bool]) -> bool {
        if self.start == 0 {
            return false;
        }
        self.end = self.start - 1;
        self.start = run_start(changed, self.end);
        true
    }

    fn slide_up(&mut self, tokens: &[Token], changed: &mut [bool]) -> bool {
        let is_same = self.start > 0 && tokens[self.start - 1] == tokens[self.end - 1];
        if is_same {
            self.start -= 1;
            changed[self.start] = true;
            self.end -= 1;
            changed[self.end] = false;
            self.start = run_start(changed, self.start);
        }
        is_same
    }

    fn slide_down(&mut self, tokens: &[Token], changed: &mut [bool]) -> bool {
        let is_same = self.end < tokens.len() && tokens[self.start] == tokens[self.end];
        if is_same {
            changed[self.start] = false;
            self.start += 1;
            changed[self.end] = true;
            self.end = run_end(changed, self.end + 1);
        }
        is_same
    }

    fn is_empty(self) -> bool {
        self.start == self.end
    }
}

fn run_end(changed: &[bool], from: usize) -> usize {
    from + changed[from..].iter().take_while(|changed| **changed).count()
}

fn run_start(changed: &[bool], end: usize) -> usize {
    end - changed[..end].iter().rev().take_while(|changed| **changed).count()
}

/// Slide every group of one side as far down as it goes, and back to where it stands beside a group of the other side.
fn compact(tokens: &[Token], changed: &mut [bool], others: &mut [bool]) {
    let (mut group, mut other) = (Group::first(changed), Group::first(others));
    loop {
        if !group.is_empty() {
            slide(tokens, changed, others, &mut group, &mut other);
        }
        if !group.advance(changed) {
            return;
        }
        other.advance(others);
    }
}

fn slide(tokens: &[Token], changed: &mut [bool], others: &[bool], group: &mut Group, other: &mut Group) {
    let (mut earliest, mut beside);
    loop {
        let size = group.end - group.start;
        beside = false;
        while group.slide_up(tokens, changed) {
            other.retreat(others);
        }
        earliest = group.end;
        beside |= !other.is_empty();
        while group.slide_down(tokens, changed) {
            other.advance(others);
            beside |= !other.is_empty();
        }
        // It has met another group and grown.
        if size == group.end - group.start {
            break;
        }
    }
    if group.end != earliest && beside {
        while other.is_empty() {
            group.slide_up(tokens, changed);
            other.retreat(others);
        }
    }
}

/// Both sides' groups, side by side.
fn runs(removed: &[bool], added: &[bool]) -> Vec<Changed> {
    let (mut before, mut after) = (Group::first(removed), Group::first(added));
    let mut found = Vec::new();
    let short = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    loop {
        if !before.is_empty() || !after.is_empty() {
            let lines = |group: Group| (short(group.start), short(group.end));
            found.push(Changed { before: lines(before), after: lines(after) });
        }
        if !before.advance(removed) || !after.advance(added) {
            return found;
        }
    }
}
