//! The encoding of replayed messages: as `git rebase` does, what was written in another is written in the user's own
//! (`i18n.commitEncoding`, by default UTF-8). What does not fit into that stays as it is, and keeps saying in which
//! encoding it is, where git would drop the word.

use std::borrow::Cow;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::commit::{Commit, Writer, parts_of};
use crate::git::GitError;

/// The key of git's configuration.
const KEY: &str = "i18n.commitEncoding";

impl Writer<'_> {
    /// The old commit `id` as it is to be written again. git leaves out blank lines before the subject.
    pub(super) fn rewritten(&self, id: ObjectId, old: Commit) -> Result<Commit, GitError> {
        let commit = self.recoded(id, old)?;
        let message = without_blank_start(&commit.message).into();
        Ok(Commit { message, ..commit })
    }

    fn recoded(&self, id: ObjectId, old: Commit) -> Result<Commit, GitError> {
        let wanted = self.repo.config(KEY).filter(|name| !is_utf8(name.as_bytes()));
        if old.encoding.is_none() && (wanted.is_none() || old.message.is_ascii() && old.author.is_ascii()) {
            return Ok(Commit { encoding: wanted.map(BString::from), ..old });
        }
        let name = wanted.as_deref().unwrap_or("UTF-8");
        if old.encoding.as_ref().is_none_or(|name| is_utf8(name)) && wanted.is_none() {
            return Ok(Commit { encoding: None, ..old });
        }
        let child = self.scratch.on(self.repo.git()).args(["log", "-1", "--no-show-signature", "-z"]);
        let child = child.arg(format!("--encoding={name}")).arg("--format=%an%x00%ae%x00%B").arg(id.to_string());
        let output = child.arg("--").stdout()?;
        let mut parts = output.strip_suffix(b"\0").unwrap_or(&output).splitn_str(3, "\0");
        let (Some(author), Some(email), Some(message)) = (parts.next(), parts.next(), parts.next()) else {
            return Ok(old);
        };
        // git leaves bytes that do not fit as they are, and tells nobody.
        let same = message == old.message.as_slice() && !message.is_ascii();
        let named_same = old.encoding.as_ref().is_some_and(|old| old.eq_ignore_ascii_case(name.as_bytes()));
        let fits = if wanted.is_none() { message.to_str().is_ok() && author.to_str().is_ok() } else { !same };
        if !fits && !named_same {
            return Ok(old);
        }
        let (_, _, date) = parts_of(&old.author);
        let author = [author, b" <", email, b"> ", date].concat();
        Ok(Commit { author: author.into(), encoding: wanted.map(BString::from), message: message.into(), ..old })
    }
}

fn without_blank_start(message: &[u8]) -> &[u8] {
    let is_blank = |line: &[u8]| line.iter().all(|byte| b" \t\r\n".contains(byte));
    let blank = message.lines_with_terminator().take_while(|line| is_blank(line)).map(<[u8]>::len).sum();
    message.get(blank..).unwrap_or_default()
}

/// Bytes that are not UTF-8 in a commit that claims to be are Latin 1 to git, which writes them as such.
pub(super) fn as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.is_ascii() {
        return Cow::Borrowed(bytes);
    }
    let mut whole = Vec::with_capacity(bytes.len());
    let from_latin = |whole: &mut Vec<u8>, bytes: &[u8]| {
        bytes.iter().for_each(|byte| whole.extend_from_slice(char::from(*byte).encode_utf8(&mut [0; 2]).as_bytes()));
    };
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            let (code, mut buffer) = (u32::from(char), [0; 4]);
            let encoded = char.encode_utf8(&mut buffer).as_bytes();
            let is_no_character = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
            if is_no_character { from_latin(&mut whole, encoded) } else { whole.extend_from_slice(encoded) }
        }
        from_latin(&mut whole, chunk.invalid());
    }
    Cow::Owned(whole)
}

fn is_utf8(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"utf-8") || name.eq_ignore_ascii_case(b"utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf8_is_latin() {
        let cases: [(&[u8], &str); 6] = [
            (b"plain", "plain"),
            ("\u{e4}\u{4e09}\u{1f600}".as_bytes(), "\u{e4}\u{4e09}\u{1f600}"),
            (b"a\xffb", "a\u{ff}b"),
            (b"cut \xe2\x82", "cut \u{e2}\u{82}"),
            (b"\xed\xa0\x80", "\u{ed}\u{a0}\u{80}"),
            ("\u{ffff}".as_bytes(), "\u{ef}\u{bf}\u{bf}"),
        ];
        for (bytes, text) in cases {
            assert_eq!(as_utf8(bytes).as_bstr(), text);
        }
    }
}
