//! A site, its people and its keys, for the tests of this crate.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekimori_base::{Bilingual, FactorId, Language, PersonId, SessionId, Timestamp};
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{
    Affiliation, Binding, Group, MailAddress, Method, Person, PersonState, Position,
    PositionOrigin, Site, Username,
};
use sekimori_keys::rotation::KeyState;
use sekimori_keys::{KeyProfile, SignatureAlgorithm, Signer, SigningKey, SigningKeySet};
use sekimori_login::throttle::Bucket;
use sekimori_login::{
    AttemptFacts, Authenticated, BrowserFacts, Demand, FACTS_SCHEMA, FactorFacts, FactorState,
    Facts, IdentifierFacts, KnownPerson, Next, PersonFacts, Policy, Proof, ServiceFacts,
    ThrottleFacts,
};
use serde_json::json;

use crate::form::Form;
use crate::grant::CodePayload;
use crate::request::{AuthorizeRequest, parse};
use crate::subject::PairwiseKey;
use crate::{AuthorizeError, Credential, Refused};

pub const ISSUER: &str = "https://login.example.ac.jp";
pub const SFA: &str = "https://refeds.org/profile/sfa";
pub const MFA: &str = "https://refeds.org/profile/mfa";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const PERSON: PersonId = PersonId::from_bytes([7; 16]);
pub const SESSION: SessionId = SessionId::from_bytes([8; 16]);
pub const GRANT: sekimori_base::GrantId = sekimori_base::GrantId::from_bytes([9; 16]);
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// Clients of every kind; `app` is the plain one.
pub fn site() -> Site {
    let service = |name: &str, oidc: serde_json::Value| {
        let mut client = json!({
            "client_id": name,
            "redirect_uris": [format!("https://{name}.example/cb")],
        });
        for (member, value) in oidc.as_object().unwrap() {
            client[member] = value.clone();
        }
        json!({ "name": name, "title": { "en": name, "ja": name }, "oidc": client })
    };
    let all_scopes =
        ["openid", "profile", "email", "affiliation", "groups", "offline_access", "api:read"];
    let all_grants = ["authorization_code", "refresh_token", "client_credentials"];
    let mut off = service("off", json!({}));
    off["disabled"] = json!(true);
    serde_json::from_value(json!({
        "issuer": ISSUER,
        "organisation": { "name": { "en": "Example", "ja": "例" } },
        "mail_domains": ["example.ac.jp"],
        "service": [
            service("app", json!({
                "scopes": all_scopes,
                "grants": all_grants,
                "cors_origins": ["https://app.example"],
                "post_logout_redirect_uris": ["https://app.example/bye", "https://app.example/?x=1"],
            })),
            service("other", json!({ "auth": "client_secret_post" })),
            service("public", json!({ "auth": "none", "pkce": "optional", "grants": all_grants })),
            service("legacy", json!({ "pkce": "optional", "default_max_age_seconds": 600 })),
            service("keyed", json!({ "auth": "private_key_jwt", "grants": all_grants })),
            service("pair", json!({ "subject": "pairwise", "token_algorithm": "EdDSA" })),
            service("machine", json!({ "grants": ["client_credentials"] })),
            service("native", json!({
                "auth": "none",
                "kind": "native",
                "redirect_uris": ["http://127.0.0.1/cb", "jp.ac.example.native:/cb"],
            })),
            off,
        ],
    }))
    .unwrap()
}

pub fn person() -> Person {
    Person {
        id: PERSON,
        username: Username::parse("s1234567").unwrap(),
        name: Bilingual::new("Hanako Yamada", "山田 花子"),
        mail: Some(MailAddress::parse("hanako@example.ac.jp").unwrap()),
        affiliations: BTreeSet::from([Affiliation::Student, Affiliation::Member]),
        groups: BTreeSet::from([Group::parse("lab").unwrap()]),
        administrator: false,
        state: PersonState::ACTIVE,
        language: Language::Japanese,
        updated_at: Timestamp::from_unix_seconds(1_700_000_000),
    }
}

pub fn pairwise_key() -> PairwiseKey {
    PairwiseKey::new([3; 32])
}

pub fn keys() -> SigningKeySet {
    let key = |profile| -> (KeyState, Arc<dyn Signer>) {
        (KeyState::Active { since: NOW }, Arc::new(SigningKey::generate(profile).unwrap()))
    };
    SigningKeySet::new(NOW, [key(KeyProfile::Es256), key(KeyProfile::EdDsa)])
}

pub const SIGNING: [SignatureAlgorithm; 2] = [SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa];

/// A query string of these parameters.
pub fn query(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// A good request of a client, with `more` parameters; a value of a good one is replaced, or dropped if empty.
pub fn request_of(client: &str, more: &[(&str, &str)]) -> String {
    let address = format!("https://{client}.example/cb");
    let mut parameters = vec![
        ("client_id", client),
        ("redirect_uri", address.as_str()),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    parameters.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    parameters.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    query(&parameters)
}

pub fn accepted(client: &str, more: &[(&str, &str)]) -> AuthorizeRequest {
    parse(request_of(client, more).as_bytes(), &site()).unwrap()
}

pub fn refused(client: &str, more: &[(&str, &str)]) -> Refused {
    match parse(request_of(client, more).as_bytes(), &site()) {
        Err(AuthorizeError::Redirect(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

/// What the engine makes of somebody who has shown a password, and a code of a factor bound like this.
pub fn authenticated(demand: &Demand, factor: Option<Binding>) -> Option<Authenticated> {
    let zone = ZoneName::parse("campus").unwrap();
    let id = FactorId::from_bytes([5; 16]);
    let proof = |method, factor, binding| Proof {
        person: PERSON,
        method,
        factor,
        binding,
        at: NOW.plus_seconds(-20),
        zone: zone.clone(),
        user_verified: false,
    };
    let mut proofs = vec![proof(Method::Password, None, None)];
    proofs.extend(factor.map(|binding| proof(Method::Totp, Some(id), Some(binding))));
    let factors = factor.map(|binding| FactorFacts {
        id,
        method: Method::Totp,
        binding,
        state: FactorState::Ready,
        registered_at: NOW.plus_seconds(-9000),
        last_used_at: None,
        codes_left: None,
    });
    let facts = Facts {
        schema: FACTS_SCHEMA,
        now: NOW,
        demand: demand.clone(),
        service: ServiceFacts {
            name: demand.audience.clone(),
            disabled: false,
            groups: BTreeSet::new(),
        },
        position: Position {
            address: None,
            origin: PositionOrigin::Peer,
            zone: zone.clone(),
            inside: true,
            password_suffices: true,
            may_enrol: true,
            relay: None,
        },
        attempt: Some(AttemptFacts {
            begun_at: NOW.plus_seconds(-30),
            zone_at_begin: zone,
            credential_epoch: 1,
            chosen: None,
            last_drift: None,
            mailed: None,
        }),
        browser: BrowserFacts { known_device: false, last_method: None },
        identifier: IdentifierFacts::Typed { username: Some("s1234567".into()), hints: vec![] },
        throttle: ThrottleFacts {
            bucket: Bucket::UnknownInside,
            failures: 0,
            wait_until: None,
            source_wait_until: None,
            reservation_refused: false,
            repeated: false,
            alert_wait_until: None,
            mail_wait_until: None,
        },
        person: PersonFacts::Known(Box::new(KnownPerson {
            id: PERSON,
            state: PersonState::ACTIVE,
            groups: BTreeSet::new(),
            affiliations: BTreeSet::new(),
            administrator: false,
            factors: factors.into_iter().collect(),
            ever_had_factor: factor.is_some(),
            credential_epoch: 1,
            preferences: sekimori_directory::Preferences::default(),
        })),
        session: None,
        proofs,
        answered_lately: 0,
        submitted: None,
        verdict: None,
    };
    match sekimori_login::decide(&Policy::of(&site()), &facts).next {
        Next::Admit(authenticated) => Some(authenticated),
        Next::Ask(_) | Next::Check(_) | Next::Refuse => None,
    }
}

/// The code payload of a good request after a password alone.
pub fn payload(request: &AuthorizeRequest) -> CodePayload {
    let authenticated = authenticated(&request.pending.demand(None), None).unwrap();
    let site = site();
    let (_, client) = site.client(request.pending.client_id().as_str()).unwrap();
    let sub = crate::subject::sub(client, PERSON, &pairwise_key());
    CodePayload::new(&authenticated, &request.pending, SESSION, GRANT, &sub).unwrap()
}

/// The credential of a form and header.
pub fn credential(form: &str, header: Option<&str>) -> Result<Credential, crate::TokenError> {
    let mut form = Form::parse(form.as_bytes(), 60_000).unwrap();
    Credential::read(&mut form, header.map(str::as_bytes))
}
