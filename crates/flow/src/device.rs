//! The device cookie: which accounts signed in from this browser. Sealed, at most eight, proves nothing.
//!
//! It only moves its bearer to another counter and to the front of the hash queue (decisions on counters).

use sekimori_base::{Entropy, Sealed, Timestamp, random};
use sekimori_keys::digest::sha256;
use sekimori_keys::{Binding, Purpose, seal};
use serde::{Deserialize, Serialize};

use crate::tenant::Tenant;

/// Accounts that one browser is remembered for.
const ACCOUNTS_MAX: usize = 8;
/// Longest text of the cookie.
const TEXT_BYTES_MAX: usize = 1024;

/// What the cookie says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Names the browser in its counters.
    id: u64,
    /// Digests of the accounts' names, oldest first.
    accounts: Vec<u64>,
    /// When it was last renewed.
    at: Timestamp,
}

impl Device {
    /// Open the cookie; one that does not open is as good as none.
    pub fn open(tenant: &Tenant, text: &str) -> Option<Self> {
        let sealed: Sealed<Self> = seal::from_text(text, TEXT_BYTES_MAX).ok()?;
        let binding = Binding::new(Purpose::DeviceCookie, tenant.id);
        tenant.keys.open_json(&binding, &sealed).ok()
    }

    /// Whether this account signed in from here.
    pub fn knows(&self, username: &str) -> bool {
        self.accounts.contains(&account(username))
    }

    /// What names this browser in a counter.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The cookie's text after a complete sign-in of this account.
    pub fn remembering(
        known: Option<Self>,
        tenant: &Tenant,
        username: &str,
        now: Timestamp,
        entropy: &(impl Entropy + ?Sized),
    ) -> Option<String> {
        let mut device = known.unwrap_or_else(|| Self {
            id: u64::from_be_bytes(random(entropy)),
            accounts: Vec::new(),
            at: now,
        });
        let account = account(username);
        device.accounts.retain(|known| *known != account);
        device.accounts.push(account);
        if device.accounts.len() > ACCOUNTS_MAX {
            device.accounts.remove(0);
        }
        device.at = now;
        let binding = Binding::new(Purpose::DeviceCookie, tenant.id);
        let sealed = tenant.keys.seal_json(&binding, &device, TEXT_BYTES_MAX, entropy).ok()?;
        Some(seal::to_text(&sealed))
    }
}

fn account(username: &str) -> u64 {
    let digest = sha256(&[b"device-account:", username.as_bytes()]);
    u64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
}
