//! Who knocks: what a request says about its browser, before anybody is anybody.

use std::sync::Arc;

use sekimori_base::{Language, Secret, Timestamp};
use sekimori_directory::Position;
use sekimori_keys::Purpose;

use crate::sources::network;
use crate::tenant::Tenant;
use crate::token::{Kind, digest};

/// One request of one browser.
pub struct Visitor {
    /// The organisation that is asked.
    pub tenant: Arc<Tenant>,
    /// The moment of the request: read once.
    pub now: Timestamp,
    /// Where the person is, by the address of this request.
    pub position: Position,
    /// The language of the answer.
    pub language: Language,
    /// The binding cookie.
    pub browser: Option<Secret<String>>,
    /// The session cookie.
    pub session: Option<Secret<String>>,
    /// The device cookie, sealed.
    pub device: Option<String>,
    /// The browser as it describes itself, cut to 200 characters.
    pub user_agent: String,
}

impl Visitor {
    /// The network for budgets; requests of unknown position share one.
    pub fn network(&self) -> u128 {
        self.position.address.map_or(0, network)
    }

    /// The digest of the session cookie, by which its row is found.
    pub fn session_digest(&self) -> Option<[u8; 32]> {
        self.session.as_ref().and_then(|token| digest(&self.tenant, Kind::Session, token.expose()))
    }

    /// The digest of the binding cookie, kept in sealed requests and attempts.
    pub fn browser_digest(&self) -> Option<[u8; 32]> {
        let token = self.browser.as_ref()?;
        let keys = &self.tenant.keys;
        Some(
            *keys.digest(Purpose::BindingCookie, self.tenant.id, token.expose().as_bytes()).bytes(),
        )
    }
}

/// A server that calls an endpoint for programs. Its address is never a person's position.
pub struct Caller {
    /// The organisation that is asked.
    pub tenant: Arc<Tenant>,
    /// The moment of the request.
    pub now: Timestamp,
}
