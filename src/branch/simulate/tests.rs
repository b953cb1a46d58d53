//! What is learned from merges that fail by rules.

use super::*;

/// Merges that fail by a list of rules: `(group, item, ordered)`, the item fails when all of the group are in, in any
/// order or in this one.
struct Rules(Vec<(Vec<usize>, usize, bool)>, Vec<Vec<usize>>);

impl Accumulate for Rules {
    type Point = usize;
    type Error = std::convert::Infallible;

    fn start(&self) -> usize {
        0
    }

    fn add(&mut self, point: usize, branch: usize) -> Result<Added<usize>, Self::Error> {
        let mut merged = self.1[point].clone();
        let place = |member: &usize| merged.iter().position(|other| other == member);
        let broken = self.0.iter().filter(|rule| rule.1 == branch).any(|(group, _, ordered)| {
            let places: Vec<_> = group.iter().map(place).collect();
            places.iter().all(Option::is_some) && (!ordered || places.is_sorted())
        });
        if broken {
            return Ok(Added::Conflict(Vec::new()));
        }
        merged.push(branch);
        self.1.push(merged);
        Ok(Added::Clean(self.1.len() - 1))
    }
}

fn settled_with(puzzle: Puzzle, rules: &[(&[usize], usize, bool)]) -> Settled<usize> {
    let count = puzzle.weights.len();
    let puzzle = Puzzle { keys: (0..count as i64).map(|key| vec![key]).collect(), limit: 100_000, ..puzzle };
    let rules = rules.iter().map(|(group, item, ordered)| (group.to_vec(), *item, *ordered)).collect();
    let mut target = Rules(rules, vec![Vec::new()]);
    let mut target = Remembered::new(&mut target);
    settle(puzzle, &BTreeSet::new(), |_, _| false, &mut target).unwrap_or_else(|never| match never {})
}

fn settled(count: usize, rules: &[(&[usize], usize, bool)]) -> Settled<usize> {
    settled_with(Puzzle { weights: vec![1; count], ..Puzzle::default() }, rules)
}

#[test]
fn nothing_to_learn() {
    let found = settled(3, &[]);
    assert_eq!((found.merged, found.agreed, found.learned, found.rounds), (vec![0, 1, 2], true, vec![], 1));
}

#[test]
fn a_third_one_is_moved_out_of_the_way() {
    let found = settled(12, &[(&[0, 1], 2, false)]);
    assert_eq!(found.learned, [Learned { members: vec![0, 1], item: 2, in_any_order: true }]);
    assert!(found.agreed && found.merged.len() == 12 && found.solution.exact);
}

#[test]
fn when_no_order_helps_one_is_given_up_for_certain() {
    let found = settled(3, &[(&[0, 1], 2, false), (&[0, 2], 1, false), (&[1, 2], 0, false)]);
    assert!(found.agreed && found.solution.exact);
    assert_eq!((found.merged.len(), found.failed.len(), found.solution.clean.len()), (2, 1, 2));
}

/// 2 has to come last; 0 and 1 break it in one order only, so it need not be given up.
#[test]
fn what_breaks_in_one_order_is_tried_in_another() {
    let puzzle = Puzzle { weights: vec![1; 3], before: vec![(0, 2), (1, 2)], ..Puzzle::default() };
    let found = settled_with(puzzle, &[(&[0, 1], 2, true)]);
    assert_eq!(found.learned, [Learned { members: vec![0, 1], item: 2, in_any_order: false }]);
    assert!(found.agreed && found.solution.exact);
    assert_eq!(found.merged, [1, 0, 2]);
}

/// All orders that were tried fail, but something in between might help: the bound stays what pairs allow.
#[test]
fn what_fails_in_some_orders_only_proves_nothing() {
    let puzzle = Puzzle { weights: vec![1; 3], before: vec![(0, 1), (1, 2)], ..Puzzle::default() };
    let found = settled_with(puzzle, &[(&[0, 1], 2, true)]);
    assert!(found.agreed && !found.solution.exact);
    assert_eq!((found.merged.len(), found.solution.bound), (2, 3));
}

#[test]
fn one_that_fails_by_itself_is_lost() {
    let found = settled(3, &[(&[], 1, false)]);
    assert!(found.agreed && found.merged == [0, 2]);
}

#[test]
fn orders_of_a_set() {
    assert_eq!(orders(&[4, 5]), [[4, 5], [5, 4]]);
    assert_eq!((orders(&[1, 2, 3]).len(), orders(&[1, 2, 3, 4]).len(), orders(&[]).len()), (6, 0, 1));
}
