//! What a run has cost, where the program's own last lines tell it: the last lines of its output that are JSON objects,
//! and in them fields that a profile names.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a program's last lines tell what it has cost: JSON pointers (RFC 6901) such as `/usage/input_tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CostSource {
    /// Dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd: Option<String>,
    /// Tokens; what is found is added up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<String>,
    /// The name under which the program can go on with what it has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// Dollars.
    pub usd: Option<f64>,
    /// Tokens.
    pub tokens: Option<u64>,
    /// The program's own name for the session.
    pub session: Option<String>,
}

/// A session's name is no longer than this, or it is none.
const LONGEST_SESSION: usize = 200;

impl CostSource {
    /// Nothing is told.
    pub fn is_none(&self) -> bool {
        *self == CostSource::default()
    }

    /// Look through the end of an output; for each field the last line that has it counts.
    pub fn find(&self, output: &[u8]) -> Told {
        let mut told = Told::default();
        if self.is_none() {
            return told;
        }
        // One object over several lines counts as well, when there is nothing else.
        let whole = serde_json::from_slice::<Value>(output).ok().filter(Value::is_object);
        let lines = output.split(|byte| *byte == b'\n').rev();
        let objects = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok().filter(Value::is_object));
        for object in whole.into_iter().chain(objects) {
            let number = |pointer: &String| object.pointer(pointer).and_then(Value::as_f64).filter(|n| *n >= 0.0);
            let count = |pointer: &String| object.pointer(pointer).and_then(Value::as_u64);
            told.usd = told.usd.or_else(|| self.usd.as_ref().and_then(number));
            told.tokens = told.tokens.or_else(|| self.tokens.iter().filter_map(count).reduce(u64::saturating_add));
            told.session = told.session.take().or_else(|| {
                let text = object.pointer(self.session.as_ref()?)?.as_str()?;
                let fits = !text.is_empty() && text.len() <= LONGEST_SESSION && !text.starts_with('-');
                (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
            });
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> CostSource {
        CostSource {
            usd: Some("/total_cost_usd".into()),
            tokens: vec!["/usage/input_tokens".into(), "/usage/output_tokens".into()],
            session: Some("/session_id".into()),
        }
    }

    #[test]
    fn the_last_line_that_tells_it_counts() {
        let output = br#"{"session_id":"a","total_cost_usd":1}
not json
{"session_id":"b","total_cost_usd":0.25,"usage":{"input_tokens":10,"output_tokens":5}}
{"type":"end"}
"#;
        let told = source().find(output);
        assert_eq!(told, Told { usd: Some(0.25), tokens: Some(15), session: Some("b".into()) });
        assert_eq!(source().find(b"{\n\"total_cost_usd\": 2}\n").usd, Some(2.0));
        assert_eq!(CostSource::default().find(output), Told::default());
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let output = br#"{"session_id":"--yes","total_cost_usd":-1,"usage":{"input_tokens":"many"}}"#;
        assert_eq!(source().find(output), Told::default());
        assert_eq!(source().find(b"\xff\xfe{"), Told::default());
    }
}
