//! What is configured for people and what earlier runs have left, where a sync goes on or says why it cannot.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;

use insta::assert_snapshot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Clone, Sandbox, remote_tip, script};

const STATE: &str = "refs/agents/state";

fn begun(sandbox: &Sandbox) -> Clone<'_> {
    sandbox.remote();
    let ann = sandbox.here().with_agent("ann");
    ann.agents(["sync"]).good();
    ann.agents(["task", "add", "T", "--id", "1"]).good();
    ann
}

/// A rule such as that of a proxy fits what it makes of an address, too.
#[test]
fn an_address_is_rewritten_once() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    let root = sandbox.root().display().to_string();
    std::fs::create_dir(sandbox.root().join("through")).unwrap();
    let through = sandbox.root().join("through/remote.git");
    std::fs::rename(sandbox.remote(), &through).unwrap();
    for rule in ["insteadOf", "pushInsteadOf"] {
        ann.git(["config", &format!("url.file://{root}/through/.{rule}"), &format!("file://{root}/")]);
    }
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: 1 operation went

    went
      add task 1: T (Ann)
    [status 0]
    ");
    assert_eq!(remote_tip(&sandbox, &through, STATE), Some(ann.tip()));
    assert_snapshot!(ann.agents(["doctor", "--remote"]), @"
    origin can keep refs/agents/state: it takes, shows and deletes such refs
    all is well
    [status 0]
    ");
}

#[test]
fn nobody_is_asked_for_a_password() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = host.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut guest in host.incoming().flatten() {
            // The whole question is small.
            drop(guest.read(&mut [0; 4096]));
            let answer = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            drop(guest.write_all(answer.as_bytes()));
        }
    });
    let ask = sandbox.root().join("ask");
    script(&ask, &format!("echo asked >>{}; echo secret", sandbox.root().join("asked").display()));
    ann.git(["remote", "set-url", "origin", &format!("http://127.0.0.1:{port}/x.git")]);
    let ask = ask.to_str().unwrap();
    for run in [ann.run(["sync"]).env("GIT_ASKPASS", ask), ann.run(["sync"]).env("SSH_ASKPASS", ask)] {
        assert_eq!(run.output().status, Some(4));
    }
    ann.git(["config", "core.askPass", ask]);
    let said = ann.agents(["sync"]);
    assert!(said.stderr.contains("origin could not be asked"), "{said}");
    // An ssh that the user has set up is told where to ask: there is nobody.
    ann.git(["remote", "set-url", "origin", "ssh://host/x.git"]);
    let ssh = sandbox.root().join("ssh");
    script(&ssh, "\"$SSH_ASKPASS\" Password && echo got one >&2; echo \"$SSH_ASKPASS_REQUIRE\" >&2; exit 1");
    let said = ann.run(["sync"]).env("GIT_SSH_COMMAND", ssh.to_str().unwrap()).output();
    assert!(said.stderr.contains("force") && !said.stderr.contains("got one"), "{said}");
    assert!(!sandbox.root().join("asked").exists());
}

#[test]
fn what_only_begins_like_the_state_stays_there() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    for name in ["refs/agents/state-1", "refs/agents/state.x/y"] {
        sandbox.git_in(&sandbox.remote(), ["update-ref", name, "main"]);
    }
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    for clone in [&ann, &bob] {
        let here = clone.git(["for-each-ref", "--format=%(refname)", "refs/agents-local"]);
        assert_eq!(here, "refs/agents-local/incoming/origin/state\nrefs/agents-local/remotes/origin/state");
    }
    // Nothing is there but what begins like it.
    sandbox.git_in(&sandbox.remote(), ["update-ref", "-d", STATE]);
    assert_snapshot!(sandbox.clone("eve").agents(["sync"]), @"
    origin: no state on either side
    [status 0]
    ");
}

/// A git that was killed leaves its locks, and says nothing to us.
#[test]
fn a_lock_that_nobody_holds_is_no_obstacle() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    let lock = |folder: &str| ann.dir.join(".git/refs/agents-local").join(folder).join("origin/state.lock");
    for folder in ["remotes", "incoming"] {
        std::fs::create_dir_all(lock(folder).parent().unwrap()).unwrap();
        std::fs::write(lock(folder), "").unwrap();
    }
    assert_snapshot!(ann.agents(["doctor"]), @"
    error: [ROOT]/repo/.git/refs/agents-local/incoming/origin/state.lock was left by a process that died
      try: git agents doctor --fix
    error: [ROOT]/repo/.git/refs/agents-local/remotes/origin/state.lock was left by a process that died
      try: git agents doctor --fix
    2 errors
    [status 1]
    ");
    ann.agents(["sync"]).good();
    assert!(!lock("remotes").exists() && !lock("incoming").exists());
    std::fs::write(lock("incoming"), "").unwrap();
    assert_snapshot!(ann.agents(["doctor", "--fix"]), @"
    fixed: [ROOT]/repo/.git/refs/agents-local/incoming/origin/state.lock was left by a process that died
    1 fixed
    [status 0]
    ");
    // One that somebody holds stays.
    let held = std::fs::File::create(lock("incoming")).unwrap();
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: refs/agents-local/incoming/origin/state is locked by [ROOT]/repo/.git/refs/agents-local/incoming/origin/state.lock
      try: git agents doctor --fix
    [status 4]
    ");
    assert_eq!(ann.agents(["doctor", "--fix"]).status, Some(0));
    assert!(lock("incoming").exists());
    drop(held);
    ann.agents(["sync"]).good();
}

#[test]
fn a_remote_after_which_no_ref_can_be_called_is_told_so() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    ann.git(["config", "remote.we ird.url", "file:///nowhere"]);
    assert_snapshot!(ann.agents(["sync", "we ird"]), @r#"
    [stderr]
    error: the remote "we ird" cannot keep the state: no ref can be called after it
      try: git remote rename -- 'we ird' state
    [status 3]
    "#);
    let alone = Sandbox::new();
    alone.git(["config", "remote.-x.url", "file:///nowhere"]);
    assert_snapshot!(alone.agents(["sync"]), @r#"
    [stderr]
    error: the remote "-x" cannot keep the state: no ref can be called after it
      try: git remote rename -- -x state
    [status 3]
    "#);
}

/// Whoever can push to the target could take the one who decides away from everybody else.
#[test]
fn the_tree_does_not_say_when_to_synchronise() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    sandbox.commit(".agents.toml", "sync = \"manual\"\n", "Settings");
    assert_snapshot!(ann.agents(["config", "get", "sync"]), @"
    auto
    [status 0]
    ");
    assert_snapshot!(ann.agents(["config", "list"]).stderr, @"warning: .agents.toml: agents.sync counts in git's configuration only");
    assert_snapshot!(ann.agents(["doctor"]), @"
    warning: .agents.toml: agents.sync counts in git's configuration only
      try: git agents config list
    1 warning
    [status 1]
    ");
    std::fs::remove_dir_all(sandbox.remote()).unwrap();
    assert_eq!(ann.agents(["start", "ann", "1"]).status, Some(4), "the remote is still asked first");
    // Where it was never decided to share, nothing is.
    let alone = Sandbox::new();
    alone.commit(".agents.toml", "sync = \"auto\"\n", "Settings");
    assert_snapshot!(alone.agents(["config", "get", "sync"]), @"
    manual
    [status 0]
    ");
    alone.git(["config", "agents.sync", "auto"]);
    assert_snapshot!(alone.agents(["config", "get", "sync"]), @"
    auto
    [status 0]
    ");
}

#[test]
fn a_damaged_list_of_what_was_rejected_is_put_aside() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    let file = ann.dir.join(".git/agents/rejected.json");
    std::fs::write(&file, "{x").unwrap();
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: [ROOT]/repo/.git/agents/rejected.json is damaged: invalid type: map, expected a sequence at line 1 column 0
      try: git agents doctor --fix, which puts it aside
    [status 4]
    ");
    let before = ann.tip();
    assert_eq!(ann.agents(["start", "ann", "1"]).status, Some(4));
    assert_eq!(ann.tip(), before, "nothing is recorded");
    assert_snapshot!(ann.agents(["status"]).stderr, @"warning: what was rejected is not known: [ROOT]/repo/.git/agents/rejected.json is damaged: invalid type: map, expected a sequence at line 1 column 0; see git agents doctor");
    assert_snapshot!(ann.agents(["doctor"]), @"
    error: [ROOT]/repo/.git/agents/rejected.json is damaged: invalid type: map, expected a sequence at line 1 column 0
      try: git agents doctor --fix
    1 error
    [status 1]
    ");
    assert_snapshot!(ann.agents(["doctor", "--fix"]), @"
    fixed: [ROOT]/repo/.git/agents/rejected.json is damaged: invalid type: map, expected a sequence at line 1 column 0; it is [ROOT]/repo/.git/agents/rejected.broken-20260105T090000Z now
    1 fixed
    [status 0]
    ");
    assert!(!file.exists());
    ann.agents(["sync"]).good();
}

/// git says of the remote what is wrong here.
#[test]
fn a_state_that_cannot_be_read_is_not_the_remotes_fault() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    let tip = ann.tip();
    std::fs::remove_file(ann.dir.join(".git/objects").join(&tip[..2]).join(&tip[2..])).unwrap();
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: the state at [COMMIT] cannot be read: An object with id [COMMIT] could not be found
      try: git agents doctor
      try: git agents recover
    [status 4]
    ");
    assert_snapshot!(ann.agents(["recover", "--yes"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           1  whole  the log of refs/agents/state
    refs/agents/state is at [COMMIT] again
    what it was is kept in [ROOT]/repo/.git/agents/broken-refs
    given up: 1 operation
      [COMMIT] add task 1: T (cannot be read)
    [stderr]
    what the ref held is broken and noted in [ROOT]/repo/.git/agents/broken-refs
    [status 0]
    ");
    ann.agents(["sync"]).good();
}

#[test]
fn a_shared_claim_needs_no_answer() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    std::fs::rename(sandbox.remote(), sandbox.root().join("away.git")).unwrap();
    assert_eq!(ann.agents(["claim", "ann", "src", "--exclusive"]).status, Some(4));
    assert_snapshot!(ann.agents(["claim", "ann", "src", "--json"]), @r#"
    {
      "agent": "ann",
      "claims": [
        {
          "agent": "ann",
          "created_at": "2026-01-05T09:00:00Z",
          "exclusive": false,
          "lease": {
            "renewed_at": "2026-01-05T09:00:00Z",
            "ttl_s": 7200,
            "until": "2026-01-05T11:00:00Z"
          },
          "path": "src",
          "provisional": true
        }
      ],
      "kind": "claimed",
      "version": 1
    }
    [stderr]
    {"kind":"warning","message":"what others have claimed since is not known: origin could not be asked: fatal: '[ROOT]/remote.git' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.","version":1}
    {"kind":"note","message":"provisional: no remote has confirmed it; git agents sync shares it","version":1}
    [status 0]
    "#);
}

/// An older version from history would reach everybody, who have the newer one.
#[test]
fn a_document_that_is_missing_here_comes_from_the_remote() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    ann.agents(["task", "edit", "1", "--title", "Newer"]).good();
    ann.agents(["sync"]).good();
    let list = ann.git(["ls-tree", "-r", "refs/agents/state"]);
    let row = list.lines().find(|row| row.contains("tasks/open")).unwrap();
    let blob = row.split_whitespace().nth(2).unwrap();
    std::fs::remove_file(ann.dir.join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let said = ann.agents(["doctor", "--fix"]);
    assert!(said.stdout.contains("try: git agents recover --from remote") && !said.stdout.contains("fixed"), "{said}");
    ann.agents(["recover", "--from", "remote", "--yes"]).good();
    assert!(ann.agents(["task", "show", "1"]).good().stdout.contains("Newer"));
    assert_eq!(ann.agents(["doctor"]).status, Some(0));
}

/// A key on the terminal does not reach the transport, which is in a group of its own.
#[test]
fn who_is_interrupted_takes_the_transport_along() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    let (ssh, number) = (sandbox.root().join("ssh"), sandbox.root().join("number"));
    script(&ssh, &format!("echo $$ >{0}.new; mv {0}.new {0}; exec sleep 600", number.display()));
    ann.git(["remote", "set-url", "origin", "ssh://host/x.git"]);
    let mut child = ann.run(["sync"]).env("GIT_SSH_COMMAND", ssh.to_str().unwrap()).spawn();
    let transport = loop {
        if let Ok(text) = std::fs::read_to_string(&number) {
            break Pid::from_raw(text.trim().parse().unwrap());
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::SIGINT as i32));
    let is_running = || {
        let state = std::fs::read_to_string(format!("/proc/{transport}/stat")).unwrap_or_default();
        // Whoever adopts it has to bury it.
        kill(transport, None).is_ok() && !state.contains(") Z ")
    };
    while is_running() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(!ann.dir.join(".git/refs/agents-local/incoming/origin/state.lock").exists());
}
