//! What lands, and what is lying around while it does.

use std::fs;
use std::path::Path;

use super::ground::Ground;

/// One kind of landing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// How it is called.
    pub(crate) name: &'static str,
    agents: &'static [&'static str],
    /// `--strategy`; none is the program's own choice.
    strategy: Option<&'static str>,
    /// Two of the branches conflict.
    conflicting: bool,
    /// Uncommitted edits, staged edits, untracked and ignored files everywhere, none of them in the way.
    dirty: bool,
    target: Holder,
    /// What lands is checked by a command.
    checked: bool,
    /// The refs are kept in tables.
    reftable: bool,
}

/// Who has the target checked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Main,
    Linked,
    Nobody,
}

const CLEAN: Scenario = Scenario {
    name: "clean",
    agents: &["ann", "ben", "cam", "dan", "eve", "fay"],
    strategy: None,
    conflicting: false,
    dirty: false,
    target: Holder::Main,
    checked: false,
    reftable: false,
};

/// All of them.
pub(crate) const SCENARIOS: [Scenario; 10] = [
    CLEAN,
    Scenario { name: "dirty", dirty: true, ..CLEAN },
    Scenario { name: "conflicting", conflicting: true, ..CLEAN },
    Scenario { name: "dirty, by rebase", dirty: true, strategy: Some("rebase"), ..CLEAN },
    Scenario { name: "dirty, by merge", dirty: true, strategy: Some("merge"), ..CLEAN },
    Scenario { name: "dirty, by squash", dirty: true, strategy: Some("squash"), ..CLEAN },
    Scenario { name: "target elsewhere", dirty: true, target: Holder::Linked, ..CLEAN },
    Scenario { name: "target nowhere", dirty: true, target: Holder::Nobody, ..CLEAN },
    Scenario { name: "refs in tables", dirty: true, reftable: true, ..CLEAN },
    Scenario { name: "checked", dirty: true, conflicting: true, checked: true, ..CLEAN },
];

/// A small one, for faults that are tried one by one at every place.
pub(crate) const SMALL: Scenario = Scenario { name: "small", agents: &["ann", "cam"], dirty: true, ..CLEAN };

impl Scenario {
    /// The command that lands it.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        let mut words = vec!["merge", "--all", "--yes"];
        words.extend(self.strategy.map(|strategy| ["--strategy", strategy]).into_iter().flatten());
        words.extend(self.checked.then_some(["--check", "sleep 0.1; test -e shared"]).into_iter().flatten());
        words
    }
}

/// Make the repository, the branches and what is lying around.
pub(super) fn build(ground: &Ground) {
    let scenario = ground.scenario;
    let repo = ground.repo();
    let format = if scenario.reftable { "--ref-format=reftable" } else { "--ref-format=files" };
    ground.git(["init", "-q", "-b", "main", format]);
    for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com"), ("gc.auto", "0")] {
        ground.git(["config", key, value]);
    }
    first_commit(ground, &repo);
    ground.agents([&["init"][..], scenario.agents].concat());
    for (number, agent) in scenario.agents.iter().enumerate() {
        let task = format!("{number}");
        ground.agents(["assign", agent, &task, "A task"]);
        ground.agents(["start", agent, &task]);
        work(ground, agent, scenario.conflicting);
        ground.agents(["complete", agent]);
    }
    write(&repo, "shared", &shared(&[190]));
    commit(ground, &repo, "main goes on");
    if scenario.target != Holder::Main {
        ground.git(["checkout", "-q", "-b", "aside"]);
    }
    let linked = ground.worktree_of("target");
    if scenario.target == Holder::Linked {
        ground.git(["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    }
    if scenario.dirty {
        ground.worktrees().iter().for_each(|dir| litter(ground, dir));
    }
}

/// A file of many lines, some of which are replaced.
fn shared(changed: &[usize]) -> String {
    (1..=200).map(|n| if changed.contains(&n) { format!("changed {n}\n") } else { format!("line {n}\n") }).collect()
}

fn first_commit(ground: &Ground, repo: &Path) {
    write(repo, ".gitattributes", "*.crlf text eol=crlf\n");
    write(repo, ".gitignore", "*.log\nbuild/\n");
    write(repo, "shared", &shared(&[]));
    for name in ["edited", "staged", "gone", "executable", "folder/inner", "link"] {
        write(repo, name, &format!("{name}\n"));
    }
    write(repo, "lines.crlf", "one\ntwo\n");
    (0..2).for_each(|number| write(repo, &format!("large-{number}"), &"large ".repeat(10_000)));
    (0..20).for_each(|number| write(repo, &format!("moves/{number}"), &format!("file {number}\n")));
    commit(ground, repo, "Begin");
}

/// What an agent commits: all kinds of changes that a checkout can have to make.
fn work(ground: &Ground, agent: &str, conflicting: bool) {
    let dir = &ground.worktree_of(agent);
    match agent {
        "ann" => write(dir, "shared", &shared(&[20])),
        "ben" => (0..2).for_each(|number| write(dir, &format!("large-{number}"), &"LARGER ".repeat(20_000))),
        "cam" => {
            fs::remove_file(dir.join("gone")).unwrap();
            fs::remove_dir_all(dir.join("folder")).unwrap();
            write(dir, "folder", "a file now\n");
            fs::remove_file(dir.join("link")).unwrap();
            std::os::unix::fs::symlink("shared", dir.join("link")).unwrap();
            ground.git_in(dir, ["update-index", "--chmod=+x", "executable"]);
        }
        "dan" => {
            ground.git_in(dir, ["mv", "moves", "moved"]);
            commit(ground, dir, "moves");
            write(dir, "lines.crlf", "one\r\nzwei\r\nthree\r\n");
        }
        "eve" => write(dir, "shared", &shared(&[if conflicting { 20 } else { 120 }, 121])),
        _ => (0..20).for_each(|number| write(dir, &format!("many/{number}"), &format!("{agent} {number}\n"))),
    }
    commit(ground, dir, &format!("by {agent}"));
    if agent == "cam" {
        // The mode is git's word only until now.
        ground.git_in(dir, ["checkout", "-q", "--force", "HEAD"]);
    }
}

fn litter(ground: &Ground, dir: &Path) {
    write(dir, "staged", "staged\nand more\n");
    ground.git_in(dir, ["add", "staged"]);
    write(dir, "staged", "staged\nand more\nand not staged\n");
    write(dir, "edited", "edited by hand\n");
    write(dir, "untracked", "nobody knows me\n");
    write(dir, "notes/untracked", "nor me\n");
    write(dir, "debug.log", "ignored\n");
    write(dir, "build/output", "ignored as a folder\n");
}

fn commit(ground: &Ground, dir: &Path, message: &str) {
    ground.git_in(dir, ["add", "-A"]);
    ground.git_in(dir, ["commit", "-q", "-m", message]);
}

fn write(dir: &Path, path: &str, content: &str) {
    let file = dir.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}
