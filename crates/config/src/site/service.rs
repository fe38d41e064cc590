//! Services, and what holds between them.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_directory::Group;
use sekimori_directory::settings::{Service, ServiceName};

use super::Loader;
use super::client::client;
use crate::reader::{Keys, Located};
use crate::values;

/// The services' names, for the policy.
pub(super) struct Names {
    pub names: BTreeSet<ServiceName>,
    /// Whether every name could be read, so that an unknown name is really unknown.
    pub all_named: bool,
}

pub(super) fn services(keys: &Keys<'_, '_>, loader: &Loader<'_>) -> (Vec<Service>, Names) {
    let mut services = Vec::new();
    let mut names = Names { names: BTreeSet::new(), all_named: true };
    let mut lines = Lines::default();
    for one in keys.tables("service", "service", "name") {
        let (service, name) = service(one, loader, &mut lines);
        names.all_named &= name.is_some();
        names.names.extend(name);
        services.extend(service);
    }
    (services, names)
}

/// On which line each name and each `client_id` stands first.
#[derive(Default)]
struct Lines {
    names: BTreeMap<String, usize>,
    clients: BTreeMap<String, usize>,
}

fn service(
    keys: Keys<'_, '_>,
    loader: &Loader<'_>,
    lines: &mut Lines,
) -> (Option<Service>, Option<ServiceName>) {
    let reader = keys.reader();
    let name = keys.required("name", "name = \"library\"").and_then(|item| {
        let name = item.parsed("a service's name", ServiceName::parse)?;
        Some(item.located(name))
    });
    if let Some(Located { value, place }) = &name {
        if *value == ServiceName::portal() {
            let what = "`portal` is the portal itself";
            reader.error(place, what, "give the service another name");
        }
        if let Some(first) = lines.names.insert(value.to_string(), reader.line(place)) {
            let what = format!("a service named `{value}` stands on line {first} already");
            reader.error(place, what, "give one of them another name");
        }
    }
    let name = name.map(|name| name.value);
    let title = values::title(&keys, name.as_ref().map(ServiceName::as_str));
    let home = keys.take("home").and_then(|item| item.checked(values::page));
    let contact = keys.take("contact").and_then(|item| super::mail_address(&item));
    let groups = keys.list("groups");
    let max_session_seconds =
        keys.take("max_session_seconds").and_then(|item| item.number([60, 30 * 86_400]));
    let disabled = keys.truth_or("disabled", false);
    let oidc = keys.take("oidc").map(|item| {
        let client = client(item.table("service.oidc")?, name.as_ref(), loader)?;
        let id = client.value.client_id.to_string();
        let line = reader.line(&client.place);
        if let Some(first) = lines.clients.insert(id.clone(), line) {
            let what = format!("the client_id `{id}` is taken by the service on line {first}");
            reader.error(&client.place, what, "each client has its own");
        }
        Some(client.value)
    });
    if oidc.is_none() {
        let what = "nobody can sign in to this service: it has no protocol";
        reader.warning(keys.place(), what, "describe it as a client under `[service.oidc]`");
    }
    keys.finish();
    let service = name.clone().zip(title).map(|(name, title)| Service {
        name,
        title,
        home,
        contact,
        groups: groups
            .iter()
            .filter_map(|item| item.parsed("a group's name", Group::parse))
            .collect(),
        max_session_seconds,
        disabled,
        oidc: oidc.flatten(),
    });
    (service, name)
}
