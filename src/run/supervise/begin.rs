//! How a run begins: everything that its end needs is made ready first, and then the program is started.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use nix::unistd::{getpgid, getsid};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, getpid};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::launch::Answer;
use super::log::Log;
use super::tree::Tree;
use super::watch::{Rest, Stream, Watch};
use crate::git::hooks::INSIDE;
use crate::git::run::LOCAL_VARIABLES;
use crate::process::guard::Guard;
use crate::process::table;
use crate::run::file::{self, Fact, Reserved};
use crate::run::folder::{self, Folder};
use crate::run::id::{MARK, PLACE};
use crate::run::record::{Began, Birth, Plan};
use crate::world::World;

/// Where the program sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// In a process group of its own, its output going to us.
    Background,
    /// At a terminal, in our own process group, so that the terminal is its own.
    Terminal,
}

/// What is in the program's environment.
#[derive(Debug)]
pub(super) enum Env {
    /// What we have ourselves, and this.
    Besides(Vec<(OsString, OsString)>),
    /// This and nothing else: ours is that of tmux.
    Whole(Vec<(OsString, OsString)>),
}

/// Start the program and give what watches over it.
pub(super) fn begin(folder: &Folder, env: &Env, seat: Seat) -> Result<Watch, Answer> {
    let failed = |what: &'static str| move |error: io::Error| Answer::Failed(format!("{what}: {error}"));
    let plan = match file::read::<Plan>(&folder.plan()) {
        Fact::Known(plan) => plan,
        Fact::Absent => return Err(Answer::Failed("there is no plan".to_owned())),
        Fact::Unreadable(reason) => return Err(Answer::Failed(format!("the plan cannot be read: {reason}"))),
    };
    let ended = Reserved::make(&folder.ended()).map_err(failed("ended.json"))?;
    let activity = Reserved::make(&folder.activity()).map_err(failed("activity.json"))?;
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    // Open for both, so that it never ends.
    let both = |path| OpenOptions::new().read(true).write(true).custom_flags(nonblocking).open(path);
    let control = both(folder.control()).map_err(failed("control"))?;
    let input = if plan.takes_input { Some(both(folder.stdin()).map_err(failed("stdin"))?) } else { None };
    let (signals, asked) = signals(seat).map_err(failed("signals"))?;
    // What its children leave behind comes to us, and not to the system.
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(getpid())).map_err(|error| failed("subreaper")(error.into()))?;
    let mut guard = Guard::stand(MARK, plan.id.as_str()).map_err(failed("guard"))?;
    let mut streams = Vec::new();
    let mut command = command(folder, &plan, env);
    match seat {
        Seat::Terminal => {
            if let Some(from) = &plan.stdin {
                command.stdin(File::open(from).map_err(failed("stdin"))?);
            }
        }
        Seat::Background => {
            command.process_group(0).stdin(Stdio::null());
            for stream in [folder::Stream::Out, folder::Stream::Err] {
                let (reader, writer) = io::pipe().map_err(failed("pipe"))?;
                let writer = Stdio::from(OwnedFd::from(writer));
                match stream {
                    folder::Stream::Out => command.stdout(writer),
                    folder::Stream::Err => command.stderr(writer),
                };
                streams.push(kept(folder, stream, reader, plan.log_limit));
            }
            let from = if plan.takes_input { Some(folder.stdin()) } else { plan.stdin.clone() };
            if let Some(from) = from {
                command.stdin(File::open(from).map_err(failed("stdin"))?);
            }
        }
    }
    let child = command.spawn().map_err(|error| {
        guard.dismiss();
        Answer::Program(error.to_string())
    })?;
    // It keeps the other ends of the pipes open.
    drop(command);
    let agent = Pid::from_child(&child);
    let mut tree = Tree::new(plan.id.clone());
    if seat == Seat::Background {
        tree.group = Some(agent);
        drop(guard.watch(agent));
    }
    let began = Began { tmux: file::read(&folder.window()).known().cloned(), place: folder.place(), ..began(agent) };
    // From here on everything that was started has to be ended again.
    if let Err(error) = file::write(&folder.began(), &began) {
        tree.signal(Signal::KILL);
        rustix::process::waitpid(Some(agent), rustix::process::WaitOptions::empty()).ok();
        tree.group = None;
        tree.signal(Signal::KILL);
        guard.dismiss();
        return Err(failed("started.json")(error));
    }
    let look_every = Duration::from_secs(plan.look_every_s.max(1));
    Ok(Watch {
        folder: folder.clone(),
        began,
        agent,
        tree,
        guard: Some(guard),
        streams,
        signals,
        asked,
        control: Some(control),
        input,
        ended,
        activity,
        deadline: plan.timeout_s.and_then(|timeout| Instant::now().checked_add(Duration::from_secs(timeout))),
        rest: Rest::new(look_every),
    })
}

/// The agent's program as it was planned.
#[expect(clippy::disallowed_methods, reason = "it is the agent's own program, not git")]
fn command(folder: &Folder, plan: &Plan, env: &Env) -> Command {
    let words: Vec<OsString> = plan.argv.iter().map(OsString::from).collect();
    let mut command = Command::new(words.first().cloned().unwrap_or_default());
    command.args(words.iter().skip(1)).current_dir(&plan.dir);
    for name in LOCAL_VARIABLES.iter().chain(&[INSIDE]) {
        command.env_remove(name);
    }
    let env = match env {
        Env::Besides(env) => env,
        Env::Whole(env) => {
            command.env_clear();
            env
        }
    };
    command.envs(env.iter().map(|(name, value)| (name, value))).env(MARK, plan.id.as_str());
    command.env(PLACE, folder.place().unwrap_or_default());
    command
}

fn kept(folder: &Folder, stream: folder::Stream, reader: PipeReader, limit: u64) -> Stream {
    Stream { reader, log: Log::new(folder.log(stream), folder.older_log(stream), limit), is_open: true }
}

/// A pipe in which every signal that we wait for leaves a byte, and whether one of them asks us to end.
fn signals(seat: Seat) -> io::Result<(UnixStream, Arc<AtomicBool>)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let asked = Arc::new(AtomicBool::new(false));
    let ignored = Arc::new(AtomicBool::new(false));
    let wakes: &[i32] = &[SIGCHLD, SIGTERM, SIGHUP, SIGINT];
    let ends: &[i32] = match seat {
        // The terminal goes, and its interrupts are the program's.
        Seat::Terminal => &[SIGTERM, SIGHUP],
        Seat::Background => &[SIGTERM, SIGINT],
    };
    for signal in [SIGHUP, SIGINT, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::clone(&ignored))?;
    }
    for signal in ends {
        signal_hook::flag::register(*signal, Arc::clone(&asked))?;
    }
    for signal in wakes {
        signal_hook::low_level::pipe::register(*signal, theirs.try_clone()?)?;
    }
    Ok((ours, asked))
}

fn began(agent: Pid) -> Began {
    let birth = |pid: i32| Birth { pid, start: table::look_up(pid).map(|process| process.start) };
    let agent = agent.as_raw_nonzero().get();
    // One that was begun outside of our namespace (docker exec) has the number 0.
    let within = |pid: nix::unistd::Pid| Some(pid.as_raw()).filter(|pid| *pid > 0);
    Began {
        agent: birth(agent),
        supervisor: birth(getpid().as_raw_nonzero().get()),
        group: getpgid(Some(nix::unistd::Pid::from_raw(agent))).map_or(agent, nix::unistd::Pid::as_raw),
        session: getsid(None).ok().and_then(within),
        boot: table::boot(),
        namespace: table::namespace(),
        started_at: World::here().now,
        tmux: None,
        place: None,
    }
}
