//! A passkey in software, with a browser around it: it makes and signs as told, rightly or wrongly.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// -7 (RFC 9053, 2.1) as CBOR.
const ES256: u8 = 0x26;
/// Bytes of a credential id.
const ID_BYTES: u8 = 32;

/// A passkey.
pub struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    handle: Vec<u8>,
    /// Its counter of signatures; one that keeps none stays at zero.
    pub counter: u32,
}

/// How it makes or signs, and what the browser around it says. [`Manner::at`] is right in everything.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of what is signed, as the standard has it"
)]
pub struct Manner {
    /// The page's origin, as the browser sees it.
    pub origin: String,
    /// `type` of the client data; the right one if empty.
    pub kind: &'static str,
    /// The relying party that it signs for; the one that the page names, if there is none here.
    pub relying_party: Option<String>,
    /// What it signs; the page's challenge, if there is none here.
    pub challenge: Option<Vec<u8>>,
    /// Somebody touched it.
    pub present: bool,
    /// It checked its holder.
    pub verified: bool,
    /// It says whose it is.
    pub names_holder: bool,
    /// The page is in a frame of another site.
    pub cross_origin: bool,
    /// It was copied to another device.
    pub backed_up: bool,
    /// The algorithm that it says its key is for, as one byte of CBOR; ES256 is what it is for.
    pub algorithm: u8,
    /// Leave so many bytes off the end of what it makes.
    pub truncated: usize,
}

impl Manner {
    /// As an honest browser does it on a page of this origin.
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            kind: "",
            relying_party: None,
            challenge: None,
            present: true,
            verified: true,
            names_holder: true,
            cross_origin: false,
            backed_up: false,
            algorithm: ES256,
            truncated: 0,
        }
    }

    fn flags(&self, more: u8) -> u8 {
        let backed_up = if self.backed_up { 0x10 } else { 0 };
        u8::from(self.present) | u8::from(self.verified) << 2 | 0x08 | backed_up | more
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let asked = options["challenge"].as_str().unwrap_or_default().to_owned();
        let challenge = self.challenge.as_ref().map_or(asked, |own| BASE64URL_NOPAD.encode(own));
        json!({
            "type": if self.kind.is_empty() { kind } else { self.kind },
            "challenge": challenge,
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        })
        .to_string()
    }

    fn relying_party(&self, named: &Value) -> Vec<u8> {
        let named = named.as_str().unwrap_or_default();
        let id = self.relying_party.as_deref().unwrap_or(named);
        digest(&SHA256, id.as_bytes()).as_ref().to_vec()
    }
}

impl Authenticator {
    /// Make a passkey as a page asks with `options`, and the browser's answer.
    pub fn make(options: &str, manner: &Manner) -> (Self, String) {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        // As random as its key.
        let id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        let mut made = Self { key, id, handle: Vec::new(), counter: 1 };
        let answer = made.register(options, manner);
        (made, answer)
    }

    /// Say that this one was just made, as a page asks with `options`: the browser's answer.
    pub fn register(&mut self, options: &str, manner: &Manner) -> String {
        let options: Value = serde_json::from_str(options).expect("options are JSON");
        let handle = options["user"]["id"].as_str().unwrap_or_default();
        self.handle = BASE64URL_NOPAD.decode(handle.as_bytes()).expect("a handle");
        let mut data = manner.relying_party(&options["rp"]["id"]);
        data.push(manner.flags(0x40));
        data.extend(self.counter.to_be_bytes());
        data.extend([0; 16]);
        data.extend([0, ID_BYTES]);
        data.extend(&self.id);
        data.extend(self.public_key(manner.algorithm));
        data.truncate(data.len().saturating_sub(manner.truncated));
        let client_data = manner.client_data("webauthn.create", &options);
        json!({
            "id": BASE64URL_NOPAD.encode(&self.id),
            "rawId": BASE64URL_NOPAD.encode(&self.id),
            "type": "public-key",
            "response": {
                "attestationObject": BASE64URL_NOPAD.encode(&attestation(&data)),
                "clientDataJSON": BASE64URL_NOPAD.encode(client_data.as_bytes()),
            },
            "transports": ["internal", "hybrid", "pigeon"],
            "authenticatorData": BASE64URL_NOPAD.encode(&data),
        })
        .to_string()
    }

    /// Sign as a page asks with `options`: the browser's answer.
    pub fn sign(&mut self, options: &str, manner: &Manner) -> String {
        let options: Value = serde_json::from_str(options).expect("options are JSON");
        self.counter += u32::from(self.counter > 0);
        let mut data = manner.relying_party(&options["rpId"]);
        data.push(manner.flags(0));
        data.extend(self.counter.to_be_bytes());
        data.truncate(data.len().saturating_sub(manner.truncated));
        let client_data = manner.client_data("webauthn.get", &options);
        let signed = [data.as_slice(), digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        json!({
            "id": BASE64URL_NOPAD.encode(&self.id),
            "rawId": BASE64URL_NOPAD.encode(&self.id),
            "type": "public-key",
            "response": {
                "authenticatorData": BASE64URL_NOPAD.encode(&data),
                "clientDataJSON": BASE64URL_NOPAD.encode(client_data.as_bytes()),
                "signature": BASE64URL_NOPAD.encode(signature.as_ref()),
                "userHandle": manner.names_holder.then(|| BASE64URL_NOPAD.encode(&self.handle)),
            },
        })
        .to_string()
    }

    /// The credential id, as it stands in a page's options.
    pub fn id(&self) -> String {
        BASE64URL_NOPAD.encode(&self.id)
    }

    /// The same credential id with another key behind it: somebody pretends to be it.
    #[must_use]
    pub fn forged(&self) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        Self { key, id: self.id.clone(), handle: self.handle.clone(), counter: self.counter }
    }

    /// The public key as COSE (RFC 9053): P-256, for this algorithm.
    fn public_key(&self, algorithm: u8) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let head = [0xa5, 0x01, 0x02, 0x03, algorithm, 0x20, 0x01, 0x21, 0x58, 0x20];
        [head.as_slice(), x, &[0x22, 0x58, 0x20], y].concat()
    }
}

/// An attestation object (WebAuthn, 6.5) that attests nothing, as CBOR.
fn attestation(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("authenticator data is short").to_be_bytes();
    let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59";
    [head.as_slice(), &length, data].concat()
}
