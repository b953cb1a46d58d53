//! `git agents merge --strategy`: for all or for one agent, from flags or from git's configuration; what cannot be
//! replayed is merged or refused, and commits are signed as the user signs.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox};

/// ann, bob and cam, each with two commits.
fn three() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    for agent in ["ann", "bob", "cam"] {
        sandbox.commit_as(agent, agent, "1\n");
        sandbox.commit_as(agent, agent, "2\n");
    }
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    sandbox
}

fn plan(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = sandbox.direct([&["merge", "--all", "--dry-run", "--json"], args].concat()).output().good().json();
    let landed = output["landed"].as_array().unwrap().iter();
    let mut words: Vec<String> =
        landed.map(|one| format!("{}={}", one["name"].as_str().unwrap(), one["strategy"].as_str().unwrap())).collect();
    words.sort();
    words.join(" ")
}

#[test]
fn for_all_and_for_one() {
    let sandbox = three();
    assert_eq!(plan(&sandbox, &[]), "ann=rebase bob=rebase cam=rebase");
    assert_eq!(plan(&sandbox, &["-s", "squash", "-s", "bob=merge"]), "ann=squash bob=merge cam=squash");
    sandbox.git(["config", "agents.strategy", "merge"]);
    sandbox.git(["config", "agents.cam.strategy", "squash"]);
    assert_eq!(plan(&sandbox, &[]), "ann=merge bob=merge cam=squash");
    assert_eq!(plan(&sandbox, &["-s", "ann=rebase"]), "ann=rebase bob=merge cam=squash");
    assert_eq!(plan(&sandbox, &["-s", "rebase"]), "ann=rebase bob=rebase cam=rebase");
    sandbox.direct(["merge", "--all", "--yes", "-s", "cam=rebase"]).output().good();
    assert_eq!(sandbox.git(["log", "--merges", "--format=%s", "main"]).lines().count(), 2);
}

#[test]
fn what_is_no_strategy_is_refused() {
    let sandbox = three();
    assert_snapshot!(sandbox.refused(["merge", "ann", "-s", "ann=octopus"]), @"
    [stderr]
    error: invalid value 'ann=octopus' for '--strategy <[AGENT=]STRATEGY>': a strategy is rebase, merge or squash

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["merge", "ann", "-s", "eve=merge"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 2]
    ");
    sandbox.git(["config", "agents.ann.strategy", "ours"]);
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes"]), @r#"
    [stderr]
    error: agents.ann.strategy is "ours", which is none of rebase, merge and squash
      try: git config --unset agents.ann.strategy
    [status 3]
    "#);
}

#[test]
fn merges_in_a_branch_are_kept_or_refused() {
    let sandbox = three();
    let ann = sandbox.worktree_of("ann");
    sandbox.git_in(&ann, ["merge", "-q", "-m", "Catch up", "main"]);
    let inner = sandbox.rev("agents/ann");
    sandbox.commit("more", "On main.\n", "More");
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes", "-s", "rebase"]), @"
    [stderr]
    error: ann: it contains 1 merge, which a rebase would flatten
      try: git agents merge ann --strategy merge
    [status 3]
    ");
    sandbox.direct(["merge", "ann", "--yes"]).output().good();
    assert_eq!(sandbox.rev("main^2"), inner, "the branch is as it was, with its merge");
}

/// Make git sign with a program that does this.
fn sign_with(sandbox: &Sandbox, script: &str) {
    let program = sandbox.root().join("signer");
    std::fs::write(&program, format!("#!/bin/sh\ncat >/dev/null\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    sandbox.git(["config", "gpg.program", program.to_str().unwrap()]);
    sandbox.git(["config", "commit.gpgSign", "true"]);
}

fn merge(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.agents([&["merge", "--yes"], args].concat())
}

#[test]
fn signed_as_the_user_signs() {
    let sandbox = three();
    sign_with(&sandbox, "echo '[GNUPG:] SIG_CREATED ' >&2; echo SIGNATURE");
    let is_signed = |rev: &str| sandbox.git(["cat-file", "commit", rev]).contains("gpgsig SIGNATURE");
    for (agent, strategy) in [("ann", "rebase"), ("bob", "merge"), ("cam", "squash")] {
        merge(&sandbox, &[agent, "-s", strategy]).good();
        assert!(is_signed("main"), "{strategy}");
    }
}

#[test]
fn unsigned_for_one_run() {
    let sandbox = three();
    sign_with(&sandbox, "exit 1");
    let output = sandbox
        .command("git")
        .args(["-c", "commit.gpgSign=false", "agents", "merge", "ann", "--yes"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_cannot_be_signed_does_not_land() {
    let sandbox = three();
    sign_with(&sandbox, "echo 'gpg: no secret key' >&2; exit 2");
    for strategy in ["rebase", "merge"] {
        let output = sandbox.refused(["merge", "ann", "--yes", "-s", strategy]);
        assert_eq!(output.status, Some(3), "{output}");
    }
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes", "-s", "squash"]), @"
    [stderr]
    error: a commit could not be signed: gpg failed to sign the data: gpg: no secret key
      try: git config user.signingKey
      try: git -c commit.gpgSign=false agents merge …, to go without for once
    [status 3]
    ");
}
