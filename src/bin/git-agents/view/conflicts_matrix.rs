//! The matrix of conflicts: a row and a column for each branch, one character for each pair.

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
    for (number, row) in rows.iter().enumerate() {
        let cell = |column: usize| match number == column {
            true => style.dim("\\"),
            false => pair(view, &row.name, &rows[column].name, style),
        };
        let cells: String = (0..rows.len()).map(cell).collect();
        let target = sign(row.target_verdict, style);
        text.push_str(&format!("{:>digits$} {target} {cells}  {}\n", number + 1, safe(&row.name)));
    }
    let legend = [("X", "conflict"), ("o", "both change a file"), ("?", "unknown"), ("-", "stacked"), (".", "apart")];
    let legend: Vec<String> = legend.iter().map(|(sign, word)| format!("{sign} {word}")).collect();
    text.push_str(&format!("\nT is {}; {}\n", safe(&view.target.branch), legend.join(", ")));
    text
}

fn pair(view: &ConflictsView, one: &str, other: &str, style: &Style) -> String {
    let is = |a: &str, b: &str| (a == one && b == other) || (a == other && b == one);
    if let Some(pair) = view.pairs.iter().find(|pair| is(&pair.a, &pair.b)) {
        return sign(pair.verdict, style);
    }
    if view.stacked.iter().any(|[lower, upper]| is(lower, upper)) {
        return style.dim("-");
    }
    sign("clean", style)
}

fn sign(verdict: &str, style: &Style) -> String {
    match verdict {
        "conflict" => style.red("X"),
        "overlap" => style.yellow("o"),
        "unknown" => style.red("?"),
        _ => style.dim("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::conflicts::{BranchView, ConflictsSummary, Format};
    use crate::view::status::TargetView;

    #[test]
    fn fifty_branches_fit_eighty_columns() {
        let branch = |number: usize| BranchView { name: format!("agent-with-name-{number}"), ..BranchView::default() };
        let summary = ConflictsSummary::default();
        let target = TargetView { branch: "main".to_owned(), commit: String::new() };
        let view = ConflictsView {
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
