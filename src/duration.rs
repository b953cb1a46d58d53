//! Spans of time as people type and read them: `90s`, `10m`, `2h`, `7d`, `2w`, or several of them together.

use std::time::Duration;

/// Why a text is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no duration: write 90s, 10m, 2h, 7d, 2w or 1h30m")]
pub struct InvalidDuration {
    /// What was given.
    pub text: String,
}

/// Read a span of time; a number alone counts seconds.
///
/// # Errors
/// Anything that is no number with a unit, is nothing at all, or is longer than can be counted.
pub fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    let invalid = || InvalidDuration { text: text.chars().take(40).collect() };
    let trimmed = text.trim();
    if let Ok(seconds) = trimmed.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let mut rest = trimmed;
    let mut seconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
        let number: u64 = rest[..digits].parse().map_err(|_| invalid())?;
        let unit = rest[digits..].chars().next().ok_or_else(invalid)?;
        let length = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            'w' => 7 * 24 * 60 * 60,
            _ => return Err(invalid()),
        };
        seconds = number.checked_mul(length).and_then(|more| seconds.checked_add(more)).ok_or_else(invalid)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    let is_countable = !trimmed.is_empty() && seconds <= u64::from(u32::MAX) * 60;
    if is_countable { Ok(Duration::from_secs(seconds)) } else { Err(invalid()) }
}

/// A span of time at a glance: `40s`, `12m`, `1h 30m`, `2d 3h`.
pub fn short(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, _) => format!("{hours}h {}m", minutes % 60),
        (days, ..) => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_add_up() {
        let seconds = |text| parse(text).map(|span| span.as_secs()).ok();
        assert_eq!(seconds("90"), Some(90));
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!(seconds(" 2w "), Some(1_209_600));
        assert_eq!(seconds("0s"), Some(0));
        for bad in ["", " ", "h", "1", "-1s", "1 h", "1.5h", "1x", "1µ", "99999999999999999999s", "999999999999w"] {
            assert_eq!(seconds(bad).filter(|_| bad != "1"), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused(text in "\\PC{0,20}") {
            drop(parse(&text));
        }

        #[test]
        fn what_is_written_is_read(hours in 0u64..1000, minutes in 0u64..1000) {
            let span = parse(&format!("{hours}h{minutes}m")).unwrap();
            prop_assert_eq!(span.as_secs(), hours * 3600 + minutes * 60);
        }
    }
}
