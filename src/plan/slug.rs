//! Ids from titles. They are kept in people's repositories: what a title gives must never change.

use unicode_normalization::UnicodeNormalization;

use crate::task::TaskId;

/// The longest part of a title that becomes an id, in characters.
const LONGEST: usize = 40;

/// RFC 4648's base-32 alphabet in lower case.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The words of the title in plain letters, joined by `-`. Where something of it is lost (another script, or too long)
/// six letters made from the whole title follow, so that two such titles differ.
pub(super) fn id_of_title(title: &str) -> TaskId {
    let (mut words, mut is_whole) = (String::new(), true);
    for c in title.trim().nfkd().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => words.push(c),
            // Accents stand alone now, and belong to the letter before them.
            c if unicode_normalization::char::is_combining_mark(c) || c == '\'' => {}
            c => {
                is_whole &= !c.is_alphanumeric();
                if !words.ends_with('-') {
                    words.push('-');
                }
            }
        }
    }
    let words = words.trim_matches('-');
    let short = shortened(words);
    let id = match (is_whole && short == words, short) {
        (true, short) if !short.is_empty() => short.to_owned(),
        (_, "") => format!("task-{}", letters(title)),
        (_, short) => format!("{short}-{}", letters(title)),
    };
    TaskId::try_from(id).expect("letters, digits and single hyphens are within the grammar")
}

/// At most so many characters, cut between words where there are several.
fn shortened(words: &str) -> &str {
    if words.len() <= LONGEST {
        return words;
    }
    let cut = &words[..LONGEST];
    match cut.rfind('-') {
        Some(end) if !words[LONGEST..].starts_with('-') => &cut[..end],
        _ => cut,
    }
}

fn letters(title: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in title.trim().bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let place = |n: u32| char::from(LETTERS[usize::try_from((hash >> (n * 5)) & 31).unwrap_or_default()]);
    (0..6).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(title: &str) -> String {
        id_of_title(title).to_string()
    }

    #[test]
    fn titles_become_ids_that_people_can_read() {
        assert_eq!(id("Set up the parser!"), "set-up-the-parser");
        assert_eq!(id("  Don't panic (v2)  "), "dont-panic-v2");
        assert_eq!(id("Prüfe Ärger"), "prufe-arger");
        assert_eq!(id("A..b.lock"), "a-b-lock");
    }

    #[test]
    fn what_is_lost_is_made_up_for() {
        // These are in people's repositories: they must never change.
        assert_eq!(id("解析器"), "task-totgdb");
        assert_ne!(id("解析器"), id("分析器"));
        let long = "Write the parser for the language that nobody has ever heard of before";
        assert_eq!(id(long), "write-the-parser-for-the-language-that-qeskpp");
        assert_ne!(id(long), id(&format!("{long} now")));
        assert!(id(&"x".repeat(500)).len() <= 64);
        assert!(id("🦀").starts_with("task-"));
    }

    proptest::proptest! {
        #[test]
        fn every_title_gives_an_id_and_always_the_same(title in "\\PC{0,80}|[ -~]{0,80}") {
            proptest::prop_assert_eq!(id_of_title(&title), id_of_title(&format!(" {title} ")));
        }
    }
}
