//! Tables: a header, aligned columns, no frame, nothing cut unless a terminal is too narrow.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::style::Style;

/// One column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Column {
    /// Text, to the left.
    Text(&'static str),
    /// A number, to the right.
    Number(&'static str),
}

/// A table of rows; the cells are decorated already and safe for a terminal.
pub(crate) fn table(style: &Style, columns: &[Column], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match style.width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    let title = |column: &Column| match column {
        Column::Text(title) | Column::Number(title) => Cell::new(style.bold(title)),
    };
    table.set_header(columns.iter().map(title));
    for row in rows {
        table.add_row(row);
    }
    for (index, column) in columns.iter().enumerate() {
        if let Some(made) = table.column_mut(index) {
            made.set_padding((0, 2));
            if matches!(column, Column::Number(_)) {
                made.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let text = table.to_string();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
