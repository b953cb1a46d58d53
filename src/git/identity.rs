//! Who commits: the name and address that git would use, with a time that the caller gives.
//!
//! gix would tell the same, and look for the local time zone in a whole tree of files on the way: 400 system calls
//! before every write, for a time that is not wanted here.

use chrono::{DateTime, Local, Offset, Utc};
use gix::actor::Signature;

use super::Repository;
use crate::world::World;

/// The committer as git's environment and configuration have it; none when git would have to guess.
pub fn committer(repo: &Repository, now: DateTime<Utc>) -> Option<Signature> {
    // git leaves out what would end a name or a line of a commit.
    let plain = |text: String| text.replace(['<', '>', '\n'], "").trim().to_owned();
    let given = |value: Option<String>| value.map(plain).filter(|text| !text.is_empty());
    let configured = |key: &str| {
        given(repo.config(&format!("committer.{key}"))).or_else(|| given(repo.config(&format!("user.{key}"))))
    };
    let name = given(World::variable("GIT_COMMITTER_NAME")).or_else(|| configured("name"))?;
    let email = given(World::variable("GIT_COMMITTER_EMAIL"))
        .or_else(|| configured("email"))
        .or_else(|| given(World::variable("EMAIL")))?;
    let offset = now.with_timezone(&Local).offset().fix().local_minus_utc();
    let time = gix::date::Time { seconds: now.timestamp(), offset };
    Some(Signature { name: name.into(), email: email.into(), time })
}
