//! The site as TOML values: what `print` writes and `difference` compares.

use std::fmt::Write;

use sekimori_directory::settings::Site;
use toml::{Table, Value};

use crate::reference::{Default, File, Key, reference};

/// The site as a table; a text that is the same in both languages is one text.
pub(super) fn document(site: &Site) -> Table {
    let table = Table::try_from(site).expect("every type of the site has a form in TOML");
    match collapsed(Value::Table(table)) {
        Value::Table(table) => table,
        _ => Table::new(),
    }
}

fn collapsed(value: Value) -> Value {
    match value {
        Value::Table(table) => match one_text(&table) {
            Some(text) => Value::String(text.to_owned()),
            None => Value::Table(
                table.into_iter().map(|(key, value)| (key, collapsed(value))).collect(),
            ),
        },
        Value::Array(array) => Value::Array(array.into_iter().map(collapsed).collect()),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => value,
    }
}

fn one_text(table: &Table) -> Option<&str> {
    let en = table.get("en")?.as_str()?;
    let ja = table.get("ja")?.as_str()?;
    (table.len() == 2 && en == ja).then_some(en)
}

/// Whether defaults are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defaults {
    /// They are.
    Written,
    /// Only what differs from them is written.
    LeftOut,
}

/// The keys of a section's table that are worth writing, in the order of the reference.
pub(super) fn entries<'t>(
    section: &str,
    table: &'t Table,
    defaults: Defaults,
) -> Vec<(&'static Key, &'t Value)> {
    reference(File::Site)
        .iter()
        .filter(|key| key.section == section)
        .filter_map(|key| Some((key, table.get(key.name)?)))
        .filter(|(key, value)| defaults == Defaults::Written || !is_default(key, value))
        .collect()
}

fn is_default(key: &Key, value: &Value) -> bool {
    match key.default {
        Default::Value(literal) => literal_value(literal).as_ref() == Some(value),
        // A text that nobody wrote is empty.
        Default::Nothing => value.as_str() == Some(""),
        Default::Depends(_) => value.as_array().is_some_and(Vec::is_empty),
        Default::Required => false,
    }
}

/// The value of a TOML literal.
pub(crate) fn literal_value(literal: &str) -> Option<Value> {
    let table: Table = format!("value = {literal}").parse().ok()?;
    table.get("value").cloned()
}

/// A value on one line.
pub(super) fn one_line(value: &Value) -> String {
    match value {
        Value::Array(array) => {
            let items: Vec<String> = array.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => {
            let items: Vec<String> =
                table.iter().map(|(key, value)| format!("{key} = {}", one_line(value))).collect();
            format!("{{ {} }}", items.join(", "))
        }
        Value::String(text) => quoted(text),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            value.to_string()
        }
    }
}

/// A literal string where that spares escapes, else a basic one (TOML 1.0): one line whatever it holds.
fn quoted(text: &str) -> String {
    let plain = !text.contains('\'') && !text.chars().any(char::is_control);
    if plain && text.contains(['"', '\\']) {
        return format!("'{text}'");
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => {
                // The longest form of escape holds every character.
                let hex = u32::from(character);
                write!(quoted, "\\U{hex:08X}").expect("writing to a String cannot fail");
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
