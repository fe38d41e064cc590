//! The device cookie: which accounts signed in from this browser, and what each showed last as the one more proof.
//! Sealed, at most eight, proves nothing.
//!
//! It only moves its bearer to another counter and to the front of the hash queue (decisions on counters).

use sekimori_base::{Entropy, Sealed, Timestamp, random};
use sekimori_directory::{Method, Username};
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
    /// What was shown last for some of them, as the one more proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    last: Vec<(u64, Method)>,
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

    /// The one more proof that was shown last for this account from this browser.
    pub fn last(device: Option<&Self>, username: Option<&Username>) -> Option<Method> {
        let account = account(username?.as_str());
        device?.last.iter().find(|(known, _)| *known == account).map(|(_, method)| *method)
    }

    /// What names this browser in a counter.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The cookie's text after a complete sign-in of this account, in which `shown` was the one more proof.
    pub fn remembering(
        known: Option<Self>,
        tenant: &Tenant,
        (username, shown): (&str, Option<Method>),
        now: Timestamp,
        entropy: &(impl Entropy + ?Sized),
    ) -> Option<String> {
        let mut device = known.unwrap_or_else(|| Self {
            id: u64::from_be_bytes(random(entropy)),
            accounts: Vec::new(),
            last: Vec::new(),
            at: now,
        });
        let account = account(username);
        device.accounts.retain(|known| *known != account);
        device.accounts.push(account);
        if device.accounts.len() > ACCOUNTS_MAX {
            device.accounts.remove(0);
        }
        if let Some(method) = shown {
            device.last.retain(|(known, _)| *known != account);
            device.last.push((account, method));
        }
        device.last.retain(|(known, _)| device.accounts.contains(known));
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
