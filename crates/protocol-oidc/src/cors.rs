//! Which pages of other origins may call which endpoint (S67). Never with cookies: no answer allows them.

use sekimori_directory::{Client, Site};

use crate::metadata::Endpoint;

/// What is answered to a request with an `Origin` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cors<'a> {
    /// No CORS header at all.
    Closed,
    /// `Access-Control-Allow-Origin: *`: public documents.
    Anybody,
    /// `Access-Control-Allow-Origin` with this origin, and `Vary: Origin`.
    Origin(&'a str),
}

/// The answer to a preflight request, which names no client: any client's registered origin may go on.
pub fn preflight<'a>(endpoint: Endpoint, origin: &'a str, site: &Site) -> Cors<'a> {
    let services = site.services.iter().filter(|service| !service.disabled);
    decide(endpoint, origin, services.filter_map(|service| service.oidc.as_ref()))
}

/// The header of an answer to this client; `None` while no client is known (its request was refused before).
/// A refusal says nothing that a foreign page may not read, so there any registered origin reads it.
pub fn answer<'a>(
    endpoint: Endpoint,
    origin: &'a str,
    client: Option<&Client>,
    site: &Site,
) -> Cors<'a> {
    match client {
        Some(client) => decide(endpoint, origin, std::iter::once(client)),
        None => preflight(endpoint, origin, site),
    }
}

fn decide<'a, 'c>(
    endpoint: Endpoint,
    origin: &'a str,
    mut clients: impl Iterator<Item = &'c Client>,
) -> Cors<'a> {
    match endpoint {
        Endpoint::Discovery | Endpoint::ServerMetadata | Endpoint::Jwks => Cors::Anybody,
        Endpoint::Token | Endpoint::Userinfo => {
            // To the letter; `null` is no origin that anybody could register.
            let registered = |client: &Client| client.cors_origins.contains(origin);
            if origin != "null" && clients.any(registered) {
                Cors::Origin(origin)
            } else {
                Cors::Closed
            }
        }
        // OAuth 2.1, 3.1: never on the authorization endpoint; the others are for servers and address bars.
        Endpoint::Authorize | Endpoint::Introspect | Endpoint::Revoke | Endpoint::Logout => {
            Cors::Closed
        }
    }
}
