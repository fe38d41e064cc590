//! `sub` and `sid`: how a client knows a person and a session. OpenID Connect Core, 8

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekimori_base::{PersonId, Secret, SessionId};
use sekimori_directory::Client;
use sekimori_directory::client::SubjectType;
use url::Url;

/// The key of pairwise subjects. It must stay the same as long as any client knows anybody by it: it is never
/// rotated, and belongs to one tenant.
pub struct PairwiseKey(Secret<[u8; 32]>);

impl PairwiseKey {
    /// From 32 random bytes that were made once.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    fn digest(&self, kind: &str, sector: &str, id: &[u8; 16]) -> String {
        // The id has a fixed length and stands last; kind and sector have no zero byte.
        let message = [kind.as_bytes(), &[0], sector.as_bytes(), &[0], id.as_slice()].concat();
        URL_SAFE_NO_PAD.encode(sekimori_keys::digest::hmac_sha256(self.0.expose(), &message))
    }
}

/// The `sub` of a person towards a client: stable, never reused, at most 43 ASCII characters.
pub fn sub(client: &Client, person: PersonId, key: &PairwiseKey) -> String {
    match client.subject {
        SubjectType::Public => person.to_string(),
        SubjectType::Pairwise => key.digest("sub", &sector(client), person.bytes()),
    }
}

/// The `sid` of a session towards a client: as linkable as its `sub`.
pub fn sid(client: &Client, session: SessionId, key: &PairwiseKey) -> String {
    match client.subject {
        SubjectType::Public => session.to_string(),
        SubjectType::Pairwise => key.digest("sid", &sector(client), session.bytes()),
    }
}

/// The person behind a `sub` that a client knows: `current` if it is theirs, else the person whom it names.
/// A pairwise one of somebody else names nobody whom we can find.
pub fn person(
    sub: &str,
    client: &Client,
    current: Option<PersonId>,
    key: &PairwiseKey,
) -> Option<PersonId> {
    if let Some(current) = current
        && self::sub(client, current, key) == sub
    {
        return Some(current);
    }
    match client.subject {
        SubjectType::Public => sub.parse().ok(),
        SubjectType::Pairwise => None,
    }
}

/// The sector of a pairwise subject: as registered, else the host of the first address.
fn sector(client: &Client) -> String {
    if let Some(sector) = &client.sector {
        return sector.clone();
    }
    let first = client.redirect_uris.first().and_then(|uri| Url::parse(uri.as_str()).ok());
    let host = first.as_ref().and_then(Url::host_str).map(str::to_owned);
    host.unwrap_or_else(|| client.client_id.to_string())
}
