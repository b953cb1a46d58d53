//! What the main page says besides the commands. In text, `…` is bold.

/// One part of a section.
pub(super) enum Part {
    /// A paragraph.
    Text(&'static str),
    /// A term and what it means.
    Term(&'static str, &'static str),
    /// Command lines, as they are typed.
    Commands(&'static [&'static str]),
}

use Part::{Commands, Term, Text};

/// The sections that follow the commands, in their order.
pub(super) const SECTIONS: &[(&str, &[Part])] = &[
    (
        "EXAMPLES",
        &[
            Text("Three agents with a branch and a worktree each, and two tasks for the first:"),
            Commands(&[
                "git agents init --agents 3",
                "git agents task add \"Parse the config file\" --id 16 --hours 2",
                "git agents assign agent-1 16",
                "git agents assign agent-1 17 \"Implement the status command\" 1.5",
            ]),
            Text("The agent works in its worktree, and commits there:"),
            Commands(&["git agents start agent-1 16", "git agents complete agent-1"]),
            Text("Where everybody stands, what collides, in which order it lands best; then all of it lands:"),
            Commands(&[
                "git agents status",
                "git agents conflicts",
                "git agents merge-order",
                "git agents merge --all --dry-run",
                "git agents merge --all",
            ]),
            Text("Files that nobody else is to change meanwhile, and whether somebody else has claimed one:"),
            Commands(&[
                "git agents claim agent-1 src/config --exclusive --reason \"New format\"",
                "git agents guard src/config/parse.rs",
                "git agents claims",
            ]),
            Text("What can be started now, and what has happened to a task:"),
            Commands(&["git agents ready", "git agents log 16"]),
        ],
    ),
    (
        "OUTPUT",
        &[Text(
            "The answer goes to standard output, everything else to standard error. With `--json` the answer is \
                 one object with `version`, `kind` and the facts: a field that is absent has nothing to report, \
                 `null` could not be determined, times are RFC 3339 in UTC. An error is then one object on standard \
                 error, with a `code`, a `message` and `hints`: commands that help.",
        )],
    ),
    (
        "EXIT STATUS",
        &[
            Term("0", "Done, and the answer is good."),
            Term(
                "1",
                "Done, and the answer is negative: there are conflicts, a branch was not merged, a task is held or a \
                 path claimed by another agent.",
            ),
            Term("2", "The command line makes no sense."),
            Term("3", "Refused: something that must hold does not, and nothing was changed."),
            Term("4", "Something outside failed: git, the disk, a hook."),
            Term("70", "A bug in git-agents."),
        ],
    ),
    (
        "CONFIGURATION",
        &[
            Text(
                "Variables of git-config(1). `git agents config list` shows what holds and where it comes from. The \
                 file `.agents.toml` in the tree of the target may give defaults to those that can do no harm, under \
                 their names without `agents.`; agents.check is run from there only after `git agents trust` has \
                 recorded the file as it is.",
            ),
            Term(
                "agents.target",
                "The branch that work lands on. The default is the branch that `origin/HEAD` names, else `main`, else \
                 `master`.",
            ),
            Term(
                "agents.worktrees",
                "The folder of the agents' worktrees. The default is ../REPOSITORY-worktrees, beside the repository.",
            ),
            Term(
                "agents.remote, agents.remoteRef",
                "The remote that keeps the state for all clones, and its ref there. The default is the only remote, else \
                 `origin`, and refs/agents/state; a host that takes only branches needs a name such as \
                 refs/heads/agents-state.",
            ),
            Term(
                "agents.sync",
                "When to synchronise with it: `auto` (taking a task reaches the remote before it is acknowledged, and \
                 the rest rides along or follows after a minute) or `manual`. The default is `auto` once agents.remote \
                 is set or a sync has succeeded.",
            ),
            Term("agents.prefix", "What the names of agents' branches begin with. The default is `agents/`."),
            Term(
                "agents.check",
                "A command for `sh` that git agents merge runs on what would land; may be given several times, and an \
                 empty value takes back those before it.",
            ),
            Term("agents.checkEach", "Check after every branch, not once for all of them. The default is false."),
            Term(
                "agents.checkTimeout",
                "How long one command may take, such as 90s, 10m or 2h. The default is no limit.",
            ),
            Term("agents.checkRetries", "How often a command that failed is tried again. The default is 0."),
            Term(
                "agents.remote",
                "The remote that keeps the state, for git agents sync. The default is the only remote, else `origin`. \
                 It must have one push URL: that place decides who was first.",
            ),
            Term(
                "agents.remoteRef",
                "The ref there, for hosts that take only branches, such as `refs/heads/agents-state`; the same in every \
                 clone. The default is `refs/agents/state`.",
            ),
            Term(
                "agents.sync",
                "`auto`: who takes a task or claims a path is acknowledged when the remote has it, and everything else \
                 rides along, or goes with the first command after a minute. `manual`: only git agents sync talks to \
                 the remote. The default is `auto` once agents.remote is set or a sync has succeeded, else `manual`.",
            ),
            Term(
                "agents.strategy, agents.<agent>.strategy",
                "How branches land, or one agent's: `rebase`, `merge` or `squash`. What is given with `--strategy` is \
                 stronger. The default is a rebase, or a merge where a branch contains merges or its commits conflict \
                 one by one.",
            ),
            Term(
                "agents.mergeMessage, agents.squashMessage",
                "Templates for the messages of merge commits and squashed commits, in the language of Jinja. They know \
                 `agent`, `branch`, `target`, `tasks` (each with `id`, `title`, `details`), `task` (when it is exactly \
                 one), `commits` (each with `id`, `subject`, `body`, `author`) and `default`, the message without a \
                 template. A template that makes no message is refused before anything lands.",
            ),
            Term(
                "agents.trailers",
                "When true, every commit that a landing makes names the agent and its tasks in trailers, `Agent:` and \
                 `Task:`; those that a rebase replays too, so that their messages change.",
            ),
        ],
    ),
    (
        "HOOKS",
        &[
            Text(
                "A landing runs the repository's own hooks where git would, found as git finds them \
                 (`core.hooksPath`), in the worktree that has the target checked out, else in the main one:",
            ),
            Term(
                "commit-msg",
                "Sees the message of every merge commit and squashed commit, and may change it. When it says no, that \
                 branch does not land. It does not run with `--dry-run`, nor, as in git-rebase(1), for commits that \
                 are replayed.",
            ),
            Term(
                "pre-merge-commit",
                "Sees every merge before it is made, with the merged files and index, in the integration worktree. When \
                 it says no, or changes what would be merged, that branch does not land. It does not run with \
                 `--dry-run`.",
            ),
            Term(
                "post-merge",
                "Runs once after a landing, when the files of the worktree that has the target checked out came along; \
                 its argument is 1 when all of it was squashed. What it says changes nothing.",
            ),
            Term(
                "reference-transaction",
                "Sees the target, the agents' branches, the backups and the state move in one transaction, and can \
                 refuse it. It does not see the state move alone, as `task add` moves it: that ref belongs to \
                 git-agents.",
            ),
            Text(
                "These do not run: `pre-commit` and `prepare-commit-msg`, because nothing is committed from an index \
                 and no message is edited, as in a merge without an editor; `pre-rebase`, `post-rewrite` and \
                 `post-checkout`, because no rebase and no checkout happens in a worktree: commits are replayed in \
                 memory, and files follow.",
            ),
        ],
    ),
    (
        "GUARDING EDITS AND COMMITS",
        &[
            Text(
                "`git agents guard` says whether somebody else has claimed files exclusively. Nothing asks it by itself. \
                 `git agents hooks install` has git ask before every commit in a worktree. A tool that agents edit with \
                 asks before every edit when `git agents guard --hook-json` is its hook. For Claude Code that is, in \
                 .claude/settings.json:",
            ),
            Commands(&[
                "{ \"hooks\": { \"PreToolUse\": [ {",
                "    \"matcher\": \"Edit|Write|MultiEdit|NotebookEdit\",",
                "    \"hooks\": [ { \"type\": \"command\", \"command\": \"git-agents guard --hook-json\" } ]",
                "} ] } }",
            ]),
            Text(
                "Codex takes the same with the matcher `apply_patch`, Gemini CLI as `BeforeTool` with `write_file|replace`, \
                 and Cursor as `preToolUse`. The hook ends with status 0 and says no in its answer; such tools take \
                 status 2 for a no and any other for a hook that has failed, which stops nothing. With `--strict` what \
                 cannot be answered ends with status 2.",
            ),
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            Term("NO_COLOR", "When it is set and not empty, colour is used only with `--color=always`."),
            Term("GIT_DIR, GIT_WORK_TREE", "The repository, as for git(1)."),
        ],
    ),
    (
        "FILES",
        &[
            Term(
                "refs/agents/state",
                "Agents, tasks, findings and claims: a chain of commits, one for each operation, with a tree of JSON \
                 documents. `git log refs/agents/state` is its history.",
            ),
            Term(
                "refs/agents-local/",
                "What belongs to this clone only. Under `backup/` is what was there before something was removed or \
                 moved, under `remotes/` what remotes had when they were last synchronised with.",
            ),
            Term(
                "$GIT_COMMON_DIR/agents/",
                "Locks, what was seen of leases, and the journals by which a command that was interrupted is finished or undone by the next.",
            ),
        ],
    ),
];
