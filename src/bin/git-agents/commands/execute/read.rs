//! Reading a plan from a file or standard input.

use std::io::Read;
use std::path::Path;

use git_agents::plan::{self, Format, LARGEST, Plan, PlanError, Wrong};

use crate::context::Context;
use crate::error::CliError;

/// The plan in a file, or on standard input when it is called `-`.
pub(crate) fn plan(ctx: &Context, path: &Path) -> Result<Plan, CliError> {
    let is_input = path.as_os_str() == "-";
    let shown = if is_input { "standard input".to_owned() } else { path.display().to_string() };
    let failed = |error: std::io::Error| CliError::usage(format!("{shown} cannot be read: {error}"));
    let mut bytes = Vec::new();
    let most = LARGEST as u64 + 1;
    if is_input {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let file = std::fs::File::open(ctx.dir().join(path)).map_err(failed)?;
        file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    let by_name = path.file_name().and_then(|name| Format::of_name(&name.to_string_lossy()));
    let format = by_name.unwrap_or_else(|| Format::of_text(&String::from_utf8_lossy(&bytes)));
    let plan = plan::parse(&bytes, format).map_err(|error| refused(&shown, &error))?;
    let why = if plan.is_list { "the tasks are the items of lists" } else { "other headings have ids" };
    for (line, heading) in &plan.passed_over {
        ctx.ui.note(&format!("{shown}, line {line}: {heading:?} is taken for prose, since {why}"));
    }
    Ok(plan)
}

/// What is wrong with a plan is wrong with the command line; nothing was begun.
fn refused(shown: &str, error: &PlanError) -> CliError {
    let place = error.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let what = match &error.wrong {
        Wrong::TooLarge { most, .. } => format!("it is larger than {} MiB", most >> 20),
        wrong => wrong.to_string(),
    };
    CliError { code: "plan-invalid", ..CliError::usage(format!("{shown}{place}: {what}")) }
}
