//! The request that travels with the page before any credential was submitted: sealed, bound to the browser,
//! never a proof (decisions on the attempt). Nothing of it is written to the database.

use sekimori_base::limits::{ATTEMPT_SECONDS_MAX, SEALED_COOKIE_BYTES_MAX};
use sekimori_base::{Entropy, PersonId, Sealed, SessionId, Timestamp};
use sekimori_directory::Method;
use sekimori_keys::{Binding, Purpose, seal};
use sekimori_login::Reason;
use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::incident::IncidentCode;
use crate::tenant::Tenant;

/// A page of an earlier sign-in is shown again for so long; afterwards the service has forgotten it too.
pub const CARRIED_SECONDS_MAX: i64 = 8 * 3600;

/// What is carried. Field names are short because the sealed text stands in a URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// Through which door the request came, and what it asks.
    #[serde(rename = "d")]
    pub door: Door,
    /// The first bytes of the digest of the browser's binding cookie; `None` if it had none yet.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<u64>,
    /// When the request came.
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// The user name as it was typed.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What to say above the form.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The incident code of that reason, if one was kept.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentCode>,
    /// Until when nothing is evaluated, if that is the reason.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub wait_until: Option<Timestamp>,
    /// The standing session is to be left aside: somebody else wants to sign in.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    pub other_person: bool,
    /// The second factor that was chosen instead of the recommended one.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Method>,
    /// Everything that this request asks for was shown, and only consent is still to be asked.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fresh: Option<Fresh>,
    /// Whom the page of consent asked: nobody else answers it.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<PersonId>,
    /// A binding cookie was set at this moment, because the browser had sent none, and the page asked for again.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub cookie_tried: Option<Timestamp>,
}

/// The proofs of one session since a moment are fresh enough, for as long as the page of consent is read. A mark,
/// not a proof: the session itself must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh {
    /// The first bytes of the session's id.
    #[serde(rename = "s")]
    session: u64,
    /// Proofs from this moment on.
    #[serde(rename = "f")]
    from: Timestamp,
    /// Not after this moment.
    #[serde(rename = "u")]
    until: Timestamp,
}

impl Fresh {
    /// What was shown from `from` until `now`, for the session that stands since.
    pub fn new(session: SessionId, from: Timestamp, now: Timestamp) -> Self {
        let until = now.plus_seconds(ATTEMPT_SECONDS_MAX);
        Self { session: session_mark(session), from, until }
    }

    /// From which moment on the proofs of this session are fresh enough.
    pub fn since(self, session: SessionId, now: Timestamp) -> Option<Timestamp> {
        (self.session == session_mark(session) && now <= self.until).then_some(self.from)
    }
}

fn session_mark(id: SessionId) -> u64 {
    u64::from_be_bytes(id.bytes()[..8].try_into().expect("an id has 16 bytes"))
}

/// The first bytes of the digest of a binding cookie.
pub fn browser_mark(digest: [u8; 32]) -> u64 {
    u64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
}

impl Carried {
    /// A request that has just come, of a browser that is not known yet.
    pub fn new(door: Door, at: Timestamp) -> Self {
        Self {
            door,
            browser: None,
            at,
            name: None,
            reason: None,
            incident: None,
            wait_until: None,
            other_person: false,
            chosen: None,
            fresh: None,
            asked: None,
            cookie_tried: None,
        }
    }

    /// A request as a door hands it over. Where the person is to choose who they are, whoever is signed in is left
    /// aside: the choice is the page that asks for the user name.
    pub fn requested(door: Door, at: Timestamp) -> Self {
        Self { other_person: door.asks_account(), ..Self::new(door, at) }
    }

    /// The same request with nothing to say.
    #[must_use]
    pub fn unsaid(self) -> Self {
        Self { reason: None, incident: None, wait_until: None, ..self }
    }

    /// The sealed text for a URL or a form; `None` when it has more than `bytes_max` bytes.
    pub fn seal(
        &self,
        tenant: &Tenant,
        bytes_max: usize,
        entropy: &(impl Entropy + ?Sized),
    ) -> Option<String> {
        let binding = Binding::new(Purpose::SealedRequest, tenant.id);
        let sealed = tenant.keys.seal_json(&binding, self, bytes_max, entropy).ok()?;
        let text = seal::to_text(&sealed);
        (text.len() <= bytes_max).then_some(text)
    }

    /// Open what [`Self::seal`] made; `None` if it is not ours, was damaged, or its keys are gone.
    pub fn open(tenant: &Tenant, text: &str) -> Option<Self> {
        let sealed: Sealed<Self> = seal::from_text(text, SEALED_COOKIE_BYTES_MAX).ok()?;
        let binding = Binding::new(Purpose::SealedRequest, tenant.id);
        tenant.keys.open_json(&binding, &sealed).ok()
    }

    /// Bind to a browser.
    #[must_use]
    pub fn bound_to(self, browser_digest: [u8; 32]) -> Self {
        Self { browser: Some(browser_mark(browser_digest)), ..self }
    }
}
