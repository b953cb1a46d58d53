//! What is committed besides the code: manual pages and completions are those that the program prints, and the tools
//! that they are made for take them: man and groff, bash, zsh and fish.
//!
//! A page that is out of date is rewritten here, and an error where `CI` is set. A tool that is missing is an error
//! there too; elsewhere its test says so and passes.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests start shells and look at their own environment, and a panic is how they fail"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");

#[test]
fn man_pages_are_current() {
    let fresh = tempfile::tempdir().unwrap();
    Ground::new().ok(Command::new(PROGRAM).args(["man", "--dir"]).arg(fresh.path()));
    let (fresh, committed) = (files(fresh.path()), files(&in_project("man")));
    let names = fresh.keys().chain(committed.keys());
    let stale: Vec<&String> = names.filter(|name| fresh.get(*name) != committed.get(*name)).collect();
    assert!(stale.is_empty() || !in_ci(), "out of date in man/, `cargo test` rewrites them: {stale:?}");
    for name in stale {
        let path = in_project("man").join(name);
        eprintln!("{} was out of date and is rewritten", path.display());
        match fresh.get(name) {
            Some(text) => fs::write(path, text).unwrap(),
            None => drop(fs::remove_file(path)),
        }
    }
}

#[test]
fn completions_are_what_is_printed() {
    for (shell, file) in [("bash", "git-agents.bash"), ("zsh", "_git-agents"), ("fish", "git-agents.fish")] {
        let printed = Ground::new().ok(Command::new(PROGRAM).args(["completions", shell]));
        assert_eq!(printed, fs::read_to_string(in_project("completions").join(file)).unwrap(), "{file}");
    }
}

#[test]
fn groff_renders_every_page_without_a_warning() {
    let Some(groff) = tool("groff") else { return };
    for name in files(&in_project("man")).keys() {
        let output =
            Command::new(&groff).args(["-man", "-Tutf8", "-ww"]).arg(in_project("man").join(name)).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
        assert!(output.status.success() && !output.stdout.is_empty(), "{name}");
    }
}

#[test]
fn the_printed_page_is_the_main_one() {
    let printed = Ground::new().ok(Command::new(PROGRAM).arg("man"));
    assert!(printed.contains(".TH GIT\\-AGENTS 1 \"\" "), "{printed}");
}

#[test]
fn git_opens_the_page_for_help() {
    let Some(_) = tool("man") else { return };
    let ground = Ground::new();
    let manpath = ground.path("share/man");
    ground.ok(Command::new(PROGRAM).args(["man", "--dir"]).arg(manpath.join("man1")));
    let help = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(args).env("MANPATH", &manpath).env("MANPAGER", "cat").env("MANWIDTH", "80");
        plain(&ground.ok(&mut git)).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(help(&["agents", "--help"]).contains("git-agents - Several coding agents"));
    assert!(help(&["help", "git-agents-task-add"]).contains("git-agents-task-add - File a task"));
}

#[test]
fn bash_completes_after_git() {
    let Some(bash) = tool("bash") else { return };
    let share = Path::new("/usr/share/bash-completion");
    if !share.join("bash_completion").is_file() || !share.join("completions/git").is_file() {
        return missing("bash-completion, with git's own completion,");
    }
    let ground = Ground::with_agents();
    let ours = ground.path("share/bash-completion/completions");
    fs::create_dir_all(&ours).unwrap();
    fs::copy(in_project("completions/git-agents.bash"), ours.join("git-agents")).unwrap();
    // What is offered is printed between dots.
    let tab = |dir: &str, line: &str| {
        let mut bash = Command::new(&bash);
        bash.args(["--norc", "-c", BASH_TAB, "bash", line]).current_dir(ground.path(dir));
        ground.ok(bash.env("SHARE", share).env("XDG_DATA_HOME", ground.path("share")))
    };
    assert!(tab("repo", "git agents ").contains(".assign ."));
    assert_eq!(tab("repo", "git agents assign "), ".amy ..ben .\n");
    assert_eq!(tab("repo", "git agents assign amy "), ".16 ..27 .\n");
    assert_eq!(tab("repo", "git agents task add --pri"), ".--priority .\n");
    assert_eq!(tab("repo", "git agents --color=al"), ".always .\n");
    assert_eq!(tab(".", "git -C repo agents assign b"), ".ben .\n");
    assert_eq!(tab(".", "git-agents -C repo assign b"), ".ben .\n");
    assert_eq!(tab("repo", "git-agents task ad"), ".add .\n");
    assert_eq!(tab("repo", "git-agents --color=al"), ".always .\n");
    // Left to readline.
    assert_eq!(tab("repo", "git agents task import "), "\n");
}

/// Loads git's completion, which finds ours by itself, and presses Tab after the line that it is given, in words as
/// readline splits them.
const BASH_TAB: &str = r#"
source "$SHARE/bash_completion"
source "$SHARE/completions/git"
COMP_LINE=$1 COMP_POINT=${#1}
read -ra COMP_WORDS <<< "${1//=/ = }"
case $1 in *' ') COMP_WORDS+=("") ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
case $COMP_WORDS in
git) handler=__git_wrap__git_main ;;
*) _completion_loader "$COMP_WORDS"; handler=__git_agents_direct ;;
esac
$handler "$COMP_WORDS" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
[ ${#COMPREPLY[@]} -eq 0 ] || printf '.%s.' "${COMPREPLY[@]}"
echo
"#;

#[test]
fn zsh_completes_after_git() {
    let Some(zsh) = tool("zsh") else { return };
    let ground = Ground::with_agents();
    let tab = |line: &str| {
        let mut command = Command::new(&zsh);
        command.args(["-f", "-c", ZSH_TAB, "zsh", line]).current_dir(ground.path("repo")).env("TERM", "dumb");
        command.env("OURS", in_project("completions"));
        plain(&ground.ok(&mut command))
    };
    let commands = tab("git agents ");
    assert!(commands.contains("assign ") && commands.contains("-- Give a task to an agent"), "{commands}");
    let agents = tab("git agents assign ");
    assert!(agents.contains("amy") && agents.contains("ben"), "{agents}");
    let tasks = tab("git agents assign amy ");
    assert!(tasks.contains("16") && tasks.contains("-- Parse: the config"), "{tasks}");
    for (line, completed) in [
        ("git agents unas", "git agents unassign"),
        ("git agents --color=al", "git agents --color=always"),
        ("git -C ../repo agents assign b", "git -C ../repo agents assign ben"),
        ("git-agents assign b", "git-agents assign ben"),
        ("git agents task import rea", "git agents task import readable"),
    ] {
        let shown = tab(line);
        assert!(shown.contains(completed), "{line}: {shown}");
    }
}

/// A terminal with zsh in it, as a user has it; once its line editor is there, types the line that it is given, presses
/// Tab, and prints what is shown up to the next command's output. What is waited for is spelled so that its own echo
/// does not end the wait.
const ZSH_TAB: &str = r#"
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner 'PS1= LISTMAX=1000 fpath=($OURS $fpath); autoload -U compinit; compinit -u -D; stty columns 150'
zpty -w inner 'zle-line-init () { print -n TYPE""NOW }; zle -N zle-line-init'
zpty -r inner shown '*TYPENOW*'
zpty -w -n inner "$1"$'\t'
zpty -w inner $'\C-uprint DO""NE'
zpty -r inner shown '*DONE*'
print -r -- "$shown"
"#;

#[test]
fn fish_completes_after_git() {
    let Some(fish) = tool("fish") else { return };
    let ground = Ground::with_agents();
    fs::create_dir_all(ground.path("config/fish/conf.d")).unwrap();
    let ours = in_project("completions/git-agents.fish");
    fs::copy(ours, ground.path("config/fish/conf.d/git-agents.fish")).unwrap();
    let tab = |dir: &str, line: &str| {
        let mut fish = Command::new(&fish);
        fish.args(["-c", &format!("complete -C '{line}'")]).current_dir(ground.path(dir));
        ground.ok(fish.env("XDG_CONFIG_HOME", ground.path("config")))
    };
    assert!(tab("repo", "git agen").contains("agents\tSeveral coding agents"));
    assert!(tab("repo", "git agents ").contains("assign\tGive a task to an agent"));
    assert_eq!(words(&tab("repo", "git agents assign ")), ["amy", "ben"]);
    assert_eq!(tab("repo", "git agents assign amy 16"), "16\tParse: the config\n");
    assert_eq!(words(&tab("repo", "git agents --color=al")), ["--color=always"]);
    assert_eq!(words(&tab(".", "git -C repo agents assign b")), ["ben"]);
    assert_eq!(words(&tab(".", "git-agents -C repo assign b")), ["ben"]);
    assert_eq!(words(&tab("repo", "git agents task import rea")), ["readable"]);
    assert_eq!(words(&tab("repo", "git agents task add --body-file=rea")), ["--body-file=readable"]);
}

#[test]
fn a_question_that_cannot_be_answered_is_not_an_error() {
    let ground = Ground::new();
    let ask = |words: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.env("GIT_AGENTS_COMPLETE", "1").args(words).current_dir(ground.path("."));
        ground.ok(&mut command)
    };
    assert_eq!(ask(&["--", "assign", ""]), "");
    assert_eq!(ask(&["--", "-C", "no/such/folder", "assign", ""]), "");
    assert_eq!(ask(&["--", "no-such-command", "x"]), "");
    assert!(ask(&["--"]).contains("assign\t"));
    assert!(ask(&[]).contains("assign\t"));
}

/// A folder of its own for a test, with nothing of the machine's configuration in reach.
struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        Ground { folder: tempfile::tempdir().unwrap() }
    }

    /// With a repository in `repo` that has two agents, two tasks and a file.
    fn with_agents() -> Self {
        let ground = Ground::new();
        let git = |args: &[&str]| {
            let mut git = Command::new("git");
            ground.ok(git.args(args).current_dir(ground.path(if args[0] == "init" { "." } else { "repo" })));
        };
        git(&["init", "-q", "-b", "main", "repo"]);
        git(&["commit", "-q", "--allow-empty", "-m", "Begin"]);
        git(&["agents", "init", "amy", "ben"]);
        git(&["agents", "task", "add", "Parse: the config", "--id", "16"]);
        git(&["agents", "task", "add", "Print the config", "--id", "27"]);
        fs::write(ground.path("repo/readable"), "").unwrap();
        ground
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Run to the end and give standard output.
    fn ok(&self, command: &mut Command) -> String {
        let program = Path::new(PROGRAM).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(program.to_owned()).chain(std::env::split_paths(&path));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            let set_by_test = command.get_envs().any(|(set, _)| set == name);
            if !set_by_test {
                command.env_remove(name);
            }
        }
        command
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.folder.path().parent().unwrap());
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "A U Thor").env(format!("GIT_{who}_EMAIL"), "author@example.com");
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?} ended with {}: {errors}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

fn in_project(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Where a tool is; without it there is nothing to test.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        missing(name);
    }
    found
}

fn missing(what: &str) {
    assert!(!in_ci(), "{what} is not installed, and .ci/run is to install it");
    eprintln!("{what} is not installed: nothing was tested");
}

/// The files of a folder with their contents.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let read =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap());
    entries.map(read).collect()
}

/// The first field of every line, in order.
fn words(answer: &str) -> Vec<&str> {
    let mut words: Vec<&str> = answer.lines().map(|line| line.split('\t').next().unwrap()).collect();
    words.sort_unstable();
    words
}

/// What a terminal shows, without escape sequences and overstriking.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => {
                if chars.next() == Some('[') {
                    chars.by_ref().find(|char| char.is_ascii_alphabetic());
                }
            }
            '\u{8}' => drop(plain.pop()),
            _ => plain.push(char),
        }
    }
    plain
}
