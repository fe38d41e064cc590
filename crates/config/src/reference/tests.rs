use std::collections::BTreeSet;

use toml::{Table, Value};

use super::*;
use crate::{node, site};

/// A document that has every section.
const SITE: &str = include_str!("../../fixtures/university.site.toml");
const NODE: &str = include_str!("../../fixtures/cluster.node.toml");

fn load(name: &str) -> Result<String, String> {
    match name {
        "relay.csv" => Ok(include_str!("../../fixtures/relay.csv").to_owned()),
        "elsewhere.pem" => Ok(include_str!("../../fixtures/elsewhere.pem").to_owned()),
        "payroll.jwks.json" => Ok(include_str!("../../fixtures/payroll.jwks.json").to_owned()),
        _ => Err("no such file".to_owned()),
    }
}

#[test]
fn every_key_that_is_read_is_in_the_reference_and_the_other_way_round() {
    for (file, asked) in [(File::Site, site::asked(SITE, &load)), (File::Node, node::asked(NODE))] {
        let sections: BTreeSet<&str> = sections(file).iter().map(|section| section.path).collect();
        let is_section = |path: &str| sections.contains(path);
        let read: BTreeSet<String> = asked
            .into_iter()
            // A text in two languages is a value, not a section.
            .filter(|path| !is_section(path) && !path.starts_with("text."))
            .collect();
        let listed: BTreeSet<String> = reference(file)
            .iter()
            .map(|key| match key.section {
                "" => key.name.to_owned(),
                section => format!("{section}.{}", key.name),
            })
            .collect();
        assert_eq!(read, listed);
        for key in reference(file) {
            assert!(is_section(key.section), "{}", key.section);
        }
    }
}

/// The first table at `section`, which may lie in lists of tables.
fn table_at<'t>(document: &'t mut Table, section: &str) -> &'t mut Table {
    let mut table = document;
    for name in section.split('.').filter(|name| !name.is_empty()) {
        let value = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
        table = match value {
            Value::Array(items) => items[0].as_table_mut().unwrap(),
            value => value.as_table_mut().unwrap(),
        };
    }
    table
}

/// The documents that say each default aloud, or leave it out.
fn with_and_without(base: &str, key: &Key, literal: &str) -> [String; 2] {
    let mut document: Table = base.parse().unwrap();
    if let Some(Value::Array(rows)) = document.get_mut("policy").and_then(|it| it.get_mut("row")) {
        // A first row that matches everything would be the only one that decides.
        rows.truncate(1);
    }
    table_at(&mut document, key.section).remove(key.name);
    let without = document.to_string();
    let value = site::document::literal_value(literal).unwrap();
    table_at(&mut document, key.section).insert(key.name.to_owned(), value);
    [without, document.to_string()]
}

#[test]
fn every_default_in_the_reference_is_the_real_one() {
    let defaults = |file| {
        reference(file).iter().filter_map(|key| match key.default {
            Default::Value(literal) => Some((key, literal)),
            Default::Required | Default::Depends(_) | Default::Nothing => None,
        })
    };
    for (key, literal) in defaults(File::Site) {
        let [without, with] = with_and_without(SITE, key, literal)
            .map(|text| site::parse(&text, "site.toml", &load).map(|(site, _)| site));
        let without = without.unwrap_or_else(|report| panic!("{}: {report}", key.name));
        assert_eq!(Ok(without), with, "{}.{}", key.section, key.name);
    }
    for (key, literal) in defaults(File::Node) {
        let base = match (key.section, key.name) {
            ("database", "sqlite") => "",
            _ => NODE,
        };
        let [without, with] = with_and_without(base, key, literal)
            .map(|text| node::parse(&text, "sekimori.toml").map(|(node, _)| node));
        assert_eq!(without, with, "{}.{}", key.section, key.name);
    }
}

#[test]
fn the_page_lists_every_key_once() {
    let page = reference_markdown();
    for file in [File::Site, File::Node] {
        for key in reference(file) {
            assert!(page.contains(&format!("| `{}` | {} |", key.name, key.kind)), "{}", key.name);
            for cell in [key.kind, key.meaning] {
                assert!(!cell.contains(['|', '\n']), "{cell}");
            }
        }
    }
}
