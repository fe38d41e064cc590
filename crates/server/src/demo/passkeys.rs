//! A passkey in the demo, with its private key on paper: what a browser with a pretended device signs in with.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sekimori_directory::{Binding, Person};
use sekimori_flow::admin::By;
use sekimori_flow::{Flow, Tenant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::command::Failed;

/// Somebody's passkey as it stands on paper: what `WebAuthn.addCredential` of a browser's pretended device takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldPasskey {
    /// Which, in base 64.
    pub credential_id: String,
    /// Its private key (PKCS#8), in base 64.
    pub private_key_pkcs8: String,
    /// What it says whose it is, in base 64.
    pub user_handle: String,
    /// What it is bound to.
    pub rp_id: String,
}

/// Make one for somebody and register it, as a browser would.
pub async fn hand_out(
    flow: &Flow,
    tenant: &Arc<Tenant>,
    person: &Person,
    by: &By,
) -> Result<HeldPasskey, Failed> {
    let doing = "making a passkey";
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
    let document = key.map_err(Failed::at(doing))?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref());
    let key = key.map_err(Failed::at(doing))?;
    let point = key.public_key().as_ref();
    let id = digest(&SHA256, point);
    let mut held = HeldPasskey {
        credential_id: STANDARD.encode(id.as_ref()),
        private_key_pkcs8: STANDARD.encode(document.as_ref()),
        user_handle: STANDARD.encode(person.id.bytes()),
        rp_id: String::new(),
    };
    let made = |options: &str| {
        let options: Value = serde_json::from_str(options).unwrap_or_default();
        options["rp"]["id"].as_str().unwrap_or_default().clone_into(&mut held.rp_id);
        answer(&options, tenant.issuer(), id.as_ref(), point)
    };
    let taken = flow.hand_out_passkey(tenant, person, Binding::Letter, by, made).await;
    if !taken.map_err(Failed::at(doing))? {
        return Err(Failed::new("the demo's passkey was not taken"));
    }
    Ok(held)
}

/// What a browser says that made it (WebAuthn, 5.2.1 and 6.5): user present and verified, no counter, no attestation.
fn answer(options: &Value, issuer: &str, id: &[u8], point: &[u8]) -> String {
    /// Present, verified, with a key.
    const FLAGS: u8 = 0x45;
    let (x, y) = point[1..].split_at(32);
    let rp_id = options["rp"]["id"].as_str().unwrap_or_default();
    let id_length = u16::try_from(id.len()).unwrap_or_default().to_be_bytes();
    let data = [
        digest(&SHA256, rp_id.as_bytes()).as_ref(),
        &[FLAGS],
        &[0; 4],
        &[0; 16],
        &id_length,
        id,
        // A key for ES256 on P-256 (RFC 9053, 2.1 and 7.1.1), as CBOR.
        &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20],
        x,
        &[0x22, 0x58, 0x20],
        y,
    ]
    .concat();
    let data_length = u16::try_from(data.len()).unwrap_or_default().to_be_bytes();
    let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59";
    let attestation = [head.as_slice(), &data_length, &data].concat();
    let client_data = json!({
        "type": "webauthn.create",
        "challenge": options["challenge"],
        "origin": issuer,
        "crossOrigin": false,
    });
    json!({
        "id": URL_SAFE_NO_PAD.encode(id),
        "rawId": URL_SAFE_NO_PAD.encode(id),
        "type": "public-key",
        "response": {
            "attestationObject": URL_SAFE_NO_PAD.encode(attestation),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data.to_string()),
        },
        "transports": ["internal"],
    })
    .to_string()
}
