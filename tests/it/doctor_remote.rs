//! `git agents doctor --remote`: can a remote keep the state? Only then anything is written there, and nothing stays.

use insta::assert_snapshot;

use crate::support::{Clone, Output, Sandbox, script};

/// The name of a probe of this moment, and of one of the day before yesterday.
const NEW: &str = "refs/agents/probe-01ke6vw200myzfk32x9t3pg7na";
const OLD: &str = "refs/agents/probe-01ke0000000000000000000000";

fn begun(sandbox: &Sandbox) -> Clone<'_> {
    sandbox.remote();
    sandbox.here().with_agent("ann")
}

/// All refs of the remote, and what the program answers.
fn probed(sandbox: &Sandbox, args: &[&str]) -> (String, Output, String) {
    let refs = || sandbox.git_in(&sandbox.remote(), ["for-each-ref", "--format=%(refname) %(objectname)"]);
    let before = refs();
    let output = sandbox.here().agents([&["doctor", "--remote"], args].concat());
    (before, output, refs())
}

/// A remote that refuses what this line of a shell is true of.
fn refusing(sandbox: &Sandbox, condition: &str) {
    script(&sandbox.remote().join("hooks/update"), &format!("if {condition}; then echo 'Not here.' >&2; exit 1; fi"));
}

#[test]
fn a_remote_that_can_keep_it() {
    let sandbox = Sandbox::new();
    begun(&sandbox);
    let (before, output, after) = probed(&sandbox, &[]);
    assert_snapshot!(output, @"
    origin can keep refs/agents/state: it takes, shows and deletes such refs
    all is well
    [status 0]
    ");
    assert_eq!(before, after);
    assert_snapshot!(probed(&sandbox, &["origin", "--json"]).1, @r#"
    {
      "kind": "doctor",
      "problems": [],
      "remote": {
        "name": "origin",
        "ref": "refs/agents/state",
        "support": "full"
      },
      "summary": {
        "errors": 0,
        "fixed": 0,
        "warnings": 0
      },
      "version": 1
    }
    [status 0]
    "#);
    // Without being asked it says nothing, and asks nobody.
    let asked = sandbox.root().join("asked");
    script(&sandbox.root().join("never"), &format!("touch '{}'; exit 1", asked.display()));
    sandbox.git(["config", "remote.origin.receivepack", sandbox.root().join("never").to_str().unwrap()]);
    sandbox.git(["config", "remote.origin.uploadpack", sandbox.root().join("never").to_str().unwrap()]);
    assert_snapshot!(sandbox.agents(["doctor", "--deep", "--fix"]), @"
    all is well
    [status 0]
    ");
    assert!(!asked.exists());
}

#[test]
fn a_remote_that_takes_only_branches() {
    let sandbox = Sandbox::new();
    begun(&sandbox);
    refusing(&sandbox, "[ ${1#refs/heads/} = $1 ]");
    let (before, output, after) = probed(&sandbox, &[]);
    assert_snapshot!(output, @"
    error: origin takes branches, and no ref like refs/agents/state: remote: Not here.; remote: error: hook declined to update refs/agents/probe-[OPERATION]; error: failed to push some refs to 'file://[ROOT]/remote.git'; ! [COMMIT]:refs/agents/probe-[OPERATION] [remote rejected] (hook declined)
      try: git config agents.remoteRef refs/heads/agents-state
    1 error
    [status 1]
    ");
    assert_eq!(before, after);
    assert_snapshot!(probed(&sandbox, &["--json"]).1.json()["remote"], @r#"{"name":"origin","ref":"refs/agents/state","support":"only-branches"}"#);
    // What it says is what helps.
    sandbox.git(["config", "agents.remoteRef", "refs/heads/agents-state"]);
    let (before, output, after) = probed(&sandbox, &[]);
    assert_snapshot!(output, @"
    origin can keep refs/heads/agents-state: it takes, shows and deletes such refs
    all is well
    [status 0]
    ");
    assert_eq!(before, after);
    sandbox.agents(["sync"]).good();
}

#[test]
fn a_remote_that_can_only_be_read() {
    let sandbox = Sandbox::new();
    begun(&sandbox);
    refusing(&sandbox, "true");
    let (before, output, after) = probed(&sandbox, &[]);
    assert_snapshot!(output, @"
    error: origin takes no push, so the state can only be read there: remote: Not here.; remote: error: hook declined to update refs/agents/probe-[OPERATION]; error: failed to push some refs to 'file://[ROOT]/remote.git'; ! [COMMIT]:refs/agents/probe-[OPERATION] [remote rejected] (hook declined)
      try: git agents sync origin --fetch-only
    1 error
    [status 1]
    ");
    assert_eq!(before, after);
    std::fs::remove_file(sandbox.remote().join("hooks/update")).unwrap();
    script(&sandbox.root().join("no-receive-pack"), "echo 'You may only read.' >&2; exit 128");
    sandbox.git(["config", "remote.origin.receivepack", sandbox.root().join("no-receive-pack").to_str().unwrap()]);
    assert_snapshot!(probed(&sandbox, &["--json"]).1, @r#"
    {
      "kind": "doctor",
      "problems": [
        {
          "code": "remote-read-only",
          "fixed": false,
          "hint": "git agents sync origin --fetch-only",
          "level": "error",
          "message": "origin takes no push, so the state can only be read there: You may only read.; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists."
        }
      ],
      "remote": {
        "name": "origin",
        "ref": "refs/agents/state",
        "support": "read-only"
      },
      "summary": {
        "errors": 1,
        "fixed": 0,
        "warnings": 0
      },
      "version": 1
    }
    [status 1]
    "#);
}

#[test]
fn a_remote_that_shows_or_deletes_nothing() {
    let sandbox = Sandbox::new();
    begun(&sandbox);
    sandbox.git_in(&sandbox.remote(), ["config", "uploadpack.hideRefs", "refs/agents"]);
    let (before, output, after) = probed(&sandbox, &[]);
    assert_snapshot!(output, @"
    error: origin takes refs beside refs/agents/state and shows them to nobody
      try: git config agents.remoteRef refs/heads/agents-state
    1 error
    [status 1]
    ");
    assert_eq!(before, after, "it is deleted unseen");
    sandbox.git_in(&sandbox.remote(), ["config", "--unset", "uploadpack.hideRefs"]);
    refusing(&sandbox, "[ $3 = 0000000000000000000000000000000000000000 ]");
    assert_snapshot!(probed(&sandbox, &[]).1, @"
    warning: origin takes refs and does not delete them: refs/agents/probe-[OPERATION] stays there
      try: git push origin --delete refs/agents/probe-[OPERATION]
    1 warning
    [status 1]
    ");
}

#[test]
fn a_remote_that_cannot_be_asked() {
    let sandbox = Sandbox::new();
    begun(&sandbox);
    std::fs::rename(sandbox.remote(), sandbox.root().join("away")).unwrap();
    let output = sandbox.here().agents(["doctor", "--remote"]);
    assert_snapshot!(output, @"
    error: origin could not be asked: fatal: '[ROOT]/remote.git' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
      try: git ls-remote origin
    1 error
    [status 4]
    ");
    let output = sandbox.here().agents(["doctor", "--remote", "--json"]);
    assert_eq!((output.status, &output.json()["remote"]["support"]), (Some(4), &"unreachable".into()));
    assert_snapshot!(sandbox.agents(["doctor", "--remote", "upstream"]), @"
    [stderr]
    error: there is no remote upstream
      try: git remote -v
    [status 3]
    ");
    assert_snapshot!(Sandbox::new().agents(["doctor", "--remote"]), @"
    [stderr]
    error: the repository has no remote
      try: git remote add origin URL
    [status 3]
    ");
}

/// What a killed probe leaves is deleted by the next one of that clone, and by others when it is a day old.
#[test]
fn nothing_of_a_killed_probe_stays() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    let kill = "git-receive-pack \"$@\"; p=$$; while [ $p -gt 1 ]; do p=$(ps -o ppid= -p $p | tr -d ' '); \
         [ \"$(ps -o comm= -p $p)\" != git-agents ] || { kill -9 $p; exit; }; done";
    script(&sandbox.root().join("kill"), kill);
    ann.git(["config", "remote.origin.receivepack", sandbox.root().join("kill").to_str().unwrap()]);
    let refs = || sandbox.git_in(&sandbox.remote(), ["for-each-ref", "--format=%(refname)", "refs/agents"]);
    assert_eq!(ann.agents(["doctor", "--remote"]).status, None);
    ann.git(["config", "--unset", "remote.origin.receivepack"]);
    let left = refs();
    assert!(left.starts_with("refs/agents/probe-"), "{left}");
    assert_snapshot!(ann.agents(["doctor"]), @"
    warning: a probe of origin was interrupted, and may have left refs/agents/probe-[OPERATION] there
      try: git agents doctor --remote origin
    1 warning
    [status 1]
    ");
    // Others do not know whether it is still running.
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.agents(["doctor", "--remote"]).good();
    assert_eq!(refs(), left);
    // Nor is everything a probe that is called nearly so.
    for name in [NEW, OLD, "refs/agents/probe-notes", "refs/agents/other"] {
        bob.git(["push", "-q", "origin", &format!("HEAD:{name}")]);
    }
    assert_snapshot!(bob.agents(["doctor", "--remote"]), @"
    deleted refs/agents/probe-[OPERATION] on origin, which a probe had left
    origin can keep refs/agents/state: it takes, shows and deletes such refs
    all is well
    [status 0]
    ");
    assert_snapshot!(ann.agents(["doctor", "--remote"]), @"
    deleted refs/agents/probe-[OPERATION] on origin, which a probe had left
    origin can keep refs/agents/state: it takes, shows and deletes such refs
    all is well
    [status 0]
    ");
    assert_eq!(refs(), format!("refs/agents/other\n{NEW}\nrefs/agents/probe-notes"));
    assert_snapshot!(ann.agents(["doctor"]), @"
    all is well
    [status 0]
    ");
}
