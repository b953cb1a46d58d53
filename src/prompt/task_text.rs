//! A task's text taken apart: what is to be done, what comes out, how to see that it is good.
//!
//! Authors mark parts with a heading or a line of their own (`## Deliverables`, `Validation:`). What is not marked is
//! details. Nothing is left out, nothing is judged.

use crate::text::is_hidden;

/// So much of a task's text is told; the rest is one command away.
pub const MOST_TEXT: usize = 16 * 1024;

/// The parts of a text. Each is empty when its author has not marked it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// What is in no other part.
    pub details: String,
    /// Steps.
    pub activities: String,
    /// What is to be there in the end.
    pub deliverables: String,
    /// How to see that it is good.
    pub validation: String,
    /// Some of the text was left out, for its length.
    pub is_cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Details,
    Activities,
    Deliverables,
    Validation,
}

const TITLES: [(&str, Part); 16] = [
    ("details", Part::Details),
    ("description", Part::Details),
    ("context", Part::Details),
    ("background", Part::Details),
    ("notes", Part::Details),
    ("activities", Part::Activities),
    ("steps", Part::Activities),
    ("implementation", Part::Activities),
    ("deliverables", Part::Deliverables),
    ("outputs", Part::Deliverables),
    ("validation", Part::Validation),
    ("acceptance", Part::Validation),
    ("acceptance criteria", Part::Validation),
    ("success criteria", Part::Validation),
    ("definition of done", Part::Validation),
    ("tests", Part::Validation),
];

/// Take a text apart.
pub fn parts(text: &str) -> Parts {
    let (text, is_cut) = bounded(text);
    let mut parts = Parts { is_cut, ..Parts::default() };
    let mut current = Part::Details;
    let mut in_code = false;
    for line in text.lines() {
        let line = printable_line(line);
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if let Some(part) = title(&line).filter(|_| !in_code) {
            current = part;
            continue;
        }
        // Another heading of the author's own ends the part that is marked.
        if line.starts_with('#') && !in_code {
            current = Part::Details;
        }
        let part = match current {
            Part::Details => &mut parts.details,
            Part::Activities => &mut parts.activities,
            Part::Deliverables => &mut parts.deliverables,
            Part::Validation => &mut parts.validation,
        };
        part.push_str(&line);
        part.push('\n');
    }
    for part in [&mut parts.details, &mut parts.activities, &mut parts.deliverables, &mut parts.validation] {
        *part = part.trim_matches('\n').to_owned();
    }
    parts
}

/// The part that a line begins: a heading, or its title with a colon and nothing else.
fn title(line: &str) -> Option<Part> {
    let is_heading = line.starts_with('#');
    let plain = line.trim_start_matches('#').trim().trim_matches('*');
    let name = match plain.strip_suffix(':') {
        Some(name) => name,
        None if is_heading => plain,
        None => return None,
    };
    let name = name.trim().trim_matches('*').to_lowercase();
    TITLES.iter().find(|(title, _)| *title == name).map(|(_, part)| *part)
}

/// The text up to the most that is told, ending with a whole line where there is one; and whether that is less than all.
fn bounded(text: &str) -> (&str, bool) {
    if text.len() <= MOST_TEXT {
        return (text, false);
    }
    let mut end = MOST_TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (text[..end].rsplit_once('\n').map_or(&text[..end], |(whole, _)| whole), true)
}

/// One line of others' text without anything that acts on a terminal; tabs stay.
pub fn printable_line(line: &str) -> String {
    line.chars().map(|c| if is_hidden(c) && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marked_parts_are_found() {
        let text = "Why it matters.\n\nActivities:\n- one\n- two\n\n## Deliverables\nA file.\n**Acceptance criteria:**\n\
            It works.\n# Else\nMore.\n```\nSteps:\n```\n";
        assert_eq!(
            parts(text),
            Parts {
                details: "Why it matters.\n\n# Else\nMore.\n```\nSteps:\n```".to_owned(),
                activities: "- one\n- two".to_owned(),
                deliverables: "A file.".to_owned(),
                validation: "It works.".to_owned(),
                is_cut: false,
            }
        );
        assert_eq!(parts("Steps: first this").details, "Steps: first this");
        assert_eq!(parts(""), Parts::default());
    }

    #[test]
    fn a_long_text_is_cut_at_a_line() {
        let parts = parts(&"0123456789äöü\n".repeat(3000));
        assert!(parts.is_cut && parts.details.len() <= MOST_TEXT && parts.details.ends_with('ü'));
    }

    proptest! {
        #[test]
        fn nothing_is_left_out_and_nothing_acts(text in "(\\PC{0,20}|#? ?(Steps|Tests):?|```|\u{1b}\\[2J|\u{202e}|\n){0,12}") {
            let parts = parts(&text);
            let all = [parts.details, parts.activities, parts.deliverables, parts.validation].concat();
            prop_assert!(!all.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'));
            for line in text.lines().map(printable_line).filter(|line| title(line).is_none()) {
                prop_assert!(all.contains(line.trim_matches('\n')), "{:?}", line);
            }
        }
    }
}
