//! Plans in Markdown: a task list whose items are tasks, or headings with their text.
//!
//! What looks like a task on purpose (with an id or with details) decides which of the two it is: the check list of
//! what is to be shown below the heading `## t1: Parser (2h)` is no list of tasks. Nothing in a fence, a quotation or a
//! nested list is a task.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::details::{self, Details};
use super::draft::{Draft, Drafts};
use super::source::Lines;
use super::{MOST_TASKS, PlanError, Wrong};

/// A heading that stands on its own.
struct Heading<'t> {
    level: HeadingLevel,
    range: Range<usize>,
    /// As it was written, without its marks.
    text: &'t str,
}

/// An item of a task list that is not nested.
struct Item<'t> {
    at: usize,
    is_done: bool,
    /// Everything behind the box.
    text: &'t str,
}

/// The tasks of a plan in Markdown.
pub(super) fn read(text: &str) -> Result<Drafts, PlanError> {
    let (front, from) = front_matter(text);
    let (headings, items) = blocks(text, from);
    let mut drafts = Drafts::default();
    for (number, line) in front.lines().enumerate() {
        take_default(&mut drafts, line).map_err(|wrong| PlanError::at(number + 2, wrong))?;
    }
    let level = task_level(&headings);
    let of_level = |heading: &&Heading<'_>| Some(heading.level) == level;
    let meant_headings = headings.iter().filter(of_level).filter(|heading| is_meant(heading)).count();
    let meant_items = items.iter().filter(|item| details::is_meant(first_line(item.text).0)).count();
    let is_list = !items.is_empty() && (meant_headings == 0 || meant_items >= meant_headings);
    let mut lines = Lines::of(text);
    if is_list {
        drafts.is_list = true;
        for heading in headings.iter().filter(|heading| details::has_details(&one_line(heading.text))) {
            drafts.passed_over.push((lines.at(heading.range.start), one_line(heading.text)));
        }
        let mut lines = Lines::of(text);
        for item in items.iter().take(MOST_TASKS + 1) {
            let line = lines.at(item.at);
            let (title, body) = first_line(item.text);
            drafts.tasks.push(draft(line, item.is_done, title, outdented(body))?);
        }
        return Ok(drafts);
    }
    for (place, heading) in headings.iter().enumerate().filter(|(_, heading)| Some(heading.level) == level) {
        let line = lines.at(heading.range.start);
        if meant_headings > 0 && !is_meant(heading) {
            drafts.passed_over.push((line, one_line(heading.text)));
            continue;
        }
        let next = headings[place + 1..].iter().find(|next| next.level <= heading.level);
        let body = &text[heading.range.end..next.map_or(text.len(), |next| next.range.start)];
        let (is_done, title) = boxed(heading.text);
        drafts.tasks.push(draft(line, is_done, title, body.trim_matches('\n').trim_end().to_owned())?);
    }
    Ok(drafts)
}

fn draft(line: usize, is_done: bool, title: &str, body: String) -> Result<Draft, PlanError> {
    let title = one_line(title);
    let read = details::read(&title).map_err(|wrong| PlanError::at(line, wrong))?;
    Ok(Draft { line, is_done, id: read.id, title: read.title, body, details: read.details })
}

/// The YAML at the top, and where the Markdown begins.
fn front_matter(text: &str) -> (&str, usize) {
    let Some(inside) = text.strip_prefix("---\n") else { return ("", 0) };
    let mut at = 0;
    for line in inside.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return (&inside[..at], 4 + at + line.len());
        }
        at += line.len();
    }
    ("", 0)
}

/// What the front matter says of every task. Other programs' keys mean nothing here.
fn take_default(drafts: &mut Drafts, line: &str) -> Result<(), Wrong> {
    let Some((key, value)) = line.split_once(':') else { return Ok(()) };
    let value = value.trim().trim_matches(['"', '\'', '[', ']']).trim();
    let is_nested = key.starts_with([' ', '\t', '#', '-']);
    if is_nested || value.is_empty() {
        return Ok(());
    }
    let Details { labels, agent, model, profile, category, priority, .. } = &mut drafts.defaults;
    let place = match key.trim_end() {
        "name" => {
            drafts.name = Some((2, value.to_owned()));
            return Ok(());
        }
        "labels" => {
            let words = value.split(',').map(|word| word.trim().trim_matches(['"', '\'']).to_owned());
            labels.extend(words.filter(|word| !word.is_empty()));
            return Ok(());
        }
        "agent" => agent,
        "model" => model,
        "profile" => profile,
        "category" => category,
        "priority" => {
            super::draft::priority(value)?;
            priority
        }
        _ => return Ok(()),
    };
    *place = Some(value.to_owned());
    Ok(())
}

/// What a list, an item or a heading can stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    List,
    Item,
    Other,
}

/// The headings and the items of task lists that are in nothing else.
fn blocks(text: &str, from: usize) -> (Vec<Heading<'_>>, Vec<Item<'_>>) {
    let (mut headings, mut items) = (Vec::new(), Vec::new());
    let mut within: Vec<Container> = Vec::new();
    let mut item = 0..0;
    let mut heading: Option<(HeadingLevel, Range<usize>, Option<Range<usize>>)> = None;
    for (event, range) in Parser::new_ext(&text[from..], Options::ENABLE_TASKLISTS).into_offset_iter() {
        let range = from + range.start..from + range.end;
        match event {
            Event::Start(Tag::Heading { level, .. }) if within.is_empty() => heading = Some((level, range, None)),
            Event::End(TagEnd::Heading(_)) if within.is_empty() => {
                if let Some((level, range, inner)) = heading.take() {
                    headings.push(Heading { level, range, text: inner.map_or("", |inner| &text[inner]) });
                }
            }
            Event::Start(Tag::List(_)) => within.push(Container::List),
            Event::Start(Tag::Item) => {
                if within == [Container::List] {
                    item = range;
                }
                within.push(Container::Item);
            }
            Event::Start(Tag::BlockQuote(_)) => within.push(Container::Other),
            Event::End(TagEnd::List(_) | TagEnd::Item | TagEnd::BlockQuote(_)) => drop(within.pop()),
            Event::TaskListMarker(is_done) if within == [Container::List, Container::Item] => {
                items.push(Item { at: item.start, is_done, text: &text[range.end..item.end.max(range.end)] });
            }
            _ => {
                if let Some((.., inner)) = &mut heading {
                    let known = inner.take().unwrap_or_else(|| range.clone());
                    *inner = Some(known.start.min(range.start)..known.end.max(range.end));
                }
            }
        }
    }
    (headings, items)
}

/// The level whose headings are tasks: the one with most that are meant to be, else the first that has two, else the
/// first.
fn task_level(headings: &[Heading<'_>]) -> Option<HeadingLevel> {
    let levels: std::collections::BTreeSet<HeadingLevel> = headings.iter().map(|heading| heading.level).collect();
    let count = |level: &HeadingLevel, all: bool| {
        headings.iter().filter(|heading| heading.level == *level && (all || is_meant(heading))).count()
    };
    let most = levels.iter().map(|level| (count(level, false), level)).rev().max_by_key(|(meant, _)| *meant);
    match most {
        Some((1.., level)) => Some(*level),
        _ => levels.iter().find(|level| count(level, true) > 1).or_else(|| levels.first()).copied(),
    }
}

fn is_meant(heading: &Heading<'_>) -> bool {
    let line = one_line(heading.text);
    let (_, title) = boxed(&line);
    details::is_meant(title) || title.len() < line.len()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `[x] Title`
fn boxed(text: &str) -> (bool, &str) {
    let text = text.trim();
    match text.get(..3) {
        Some("[ ]") => (false, text[3..].trim_start()),
        Some("[x]" | "[X]") => (true, text[3..].trim_start()),
        _ => (false, text),
    }
}

/// An item's title and the rest. The title is one line, or more while a parenthesis is open.
fn first_line(text: &str) -> (&str, &str) {
    const MOST_LINES: usize = 8;
    let opened = |text: &str| text.matches('(').count() > text.matches(')').count();
    let mut end = text.find('\n').unwrap_or(text.len());
    for _ in 0..MOST_LINES {
        if end == text.len() || !opened(&text[..end]) {
            break;
        }
        let next = &text[end + 1..];
        if next.trim_start_matches([' ', '\t']).starts_with('\n') {
            break;
        }
        end += 1 + next.find('\n').unwrap_or(next.len());
    }
    // What never closes was no list of details.
    if opened(&text[..end]) {
        end = text.find('\n').unwrap_or(text.len());
    }
    text.split_at(end)
}

/// The lines without the white space that all of them begin with.
fn outdented(text: &str) -> String {
    let blank = |line: &&str| line.trim().is_empty();
    let indent = |line: &str| line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let least = text.lines().filter(|line| !blank(line)).map(indent).min().unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(|line| line.get(least..).unwrap_or_default()).collect();
    lines.join("\n").trim_matches('\n').trim_end().to_owned()
}
