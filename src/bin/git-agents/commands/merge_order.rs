//! `git agents merge-order`

use clap::{Args, ValueEnum};
use git_agents::branch::order::OtherResult;
use git_agents::branch::order::plan;
use git_agents::branch::{Options, Work, matrix};
use git_agents::config;
use git_agents::git::repository::path_text;
use git_agents::git::scratch::Scratch;
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::work::candidates;

use super::complete_values::agents_and_branches;
use super::conflicts::{of_replacements, warn_of_left_out};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::render::style::listed;
use crate::view::merge_order::{GraphForm, OrderView, TasksBetween, Wanted};

/// Compute the order in which the most branches land without manual work.
///
/// Dependencies and stacked branches come first. The order was tried out on the accumulated target before it is
/// given. Exit status 1 when a branch needs resolution or cannot be judged, or uncommitted work could not be seen.
#[derive(Debug, Args)]
pub(crate) struct MergeOrderArgs {
    /// Agents, branches or commits [default: every agent that has something to land].
    #[arg(value_name = "BRANCH", add = agents_and_branches())]
    names: Vec<String>,
    /// Judge commits only; leave uncommitted work out.
    #[arg(long)]
    committed: bool,
    /// Give every position with all it is based on, and how far the order is proven to be the best.
    #[arg(long)]
    explain: bool,
    /// Show what can land together, wave by wave.
    #[arg(long)]
    waves: bool,
    /// Draw conflicts and precedence as plain text, or give them to Graphviz.
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "ascii")]
    graph: Option<GraphArg>,
}

/// A form of the graph as the user types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphArg {
    /// Plain text, below the order.
    Ascii,
    /// The language of Graphviz, and nothing else.
    Dot,
}

impl From<GraphArg> for GraphForm {
    fn from(arg: GraphArg) -> Self {
        match arg {
            GraphArg::Ascii => GraphForm::Ascii,
            GraphArg::Dot => GraphForm::Dot,
        }
    }
}

pub(crate) fn run(ctx: &Context, args: &MergeOrderArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let MergeOrderArgs { names, committed, explain, waves, graph } = args;
    let candidates = match names.as_slice() {
        [] => candidates::of_agents(repo, &snapshot.state)?,
        names => candidates::seen(repo, &snapshot.state, names)?,
    };
    let options = Options {
        work: if *committed { Work::Committed } else { Work::Uncommitted },
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        ..Options::default()
    };
    let scratch = Scratch::in_memory(repo)?;
    let matrix = matrix(repo, &scratch, target.commit, &candidates, &options)?;
    let is_partial = warn_of_left_out(ctx, &matrix);
    of_replacements(repo)?.iter().for_each(|warning| ctx.ui.warn(warning));
    let plan = plan(repo, &scratch, &matrix, &candidates)?;
    for (first, then) in &plan.ignored {
        ctx.ui.warn(&format!("that {first} comes before {then} was left out: the dependencies contradict each other"));
    }
    plan.other_results.iter().for_each(|found| ctx.ui.warn(&other_content(found)));
    let wanted =
        Wanted { explanation: *explain, waves: *waves, graph: graph.map(GraphForm::from), only_open: names.is_empty() };
    let view = OrderView::new(&target, &candidates, &plan, &tasks_between(&snapshot.state), wanted);
    ctx.ui.answer(&view)?;
    Ok(if view.is_good() && !is_partial { Exit::Good } else { Exit::Negative })
}

fn other_content(found: &OtherResult) -> String {
    let names = |names: &[String]| listed(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let paths: Vec<String> = found.paths.iter().map(|path| path_text(path.as_ref())).collect();
    format!(
        "{} merge in the order {} too, but {} then has other content: look at the result",
        names(&found.planned),
        found.other.join(", "),
        names(&paths),
    )
}

/// Which tasks of which agents wait for each other.
fn tasks_between(state: &State) -> TasksBetween {
    let mut between = TasksBetween::new();
    for then in state.tasks.values() {
        for first in then.after.iter().filter_map(|id| state.tasks.get(id)) {
            if let (Some(one), Some(other)) = (&first.agent, &then.agent)
                && one != other
            {
                between.entry((one.to_string(), other.to_string())).or_default().push(first.id.to_string());
            }
        }
    }
    between
}
