//! Which remote keeps the state, and under which names.

use gix::bstr::ByteSlice;

use super::{SyncError, met};
use crate::git::Repository;
use crate::store::STATE_REF;
use crate::world::World;

/// The key that names the remote.
pub const REMOTE_KEY: &str = "agents.remote";
/// The key that names the ref there, for hosts that take only branches.
pub const REMOTE_REF_KEY: &str = "agents.remoteRef";
/// The key that says when to synchronise.
pub const MODE_KEY: &str = "agents.sync";

/// Where what remotes have is remembered: `<remote>/state` below it.
pub const ACCEPTED_FOLDER: &str = "refs/agents-local/remotes/";
/// The same for what was fetched of them, whether or not it was ever judged.
pub const INCOMING_FOLDER: &str = "refs/agents-local/incoming/";

/// A remote as it is talked to: by its address, so that none of its refspecs takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name in git's configuration.
    pub name: String,
    /// The one address that pushes go to; fetches too, so that one place decides.
    pub(super) url: String,
    /// The ref there.
    pub(super) theirs: String,
    /// What runs there, when it is configured.
    pub(super) upload_pack: Option<String>,
    pub(super) receive_pack: Option<String>,
    /// A plain `git fetch` of it would replace our refs.
    pub is_mirror: bool,
}

impl Remote {
    /// The ref here that holds the last chain of it that was accepted.
    pub fn accepted_ref(&self) -> String {
        accepted_ref(&self.name)
    }

    /// The ref here that git fetches into, before anything is judged.
    pub(super) fn incoming_ref(&self) -> String {
        format!("{INCOMING_FOLDER}{}/state", self.name)
    }
}

/// The ref here that holds the last chain of a remote that was accepted.
pub fn accepted_ref(remote: &str) -> String {
    format!("{ACCEPTED_FOLDER}{remote}/state")
}

/// The remote that a ref in one of these folders is about; none for another ref.
pub(super) fn told_by<'a>(folder: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(folder)?.strip_suffix("/state")
}

/// The remote that was named, else the configured one, else the only one, else the only one that was ever synchronised
/// with, else `origin`.
///
/// # Errors
/// See [`SyncError`].
pub fn remote(repo: &Repository, named: Option<&str>) -> Result<Remote, SyncError> {
    let name = name(repo, named)?;
    let urls = push_urls(repo, &name)?;
    let [url] = &urls[..] else { return Err(SyncError::SeveralPushUrls { remote: name, count: urls.len() }) };
    let theirs = repo.config(REMOTE_REF_KEY).unwrap_or_else(|| STATE_REF.to_owned());
    let is_full_name = theirs.starts_with("refs/") && gix::refs::FullName::try_from(theirs.as_str()).is_ok();
    // A glob follows the name where all refs are listed that begin like it.
    if !is_full_name || theirs.contains(['*', ':']) {
        return Err(SyncError::BadRemoteRef { value: theirs });
    }
    let of = |key: &str| repo.config(&format!("remote.{name}.{key}"));
    let fetches = repo.config_all(&format!("remote.{name}.fetch"));
    let is_mirror = fetches.iter().any(|spec| {
        let from = spec.trim_start_matches('+').split(':').next().unwrap_or_default();
        from == "refs/*" || from.starts_with("refs/agents/")
    });
    Ok(Remote {
        url: url.to_owned(),
        theirs,
        upload_pack: of("uploadpack"),
        receive_pack: of("receivepack"),
        is_mirror,
        name,
    })
}

/// Where a push goes. git is asked only where more than one line of configuration has a say.
fn push_urls(repo: &Repository, name: &str) -> Result<Vec<String>, SyncError> {
    let config = repo.gix().config_snapshot();
    let rewrites = config.plumbing().sections_by_name("url").is_some_and(|mut sections| sections.next().is_some());
    let is_old = |folder: &str| repo.common_dir().join(folder).join(name).exists();
    let may_be_given = World::variable("GIT_CONFIG_PARAMETERS").is_some();
    let of = |key: &str| repo.config_all(&format!("remote.{name}.{key}"));
    let urls = of("url");
    if urls.len() == 1
        && !rewrites
        && !may_be_given
        && !urls[0].is_empty()
        && of("pushurl").is_empty()
        && !["remotes", "branches"].map(is_old).contains(&true)
    {
        return Ok(urls);
    }
    let urls = repo.git_with_hooks().args(["remote", "get-url", "--push", "--all"]).arg(name).text()?;
    Ok(urls.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

pub(super) fn name(repo: &Repository, named: Option<&str>) -> Result<String, SyncError> {
    let names: Vec<String> = repo.gix().remote_names().iter().map(|name| name.to_str_lossy().into_owned()).collect();
    let wanted = named.map(str::to_owned).or_else(|| repo.config(REMOTE_KEY));
    if let Some(name) = wanted {
        return if names.contains(&name) { usable(name) } else { Err(SyncError::UnknownRemote { name }) };
    }
    let met = met::names(repo);
    let mut known = names.iter().filter(|name| met.contains(name));
    match (names.as_slice(), known.next(), known.next()) {
        ([], ..) => Err(SyncError::NoRemote),
        ([only], ..) => usable(only.clone()),
        // A second remote is no reason to ask another than before.
        (_, Some(known), None) => usable(known.clone()),
        _ if names.iter().any(|name| name == "origin") => Ok("origin".to_owned()),
        _ => Err(SyncError::SeveralRemotes { names }),
    }
}

/// git lets a remote have names that would be an option, or that no ref of ours could have as a part of its own.
fn usable(name: String) -> Result<String, SyncError> {
    let is_good = !name.starts_with('-') && gix::refs::FullName::try_from(accepted_ref(&name)).is_ok();
    if is_good { Ok(name) } else { Err(SyncError::BadRemoteName { name }) }
}
