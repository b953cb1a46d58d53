//! Starting a run: its folder is made and held, its supervisor started, and nobody else may start one until that has
//! answered. So two that start at once cannot both be the last that may.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::census::Census;
use super::error::RunError;
use super::file;
use super::folder::{Folder, QUEUE};
use super::hidden;
use super::id::{MARK, PLACE, RunId};
use super::list::{self, Run};
use super::program::Places;
use super::record::{Mode, Plan};
use super::supervise::launch;
use super::word::Word;
use crate::agent::{AgentName, CommitId};
use crate::bytes;
use crate::config;
use crate::git::{Repository, head};
use crate::profile::{CostSource, Input};
use crate::task::TaskId;
use crate::world::World;

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Whose run it is; an agent has one at a time.
    pub agent: &'a AgentName,
    /// What the agent works on.
    pub task: Option<&'a TaskId>,
    /// The program and its arguments; no shell is between.
    pub argv: Vec<OsString>,
    /// Where it runs: the agent's worktree.
    pub dir: &'a Path,
    /// What the environment has besides ours. Values are handed over and never written down.
    pub env: Vec<(String, OsString)>,
    /// The profile that the command comes from.
    pub profile: Option<String>,
    /// The model that was asked for.
    pub model: Option<String>,
    /// How it is started.
    pub mode: Mode,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What its standard input is. At a terminal it is the terminal.
    pub input: Input,
    /// The run that it goes on with.
    pub resumes: Option<RunId>,
    /// The batch that it belongs to.
    pub batch: Option<String>,
    /// Where its output tells what it has cost.
    pub cost: CostSource,
}

/// A run that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its name.
    pub id: RunId,
    /// Where its files are.
    pub folder: Folder,
    /// How many run now, this one included.
    pub live: usize,
}

/// A run whose folder is made and held, and which nobody has started yet. Nobody else starts one meanwhile.
#[derive(Debug)]
pub struct Planned {
    /// Its folder.
    pub folder: Folder,
    /// What is to be run.
    pub plan: Plan,
    /// Held by whoever starts it, then by its supervisor.
    pub(super) held: File,
    /// How many run now, this one included.
    pub live: usize,
    pub(super) _queue: File,
}

/// The most bytes of a file of output when nobody says otherwise.
const LOG_LIMIT: u64 = 10 << 20;
/// Whoever starts one takes a moment, and at most as long as a supervisor may take to answer.
const IN_QUEUE: Duration = Duration::from_secs(75);
const PAUSE: Duration = Duration::from_millis(5);
/// The supervisor does not look more often.
const SHORTEST_LOOK: Duration = Duration::from_secs(15);

/// Start a run in the background: when this returns, the agent's program runs, and goes on without us. `program` is
/// where our own is.
///
/// # Errors
/// See [`RunError`]; nothing is left then.
pub fn start(repo: &Repository, world: &World, program: &Path, request: &Request<'_>) -> Result<Started, RunError> {
    let planned = plan(repo, world, request)?;
    let (id, folder, live) = (planned.plan.id.clone(), planned.folder.clone(), planned.live);
    launch::background(planned, program, &request.env)?;
    Ok(Started { id, folder, live })
}

/// Make the folder of a run and hold it. Dropping what is given lets others start theirs.
///
/// # Errors
/// See [`RunError`]; nothing is left then.
pub fn plan(repo: &Repository, world: &World, request: &Request<'_>) -> Result<Planned, RunError> {
    check(request)?;
    let idle_after = list::idle_after(repo)?;
    let log_limit = log_limit(repo)?;
    let queue = queue(repo)?;
    let runs = list::all(repo)?;
    let live: Vec<&Run> = runs.iter().filter(|run| run.is_live()).collect();
    // What a run has left that nobody watches over works on in the same worktree.
    let census = Census::default();
    let left: Vec<&Run> = runs.iter().filter(|run| !run.left(&census).is_empty()).collect();
    if left.iter().any(|run| run.plan().agent == *request.agent) {
        return Err(RunError::StillRunning { agent: request.agent.clone() });
    }
    if let Some(run) = live.iter().find(|run| run.plan().agent == *request.agent) {
        return Err(RunError::Busy { agent: request.agent.clone(), id: run.id.clone() });
    }
    let hidden = hidden::hidden_in_queue(repo, &census)?;
    hidden::refuse(&hidden, request.agent)?;
    let now = live.len() + left.len() + hidden.len();
    if let Some(limit) = limit(repo)?.filter(|limit| now >= *limit) {
        return Err(RunError::OverLimit { limit, live: now });
    }
    let id = next_id(world, runs.first().map(|run| &run.id))?;
    let (branch, from) = head_of(request.dir);
    let plan = Plan {
        id: id.clone(),
        agent: request.agent.clone(),
        task: request.task.cloned(),
        argv: request.argv.iter().map(|word| Word::from(word.as_os_str())).collect(),
        dir: request.dir.to_owned(),
        env: request.env.iter().map(|(name, _)| name.clone()).collect(),
        profile: request.profile.clone(),
        model: request.model.clone(),
        mode: request.mode,
        timeout_s: request.timeout.map(|timeout| timeout.as_secs()),
        log_limit,
        look_every_s: (idle_after / 4).max(SHORTEST_LOOK).as_secs(),
        created_at: world.now,
        resumes: request.resumes.clone(),
        batch: request.batch.clone(),
        takes_input: request.input == Input::Open && request.mode == Mode::Background,
        stdin: match &request.input {
            Input::File(path) => Some(path.clone()),
            Input::Nothing | Input::Open => None,
        },
        cost: request.cost.clone(),
        branch,
        from,
    };
    let folder = Folder::of(repo, &id);
    let held = folder.make().map_err(RunError::io(folder.path()))?;
    let planned = Planned { folder, plan, held, live: now + 1, _queue: queue };
    match planned.write() {
        Ok(()) => Ok(planned),
        Err(error) => {
            planned.take_back();
            Err(error)
        }
    }
}

impl Planned {
    fn write(&self) -> Result<(), RunError> {
        let pipe = |path: PathBuf| {
            let mode = nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR;
            nix::unistd::mkfifo(&path, mode).map_err(|error| RunError::io(&path)(error.into()))
        };
        pipe(self.folder.control())?;
        if self.plan.takes_input {
            pipe(self.folder.stdin())?;
        }
        file::write(&self.folder.plan(), &self.plan).map_err(RunError::io(self.folder.plan()))
    }

    /// It is not started: nothing of it stays.
    pub(super) fn take_back(self) {
        drop(std::fs::remove_dir_all(self.folder.path()));
    }
}

/// `agents.maxConcurrent`: how many may run at once, at least one; none for as many as one likes.
///
/// # Errors
/// It is no such number.
pub fn limit(repo: &Repository) -> Result<Option<usize>, RunError> {
    const KEY: &str = "agents.maxConcurrent";
    let Some(value) = config::value(repo, KEY).filter(|value| !value.trim().is_empty()) else { return Ok(None) };
    match value.trim().parse::<u32>() {
        Ok(number @ 1..) => Ok(Some(number as usize)),
        _ => Err(RunError::Setting { key: KEY, value }),
    }
}

/// Refuse settings that make no sense, before anything is there that a run would be for.
///
/// # Errors
/// [`RunError::Setting`]
pub fn check_settings(repo: &Repository) -> Result<(), RunError> {
    list::idle_after(repo)?;
    log_limit(repo)?;
    limit(repo).map(drop)
}

/// `agents.logLimit`.
fn log_limit(repo: &Repository) -> Result<u64, RunError> {
    const KEY: &str = "agents.logLimit";
    let Some(value) = config::value(repo, KEY).filter(|value| !value.trim().is_empty()) else { return Ok(LOG_LIMIT) };
    bytes::parse(&value).ok().filter(|size| *size > 0).ok_or(RunError::Setting { key: KEY, value })
}

/// Only one starts at a time. The lock ends with its holder.
///
/// # Errors
/// [`RunError::Queue`] when somebody holds it for too long.
pub(super) fn queue(repo: &Repository) -> Result<File, RunError> {
    let path = repo.agents_dir().join(QUEUE);
    std::fs::create_dir_all(repo.agents_dir()).map_err(RunError::io(repo.agents_dir()))?;
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(RunError::io(&path))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if begun.elapsed() < IN_QUEUE => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let first = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
                return Err(RunError::Queue { seconds: IN_QUEUE.as_secs(), first });
            }
            Err(TryLockError::Error(error)) => return Err(RunError::io(&path)(error)),
        }
    }
    // For whoever waits too long. Without room for it, nobody is named.
    drop(file.set_len(0).and_then(|()| (&file).write_all(std::process::id().to_string().as_bytes())));
    Ok(file)
}

/// A name that sorts after all others, also when the clock was set back. It marks processes, of which the whole machine
/// has one table, so it never repeats, not even where other ids are to.
fn next_id(world: &World, newest: Option<&RunId>) -> Result<RunId, RunError> {
    let world = World { seed: None, ..world.clone() };
    let made = world.ulid(&mut world.random(b""));
    let after = newest.and_then(|id| ulid::Ulid::from_string(id.as_str()).ok()?.increment().ok());
    let after = after.map(|id| id.to_string().to_ascii_lowercase()).unwrap_or_default();
    made.max(after).parse().map_err(|_| RunError::Supervisor { reason: "no name could be made for it".to_owned() })
}

/// The branch that is checked out there, and its tip.
fn head_of(dir: &Path) -> (Option<String>, Option<CommitId>) {
    let Ok(repo) = Repository::discover(dir) else { return (None, None) };
    let branch = head::current_branch(&repo).map(|branch| format!("refs/heads/{branch}"));
    (branch, repo.gix().head_id().ok().and_then(|id| CommitId::try_from(id.to_string()).ok()))
}

/// What can be known to fail is refused before anything is there.
fn check(request: &Request<'_>) -> Result<(), RunError> {
    let program = request.argv.first().filter(|program| !program.is_empty()).ok_or(RunError::NoCommand)?;
    if !request.dir.is_dir() {
        return Err(RunError::NoFolder { dir: request.dir.to_owned() });
    }
    check_env(&request.env)?;
    let refused = |reason: String| RunError::Program { program: program.to_string_lossy().into_owned(), reason };
    if request.argv.iter().any(|word| word.as_encoded_bytes().contains(&0)) {
        return Err(refused("an argument has a zero byte in it".to_owned()));
    }
    let places = Places { worktree: Some(request.dir), typed_in: None, env: &request.env };
    places.find(program).map(drop).map_err(|missing| refused(missing.to_string()))
}

/// Refuse what the environment cannot have.
pub(super) fn check_env(env: &[(String, OsString)]) -> Result<(), RunError> {
    let is_good = |(name, value): &&(String, OsString)| {
        let is_name = !name.is_empty() && !name.contains(['=', '\0']) && ![MARK, PLACE].contains(&name.as_str());
        is_name && !value.as_encoded_bytes().contains(&0)
    };
    match env.iter().find(|pair| !is_good(pair)) {
        Some((name, _)) => Err(RunError::BadVariable { name: name.clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_only_grow() {
        let world = World { now: chrono::DateTime::UNIX_EPOCH, seed: Some(1), home: None };
        let first = next_id(&world, None).unwrap();
        let second = next_id(&world, Some(&first)).unwrap();
        assert!(second > first);
        let far: RunId = "7zzzzzzzzz0000000000000000".parse().unwrap();
        assert!(next_id(&world, Some(&far)).unwrap() > far);
    }
}
