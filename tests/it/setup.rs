//! `agents.setup` and `.worktreeinclude`: new worktrees that are ready to work in, and nothing left when one cannot be
//! made so.

use std::os::unix::fs::{PermissionsExt, symlink};

use insta::assert_snapshot;

use crate::support::{Sandbox, Shape};

/// A sandbox whose main worktree has an ignored `.env` that agents get.
fn with_secret() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", ".env\nbuild/\n*.out\n", "Ignore");
    std::fs::write(sandbox.repo().join(".env"), "secret\n").unwrap();
    std::fs::write(sandbox.repo().join(".worktreeinclude"), ".env\n").unwrap();
    sandbox
}

fn setup(sandbox: &Sandbox, commands: &[&str]) {
    for command in commands {
        sandbox.git(["config", "--add", "agents.setup", command]);
    }
}

/// Nobody is registered, and nothing of anybody is there.
#[track_caller]
fn nothing_is_left(sandbox: &Sandbox) {
    assert!(sandbox.state().agents.is_empty());
    assert_eq!(sandbox.git(["for-each-ref", "refs/heads/agents/", "refs/agents-local/"]), "");
    assert_eq!(sandbox.git(["worktree", "list"]).lines().count(), 1);
    let folder = sandbox.root().join("repo-worktrees");
    assert!(!folder.exists() || folder.read_dir().unwrap().next().is_none());
    let agents = sandbox.repo().join(".git/agents");
    let ports = std::fs::read_to_string(agents.join("ports.json")).unwrap_or_default();
    assert!(!ports.contains("first"), "{ports}");
    for folder in ["ready", "journal"] {
        let entries = agents.join(folder).read_dir();
        assert!(entries.is_err() || entries.unwrap().next().is_none(), "{folder}");
    }
}

#[test]
fn a_new_worktree_gets_files_and_is_set_up() {
    let sandbox = with_secret();
    sandbox.git(["config", "agents.ports", "20000-20009"]);
    setup(
        &sandbox,
        &[
            "echo making; mkdir build; env | grep ^GIT_ | sort >build/env; pwd >>build/env",
            "cat .env >copy.out; echo done",
        ],
    );
    assert_snapshot!(sandbox.agents(["agent", "add", "ann"]), @"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
      1 file copied, 2 setup commands run
    work lands on main
    [stderr]
    ann: setup: echo making; mkdir build; env | grep ^GIT_ | sort >build/env; pwd >>build/env
      | making
    ann: setup: cat .env >copy.out; echo done
      | done
    [status 0]
    ");
    let worktree = sandbox.worktree_of("ann");
    let read = |path: &str| std::fs::read_to_string(worktree.join(path)).unwrap();
    assert_eq!((read(".env").as_str(), read("copy.out").as_str()), ("secret\n", "secret\n"));
    let environment = read("build/env").replace(sandbox.root().to_str().unwrap(), "[ROOT]");
    let environment: Vec<&str> = environment.lines().filter(|line| !line.starts_with("GIT_AGENTS_CHECK=")).collect();
    assert_snapshot!(environment.join("\n"), @"
    GIT_AGENTS_AGENT=ann
    GIT_AGENTS_PORT=20000
    GIT_AGENTS_PORTS=20000-20009
    GIT_AGENTS_TARGET=main
    GIT_AGENTS_WORKTREE=[ROOT]/repo-worktrees/ann
    [ROOT]/repo-worktrees/ann
    ");
    assert_eq!(sandbox.dirt("ann"), "");
    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "--no-setup", "--json"]), @r#"
    {
      "added": [
        {
          "branch": "agents/bob",
          "copied": {
            "bytes": 7,
            "files": 1
          },
          "made_branch": true,
          "made_worktree": true,
          "name": "bob",
          "worktree": "[ROOT]/repo-worktrees/bob"
        }
      ],
      "kind": "init",
      "target": "main",
      "unchanged": [
        "ann"
      ],
      "version": 1
    }
    [status 0]
    "#);
    sandbox.git(["config", "--unset", "agents.ports"]);
    let added = sandbox.agents(["agent", "add", "cam", "--json"]).good();
    let cam = added.json()["added"][0].clone();
    assert_eq!(cam["copied"], serde_json::json!({ "files": 1, "bytes": 7 }));
    assert_eq!(cam["setup"].as_array().unwrap().len(), 2);
    assert!(cam["ports"].is_string());
    let log = std::fs::read_to_string(
        sandbox.repo().join(".git/agents/logs/setup").read_dir().unwrap().next().unwrap().unwrap().path(),
    );
    assert!(log.unwrap().starts_with("$ echo making; mkdir build;"));
}

#[test]
fn what_was_there_is_not_set_up() {
    let sandbox = with_secret();
    setup(&sandbox, &["touch set.out"]);
    sandbox.agents(["agent", "add", "ann", "--no-worktree"]).good();
    let theirs = sandbox.worktree("bob");
    sandbox.agents(["agent", "add", "bob", "--existing"]).good();
    assert!(!theirs.join(".env").exists() && !theirs.join("set.out").exists(), "somebody works there already");
    sandbox.git(["branch", "agents/cam"]);
    sandbox.agents(["agent", "add", "cam", "--existing"]).good();
    let worktree = sandbox.worktree_of("cam");
    assert!(worktree.join(".env").exists() && worktree.join("set.out").exists());
    // Its worktree is made anew.
    std::fs::remove_dir_all(&worktree).unwrap();
    sandbox.agents(["init", "cam"]).good();
    assert!(worktree.join(".env").exists() && worktree.join("set.out").exists());
}

#[test]
fn a_setup_that_fails_leaves_nothing() {
    let sandbox = with_secret();
    setup(&sandbox, &["echo first; touch untracked; git init -q inner", "echo one; echo two >&2; exit 3"]);
    assert_snapshot!(sandbox.agents(["agent", "add", "ann"]), @"
    [stderr]
    ann: setup: echo first; touch untracked; git init -q inner
      | first
    ann: setup: echo one; echo two >&2; exit 3
      | one
      | two
    error: ann cannot be added: the setup command `echo one; echo two >&2; exit 3` exited with 3
      | $ echo first; touch untracked; git init -q inner
      | first
      | $ echo one; echo two >&2; exit 3
      | one
      | two
      try: cat [ROOT]/repo/.git/agents/logs/setup/[OPERATION]-ann.log
      try: the same command with --no-setup
    [status 4]
    ");
    nothing_is_left(&sandbox);
    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "cam"]).stderr.lines().last().unwrap(), @"  try: the same command with --no-setup");
    nothing_is_left(&sandbox);
    assert_eq!(sandbox.agents(["agent", "add", "ann", "--json", "--quiet"]).json_error()["code"], "setup-failed");
    sandbox.agents(["agent", "add", "ann", "--no-setup"]).good();
    // A registered agent whose worktree is to be made anew keeps its branch and its registration.
    std::fs::remove_dir_all(sandbox.worktree_of("ann")).unwrap();
    assert_eq!(sandbox.agents(["init", "ann"]).status, Some(4));
    assert!(!sandbox.worktree_of("ann").exists());
    assert_eq!(sandbox.state().agents.len(), 1);
}

#[test]
fn a_setup_that_never_ends_or_dies_leaves_nothing() {
    let sandbox = with_secret();
    sandbox.git(["config", "agents.setupTimeout", "1s"]);
    for (command, told) in [
        ("trap '' TERM; (setsid sleep 1000 &); sleep 1001", "took too long"),
        ("kill -9 $$", "was ended by signal 9"),
        ("yes", "took too long"),
        ("exec >&- 2>&-; sleep 1000", "took too long"),
        ("printf '\\033]0;x\\007\\377'; exit 1", "exited with 1"),
        ("rm -rf \"$GIT_AGENTS_WORKTREE\"; exit 1", "exited with 1"),
        ("nonexistent-program", "exited with 127"),
        ("git commit -q --allow-empty -m x; git reset -q --hard HEAD^; false", "exited with 1"),
    ] {
        sandbox.git(["config", "agents.setup", command]);
        let output = sandbox.agents(["agent", "add", "ann", "--quiet"]);
        assert_eq!(output.status, Some(4), "{command}: {output}");
        assert!(output.stderr.contains(told) || output.stderr.contains("wrote without end"), "{command}: {output}");
        assert!(!output.stderr.contains('\u{1b}'), "{output}");
        nothing_is_left(&sandbox);
        sandbox.agents(["doctor"]).good();
    }
}

#[test]
fn a_setup_that_commits_keeps_the_commit() {
    let sandbox = with_secret();
    setup(&sandbox, &["git commit -q --allow-empty -m x; false"]);
    assert_eq!(sandbox.agents(["agent", "add", "ann"]).status, Some(4));
    assert_eq!(sandbox.git(["log", "-1", "--format=%s", "agents/ann"]), "x");
    assert!(sandbox.state().agents.is_empty());
}

#[test]
fn a_project_may_propose_a_setup() {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", "*.out\n", "Ignore");
    sandbox.commit(
        ".agents.toml",
        "setup = [\"touch set.out\"]\nteardown = \"true\"\nports = \"30000-30019\"\n",
        "Settings",
    );
    assert_snapshot!(sandbox.agents(["agent", "add", "ann"]), @r#"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
    work lands on main
    [stderr]
    warning: .agents.toml proposes agents.setup = "touch set.out", which is not trusted and not run; see git agents trust --show
    [status 0]
    "#);
    assert!(!sandbox.worktree_of("ann").join("set.out").exists());
    assert!(!sandbox.agents(["init", "ann"]).stderr.contains("warning"), "nothing is made");
    sandbox.agents(["trust", "--yes"]).good();
    sandbox.agents(["init", "bob"]).good();
    assert!(sandbox.worktree_of("bob").join("set.out").exists());
}

#[test]
fn what_is_not_copied_is_told() {
    let sandbox = with_secret();
    std::fs::write(sandbox.repo().join(".worktreeinclude"), ".env\nbuild/\n").unwrap();
    let build = sandbox.repo().join("build");
    std::fs::create_dir(&build).unwrap();
    sandbox.git(["init", "-q", "build/inner"]);
    std::fs::write(build.join("closed"), "x").unwrap();
    std::fs::set_permissions(build.join("closed"), std::fs::Permissions::from_mode(0o000)).unwrap();
    // Everything can be read by root.
    let is_root = std::fs::read(build.join("closed")).is_ok();
    if is_root {
        std::fs::remove_file(build.join("closed")).unwrap();
    }
    sandbox.git(["branch", "before", "HEAD^"]);
    let output = sandbox.agents(["agent", "add", "ann", "--base", "before"]);
    assert_eq!(output.status, Some(0));
    let closed = "warning: build/closed is not copied: it cannot be read: Permission denied (os error 13)\n";
    assert_eq!(output.stderr.contains(closed), !is_root);
    assert_snapshot!(output.stderr.replace(closed, ""), @"
    warning: .env is not copied: the branch does not ignore it, and a commit might take it
    warning: build/inner is not copied: it is a repository of its own
    ");
}

#[test]
fn a_worktreeinclude_that_is_none_is_refused() {
    let sandbox = Sandbox::new();
    let path = sandbox.repo().join(".worktreeinclude");
    std::fs::create_dir(&path).unwrap();
    assert_snapshot!(sandbox.refused(["agent", "add", "ann"]), @"
    [stderr]
    error: [ROOT]/repo/.worktreeinclude is not a plain file
      try: mv [ROOT]/repo/.worktreeinclude [ROOT]/repo/.worktreeinclude.old
    [status 3]
    ");
    std::fs::remove_dir(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert_eq!(sandbox.agents(["init", "ann", "bob"]).status, Some(3));
    std::fs::remove_file(&path).unwrap();
    std::fs::File::create(&path).unwrap().set_len(100 << 20).unwrap();
    assert_snapshot!(sandbox.agents(["agent", "add", "ann"]), @"
    [stderr]
    error: [ROOT]/repo/.worktreeinclude has 104857600 bytes, 1048576 are the most
      try: mv [ROOT]/repo/.worktreeinclude [ROOT]/repo/.worktreeinclude.old
    [status 3]
    ");
    std::fs::write(&path, b"\x7fELF\0\0").unwrap();
    assert_snapshot!(sandbox.refused(["agent", "add", "ann"]), @"
    [stderr]
    error: [ROOT]/repo/.worktreeinclude is not text
      try: mv [ROOT]/repo/.worktreeinclude [ROOT]/repo/.worktreeinclude.old
    [status 3]
    ");
    for (key, value) in [("agents.setupTimeout", "soon"), ("agents.ports", "80-90"), ("agents.portsEach", "many")] {
        std::fs::write(&path, "").unwrap();
        sandbox.git(["config", "agents.setup", "true"]);
        sandbox.git(["config", key, value]);
        let output = sandbox.agents(["agent", "add", "ann"]);
        assert_eq!(output.status, Some(3), "{key}: {output}");
        assert!(output.stderr.contains(key) && output.stderr.contains("git config --unset"), "{output}");
        nothing_is_left(&sandbox);
        sandbox.git(["config", "--unset", key]);
    }
    std::fs::write(&path, b"[\n\\\n\xff\n../\n/\n**\n!\n").unwrap();
    sandbox.agents(["agent", "add", "ann"]).good();
}

#[test]
fn a_bare_repository_says_that_nothing_is_copied() {
    let sandbox = Sandbox::new();
    sandbox.commit(".worktreeinclude", ".env\n", "Include");
    let bare = Sandbox::shaped(Shape { bare: true, name: "repo.git", ..Shape::default() });
    bare.git(["fetch", "-q", sandbox.repo().to_str().unwrap(), "main:main"]);
    assert_snapshot!(bare.agents(["agent", "add", "ann"]), @"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
    work lands on main
    [stderr]
    warning: .worktreeinclude counts for nothing here: a bare repository has no main worktree to copy from
    [status 0]
    ");
}

#[test]
fn a_full_range_of_ports_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.git(["config", "agents.ports", "20000-20019"]);
    setup(&sandbox, &["true"]);
    sandbox.agents(["init", "ann", "bob"]).good();
    assert_snapshot!(sandbox.agents(["agent", "add", "cam", "--quiet"]), @"
    [stderr]
    error: cam cannot be added: no 10 ports of 20000-20019 are free: 2 agents have them
      try: git config agents.ports FIRST-LAST
      try: git agents doctor --fix
    [status 3]
    ");
    assert_eq!(sandbox.state().agents.len(), 2);
    sandbox.agents(["agent", "remove", "ann"]).good();
    sandbox.agents(["agent", "add", "cam"]).good();
    // Somebody took the state away and not the leases.
    sandbox.git(["config", "agents.ports", "20000-20029"]);
    sandbox.agents(["agent", "add", "dan"]).good();
    let leases = std::fs::read(sandbox.repo().join(".git/agents/ports.json")).unwrap();
    sandbox.agents(["agent", "remove", "dan"]).good();
    std::fs::write(sandbox.repo().join(".git/agents/ports.json"), leases).unwrap();
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    warning: ports are kept for agents that are gone: dan
      try: git agents doctor --fix
    1 warning
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["doctor", "--fix"]), @"
    fixed: ports are kept for agents that are gone: dan
    1 fixed
    [status 0]
    ");
    sandbox.agents(["doctor"]).good();
    sandbox.agents(["reset", "--yes"]).good();
    assert!(!std::fs::read_to_string(sandbox.repo().join(".git/agents/ports.json")).unwrap().contains("first"));
}

#[test]
fn what_several_setups_write_is_in_their_logs() {
    let sandbox = Sandbox::new();
    setup(&sandbox, &["for n in 1 2 3; do echo line $n of $GIT_AGENTS_AGENT; sleep 0.01; done"]);
    let names = ["ann", "bob", "cam", "dan", "eve", "fay"];
    let output = sandbox.agents([&["init"][..], &names[..]].concat()).good();
    assert!(!output.stderr.contains("line 1"), "{output}");
    let mut begun: Vec<&str> = output.stderr.lines().map(|line| line.split(':').next().unwrap()).collect();
    begun.sort_unstable();
    assert_eq!(begun, names);
    let folder = sandbox.repo().join(".git/agents/logs/setup");
    let logs: Vec<String> =
        folder.read_dir().unwrap().map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap()).collect();
    for name in names {
        let lines: Vec<String> = (1..=3).map(|n| format!("line {n} of {name}\n")).collect();
        assert_eq!(logs.iter().filter(|log| log.ends_with(&lines.concat())).count(), 1, "{name}");
    }
    let mut ports: Vec<u64> = Vec::new();
    let leases = std::fs::read_to_string(sandbox.repo().join(".git/agents/ports.json")).unwrap();
    for lease in serde_json::from_str::<serde_json::Value>(&leases).unwrap()["leases"].as_object().unwrap().values() {
        ports.push(lease["first"].as_u64().unwrap());
    }
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), names.len());
}

#[test]
fn after_one_that_fails_no_other_is_begun() {
    let sandbox = Sandbox::new();
    setup(&sandbox, &["echo x >>\"$GIT_AGENTS_WORKTREE/../begun\"; exit 1"]);
    let output = sandbox.agents(["init", "--agents", "40", "--quiet"]);
    assert_eq!(output.status, Some(4), "{output}");
    let begun = std::fs::read_to_string(sandbox.root().join("repo-worktrees/begun")).unwrap().lines().count();
    assert!((1..=8).contains(&begun), "{begun}");
    std::fs::remove_file(sandbox.root().join("repo-worktrees/begun")).unwrap();
    nothing_is_left(&sandbox);
}

/// Who has taken what is being made keeps it: perhaps somebody is at work there already.
#[test]
fn what_somebody_has_registered_meanwhile_is_not_taken_back() {
    let sandbox = Sandbox::new();
    sandbox.agents(["init", "ann"]).good();
    let other = format!(
        "cd '{}' && git agents agent add dan --existing --branch agents/dan --no-setup; false",
        sandbox.repo().display()
    );
    sandbox.git(["config", "agents.setup", &other]);
    assert_eq!(sandbox.agents(["agent", "add", "dan"]).status, Some(4));
    assert!(sandbox.worktree_of("dan").join(".git").is_file());
    assert!(sandbox.state().agents.contains_key(&crate::support::name("dan")));
}
