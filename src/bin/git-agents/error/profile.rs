//! What profiles, presets and prompts say no with.

use git_agents::preset::PresetError;
use git_agents::profile::command::PLACEHOLDERS;
use git_agents::profile::{GIVEN, ProfileError};
use git_agents::prompt::{PromptError, TEMPLATE_KEY};

use super::{CliError, Exit, quoted};

impl From<ProfileError> for CliError {
    fn from(error: ProfileError) -> Self {
        let message = error.to_string();
        match error {
            ProfileError::Unknown { name, known } => {
                let listed = known.join(", ");
                let error = CliError::refused("profile-not-found", format!("{message}; there are {listed}"));
                match git_agents::name::check_name(&name) {
                    Ok(()) => {
                        error.hint(format!("git agents config set profile.{name}.command \"PROGRAM {{prompt}}\""))
                    }
                    Err(_) => error,
                }
            }
            ProfileError::NotTrusted { .. } => {
                CliError::refused("not-trusted", message).hint("git agents trust --show").hint("git agents trust")
            }
            ProfileError::Invalid(invalid) => invalid.into(),
            ProfileError::Misplaced { key, placeholder, .. } if key == GIVEN => {
                CliError::usage(message).hint(format!("sh -c 'echo \"$1\"' sh {{{placeholder}}}"))
            }
            ProfileError::Misplaced { key, .. } => {
                CliError::refused("profile-invalid", message).hint(format!("git agents config get {}", quoted(&key)))
            }
            ProfileError::NothingToRun { name, field } => CliError::refused("profile-incomplete", message)
                .hint(format!("git agents config set profile.{name}.{field} \"PROGRAM {{prompt}}\"")),
            ProfileError::Unsplittable { key, .. } => {
                CliError::refused("profile-invalid", message).hint(format!("git agents config get {}", quoted(&key)))
            }
            ProfileError::UnknownPlaceholder { name, placeholder } if name == GIVEN => {
                // A session is only gone on with by a profile.
                let known = PLACEHOLDERS.iter().filter(|name| **name != "session").map(|name| format!("{{{name}}}"));
                let known = known.collect::<Vec<_>>().join(", ");
                CliError::usage(format!("{message}; there are {known}"))
                    .hint(format!("{{ {placeholder} }}, with spaces, where the braces are meant as they are"))
            }
            ProfileError::UnknownPlaceholder { name, .. } => CliError::refused("profile-invalid", message)
                .hint(format!("git agents config get profile.{name}.command")),
            ProfileError::NoValue { placeholder, .. } => {
                let error = CliError::refused("value-missing", message);
                match placeholder {
                    "model" => error.hint("the same command with --model MODEL"),
                    "session" => error.hint("the same command without --resume"),
                    "task" => error.hint("the same command with --task TASK"),
                    "prompt" => error.hint("the same command with --prompt TEXT"),
                    _ => error,
                }
            }
            ProfileError::Unfit { .. } => CliError::refused("value-unfit", message),
        }
    }
}

impl From<PresetError> for CliError {
    fn from(error: PresetError) -> Self {
        let message = error.to_string();
        match error {
            PresetError::Unknown { known, .. } => {
                CliError::refused("preset-not-found", format!("{message}; there are {}", known.join(", ")))
                    .hint("git agents presets")
            }
            PresetError::Misconfigured(error) => error.into(),
            PresetError::NotAModel { .. } => CliError::usage(message),
        }
    }
}

impl From<PromptError> for CliError {
    fn from(error: PromptError) -> Self {
        let message = error.to_string();
        let get = format!("git agents config get {TEMPLATE_KEY}");
        match error {
            PromptError::Unreadable { .. } => CliError::new(Exit::Outside, "template-unreadable", message).hint(get),
            PromptError::Unusable { .. } => CliError::refused("template-invalid", message).hint(get),
        }
    }
}
