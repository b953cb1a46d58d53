//! `git agents demo`

use std::path::Path;

use crate::support::Sandbox;

/// What lies in a folder.
fn entries(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn it_ends_with_everything_merged_whatever_the_user_has_configured() {
    let sandbox = Sandbox::new();
    let hostile = "[commit]\n\tgpgSign = true\n[core]\n\thooksPath = /nowhere\n\tautocrlf = true\n[merge]\n\tff = no\n\
                   [rebase]\n\tautosquash = true\n[alias]\n\tagents = !false\n";
    std::fs::write(sandbox.root().join("gitconfig"), hostile).unwrap();
    let before = sandbox.facts();
    let output = sandbox
        .direct(["demo"])
        .env("GIT_DIR", "/nowhere")
        .env("GIT_INDEX_FILE", "/nowhere/index")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "user.useConfigOnly")
        .env("GIT_CONFIG_VALUE_0", "true")
        .without("GIT_AUTHOR_DATE")
        .without("GIT_COMMITTER_DATE")
        .without("GIT_AGENTS_SEED")
        .output()
        .good();
    assert_eq!(output.stderr, "");
    for shown in ["$ git agents init ann ben cam", "conflict  ann and ben", "tests passed", "are on main"] {
        assert!(output.stdout.contains(shown), "{shown:?} is missing:\n{output}");
    }
    assert_eq!(entries(&sandbox.root().join("tmp")), [""; 0]);
    assert_eq!(entries(&sandbox.root().join("home")), [""; 0]);
    assert_eq!(sandbox.facts(), before);
}

#[test]
fn kept_the_folder_holds_what_was_told() {
    let sandbox = Sandbox::new();
    let answer = sandbox.agents(["demo", "--keep", "--json"]).good().json();
    assert_eq!((&answer["version"], &answer["kind"]), (&1.into(), &"demo".into()));
    let steps = answer["steps"].as_array().unwrap();
    let ending = |command: &str| steps.iter().rfind(|step| step["command"] == command).unwrap()["status"].clone();
    assert_eq!(ending("git agents conflicts"), 1);
    assert_eq!(ending("git agents merge --all --yes"), 0);
    let folder = answer["folder"].as_str().unwrap().replace("[ROOT]", sandbox.root().to_str().unwrap());
    let project = Path::new(&folder).join("todo");
    assert_eq!(sandbox.git_in(&project, ["branch", "--no-merged", "main"]), "");
    assert_eq!(sandbox.git_in(&project, ["rev-list", "--count", "main"]), "5");
    assert_eq!(sandbox.git_in(&project, ["status", "--porcelain"]), "");
    assert_eq!(
        sandbox.git_in(&project, ["shortlog", "-s", "main"]),
        "     1\tLead\n     1\tann\n     1\tben\n     2\tcam"
    );
    sandbox.git_in(&project, ["fsck", "--full", "--strict"]);
}
