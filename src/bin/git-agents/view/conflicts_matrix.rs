//! The matrix of conflicts: a row and a column for each branch, one character for each pair.

use std::collections::HashMap;

use super::conflicts::ConflictsView;
use crate::render::style::{Style, safe};

/// Draw it. A row is as wide as there are branches and a name, so that fifty fit a terminal of 80 columns.
pub(crate) fn draw(view: &ConflictsView, style: &Style) -> String {
    let rows: Vec<_> =
        view.branches.iter().filter(|branch| !matches!(branch.target_verdict, "landed" | "empty")).collect();
    let digits = rows.len().to_string().len();
    let mut text = String::new();
    for digit in (0..digits).rev() {
        let power = 10_usize.pow(u32::try_from(digit).unwrap_or_default());
        let number = |column: usize| if column >= power { (column / power % 10).to_string() } else { " ".to_owned() };
        let columns: String = (1..=rows.len()).map(number).collect();
        let target = if digit == 0 { "T" } else { " " };
        text.push_str(&format!("{:digits$} {target} {columns}\n", ""));
    }
    let known = known(view);
    let width = style.width.map_or(usize::MAX, usize::from).saturating_sub(digits + rows.len() + 5);
    for (number, row) in rows.iter().enumerate() {
        let cell = |column: usize| match number == column {
            true => style.dim("\\"),
            false => {
                let key = (row.name.as_str(), rows[column].name.as_str());
                sign(known.get(&key).copied().unwrap_or("clean"), style)
            }
        };
        let cells: String = (0..rows.len()).map(cell).collect();
        let target = sign(row.target_verdict, style);
        let name: String = safe(&row.name).chars().take(width).collect();
        text.push_str(&format!("{:>digits$} {target} {cells}  {name}\n", number + 1));
    }
    let legend = [("X", "conflict"), ("o", "both change a file"), ("?", "unknown"), ("-", "stacked"), (".", "apart")];
    let legend: Vec<String> = legend.iter().map(|(sign, word)| format!("{sign} {word}")).collect();
    text.push_str(&format!("\nT is {}; {}\n", safe(&view.target.branch), legend.join(", ")));
    text
}

/// The verdicts of which there is something to tell, in both directions.
fn known(view: &ConflictsView) -> HashMap<(&str, &str), &str> {
    let pairs = view.pairs.iter().map(|pair| (pair.a.as_str(), pair.b.as_str(), pair.verdict));
    let stacked = view.stacked.iter().map(|[lower, upper]| (lower.as_str(), upper.as_str(), "stacked"));
    stacked.chain(pairs).flat_map(|(a, b, verdict)| [((a, b), verdict), ((b, a), verdict)]).collect()
}

fn sign(verdict: &str, style: &Style) -> String {
    match verdict {
        "conflict" => style.red("X"),
        "overlap" => style.yellow("o"),
        "unknown" => style.red("?"),
        "stacked" => style.dim("-"),
        _ => style.dim("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::conflicts::{ConflictsSummary, Format};
    use crate::view::conflicts_branch::BranchView;
    use crate::view::status::TargetView;

    #[test]
    fn fifty_branches_fit_eighty_columns() {
        let branch = |number: usize| BranchView { name: format!("agent-with-name-{number}"), ..BranchView::default() };
        let summary = ConflictsSummary::default();
        let target = TargetView { branch: "main".to_owned(), commit: String::new() };
        let view = ConflictsView {
            reserved: Vec::new(),
            target,
            branches: (1..=50).map(branch).collect(),
            pairs: Vec::new(),
            stacked: Vec::new(),
            warnings: Vec::new(),
            hazards: Vec::new(),
            summary,
            format: Format::Matrix,
        };
        let style = Style { color: false, width: Some(80), now: chrono::DateTime::UNIX_EPOCH };
        let text = draw(&view, &style);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(text.lines().count(), 2 + 50 + 2);
    }
}
