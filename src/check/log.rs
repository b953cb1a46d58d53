//! The files that commands write to: how their ends are shown, and how old ones go.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How much of a command's output is told.
const TAIL: u64 = 4096;
const TAIL_LINES: usize = 20;
/// How many logs of one kind are kept.
const LOGS: usize = 200;

/// The last lines of a log.
///
/// # Errors
/// It cannot be read.
pub(crate) fn tail(log: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n"))
}

/// Delete the oldest logs of a folder, by their names, until there are not too many.
pub(crate) fn forget_old(folder: &Path) {
    let Ok(entries) = folder.read_dir() else { return };
    let mut logs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.sort();
    let surplus = logs.len().saturating_sub(LOGS);
    for log in logs.into_iter().take(surplus) {
        drop(std::fs::remove_file(log));
    }
}
