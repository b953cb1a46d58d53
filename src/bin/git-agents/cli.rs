//! The command line as a tree: what the user types, in the order in which help shows it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::commands;

/// Several coding agents, one git repository: tasks, conflicts, merge order and landing.
#[derive(Debug, Parser)]
#[command(name = "git-agents", bin_name = "git agents", version, disable_help_subcommand = true)]
#[command(max_term_width = 100, subcommand_help_heading = "Commands")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Run as if started in PATH.
    #[arg(short = 'C', global = true, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<PathBuf>,
    /// Answer with one JSON object on standard output, or with one a line, events included; an error is one on
    /// standard error.
    #[arg(long, global = true, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "object")]
    pub(crate) json: Option<JsonForm>,
    /// When to use colour; NO_COLOR is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    /// Print nothing but the answer, warnings and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more about what is done.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JsonForm {
    /// One object, over several lines.
    Object,
    /// One object a line: what happens on the way, then the answer.
    Lines,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// Every command. Its first doc line is its line in the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(commands::init::InitArgs),
    Agent(commands::agent::AgentArgs),
    Task(commands::task::TaskArgs),
    Assign(commands::assign::AssignArgs),
    Unassign(commands::unassign::UnassignArgs),
    Start(commands::start::StartArgs),
    Next(commands::next::NextArgs),
    Complete(commands::complete::CompleteArgs),
    Fail(commands::fail::FailArgs),
    Ready(commands::ready::ReadyArgs),
    Claim(commands::claim::ClaimArgs),
    Release(commands::release::ReleaseArgs),
    Claims(commands::claims::ClaimsArgs),
    Guard(commands::guard::GuardArgs),
    Hooks(commands::hooks::HooksArgs),
    Findings(commands::findings::FindingsArgs),
    Status(commands::status::StatusArgs),
    Brief(commands::brief::BriefArgs),
    Profiles(commands::profiles::ProfilesArgs),
    Presets(commands::presets::PresetsArgs),
    Conflicts(commands::conflicts::ConflictsArgs),
    MergeOrder(commands::merge_order::MergeOrderArgs),
    Rebase(commands::rebase::RebaseArgs),
    Merge(commands::merge::MergeArgs),
    Cleanup(commands::cleanup::CleanupArgs),
    Resolve(commands::resolve::ResolveArgs),
    Create(commands::create::CreateArgs),
    Multi(commands::multi::MultiArgs),
    Fanout(commands::fanout::FanoutArgs),
    Execute(commands::execute::ExecuteArgs),
    Run(commands::run::RunArgs),
    Runs(commands::runs::RunsArgs),
    Logs(commands::logs::LogsArgs),
    Attach(commands::attach::AttachArgs),
    Send(commands::send::SendArgs),
    Report(commands::report::ReportArgs),
    Wait(commands::wait::WaitArgs),
    Kill(commands::kill::KillArgs),
    Sync(commands::sync::SyncArgs),
    Log(commands::log::LogArgs),
    Undo(commands::undo::UndoArgs),
    Reset(commands::reset::ResetArgs),
    Recover(commands::recover::RecoverArgs),
    Config(commands::config::ConfigArgs),
    Trust(commands::trust::TrustArgs),
    Doctor(commands::doctor::DoctorArgs),
    Demo(commands::demo::DemoArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

impl Command {
    /// Whether the command itself hears when it is interrupted.
    pub(crate) fn hears_interrupts(&self) -> bool {
        match self {
            Command::Demo(_) | Command::Execute(_) => true,
            Command::Run(args) => args.is_in_foreground(),
            Command::Create(commands::create::CreateArgs { work, .. })
            | Command::Multi(commands::multi::MultiArgs { work, .. })
            | Command::Fanout(commands::fanout::FanoutArgs { work, .. }) => work.waits(),
            _ => false,
        }
    }

    /// Whether the command's own options ask for JSON.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self, Command::Conflicts(args) if args.is_json())
    }
}
