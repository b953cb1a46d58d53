//! What a run is doing, judged by facts alone: records, a lock, times. Never by what a screen shows, and unknown where
//! a fact that matters cannot be read.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::file::Fact;
use super::record::{Activity, Began, Ended, Mode, Plan, Report, Reported, Stop, Why};

/// How long a window of tmux may take to open.
const HAND_OVER: Duration = Duration::from_secs(60);
/// What a program still writes with its report is no sign that it goes on.
const WITH_THE_REPORT: Duration = Duration::from_secs(5);
/// Whoever uses less than this part of the time is not at work: a clock in a window, a look every second.
const AT_WORK: u64 = 100;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Planned, and about to be started.
    Starting,
    /// It does something.
    Working,
    /// It has said that it needs an answer, and has been silent since.
    Waiting,
    /// Nothing has happened for a while: no output, and no processor time, without which no file changes either.
    Idle,
    /// It has ended well.
    Done,
    /// It has ended badly.
    Failed,
    /// It took too long and was ended.
    TimedOut,
    /// Somebody has ended it.
    Killed,
    /// Nobody knows how it ended, for this reason.
    Lost(Loss),
    /// A fact that it depends on cannot be read.
    Unknown,
}

/// Why nobody knows how a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The machine was started anew.
    Reboot,
    /// Nobody watches over it, and nobody has written down how it ended: its supervisor was killed, most likely, and its
    /// guard has ended what it could find.
    Supervisor,
    /// Whoever wanted to start it was killed.
    NeverStarted,
}

impl Loss {
    /// A half sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Loss::Reboot => "the machine was restarted",
            Loss::Supervisor => "it ended, and nobody wrote down how",
            Loss::NeverStarted => "it was interrupted before it started",
        }
    }
}

impl State {
    /// The word for it; none where it is not known.
    pub fn word(self) -> Option<&'static str> {
        Some(match self {
            State::Starting => "starting",
            State::Working => "working",
            State::Waiting => "waiting",
            State::Idle => "idle",
            State::Done => "done",
            State::Failed => "failed",
            State::TimedOut => "timed-out",
            State::Killed => "killed",
            State::Lost(_) => "lost",
            State::Unknown => return None,
        })
    }

    /// It has ended, however it did.
    pub fn is_over(self) -> bool {
        matches!(self, State::Done | State::Failed | State::TimedOut | State::Killed | State::Lost(_))
    }

    /// It has ended, and not well.
    pub fn is_bad(self) -> bool {
        self.is_over() && self != State::Done
    }
}

/// Everything that the state follows from.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What was to be run.
    pub plan: Plan,
    /// Somebody holds its lock: its supervisor, or whoever starts it.
    pub is_held: bool,
    /// It was begun in another folder, which ours was copied from, and what became of it there is not written down here.
    pub is_elsewhere: bool,
    /// Somebody is starting a run, perhaps this one.
    pub is_starting: bool,
    /// That it was started.
    pub began: Fact<Began>,
    /// That it has ended.
    pub ended: Fact<Ended>,
    /// What its supervisor has seen.
    pub activity: Fact<Activity>,
    /// What the agent has said of itself.
    pub report: Fact<Report>,
    /// That it is to end.
    pub stop: Fact<Stop>,
    /// When its output was last written to.
    pub output_at: Option<DateTime<Utc>>,
    /// The processor time of its processes as of now, in milliseconds, where somebody has looked.
    pub cpu_ms: Option<u64>,
    /// The boot that we are in.
    pub boot: Option<String>,
    /// The numbers of its processes are of this boot, and of our namespace of processes.
    pub is_numbered: bool,
}

impl Facts {
    /// The state at `now`; idle when nothing has happened for `idle_after`.
    pub fn state(&self, now: DateTime<Utc>, idle_after: Duration) -> State {
        match &self.ended {
            Fact::Known(ended) => return end(ended),
            Fact::Unreadable(_) if !self.is_held => return State::Unknown,
            Fact::Absent if self.is_elsewhere && !self.is_held => return State::Unknown,
            Fact::Unreadable(_) | Fact::Absent => {}
        }
        match (&self.began, self.is_held) {
            (Fact::Unreadable(_), _) => State::Unknown,
            (Fact::Absent, true) => State::Starting,
            (Fact::Absent, false) if self.is_handed_over(now) => State::Starting,
            (Fact::Absent, false) => State::Lost(Loss::NeverStarted),
            (Fact::Known(began), false) => State::Lost(self.loss(began)),
            (Fact::Known(began), true) => self.at_work(began, now, idle_after),
        }
    }

    /// tmux starts its supervisor, which cannot inherit the lock: for a moment nobody holds it.
    fn is_handed_over(&self, now: DateTime<Utc>) -> bool {
        self.is_starting && self.plan.mode == Mode::Tmux && since(self.plan.created_at, now) < HAND_OVER
    }

    fn loss(&self, began: &Began) -> Loss {
        match (&began.boot, &self.boot) {
            (Some(then), Some(now)) if then != now => Loss::Reboot,
            _ => Loss::Supervisor,
        }
    }

    fn at_work(&self, began: &Began, now: DateTime<Utc>, idle_after: Duration) -> State {
        let report = self.report.known().filter(|report| report.at >= began.started_at);
        if let Some(Report { state: Reported::Waiting, at, .. }) = report {
            let is_silent = self.output_at.is_none_or(|output| since(*at, output) <= WITH_THE_REPORT);
            if is_silent {
                return State::Waiting;
            }
        }
        if self.is_idle(began, now, idle_after) { State::Idle } else { State::Working }
    }

    /// Nothing has happened for so long, and that is certain: not only that nobody has looked.
    fn is_idle(&self, began: &Began, now: DateTime<Utc>, idle_after: Duration) -> bool {
        let Fact::Known(activity) = &self.activity else { return false };
        let last = self.last_active(began, activity);
        if since(last, now) < idle_after {
            return false;
        }
        // What has been used since the last look may have been used only now.
        match self.cpu_ms {
            Some(cpu) => !is_much(cpu.saturating_sub(activity.cpu_ms), since(activity.looked_at, now)),
            None => since(last, activity.looked_at) >= idle_after,
        }
    }

    fn last_active(&self, began: &Began, activity: &Activity) -> DateTime<Utc> {
        let reported = self.report.known().map(|report| report.at);
        let all = [Some(began.started_at), Some(activity.active_at), self.output_at, reported];
        all.into_iter().flatten().max().unwrap_or(began.started_at)
    }
}

/// Whether somebody who used so many milliseconds of processor time in a span was at work.
pub fn is_much(cpu_ms: u64, span: Duration) -> bool {
    // A tick of the clock that it is counted in is ten milliseconds.
    cpu_ms > 20 && u128::from(cpu_ms) * u128::from(AT_WORK) > span.as_millis()
}

fn since(then: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    now.signed_duration_since(then).to_std().unwrap_or_default()
}

fn end(ended: &Ended) -> State {
    match (ended.why, ended.exit_code) {
        (Why::Exited, Some(0)) => State::Done,
        (Why::Exited, Some(_)) | (Why::Signalled, _) => State::Failed,
        (Why::Exited, None) => State::Unknown,
        (Why::TimedOut, _) => State::TimedOut,
        (Why::Killed, _) => State::Killed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::fixture::{at, began, ended, plan, second};

    fn facts() -> Facts {
        Facts {
            plan: plan(),
            is_held: true,
            is_elsewhere: false,
            is_starting: true,
            began: Fact::Known(began()),
            ended: Fact::Absent,
            activity: Fact::Absent,
            report: Fact::Absent,
            stop: Fact::Absent,
            output_at: None,
            cpu_ms: None,
            boot: Some("this".into()),
            is_numbered: true,
        }
    }

    fn state(facts: &Facts, minute: i64) -> State {
        facts.state(at(minute), Duration::from_secs(300))
    }

    #[test]
    fn the_end_counts_whatever_else_is_there() {
        for (why, code, wanted) in [
            (Why::Exited, Some(0), State::Done),
            (Why::Exited, Some(3), State::Failed),
            (Why::Signalled, None, State::Failed),
            (Why::TimedOut, None, State::TimedOut),
            (Why::Killed, Some(0), State::Killed),
            (Why::Exited, None, State::Unknown),
        ] {
            let mut facts = Facts { ended: Fact::Known(ended(why, code)), ..facts() };
            assert_eq!(state(&facts, 1), wanted);
            (facts.is_held, facts.began) = (false, Fact::Unreadable("torn".into()));
            assert_eq!(state(&facts, 1), wanted);
        }
    }

    #[test]
    fn nobody_there_is_lost_and_the_boot_says_why() {
        let gone = Facts { is_held: false, ..facts() };
        assert_eq!(state(&gone, 1), State::Lost(Loss::Supervisor));
        let rebooted = Facts { boot: Some("other".into()), ..gone.clone() };
        assert_eq!(state(&rebooted, 1), State::Lost(Loss::Reboot));
        let never = Facts { began: Fact::Absent, ..gone.clone() };
        assert_eq!(state(&never, 0), State::Lost(Loss::NeverStarted));
        let mut in_tmux = never.clone();
        in_tmux.plan.mode = Mode::Tmux;
        assert_eq!(state(&in_tmux, 0), State::Starting);
        assert_eq!(state(&Facts { is_starting: false, ..in_tmux.clone() }, 0), State::Lost(Loss::NeverStarted));
        assert_eq!(state(&in_tmux, 1), State::Lost(Loss::NeverStarted));
        assert_eq!(state(&Facts { is_held: true, ..never }, 1), State::Starting);
    }

    #[test]
    fn what_cannot_be_read_is_not_guessed() {
        let torn = || "torn".to_owned();
        assert_eq!(state(&Facts { began: Fact::Unreadable(torn()), ..facts() }, 1), State::Unknown);
        let gone = Facts { is_held: false, ended: Fact::Unreadable(torn()), ..facts() };
        assert_eq!(state(&gone, 1), State::Unknown);
        assert_eq!(state(&Facts { is_held: true, ..gone }, 1), State::Working, "it is being written");
        let copied = Facts { is_held: false, is_elsewhere: true, ..facts() };
        assert_eq!(state(&copied, 1), State::Unknown);
        let blind = Facts { activity: Fact::Unreadable(torn()), report: Fact::Unreadable(torn()), ..facts() };
        assert_eq!(state(&blind, 500), State::Working);
    }

    #[test]
    fn idle_is_only_what_is_certain_to_be() {
        let seen = |looked: i64, active: i64| Activity {
            looked_at: at(looked),
            active_at: at(active),
            cpu_ms: 1000,
            memory: 1,
            peak_memory: 1,
            processes: 1,
            dropped: 0,
            rotated: 0,
            unmarked: Vec::new(),
        };
        let with = |activity, cpu_ms| Facts { activity: Fact::Known(activity), cpu_ms, ..facts() };
        assert_eq!(state(&with(seen(1, 0), Some(1000)), 4), State::Working);
        assert_eq!(state(&with(seen(1, 0), Some(1000)), 5), State::Idle);
        assert_eq!(state(&with(seen(1, 0), Some(1010)), 5), State::Idle, "a tick of a clock is no work");
        assert_eq!(state(&with(seen(1, 0), Some(60_000)), 5), State::Working, "it works now");
        assert_eq!(state(&with(seen(1, 0), None), 5), State::Working, "nobody has looked long enough");
        assert_eq!(state(&with(seen(6, 0), None), 6), State::Idle);
        assert_eq!(state(&with(seen(6, 2), None), 6), State::Working);
        let talks = Facts { output_at: Some(at(4)), ..with(seen(6, 0), Some(1000)) };
        assert_eq!(state(&talks, 6), State::Working);
        assert_eq!(state(&talks, 9), State::Idle);
    }

    #[test]
    fn waiting_is_what_the_agent_says_and_lasts_until_it_goes_on() {
        let report = |state, at| Fact::Known(Report { state, text: None, at });
        let waits = Facts { report: report(Reported::Waiting, at(2)), output_at: Some(second(124)), ..facts() };
        assert_eq!(state(&waits, 100), State::Waiting);
        assert_eq!(state(&Facts { output_at: Some(second(126)), ..waits.clone() }, 100), State::Working);
        assert_eq!(state(&Facts { report: report(Reported::Working, at(2)), ..waits.clone() }, 3), State::Working);
        let of_an_earlier_one = report(Reported::Waiting, second(-1));
        assert_eq!(state(&Facts { report: of_an_earlier_one, output_at: None, ..waits }, 3), State::Working);
    }
}
