//! What a file may say, and what is passed over.

use super::*;
use crate::git::fixture::Fixture;

fn problems(text: &str) -> Vec<String> {
    parse(text).unwrap().problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_says_defaults() {
    let file = parse(
        "strategy = \"squash\"\ncheckretries = 2\ncheckEach = true\ncheck = [\"a\", \"b\"]\n[ann]\nstrategy = \"merge\"\n",
    );
    let file = file.unwrap();
    assert_eq!(file.problems, []);
    assert_eq!(file.value("agents.strategy").unwrap(), ["squash"]);
    assert_eq!(file.value("agents.checkRetries").unwrap(), ["2"]);
    assert_eq!(file.value("agents.ann.strategy").unwrap(), ["merge"]);
    assert_eq!(file.value("agents.check"), None, "nothing has trusted it");
    assert_eq!(SharedFile { is_trusted: true, ..file.clone() }.value("agents.check").unwrap(), ["a", "b"]);
    assert_eq!(file.commands().map(|(_, command)| command.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn what_counts_for_nothing_is_named() {
    assert_eq!(problems("chekc = \"x\""), ["chekc is not known; check is the nearest"]);
    assert_eq!(problems("worktrees = \"/etc\""), ["agents.worktrees counts in git's configuration only"]);
    assert_eq!(
        problems("checkRetries = 1000"),
        ["agents.checkRetries cannot be \"1000\": it takes a number from 0 to 100"]
    );
    assert_eq!(problems("strategy = [\"merge\"]").len(), 1);
    assert_eq!(problems("[hooks]\npre-commit = \"x\""), ["hooks.pre-commit is not known; checkTimeout is the nearest"]);
    assert_eq!(problems("[\"--x\"]\nstrategy = \"merge\"").len(), 1);
}

#[test]
fn what_is_no_toml_has_a_line() {
    let error = parse("a = 1\nb = \n").unwrap_err();
    assert!(error.to_string().starts_with(".agents.toml, line 2: "), "{error}");
    let twice = parse("a = 1\na = 2\n").unwrap_err();
    assert!(twice.to_string().starts_with(".agents.toml, line 2: "), "{twice}");
    let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse(&deep).is_err());
}

#[test]
fn it_is_read_from_the_tree_of_the_target() {
    let fixture = Fixture::new();
    let commit = |text: &str| {
        std::fs::write(fixture.path().join(FILE), text).unwrap();
        fixture.git(&["add", "-A"]);
        fixture.git(&["commit", "-qm", "x", "--allow-empty"]);
    };
    assert_eq!(read(&fixture.open()), Ok(None));
    commit("strategy = \"squash\"\ncheck = \"true\"\n");
    std::fs::write(fixture.path().join(FILE), "strategy = \"merge\"\n").unwrap();
    let repo = fixture.open();
    let file = read(&repo).unwrap().unwrap();
    assert_eq!(file.value("agents.strategy").unwrap(), ["squash"], "what is uncommitted is nobody's default");
    assert!(!file.is_trusted);
    trust::record(&repo, &file.text).unwrap();
    assert!(read(&repo).unwrap().unwrap().is_trusted);
    commit("strategy = \"squash\"\ncheck = \"true \"\n");
    assert!(!read(&fixture.open()).unwrap().unwrap().is_trusted);
    commit(&"#".repeat(70_000));
    assert_eq!(read(&fixture.open()), Err(SharedError::TooLarge { found: 70_000 }));
    std::fs::remove_file(fixture.path().join(FILE)).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", fixture.path().join(FILE)).unwrap();
    fixture.git(&["add", "-A"]);
    fixture.git(&["commit", "-qm", "x"]);
    assert_eq!(read(&fixture.open()), Err(SharedError::NotAFile));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}|[a-z=\"\\[\\]{}.\\n ]{0,80}") {
        drop(parse(&text));
    }
}
