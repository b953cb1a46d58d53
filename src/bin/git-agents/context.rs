//! What every command needs: the repository, the world, the terminal, and who is asking.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use git_agents::agent::{Agent, AgentName};
use git_agents::config::shared::{self, SharedFile};
use git_agents::git::{Repository, head, worktrees};
use git_agents::name::InvalidName;
use git_agents::state::State;
use git_agents::store::{self, Change, Committed, Matched, Scope, Snapshot};
use git_agents::task::TaskId;
use git_agents::work::leases::Leases;
use git_agents::work::{place, recover};
use git_agents::worktree::ready;
use git_agents::world::World;

use crate::error::{CliError, Exit, unknown_agent};
use crate::ui::Ui;

/// So many damaged documents are named one by one.
const MOST_WARNINGS: usize = 20;

/// One run of the program.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) ui: Ui,
    pub(crate) world: World,
    dir: PathBuf,
    repo: OnceCell<Repository>,
    /// What somebody has been warned of, whoever asks: it is said once.
    told: Rc<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// `.agents.toml` cannot be read.
    of_file: Cell<bool>,
    /// Documents that are damaged.
    of_damage: RefCell<BTreeSet<String>>,
}

impl Context {
    pub(crate) fn new(ui: Ui, world: World, dir: PathBuf) -> Self {
        Context { ui, world, dir, repo: OnceCell::new(), told: Rc::default() }
    }

    /// The same command as if it were started now.
    pub(crate) fn afresh(&self) -> Context {
        let world = World::here();
        let mut ui = self.ui.clone();
        (ui.out.now, ui.err.now) = (world.now, world.now);
        Context { told: Rc::clone(&self.told), ..Context::new(ui, world, self.dir.clone()) }
    }

    /// The folder that the command is about: `-C`, else the current one.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The repository, opened on first use.
    pub(crate) fn repo(&self) -> Result<&Repository, CliError> {
        if let Some(repo) = self.repo.get() {
            return Ok(repo);
        }
        let opened = Repository::discover(&self.dir)?;
        Ok(self.repo.get_or_init(|| opened))
    }

    /// A path that the user gave, from the folder that the command is about.
    pub(crate) fn absolute(&self, path: &Path) -> Result<PathBuf, CliError> {
        let here = self.dir.canonicalize().map_err(|error| {
            CliError::new(Exit::Outside, "folder-unreadable", format!("{}: {error}", self.dir.display()))
        })?;
        Ok(git_agents::config::normalise(&here.join(path)))
    }

    /// The commit that a revision names.
    pub(crate) fn commit(&self, rev: &str) -> Result<gix::ObjectId, CliError> {
        let repo = self.repo()?.gix();
        let commit = repo.rev_parse_single(rev).ok().and_then(|id| id.object().ok()?.peel_to_commit().ok());
        commit.map(|commit| commit.id).ok_or_else(|| {
            CliError::refused("revision-not-found", format!("{rev:?} names no commit")).hint("git log --oneline --all")
        })
    }

    /// Finish or take back what a process that died has left half done, before anything else is changed.
    pub(crate) fn recover(&self) -> Result<Vec<recover::Told>, CliError> {
        let told = recover::recover(self.repo()?, &self.world)?;
        for one in &told {
            one.done.iter().for_each(|line| self.ui.note(line));
            one.remains.iter().for_each(|line| self.ui.warn(line));
        }
        Ok(told)
    }

    /// The state as it is now; what is damaged is named on standard error.
    pub(crate) fn load(&self, scope: &Scope) -> Result<Snapshot, CliError> {
        let snapshot = store::load(self.repo()?, scope)?;
        let mut told = self.told.of_damage.borrow_mut();
        let damaged: Vec<_> =
            snapshot.state.damaged.iter().filter(|damaged| told.insert(damaged.path.clone())).collect();
        for damaged in damaged.iter().take(MOST_WARNINGS) {
            self.ui.warn(&format!("{} is damaged and left out: {}", damaged.path, damaged.reason));
        }
        if let more @ 1.. = damaged.len().saturating_sub(MOST_WARNINGS) {
            self.ui.warn(&format!("{more} more documents are damaged and left out; git agents doctor names them"));
        }
        self.warn_of_file()?;
        Ok(snapshot)
    }

    /// Say once that `.agents.toml` cannot be read. It only gives defaults, so everything goes on without it.
    fn warn_of_file(&self) -> Result<(), CliError> {
        if self.told.of_file.get() { Ok(()) } else { self.shared_file().map(drop) }
    }

    /// What `.agents.toml` says; nothing where it cannot be read, which is said.
    pub(crate) fn shared_file(&self) -> Result<Option<SharedFile>, CliError> {
        let is_news = !self.told.of_file.replace(true);
        Ok(shared::read(self.repo()?).unwrap_or_else(|error| {
            if is_news {
                self.ui.warn(&format!("{error}; nothing in it counts"));
            }
            None
        }))
    }

    /// Name the commands of `.agents.toml` that are not run because nobody has trusted it.
    pub(crate) fn warn_of_commands(&self, file: &SharedFile) {
        self.warn_of_untrusted(file, |_| true);
    }

    /// The same for the keys that matter at the moment.
    pub(crate) fn warn_of_untrusted(&self, file: &SharedFile, matters: impl Fn(&str) -> bool) {
        for (name, command) in file.commands().filter(|(name, _)| !file.is_trusted && matters(name)) {
            let tail = "see git agents trust --show";
            self.ui.warn(&format!(
                "{} proposes {name} = {command:?}, which is not trusted and not run; {tail}",
                shared::FILE
            ));
        }
    }

    /// Write one change, after clearing up what an interrupted command left; see [`store::transact`].
    pub(crate) fn transact(
        &self,
        scope: &Scope,
        decide: impl FnMut(&State, &mut fastrand::Rng) -> Result<Option<Change>, CliError>,
    ) -> Result<Option<Committed>, CliError> {
        self.recover()?;
        let committed = store::transact(self.repo()?, &self.world, scope, decide)?;
        if let Some(committed) = &committed {
            self.leases()?.observe(&committed.state);
        }
        Ok(committed)
    }

    /// What this clone has seen of the agents' leases.
    pub(crate) fn leases(&self) -> Result<Leases<'_>, CliError> {
        Ok(Leases::read(self.repo()?, self.world.now))
    }

    /// The agent in whose worktree we were called.
    pub(crate) fn agent_here(&self, state: &State) -> Option<AgentName> {
        let repo = self.repo().ok()?;
        let by_branch = head::current_branch(repo).and_then(|branch| state.agent_of_branch(&branch));
        by_branch.or_else(|| self.agent_told(repo, state)).map(|agent| agent.name.clone())
    }

    /// The agent that a run's environment names, when this is its worktree, whatever it has checked out by now.
    fn agent_told<'s>(&self, repo: &Repository, state: &'s State) -> Option<&'s Agent> {
        let name: AgentName = World::variable(ready::AGENT_VARIABLE)?.parse().ok()?;
        let agent = state.agents.get(&name)?;
        let here = repo.worktree()?.canonicalize().ok()?;
        let all = worktrees::list(repo).ok()?;
        let astray = place::astray(repo, &all, agent)?;
        (astray.path.canonicalize().ok()? == here).then_some(agent)
    }

    /// The agent that is meant: the one that was named, else the one in whose worktree we were called.
    pub(crate) fn agent(&self, state: &State, named: Option<&str>) -> Result<AgentName, CliError> {
        match named {
            Some(name) => known_agent(state, name),
            None => self.agent_here(state).ok_or_else(|| {
                CliError::usage("say which agent: this is not the worktree of one").hint("git agents agent list")
            }),
        }
    }

    /// Split the words of a command that begins with an optional agent: `AGENT REST…`, or only `REST…` in an agent's
    /// worktree.
    pub(crate) fn agent_and<'w>(
        &self,
        state: &State,
        words: &'w [String],
    ) -> Result<(AgentName, &'w [String]), CliError> {
        let here = || self.agent_here(state);
        match words.split_first() {
            Some((first, rest)) => match known_agent(state, first) {
                Ok(name) => Ok((name, rest)),
                Err(unknown) => here().map(|name| (name, words)).ok_or(unknown),
            },
            None => Ok((self.agent(state, None)?, words)),
        }
    }

    /// The task that is meant by an id that may be shortened.
    pub(crate) fn task(&self, snapshot: &Snapshot, text: &str) -> Result<TaskId, CliError> {
        let id = task_id(text)?;
        match store::find_task(self.repo()?, snapshot, &id)? {
            Matched::One(id) => Ok(id),
            Matched::None => {
                Err(CliError::refused("task-not-found", format!("there is no task {id}")).hint("git agents task list"))
            }
            Matched::Several(ids) => {
                let listed = ids.iter().take(5).map(TaskId::as_str).collect::<Vec<_>>().join(", ");
                let more = if ids.len() > 5 { ", …" } else { "" };
                Err(CliError::refused("task-ambiguous", format!("{id} may mean {listed}{more}"))
                    .hint(format!("git agents task show {}", ids[0])))
            }
        }
    }
}

/// The agent called `name`.
pub(crate) fn known_agent(state: &State, name: &str) -> Result<AgentName, CliError> {
    let parsed = agent_name(name)?;
    if state.agents.contains_key(&parsed) {
        return Ok(parsed);
    }
    let error = unknown_agent(name);
    Err(if state.agents.is_empty() { error.hint("git agents init --agents 3") } else { error })
}

/// A name that an agent may have.
pub(crate) fn agent_name(text: &str) -> Result<AgentName, CliError> {
    text.parse().map_err(|reason| bad_name("an agent's name", text, &reason))
}

/// An id that a task may have; `#16` is `16`.
pub(crate) fn task_id(text: &str) -> Result<TaskId, CliError> {
    TaskId::from_user(text).map_err(|reason| bad_name("a task's id", text, &reason))
}

fn bad_name(what: &str, text: &str, reason: &InvalidName) -> CliError {
    let shown: String = text.chars().take(40).collect();
    CliError::usage(format!("{shown:?} cannot be {what}: {reason}"))
}
