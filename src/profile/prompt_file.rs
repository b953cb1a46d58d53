//! Where a prompt is kept for a program that reads it from a file: `agents/prompts/<agent>.md`, one an agent, since an
//! agent has one live run.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::agent::AgentName;
use crate::git::Repository;

/// Write the prompt for an agent in the place of the one before. Only the user can read it.
///
/// # Errors
/// It cannot be written.
pub fn write(repo: &Repository, agent: &AgentName, prompt: &str) -> io::Result<PathBuf> {
    let folder = repo.agents_dir().join("prompts");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{agent}.md"));
    // Made readable for the user alone, as every temporary file.
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(prompt.as_bytes())?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(path)
}
