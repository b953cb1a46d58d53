//! Changes of two sides that merge, and that somebody should read together all the same.

use std::collections::BTreeMap;
use std::ops::Range;

use gix::bstr::ByteSlice;
use gix::diff::blob::sources::byte_lines;

use crate::branch::regions::{Lines, hunks};

/// The longest name of a function that is shown, in characters.
const LONGEST: usize = 60;

/// Two changes that are near to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Near {
    /// The function that both change, if it is the same.
    pub(super) function: Option<String>,
    /// Where in the first side's file.
    pub(super) a: Lines,
    /// Where in the second side's file.
    pub(super) b: Lines,
    /// How many lines lie between them at least.
    pub(super) apart: u32,
}

/// One change of a side: the lines from 0 in the base and in its file, and what they say now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    before: Range<u32>,
    after: Range<u32>,
    text: Vec<u8>,
}

/// A function in a file: its lines from 0, the line that names it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    name: String,
    lines: Range<u32>,
}

/// What a side changed.
pub(super) fn edits(base: &[u8], side: &[u8]) -> Vec<Edit> {
    let lines: Vec<&[u8]> = byte_lines(side).collect();
    let text = |range: Range<u32>| lines.get(range.start as usize..range.end as usize).unwrap_or_default().concat();
    let edit =
        |hunk: gix::diff::blob::Hunk| Edit { text: text(hunk.after.clone()), before: hunk.before, after: hunk.after };
    hunks(base, side).into_iter().map(edit).collect()
}

/// The changes of two sides in one function or with at most `near` lines between them.
pub(super) fn nearby(functions: &[Function], sides: [&[Edit]; 2], near: u32) -> Vec<Near> {
    let is_own = |side: usize, edit: &&Edit| {
        let others = sides[1 - side];
        let at = others.partition_point(|other| other.before.start < edit.before.start);
        let mut same_place = others[at..].iter().take_while(|other| other.before.start == edit.before.start);
        !same_place.any(|other| other.before == edit.before && other.text == edit.text)
    };
    // The same change on both sides is one change.
    let own: [Vec<Placed<'_>>; 2] = [0, 1].map(|side| {
        let edits = sides[side].iter().filter(|edit| is_own(side, edit));
        edits.map(|edit| Placed { edit, function: function_of(functions, edit) }).collect()
    });
    let mut found = in_one_function(functions, &own);
    found.extend(in_reach(&own, near));
    found.sort_by_key(|near| (near.a, near.b));
    found
}

/// A change and the innermost function that it is in.
struct Placed<'e> {
    edit: &'e Edit,
    function: Option<usize>,
}

fn in_one_function(functions: &[Function], own: &[Vec<Placed<'_>>; 2]) -> Vec<Near> {
    let mut touched: BTreeMap<usize, [Vec<&Edit>; 2]> = BTreeMap::new();
    for (side, edits) in own.iter().enumerate() {
        for one in edits {
            if let Some(number) = one.function {
                touched.entry(number).or_default()[side].push(one.edit);
            }
        }
    }
    let both = touched.into_iter().filter(|(_, sides)| sides.iter().all(|edits| !edits.is_empty()));
    both.map(|(number, [a, b])| {
        let nearest = |one: &&Edit| {
            let at = b.partition_point(|other| other.before.start < one.before.start);
            b[at.saturating_sub(1)..].iter().take(2).map(|other| gap(one, other)).min()
        };
        let apart = a.iter().filter_map(nearest).min().unwrap_or_default();
        Near { function: Some(functions[number].name.clone()), a: span(&a), b: span(&b), apart }
    })
    .collect()
}

/// Near to each other and not in one function, neighbours together.
fn in_reach(own: &[Vec<Placed<'_>>; 2], near: u32) -> Vec<Near> {
    let [of_a, of_b] = own;
    // The first and the last of each side, by number.
    let mut groups: Vec<([usize; 2], [usize; 2], u32)> = Vec::new();
    for (a, one) in of_a.iter().enumerate() {
        let (start, end) = (one.edit.before.start, one.edit.before.end.saturating_add(near));
        let from = of_b.partition_point(|other| other.edit.before.end.saturating_add(near) < start);
        for (b, other) in of_b.iter().enumerate().skip(from).take_while(|(_, other)| other.edit.before.start <= end) {
            if one.function.is_some() && one.function == other.function {
                continue;
            }
            let apart = gap(one.edit, other.edit);
            match groups.last_mut() {
                Some(([_, last_a], [_, last_b], least)) if *last_a == a || *last_b >= b => {
                    (*last_a, *last_b, *least) = (a, b.max(*last_b), apart.min(*least));
                }
                _ => groups.push(([a, a], [b, b], apart)),
            }
        }
    }
    let span_of = |side: &[Placed<'_>], [first, last]: [usize; 2]| {
        span(&side[first..=last].iter().map(|one| one.edit).collect::<Vec<_>>())
    };
    let near = |(a, b, apart)| Near { function: None, a: span_of(of_a, a), b: span_of(of_b, b), apart };
    groups.into_iter().map(near).collect()
}

/// How many lines of the base lie between two changes.
fn gap(one: &Edit, other: &Edit) -> u32 {
    let (first, then) = (one.before.end.min(other.before.end), one.before.start.max(other.before.start));
    then.saturating_sub(first)
}

fn span(edits: &[&Edit]) -> Lines {
    let start = edits.iter().map(|edit| edit.after.start).min().unwrap_or_default();
    let end = edits.iter().map(|edit| edit.after.end).max().unwrap_or_default();
    Lines { start: start + 1, lines: end - start }
}

/// The innermost function that a change lies in. What is added before or after one is not in it.
fn function_of(functions: &[Function], edit: &Edit) -> Option<usize> {
    let Range { start, end } = edit.before;
    let holds = |lines: &Range<u32>| match start == end {
        true => lines.start < start && start < lines.end,
        false => lines.start <= start && start < lines.end,
    };
    let upto = functions.partition_point(|function| function.lines.start <= start);
    (0..upto).rev().find(|number| holds(&functions[*number].lines))
}

/// The functions of a file, by their first line: git's rule (a line that begins with a letter, `_` or `$`) and indented
/// lines that say `fn`, `def`, `function` or the like. One ends where a line is indented no deeper than its first.
pub(super) fn functions(lines: &[&[u8]]) -> Vec<Function> {
    let mut found: Vec<Function> = Vec::new();
    // Those that have not ended yet, outermost first: how deep they are indented and their place in `found`.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (number, line) in (0u32..).zip(lines) {
        let text = line.trim();
        if text.is_empty() || text.starts_with(b"#") {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        let continues = text.starts_with(b"{") || text.starts_with(b")") || text == b"where";
        let closes = text.starts_with(b"}") || text.starts_with(b"end");
        while let Some((indent, _)) = open.last()
            && depth <= *indent
            && !(depth == *indent && (continues || closes))
        {
            open.pop();
        }
        for (_, place) in &open {
            found[*place].lines.end = number + 1;
        }
        if closes && open.last().is_some_and(|(indent, _)| *indent == depth) {
            open.pop();
        } else if let Some(name) = header(text, depth) {
            open.push((depth, found.len()));
            found.push(Function { name, lines: number..number + 1 });
        }
    }
    // Of one line: prose, declarations.
    found.retain(|function| function.lines.len() > 1);
    found
}

/// The name of what begins with this line, if it is worth telling that two sides change it.
fn header(text: &[u8], depth: usize) -> Option<String> {
    const MODIFIERS: &str = "pub pub(crate) pub(super) async unsafe const export default static public private protected \
        internal override final abstract inline suspend open";
    const FUNCTIONS: &[&str] = &["fn", "def", "function", "func", "fun", "sub", "class"];
    // In these everything of a file may be, or nothing that has a name.
    const CONTAINERS: &[&str] =
        &["impl", "mod", "module", "namespace", "package", "use", "import", "from", "if", "else", "try"];
    let text = text.to_str_lossy();
    let is_modifier = |word: &str| MODIFIERS.split_whitespace().any(|modifier| modifier == word);
    let mut words = text.split(|c: char| c.is_whitespace() || c == '<').skip_while(|word| is_modifier(word));
    let keyword = words.next().unwrap_or_default().trim_end_matches('*');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$');
    // What YAML and make files begin with is as long as the file.
    let is_key = text.ends_with(':') && !text.contains('(');
    let is_one = FUNCTIONS.contains(&keyword) || (depth == 0 && begins && !is_key && !CONTAINERS.contains(&keyword));
    is_one.then(|| text.trim_end_matches(['{', ':', ' ']).chars().take(LONGEST).collect())
}

#[cfg(test)]
#[path = "nearby_test.rs"]
mod tests;
