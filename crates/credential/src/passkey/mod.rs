//! Passkeys (WebAuthn, Level 3): what a browser is asked, and whether what came back is good.
//!
//! The checks are webauthn-rs's. Challenges are not: they are arguments, so that whoever carries them decides for how
//! long and how often one counts, and no chance is drawn here. Whether a passkey must have checked its holder is asked
//! anew each time; all of them did when they were registered.
//!
//! Attestation is not asked for: what kind of device it is would be known, and decides nothing here.

mod makers;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::internals::AuthenticatorData;
use webauthn_rs_core::proto::{
    AuthenticationState, COSEAlgorithm, COSEKey, Credential, CredentialV3, PublicKeyCredential,
    RegisterPublicKeyCredential, Registration, RegistrationState, RequestRegistrationExtensions,
    UserVerificationPolicy,
};

/// Bytes of a challenge.
pub const CHALLENGE_BYTES: usize = 32;
/// Longest answer of a browser that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// The browser waits for its person for so long, in milliseconds.
pub const PROMPT_MILLIS: u32 = 150_000;

/// What is to be signed.
pub type Challenge = [u8; CHALLENGE_BYTES];

/// The site that passkeys are made for.
pub struct RelyingParty {
    core: WebauthnCore,
    id: String,
    name: String,
}

/// Passkeys cannot be used at this origin with this id: it is neither its host nor a domain above it, or no domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the relying-party id is neither the host of the origin nor a domain above it")]
pub struct ForeignId;

/// For whom a passkey is made.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// Bytes that stand for the person and say nothing; the passkey gives them back when it is used.
    pub handle: &'a [u8],
    /// The user name, as the browser shows it.
    pub name: &'a str,
    /// The person's name, as the browser shows it.
    pub display_name: &'a str,
}

/// What a passkey must have checked about who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// That it is its own, by PIN, finger or face.
    Verified,
    /// That somebody is there.
    Present,
}

/// What is kept of a passkey.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Passkey {
    /// The credential id.
    #[serde(with = "text")]
    id: Vec<u8>,
    key: COSEKey,
    /// It can be copied to other devices.
    backup_eligible: bool,
    /// It was.
    backed_up: bool,
    /// How the browser may reach it: hints.
    transports: Vec<String>,
    /// What made it, as it says itself: a hint for a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_by: Option<[u8; 16]>,
}

/// A passkey that was just made.
#[derive(Debug, Clone)]
pub struct Registered {
    /// What is kept.
    pub passkey: Passkey,
    /// Its counter of signatures; 0 if it keeps none.
    pub counter: u32,
}

/// A passkey signed.
#[derive(Debug, Clone)]
pub struct Used {
    /// It checked its holder.
    pub user_verified: bool,
    /// Its counter of signatures; 0 if it keeps none.
    pub counter: u32,
    /// What is to be kept from now on, if that changed (it was copied to another device).
    pub changed: Option<Passkey>,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not this passkey's signature over this challenge at this site.
    #[error("the answer does not belong to this challenge")]
    Mismatch,
    /// It did not check its holder.
    #[error("the holder was not verified")]
    Unverified,
    /// Its counter did not grow.
    #[error("the counter did not grow")]
    Counter,
}

/// What a passkey signed, as the browser sent it: nothing of it is believed yet.
pub struct Assertion(PublicKeyCredential);

impl Assertion {
    /// Read the browser's JSON.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > ANSWER_BYTES_MAX {
            return None;
        }
        let read: PublicKeyCredential = serde_json::from_str(text).ok()?;
        (read.type_ == "public-key" && !read.raw_id.is_empty()).then_some(Self(read))
    }

    /// The id of the passkey that is said to have signed.
    pub fn credential_id(&self) -> &[u8] {
        &self.0.raw_id
    }

    /// Whether the page stood in a frame of another site. The library looks at this of new passkeys alone.
    fn is_framed(&self) -> bool {
        #[derive(Deserialize)]
        struct ClientData {
            #[serde(default, rename = "crossOrigin")]
            cross_origin: Option<bool>,
        }
        let read = serde_json::from_slice::<ClientData>(&self.0.response.client_data_json);
        read.map_or(true, |data| data.cross_origin == Some(true))
    }

    /// The bytes that stand for its person; a passkey that was named by the page may leave them out.
    pub fn handle(&self) -> Option<&[u8]> {
        self.0.response.user_handle.as_deref().filter(|handle| !handle.is_empty())
    }
}

impl Passkey {
    /// The credential id.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// What made it ("iCloud Keychain"), as far as it says so and is known. For display alone.
    pub fn maker(&self) -> Option<&'static str> {
        makers::name_of(self.made_by.as_ref()?)
    }

    /// As bytes, to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a passkey's fields can all be written as JSON")
    }

    /// Read what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// As the library checks it.
    fn credential(&self, counter: u32) -> Credential {
        let old = CredentialV3 {
            cred_id: self.id.clone(),
            cred: self.key.clone(),
            counter,
            verified: false,
            // Whether its holder must be verified is said with each challenge.
            registration_policy: UserVerificationPolicy::Preferred,
        };
        let credential = Credential::from(old);
        Credential {
            backup_eligible: self.backup_eligible,
            backup_state: self.backed_up,
            ..credential
        }
    }

    fn descriptor(&self) -> Value {
        json!({ "type": "public-key", "id": encoded(&self.id), "transports": self.transports })
    }
}

/// What of a registration is read besides what the library reads.
#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    transports: Vec<String>,
    /// `getAuthenticatorData()`: a hint, checked by nobody.
    #[serde(default, rename = "authenticatorData")]
    data: Option<String>,
}

impl RelyingParty {
    /// The site `id`, whose pages are at `origin` and nowhere else.
    pub fn new(id: &str, origin: &str, name: &str) -> Result<Self, ForeignId> {
        let url = url::Url::parse(origin).map_err(|_| ForeignId)?;
        let host = url.domain().ok_or(ForeignId)?;
        let above = || {
            let below = host.strip_suffix(id).is_some_and(|rest| rest.ends_with('.'));
            below && id.contains('.') && !id.starts_with('.')
        };
        if id != host && !above() {
            return Err(ForeignId);
        }
        let timeout = std::time::Duration::from_millis(u64::from(PROMPT_MILLIS));
        let no = Some(false);
        let core =
            WebauthnCore::new_unsafe_experts_only(name, id, vec![url.clone()], timeout, no, no);
        Ok(Self { core, id: id.to_owned(), name: name.to_owned() })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What `navigator.credentials.create` is told, as JSON with bytes in base64url.
    pub fn creation(&self, challenge: &Challenge, owner: Owner<'_>, known: &[Passkey]) -> String {
        let algorithms = COSEAlgorithm::secure_algs();
        let kinds =
            algorithms.iter().map(|kind| json!({"type": "public-key", "alg": *kind as i64}));
        json!({
            "rp": { "id": self.id, "name": self.name },
            "user": {
                "id": encoded(owner.handle),
                "name": owner.name,
                "displayName": owner.display_name,
            },
            "challenge": encoded(challenge),
            "pubKeyCredParams": kinds.collect::<Vec<_>>(),
            "timeout": PROMPT_MILLIS,
            "excludeCredentials": known.iter().map(Passkey::descriptor).collect::<Vec<_>>(),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
            "extensions": { "credProps": true },
        })
        .to_string()
    }

    /// What `PublicKeyCredential.signalAllAcceptedCredentials` is told, so that browsers stop offering the others of
    /// this person.
    pub fn accepted(&self, handle: &[u8], known: &[Passkey]) -> String {
        json!({
            "rpId": self.id,
            "userId": encoded(handle),
            "allAcceptedCredentialIds": known.iter().map(|one| encoded(one.id())).collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// Check what the browser made.
    pub fn register(
        &self,
        challenge: &Challenge,
        known: &[Passkey],
        answer: &str,
    ) -> Result<Registered, Refused> {
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(Refused::Mismatch);
        }
        let read: RegisterPublicKeyCredential =
            serde_json::from_str(answer).map_err(|_| Refused::Mismatch)?;
        if read.type_ != "public-key" {
            return Err(Refused::Mismatch);
        }
        let said: Said = serde_json::from_str(answer).unwrap_or_default();
        let made = self
            .core
            .register_credential(&read, &registration_state(challenge, known), None)
            .map_err(|error| refused(&error))?;
        let passkey = Passkey {
            id: made.cred_id,
            key: made.cred,
            backup_eligible: made.backup_eligible,
            backed_up: made.backup_state,
            transports: transports(&said.transports),
            made_by: said.data.as_deref().and_then(maker_bytes),
        };
        Ok(Registered { passkey, counter: made.counter })
    }

    /// What `navigator.credentials.get` is told, as JSON with bytes in base64url. Nobody's passkeys are named where
    /// nobody is known yet.
    pub fn request(&self, challenge: &Challenge, holder: Holder, allowed: &[Passkey]) -> String {
        let verification = match holder {
            Holder::Verified => "required",
            Holder::Present => "preferred",
        };
        json!({
            "challenge": encoded(challenge),
            "timeout": PROMPT_MILLIS,
            "rpId": self.id,
            "allowCredentials": allowed.iter().map(Passkey::descriptor).collect::<Vec<_>>(),
            "userVerification": verification,
        })
        .to_string()
    }

    /// Check what a passkey signed; `counter` is what it said last.
    pub fn verify(
        &self,
        challenge: &Challenge,
        holder: Holder,
        (passkey, counter): (&Passkey, u32),
        answer: &Assertion,
    ) -> Result<Used, Refused> {
        if answer.is_framed() {
            return Err(Refused::Mismatch);
        }
        let state = authentication_state(challenge, holder);
        let credential = passkey.credential(counter);
        let found = self
            .core
            .authenticate_single_credential(&answer.0, &state, &credential)
            .map_err(|error| refused(&error))?;
        let (eligible, backed_up) = (found.backup_eligible(), found.backup_state());
        let same = (eligible, backed_up) == (passkey.backup_eligible, passkey.backed_up);
        let changed = Passkey { backup_eligible: eligible, backed_up, ..passkey.clone() };
        Ok(Used {
            user_verified: found.user_verified(),
            counter: found.counter(),
            changed: (!same).then_some(changed),
        })
    }
}

/// What the library would have kept between its two steps, made of our own challenge.
fn registration_state(challenge: &Challenge, known: &[Passkey]) -> RegistrationState {
    let known: Vec<String> = known.iter().map(|passkey| encoded(&passkey.id)).collect();
    let extensions = RequestRegistrationExtensions { cred_props: Some(true), ..no_extensions() };
    let state = json!({
        "policy": UserVerificationPolicy::Required,
        "exclude_credentials": known,
        "challenge": encoded(challenge),
        "credential_algorithms": COSEAlgorithm::secure_algs(),
        "require_resident_key": true,
        "authenticator_attachment": null,
        "extensions": extensions,
        "allow_synchronised_authenticators": true,
    });
    serde_json::from_value(state).expect("these are the fields of the library's state")
}

const fn no_extensions() -> RequestRegistrationExtensions {
    RequestRegistrationExtensions {
        cred_protect: None,
        uvm: None,
        cred_props: None,
        min_pin_length: None,
        hmac_create_secret: None,
    }
}

/// The same for signing.
fn authentication_state(challenge: &Challenge, holder: Holder) -> AuthenticationState {
    let policy = match holder {
        Holder::Verified => UserVerificationPolicy::Required,
        Holder::Present => UserVerificationPolicy::Preferred,
    };
    let state = json!({
        "credentials": [],
        "policy": policy,
        "challenge": encoded(challenge),
        "appid": null,
        "allow_backup_eligible_upgrade": true,
    });
    serde_json::from_value(state).expect("these are the fields of the library's state")
}

fn refused(error: &WebauthnError) -> Refused {
    match error {
        WebauthnError::UserNotVerified => Refused::Unverified,
        WebauthnError::CredentialPossibleCompromise => Refused::Counter,
        _ => Refused::Mismatch,
    }
}

/// The transports that there are (WebAuthn Level 3, 5.8.4), each once.
fn transports(said: &[String]) -> Vec<String> {
    const KNOWN: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];
    let named = |known: &&&str| said.iter().any(|one| one == **known);
    KNOWN.iter().filter(named).map(|known| (*known).to_owned()).collect()
}

/// The AAGUID in the data of an authenticator; none if it does not say what made it.
fn maker_bytes(text: &str) -> Option<[u8; 16]> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let data: AuthenticatorData<Registration> = bytes.as_slice().try_into().ok()?;
    let made_by = data.acd?.aaguid;
    (made_by != [0; 16]).then_some(made_by)
}

fn encoded(bytes: &[u8]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(bytes)
}

/// Bytes as base64url.
mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::encoded(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        data_encoding::BASE64URL_NOPAD
            .decode(text.as_bytes())
            .map_err(|_| serde::de::Error::custom("no base64url"))
    }
}
