//! Tables for terminals: columns padded with spaces, Japanese counted as it is shown.

use std::fmt::{self, Write};

/// A table with a line of titles.
#[derive(Debug, Clone)]
pub struct Table {
    titles: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(titles: impl Into<Vec<&'static str>>) -> Self {
        Self { titles: titles.into(), rows: Vec::new() }
    }

    /// Add a row; what it lacks stays empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        let mut row: Vec<String> = cells.into_iter().map(one_line).collect();
        row.resize(self.titles.len(), String::new());
        self.rows.push(row);
    }
}

/// A cell cannot begin another line.
fn one_line(cell: impl Into<String>) -> String {
    let cell = cell.into();
    if cell.contains(['\n', '\t']) {
        return cell.replace('\n', "\\n").replace('\t', "\\t");
    }
    cell
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles: Vec<String> = self.titles.iter().map(|title| title.to_uppercase()).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&titles).chain(&self.rows).collect();
        let widths: Vec<usize> = (0..titles.len())
            .map(|column| lines.iter().map(|line| width(&line[column])).max().unwrap_or(0))
            .collect();
        for line in lines {
            let mut text = String::new();
            for (cell, wanted) in line.iter().zip(&widths) {
                let padding = wanted - width(cell) + 2;
                write!(text, "{cell}{:padding$}", "")?;
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// Columns that a text takes. Only the wide characters of our two languages are told apart.
fn width(text: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}');
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_in_both_languages() {
        let mut table = Table::new(["name", "title"]);
        table.row(["campus", "Campus"]);
        table.row(["学内", "x"]);
        assert_eq!(table.to_string(), "NAME    TITLE\ncampus  Campus\n学内    x\n");
    }

    #[test]
    fn a_cell_cannot_forge_a_line() {
        let mut table = Table::new(["name"]);
        table.row(["taro\nadministrator"]);
        assert_eq!(table.to_string().lines().count(), 2);
    }
}
