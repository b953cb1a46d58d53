//! What is said to a supervisor through its pipe: a letter, or in a line who wants the run to end. A pipe needs no room on
//! any disk.

use crate::run::record::Stop;

/// What is written into the pipe when there will be no more input.
pub(in crate::run) const END_OF_INPUT: u8 = b'e';
/// More than this nobody has to say.
const MOST: usize = 64 << 10;

/// What has come so far and is not understood yet.
#[derive(Debug, Default)]
pub(super) struct Ear {
    bytes: Vec<u8>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// There will be no more input.
    EndOfInput,
    /// It is to end.
    Stop(Stop),
}

impl Ear {
    /// Take what has come, and give what can be understood; anything else is passed over.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Vec<Said> {
        self.bytes.extend_from_slice(bytes);
        let mut said = Vec::new();
        let mut at = 0;
        while let Some(first) = self.bytes.get(at) {
            if *first != b'{' {
                said.extend((*first == END_OF_INPUT).then_some(Said::EndOfInput));
                at += 1;
                continue;
            }
            // The rest of the line may come later.
            let Some(length) = self.bytes[at..].iter().position(|byte| *byte == b'\n') else { break };
            said.extend(serde_json::from_slice(&self.bytes[at..at + length]).ok().map(Said::Stop));
            at += length + 1;
        }
        self.bytes.drain(..at);
        if self.bytes.len() > MOST {
            self.bytes.clear();
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood_however_it_comes() {
        let stop = Stop { by: "Ann\n{e".into(), at: chrono::DateTime::UNIX_EPOCH, grace_s: 3 };
        let line = [&serde_json::to_vec(&stop).unwrap()[..], b"\n"].concat();
        let whole = [b"s", &line[..], b"e", b"{nonsense}\n", &line[..]].concat();
        let wanted = [Said::Stop(stop.clone()), Said::EndOfInput, Said::Stop(stop)];
        assert_eq!(Ear::default().hear(&whole), wanted);
        let mut ear = Ear::default();
        let said: Vec<Said> = whole.iter().flat_map(|byte| ear.hear(&[*byte])).collect();
        assert_eq!(said, wanted);
        assert_eq!(ear.hear(&vec![b'{'; 70_000]), []);
        assert_eq!(ear.hear(b"e"), [Said::EndOfInput], "nobody fills its memory");
    }
}
