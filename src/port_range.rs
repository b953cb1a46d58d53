//! Ranges of TCP ports as people type them: `20000-29999`.

use std::fmt;
use std::str::FromStr;

/// The lowest port that anybody may listen on without being root.
const LOWEST: u16 = 1024;

/// Ports from one to another, both of them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortRange {
    first: u16,
    last: u16,
}

/// Why a text is no range of ports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no range of ports: write FIRST-LAST, both from {LOWEST} to {}", u16::MAX)]
pub struct InvalidRange {
    /// What was given, not more than its beginning.
    pub text: String,
}

impl PortRange {
    /// `count` ports from `first` on; none where there are not so many, or none at all.
    pub fn new(first: u16, count: u16) -> Option<Self> {
        let last = first.checked_add(count.checked_sub(1)?)?;
        (first >= LOWEST).then_some(PortRange { first, last })
    }

    /// The lowest port.
    pub fn first(self) -> u16 {
        self.first
    }

    /// The highest port.
    pub fn last(self) -> u16 {
        self.last
    }

    /// How many ports there are.
    pub fn count(self) -> u32 {
        u32::from(self.last - self.first) + 1
    }

    /// Whether a port is in both.
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// The parts of it that have `count` ports each, the lowest first; what is left at the end is nobody's.
    pub fn parts(self, count: u16) -> impl Iterator<Item = PortRange> {
        let parts = self.count().checked_div(count.into()).unwrap_or(0);
        (0..parts).filter_map(move |n| {
            PortRange::new(u16::try_from(u32::from(self.first) + n * u32::from(count)).ok()?, count)
        })
    }
}

impl FromStr for PortRange {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        // `parse` would take a sign.
        let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u16>().ok())?;
        let parse = || {
            let (first, last) = text.trim().split_once('-')?;
            let (first, last) = (number(first.trim_end())?, number(last.trim_start())?);
            (LOWEST <= first && first <= last).then_some(PortRange { first, last })
        };
        parse().ok_or_else(|| InvalidRange { text: text.chars().take(40).collect() })
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_a_range() {
        for (text, shown) in
            [("20000-29999", "20000-29999"), (" 1024 - 65535 ", "1024-65535"), ("3000-3000", "3000-3000")]
        {
            assert_eq!(text.parse::<PortRange>().unwrap().to_string(), shown);
        }
        for bad in [
            "",
            "-",
            "80-90",
            "1024",
            "1024-",
            "-1024",
            "2000-1999",
            "1024-65536",
            "+2000-3000",
            "a-b",
            "2000–3000",
            "1-2-3",
        ] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
        assert_eq!(PortRange::new(65530, 10), None);
        assert_eq!(PortRange::new(2000, 0), None);
        assert_eq!("2000-2009".parse::<PortRange>().unwrap().parts(0).count(), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_a_range_or_refused(text in "\\PC{0,20}|[0-9]{1,6} ?- ?[0-9]{1,6}") {
            if let Ok(range) = text.parse::<PortRange>() {
                prop_assert!(LOWEST <= range.first && range.first <= range.last);
                prop_assert_eq!(range.to_string().parse::<PortRange>(), Ok(range));
            }
        }

        #[test]
        fn parts_are_in_the_range_and_apart(first in LOWEST..=u16::MAX, length in 0u16..3000, count in 1u16..50) {
            let Some(range) = PortRange::new(first, length) else { return Ok(()) };
            let parts: Vec<PortRange> = range.parts(count).collect();
            prop_assert_eq!(parts.len(), usize::from(length / count));
            for part in &parts {
                prop_assert!(part.count() == u32::from(count) && range.first <= part.first && part.last <= range.last);
            }
            prop_assert!(parts.windows(2).all(|pair| pair[0].last < pair[1].first));
        }
    }
}
