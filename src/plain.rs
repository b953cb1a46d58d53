//! What a program has written for a terminal, as text that no terminal acts on: colours and everything else that begins
//! with an escape is taken out, what is no text is replaced, and lines stay lines.

use crate::text::is_hidden;

/// An escape sequence that is longer than this is none.
const LONGEST_SEQUENCE: usize = 4096;

/// Makes plain text of bytes that come piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Plain {
    state: At,
    /// How long the sequence that we are in is.
    length: usize,
    /// The beginning of a character whose rest has not come yet.
    rest: Vec<u8>,
    /// The last one was a carriage return: a line break, unless one follows.
    returned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    #[default]
    Text,
    /// After an escape.
    Escape,
    /// In a control sequence, which ends with a letter.
    Control,
    /// In a string (a title, a link, the clipboard), which ends with a bell or a string terminator.
    String,
    /// In such a string after an escape, which may begin the terminator.
    StringEscape,
}

impl Plain {
    /// The text of these bytes, as far as it is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut left = &all[..];
        while !left.is_empty() {
            match std::str::from_utf8(left) {
                Ok(valid) => {
                    valid.chars().for_each(|c| self.take(c, &mut text));
                    break;
                }
                Err(error) => {
                    let (valid, after) = left.split_at(error.valid_up_to());
                    String::from_utf8_lossy(valid).chars().for_each(|c| self.take(c, &mut text));
                    let Some(bad) = error.error_len() else {
                        self.rest = after.to_vec();
                        break;
                    };
                    self.take('\u{fffd}', &mut text);
                    left = &after[bad..];
                }
            }
        }
        text
    }

    /// What is left when nothing more comes.
    pub fn end(&mut self) -> String {
        let mut text = String::new();
        if !std::mem::take(&mut self.rest).is_empty() {
            self.take('\u{fffd}', &mut text);
        }
        text
    }

    fn take(&mut self, c: char, text: &mut String) {
        self.length += 1;
        if self.length > LONGEST_SEQUENCE || c == '\n' {
            self.state = At::Text;
        }
        self.state = match (self.state, c) {
            (At::Text | At::Escape | At::Control, '\u{1b}') => self.begin(At::Escape),
            (At::Text, '\u{9b}') => self.begin(At::Control),
            (At::Text, '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}') => self.begin(At::String),
            (At::Text, c) => {
                self.length = 0;
                self.show(c, text);
                At::Text
            }
            (At::Escape, '[') => At::Control,
            (At::Escape, ']' | 'P' | 'X' | '^' | '_') => At::String,
            // Intermediate bytes are followed by a last one.
            (At::Escape, ' '..='/') => At::Escape,
            (At::Escape, _) => At::Text,
            (At::Control, '@'..='~') => At::Text,
            (At::Control, _) => At::Control,
            (At::String | At::StringEscape, '\u{7}' | '\u{9c}') => At::Text,
            (At::String, '\u{1b}') => At::StringEscape,
            (At::String, _) => At::String,
            (At::StringEscape, '\\') => At::Text,
            (At::StringEscape, '\u{1b}') => At::StringEscape,
            (At::StringEscape, _) => At::String,
        };
    }

    fn begin(&mut self, state: At) -> At {
        self.length = 0;
        state
    }

    fn show(&mut self, c: char, text: &mut String) {
        // A line that is drawn over and over is several lines here.
        if std::mem::take(&mut self.returned) && c != '\n' && c != '\r' {
            text.push('\n');
        }
        match c {
            '\r' => self.returned = true,
            '\n' | '\t' => text.push(c),
            c if is_hidden(c) => text.push('\u{fffd}'),
            c => text.push(c),
        }
    }
}

/// All of it at once.
pub fn plain(bytes: &[u8]) -> String {
    let mut plain = Plain::default();
    let mut text = plain.feed(bytes);
    text.push_str(&plain.end());
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_go_and_text_stays() {
        for (bytes, text) in [
            (&b"\x1b[1;31mred\x1b[0m\n"[..], "red\n"),
            (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
            (b"\x1b]52;c;AAAA\x1b\\x", "x"),
            (b"a\x1bPq#0\x1b\\b\x1b(Bc\x1b=d", "abcd"),
            (b"10%\r20%\r\nend", "10%\n20%\nend"),
            (b"a\x00b\x08c\x7f", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            (b"\xff\xfea\xc3", "\u{fffd}\u{fffd}a\u{fffd}"),
            ("\u{9b}31mx \u{202e}y ä".as_bytes(), "x \u{fffd}y ä"),
            (b"\x1b]0;never ends\nnext\n", "\nnext\n"),
            (b"\x1b[31", ""),
        ] {
            assert_eq!(plain(bytes), text, "{bytes:?}");
        }
        let long = [&b"\x1b["[..], &[b'1'; 5000], b"x"].concat();
        assert!(plain(&long).ends_with("1x"), "what never ends is shown");
    }

    proptest! {
        #[test]
        fn nothing_acts_on_a_terminal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = plain(&bytes);
            prop_assert!(text.chars().all(|c| !is_hidden(c) || c == '\n' || c == '\t'), "{:?}", text);
        }

        #[test]
        fn pieces_make_the_same_text(bytes in proptest::collection::vec(any::<u8>(), 0..60), at in 0usize..60) {
            let at = at.min(bytes.len());
            let mut pieces = Plain::default();
            let mut text = pieces.feed(&bytes[..at]);
            text.push_str(&pieces.feed(&bytes[at..]));
            text.push_str(&pieces.end());
            prop_assert_eq!(text, plain(&bytes));
        }
    }
}
