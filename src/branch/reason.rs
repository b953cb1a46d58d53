//! Why a branch stands where it stands in the order: facts, and a sentence of them.

use gix::bstr::BString;

/// Why a branch has its position and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The target has all of its commits.
    Landed,
    /// Merging it changes nothing.
    Empty,
    /// No other branch touches what it touches.
    Alone,
    /// Others change the same paths, and it merges with all of them.
    Overlaps {
        /// Which branches.
        with: Vec<String>,
        /// The paths.
        paths: Vec<BString>,
    },
    /// It waits for others, and merges then.
    After {
        /// Those it depends on.
        depends_on: Vec<String>,
        /// Those whose commits it contains.
        stacked_on: Vec<String>,
    },
    /// It comes before others that conflict with it, so that it merges as it is.
    Before {
        /// Which branches.
        others: Vec<String>,
    },
    /// It comes before others because it does not merge after them.
    First {
        /// Which branches.
        others: Vec<String>,
    },
    /// It merges after what comes before it, though not alone.
    Mended {
        /// Those before it with which it conflicts when only they have landed; none: the target as it is.
        with: Vec<String>,
    },
    /// It waits for others, which do not land as they are.
    Waits {
        /// Which.
        on: Vec<String>,
    },
    /// It conflicts with branches that come before it.
    NeedsResolution {
        /// With each of them, where.
        clashes: Vec<Clash>,
        /// So many need resolution, and the others in more places.
        smallest_of: Option<usize>,
    },
    /// It merges with each of some branches alone, but not with all of them.
    Together {
        /// Which branches.
        with: Vec<String>,
        /// What does not merge.
        paths: Vec<BString>,
    },
    /// It does not merge with the target as it is.
    ConflictsWithTarget {
        /// What does not merge.
        paths: Vec<BString>,
    },
    /// git cannot tell.
    Unknown {
        /// Why, in git's own words.
        reason: String,
    },
}

/// Where a branch conflicts with one that comes before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// That branch.
    pub with: String,
    /// What does not merge.
    pub paths: Vec<BString>,
    /// In how many places altogether.
    pub regions: usize,
}

/// More than this many of something are counted, not named.
const NAMED: usize = 3;

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Landed => f.write_str("already in the target"),
            Reason::Empty => f.write_str("changes nothing in the target"),
            Reason::Alone => f.write_str("touches nothing that the others touch"),
            Reason::Overlaps { with, paths } => {
                write!(f, "shares {} with {}, and merges", list(paths, "paths"), list(with, "branches"))
            }
            Reason::After { depends_on, stacked_on } => {
                let all: Vec<_> = stacked_on.iter().chain(depends_on).cloned().collect();
                let (it, its) = if all.len() == 1 { ("it", "its") } else { ("them", "their") };
                let why = match (depends_on.is_empty(), stacked_on.is_empty()) {
                    (true, _) => format!("contains {its} commits"),
                    (false, true) => format!("depends on {it}"),
                    (false, false) => format!("contains the commits of {}", list(stacked_on, "branches")),
                };
                write!(f, "after {}: {why}", list(&all, "branches"))
            }
            Reason::Before { others } => {
                let verb = if others.len() == 1 { "conflicts" } else { "conflict" };
                write!(f, "before {}, which {verb} with it", list(others, "branches"))
            }
            Reason::First { others } => {
                write!(f, "before {}: the other way round does not merge", list(others, "branches"))
            }
            Reason::Mended { with } if with.is_empty() => {
                f.write_str("merges after those before it, though not with the target as it is")
            }
            Reason::Mended { with } => {
                write!(f, "merges after those before it, though not after {} alone", list(with, "branches"))
            }
            Reason::Waits { on } => {
                let verb = if on.len() == 1 { "does" } else { "do" };
                write!(f, "waits for {}, which {verb} not land as things are", list(on, "branches"))
            }
            Reason::NeedsResolution { clashes, smallest_of } => {
                for (number, Clash { with, paths, regions }) in clashes.iter().take(NAMED).enumerate() {
                    f.write_str(if number == 0 { "needs resolution in " } else { "; in " })?;
                    let plural = if *regions == 1 { "" } else { "s" };
                    write!(f, "{} with {with} ({regions} region{plural})", list(paths, "paths"))?;
                }
                match clashes.len().saturating_sub(NAMED) {
                    0 => {}
                    more => write!(f, "; and with {more} more")?,
                }
                smallest_of.map_or(Ok(()), |number| write!(f, "; the smallest of the {number} that do"))
            }
            Reason::Together { with, paths } => {
                let landed = if with.len() == 1 { "has landed" } else { "have landed together" };
                write!(f, "needs resolution in {} once {} {landed}", list(paths, "paths"), list(with, "branches"))
            }
            Reason::ConflictsWithTarget { paths } => {
                write!(f, "conflicts with the target in {}", list(paths, "paths"))
            }
            Reason::Unknown { reason } => write!(f, "cannot be judged: {reason}"),
        }
    }
}

fn list<T: std::fmt::Display>(items: &[T], what: &str) -> String {
    match items {
        [] => format!("no {what}"),
        [one] => one.to_string(),
        [first @ .., last] if items.len() <= NAMED => {
            let first: Vec<_> = first.iter().map(ToString::to_string).collect();
            format!("{} and {last}", first.join(", "))
        }
        _ => format!("{} {what}", items.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let paths = |paths: &[&str]| paths.iter().map(|path| BString::from(*path)).collect::<Vec<_>>();
        let clash = |with: &str, path: &[&str], regions| Clash { with: with.to_owned(), paths: paths(path), regions };
        let depends = Reason::After { depends_on: names(&["agent-2"]), stacked_on: vec![] };
        assert_eq!(depends.to_string(), "after agent-2: depends on it");
        let depends = Reason::After { depends_on: names(&["a", "b"]), stacked_on: vec![] };
        assert_eq!(depends.to_string(), "after a and b: depends on them");
        let stacked = Reason::After { depends_on: vec![], stacked_on: names(&["low"]) };
        assert_eq!(stacked.to_string(), "after low: contains its commits");
        let clashes = vec![clash("agent-1", &["src/cli.rs"], 2), clash("b", &["x", "y"], 1)];
        let needs = Reason::NeedsResolution { clashes, smallest_of: None };
        assert_eq!(
            needs.to_string(),
            "needs resolution in src/cli.rs with agent-1 (2 regions); in x and y with b (1 region)"
        );
        let clashes = vec![clash("agent-1", &["src/cli.rs"], 2)];
        let smallest = Reason::NeedsResolution { clashes, smallest_of: Some(3) };
        assert_eq!(
            smallest.to_string(),
            "needs resolution in src/cli.rs with agent-1 (2 regions); the smallest of the 3 that do"
        );
        let together = Reason::Together { with: names(&["a", "b"]), paths: paths(&["f"]) };
        assert_eq!(together.to_string(), "needs resolution in f once a and b have landed together");
        let together = Reason::Together { with: names(&["a"]), paths: paths(&["f"]) };
        assert_eq!(together.to_string(), "needs resolution in f once a has landed");
        let waits = Reason::Waits { on: names(&["a", "b"]) };
        assert_eq!(waits.to_string(), "waits for a and b, which do not land as things are");
        let mended = Reason::Mended { with: names(&["b"]) };
        assert_eq!(mended.to_string(), "merges after those before it, though not after b alone");
        assert_eq!(Reason::Before { others: names(&["b"]) }.to_string(), "before b, which conflicts with it");
        let many = Reason::ConflictsWithTarget { paths: paths(&["1", "2", "3", "4"]) };
        assert_eq!(many.to_string(), "conflicts with the target in 4 paths");
    }
}
