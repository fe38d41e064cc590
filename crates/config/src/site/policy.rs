//! The policy: rows, what each names, and whether each can ever decide.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_directory::settings::{
    PolicyRow, PolicySettings, Requirement, ServiceName, Zone, ZoneName,
};
use sekimori_directory::{Binding, Group, Method};

use super::network::Zones;
use super::service::Names;
use crate::closest::{closest, listed, shown};
use crate::reader::{Item, Keys, Located, Reader, Wrong};

/// What the document says, and what the password's length depends on.
pub(super) struct Policy {
    pub settings: PolicySettings,
    pub lets_one_factor_in: bool,
}

pub(super) fn policy(keys: &Keys<'_, '_>, zones: &Zones, services: &Names) -> Policy {
    let mut settings = PolicySettings::default();
    let Some(keys) = keys.table("policy", "policy") else {
        return Policy { settings, lets_one_factor_in: false };
    };
    let mut rows: Vec<Located<PolicyRow>> = Vec::new();
    for one in keys.tables("row", "policy.row", "name") {
        rows.extend(row(one, zones, services, &rows));
    }
    unreachable(keys.reader(), &rows, zones);
    no_beginning(keys.reader(), &rows, zones);
    if let Some(item) = keys.take("mfa_bindings") {
        settings.mfa_bindings = bindings(&item);
    }
    if let Some(acr) = keys.take("acr_one_factor").and_then(|item| item.checked(acr)) {
        settings.acr_one_factor = acr;
    }
    if let Some(item) = keys.take("acr_two_factors")
        && let Some(acr) = item.checked(acr)
    {
        settings.acr_two_factors = acr;
        if settings.acr_two_factors == settings.acr_one_factor {
            item.error(
                "one factor and two have the same acr value",
                "services could not tell them apart: give each its own",
            );
        }
    }
    settings.mail_codes = mail_codes(&keys, &rows);
    keys.finish();
    let lets_one_factor_in = rows.iter().any(|row| row.value.require == Requirement::OneFactor);
    settings.rows = rows.into_iter().map(|row| row.value).collect();
    Policy { settings, lets_one_factor_in }
}

/// Whether codes by mail are on, and what that is worth (NIST SP 800-63B-4, 3.1.3.1; ASVS 5.0, 6.3.6).
fn mail_codes(keys: &Keys<'_, '_>, rows: &[Located<PolicyRow>]) -> bool {
    let item = keys.take("mail_codes");
    let on = item.as_ref().and_then(Item::truth).unwrap_or_default();
    if let Some(item) = item.filter(|_| on) {
        item.warning(
            "a code by mail is the weakest of the second factors: whoever reads the mailbox has it, and NIST \
             SP 800-63B-4 does not take it as one",
            "name services and zones that take it by `methods` in rows of the policy, or leave it off; for an MFA \
             `acr` it never counts",
        );
    }
    let named = |row: &&Located<PolicyRow>| row.value.methods.contains(&Method::MailCode);
    for row in rows.iter().filter(named).filter(|_| !on) {
        keys.reader().warning(
            &row.place,
            "`mail_code` stands among the methods of this row, and codes by mail are off",
            "write `mail_codes = true` under `[policy]`, or take it out",
        );
    }
    on
}

fn bindings(item: &Item<'_, '_>) -> BTreeSet<Binding> {
    let items = item.list();
    let bindings: BTreeSet<Binding> = items.iter().filter_map(Item::word).collect();
    if items.is_empty() && item.is_list() {
        item.warning(
            "no factor counts as multi-factor towards services, however it was bound",
            "leave the key out, or name the bindings that count",
        );
    }
    if bindings.contains(&Binding::BreakGlass) && !bindings.contains(&Binding::Desk) {
        item.warning(
            "`break_glass` counts where `desk` does, and `desk` is not named: it does not count",
            "name `desk` as well, or take `break_glass` out",
        );
    }
    if bindings.contains(&Binding::MailCode) {
        item.warning(
            "a factor registered with a code by mail counts as multi-factor towards services",
            "take `mail_code` out, unless your services were told",
        );
    }
    if bindings.contains(&Binding::InsideWithPassword) {
        item.warning(
            "a factor registered with the password alone counts as multi-factor towards services",
            "take `inside_with_password` out, unless your services were told",
        );
    }
    bindings
}

fn acr(text: &str) -> Result<String, Wrong> {
    if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        let what = format!("{} is not an acr value", shown(text));
        Err(Wrong::new(what, "write a URI or a word: visible ASCII characters, no spaces"))
    }
}

fn row(
    keys: Keys<'_, '_>,
    zones: &Zones,
    services: &Names,
    above: &[Located<PolicyRow>],
) -> Option<Located<PolicyRow>> {
    let name = keys.required("name", "name = \"staff-outside\"").and_then(|item| {
        let name = item.line(64)?;
        if ["inside", "outside"].contains(&name.as_str()) {
            let what = format!("`{name}` is the name of the built-in row at the end");
            item.error(what, "give it another name: the audit shows it");
        }
        if above.iter().any(|row| row.value.name == name) {
            let what = format!("a row named {} stands above already", shown(&name));
            item.error(what, "give it another name: the audit shows it");
        }
        Some(name)
    });
    let require =
        keys.required("require", "require = \"two_factors\"").and_then(|item| item.word());
    let zone_items = keys.list("zones");
    let service_items = keys.list("services");
    let group_items = keys.list("groups");
    let method_items = keys.take("methods");
    let max_age = keys.take("max_age_seconds");
    let row = PolicyRow {
        name: name.clone().unwrap_or_default(),
        zones: zone_items.iter().filter_map(|item| known_zone(item, zones)).collect(),
        services: service_items.iter().filter_map(|item| known_service(item, services)).collect(),
        groups: group_items
            .iter()
            .filter_map(|item| item.parsed("a group's name", Group::parse))
            .collect(),
        require: require.unwrap_or(Requirement::Refuse),
        methods: method_items.as_ref().map(methods).unwrap_or_default(),
        max_age_seconds: max_age.as_ref().and_then(|item| item.number([60, 31_536_000])),
    };
    if let (Some(item), Some(Requirement::OneFactor | Requirement::Refuse)) =
        (&method_items, require)
    {
        let what = "`methods` says which second factors count, and this row asks for none";
        item.warning(what, "take it away, or require \"two_factors\"");
    }
    if let (Some(item), Some(Requirement::Refuse)) = (&max_age, require) {
        item.warning("nobody gets in here, however fresh the proof", "take it away");
    }
    let place = keys.place().clone();
    keys.finish();
    // A list whose entries are all wrong must not become the empty list, which matches everything.
    let whole = row.zones.len() >= zone_items.len().min(1)
        && row.services.len() >= service_items.len().min(1)
        && row.groups.len() >= group_items.len().min(1);
    (name.is_some() && require.is_some() && whole).then_some(Located { value: row, place })
}

fn methods(item: &Item<'_, '_>) -> BTreeSet<Method> {
    let mut methods = BTreeSet::new();
    for one in item.list() {
        let Some(method) = one.word::<Method>() else {
            continue;
        };
        if method.seconds() {
            methods.insert(method);
            continue;
        }
        let what = format!("`{}` is the first factor, it cannot be the second", method.as_str());
        let others = Method::ALL.into_iter().filter(|method| method.seconds());
        let others = listed(others.map(Method::as_str));
        one.error(what, format!("write some of {others}"));
    }
    methods
}

fn known_zone(item: &Item<'_, '_>, zones: &Zones) -> Option<ZoneName> {
    let name = item.parsed("a zone's name", ZoneName::parse)?;
    let named: Vec<&str> = zones.named().map(|(name, _)| name.as_str()).collect();
    let stands_for_many = ["inside", "outside"].contains(&name.as_str());
    if !stands_for_many && !named.contains(&name.as_str()) && zones.all_named() {
        unknown(item, "zone", &name, named.into_iter().chain(["inside", "outside"]));
    }
    Some(name)
}

fn known_service(item: &Item<'_, '_>, services: &Names) -> Option<ServiceName> {
    let name = item.parsed("a service's name", ServiceName::parse)?;
    let is_portal = name == ServiceName::portal();
    if !is_portal && !services.names.contains(&name) && services.all_named {
        let named = services.names.iter().map(ServiceName::as_str);
        unknown(item, "service", &name, named.chain(["portal"]));
    }
    Some(name)
}

fn unknown<'w>(
    item: &Item<'_, '_>,
    kind: &str,
    name: &impl std::fmt::Display,
    known: impl Iterator<Item = &'w str>,
) {
    let known: Vec<&str> = known.collect();
    let remedy = match closest(&name.to_string(), known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.len() > 20 => format!("describe it with `[[{kind}]]`, or take it away"),
        None => format!("known are {}", listed(known)),
    };
    item.error(format!("there is no {kind} `{name}`"), remedy);
}

/// Rows that can never decide, because rows above them do in every case.
fn unreachable(reader: &Reader<'_>, rows: &[Located<PolicyRow>], zones: &Zones) {
    let mut all_zones: BTreeMap<ZoneName, bool> =
        zones.named().map(|(name, inside)| (name.clone(), inside)).collect();
    // An address in no zone is outside, whether or not the document describes that.
    all_zones.entry(ZoneName::outside()).or_insert(false);
    let mut all_services: BTreeSet<Option<&ServiceName>> = [None].into();
    all_services.extend(rows.iter().flat_map(|row| row.value.services.iter().map(Some)));
    for (index, row) in rows.iter().enumerate() {
        let place = &row.place;
        let own_zones = expanded(&row.value, &all_zones);
        if own_zones.is_empty() {
            let what = "no zone is of the kind that this row names, so it never matches";
            reader.error(place, what, "describe such a zone, or take the row away");
            continue;
        }
        let above = &rows[..index];
        let Some(decides) = deciding(above, &row.value, &own_zones, &all_services, &all_zones)
        else {
            continue;
        };
        let names = decides.iter().map(|index| above[*index].value.name.as_str());
        let what = format!("this row never decides: {} above always does before it", listed(names));
        reader.error(place, what, "move it up, narrow the ones above, or take it away");
    }
}

/// Rows that ask two factors of the portal just where a first one may be registered: whoever has none cannot.
fn no_beginning(reader: &Reader<'_>, rows: &[Located<PolicyRow>], zones: &Zones) {
    let portal = ServiceName::portal();
    let all_zones: BTreeMap<ZoneName, bool> =
        zones.named().map(|(name, inside)| (name.clone(), inside)).collect();
    let here = |row: &PolicyRow, zone: &ZoneName| {
        matches(&row.services, Some(&portal)) && expanded(row, &all_zones).contains(zone)
    };
    let begins = |zone: &&Zone| zone.may_enrol && zone.password_suffices;
    let beginnings: Vec<&ZoneName> =
        zones.zones.iter().filter(begins).map(|zone| &zone.name).collect();
    for (index, Located { value: row, place }) in rows.iter().enumerate() {
        let decides = |zone: &&ZoneName| {
            let covers = |other: &PolicyRow| {
                other.groups.is_empty() || other.groups.is_superset(&row.groups)
            };
            here(row, zone)
                && !rows[..index]
                    .iter()
                    .any(|above| here(&above.value, zone) && covers(&above.value))
        };
        if row.require == Requirement::TwoFactors
            && let Some(zone) = beginnings.iter().copied().find(decides)
        {
            let what = format!(
                "whoever has no second factor cannot register one in `{zone}`: the portal asks for it first"
            );
            let remedy = "hand out tickets; or put a row above it with this row's groups, \
                          services = [\"portal\"] and require = \"one_factor\" for that zone";
            reader.warning(place, what, remedy);
        }
    }
}

/// The rows above that decide wherever `row` matches; `None` when it decides somewhere itself.
/// A service that no row names stands for all such (`None`), the portal among them if it is not named.
fn deciding(
    above: &[Located<PolicyRow>],
    row: &PolicyRow,
    own_zones: &BTreeSet<ZoneName>,
    all_services: &BTreeSet<Option<&ServiceName>>,
    all_zones: &BTreeMap<ZoneName, bool>,
) -> Option<BTreeSet<usize>> {
    let above: Vec<(&PolicyRow, BTreeSet<ZoneName>)> =
        above.iter().map(|row| (&row.value, expanded(&row.value, all_zones))).collect();
    let own_services: Vec<Option<&ServiceName>> = if row.services.is_empty() {
        all_services.iter().copied().collect()
    } else {
        row.services.iter().map(Some).collect()
    };
    // Somebody in one of the row's groups and in no other; or in no group at all.
    let own_groups: Vec<Option<&Group>> =
        if row.groups.is_empty() { vec![None] } else { row.groups.iter().map(Some).collect() };
    let mut deciding = BTreeSet::new();
    for zone in own_zones {
        for service in &own_services {
            for group in &own_groups {
                let first = above.iter().position(|(earlier, zones)| {
                    zones.contains(zone)
                        && matches(&earlier.services, *service)
                        && matches(&earlier.groups, *group)
                })?;
                deciding.insert(first);
            }
        }
    }
    Some(deciding)
}

fn matches<T: Ord>(wanted: &BTreeSet<T>, there: Option<&T>) -> bool {
    wanted.is_empty() || there.is_some_and(|there| wanted.contains(there))
}

/// The zones that a row means, with `inside` and `outside` spelled out.
fn expanded(row: &PolicyRow, all: &BTreeMap<ZoneName, bool>) -> BTreeSet<ZoneName> {
    if row.zones.is_empty() {
        return all.keys().cloned().collect();
    }
    let mut zones = BTreeSet::new();
    for name in &row.zones {
        let kind = match name.as_str() {
            "inside" => Some(true),
            "outside" => Some(false),
            _ => None,
        };
        match kind {
            Some(inside) => zones.extend(
                all.iter()
                    .filter(|(_, is_inside)| **is_inside == inside)
                    .map(|(name, _)| name.clone()),
            ),
            None => {
                zones.insert(name.clone());
            }
        }
    }
    zones
}
