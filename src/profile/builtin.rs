//! The well-known agent programs, one entry each. Adding one is one entry here.
//!
//! Every flag is documented by the program's makers; the sources stand beside the entries (looked up in November 2026).
//! What they do not document is left out. Each may change files and run git, and no more where the program can tell that
//! apart: whoever wants to give one more or less sets `agents.profile.<name>.command`.
//!
//! Where the program reads its prompt from standard input it is given there, so that neither its length nor its first
//! character matters and no list of processes shows it.

use super::{Call, CostSource, Origin, Profile, Stdin, Tiers};

/// One program.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// The profile's name, which is also the program's.
    pub name: &'static str,
    command: &'static [&'static str],
    interactive: &'static [&'static str],
    opening: &'static [&'static str],
    model: &'static [&'static str],
    resume: &'static [&'static str],
    stdin: Stdin,
    /// Paths: the session, the cost in dollars, and numbers of tokens.
    told: (&'static str, &'static str, &'static [&'static str]),
    in_parts: bool,
    sentence: Option<(&'static str, &'static str)>,
    /// Strong, standard and fast: only names that the program itself keeps pointing at its newest models. One with a
    /// version in it is gone some months later, or not in everybody's plan, and every run with it would fail.
    tiers: Option<[&'static str; 3]>,
    /// Where all of its models are listed: a command or a page.
    pub models: &'static str,
    instructions: &'static str,
    install: &'static str,
}

const NOTHING: BuiltIn = BuiltIn {
    name: "",
    command: &[],
    interactive: &[],
    opening: &["{prompt}"],
    model: &["--model", "{model}"],
    resume: &[],
    stdin: Stdin::Nothing,
    told: ("", "", &[]),
    in_parts: false,
    sentence: None,
    tiers: None,
    models: "",
    instructions: "",
    install: "",
};

/// All of them, by name.
pub const BUILT_IN: &[BuiltIn] = &[
    // https://aider.chat/docs/scripting.html, /docs/config/options.html and /docs/config/model-aliases.html. The sentence
    // is "Tokens: 2.4k sent, 300 received. Cost: $0.0021 message, $0.0234 session."
    BuiltIn {
        name: "aider",
        command: &[
            "aider",
            "--yes-always",
            "--no-pretty",
            "--no-check-update",
            "{options}",
            "--message-file",
            "{prompt_file}",
        ],
        interactive: &["aider", "{options}"],
        opening: &[],
        resume: &[
            "aider",
            "--yes-always",
            "--no-pretty",
            "--no-check-update",
            "--restore-chat-history",
            "{options}",
            "--message-file",
            "{prompt_file}",
        ],
        sentence: Some(("Cost: $", " session")),
        tiers: Some(["opus", "sonnet", "haiku"]),
        models: "aider --list-models NAME",
        instructions: "aider commits what it changes by itself; look at git log before you commit again.",
        install: "python -m pip install aider-install && aider-install",
        ..NOTHING
    },
    // https://ampcode.com/manual (execute mode, the prompt on standard input, --stream-json, threads continue). Its
    // models go with its modes, which are what --model chooses here; their names have changed three times in a year.
    BuiltIn {
        name: "amp",
        command: &["amp", "--execute", "--stream-json"],
        interactive: &["amp"],
        opening: &[],
        model: &["--mode", "{model}"],
        resume: &["amp", "threads", "continue", "{session}", "--execute", "--stream-json"],
        stdin: Stdin::Prompt,
        told: ("session_id", "", &["usage.input_tokens", "usage.output_tokens"]),
        models: "https://ampcode.com/manual (its modes)",
        install: "curl -fsSL https://ampcode.com/install.sh | bash",
        ..NOTHING
    },
    // https://docs.anthropic.com/en/docs/claude-code/cli-reference and /headless: the last line of stream-json (which
    // needs --verbose) is the result with total_cost_usd, usage and session_id; opus, sonnet and haiku are its aliases.
    BuiltIn {
        name: "claude",
        command: &[
            "claude",
            "--print",
            "--output-format",
            "stream-json",
            "--verbose",
            "--permission-mode",
            "acceptEdits",
            "--allowedTools",
            "Bash(git:*)",
            "{options}",
        ],
        interactive: &["claude", "--permission-mode", "acceptEdits", "{options}"],
        resume: &[
            "claude",
            "--print",
            "--resume",
            "{session}",
            "--output-format",
            "stream-json",
            "--verbose",
            "--permission-mode",
            "acceptEdits",
            "--allowedTools",
            "Bash(git:*)",
            "{options}",
        ],
        stdin: Stdin::Prompt,
        told: (
            "session_id",
            "total_cost_usd",
            &[
                "usage.input_tokens",
                "usage.output_tokens",
                "usage.cache_creation_input_tokens",
                "usage.cache_read_input_tokens",
            ],
        ),
        tiers: Some(["opus", "sonnet", "haiku"]),
        models: "https://docs.anthropic.com/en/docs/claude-code/model-config",
        install: "npm install -g @anthropic-ai/claude-code",
        ..NOTHING
    },
    // https://developers.openai.com/codex/noninteractive and /codex/cli/reference: `-` reads the prompt from standard
    // input; --json writes thread.started with the thread_id and turn.completed with the usage. A commit in a linked
    // worktree is written to the repository's own folder, which the sandbox has to be told of (--add-dir). `resume`
    // takes none of these options, so they stand before it (https://github.com/openai/codex/issues/40149). Its models all
    // have versions in their names (https://developers.openai.com/codex/models).
    BuiltIn {
        name: "codex",
        command: &[
            "codex",
            "exec",
            "--json",
            "--sandbox",
            "workspace-write",
            "--add-dir",
            "{git_dir}",
            "{options}",
            "-",
        ],
        interactive: &["codex", "--sandbox", "workspace-write", "--add-dir", "{git_dir}", "{options}"],
        resume: &[
            "codex",
            "exec",
            "--json",
            "--sandbox",
            "workspace-write",
            "--add-dir",
            "{git_dir}",
            "{options}",
            "resume",
            "{session}",
            "-",
        ],
        stdin: Stdin::Prompt,
        told: ("thread_id", "", &["usage.input_tokens", "usage.output_tokens"]),
        models: "https://developers.openai.com/codex/models",
        install: "npm install -g @openai/codex",
        ..NOTHING
    },
    // https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-programmatic-reference; that the last event
    // has no cost: https://github.com/github/copilot-cli/issues/4107. --model=MODEL is written as one argument there; which
    // models there are depends on the plan.
    BuiltIn {
        name: "copilot",
        command: &[
            "copilot",
            "--no-ask-user",
            "--allow-tool=write",
            "--allow-tool=shell(git:*)",
            "--output-format=json",
            "{options}",
            "-p",
            "{prompt}",
        ],
        interactive: &["copilot", "{options}"],
        opening: &["-i", "{prompt}"],
        model: &["--model={model}"],
        resume: &[
            "copilot",
            "--resume={session}",
            "--no-ask-user",
            "--allow-tool=write",
            "--allow-tool=shell(git:*)",
            "--output-format=json",
            "{options}",
            "-p",
            "{prompt}",
        ],
        told: ("sessionId", "", &[]),
        models: "https://docs.github.com/en/copilot/reference/ai-models/supported-models",
        install: "npm install -g @github/copilot",
        ..NOTHING
    },
    // https://cursor.com/docs/cli/reference/parameters and /output-format.md: print mode is alone with its tools, and
    // asks for trust without --trust; its result tells the session and no cost. Its models are those of the account.
    BuiltIn {
        name: "cursor-agent",
        command: &["cursor-agent", "--print", "--output-format", "stream-json", "--trust", "--force", "{options}"],
        interactive: &["cursor-agent", "{options}"],
        resume: &[
            "cursor-agent",
            "--print",
            "--resume",
            "{session}",
            "--output-format",
            "stream-json",
            "--trust",
            "--force",
            "{options}",
        ],
        stdin: Stdin::Prompt,
        told: ("session_id", "", &[]),
        models: "cursor-agent models",
        install: "curl https://cursor.com/install -fsS | bash",
        ..NOTHING
    },
    // https://geminicli.com/docs/cli/headless/, /cli/session-management and /cli/tutorials/automation: with standard input
    // from a file it is headless and reads the prompt there; auto_edit lets it change files, --allowed-tools run git.
    // A new worktree is no trusted folder, in which it ends with status 55 when nobody can be asked
    // (https://geminicli.com/docs/cli/trusted-folders/#headless-and-automated-environments).
    BuiltIn {
        name: "gemini",
        command: &[
            "gemini",
            "--output-format",
            "stream-json",
            "--approval-mode",
            "auto_edit",
            "--allowed-tools",
            "run_shell_command(git)",
            "--skip-trust",
            "{options}",
        ],
        interactive: &["gemini", "--approval-mode", "auto_edit", "{options}"],
        opening: &["--prompt-interactive", "{prompt}"],
        resume: &[
            "gemini",
            "--resume",
            "{session}",
            "--output-format",
            "stream-json",
            "--approval-mode",
            "auto_edit",
            "--allowed-tools",
            "run_shell_command(git)",
            "--skip-trust",
            "{options}",
        ],
        stdin: Stdin::Prompt,
        told: ("session_id", "", &["stats.total_tokens"]),
        tiers: Some(["pro", "flash", "flash-lite"]),
        models: "https://geminicli.com/docs/cli/model/",
        install: "npm install -g @google/gemini-cli",
        ..NOTHING
    },
    // https://opencode.ai/docs/cli; the events of --format json, each step with its own cost:
    // https://github.com/lukas-grigis/ralphctl/issues/255 (recorded from 1.18). A model is provider/model, so none is known.
    BuiltIn {
        name: "opencode",
        command: &["opencode", "run", "--format", "json", "{options}", "{prompt}"],
        interactive: &["opencode", "{options}"],
        opening: &["--prompt", "{prompt}"],
        resume: &["opencode", "run", "--format", "json", "--session", "{session}", "{options}", "{prompt}"],
        told: ("sessionID", "part.cost", &["part.tokens.input", "part.tokens.output"]),
        in_parts: true,
        models: "opencode models",
        install: "curl -fsSL https://opencode.ai/install | bash",
        ..NOTHING
    },
];

impl BuiltIn {
    /// The entry as a profile.
    pub fn profile(&self) -> Profile {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let call = |words: &[&str]| Some(Call::Words(owned(words))).filter(|_| !words.is_empty());
        let (session, cost, tokens) = self.told;
        let tier = |index: usize| self.tiers.map(|names| names[index].to_owned());
        Profile {
            name: self.name.to_owned(),
            origin: Origin::BuiltIn,
            command: Call::Words(owned(self.command)),
            interactive: call(self.interactive),
            opening: owned(self.opening),
            model: owned(self.model),
            resume: call(self.resume),
            stdin: self.stdin,
            cost: CostSource {
                session: session.to_owned(),
                cost: cost.to_owned(),
                tokens: owned(tokens),
                in_parts: self.in_parts,
                sentence: self.sentence.map(|(before, after)| (before.to_owned(), after.to_owned())),
            },
            tiers: Tiers { strong: tier(0), standard: tier(1), fast: tier(2) },
            instructions: self.instructions.to_owned(),
            install: self.install.to_owned(),
        }
    }
}

/// The entry of this name.
pub fn find(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|entry| entry.name == name)
}
