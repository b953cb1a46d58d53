//! Whatever is imported, it is taken whole or refused with a reason; it never brings the program down.

use fastrand::Rng;

use crate::support::Sandbox;

const TASKS: &str = r#"{"title":"Design","id":"a","hours":1.5,"priority":"high","labels":["plan"],"paths":["docs/"]}
{"title":"Build","id":"b","after":["a"],"body":"All\nof it.","category":"code","state":"open"}
{"title":"Old","state":"dropped"}
"#;
const FINDINGS: &str = r#"[{"severity":"high","category":"bug","message":"Overflow","file":"src/a.rs","line":3},
{"severity":"info","category":"note","message":"Nice","commit":"0123456789012345678901234567890123456789"}]
"#;

/// `text` with some of its bytes replaced, removed, doubled or moved.
fn mutated(text: &str, random: &mut Rng) -> Vec<u8> {
    const PIECES: [&[u8]; 12] =
        [b"\"", b"{", b"}", b"[", b",", b"\\u0000", b"\xff", b"\0", b"-1", b"1e999", b"null", "\u{202e}".as_bytes()];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(0..12)).min(bytes.len());
        match random.u8(..4) {
            0 => drop(bytes.splice(at..end, random.choice(PIECES).unwrap().iter().copied())),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn import_any(command: &str, text: &str, seed: u64) {
    let mut random = Rng::with_seed(seed);
    let (mut taken, mut refused) = (0, 0);
    let mut sandbox = Sandbox::new();
    for _ in 0..120 {
        let input = mutated(text, &mut random);
        let before = sandbox.git(["for-each-ref"]);
        let output = sandbox.direct([command, "import", "-"]).input(input.clone()).output();
        let shown = String::from_utf8_lossy(&input);
        match output.status {
            Some(0) => {
                taken += 1;
                assert!(sandbox.state().damaged.is_empty(), "{shown}\n{output}");
                assert_eq!(sandbox.operations(), 1, "{shown}\n{output}");
                sandbox = Sandbox::new();
            }
            Some(2 | 3) => {
                refused += 1;
                assert_eq!(sandbox.git(["for-each-ref"]), before, "{shown}\n{output}");
                assert!(output.stderr.starts_with("error: "), "{shown}\n{output}");
                assert!(!output.stderr.contains(['\0', '\u{1b}', '\u{202e}']), "{shown}\n{output}");
            }
            _ => panic!("{shown}\n{output}"),
        }
    }
    assert!(taken > 0 && refused > 30, "{taken} taken, {refused} refused");
}

#[test]
fn any_tasks() {
    import_any("task", TASKS, 1);
}

#[test]
fn any_findings() {
    import_any("findings", FINDINGS, 2);
}
