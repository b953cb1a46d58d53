//! Runs: what was started, what it is doing, and what has become of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use git_agents::git::{Repository, refs};
use git_agents::run::file::Fact;
use git_agents::run::settle;
use git_agents::run::state::State;
use git_agents::run::{Census, Run};
use git_agents::store;
use serde::Serialize;

use crate::render::style::{Style, duration, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// One run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunView {
    pub(crate) id: String,
    pub(crate) agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    /// `starting`, `working`, `waiting`, `idle`, `done`, `failed`, `timed-out`, `killed` or `lost`.
    pub(crate) state: Option<&'static str>,
    /// Why it is lost, what it waits for, or what cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// `background`, `tmux` or `foreground`.
    pub(crate) mode: &'static str,
    pub(crate) command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    pub(crate) worktree: String,
    /// The agent's program, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<i32>,
    pub(crate) started_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// `null` for one that is over and nobody saw its end.
    pub(crate) elapsed_s: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signal: Option<i32>,
    /// Who ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// The processor time of all its processes.
    pub(crate) cpu_s: Option<f64>,
    /// The memory in use now, or the most that was when it is over, in bytes.
    pub(crate) memory: Option<u64>,
    /// When it last wrote something; absent when it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_at: Option<DateTime<Utc>>,
    /// The newest commit on its branch since it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_commit: Option<CommitView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<u64>,
    /// How many bytes of its output could not be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dropped: Option<u64>,
    /// How many bytes of it were given up for what came later (agents.logLimit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rotated: Option<u64>,
    /// The processes that are found of a run whose supervisor was killed; `null` where they may be out of sight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<Option<Vec<i32>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) batch: Option<String>,
    /// The run that it goes on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resumes: Option<String>,
}

/// A commit and its time.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CommitView {
    pub(crate) commit: String,
    pub(crate) at: Option<DateTime<Utc>>,
}

impl RunView {
    pub(crate) fn new(repo: &Repository, run: &Run, now: DateTime<Utc>, idle_after: Duration) -> Self {
        let plan = run.plan();
        let state = run.state(now, idle_after);
        let ended = run.facts.ended.known();
        let settled = settle::settled(run).map(|settled| settled.run);
        let ended_at = ended.map(|ended| ended.ended_at);
        let until = if state.is_over() { ended_at } else { Some(now) };
        let seconds = |time: Duration| (time.as_secs_f64() * 1000.0).round() / 1000.0;
        let cpu = run.usage.map(|usage| seconds(usage.cpu));
        let is_live = run.is_live();
        RunView {
            id: run.id.to_string(),
            agent: plan.agent.to_string(),
            task: plan.task.as_ref().map(ToString::to_string),
            state: state.word(),
            reason: reason(run, state),
            mode: plan.mode.word(),
            command: plan.argv.iter().map(git_agents::run::word::Word::to_text).collect(),
            profile: plan.profile.clone(),
            model: plan.model.clone(),
            worktree: plan.dir.display().to_string(),
            pid: run.facts.began.known().filter(|_| is_live && run.facts.is_numbered).map(|began| began.agent.pid),
            started_at: run.started_at(),
            ended_at,
            elapsed_s: until.map(|until| until.signed_duration_since(run.started_at()).num_seconds().max(0)),
            timeout_s: plan.timeout_s,
            exit_code: ended.and_then(|ended| ended.exit_code),
            signal: ended.and_then(|ended| ended.signal),
            by: ended.and_then(|ended| ended.by.clone()),
            cpu_s: cpu.or_else(|| ended.and_then(|ended| ended.cpu_s)),
            memory: run.usage.map(|usage| usage.memory).or_else(|| ended.and_then(|ended| ended.peak_memory)),
            output_at: run.facts.output_at,
            last_commit: last_commit(repo, run, settled.as_ref().and_then(|past| past.tip.as_ref())),
            cost_usd: settled.as_ref().and_then(|past| past.cost_usd),
            tokens: settled.as_ref().and_then(|past| past.tokens),
            dropped: run.dropped(),
            rotated: run.rotated(),
            left: None,
            batch: plan.batch.clone(),
            resumes: plan.resumes.as_ref().map(ToString::to_string),
        }
    }

    /// With what it has left behind.
    pub(crate) fn with_left(mut self, run: &Run, census: &Census) -> Self {
        let found: Vec<i32> = run.left(census).iter().map(|process| process.pid).collect();
        let is_in_sight = run.facts.is_numbered || !found.is_empty();
        if self.state == Some("lost") && run.is_of_this_boot() {
            self.left = Some(is_in_sight.then_some(found));
        }
        self
    }

    /// The state with what makes it clear, for a table.
    pub(crate) fn state_text(&self, style: &Style) -> String {
        let word = self.state.unwrap_or("unknown");
        let detail = match (self.state, self.exit_code, self.signal) {
            (Some("failed"), Some(code), _) => format!(" ({code})"),
            (Some("failed"), None, Some(signal)) => format!(" (signal {signal})"),
            _ => String::new(),
        };
        let text = format!("{word}{detail}");
        match word {
            "starting" | "working" => style.yellow(&text),
            "done" => style.green(&text),
            "failed" | "timed-out" | "lost" | "unknown" => style.red(&text),
            _ => text,
        }
    }
}

fn reason(run: &Run, state: State) -> Option<String> {
    let unreadable = |name: &str, reason: &str| Some(format!("{name} cannot be read: {reason}"));
    match (state, &run.facts.ended, &run.facts.began) {
        (State::Lost(loss), ..) => Some(loss.sentence().to_owned()),
        (State::Waiting, ..) => run.facts.report.known().and_then(|report| report.text.clone()),
        (State::Unknown, Fact::Unreadable(reason), _) => unreadable("ended.json", reason),
        (State::Unknown, _, Fact::Unreadable(reason)) => unreadable("started.json", reason),
        (State::Unknown, Fact::Absent, _) if run.facts.is_elsewhere => {
            Some("it was started in the folder that this one was copied from".to_owned())
        }
        (State::Unknown, ..) => Some("its records contradict each other".to_owned()),
        _ => None,
    }
}

/// The tip of its branch, when that has moved since it was started.
fn last_commit(repo: &Repository, run: &Run, end: Option<&git_agents::agent::CommitId>) -> Option<CommitView> {
    let plan = run.plan();
    let tip = match end {
        Some(end) => gix::ObjectId::from_hex(end.as_str().as_bytes()).ok()?,
        None => refs::read(repo, plan.branch.as_ref()?).ok()??,
    };
    let from = plan.from.as_ref().and_then(|from| gix::ObjectId::from_hex(from.as_str().as_bytes()).ok());
    let has_moved = from != Some(tip);
    has_moved.then(|| CommitView { commit: tip.to_string(), at: store::time_of(repo, tip) })
}

/// `runs`.
#[derive(Debug, Serialize)]
pub(crate) struct RunsView {
    pub(crate) runs: Vec<RunView>,
    /// How many more there are.
    #[serde(skip)]
    pub(crate) more: usize,
}

impl View for RunsView {
    const KIND: &'static str = "runs";

    fn text(&self, style: &Style) -> String {
        if self.runs.is_empty() {
            return "no runs\n".to_owned();
        }
        let columns = [
            Column::Text("AGENT"),
            Column::Text("TASK"),
            Column::Text("STATE"),
            Column::Number("STARTED"),
            Column::Number("ELAPSED"),
            Column::Number("CPU"),
            Column::Number("MEMORY"),
            Column::Number("OUTPUT"),
            Column::Number("COMMIT"),
            Column::Number("COST"),
        ];
        let mut text = table(style, &columns, self.runs.iter().map(|run| row(style, run)).collect());
        let notes: Vec<String> = self.runs.iter().filter_map(note).collect();
        if !notes.is_empty() {
            text.push('\n');
            text.extend(notes);
        }
        if self.more > 0 {
            text.push_str(&format!("\n{} more, older: git agents runs --all\n", self.more));
        }
        text
    }
}

fn row(style: &Style, run: &RunView) -> Vec<String> {
    let ago = |time: DateTime<Utc>| style.ago(time);
    let none = || "-".to_owned();
    vec![
        run.agent.clone(),
        run.task.as_deref().map(safe).unwrap_or_default(),
        run.state_text(style),
        ago(run.started_at),
        run.elapsed_s.map_or_else(|| "?".to_owned(), duration),
        run.cpu_s.map_or_else(|| "?".to_owned(), seconds),
        run.memory.map_or_else(|| "?".to_owned(), bytes),
        run.output_at.map_or_else(none, ago),
        run.last_commit.as_ref().map_or_else(none, |commit| commit.at.map_or_else(|| "?".to_owned(), ago)),
        run.cost_usd.map(|cost| format!("${cost:.2}")).unwrap_or_default(),
    ]
}

fn note(run: &RunView) -> Option<String> {
    let agent = &run.agent;
    let why = run.reason.as_deref().map(safe);
    match (run.state, why) {
        (Some("waiting"), Some(text)) => Some(format!("{agent} waits: {text}\n")),
        (Some("lost"), Some(why)) => Some(format!("{agent}'s run is lost: {why}{}\n", left(run))),
        (None, Some(why)) => Some(format!("what {agent}'s run does is unknown: {why}\n")),
        _ => None,
    }
    .into_iter()
    .chain(run.dropped.map(|dropped| format!("{} of {agent}'s output could not be kept\n", bytes(dropped))))
    .reduce(|one, other| one + &other)
}

/// What a lost run has left, with what ends it.
fn left(run: &RunView) -> String {
    let Some(left) = &run.left else { return String::new() };
    let Some(numbers) = left else {
        return "; what it has left in its container cannot be seen from here".to_owned();
    };
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match numbers.len() {
        // A daemon that nobody has seen in time is found by nobody.
        0 => "; nothing is found of it, unless it has shed its environment".to_owned(),
        1 => format!("; process {} of it is still there: git agents kill {}", numbers[0], run.agent),
        _ => format!("; processes {} of it are still there: git agents kill {}", numbers.join(", "), run.agent),
    }
}

/// Processor time for a table.
fn seconds(time: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "what is shown has no use for more")]
    if time < 60.0 { format!("{time:.1}s") } else { duration(time as i64) }
}

/// An amount of memory or output for a table.
pub(crate) fn bytes(number: u64) -> String {
    match number {
        0..1024 => format!("{number} B"),
        1024..1_048_576 => format!("{} KB", number >> 10),
        1_048_576..1_073_741_824 => format!("{} MB", number >> 20),
        #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
        _ => format!("{:.1} GB", number as f64 / f64::from(1 << 30)),
    }
}
