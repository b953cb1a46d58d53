//! What the user has configured takes no part in a sync, and what a host says is no outcome.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox, remote_tip, script};

const STATE: &str = "refs/agents/state";

fn begun(sandbox: &Sandbox) -> Clone<'_> {
    sandbox.remote();
    sandbox.here().with_agent("ann")
}

#[test]
fn hooks_tags_and_push_options_of_the_user_take_no_part() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    for hook in ["pre-push", "post-checkout", "pre-auto-gc"] {
        script(&ann.dir.join(".git/hooks").join(hook), &format!("echo {hook} >>../ran"));
    }
    ann.git(["tag", "-a", "-m", "T", "v1", "refs/agents/state"]);
    for (key, value) in [
        ("push.followTags", "true"),
        ("push.pushOption", "ci.skip"),
        ("push.gpgSign", "if-asked"),
        ("push.useForceIfIncludes", "true"),
        ("push.recurseSubmodules", "on-demand"),
        ("push.default", "nothing"),
        ("fetch.prune", "true"),
        ("fetch.pruneTags", "true"),
        ("fetch.recurseSubmodules", "true"),
        ("remote.origin.mirror", "true"),
        ("remote.origin.tagOpt", "--tags"),
    ] {
        ann.git(["config", key, value]);
    }
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: 1 operation went

    went
      add agent ann (Ann)
    [status 0]
    ");
    assert!(!sandbox.root().join("ran").exists());
    assert_eq!(sandbox.git_in(&sandbox.remote(), ["tag"]), "");
    assert!(!ann.dir.join(".git/FETCH_HEAD").exists());
    assert_eq!(ann.git(["tag"]), "v1");
}

#[test]
fn a_host_whose_hook_rejects_is_quoted_without_what_acts_on_a_terminal() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    let hook = sandbox.remote().join("hooks/pre-receive");
    script(&hook, "printf 'Not on \\033[31mmy\\033[0m watch\\n' >&2; exit 1");
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: origin does not take the push: remote: Not on �[31mmy�[0m watch; error: failed to push some refs to 'file://[ROOT]/remote.git'; ! [COMMIT]:refs/agents/state [remote rejected] (pre-receive hook declined)
      try: git push --dry-run origin refs/agents/state
      try: git config agents.remoteRef refs/heads/agents-state, when the host takes only branches
      try: git agents sync origin --adopt, to give up what waits here; it is kept as a backup
    [status 4]
    ");
    assert_snapshot!(ann.agents(["sync", "--json"]), @r#"
    [stderr]
    {"error":{"code":"push-refused","hints":["git push --dry-run origin refs/agents/state","git config agents.remoteRef refs/heads/agents-state, when the host takes only branches","git agents sync origin --adopt, to give up what waits here; it is kept as a backup"],"message":"origin does not take the push: remote: Not on �[31mmy�[0m watch; error: failed to push some refs to 'file://[ROOT]/remote.git'; ! [COMMIT]:refs/agents/state [remote rejected] (pre-receive hook declined)"},"kind":"error","version":1}
    [status 4]
    "#);
    assert_eq!(ann.sentences(), ["add agent ann"]);
    std::fs::remove_file(hook).unwrap();
    ann.agents(["sync"]).good();
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), STATE), Some(ann.tip()));
}

#[test]
fn a_remote_that_only_goes_forward_takes_every_push() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    sandbox.git_in(&sandbox.remote(), ["config", "receive.denyNonFastForwards", "true"]);
    sandbox.git_in(&sandbox.remote(), ["config", "receive.denyDeletes", "true"]);
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    for (clone, id) in [(&ann, "1"), (&bob, "2"), (&ann, "3"), (&bob, "4")] {
        clone.agents(["task", "add", "T", "--id", id]).good();
    }
    for clone in [&ann, &bob, &ann] {
        clone.agents(["sync"]).good();
    }
    ann.agrees_with(&bob);
}

#[test]
fn a_remote_that_is_gone_or_not_there_yet() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    ann.agents(["sync"]).good();
    let remote = sandbox.remote();
    let away = sandbox.root().join("away.git");
    std::fs::rename(&remote, &away).unwrap();
    ann.agents(["task", "add", "T", "--id", "1"]).good();
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: origin could not be asked: fatal: '[ROOT]/remote.git' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
      try: git ls-remote origin
    [status 4]
    ");
    std::fs::rename(&away, &remote).unwrap();
    ann.agents(["sync"]).good();
    assert_eq!(remote_tip(&sandbox, &remote, STATE), Some(ann.tip()));
}

#[test]
fn a_read_only_remote_is_read() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    // Whoever runs this may be root, whom no permission stops.
    script(&sandbox.root().join("no-receive-pack"), "echo 'You may only read.' >&2; exit 128");
    bob.git(["config", "remote.origin.receivepack", sandbox.root().join("no-receive-pack").to_str().unwrap()]);
    bob.agents(["sync"]).good();
    bob.agents(["task", "add", "T", "--id", "1"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    [stderr]
    error: origin does not take the push: You may only read.; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
      try: git push --dry-run origin refs/agents/state
      try: git config agents.remoteRef refs/heads/agents-state, when the host takes only branches
      try: git agents sync origin --adopt, to give up what waits here; it is kept as a backup
    [status 4]
    ");
    assert_snapshot!(bob.agents(["sync", "--fetch-only"]), @"
    origin: 1 operation waiting to go
    [status 0]
    ");
}

#[test]
fn a_reply_that_got_lost_is_a_win() {
    let sandbox = Sandbox::new();
    let ann = begun(&sandbox);
    // The refs have moved, and nobody says so any more.
    let hook = sandbox.remote().join("hooks/reference-transaction");
    let killed = sandbox.root().join("killed");
    script(&hook, &format!("[ $1 != committed ] || {{ touch {}; kill -9 $PPID; }}", killed.display()));
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: 1 operation went

    went
      add agent ann (Ann)
    [status 0]
    ");
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), STATE), Some(ann.tip()));
    assert!(killed.exists());
    assert_eq!(ann.sentences(), ["add agent ann"], "once");
}
