//! Listeners and proxies: who may connect, and whose word about a person's address is taken.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ipnet::IpNet;

use super::read::{path, socket_address};
use super::{Listener, Proxy, ProxyHeader, ProxyProtocol, TlsFiles, Transport};
use crate::reader::{Item, Keys, Located};
use crate::values;

pub(super) fn proxies(keys: &Keys<'_, '_>) -> Vec<Proxy> {
    let reader = keys.reader();
    let mut proxies = Vec::new();
    let mut seen: Vec<(Located<IpNet>, ProxyHeader)> = Vec::new();
    for one in keys.tables("proxy", "proxy", "name") {
        let addresses = one.required("addresses", "addresses = [\"192.0.2.1\"]").map_or_else(
            Vec::new,
            |item| {
                let items = item.list();
                if items.is_empty() && item.is_list() {
                    item.error("a proxy without addresses is never recognised", "write them");
                }
                values::networks(&items)
            },
        );
        let header = one
            .required("header", "header = \"x-forwarded-for\"")
            .and_then(|item| item.word::<ProxyHeader>());
        let client_cert = one.truth_or("client_cert", false);
        one.finish();
        for range in &addresses {
            too_wide(keys, range);
        }
        // A header that cannot be read is told once; nothing is concluded from it.
        let Some(header) = header else {
            continue;
        };
        for range in &addresses {
            let both = |other: &IpNet| other.contains(&range.value) || range.value.contains(other);
            let clash = seen.iter().find(|(other, its)| *its != header && both(&other.value));
            if let Some((other, _)) = clash {
                let line = reader.line(&other.place);
                reader.error(
                    &range.place,
                    format!("{} has another header on line {line}", range.value),
                    "a proxy is believed in one header only: the one that it overwrites or appends to",
                );
            }
        }
        let ranges = addresses.iter().map(|range| range.value).collect();
        seen.extend(addresses.into_iter().map(|range| (range, header)));
        proxies.push(Proxy { addresses: ranges, header, client_cert });
    }
    proxies
}

/// Whoever is trusted can claim to be on campus: never everybody.
fn too_wide(keys: &Keys<'_, '_>, range: &Located<IpNet>) {
    if range.value.prefix_len() == 0 {
        keys.reader().error(
            &range.place,
            format!("{} trusts everybody to say where they are", range.value),
            "write the addresses of the proxies themselves",
        );
    } else if range.value.max_prefix_len() - range.value.prefix_len() > 16 {
        keys.reader().warning(
            &range.place,
            format!("everybody in {} can say where they are", range.value),
            "write the addresses of the proxies themselves",
        );
    }
}

pub(super) fn listeners(keys: &Keys<'_, '_>, proxies: &[Proxy]) -> Vec<Listener> {
    let tls_place = keys.take("tls").map(|item| item.place());
    let tls = keys.table("tls", "tls").map(tls_files);
    let mut listeners: Vec<Listener> = Vec::new();
    let mut lines: BTreeMap<SocketAddr, usize> = BTreeMap::new();
    let tables = match keys.take("listen") {
        Some(item) if item.is_table() => item.table("listen").into_iter().collect(),
        Some(item) => item.tables("listen", "address"),
        None => Vec::new(),
    };
    for one in tables {
        let listener = listener(&one, tls.as_ref(), proxies);
        let line = one.reader().line(one.place());
        if let Some(first) = lines.insert(listener.value.address, line) {
            let what = format!("{} is listened on already, line {first}", listener.value.address);
            one.reader().error(&listener.place, what, "give one of them another port");
        }
        one.finish();
        listeners.push(listener.value);
    }
    if listeners.is_empty() {
        listeners.push(match &tls {
            Some(Some(files)) => Listener {
                address: Listener::TLS_ADDRESS,
                transport: Transport::Tls(files.clone()),
                proxy_protocol: None,
            },
            Some(None) | None => Listener::default(),
        });
    }
    let unused = |listener: &Listener| listener.transport == Transport::Plain;
    if let Some(place) = tls_place.filter(|_| listeners.iter().all(unused)) {
        let what = "no listener uses this certificate";
        keys.reader().warning(&place, what, "take `tls = false` away, or this section");
    }
    listeners
}

fn tls_files(keys: Keys<'_, '_>) -> Option<TlsFiles> {
    let certificate = keys
        .required("certificate_file", "certificate_file = \"tls/chain.pem\"")
        .and_then(|item| path(&item));
    let key = keys.required("key_file", "key_file = \"tls/key.pem\"").and_then(|item| path(&item));
    keys.finish();
    Some(TlsFiles { certificate_file: certificate?, key_file: key? })
}

/// The listener of the certificate hosts.
pub(super) fn certificates(
    keys: &Keys<'_, '_>,
    listeners: &[Listener],
    proxies: &[Proxy],
) -> Option<Listener> {
    let writing = proxies.iter().any(|proxy| proxy.client_cert);
    let Some(keys) = keys.table("certificates", "certificates") else {
        if writing {
            keys.reader().warning(
                keys.place(),
                "a proxy says which certificates were presented, and no listener hears it",
                "add `[certificates]` with the `address` that the proxy passes the certificate hosts on to",
            );
        }
        return None;
    };
    let reader = keys.reader();
    let address_item = keys.required("address", "address = \"[::]:8443\"");
    let place = address_item.as_ref().map_or_else(|| keys.place().clone(), Item::place);
    let address = address_item.and_then(|item| item.checked(socket_address));
    if let Some(address) = address.filter(|it| listeners.iter().any(|other| other.address == *it)) {
        let what = format!("{address} is an address of `[listen]` already");
        reader.error(&place, what, "give one of them another address or port");
    }
    let transport = of_certificates(&keys);
    let proxy_protocol = proxy_protocol(&keys);
    if transport == Some(Transport::Plain) && !writing {
        reader.error(
            &place,
            "nobody can say which certificate was presented here",
            "add `certificate_file` and `key_file`; or declare the proxy that ends TLS with `client_cert = true` \
             under `[[proxy]]`",
        );
    }
    if matches!(transport, Some(Transport::Tls(_))) && writing {
        reader.warning(
            &place,
            "a proxy says which certificates were presented, and this listener asks for them itself",
            "take `client_cert` away, or the files",
        );
    }
    keys.finish();
    Some(Listener { address: address?, transport: transport?, proxy_protocol })
}

/// TLS with the files of the section, or nothing where it names none; `None` where it cannot be told.
fn of_certificates(keys: &Keys<'_, '_>) -> Option<Transport> {
    let file = |key| keys.take(key).map(|item| (item.place(), path(&item)));
    match (file("certificate_file"), file("key_file")) {
        (Some((_, certificate)), Some((_, key))) => {
            certificate.zip(key).map(|(certificate_file, key_file)| {
                Transport::Tls(TlsFiles { certificate_file, key_file })
            })
        }
        (None, None) => Some(Transport::Plain),
        (Some((place, _)), None) => {
            keys.reader().missing(
                &place,
                "a certificate without its key",
                "add `key_file = \"…\"`",
            );
            None
        }
        (None, Some((place, _))) => {
            let add = "add `certificate_file = \"…\"`";
            keys.reader().missing(&place, "a key without its certificate", add);
            None
        }
    }
}

/// A listener, placed where its address stands. `tls` is `Some(None)` when its section could not be read.
fn listener(
    keys: &Keys<'_, '_>,
    tls: Option<&Option<TlsFiles>>,
    proxies: &[Proxy],
) -> Located<Listener> {
    let reader = keys.reader();
    let wants_tls = keys.take("tls");
    let speaks_tls = wants_tls.as_ref().and_then(Item::truth).unwrap_or(tls.is_some());
    if let Some(item) = wants_tls.filter(|_| speaks_tls && tls.is_none()) {
        let remedy = "add `[tls]` with `certificate_file` and `key_file`";
        item.error("there is no certificate", remedy);
    }
    let transport = match tls {
        Some(Some(files)) if speaks_tls => Transport::Tls(files.clone()),
        Some(_) | None => Transport::Plain,
    };
    let address_item = keys.take("address");
    let place = address_item.as_ref().map_or_else(|| keys.place().clone(), Item::place);
    let default = if speaks_tls { Listener::TLS_ADDRESS } else { Listener::PLAIN_ADDRESS };
    let address = address_item.and_then(|item| item.checked(socket_address)).unwrap_or(default);
    let proxy_protocol = proxy_protocol(keys);
    let behind_proxy = proxy_protocol.is_some() || !proxies.is_empty();
    if !speaks_tls && !address.ip().is_loopback() && !behind_proxy {
        reader.error(
            &place,
            "passwords would travel in clear to this address",
            "add `[tls]`; or listen on 127.0.0.1; or declare the proxy before it with `[[proxy]]`",
        );
    }
    let value = Listener { address, transport, proxy_protocol };
    Located { value, place }
}

fn proxy_protocol(keys: &Keys<'_, '_>) -> Option<ProxyProtocol> {
    let declared = keys.truth_or("proxy_protocol", false);
    let from_item = keys.take("from");
    let from = from_item.as_ref().map(|item| values::networks(&item.list())).unwrap_or_default();
    for range in &from {
        too_wide(keys, range);
    }
    match (declared, from_item) {
        (true, None) => keys.reader().missing(
            keys.place(),
            "with `proxy_protocol`, it must be known from whom",
            "add `from = [\"192.0.2.1\"]`: the addresses of the load balancers",
        ),
        (true, Some(item)) if from.is_empty() && item.is_list() => {
            item.error("nobody could connect", "write the addresses of the load balancers");
        }
        (false, Some(item)) => {
            item.warning("`from` is for `proxy_protocol = true`", "add that, or take it away");
        }
        (true, Some(_)) | (false, None) => {}
    }
    declared.then(|| ProxyProtocol { from: from.into_iter().map(|range| range.value).collect() })
}
