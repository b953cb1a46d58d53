//! The rules by which two branches are judged.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use gix::ObjectId;
use gix::bstr::BString;

use super::ask::{Ask, Landed};
use super::quickly::Open;
use super::{Basis, Pair, Question};
use crate::branch::changes::{Change, between, shared, tree_of};
use crate::branch::facts::{BranchFacts, Standing};
use crate::branch::filter::may_meet;
use crate::branch::remembered::Remembered;
use crate::branch::verdict::{PathVerdict, Verdict, conflicts, with_overlaps};
use crate::branch::{BranchError, Target};
use crate::git::Repository;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;

/// What is to be done about a pair.
enum How {
    Ask(Basis),
    Unknown(String),
}

/// The pairs that are not clean by construction.
pub(super) struct Planned {
    /// What has to be found out.
    pub(super) open: Vec<Open>,
    /// What nobody can find out.
    pub(super) pairs: Vec<Pair>,
}

/// What git says of one merge.
#[derive(Debug, Clone)]
enum Word {
    Merges,
    Conflict(Vec<PathVerdict>),
    Unknown(String),
}

impl Word {
    /// As it was kept.
    fn of(found: Vec<PathVerdict>) -> Self {
        if found.is_empty() { Word::Merges } else { Word::Conflict(found) }
    }
}

/// The rules of judging pairs.
pub(super) struct Judge<'a> {
    pub(super) repository: &'a Repository,
    pub(super) scratch: &'a Scratch,
    pub(super) target: Target,
    pub(super) sharing: HashMap<(usize, usize), Vec<ObjectId>>,
    pub(super) branches: &'a [BranchFacts],
}

impl Judge<'_> {
    /// What is to be done to answer the question.
    pub(super) fn plan(&self, question: Question) -> Planned {
        let (mut open, mut pairs) = (Vec::new(), Vec::new());
        for (a, b, how) in self.pairs(question) {
            match how {
                How::Ask(basis) => open.push((a, b, basis)),
                How::Unknown(reason) => {
                    let verdict = Verdict::Unknown { reason };
                    pairs.push(Pair { a, b, basis: Basis::Tips, verdict, paths: Vec::new(), in_order: None });
                }
            }
        }
        Planned { open, pairs }
    }

    /// Tell the pairs that are known from an earlier time; the others remain. Those on the target are cheap to find
    /// out again, but for what git says of them.
    pub(super) fn recall(
        &self,
        open: Vec<Open>,
        remembered: &Remembered,
        pairs: &mut Vec<Pair>,
    ) -> Result<Vec<Open>, BranchError> {
        let mut rest = Vec::new();
        for open in open {
            let known = |ask: Ask| Some((ask.landed, Word::of(remembered.pair(&ask, self.tips(open))?)));
            let words: Option<Vec<_>> = match open.2 {
                Basis::Target => None,
                _ => self.asks(open)?.into_iter().map(known).collect(),
            };
            match words {
                Some(words) => pairs.extend(self.concluded(open, words)?),
                None => rest.push(open),
            }
        }
        Ok(rest)
    }

    /// Keep that a pair is clean, if it is not found out from the target's files.
    pub(super) fn keep_clean(&self, open: Open, remembered: &Remembered) -> Result<(), BranchError> {
        if open.2 != Basis::Target {
            self.asks(open)?.iter().for_each(|ask| remembered.keep_pair(ask, self.tips(open), &[]));
        }
        Ok(())
    }

    /// A submodule merges or not by a history that lies elsewhere.
    fn has_submodule(&self, (a, b, _): Open) -> bool {
        let sides = [a, b].map(|side| &self.branches[side]).into_iter();
        let stages = sides.flat_map(|side| side.changes.iter().chain(&side.own));
        stages.flat_map(|change| [change.old, change.new]).flatten().any(|stage| stage.mode.is_commit())
    }

    /// What a merge is remembered by: on the target the files in question, elsewhere the tips.
    fn key(&self, open: Open, ask: &Ask) -> Result<Ask, BranchError> {
        Ok(match open.2 {
            Basis::Target => *ask,
            _ => self.asks(open)?.into_iter().find(|whole| whole.landed == ask.landed).unwrap_or(*ask),
        })
    }

    /// Ask git, or take its word from an earlier time.
    pub(super) fn ask(
        &self,
        open: Vec<(Open, Vec<Ask>)>,
        merger: &mut MergeTree,
        remembered: &Remembered,
        jobs: usize,
    ) -> Result<Vec<Pair>, BranchError> {
        let mut words: Vec<Vec<(Landed, Word)>> = vec![Vec::new(); open.len()];
        let mut unknown: BTreeMap<Option<ObjectId>, Vec<(usize, Ask)>> = BTreeMap::new();
        for (number, (pair, asks)) in open.iter().enumerate() {
            for ask in asks {
                match remembered.pair(&self.key(*pair, ask)?, self.tips(*pair)) {
                    Some(found) => words[number].push((ask.landed, Word::of(found))),
                    None => unknown.entry(ask.attributes).or_default().push((number, *ask)),
                }
            }
        }
        for (attributes, asks) in unknown {
            let requests: Vec<_> = asks.iter().map(|(_, ask)| ask.request).collect();
            let sides = |request: &Request| request.base.into_iter().chain([request.ours, request.theirs]);
            self.scratch.hand_over(requests.iter().flat_map(sides).chain(attributes))?;
            let mut of_other = attributes.map(|source| MergeTree::new(self.repository, self.scratch, Some(source)));
            let merges = of_other.as_mut().unwrap_or(merger).merge_all(&requests, jobs)?;
            for ((number, ask), merge) in asks.into_iter().zip(&merges) {
                let pair = open[number].0;
                let word = self.word(pair, &ask, merge)?;
                let found = match &word {
                    Word::Merges => Some([].as_slice()),
                    // A conflict without a path could not be told from none.
                    Word::Conflict(found) if !found.is_empty() => Some(found.as_slice()),
                    _ => None,
                };
                if let Some(found) = found.filter(|_| !self.has_submodule(pair)) {
                    remembered.keep_pair(&self.key(pair, &ask)?, self.tips(pair), found);
                }
                words[number].push((ask.landed, word));
            }
        }
        let mut pairs = Vec::new();
        for ((pair, _), words) in open.into_iter().zip(words) {
            pairs.extend(self.concluded(pair, words)?);
        }
        Ok(pairs)
    }

    /// The verdict that follows from git's words on a pair.
    fn concluded(&self, open: Open, mut words: Vec<(Landed, Word)>) -> Result<Option<Pair>, BranchError> {
        let (a, b, _) = open;
        // Of an order that is certainly clean git was not asked.
        if self.has_orders(open) && words.len() == 1 {
            let other = if words[0].0 == Landed::First { Landed::Second } else { Landed::First };
            words.push((other, Word::Merges));
        }
        words.sort_by_key(|(landed, _)| *landed == Landed::Second);
        let in_order = words.iter().find_map(|(landed, word)| match (word, landed) {
            (Word::Merges, Landed::First) => Some((a, b)),
            (Word::Merges, Landed::Second) => Some((b, a)),
            _ => None,
        });
        let (mut conflict, mut unknown) = (None, None);
        for (_, word) in words {
            match word {
                Word::Merges => {}
                Word::Conflict(found) => conflict = conflict.or(Some(found)),
                Word::Unknown(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        match (conflict, unknown) {
            (Some(found), _) => {
                let pair = self.told(open, Verdict::Conflict, found)?;
                Ok(pair.map(|pair| Pair { in_order, ..pair }))
            }
            (None, Some(reason)) => self.told(open, Verdict::Unknown { reason }, Vec::new()),
            (None, None) => self.told(open, Verdict::Overlap, Vec::new()),
        }
    }

    /// The pairs that are not clean by construction.
    fn pairs(&self, question: Question) -> Vec<(usize, usize, How)> {
        if question == Question::TargetOnly {
            return Vec::new();
        }
        let on_target = |branch: &BranchFacts| matches!(branch.standing, Standing::Clean { .. });
        let changes: Vec<_> = self.branches.iter().map(touched).collect();
        let meeting = may_meet(&changes.iter().map(Cow::as_ref).collect::<Vec<_>>());
        let is_new_rule = |a: usize, b: usize| {
            // Other attributes decide about what the target and the branch have both changed.
            self.branches[a].changes_attributes() && !self.branches[b].is_up_to_date(self.target.commit)
        };
        let mut open = Vec::new();
        for a in 0..self.branches.len() {
            for b in a + 1..self.branches.len() {
                let sides = [&self.branches[a], &self.branches[b]];
                let shares = self.sharing.contains_key(&(a, b));
                // What has landed is done with, but for who asks about the tips as they are.
                let is_landed = sides.iter().any(|side| side.standing == Standing::Landed);
                if (is_landed && question != Question::Direct) || self.contains(a, b) {
                    continue;
                }
                let is_there = sides.iter().all(|side| !side.tip.is_null());
                let unknown = sides.iter().find_map(|side| match &side.standing {
                    Standing::Unknown { reason } => Some(reason.clone()),
                    _ => None,
                });
                let how = match (question, unknown) {
                    (Question::Direct, _) if is_there => How::Ask(Basis::Direct),
                    _ if sides.iter().any(|side| side.standing.is_done()) => continue,
                    (_, None) if shares => How::Ask(Basis::SharedHistory),
                    (_, Some(reason)) => How::Unknown(reason),
                    (_, None) if !sides.iter().all(|side| on_target(side)) => How::Ask(Basis::Tips),
                    _ if meeting.contains(&(a, b)) || is_new_rule(a, b) || is_new_rule(b, a) => How::Ask(Basis::Target),
                    _ => continue,
                };
                open.push((a, b, how));
            }
        }
        open
    }

    /// One of the two is all in the other, with nothing uncommitted on top of it.
    fn contains(&self, a: usize, b: usize) -> bool {
        let bases = self.sharing.get(&(a, b));
        bases.is_some_and(|bases| [a, b].iter().any(|side| bases.contains(&self.branches[*side].tip)))
    }

    /// The pairs of which one contains the other, lower first. Two names for one commit do not.
    pub(super) fn stacked(&self) -> Vec<(usize, usize)> {
        let mut stacked = Vec::new();
        for ((a, b), bases) in &self.sharing {
            let holds = |side: usize| bases.contains(&self.branches[side].commit);
            match (holds(*a), holds(*b)) {
                (true, false) => stacked.push((*a, *b)),
                (false, true) => stacked.push((*b, *a)),
                _ => {}
            }
        }
        stacked.sort();
        stacked
    }

    /// The tips that the lines of the two sides are told in.
    fn tips(&self, (a, b, _): Open) -> [ObjectId; 2] {
        [self.branches[a].tip, self.branches[b].tip]
    }

    /// Put git's answer into our words, the pair's first side first.
    fn word(&self, open: Open, ask: &Ask, merge: &Merge) -> Result<Word, BranchError> {
        let paths = match merge {
            Merge::Unknown { reason } => return Ok(Word::Unknown(reason.clone())),
            Merge::Clean { .. } => return Ok(Word::Merges),
            Merge::Conflict { paths, .. } => paths,
        };
        // What has landed is told in the lines that it has on its branch.
        let [a, b] = self.tips(open).map(|tip| tree_of(self.scratch, tip));
        let own = match ask.landed {
            Landed::Either if open.2 == Basis::Target => [Some(a?), Some(b?)],
            Landed::Either => [None, None],
            Landed::First => [Some(a?), None],
            Landed::Second => [Some(b?), None],
        };
        let mut found = conflicts(self.scratch, &ask.request, paths, own)?;
        if ask.landed == Landed::Second {
            found.iter_mut().for_each(PathVerdict::turn);
        }
        Ok(Word::Conflict(found))
    }

    /// The pair, if there is anything to tell of it.
    pub(super) fn told(
        &self,
        (a, b, basis): Open,
        verdict: Verdict,
        found: Vec<PathVerdict>,
    ) -> Result<Option<Pair>, BranchError> {
        let paths = with_overlaps(found, &self.shared_paths(a, b)?);
        let told = !paths.is_empty() || verdict != Verdict::Overlap;
        Ok(told.then_some(Pair { a, b, basis, verdict, paths, in_order: None }))
    }

    /// The paths that both changed; since they parted, when they share history.
    fn shared_paths(&self, a: usize, b: usize) -> Result<Vec<BString>, BranchError> {
        let (one, other) = (&self.branches[a], &self.branches[b]);
        let Some(base) = self.sharing.get(&(a, b)).and_then(|bases| bases.first()) else {
            return Ok(shared(&one.changes, &other.changes).into_iter().cloned().collect());
        };
        let base = tree_of(self.scratch, *base)?;
        let since = |branch: &BranchFacts| between(self.scratch, base, tree_of(self.scratch, branch.tip)?);
        Ok(shared(&since(one)?, &since(other)?).into_iter().cloned().collect())
    }
}

/// What a branch that merges changes in the target's files, and what it has changed itself: when the other one has
/// landed, both count.
fn touched(branch: &BranchFacts) -> Cow<'_, [Change]> {
    match branch.standing {
        Standing::Clean { .. } if branch.is_plain => Cow::Borrowed(&branch.own),
        Standing::Clean { .. } => Cow::Owned([branch.changes.as_slice(), &branch.own].concat()),
        _ => Cow::Borrowed(&[]),
    }
}
