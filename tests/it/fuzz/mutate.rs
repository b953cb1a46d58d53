//! Changes that keep the structure: JSON stays JSON mostly, names stay names nearly.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Texts that something might take for something else.
const NASTY: &[&str] = &[
    "",
    " ",
    "-",
    "--force",
    "..",
    "../../x",
    "/etc/passwd",
    ".git/config",
    ".GIT",
    "git~1",
    "C:\\x",
    "\\\\x\\y",
    "a\0b",
    "a\nb",
    "\u{1b}[2J",
    "\u{202e}x",
    "\u{feff}",
    "HEAD",
    "@",
    "refs/heads/main",
    "main",
    "agents/ann",
    "x.lock",
    "1",
    "2",
    "ann",
    "0000000000000000000000000000000000000000",
    "9999-12-31T23:59:60Z",
    "-262143-01-01T00:00:00Z",
    "+262142-12-31T23:59:59.999999999Z",
    "1970-01-01T00:00:00Z",
    "open",
    "landed",
    "in-progress",
    "critical",
];

pub(super) fn text(rng: &mut Rng) -> String {
    match rng.u8(..10) {
        0 => "x".repeat(rng.usize(..2000)),
        1 => (0..rng.usize(..20)).map(|_| rng.char(..)).collect(),
        _ => NASTY[rng.usize(..NASTY.len())].to_owned(),
    }
}

fn value(rng: &mut Rng) -> Value {
    match rng.u8(..12) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!(u64::MAX),
        4 => json!(rng.f64() * 1e300),
        5 => json!(-1),
        6 => json!([]),
        7 => json!({}),
        8 => json!((0..rng.usize(..1200)).map(|n| n.to_string()).collect::<Vec<_>>()),
        9 => (0..rng.usize(..200)).fold(json!(1), |inner, _| json!([inner])),
        _ => json!(text(rng)),
    }
}

/// Change one thing somewhere in it.
pub(super) fn json(rng: &mut Rng, whole: &mut Value) {
    match whole {
        Value::Object(fields) if !fields.is_empty() && rng.u8(..8) > 0 => field(rng, fields),
        Value::Array(all) if !all.is_empty() && rng.u8(..8) > 0 => {
            let at = rng.usize(..all.len());
            match rng.u8(..4) {
                0 => drop(all.remove(at)),
                1 => all.push(all[at].clone()),
                _ => json(rng, &mut all[at]),
            }
        }
        Value::String(old) if rng.bool() => {
            let mut chars: Vec<char> = old.chars().collect();
            if !chars.is_empty() {
                let at = rng.usize(..chars.len());
                chars[at] = rng.char(..);
            }
            *old = chars.into_iter().collect();
        }
        other => *other = value(rng),
    }
}

fn field(rng: &mut Rng, fields: &mut Map<String, Value>) {
    let names: Vec<String> = fields.keys().cloned().collect();
    let name = &names[rng.usize(..names.len())];
    match rng.u8(..8) {
        0 => drop(fields.remove(name)),
        1 => drop(fields.insert(text(rng), value(rng))),
        2 => {
            let other = names[rng.usize(..names.len())].clone();
            if let Some(value) = fields.get(name).cloned() {
                fields.insert(other, value);
            }
        }
        _ => {
            if let Some(inner) = fields.get_mut(name) {
                json(rng, inner);
            }
        }
    }
}

/// Flip, cut or repeat bytes.
pub(super) fn bytes(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        if bytes.is_empty() {
            bytes.push(rng.u8(..));
        }
        let at = rng.usize(..bytes.len());
        match rng.u8(..5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.u8(..)),
            2 => bytes.extend_from_within(at..),
            _ => bytes[at] = rng.u8(..),
        }
    }
}

/// Another path: a part of it changed, moved or put in.
pub(super) fn path(rng: &mut Rng, path: &str) -> String {
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let at = rng.usize(..parts.len());
    match rng.u8(..4) {
        0 => parts.insert(at, "d".to_owned()),
        1 => drop(parts.remove(at)),
        2 => parts[at] = text(rng),
        _ => parts[at] = format!("{}.json", text(rng)),
    }
    // What no tree can hold is no case.
    let plain = |part: &String| !part.is_empty() && !part.contains(['/', '\0']);
    let parts: Vec<String> = parts.into_iter().filter(plain).collect();
    if parts.is_empty() { "x".to_owned() } else { parts.join("/") }
}

/// Lines as a file of settings has them, with something wrong.
pub(super) fn settings(rng: &mut Rng) -> String {
    let keys =
        ["strategy", "check", "checkRetries", "checkTimeout", "checkEach", "prefix", "worktrees", "ann.strategy", "x"];
    let values =
        ["\"squash\"", "[\"a\", \"b\"]", "3", "true", "\"10m\"", "{ a = 1 }", "[[", "1979-05-27", "'''", "\"\\u001b\""];
    let mut text = String::new();
    for _ in 0..rng.usize(..8) {
        let (key, value) = (keys[rng.usize(..keys.len())], values[rng.usize(..values.len())]);
        text.push_str(&match rng.u8(..6) {
            0 => format!("[{key}]\n"),
            1 => format!("[[{}]]\n", self::text(rng)),
            2 => format!("{:?} = {:?}\n", self::text(rng), self::text(rng)),
            _ => format!("{key} = {value}\n"),
        });
    }
    if rng.bool() {
        let mut raw = text.into_bytes();
        bytes(rng, &mut raw);
        text = String::from_utf8_lossy(&raw).into_owned();
    }
    text
}
