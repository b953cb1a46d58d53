//! Records for the tests of this module.

use chrono::{DateTime, TimeDelta, Utc};

use super::record::{Began, Birth, Ended, Mode, Plan, Why};
use super::word::Word;

/// So many seconds after everything began.
pub(super) fn second(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(second)
}

/// So many minutes after everything began.
pub(super) fn at(minute: i64) -> DateTime<Utc> {
    second(minute * 60)
}

pub(super) fn plan() -> Plan {
    Plan {
        id: "01kar5w7zj8m3p4q5r6s7t8v9w".parse().unwrap(),
        agent: "ann".parse().unwrap(),
        task: None,
        argv: vec![Word::Text("true".into())],
        dir: "/".into(),
        env: Vec::new(),
        profile: None,
        model: None,
        mode: Mode::Background,
        timeout_s: None,
        log_limit: 1000,
        look_every_s: 15,
        created_at: at(0),
        resumes: None,
        batch: None,
        takes_input: false,
        stdin: None,
        cost: Default::default(),
        branch: None,
        from: None,
    }
}

pub(super) fn began() -> Began {
    let birth = |pid| Birth { pid, start: Some(1) };
    Began {
        agent: birth(2_000_000_001),
        supervisor: birth(2_000_000_000),
        group: 2_000_000_001,
        session: Some(2_000_000_000),
        boot: Some("this".into()),
        namespace: None,
        started_at: at(0),
        tmux: None,
        place: None,
    }
}

pub(super) fn ended(why: Why, exit_code: Option<i32>) -> Ended {
    let (by, signal, peak_memory, cpu_s) = (None, None, None, None);
    Ended { why, exit_code, signal, by, ended_at: at(1), peak_memory, cpu_s, dropped: 0, rotated: 0, left: 0 }
}
