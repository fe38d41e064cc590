//! Published test vectors, and values of our own formats that must never change.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekimori_base::Sealed;
use sekimori_keys::jws::{Expected, ExpectedAudience, ExpectedLifetime, JwsError};
use sekimori_keys::{
    Binding, DataKey, Jwk, KeyRing, KeyState, KeyVersion, Purpose, RootKeys, SignatureAlgorithm,
    Signer, SigningKey, digest, pkce, seal,
};

use crate::chance::{Counted, TENANT, at};
use crate::tokens::{check, expected};

/// The claims of RFC 7515, A.1 to A.3.
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
                      cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn joe(keys: &[Jwk], seconds: i64) -> Expected<'_> {
    Expected {
        issuer: "joe",
        audience: ExpectedAudience::Any,
        lifetime: ExpectedLifetime::Current { ahead_seconds_max: 60 },
        now: at(seconds),
        ..expected(keys)
    }
}

fn checked(key: &str, header: &str, signature: &str) {
    let keys = [Jwk::parse(key).unwrap()];
    let token = format!("{header}.{CLAIMS}.{signature}");
    let verified = check(&token, &joe(&keys, 1_300_819_379)).unwrap();
    assert_eq!(verified.claims()["http://example.com/is_root"], true);
    let later = check(&token, &joe(&keys, 1_300_819_390)).err();
    assert_eq!(later, Some(JwsError::Expired));
}

#[test]
fn rfc_7515_a_2_rs256() {
    let key = concat!(
        r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W"#,
        r#"26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6"#,
        r#"b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WT"#,
        r#"BEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8N"#,
        r#"Aco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
    );
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7\
                     AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4\
                     BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K\
                     0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv\
                     hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
                     p0igcN_IoypGlUPQGe77Rw";
    checked(key, "eyJhbGciOiJSUzI1NiJ9", signature);
}

#[test]
fn rfc_7515_a_3_es256() {
    let key = r#"{"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA\
                     pmWQxfKTUJqPP3-Kg6NU1Q";
    checked(key, "eyJhbGciOiJFUzI1NiJ9", signature);
}

#[test]
fn rfc_7515_a_1_and_a_5_are_refused_for_their_algorithms() {
    let hmac = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.\
         dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    let unsecured = format!("eyJhbGciOiJub25lIn0.{CLAIMS}.");
    for token in [hmac, unsecured] {
        let error = check(&token, &joe(&[], 1_300_819_379)).err();
        assert_eq!(error, Some(JwsError::Algorithm));
    }
}

#[test]
fn rfc_7638_3_1_thumbprint() {
    let key = concat!(
        r#"{"kty":"RSA","e":"AQAB","alg":"RS256","kid":"2011-04-29","n":"0vx7agoebGcQSuuPiL"#,
        r#"JXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX"#,
        r#"jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW"#,
        r#"2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF"#,
        r#"TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnq"#,
        r#"DKgw"}"#,
    );
    let thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(Jwk::parse(key).unwrap().thumbprint(), thumbprint);
}

#[test]
fn rfc_8037_appendix_a_key_thumbprint_and_signature() {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    // RFC 8410, 7: the private key as PKCS#8.
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let pkcs8 = [&prefix[..], &seed].concat();
    let key = SigningKey::from_pkcs8(SignatureAlgorithm::EdDsa, &pkcs8).unwrap();
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let public = serde_json::to_value(key.public()).unwrap();
    assert_eq!(public["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    let signature = key.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc").unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    assert_eq!(key.to_pkcs8().expose(), &pkcs8, "the form that openssl reads");
}

#[test]
fn rfc_7636_appendix_b_challenge() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    assert_eq!(pkce::s256_challenge(verifier), challenge);
    assert!(pkce::s256_matches(verifier, challenge) && pkce::is_challenge(challenge));
    assert!(!pkce::s256_matches(challenge, verifier));
    assert!(!pkce::s256_matches(verifier, verifier), "the plain method is not taken");
    assert!(!pkce::s256_matches(verifier, ""));
    let shape = |text: &str| pkce::is_verifier(text);
    assert!(shape(&"a".repeat(43)) && shape(&"~".repeat(128)));
    assert!(!shape(&"a".repeat(42)) && !shape(&"a".repeat(129)) && !shape(&"é".repeat(43)));
    assert!(!pkce::is_challenge(&challenge[1..]) && !pkce::is_challenge(""));
}

#[test]
fn openid_connect_core_a_3_hashes() {
    let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
    let half = digest::left_half;
    let narrow = [SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps256, SignatureAlgorithm::Es256];
    for algorithm in narrow {
        assert_eq!(half(algorithm, access_token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half(algorithm, code), "LDktKdoQak3Pk0cnXxCltA");
    }
    assert_eq!(half(SignatureAlgorithm::EdDsa, code).len(), 43, "half of SHA-512");
}

#[test]
fn rfc_4231_2_hmac_and_fips_180_sha256() {
    let tag = digest::hmac_sha256(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(hex(&tag), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    let abc = digest::sha256(&[b"a", b"bc"]);
    assert_eq!(hex(&abc), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Made by an independent implementation (HKDF from HMAC, AES-256-GCM-SIV of OpenSSL). If this
/// fails, databases and cookies of the version before cannot be read.
#[test]
fn our_own_formats_stay_as_they_are() {
    let roots = RootKeys::generate(&Counted::from(1));
    let root = roots.newest();
    assert_eq!(
        root.to_text().expose(),
        "srk1_sey4gx8dxew56m4kpffaz25cfx6fz1t2anvab3f2qb3n9b6v8rb1s19b3m"
    );
    assert_eq!(root.id().to_string(), "ajervy89cgqve");
    let key = DataKey::generate(&Counted::from(2));
    let sealed = roots.seal_data_key(TENANT, KeyVersion(1), &key, &Counted::from(3));
    assert_eq!(
        seal::to_text(&sealed),
        "AlSdjfkJZC-3DjN7eZd56WYgG36VoyblZDT7P--pEXzwN5jFO1BQHheFqDudLGXAQD_ErQkkQEmPbb3ZcohR2Lnr\
         FUGpgZ07OA"
    );

    let state = KeyState::Active { since: at(0) };
    let key = DataKey::generate(&Counted::from(1));
    let ring = KeyRing::new([(KeyVersion(1), state, key)]).unwrap();
    let binding = Binding::new(Purpose::SealedRequest, TENANT).about(b"browser");
    let sealed: Sealed<[u8]> = ring.seal(&binding, b"hello", &Counted::from(99)).unwrap();
    assert_eq!(seal::to_text(&sealed), "AQAAAAEF2o-dbTalMY7ZkkPcLi3iMuk4QPMRCigZJLjG9Si80V1y_sd9");
    let digest = ring.digest(Purpose::TokenDigest, TENANT, b"token");
    let expected = "c6pYi2ixgS1qw4o2TRKtOIbjrmQOGn2EtIP8m8p7L6k";
    assert_eq!(URL_SAFE_NO_PAD.encode(digest.bytes()), expected);
}

/// Labels are written out here once more: changing one makes data unreadable.
#[test]
fn no_label_of_a_purpose_changes() {
    let labels: Vec<_> = Purpose::ALL.iter().map(|purpose| purpose.label()).collect();
    assert_eq!(
        labels,
        [
            "sealed-request",
            "binding-cookie",
            "device-cookie",
            "form-token",
            "database-secret",
            "signing-key-at-rest",
            "data-key-at-rest",
            "token-digest",
            "identifier-digest",
            "audit-checkpoint",
            "outbox",
            "enrolment",
            "notice-link",
            "pairwise-subject",
            "refused-form",
            "passkey-challenge",
            "certificate-try",
            "certificate-found",
            "authority-key-at-rest",
            "issued-file",
            "desk-handle",
            "bounce-address",
        ]
    );
}
