//! `git agents conflicts`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use git_agents::branch::soft::{NEAR, warnings};
use git_agents::branch::{Candidate, Matrix, Memory, Options, Question, Work, matrix};
use git_agents::config;
use git_agents::git::scratch::Scratch;
use git_agents::git::{Repository, refs};
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::work::candidates;
use git_agents::work::reserved::by_others;

use super::complete_values::agents_and_branches;
use super::{conflicts_path, conflicts_watch};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::conflicts::{ConflictsView, Format, Found};
use crate::view::conflicts_branch::left_out;
use crate::view::explain::ExplainView;

/// Show which branches collide, with each other and with the target, before anybody merges.
///
/// A pair's verdict answers: when one of the two has landed on the target, would git's own merge of the other stop?
/// Uncommitted work counts. Without names every agent is judged; one name is judged against the target and all agents;
/// several among each other. Warnings and hazards are what git merges and somebody should look at all the same. Exit
/// status 1 when anything conflicts or cannot be told.
#[derive(Debug, Args)]
pub(crate) struct ConflictsArgs {
    /// Agents, branches or commits.
    #[arg(value_name = "BRANCH", add = agents_and_branches())]
    names: Vec<String>,
    /// Judge commits only; leave uncommitted work out.
    #[arg(long)]
    committed: bool,
    /// Ask whether the two tips merge with each other as they are.
    #[arg(long, conflicts_with = "with_target")]
    direct: bool,
    /// Judge each branch against the target only.
    #[arg(long)]
    with_target: bool,
    /// Every local branch that is not merged yet, not only the agents'.
    #[arg(long)]
    all_branches: bool,
    /// Show what both sides did to the lines that collide.
    #[arg(long, conflicts_with = "path")]
    show: bool,
    /// Write a note for this agent or branch: what it collides with, and what it would have to do.
    #[arg(long, value_name = "BRANCH", conflicts_with_all = ["names", "path", "direct", "with_target", "show", "watch"], add = agents_and_branches())]
    explain: Option<String>,
    /// Ask who else is changing these files or folders; exit status 1 when anybody is.
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["names", "direct", "with_target", "format"], value_hint = clap::ValueHint::AnyPath)]
    path: Vec<PathBuf>,
    /// How the answer is laid out; json is the same as --json.
    #[arg(long, value_enum, default_value = "table")]
    format: Layout,
    /// Warn of changes that merge with at most so many lines between them.
    #[arg(long, value_name = "LINES", default_value_t = NEAR)]
    near: u32,
    /// Answer again whenever the answer has changed, until interrupted; with --json one object a line.
    #[arg(long)]
    watch: bool,
    /// How long --watch waits between two looks, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..), requires = "watch")]
    interval: u32,
}

/// How the answer is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layout {
    /// What collides, one after the other.
    Table,
    /// A row and a column for each branch.
    Matrix,
    /// For programs.
    Json,
}

impl ConflictsArgs {
    /// Whether the answer, and everything else that is said, is to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Layout::Json
    }
}

pub(crate) fn run(ctx: &Context, args: &ConflictsArgs) -> Result<Exit, CliError> {
    if args.with_target && args.format == Layout::Matrix {
        return Err(CliError::usage("the matrix shows pairs, and --with-target asks for none")
            .hint("git agents conflicts --format matrix"));
    }
    if args.explain.is_some() && args.format == Layout::Matrix {
        return Err(CliError::usage("the matrix shows all pairs, and --explain is about one branch")
            .hint("git agents conflicts --format matrix"));
    }
    if args.watch {
        return conflicts_watch::run(&ctx.ui, u64::from(args.interval), |say| match args.path.as_slice() {
            [] => judged(ctx, args).and_then(|judged| say.answer(&judged.view, judged.warnings)),
            _ => conflicts_path::judged(ctx, &question(args)).and_then(|(view, warnings)| say.answer(&view, warnings)),
        });
    }
    if !args.path.is_empty() {
        return conflicts_path::run(ctx, &question(args));
    }
    let Judged { view, note, warnings } = judged(ctx, args)?;
    warnings.iter().for_each(|warning| ctx.ui.warn(warning));
    if let Some(note) = note {
        ctx.ui.answer(&note)?;
        return Ok(if note.is_good() && view.is_good() { Exit::Good } else { Exit::Negative });
    }
    if view.branches.is_empty() && args.names.is_empty() {
        ctx.ui.note(match args.all_branches {
            true => "there are no agents, and no branch that is not merged yet",
            false => "there are no agents; `git agents init NAME…` makes some, --all-branches judges every branch",
        });
    }
    ctx.ui.answer(&view)?;
    Ok(if view.is_good() { Exit::Good } else { Exit::Negative })
}

fn question(args: &ConflictsArgs) -> conflicts_path::PathQuestion<'_> {
    let (paths, all_branches, committed) = (args.path.as_slice(), args.all_branches, args.committed);
    conflicts_path::PathQuestion { paths, all_branches, committed }
}

/// The answer as of now.
struct Judged {
    view: ConflictsView,
    /// The note for a branch, if one was asked for.
    note: Option<ExplainView>,
    /// What is not in the picture.
    warnings: Vec<String>,
}

fn judged(ctx: &Context, args: &ConflictsArgs) -> Result<Judged, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let (candidates, about) = chosen(ctx, args, &snapshot.state, &target)?;
    let question = match (args.direct, args.with_target) {
        (true, _) => Question::Direct,
        (_, true) => Question::TargetOnly,
        _ => Question::AfterLanding,
    };
    let options = Options {
        work: if args.committed { Work::Committed } else { Work::Uncommitted },
        question,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        // What is to be shown has to be at hand.
        memory: if args.show || args.explain.is_some() { Memory::None } else { Memory::Kept },
    };
    let scratch = Scratch::in_memory(repo)?;
    let matrix = matrix(repo, &scratch, target.commit, &candidates, &options)?;
    let soft = warnings(&scratch, &matrix, args.near)?;
    let format = match (args.format, question) {
        (_, Question::TargetOnly) => Format::Target,
        (Layout::Matrix, _) => Format::Matrix,
        _ => Format::Table,
    };
    let show = (options.memory == Memory::None).then_some(&scratch);
    let found =
        Found { show, target: &target, candidates: &candidates, state: &snapshot.state, matrix: &matrix, soft: &soft };
    // The matrix has a place for every pair.
    let about = about.filter(|_| format != Format::Matrix);
    let reserved = by_others(&snapshot.state, None, ctx.world.now);
    let view = ConflictsView::new(&found, about, format).with_reserved(&reserved);
    let note = args.explain.is_some().then(|| ExplainView::new(&view, &matrix.branches[0], &target));
    let mut warnings = not_in_picture(&matrix);
    warnings.extend(of_replacements(repo)?);
    Ok(Judged { view, note, warnings })
}

/// Who is judged, and the one that the question is about.
fn chosen(
    ctx: &Context,
    args: &ConflictsArgs,
    state: &State,
    target: &config::Target,
) -> Result<(Vec<Candidate>, Option<usize>), CliError> {
    let repo = ctx.repo()?;
    let names = args.explain.as_ref().map_or(args.names.as_slice(), std::slice::from_ref);
    let mut named = candidates::seen(repo, state, names)?;
    let is_whole = names.is_empty() || args.all_branches || (names.len() == 1 && !args.with_target);
    if is_whole {
        let mut others = candidates::of_agents(repo, state)?;
        if args.all_branches {
            others.extend(candidates::of_other_branches(repo, state, target)?);
        }
        let given: Vec<_> = named.iter().filter_map(|candidate| candidate.branch.clone()).collect();
        named.extend(others.into_iter().filter(|one| one.branch.as_ref().is_none_or(|b| !given.contains(b))));
    }
    let about = (names.len() == 1).then_some(0);
    Ok((named, about))
}

/// Whose uncommitted work is not in the picture, and why.
fn not_in_picture(matrix: &Matrix) -> Vec<String> {
    left_out(matrix).map(|(branch, reason)| format!("{} is judged by its commits: {reason}", branch.name)).collect()
}

/// That git's own merges would see other objects.
pub(crate) fn of_replacements(repo: &Repository) -> Result<Option<String>, CliError> {
    let some = !refs::list(repo, "refs/replace/")?.is_empty();
    Ok(some.then(|| "refs/replace/ is passed over: verdicts are about the objects as they are".to_owned()))
}

/// Say that aloud; whether there was something to say.
pub(crate) fn warn_of_left_out(ctx: &Context, matrix: &Matrix) -> bool {
    let warnings = not_in_picture(matrix);
    warnings.iter().for_each(|warning| ctx.ui.warn(warning));
    !warnings.is_empty()
}
