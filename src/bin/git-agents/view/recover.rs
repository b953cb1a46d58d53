//! What may be brought back, and what was.

use chrono::{DateTime, Utc};
use git_agents::work::ref_log::GivenUp;
use git_agents::work::restore::{Candidate, Current, Kept};
use serde::Serialize;

use crate::render::style::{Style, counted, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// `recover`.
#[derive(Debug, Serialize)]
pub(crate) struct RecoverView {
    /// Whether the ref has been moved.
    pub(crate) recovered: bool,
    /// What the ref was before; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    /// What is or would be brought back; absent when nothing is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    /// The ref or file that keeps what the ref was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<String>,
    pub(crate) candidates: Vec<CandidateView>,
    /// The operations that are not in what is or would be brought back, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) given_up: Vec<GivenUpView>,
}

/// One operation that is given up.
#[derive(Debug, Serialize)]
pub(crate) struct GivenUpView {
    pub(crate) commit: String,
    pub(crate) sentence: String,
    /// Whether its commit can still be read.
    pub(crate) readable: bool,
}

/// So many of them are named one by one.
const MOST_NAMED: usize = 20;

/// One state that may be brought back.
#[derive(Debug, Serialize)]
pub(crate) struct CandidateView {
    pub(crate) from: &'static str,
    pub(crate) name: String,
    pub(crate) commit: String,
    /// `null` when the commit cannot be read.
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) operations: usize,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) damaged: usize,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<String>,
    /// The commit at which its history breaks off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) breaks_off: Option<String>,
    pub(crate) chosen: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde wants")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl RecoverView {
    /// The ref leads to a whole state.
    pub(crate) fn nothing_wrong(now: &Candidate) -> Self {
        RecoverView {
            recovered: false,
            before: Some(now.commit.to_string()),
            commit: None,
            kept: None,
            candidates: Vec::new(),
            given_up: Vec::new(),
        }
    }

    /// The remote had what was missing; the ref is where it was.
    pub(crate) fn completed(now: &Candidate) -> Self {
        let commit = Some(now.commit.to_string());
        let (candidates, given_up) = (Vec::new(), Vec::new());
        RecoverView { recovered: true, before: commit.clone(), commit, kept: None, candidates, given_up }
    }

    pub(crate) fn new(current: &Current, candidates: &[Candidate], chosen: &Candidate, given_up: &[GivenUp]) -> Self {
        let before = match current {
            Current::At(now) => Some(now.commit.to_string()),
            Current::Missing | Current::Garbage(_) => None,
        };
        let view = |one: &Candidate| CandidateView {
            from: one.place.word(),
            name: one.name.clone(),
            commit: one.commit.to_string(),
            at: one.at,
            operations: one.operations,
            damaged: one.damaged,
            fault: one.fault.clone(),
            breaks_off: one.breaks_off.filter(|_| one.fault.is_none()).map(|commit| commit.to_string()),
            chosen: one == chosen,
        };
        let commit = Some(chosen.commit.to_string());
        let candidates = candidates.iter().map(view).collect();
        let lost = |one: &GivenUp| GivenUpView {
            commit: one.commit.to_string(),
            sentence: one.sentence.clone(),
            readable: one.is_readable,
        };
        let given_up = given_up.iter().map(lost).collect();
        RecoverView { recovered: false, before, commit, kept: None, candidates, given_up }
    }

    /// It has been brought back.
    pub(crate) fn done(&mut self, kept: &Kept) {
        self.recovered = true;
        self.kept = match kept {
            Kept::Nothing => None,
            Kept::Ref(name) => Some(name.clone()),
            Kept::File(path) => Some(path.display().to_string()),
        };
    }
}

impl View for RecoverView {
    const KIND: &'static str = "recover";

    fn text(&self, style: &Style) -> String {
        let Some(commit) = &self.commit else {
            return "refs/agents/state can be read to its beginning; there is nothing to recover\n".to_owned();
        };
        let row = |one: &CandidateView| {
            let state = match (&one.fault, one.damaged, &one.breaks_off) {
                (Some(_), _, _) => "cannot be read".to_owned(),
                (None, 0, None) => "whole".to_owned(),
                (None, 0, Some(at)) => format!("its history breaks off at {at}"),
                (None, damaged, _) => counted(damaged, "damaged document"),
            };
            let when = one.at.map_or_else(|| "unknown".to_owned(), |at| style.ago(at));
            let mark = if one.chosen { "*" } else { "" };
            vec![mark.to_owned(), short(&one.commit), when, one.operations.to_string(), state, safe(&one.name)]
        };
        let titles = ["", "COMMIT", "MADE"].map(Column::Text);
        let columns =
            [&titles[..], &[Column::Number("OPERATIONS"), Column::Text("STATE"), Column::Text("FROM")]].concat();
        if self.candidates.is_empty() {
            return "the remote had what was missing; refs/agents/state can be read to its beginning\n".to_owned();
        }
        let mut text = table(style, &columns, self.candidates.iter().map(row).collect());
        if self.recovered {
            text.push_str(&format!("refs/agents/state is at {} again\n", short(commit)));
            if let Some(kept) = &self.kept {
                text.push_str(&format!("{} {}\n", style.dim("what it was is kept in"), safe(kept)));
            }
        } else {
            text.push_str(&format!("{} would be brought back\n", short(commit)));
        }
        if !self.given_up.is_empty() {
            let count = counted(self.given_up.len(), "operation");
            text.push_str(&format!("{} {count}\n", style.dim("given up:")));
        }
        for one in self.given_up.iter().take(MOST_NAMED) {
            let state = if one.readable { "" } else { " (cannot be read)" };
            text.push_str(&format!("  {} {}{state}\n", short(&one.commit), safe(&one.sentence)));
        }
        if let more @ 1.. = self.given_up.len().saturating_sub(MOST_NAMED) {
            text.push_str(&format!("  and {more} more\n"));
        }
        text
    }
}

fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}
