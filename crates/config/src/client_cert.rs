//! The certificate of a browser whose TLS ends at a reverse proxy (RFC 9440, `Client-Cert`).
//!
//! Whoever writes this header says that somebody has the key of a certificate. So it is taken from proxies that are
//! declared to write it, and from nobody else (S43, R-MTLS-HDR).

use sfv::{BareItem, Item, Parser};

use crate::forwarded::{Connection, far_end};
use crate::node::Proxy;

/// The header's name.
pub const HEADER: &str = "client-cert";

/// What the header says of a request's browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCert {
    /// Nothing: no certificate was presented.
    Absent,
    /// This certificate (DER), as far as the proxy knows; nobody has looked at it yet.
    Presented(Vec<u8>),
    /// What its proxy wrote cannot be read.
    Unreadable,
    /// It comes from somebody who is not declared to write it, and says nothing.
    Ignored,
}

/// What the header says, given all its values in the order in which they came.
pub fn client_cert<'v>(
    connection: Connection,
    proxies: &[Proxy],
    values: impl IntoIterator<Item = &'v [u8]>,
) -> ClientCert {
    let mut values = values.into_iter();
    let Some(value) = values.next() else { return ClientCert::Absent };
    if !is_declared(connection, proxies) {
        return ClientCert::Ignored;
    }
    // RFC 9440, 2.2: it does not occur twice. Then one of the two was not written by the proxy.
    if values.next().is_some() {
        return ClientCert::Unreadable;
    }
    match Parser::new(value).parse::<Item>() {
        // RFC 9440, 2.2: a Byte Sequence. Parameters are not defined, and say nothing.
        Ok(Item { bare_item: BareItem::ByteSequence(der), .. }) if !der.is_empty() => {
            ClientCert::Presented(der)
        }
        Ok(_) | Err(_) => ClientCert::Unreadable,
    }
}

/// Whether the connection's other end is a proxy that writes the header; one that cannot be told is none.
fn is_declared(connection: Connection, proxies: &[Proxy]) -> bool {
    let Some(peer) = far_end(connection) else { return false };
    let peer = peer.to_canonical();
    proxies
        .iter()
        .filter(|proxy| proxy.client_cert)
        .any(|proxy| proxy.addresses.iter().any(|range| range.contains(&peer)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::node::ProxyHeader;
    use crate::proxy_protocol::Source;

    const DECLARED: &str = "192.0.2.1";
    const OTHER_PROXY: &str = "192.0.2.2";
    const STRANGER: &str = "203.0.113.9";

    fn proxies() -> Vec<Proxy> {
        let proxy = |address: &str, client_cert| Proxy {
            addresses: vec![format!("{address}/32").parse().unwrap()],
            header: ProxyHeader::XForwardedFor,
            client_cert,
        };
        vec![proxy(DECLARED, true), proxy(OTHER_PROXY, false)]
    }

    fn said(connection: Connection, values: &[&str]) -> ClientCert {
        client_cert(connection, &proxies(), values.iter().map(|value| value.as_bytes()))
    }

    fn from(peer: &str) -> Connection {
        Connection { peer: peer.parse().unwrap(), stated: None }
    }

    #[test]
    fn only_a_proxy_that_is_declared_to_write_it_is_believed() {
        let value = ":AQID:";
        assert_eq!(said(from(DECLARED), &[value]), ClientCert::Presented(vec![1, 2, 3]));
        assert_eq!(said(from("::ffff:192.0.2.1"), &[value]), ClientCert::Presented(vec![1, 2, 3]));
        for peer in [OTHER_PROXY, STRANGER, "127.0.0.1", "::1"] {
            assert_eq!(said(from(peer), &[value]), ClientCert::Ignored, "{peer}");
            assert_eq!(said(from(peer), &["nonsense", value]), ClientCert::Ignored, "{peer}");
            assert_eq!(said(from(peer), &[]), ClientCert::Absent, "{peer}");
        }
    }

    #[test]
    fn who_speaks_is_told_by_the_proxy_protocol_where_it_is_spoken() {
        let stated = |peer: &str, source| Connection { stated: Some(source), ..from(peer) };
        let address = |text: &str| Source::Stated(format!("{text}:4711").parse().unwrap());
        let value = ":AQID:";
        let presented = ClientCert::Presented(vec![1, 2, 3]);
        assert_eq!(said(stated(STRANGER, address(DECLARED)), &[value]), presented);
        assert_eq!(said(stated(DECLARED, Source::Local), &[value]), presented);
        assert_eq!(said(stated(DECLARED, address(STRANGER)), &[value]), ClientCert::Ignored);
        assert_eq!(said(stated(DECLARED, Source::Unknown), &[value]), ClientCert::Ignored);
    }

    #[test]
    fn what_is_no_byte_sequence_is_unreadable() {
        for value in [
            "",
            "::",
            "AQID",
            ":AQID",
            ":AQ!D:",
            "\"AQID\"",
            ":AQID:, :AQID:",
            "(:AQID:)",
            "?1",
            "12",
            "-----BEGIN CERTIFICATE-----",
        ] {
            assert_eq!(said(from(DECLARED), &[value]), ClientCert::Unreadable, "{value}");
        }
        assert_eq!(said(from(DECLARED), &[":AQID:", ":AQID:"]), ClientCert::Unreadable);
        assert_eq!(said(from(DECLARED), &[":AQID:;x=1"]), ClientCert::Presented(vec![1, 2, 3]));
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let from_proxy = client_cert(from(DECLARED), &proxies(), [&bytes[..]]);
            prop_assert_ne!(from_proxy, ClientCert::Ignored);
            let from_stranger = client_cert(from(STRANGER), &proxies(), [&bytes[..]]);
            prop_assert_eq!(from_stranger, ClientCert::Ignored);
        }
    }
}
