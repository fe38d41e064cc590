//! `sekimori zone ADDRESS`: where an address counts as being, and why.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use sekimori_directory::{NetworkMap, PositionOrigin};
use serde::Serialize;

use super::{Common, Ended, Failed};
use crate::console::{print, print_json};

/// Where an address counts as being, by which range, and what that means
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  sekimori zone 192.0.2.17
  sekimori zone 2001:db8::1 --site site.toml    by a file instead of the settings in use

Exit status: 0 if the address is inside, 1 if it is outside, 3 if there are no settings to read.")]
pub struct Zone {
    /// An IPv4 or IPv6 address
    #[arg(value_parser = address)]
    address: IpAddr,
    /// A site document; the one in use if none is named
    #[arg(long, value_name = "FILE")]
    site: Option<PathBuf>,
}

fn address(text: &str) -> Result<IpAddr, &'static str> {
    text.parse().map_err(|_| "write one address, without a prefix: 192.0.2.17 or 2001:db8::1")
}

#[derive(Debug, Serialize)]
struct Shown {
    address: IpAddr,
    zone: String,
    title: String,
    inside: bool,
    password_suffices: bool,
    may_enrol: bool,
    range: Option<String>,
    explanation: String,
    relay: Option<String>,
}

pub(super) fn run(zone: &Zone, common: &Common) -> Result<Ended, Failed> {
    let site = super::site_in_use(zone.site.as_deref(), common)?;
    let map = NetworkMap::new(&site.zones, &site.relays);
    let position = map.position(Some(zone.address), PositionOrigin::Peer);
    let described = site.zone(&position.zone);
    let shown = Shown {
        address: zone.address,
        zone: position.zone.to_string(),
        title: described.map(|zone| zone.title.en.clone()).unwrap_or_default(),
        inside: position.inside,
        password_suffices: position.password_suffices,
        may_enrol: position.may_enrol,
        range: map.explain(zone.address).map(|(range, _)| range.to_string()),
        explanation: described.map(|zone| zone.explanation.en.clone()).unwrap_or_default(),
        relay: position.relay,
    };
    if common.json {
        print_json(&shown);
    } else {
        print(&words(&shown));
    }
    Ok(if shown.inside { Ended::Well } else { Ended::No })
}

fn words(shown: &Shown) -> String {
    let mut lines = vec![match &shown.range {
        Some(range) => format!("{} is in zone {} ({range})", shown.address, shown.zone),
        None => format!("{} is in no range of the site: zone {}", shown.address, shown.zone),
    }];
    let about = [&shown.title, &shown.explanation].map(|text| (!text.is_empty()).then_some(text));
    lines.extend(about.into_iter().flatten().map(|text| format!("  {text}")));
    let mut say = |truth: bool, yes: &str, no: &str| {
        lines.push(format!("  {}", if truth { yes } else { no }));
    };
    say(shown.inside, "counts as inside", "counts as outside");
    say(
        shown.password_suffices,
        "a password alone may be enough, unless a row of the policy says more",
        "a second factor is asked for, unless a row of the policy says otherwise",
    );
    say(
        shown.may_enrol,
        "a first authenticator may be registered there with the password",
        "a first authenticator may only be registered there with a ticket",
    );
    if let Some(relay) = &shown.relay {
        lines.push(format!("  belongs to {relay}, which hides where people are"));
    }
    lines.join("\n")
}
