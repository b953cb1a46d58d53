//! The state from inside: written through the library where no command does it (yet), read and damaged by plumbing.

use std::convert::Infallible;
use std::io::Write;
use std::process::Stdio;

use git_agents::agent::AgentName;
use git_agents::git::Repository;
use git_agents::state::{Action, NewAgent, State};
use git_agents::store::{self, Committed, STATE_REF, Scope};
use git_agents::task::TaskId;
use git_agents::world::World;

use super::Sandbox;
use super::sandbox::NOW;

impl Sandbox {
    /// The repository as the library sees it.
    pub(crate) fn open(&self) -> Repository {
        Repository::discover(self.repo()).unwrap()
    }

    /// The world as the library is to see it.
    pub(crate) fn world() -> World {
        World { now: NOW.parse().unwrap(), seed: Some(1), home: None }
    }

    /// One operation, written through the library.
    #[track_caller]
    pub(crate) fn act(&self, action: &Action) -> Committed {
        let decide = |_: &State, _: &mut fastrand::Rng| Ok::<_, Infallible>(Some(action.clone().into()));
        let scope = Scope::open().with_findings().with_closed();
        store::transact(&self.open(), &Self::world(), &scope, decide).unwrap().unwrap()
    }

    /// Register agents, each with the branch `agents/<name>`, which need not exist.
    pub(crate) fn register(&self, names: &[&str]) {
        let agent =
            |name: &&str| NewAgent { name: name.parse().unwrap(), branch: format!("agents/{name}"), base: None };
        self.act(&Action::AddAgents { agents: names.iter().map(agent).collect() });
    }

    /// The agent begins with the task.
    pub(crate) fn start(&self, agent: &str, task: &str) {
        self.act(&Action::Start { agent: name(agent), task: id(task), base: None, terms: Default::default() });
    }

    /// The agent is done with the task that it works on.
    pub(crate) fn complete(&self, agent: &str, task: &str) {
        let (agent, task) = (name(agent), id(task));
        self.act(&Action::Complete { agent, task, tip: None, files: Vec::new(), hours: None, fence: None });
    }

    /// All of the state.
    pub(crate) fn state(&self) -> State {
        store::load(&self.open(), &Scope::open().with_findings().with_closed()).unwrap().state
    }

    /// The newest commit of the chain.
    pub(crate) fn tip(&self) -> String {
        self.git(["rev-parse", STATE_REF])
    }

    /// How many operations there are.
    pub(crate) fn operations(&self) -> usize {
        self.git(["rev-list", "--count", STATE_REF]).parse().unwrap()
    }

    /// One document as it is stored.
    pub(crate) fn stored(&self, path: &str) -> String {
        self.git(["show", &format!("{STATE_REF}:{path}")])
    }

    /// Where the document of a task that is not closed stands.
    pub(crate) fn open_path(id: &str) -> String {
        format!("tasks/open/{}/{id}.json", store::open_shard(id))
    }

    /// Where the document of a task that is closed stands.
    pub(crate) fn closed_path(id: &str) -> String {
        format!("tasks/closed/{}/{id}.json", store::shard(id))
    }

    /// Commit other content into the state's tree by plumbing, as a broken or a newer program would.
    pub(crate) fn plant(&self, path: &str, content: &[u8]) {
        let blob = self.git_with(&["hash-object", "-w", "--stdin"], content);
        let index = self.root().join("planting-index");
        let git = |args: &[&str]| {
            let output = self.command("git").env("GIT_INDEX_FILE", &index).args(args).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let tip = self.tip();
        git(&["read-tree", &tip]);
        git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
        let tree = git(&["write-tree"]);
        let commit = self.git(["commit-tree", &tree, "-p", &tip, "-m", "by hand"]);
        self.git(["update-ref", STATE_REF, &commit, &tip]);
        std::fs::remove_file(&index).unwrap();
    }

    /// What git says to this input.
    pub(crate) fn git_with(&self, args: &[&str], input: &[u8]) -> String {
        let mut command = self.command("git");
        let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// git finds nothing wrong with the objects and refs.
    #[track_caller]
    pub(crate) fn fsck(&self) {
        let output = self.command("git").args(["fsck", "--full", "--no-dangling", "--strict"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && !said.contains("error"), "{said}");
    }
}

pub(crate) fn name(text: &str) -> AgentName {
    text.parse().unwrap()
}

pub(crate) fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}
