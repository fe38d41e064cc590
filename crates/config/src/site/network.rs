//! Zones and relays, and what holds between them.

use std::collections::BTreeMap;

use ipnet::IpNet;
use sekimori_directory::settings::{Relay, Zone, ZoneName};

use super::Loader;
use crate::closest::shown;
use crate::mistake::{Mistake, Severity};
use crate::reader::{Item, Keys, Located};
use crate::values::{self, EXPLANATION_MAX, TITLE_MAX};

/// Mistakes of one list file that are told; it may have a hundred thousand lines.
const LIST_MISTAKES_MAX: usize = 20;

/// The zones that could be read, and what the policy needs to know about all of them.
pub(super) struct Zones {
    pub zones: Vec<Zone>,
    drafts: Vec<Draft>,
}

struct Draft {
    name: Option<Located<ZoneName>>,
    ranges: Vec<Located<IpNet>>,
    inside: bool,
    password_suffices: bool,
}

impl Zones {
    /// Whether a password alone may be enough anywhere.
    pub fn password_suffices(&self) -> bool {
        self.drafts.iter().any(|draft| draft.password_suffices)
    }

    /// Whether every zone's name could be read, so that an unknown name is really unknown.
    pub fn all_named(&self) -> bool {
        self.drafts.iter().all(|draft| draft.name.is_some())
    }

    /// Each zone's name and whether it is inside.
    pub fn named(&self) -> impl Iterator<Item = (&ZoneName, bool)> {
        self.drafts.iter().filter_map(|draft| Some((&draft.name.as_ref()?.value, draft.inside)))
    }
}

pub(super) fn zones(keys: &Keys<'_, '_>) -> Zones {
    let reader = keys.reader();
    let (mut zones, mut drafts) = (Vec::new(), Vec::new());
    for one in keys.tables("zone", "zone", "name") {
        let (zone, draft) = zone(one);
        zones.extend(zone);
        drafts.push(draft);
    }
    if drafts.is_empty() && !keys.has("zone") {
        reader.warning(
            keys.place(),
            "there is no zone: everybody is outside and needs a second factor, which nobody can register alone",
            "describe your networks with `[[zone]]`, or hand out enrolment tickets with `sekimori person code`",
        );
    }
    let mut names: BTreeMap<&ZoneName, usize> = BTreeMap::new();
    for name in drafts.iter().filter_map(|draft| draft.name.as_ref()) {
        let line = reader.line(&name.place);
        if let Some(first) = names.insert(&name.value, line) {
            let what = format!("a zone named `{}` stands on line {first} already", name.value);
            reader.error(&name.place, what, "give one of them another name, or join them");
        }
    }
    let mut owners: BTreeMap<IpNet, (usize, usize)> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        for range in &draft.ranges {
            let line = reader.line(&range.place);
            let Some((owner, first)) = owners.insert(range.value, (index, line)) else {
                continue;
            };
            if owner != index {
                let what =
                    format!("{} belongs to another zone already, on line {first}", range.value);
                let remedy = "a range belongs to one zone: take it away from one of the two";
                reader.error(&range.place, what, remedy);
            }
        }
    }
    Zones { zones, drafts }
}

fn zone(keys: Keys<'_, '_>) -> (Option<Zone>, Draft) {
    let name = keys.required("name", "name = \"campus\"").and_then(|item| {
        let name = item.parsed("a zone's name", ZoneName::parse)?;
        Some(item.located(name))
    });
    let title = values::title(&keys, name.as_ref().map(|name| name.value.as_str()));
    let explanation =
        keys.take("explanation").and_then(|item| values::bilingual(&item, EXPLANATION_MAX));
    let is_outside = name.as_ref().is_some_and(|name| name.value == ZoneName::outside());
    let ranges = ranges(&keys, is_outside);
    let zone = Zone {
        name: name.as_ref().map_or_else(ZoneName::outside, |name| name.value.clone()),
        title: title.clone().unwrap_or_default(),
        explanation: explanation.unwrap_or_default(),
        ranges: ranges.iter().map(|range| range.value).collect(),
        inside: keys.truth_or("inside", false),
        password_suffices: keys.truth_or("password_suffices", false),
        may_enrol: keys.truth_or("may_enrol", false),
        entered_with_password_alone: keys.truth_or("entered_with_password_alone", false),
        shared_with_outside: keys.truth_or("shared_with_outside", false),
    };
    let draft =
        Draft { name, ranges, inside: zone.inside, password_suffices: zone.password_suffices };
    names_that_mean_something(&keys, &zone, &draft);
    properties(&keys, &zone);
    widths(&keys, &draft);
    keys.finish();
    let complete = draft.name.is_some() && title.is_some();
    (complete.then_some(zone), draft)
}

fn ranges(keys: &Keys<'_, '_>, may_be_empty: bool) -> Vec<Located<IpNet>> {
    let item = if may_be_empty {
        keys.take("ranges")
    } else {
        keys.required("ranges", "ranges = [\"192.0.2.0/24\", \"2001:db8::/32\"]")
    };
    let Some(item) = item else {
        return Vec::new();
    };
    let items = item.list();
    if items.is_empty() && item.is_list() && !may_be_empty {
        item.error("a zone without addresses is never entered", "write its networks");
    }
    values::networks(&items)
}

/// In policies `inside` and `outside` mean all zones of that kind: no zone may be called the one, and the other
/// is what the addresses in no zone are in.
fn names_that_mean_something(keys: &Keys<'_, '_>, zone: &Zone, draft: &Draft) {
    let Some(name) = &draft.name else {
        return;
    };
    let trusted = zone.inside || zone.password_suffices || zone.may_enrol;
    match name.value.as_str() {
        "inside" => keys.reader().error(
            &name.place,
            "`inside` stands for all inside zones in policies",
            "give this zone another name",
        ),
        "outside" if trusted => keys.reader().error(
            &name.place,
            "`outside` is where every unknown address is: it cannot be trusted",
            "give this zone another name, or take `inside`, `password_suffices` and `may_enrol` away",
        ),
        _ => {}
    }
}

/// Zones through which somebody with a stolen password would get in (decision: an address is not a factor).
fn properties(keys: &Keys<'_, '_>, zone: &Zone) {
    let trusted = zone.inside || zone.password_suffices || zone.may_enrol;
    let warn = |what: &str, remedy: &str| keys.reader().warning(keys.place(), what, remedy);
    if zone.entered_with_password_alone && trusted {
        warn(
            "this network is entered with a password alone, and then trusted",
            "who stole a password comes in from anywhere: let the network ask a second factor, or make it an \
             outside zone without `password_suffices` and `may_enrol`",
        );
    }
    if zone.shared_with_outside && trusted {
        warn(
            "people of an outside network come from the same addresses as this zone, and are trusted",
            "translate the outside network to addresses of its own and make them an outside zone",
        );
    }
    if !zone.inside && zone.name != ZoneName::outside() {
        if zone.password_suffices {
            warn(
                "a password alone is enough in a zone that is not inside",
                "set `inside = true` if it is yours, or take `password_suffices` away",
            );
        }
        if zone.may_enrol {
            warn(
                "a first factor can be registered from a zone that is not inside",
                "set `inside = true` if it is yours, or take `may_enrol` away",
            );
        }
    }
}

/// A zone that holds a large part of the internet is a slip of the prefix.
fn widths(keys: &Keys<'_, '_>, draft: &Draft) {
    for range in &draft.ranges {
        let (prefix, least) = match range.value {
            IpNet::V4(range) => (range.prefix_len(), 8),
            IpNet::V6(range) => (range.prefix_len(), 16),
        };
        let trusted = draft.inside || draft.password_suffices;
        if prefix < least && trusted {
            let what = format!("{} is no organisation's network", range.value);
            let remedy = format!("an inside zone's prefix has /{least} or more");
            keys.reader().error(&range.place, what, remedy);
        }
    }
}

pub(super) fn relays(keys: &Keys<'_, '_>, loader: &Loader<'_>) -> Vec<Relay> {
    let mut relays: Vec<Relay> = Vec::new();
    for one in keys.tables("relay", "relay", "name") {
        let name = one.required("name", "name = \"Private Relay\"").and_then(|item| {
            let name = item.line(TITLE_MAX)?;
            if relays.iter().any(|relay| relay.name == name) {
                let what = format!("a relay named {} stands above already", shown(&name));
                item.error(what, "give it another name, or join the two");
            }
            Some(name)
        });
        let ranges = relay_ranges(&one, loader);
        one.finish();
        relays.extend(name.map(|name| Relay { name, ranges }));
    }
    relays
}

fn relay_ranges(keys: &Keys<'_, '_>, loader: &Loader<'_>) -> Vec<IpNet> {
    let written = keys.list("ranges");
    let mut ranges: Vec<IpNet> =
        values::networks(&written).into_iter().map(|range| range.value).collect();
    let file = keys.take("ranges_file");
    if let Some(item) = &file {
        ranges.extend(listed_ranges(item, loader));
    } else if written.is_empty() {
        keys.reader().missing(
            keys.place(),
            "a relay without addresses is never recognised",
            "write its networks in `ranges`, or name a list of them in `ranges_file`",
        );
    }
    ranges
}

fn listed_ranges(item: &Item<'_, '_>, loader: &Loader<'_>) -> Vec<IpNet> {
    let Some(text) = super::loaded(item, loader) else {
        return Vec::new();
    };
    let file = item.text().unwrap_or_default();
    let (mut ranges, mut wrong) = (Vec::new(), 0);
    for (index, line) in text.lines().enumerate() {
        let entry = line.split(['#', ',']).next().unwrap_or_default().trim();
        if entry.is_empty() {
            continue;
        }
        match values::network(entry) {
            Ok(range) => ranges.push(range),
            Err(_) if wrong == LIST_MISTAKES_MAX => break,
            Err(found) => {
                wrong += 1;
                item.elsewhere(Mistake {
                    severity: Severity::Error,
                    file: file.to_owned(),
                    line: index + 1,
                    column: 1,
                    path: item.place().path,
                    what: found.what,
                    remedy: found.remedy,
                });
            }
        }
    }
    // Published lists have a hundred thousand neighbours that join into a few thousand networks.
    IpNet::aggregate(&ranges)
}
