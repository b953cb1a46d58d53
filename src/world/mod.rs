//! The outside as inputs: time, randomness, environment. Read once at the start of a command, so that every time it
//! writes is the same and a test can set it.

use std::path::PathBuf;

use chrono::{DateTime, SubsecRound, Utc};

/// Makes ids repeat, for tests and for documents that show real output: any number.
pub const SEED_VARIABLE: &str = "GIT_AGENTS_SEED";

/// What one run of the program sees of the outside.
#[derive(Debug, Clone)]
pub struct World {
    /// Now, to the second: `GIT_COMMITTER_DATE` when git would take it from there.
    pub now: DateTime<Utc>,
    /// Where random ids begin, when they are to repeat.
    pub seed: Option<u64>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
}

impl World {
    /// The world as this process sees it.
    #[expect(clippy::disallowed_methods, reason = "this is the door that the lint points to")]
    pub fn here() -> Self {
        let clock = Utc::now().trunc_subsecs(0);
        let pinned = std::env::var("GIT_COMMITTER_DATE").ok();
        World {
            now: pinned.and_then(|text| git_date(&text)).unwrap_or(clock),
            seed: std::env::var(SEED_VARIABLE).ok().and_then(|text| text.parse().ok()),
            home: std::env::var_os("HOME").map(PathBuf::from),
        }
    }

    /// One variable of the environment.
    #[expect(clippy::disallowed_methods, reason = "this is the door that the lint points to")]
    pub fn variable(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// A source of random ids. With a seed, `mixed` (the state they are made for) makes each command's own differ.
    pub fn random(&self, mixed: &[u8]) -> fastrand::Rng {
        match self.seed {
            Some(seed) => fastrand::Rng::with_seed(seed ^ fnv1a(mixed)),
            None => fastrand::Rng::with_seed(entropy()),
        }
    }

    /// 128 random bits in hexadecimal: the system's own, unless ids are to repeat.
    pub fn nonce(&self, random: &mut fastrand::Rng) -> String {
        match self.seed {
            Some(_) => format!("{:032x}", random.u128(..)),
            None => format!("{:016x}{:016x}", entropy(), entropy()),
        }
    }

    /// A new ULID in lower case: this world's time and 80 random bits.
    pub fn ulid(&self, random: &mut fastrand::Rng) -> String {
        let milliseconds = u64::try_from(self.now.timestamp_millis()).unwrap_or_default();
        ulid::Ulid::from_parts(milliseconds, random.u128(..)).to_string().to_ascii_lowercase()
    }
}

/// 64 bits that nobody else has: the hash of nothing under keys that the standard library draws from the system.
fn entropy() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

fn git_date(text: &str) -> Option<DateTime<Utc>> {
    let time = gix::date::parse(text, None).ok()?;
    DateTime::from_timestamp(time.seconds, 0)
}

/// FNV-1a with 64 bits (Fowler, Noll and Vo): a hash that is the same everywhere, for spreading and not for trust.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_gits() {
        assert_eq!(git_date("@1700000000 +0100").unwrap().timestamp(), 1_700_000_000);
        assert_eq!(git_date("2026-11-20T10:00:00Z").unwrap().timestamp(), 1_795_168_800);
        assert_eq!(git_date("nonsense"), None);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
