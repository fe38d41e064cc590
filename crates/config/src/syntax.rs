//! Mistakes of the TOML itself, and which part of a damaged document can still be read.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::reader::Wrong;

/// How far a document can be trusted after its syntax errors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Damage {
    /// Nothing from here on was understood: something was opened here and never closed.
    from: Option<usize>,
    /// Lines (their first bytes) that hold a syntax error of their own.
    lines: Vec<usize>,
}

impl Damage {
    /// Whether the document was understood as a whole.
    pub fn is_none(&self) -> bool {
        self.from.is_none() && self.lines.is_empty()
    }

    /// Whether a mistake at `at` could be a mere consequence of the damage.
    pub fn covers(&self, text: &str, at: &Range<usize>) -> bool {
        self.from.is_some_and(|from| at.start >= from)
            || self.lines.contains(&line_start(text, at.start))
    }
}

/// The damage, and the syntax errors worth telling: one a line, and nothing after an unclosed list.
pub(crate) fn damage(
    text: &str,
    root: &Spanned<DeTable<'_>>,
    errors: &[toml::de::Error],
) -> (Damage, Vec<(Range<usize>, Wrong)>) {
    let mut damage = Damage::default();
    let mut told = Vec::new();
    let starts = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let left_open = errors.iter().find(|error| error.message().starts_with("unclosed"));
    if let Some(error) = left_open {
        let from = unclosed(root.get_ref(), text).unwrap_or_else(|| starts(error));
        damage.from = Some(from);
        told.push((from..from, open(text.as_bytes().get(from), error.message())));
    }
    let mut spots: Vec<(usize, &str)> = errors
        .iter()
        .map(|error| (starts(error), error.message()))
        .filter(|(start, _)| damage.from.is_none_or(|from| *start < from))
        .collect();
    spots.sort_unstable();
    for (start, message) in spots {
        let line = line_start(text, start);
        if !damage.lines.contains(&line) {
            damage.lines.push(line);
            told.push((start..start, worded(message)));
        }
    }
    (damage, told)
}

/// Where a value stands, by the names and numbers that lead to it: line and character in it, both from 1. Of a file
/// that says nothing about it, the beginning.
pub fn place_of(text: &str, way: &[&str]) -> (usize, usize) {
    let Ok(document) = DeTable::parse(text) else { return (1, 1) };
    let Some((first, rest)) = way.split_first() else { return (1, 1) };
    let mut value = document.get_ref().get(*first);
    for step in rest {
        value = value.and_then(|value| match value.get_ref() {
            DeValue::Table(table) => table.get(*step),
            DeValue::Array(array) => array.get(step.parse::<usize>().ok()?),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => None,
        });
    }
    value.map_or((1, 1), |value| line_and_column(text, value.span().start))
}

/// The line and the character in it, both from 1, of the byte `offset`.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let start = line_start(text, offset);
    let line = text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
    (line, column)
}

fn line_start(text: &str, offset: usize) -> usize {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the first list or inline table begins that is not closed.
fn unclosed(table: &DeTable<'_>, text: &str) -> Option<usize> {
    // What is written under a heading spans its heading only, which is closed.
    let is_open = |at: &Range<usize>, bracket: char| {
        let slice = text.get(at.clone()).unwrap_or_default();
        !slice.ends_with(bracket) || at.end >= text.trim_end().len()
    };
    table
        .iter()
        .filter_map(|(_, value)| match value.get_ref() {
            DeValue::Array(array) => {
                is_open(&value.span(), ']').then(|| value.span().start).or_else(|| {
                    array
                        .iter()
                        .filter_map(|item| item.get_ref().as_table())
                        .filter_map(|inner| unclosed(inner, text))
                        .min()
                })
            }
            DeValue::Table(inner) => {
                let inline = text.as_bytes().get(value.span().start) == Some(&b'{');
                (inline && is_open(&value.span(), '}'))
                    .then(|| value.span().start)
                    .or_else(|| unclosed(inner, text))
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => None,
        })
        .min()
}

fn open(first: Option<&u8>, message: &str) -> Wrong {
    match first {
        Some(b'[') => Wrong::new("a list is opened here and not closed", "close it with `]`"),
        Some(b'{') => Wrong::new("a table is opened here and not closed", "close it with `}`"),
        Some(_) | None => worded(message),
    }
}

fn worded(message: &str) -> Wrong {
    let (what, expected) = match message.split_once(", expected ") {
        Some((what, expected)) => (what, Some(expected)),
        None => (message, None),
    };
    let remedy = match what {
        "string values must be quoted" => "write the text in quotes: \"…\"".to_owned(),
        _ if what.starts_with("invalid") && what.ends_with("string") => {
            "does the text end with the quote that it began with?".to_owned()
        }
        "duplicate key" => "keep one of them".to_owned(),
        _ => match expected {
            Some(expected) => format!("TOML expects {expected} here"),
            None => "see https://toml.io for how it is written".to_owned(),
        },
    };
    Wrong::new(format!("this is not TOML: {what}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(usize, usize)> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let (_, told) = damage(text, &root, &errors);
        told.into_iter().map(|(at, _)| line_and_column(text, at.start)).collect()
    }

    #[test]
    fn an_unclosed_list_is_told_once_and_where_it_begins() {
        assert_eq!(told("a = 1\nb = [1,\nc = 3\n[x]\nd = 'x'\n"), [(2, 5)]);
        assert_eq!(told("[[x]]\nb = [1,\n[[y]]\nd = 'x'"), [(2, 5)]);
        assert_eq!(told("[x\nb = 1\n"), [(1, 3)]);
        assert_eq!(told("[[x]]\nb = { en = 'x'\n[[y]]\nd = 'x'\n"), [(2, 5)]);
    }

    #[test]
    fn each_damaged_line_is_told_once() {
        assert_eq!(told("a = \nb = x y\nc = 1\nc = 2\nd = 'ok'\n"), [(1, 5), (2, 5), (4, 1)]);
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(line_and_column("x\nあい = 1", 2 + 6), (2, 3));
        assert_eq!(line_and_column("", 0), (1, 1));
        assert_eq!(line_and_column("x", 99), (1, 1));
    }
}
