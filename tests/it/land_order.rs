//! The computed order, landed with real `git merge`: exactly what was predicted merges.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::Sandbox;

/// A file of lines, some of which are replaced.
fn text(random: &mut fastrand::Rng, name: &str, old: &str) -> String {
    let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
    for _ in 0..random.usize(1..3) {
        let at = random.usize(0..lines.len());
        match random.u8(0..4) {
            0 => lines.insert(at, format!("new by {name}")),
            1 if lines.len() > 8 => drop(lines.remove(at)),
            _ => lines[at] = format!("{at} by {name}"),
        }
    }
    lines.join("\n") + "\n"
}

/// Ten branches that edit, delete and rename a few files; some on top of others.
fn with_branches(seed: u64, stacks: bool) -> (Sandbox, Vec<String>) {
    let random = &mut fastrand::Rng::with_seed(seed);
    let sandbox = Sandbox::new();
    let files = ["a", "b", "c"];
    let fresh: String = (1..=24).map(|line| format!("{line}\n")).collect();
    files.iter().for_each(|file| drop(sandbox.commit(file, &fresh, file)));
    sandbox.direct(["init", "ann"]).output().good();
    let names: Vec<String> = (0..10).map(|number| format!("topic-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let on_top = stacks && number > 0 && random.u8(0..3) == 0;
        let start = if on_top { names[random.usize(0..number)].as_str() } else { "main" };
        sandbox.git(["checkout", "-q", "-b", name, start]);
        for _ in 0..random.usize(1..3) {
            let file = files[random.usize(0..files.len())];
            let path = sandbox.repo().join(file);
            let Ok(old) = std::fs::read_to_string(&path) else { continue };
            match random.u8(0..12) {
                0 => drop(sandbox.git(["rm", "-q", file])),
                1 => drop(sandbox.git(["mv", file, &format!("{file}-{name}")])),
                _ => std::fs::write(&path, text(random, name, &old)).unwrap(),
            }
            sandbox.git(["add", "-A"]);
            sandbox.git(["commit", "-q", "--allow-empty", "-m", name]);
        }
    }
    sandbox.git(["checkout", "-q", "main"]);
    (sandbox, names)
}

/// Merge in order in a clone; what does not merge is left out. Gives what merged.
fn landed(sandbox: &Sandbox, order: &[String]) -> BTreeSet<String> {
    let clone = sandbox.root().join("clone");
    sandbox.git(["clone", "-q", &sandbox.repo().to_string_lossy(), &clone.to_string_lossy()]);
    sandbox.git_in(&clone, ["config", "user.name", "Ann"]);
    sandbox.git_in(&clone, ["config", "user.email", "ann@example.com"]);
    order.iter().filter(|name| merges(sandbox, &clone, name)).cloned().collect()
}

fn merges(sandbox: &Sandbox, clone: &Path, name: &str) -> bool {
    let branch = format!("origin/{name}");
    let mut merge = sandbox.command("git");
    let merged =
        merge.current_dir(clone).args(["merge", "-q", "--no-edit", &branch]).output().unwrap().status.success();
    if !merged {
        sandbox.git_in(clone, ["merge", "--abort"]);
    }
    merged
}

#[test]
fn exactly_what_was_predicted_merges() {
    for seed in 0..6 {
        let (sandbox, names) = with_branches(seed, seed % 2 == 1);
        let mut args = vec!["merge-order", "--json"];
        args.extend(names.iter().map(String::as_str));
        let answer = sandbox.direct(args).output().json();
        let list = |value: &serde_json::Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let positions = answer["order"].as_array().unwrap();
        let order: Vec<String> = positions.iter().map(|p| p["name"].as_str().unwrap().to_owned()).collect();
        let landed = landed(&sandbox, &order);
        for position in positions {
            let (name, outcome) = (position["name"].as_str().unwrap(), position["outcome"].as_str().unwrap());
            let predicted = outcome == "clean" || outcome == "empty";
            // Those that it was to conflict with may have been left out themselves: then it has nothing to meet.
            let meets = list(&position["conflicts_with"]).iter().any(|other| landed.contains(other));
            let as_predicted = landed.contains(name) == predicted || (!predicted && !meets);
            assert!(as_predicted, "seed {seed}: {name} in {answer:#}, landed {landed:?}");
        }
        assert!(landed.len() >= 3, "seed {seed}: {landed:?}");
    }
}
