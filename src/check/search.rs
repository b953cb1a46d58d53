//! Whose work makes a check fail, found with few checks.
//!
//! Given an ordered set that fails and knowing that the empty one passes, the shortest failing beginning is found by
//! bisection; its last member is needed. With that one always in, the shortest failing beginning of the rest is looked
//! for, and so on, until those that were found fail by themselves. For one culprit among n that is log₂ n + 1 checks, for
//! a pair twice that. This is the search of QuickXplain (Junker, 2004) for an ordered set without its recursion: what it
//! gives fails together, and nothing after its last member is needed for that.

/// What a trial of a set says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// The check passes.
    Passes,
    /// It fails.
    Fails,
    /// The set cannot be built without others, so nothing is known.
    Unknown,
}

/// Those of `0..length` that fail together, in their order; the whole is known to fail and nothing to pass. `fails` is
/// asked for sets in their order.
///
/// # Errors
/// What `trial` gives.
pub fn culprits<E>(length: usize, mut trial: impl FnMut(&[usize]) -> Result<Trial, E>) -> Result<Vec<usize>, E> {
    let mut found: Vec<usize> = Vec::new();
    let mut rest = length;
    while rest > 0 {
        // Nothing of the rest passes or is not known to fail, all of it fails.
        let (mut good, mut bad) = (0, rest);
        while bad - good > 1 {
            let middle = usize::midpoint(good, bad);
            let set: Vec<usize> = (0..middle).chain(found.iter().copied()).collect();
            match trial(&set)? {
                Trial::Fails => bad = middle,
                Trial::Passes | Trial::Unknown => good = middle,
            }
        }
        found.insert(0, bad - 1);
        rest = bad - 1;
        if rest == 0 || trial(&found)? == Trial::Fails {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// The culprits when a set fails that has all of one of `groups`, and how many sets were tried.
    fn search(length: usize, groups: &[&[usize]]) -> (Vec<usize>, usize) {
        let mut tried = 0;
        let found = culprits(length, |set| {
            tried += 1;
            assert!(set.is_sorted(), "{set:?}");
            let fails = groups.iter().any(|group| group.iter().all(|one| set.contains(one)));
            Ok::<_, Infallible>(if fails { Trial::Fails } else { Trial::Passes })
        });
        (found.unwrap(), tried)
    }

    #[test]
    fn one_among_sixteen_takes_five_more_checks() {
        for culprit in 0..16 {
            let (found, tried) = search(16, &[&[culprit]]);
            assert_eq!(found, [culprit]);
            assert!(tried <= 5, "{culprit}: {tried}");
        }
        assert_eq!(search(1, &[&[0]]), (vec![0], 0));
    }

    #[test]
    fn a_pair_among_sixteen_takes_ten() {
        for first in 0..16 {
            for second in first + 1..16 {
                let (found, tried) = search(16, &[&[first, second]]);
                assert_eq!(found, [first, second]);
                assert!(tried <= 10, "{first} {second}: {tried}");
            }
        }
    }

    #[test]
    fn whatever_fails_what_is_found_fails_and_ends_first() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..500 {
            let length = random.usize(1..40);
            let groups: Vec<Vec<usize>> = (0..random.usize(1..4))
                .map(|_| {
                    let mut group: Vec<usize> = (0..random.usize(1..5)).map(|_| random.usize(0..length)).collect();
                    group.sort_unstable();
                    group.dedup();
                    group
                })
                .collect();
            let groups: Vec<&[usize]> = groups.iter().map(Vec::as_slice).collect();
            let (found, tried) = search(length, &groups);
            assert!(groups.contains(&found.as_slice()), "{groups:?}: {found:?}");
            let earliest = groups.iter().filter_map(|group| group.last()).min();
            assert_eq!(found.last(), earliest, "{groups:?}: {found:?}");
            let rounds = found.len() * (length.ilog2() as usize + 2);
            assert!(tried <= rounds, "{length} {groups:?}: {tried}");
        }
    }

    #[test]
    fn sets_that_cannot_be_built_are_passed_over() {
        // 5 fails, but only with what it is built on.
        let found = culprits(8, |set| {
            Ok::<_, Infallible>(match set.contains(&5) {
                true if (0..5).all(|one| set.contains(&one)) => Trial::Fails,
                true => Trial::Unknown,
                false => Trial::Passes,
            })
        });
        assert_eq!(found.unwrap(), [0, 1, 2, 3, 4, 5]);
    }
}
