//! Shells among the words of a command: what they would read as a script is no place for a value.
//!
//! Only what is plain to see is found: a shell by its name, with an option that says a script follows.

use super::command::{Piece, pieces};
use super::script::Misplaced;

/// Programs that take a script after an option with a `c`; the last one is whatever shell somebody uses.
pub(super) const SHELLS: [&str; 15] = [
    "sh", "bash", "rbash", "dash", "ash", "zsh", "ksh", "mksh", "csh", "tcsh", "fish", "nu", "xonsh", "busybox",
    "SHELL",
];
/// Programs that give what follows such an option to a shell, wherever the option is.
pub(super) const CALLERS: [&str; 4] = ["su", "runuser", "script", "flock"];
/// What a shell reads again although no option says so, as the command's first word.
const READERS: [&str; 4] = ["watch", "trap", "alias", "let"];
/// What may stand before the first word that counts.
const BEFORE: [&str; 12] =
    ["exec", "command", "builtin", "env", "nice", "nohup", "sudo", "time", "then", "do", "else", "{"];
/// Placeholders whose values are names or numbers of which no shell makes anything.
const PLAIN: [&str; 3] = ["agent", "port", "task"];

/// Why a placeholder cannot be where another shell reads it.
pub(super) const READ_AGAIN: &str = "in a script for another shell, which would read its value; use \"$1\" there and the \
                                     placeholder behind the script";

/// The first placeholder in a script for a shell that is among the words.
///
/// # Errors
/// It is [`Misplaced`].
pub(super) fn check(words: &[&str]) -> Result<(), Misplaced> {
    let scripts = (0..words.len()).flat_map(|at| script(&words[at..])).copied();
    let found = scripts.chain(words.iter().copied().filter(|word| calls_shell(word))).find_map(first_free);
    found.map_or(Ok(()), |name| Err(Misplaced { placeholder: name.to_owned(), reason: READ_AGAIN }))
}

/// Whether the first word of a command makes a shell read all the others.
pub(super) fn is_reader(words: &[String]) -> bool {
    let is_before = |word: &&String| BEFORE.contains(&word.as_str()) || word.contains('=') || word.starts_with('-');
    words.iter().find(|word| !is_before(word)).is_some_and(|word| READERS.contains(&last_part(word)))
}

/// The first placeholder in a word whose value may be anything.
fn first_free(word: &str) -> Option<&str> {
    pieces(word).into_iter().find_map(|piece| match piece {
        Piece::Placeholder(name) if !PLAIN.contains(&name) => Some(name),
        _ => None,
    })
}

/// What the first word reads as its script: from the option that says so to the first word that is none.
fn script<'s, 'w>(words: &'s [&'w str]) -> &'s [&'w str] {
    let Some((program, rest)) = words.split_first() else { return &[] };
    let name = last_part(program);
    let is_caller = CALLERS.contains(&name);
    if !is_caller && !SHELLS.contains(&name) {
        return &[];
    }
    let is_option = |at: usize| rest[at].starts_with(['-', '+']) || (at > 0 && takes_value(rest[at - 1]));
    let option = (0..rest.len()).take_while(|at| is_caller || is_option(*at)).find(|at| says_script(rest[*at]));
    let Some(option) = option else { return &[] };
    let end = (option + 1..rest.len()).find(|at| !is_option(*at)).unwrap_or(rest.len() - 1);
    &rest[option..=end]
}

/// Whether there is a shell with its script within one word, as in `env -S 'sh -c …'`.
fn calls_shell(word: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || "'\"".contains(c);
    let inner: Vec<&str> = word.split(is_between).filter(|part| !part.is_empty()).collect();
    inner.len() > 1 && (0..inner.len()).any(|at| !script(&inner[at..]).is_empty())
}

fn last_part(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether an option says that a script follows, or holds one: `-c`, `-lc`, `--command`.
fn says_script(option: &str) -> bool {
    match (option.strip_prefix("--"), option.strip_prefix('-')) {
        (Some(long), _) => {
            let name = long.split('=').next().unwrap_or(long);
            !name.is_empty() && ("command".starts_with(name) || name.ends_with("command"))
        }
        (None, Some(letters)) => letters.split('{').next().is_some_and(|letters| letters.contains(['c', 'C'])),
        (None, None) => false,
    }
}

/// Whether the word behind an option of a shell belongs to it.
fn takes_value(option: &str) -> bool {
    let is_long = ["--rcfile", "--init-file"].contains(&option);
    is_long || (option.starts_with(['-', '+']) && !option.starts_with("--") && option.ends_with(['o', 'O']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &str) -> Option<String> {
        let words = shell_words::split(words).unwrap();
        check(&words.iter().map(String::as_str).collect::<Vec<_>>()).err().map(|misplaced| misplaced.placeholder)
    }

    #[test]
    fn a_script_for_a_shell_is_no_place_for_what_may_be_anything() {
        for bad in [
            "sh -c 'echo {prompt}'",
            "/bin/bash -lc \"echo {prompt}\"",
            "bash -ce '{prompt}'",
            "env X=1 nice -n 5 timeout 5m sh -cu '{prompt}'",
            "bash -o pipefail -c -e -- 'x {prompt}'",
            "bash --norc -c -o pipefail 'x {prompt}'",
            "fish --command '{prompt}'",
            "fish --command='{prompt}'",
            "su you -c '{prompt}'",
            "script -q -c'{prompt}' /dev/null",
            "flock . --command {prompt}",
            "busybox sh -c {prompt}",
            "env -S 'sh -c \"{prompt}\"'",
        ] {
            assert_eq!(refused(bad).as_deref(), Some("prompt"), "{bad}");
        }
        for (name, bad) in [("branch", "sh -c 'git log {branch}'"), ("prompt_file", "sh -c 'cat < {prompt_file}'")] {
            assert_eq!(refused(bad).as_deref(), Some(name), "{bad}");
        }
        for fine in [
            "sh -c 'echo \"$1\"' sh {prompt}",
            "sh -c 'echo {task} {agent} {port}'",
            "sh ./agent.sh -c {prompt}",
            "codex -c model={model} {prompt}",
            "bash -e agent.sh {prompt}",
            "agent --say 'what does sh do? {prompt}'",
            "sh -c 'exec bash -c \"$1\"' sh 'echo hi' {prompt}",
            "sh",
            "sh -c",
        ] {
            assert_eq!(refused(fine), None, "{fine}");
        }
    }
}
