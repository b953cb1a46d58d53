//! Amounts of bytes as git reads them: `4096`, `500k`, `10M`, `1G`.

/// A text that is no amount of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no number of bytes: write 4096, 500k, 10M or 1G")]
pub struct InvalidBytes {
    /// What was given.
    pub text: String,
}

/// Read an amount; the units count in powers of 1024.
///
/// # Errors
/// Anything that is no number, has another unit, or is more than can be counted.
pub fn parse(text: &str) -> Result<u64, InvalidBytes> {
    let text = text.trim();
    let shift = match text.chars().last().map(|unit| unit.to_ascii_lowercase()) {
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        _ => 0,
    };
    let digits = if shift > 0 { &text[..text.len() - 1] } else { text };
    let number = digits.parse::<u64>().ok().filter(|_| !digits.starts_with('+'));
    let amount = number.and_then(|number| number.checked_mul(1 << shift));
    amount.ok_or_else(|| InvalidBytes { text: text.chars().take(40).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_gits() {
        assert_eq!(parse("4096"), Ok(4096));
        assert_eq!(parse(" 10M "), Ok(10 << 20));
        assert_eq!(parse("1g"), Ok(1 << 30));
        for bad in ["", "M", "-1", "+1", "1.5M", "99999999999999999999", "99999999999g", "ä", "1 M"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
