//! `sekimori policy show`: the policy as a table, the built-in rows included.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use sekimori_directory::Method;
use sekimori_directory::settings::{Requirement, Site};
use serde::Serialize;

use super::{Common, Ended, Failed};
use crate::console::{Table, print, print_json};

/// What a sign-in must bring, where and for what
#[derive(Debug, Args)]
pub struct Policy {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print networks and policy as tables, in the order in which they are applied
    #[command(after_long_help = "\
Examples:
  sekimori policy show site.toml    of a file
  sekimori policy show              of the settings in use

Exit status: 0; 3 if there are no settings to read.")]
    Show {
        /// A site document; the one in use if none is named
        file: Option<PathBuf>,
    },
}

/// The policy as a program reads it.
#[derive(Debug, Serialize)]
struct Shown {
    zones: Vec<ShownZone>,
    rows: Vec<ShownRow>,
    mail_codes: ShownMailCodes,
}

/// What codes by mail are worth here.
#[derive(Debug, Serialize)]
struct ShownMailCodes {
    enabled: bool,
    counts_for_mfa: bool,
    refused_domains: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ShownZone {
    name: String,
    inside: bool,
    password_suffices: bool,
    may_enrol: bool,
    ranges: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ShownRow {
    row: usize,
    name: String,
    built_in: bool,
    zones: Vec<String>,
    services: Vec<String>,
    groups: Vec<String>,
    require: Requirement,
    methods: Vec<String>,
    max_age_seconds: Option<u32>,
}

pub(super) fn run(policy: Policy, common: &Common) -> Result<Ended, Failed> {
    let What::Show { file } = policy.what;
    let site = super::site_in_use(file.as_deref(), common)?;
    let shown = Shown { zones: zones(&site), rows: rows(&site), mail_codes: mail_codes(&site) };
    if common.json {
        print_json(&shown);
    } else {
        let (zones, rows) = (zones_table(&shown.zones), rows_table(&shown.rows));
        print(&format!("{zones}\n{rows}\n{}", mail_words(&shown.mail_codes)));
    }
    Ok(Ended::Well)
}

fn mail_codes(site: &Site) -> ShownMailCodes {
    let own = site.mail_domains.iter().chain(&site.mail.own_domains);
    ShownMailCodes {
        enabled: site.policy.mail_codes,
        counts_for_mfa: Method::MailCode.counts_for_mfa(),
        refused_domains: own.cloned().collect(),
    }
}

fn mail_words(codes: &ShownMailCodes) -> String {
    if !codes.enabled {
        return "codes by mail: off\n".to_owned();
    }
    let refused = codes.refused_domains.join(" ");
    let refused = if refused.is_empty() { "none" } else { &refused };
    format!(
        "codes by mail: on, as one more proof of rows that take them; never for the acr of two factors\n\
         domains that no code is sent to: {refused}\n"
    )
}

fn zones(site: &Site) -> Vec<ShownZone> {
    let shown = |zone: &sekimori_directory::settings::Zone| ShownZone {
        name: zone.name.to_string(),
        inside: zone.inside,
        password_suffices: zone.password_suffices,
        may_enrol: zone.may_enrol,
        ranges: zone.ranges.iter().map(ToString::to_string).collect(),
    };
    let mut zones: Vec<ShownZone> = site.zones.iter().map(shown).collect();
    if !zones.iter().any(|zone| zone.name == "outside") {
        zones.push(ShownZone {
            name: "outside".to_owned(),
            inside: false,
            password_suffices: false,
            may_enrol: false,
            ranges: Vec::new(),
        });
    }
    zones
}

fn rows(site: &Site) -> Vec<ShownRow> {
    let mut rows: Vec<ShownRow> = site
        .policy
        .rows
        .iter()
        .enumerate()
        .map(|(index, row)| ShownRow {
            row: index + 1,
            name: row.name.clone(),
            built_in: false,
            zones: texts(&row.zones),
            services: texts(&row.services),
            groups: row.groups.iter().map(ToString::to_string).collect(),
            require: row.require,
            methods: row.methods.iter().map(word).collect(),
            max_age_seconds: row.max_age_seconds,
        })
        .collect();
    let suffices = site.zones.iter().filter(|zone| zone.password_suffices);
    let suffices: Vec<String> = suffices.map(|zone| zone.name.to_string()).collect();
    let built_in = |name: &str, zones, require| ShownRow {
        row: 0,
        name: name.to_owned(),
        built_in: true,
        zones,
        services: Vec::new(),
        groups: Vec::new(),
        require,
        methods: Vec::new(),
        max_age_seconds: None,
    };
    if !suffices.is_empty() {
        rows.push(built_in("inside", suffices, Requirement::OneFactor));
    }
    rows.push(built_in("outside", Vec::new(), Requirement::TwoFactors));
    for (index, row) in rows.iter_mut().enumerate() {
        row.row = index + 1;
    }
    rows
}

fn texts(names: &BTreeSet<impl ToString>) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// A value as the file writes it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

fn zones_table(zones: &[ShownZone]) -> Table {
    let yes = |truth: bool| if truth { "yes" } else { "no" }.to_owned();
    let mut table = Table::new(["zone", "inside", "password suffices", "may enrol", "addresses"]);
    for zone in zones {
        let ranges =
            if zone.ranges.is_empty() { "all others".to_owned() } else { zone.ranges.join(" ") };
        let (inside, suffices) = (yes(zone.inside), yes(zone.password_suffices));
        table.row([zone.name.clone(), inside, suffices, yes(zone.may_enrol), ranges]);
    }
    table
}

fn rows_table(rows: &[ShownRow]) -> Table {
    let any = |names: &[String]| if names.is_empty() { "any".to_owned() } else { names.join(" ") };
    let mut table = Table::new([
        "row",
        "name",
        "where",
        "service",
        "group",
        "requires",
        "second factor",
        "not older than",
    ]);
    for row in rows {
        let requires = match row.require {
            Requirement::OneFactor => "one factor",
            Requirement::TwoFactors => "two factors",
            Requirement::Refuse => "refused",
        };
        let name = if row.built_in { "(built in)".to_owned() } else { row.name.clone() };
        let second = match row.require {
            Requirement::TwoFactors => any(&row.methods),
            Requirement::OneFactor | Requirement::Refuse => "-".to_owned(),
        };
        let age = row.max_age_seconds.map_or("-".to_owned(), |seconds| format!("{seconds} s"));
        table.row([
            row.row.to_string(),
            name,
            any(&row.zones),
            any(&row.services),
            any(&row.groups),
            requires.to_owned(),
            second,
            age,
        ]);
    }
    table
}
