//! What synchronising says no with.

use git_agents::store::STATE_REF;
use git_agents::sync::{MODE_KEY, REMOTE_KEY, REMOTE_REF_KEY, SyncError, Unconfirmed};

use super::{CliError, Exit, quoted};

impl From<SyncError> for CliError {
    fn from(error: SyncError) -> Self {
        let message = error.to_string();
        match error {
            SyncError::NoRemote => CliError::refused("no-remote", message).hint("git remote add origin URL"),
            SyncError::SeveralRemotes { names } => {
                let first = names.first().map_or_else(|| "NAME".to_owned(), |name| quoted(name));
                CliError::refused("no-remote", message).hint(format!("git config {REMOTE_KEY} {first}"))
            }
            SyncError::UnknownRemote { .. } => CliError::refused("remote-not-found", message).hint("git remote -v"),
            SyncError::BadRemoteName { name } => CliError::refused("bad-remote-name", message)
                .hint(format!("git remote rename -- {} state", quoted(&name))),
            SyncError::SeveralPushUrls { remote, .. } => {
                let name = quoted(&remote);
                CliError::refused("several-push-urls", message)
                    .hint(format!("git remote get-url --push --all {name}"))
                    .hint(format!("git remote add state URL && git config {REMOTE_KEY} state"))
            }
            SyncError::BadRemoteRef { .. } => {
                CliError::refused("bad-config", message).hint(format!("git config --unset {REMOTE_REF_KEY}"))
            }
            SyncError::BadMode { .. } => {
                CliError::refused("bad-config", message).hint(format!("git config --unset {MODE_KEY}"))
            }
            SyncError::Rewound { remote, .. } => {
                let name = quoted(&remote);
                CliError::refused("remote-rewound", format!("{message}; everything here stays as it is"))
                    .hint(format!("git agents sync {name} --restore, to bring back there what is missing"))
                    .hint(format!("git agents sync {name} --adopt, to take what is there; ours is kept as a backup"))
            }
            SyncError::Gone { remote, .. } => {
                CliError::refused("remote-gone", format!("{message}; everything here stays as it is"))
                    .hint(format!("git agents sync {} --restore, to bring it back", quoted(&remote)))
            }
            SyncError::NothingToAdopt { remote } => CliError::refused("nothing-to-adopt", message)
                .hint(format!("git agents sync {} --restore", quoted(&remote))),
            SyncError::NoState { name, .. } => {
                let error = CliError::refused("no-state", format!("{message}; nothing was changed there"))
                    .hint(format!("git config {REMOTE_REF_KEY} refs/heads/agents-state"));
                if name == STATE_REF { error } else { error.hint(format!("git config --unset {REMOTE_REF_KEY}")) }
            }
            SyncError::Unreadable { remote, is_shallow, .. } => {
                let remote = quoted(&remote);
                let hint = match is_shallow {
                    true => format!("git fetch --unshallow {remote} refs/agents/state"),
                    false => "git agents recover --from remote".to_owned(),
                };
                CliError::refused("state-unreadable", format!("{message}; it was not taken in")).hint(hint)
            }
            SyncError::Unsound { remote, .. } => {
                CliError::refused("remote-unsound", format!("{message}; it was not taken in"))
                    .hint(format!("git log {}", quoted(&format!("refs/agents-local/incoming/{remote}/state"))))
                    .hint(format!(
                        "git agents sync {} --restore --yes, to put back there what is sound",
                        quoted(&remote)
                    ))
            }
            SyncError::Behind { remote, .. } => CliError::refused("behind", format!("{message}; nothing was pushed"))
                .hint(format!("git agents sync {}", quoted(&remote))),
            SyncError::Unreachable { remote, .. } => CliError::new(Exit::Outside, "remote-unreachable", message)
                .hint(format!("git ls-remote {}", quoted(&remote))),
            SyncError::HostRefused { remote, .. } => CliError::new(Exit::Outside, "push-refused", message)
                .hint(format!("git push --dry-run {} refs/agents/state", quoted(&remote)))
                .hint(format!("git config {REMOTE_REF_KEY} refs/heads/agents-state, when the host takes only branches"))
                .hint(format!(
                    "git agents sync {} --adopt, to give up what waits here; it is kept as a backup",
                    quoted(&remote)
                )),
            SyncError::Overtaken { .. } | SyncError::Busy { .. } => {
                CliError::new(Exit::Outside, "overtaken", message).hint("git agents sync")
            }
            SyncError::BadRejected { .. } => CliError::new(Exit::Outside, "rejected-damaged", message)
                .hint("git agents doctor --fix, which puts it aside"),
            SyncError::Io { .. } => CliError::new(Exit::Outside, "write-failed", message),
            SyncError::Store(error) => error.into(),
            SyncError::Ref(error) => error.into(),
            SyncError::Git(error) => error.into(),
        }
    }
}

impl From<Unconfirmed> for CliError {
    fn from(unconfirmed: Unconfirmed) -> Self {
        let Unconfirmed { error, is_withdrawn } = unconfirmed;
        let is_outside = error.is_outside();
        // A push may have gone through whose reply was lost, and nobody could look.
        let is_unknown = matches!(error, SyncError::Unreachable { .. });
        let mut error = CliError::from(error);
        let state = match is_withdrawn {
            true if is_unknown => {
                "so nobody has confirmed it and it is not recorded; should it have arrived, the next sync shows it"
            }
            true => "so nobody has confirmed it and it is not recorded",
            false => "so nobody has confirmed it; it is recorded here and waits to be shared",
        };
        error.message = format!("{}, {state}", error.message);
        if is_outside && is_withdrawn {
            error.hint("the same command with --offline, to record it here only")
        } else {
            error
        }
    }
}
