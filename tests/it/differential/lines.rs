//! Random text, and random edits of it, from so few different lines that a diff has many ways to tell them.

use fastrand::Rng;

/// Few enough that nearly every line is repeated, with those among them that diffs treat in their own way.
const ALPHABET: [&str; 10] = ["a", "b", "c", "d", "", "}", "{", "\tx", "  x", "end"];

/// A file. Small most of the time; empty, without a final newline or with CRLF now and then.
pub(crate) fn text(random: &mut Rng) -> Vec<u8> {
    let count = match random.u8(0..12) {
        0 => 0,
        1 | 2 => random.usize(1..5),
        3..8 => random.usize(5..25),
        _ => random.usize(25..90),
    };
    // Some files tell their lines apart, so that renames of them are found and diffs of them are plain.
    let numbered = random.u8(0..3);
    let lines: Vec<_> = (0..count)
        .map(|number| match numbered {
            0 => format!("line {number}").into_bytes(),
            1 if random.bool() => format!("{} {number}", line(random)).into_bytes(),
            _ => line(random).as_bytes().to_vec(),
        })
        .collect();
    let ending: &[u8] = if random.u8(0..12) == 0 { b"\r\n" } else { b"\n" };
    joined(&lines, ending, random.u8(0..8) != 0)
}

fn line(random: &mut Rng) -> &'static str {
    // Often the first few only, which makes it worse.
    let some = if random.bool() { 3 } else { ALPHABET.len() };
    ALPHABET[random.usize(0..some)]
}

fn joined(lines: &[Vec<u8>], ending: &[u8], is_ended: bool) -> Vec<u8> {
    let mut bytes = lines.join(ending);
    if is_ended && !lines.is_empty() {
        bytes.extend_from_slice(ending);
    }
    bytes
}

/// The same text with something changed.
pub(crate) fn edited(random: &mut Rng, text: &[u8]) -> Vec<u8> {
    let is_crlf = text.windows(2).any(|two| two == b"\r\n");
    let is_ended = text.is_empty() || text.ends_with(b"\n");
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let mut lines: Vec<Vec<u8>> =
        body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect();
    if text.is_empty() {
        lines.clear();
    }
    let (mut flips_crlf, mut flips_end) = (false, false);
    let hunks = *random.choice(&[1, 1, 1, 2, 3]).unwrap();
    for _ in 0..hunks {
        match random.u8(0..60) {
            0 => flips_crlf = true,
            1 => flips_end = true,
            2 => lines.clear(),
            3 => {
                let at = random.usize(0..=lines.len());
                lines.insert(at, vec![0, b'b']);
            }
            _ => edit_lines(random, &mut lines),
        }
    }
    let ending: &[u8] = if is_crlf ^ flips_crlf { b"\r\n" } else { b"\n" };
    joined(&lines, ending, is_ended ^ flips_end)
}

/// One hunk: replaced, put in, taken out, doubled, moved, or swapped with its neighbour.
fn edit_lines(random: &mut Rng, lines: &mut Vec<Vec<u8>>) {
    let at = match random.u8(0..8) {
        0 => 0,
        1 => lines.len(),
        // The middle is where two branches meet most.
        2 => (lines.len() / 2).saturating_sub(random.usize(0..2)),
        _ => random.usize(0..=lines.len()),
    };
    let end = (at + random.usize(0..4)).min(lines.len());
    let new = |random: &mut Rng| -> Vec<Vec<u8>> {
        (0..random.usize(0..4)).map(|_| line(random).as_bytes().to_vec()).collect()
    };
    match random.u8(0..8) {
        0 | 1 => drop(lines.splice(at..end, new(random))),
        2 => drop(lines.splice(at..at, new(random))),
        3 => drop(lines.drain(at..end)),
        4 => {
            let block = lines[at..end].to_vec();
            drop(lines.splice(at..at, block));
        }
        5 => {
            let block: Vec<_> = lines.drain(at..end).collect();
            let to = random.usize(0..=lines.len());
            drop(lines.splice(to..to, block));
        }
        6 if end > at + 1 => lines[at..end].reverse(),
        _ => {
            let unique = format!("new {}", random.u8(0..20)).into_bytes();
            if at < end { lines[at] = unique } else { lines.insert(at, unique) }
        }
    }
}
