//! Who commits: the name and address that git would use, with a time that the caller gives.

use chrono::{DateTime, Local, Offset, Utc};
use gix::actor::Signature;

use super::Repository;

/// The committer as git's configuration and environment have it; none when git would have to guess.
pub fn committer(repo: &Repository, now: DateTime<Utc>) -> Option<Signature> {
    let known = repo.gix().committer()?.ok()?;
    let offset = now.with_timezone(&Local).offset().fix().local_minus_utc();
    let time = gix::date::Time { seconds: now.timestamp(), offset };
    Some(Signature { name: known.name.into(), email: known.email.into(), time })
}
