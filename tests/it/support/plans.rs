//! Plans that are carried out by a script instead of an AI program.

use std::collections::BTreeMap;
use std::path::PathBuf;

use git_agents::task::TaskState;

use super::{Output, Run, Sandbox};

/// A sandbox with a script that is the agent program; `{task}` and `{prompt_file}` are its arguments.
pub(crate) struct Ground {
    pub(crate) sandbox: Sandbox,
    script: PathBuf,
}

impl Ground {
    pub(crate) fn new(script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let sandbox = Sandbox::new();
        let path = sandbox.root().join("agent.sh");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Ground { sandbox, script: path }
    }

    pub(crate) fn plan(&self, text: &str) -> PathBuf {
        let path = self.sandbox.root().join("parser.md");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What the script has said of its beginnings (+1) and ends (-1), in order.
    pub(crate) fn log(&self) -> Vec<(i32, String)> {
        let text = std::fs::read_to_string(self.sandbox.root().join("log")).unwrap_or_default();
        let mut lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
        lines.sort_by_key(|line| line[1].parse::<u64>().unwrap());
        lines.iter().map(|line| (if line[0] == "+" { 1 } else { -1 }, line[2].to_owned())).collect()
    }

    /// `git agents execute` with the script, by the real clock.
    pub(crate) fn execute(&self, plan: &str, more: &[&str]) -> Run<'_> {
        let plan = self.plan(plan);
        self.with_agent(&[&["execute", plan.to_str().unwrap()], more].concat())
    }

    /// `git agents …` by the real clock, with the script as the command.
    pub(crate) fn with_agent(&self, args: &[&str]) -> Run<'_> {
        let run = self.sandbox.direct(args).args(["--", self.script.to_str().unwrap(), "{task}", "{prompt_file}"]);
        let run = run.env("LOG", self.sandbox.root().join("log"));
        run.without("GIT_COMMITTER_DATE").without("GIT_AUTHOR_DATE").without("GIT_AGENTS_SEED")
    }

    /// Where scripts leave notes for each other.
    pub(crate) fn note(&self, name: &str) -> PathBuf {
        self.sandbox.root().join(name)
    }

    pub(crate) fn states(&self) -> BTreeMap<String, &'static str> {
        let tasks = self.sandbox.state().tasks;
        tasks.into_iter().map(|(id, task)| (id.to_string(), task.state.word())).collect()
    }

    pub(crate) fn all_are(&self, state: TaskState) -> bool {
        self.states().values().all(|word| *word == state.word())
    }
}

/// The most that ran at one time.
pub(crate) fn most_at_once(log: &[(i32, String)]) -> i32 {
    let running = log.iter().scan(0, |running, (step, _)| {
        *running += step;
        Some(*running)
    });
    running.max().unwrap_or_default()
}

/// The last line of an output with masked times.
pub(crate) fn without_times(output: &Output) -> String {
    let text = output.to_string();
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("took ")).collect();
    // Which of two that end at one moment is first is nobody's to say.
    let is_end = |line: &str| line.ends_with(" completed") && line.split(' ').count() == 2;
    lines.chunk_by_mut(|a, b| is_end(a) && is_end(b)).for_each(<[&str]>::sort_unstable);
    lines.join("\n")
}
