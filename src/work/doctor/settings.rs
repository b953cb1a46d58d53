//! Settings that mean nothing, in git's configuration and in `.agents.toml`, and commands that wait for trust.

use super::Ailment;
use crate::config::shared::{self, FILE};
use crate::config::{self, keys};
use crate::git::Repository;

/// Every name and every value that counts for nothing.
pub(super) fn examine(repo: &Repository) -> Vec<Ailment> {
    let mut found = Vec::new();
    let file = shared::read(repo);
    match config::all(repo, None) {
        Ok((settings, unknown)) => {
            for name in unknown {
                let nearest = keys::nearest(&name);
                let ailment =
                    Ailment::warning("unknown-setting", format!("{name} is no setting; {nearest} is the nearest"));
                found.push(ailment.hint(format!("git config --unset-all {name}")));
            }
            for setting in &settings {
                let Some((key, name)) = keys::find(&setting.name) else { continue };
                let invalid = setting.values.iter().find_map(|value| keys::check(&key, &name, value).err());
                let hint = format!("git config --unset-all {name}");
                found.extend(invalid.map(|error| Ailment::error("bad-setting", error.to_string()).hint(hint)));
            }
        }
        Err(error) => found.push(Ailment::error("settings", error.to_string()).hint("git config --list --show-origin")),
    }
    match file {
        Ok(None) => {}
        Ok(Some(file)) => {
            let told = |problem: &shared::Problem| Ailment::warning("shared-file", format!("{FILE}: {problem}"));
            found.extend(file.problems.iter().map(|problem| told(problem).hint("git agents config list")));
            if !file.is_trusted && file.commands().next().is_some() {
                let message = format!("{FILE} proposes commands that are not trusted and not run");
                found.push(Ailment::warning("untrusted-commands", message).hint("git agents trust --show"));
            }
        }
        Err(error) => {
            found.push(Ailment::error("shared-file", error.to_string()).hint(format!("git log -1 -p -- {FILE}")));
        }
    }
    found
}
