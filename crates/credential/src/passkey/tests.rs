use std::slice::from_ref;

use proptest::prelude::*;

use super::*;

// The one that the testbed's people use as well.
#[path = "../../../testbed/src/authenticator.rs"]
mod authenticator;

use authenticator::{Authenticator, Manner};

const ORIGIN: &str = "https://login.example.ac.jp";
const CHALLENGE: Challenge = [7; CHALLENGE_BYTES];

fn site() -> RelyingParty {
    RelyingParty::new("login.example.ac.jp", ORIGIN, "Example").unwrap()
}

fn owner() -> Owner<'static> {
    Owner { handle: &[9; 16], name: "hana", display_name: "Hana" }
}

fn right() -> Manner {
    Manner::at(ORIGIN)
}

/// A passkey that was registered, in both places.
fn registered() -> (Authenticator, Registered) {
    let (device, answer) =
        Authenticator::make(&site().creation(&CHALLENGE, owner(), &[]), &right());
    (device, site().register(&CHALLENGE, &[], &answer).unwrap())
}

fn verified(
    device: &mut Authenticator,
    known: &Registered,
    manner: &Manner,
) -> Result<Used, Refused> {
    let asked = site().request(&CHALLENGE, Holder::Verified, &[]);
    let answer = Assertion::parse(&device.sign(&asked, manner)).expect("it can be read");
    site().verify(&CHALLENGE, Holder::Verified, (&known.passkey, known.counter), &answer)
}

/// Everything that can be wrong with either ceremony, one thing at a time (R-WEBAUTHN).
fn wrong() -> Vec<(&'static str, Manner)> {
    let origins = [
        ("another site", "https://evil.example"),
        ("an origin that ends alike", "https://badlogin.example.ac.jp"),
        ("a site below", "https://x.login.example.ac.jp"),
        ("a site above", "https://example.ac.jp"),
        ("another port", "https://login.example.ac.jp:8443"),
        ("no encryption", "http://login.example.ac.jp"),
        ("no origin at all", "null"),
    ];
    let mut all: Vec<_> = origins
        .into_iter()
        .map(|(case, origin)| (case, Manner { origin: origin.to_owned(), ..right() }))
        .collect();
    let other = Some("example.ac.jp".to_owned());
    all.extend([
        ("another relying party", Manner { relying_party: other, ..right() }),
        ("another challenge", Manner { challenge: Some(vec![8; CHALLENGE_BYTES]), ..right() }),
        ("a longer challenge", Manner { challenge: Some(vec![7; 33]), ..right() }),
        ("no challenge", Manner { challenge: Some(Vec::new()), ..right() }),
        ("another ceremony", Manner { kind: "payment.get", ..right() }),
        ("nobody there", Manner { present: false, ..right() }),
        ("a frame of another site", Manner { cross_origin: true, ..right() }),
        ("cut off", Manner { truncated: 1, ..right() }),
        ("cut off early", Manner { truncated: 30, ..right() }),
    ]);
    all
}

#[test]
fn a_passkey_signs_in_again_and_again() {
    let (mut device, mut known) = registered();
    assert_eq!(known.counter, 1);
    for counter in 2..5 {
        let used = verified(&mut device, &known, &right()).unwrap();
        assert!(used.user_verified && used.changed.is_none());
        assert_eq!(used.counter, counter);
        known.counter = used.counter;
    }
    let again = Passkey::from_bytes(&known.passkey.to_bytes()).unwrap();
    assert_eq!(again.id(), known.passkey.id());
    known.passkey = again;
    verified(&mut device, &known, &right()).unwrap();
}

#[test]
fn what_is_wrong_with_a_signature_is_refused() {
    let (mut device, known) = registered();
    let made = Manner { kind: "webauthn.create", ..right() };
    for (case, manner) in wrong().into_iter().chain([("a registration", made)]) {
        let refused = verified(&mut device, &known, &manner).map(|_| ());
        assert_eq!(refused, Err(Refused::Mismatch), "{case}");
    }
    let forged = verified(&mut device.forged(), &known, &right()).map(|_| ());
    assert_eq!(forged, Err(Refused::Mismatch), "another key");
    let (mut other, _) = registered();
    let other = verified(&mut other, &known, &right()).map(|_| ());
    assert_eq!(other, Err(Refused::Mismatch), "another passkey");
    verified(&mut device, &known, &right()).unwrap();
}

#[test]
fn what_is_wrong_with_a_new_passkey_is_refused() {
    let asked = site().creation(&CHALLENGE, owner(), &[]);
    let signed = Manner { kind: "webauthn.get", ..right() };
    for (case, manner) in wrong().into_iter().chain([("a signature", signed)]) {
        let (_, answer) = Authenticator::make(&asked, &manner);
        let refused = site().register(&CHALLENGE, &[], &answer).map(|_| ());
        assert_eq!(refused, Err(Refused::Mismatch), "{case}");
    }
    // Reserved, EdDSA (which needs another key), a positive number, and nothing of the kind.
    for algorithm in [0x25, 0x27, 0x07, 0xf6] {
        let (_, answer) = Authenticator::make(&asked, &Manner { algorithm, ..right() });
        let refused = site().register(&CHALLENGE, &[], &answer).map(|_| ());
        assert_eq!(refused, Err(Refused::Mismatch), "algorithm {algorithm:#x}");
    }
    let (_, answer) = Authenticator::make(&asked, &Manner { verified: false, ..right() });
    let refused = site().register(&CHALLENGE, &[], &answer).map(|_| ());
    assert_eq!(refused, Err(Refused::Unverified));
    let (_, known) = registered();
    let (_, answer) = Authenticator::make(&asked, &right());
    assert!(site().register(&CHALLENGE, &[known.passkey], &answer).is_ok(), "another device");
    let first = site().register(&CHALLENGE, &[], &answer).unwrap();
    let refused = site().register(&CHALLENGE, &[first.passkey], &answer).map(|_| ());
    assert_eq!(refused, Err(Refused::Mismatch), "the same device once more");
}

#[test]
fn whether_the_holder_must_be_verified_is_asked_each_time() {
    let (mut device, known) = registered();
    let unverified = Manner { verified: false, ..right() };
    let refused = verified(&mut device, &known, &unverified).map(|_| ());
    assert_eq!(refused, Err(Refused::Unverified));
    let asked = site().request(&CHALLENGE, Holder::Present, from_ref(&known.passkey));
    let answer = Assertion::parse(&device.sign(&asked, &unverified)).unwrap();
    let passkey = (&known.passkey, known.counter);
    let used = site().verify(&CHALLENGE, Holder::Present, passkey, &answer).unwrap();
    assert!(!used.user_verified);
}

#[test]
fn a_counter_that_does_not_grow_shows_a_copy() {
    let (mut device, mut known) = registered();
    known.counter = 5;
    for last in [4, 3, 1] {
        device.counter = last;
        let refused = verified(&mut device, &known, &right()).map(|_| ());
        assert_eq!(refused, Err(Refused::Counter), "after {last}");
    }
    device.counter = 0;
    let none_any_more = verified(&mut device, &known, &right()).map(|_| ());
    assert_eq!(none_any_more, Err(Refused::Counter));
    known.counter = 0;
    for _ in 0..2 {
        assert_eq!(verified(&mut device, &known, &right()).unwrap().counter, 0, "it keeps none");
    }
}

#[test]
fn that_it_was_copied_by_its_owner_is_kept() {
    let (mut device, mut known) = registered();
    let copied = Manner { backed_up: true, ..right() };
    let used = verified(&mut device, &known, &copied).unwrap();
    known = Registered { passkey: used.changed.unwrap(), counter: used.counter };
    assert!(verified(&mut device, &known, &copied).unwrap().changed.is_none());
}

#[test]
fn a_page_names_passkeys_only_where_somebody_is_known() {
    let (_, known) = registered();
    let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let anybody = read(site().request(&CHALLENGE, Holder::Verified, &[]));
    assert_eq!(anybody["allowCredentials"], json!([]));
    assert_eq!(anybody["userVerification"], "required");
    let known_one = [known.passkey];
    let second = read(site().request(&CHALLENGE, Holder::Present, &known_one));
    let named = &second["allowCredentials"][0];
    assert_eq!(named["transports"], json!(["hybrid", "internal"]), "of those that there are");
    assert_eq!(second["userVerification"], "preferred");
    let made = read(site().creation(&CHALLENGE, owner(), &known_one));
    assert_eq!(made["excludeCredentials"][0]["id"], named["id"]);
    let selection = &made["authenticatorSelection"];
    assert_eq!(
        (&selection["residentKey"], &selection["userVerification"]),
        (&json!("required"), &json!("required"))
    );
}

#[test]
fn the_relying_party_is_the_host_or_a_domain_above_it() {
    let is = |id: &str, origin: &str| RelyingParty::new(id, origin, "Example").is_ok();
    for (id, origin) in [
        ("login.example.ac.jp", ORIGIN),
        ("example.ac.jp", ORIGIN),
        ("example.ac.jp", "https://login.example.ac.jp:8443"),
        ("localhost", "http://localhost:8080"),
    ] {
        assert!(is(id, origin), "{id} at {origin}");
    }
    for (id, origin) in [
        ("ample.ac.jp", ORIGIN),
        ("jp", ORIGIN),
        (".ac.jp", ORIGIN),
        ("", ORIGIN),
        ("x.login.example.ac.jp", ORIGIN),
        ("other.example", ORIGIN),
        ("192.0.2.1", "https://192.0.2.1"),
        ("2.1", "https://192.0.2.1"),
        ("example", "no address"),
    ] {
        assert!(!is(id, origin), "{id} at {origin}");
    }
}

#[test]
fn a_passkey_of_the_domain_above_works_at_its_hosts() {
    let site = RelyingParty::new("example.ac.jp", ORIGIN, "Example").unwrap();
    let (mut device, answer) =
        Authenticator::make(&site.creation(&CHALLENGE, owner(), &[]), &right());
    let known = site.register(&CHALLENGE, &[], &answer).unwrap();
    let renamed =
        RelyingParty::new("example.ac.jp", "https://id.example.ac.jp", "Example").unwrap();
    let manner = Manner::at("https://id.example.ac.jp");
    let signed = device.sign(&renamed.request(&CHALLENGE, Holder::Verified, &[]), &manner);
    let answer = Assertion::parse(&signed).unwrap();
    let passkey = (&known.passkey, known.counter);
    assert!(renamed.verify(&CHALLENGE, Holder::Verified, passkey, &answer).is_ok());
    assert!(site.verify(&CHALLENGE, Holder::Verified, passkey, &answer).is_err());
}

#[test]
fn the_maker_is_told_by_its_number_alone() {
    let (_, Registered { passkey, .. }) = registered();
    assert_eq!(passkey.maker(), None, "it does not say");
    let keychain = data_encoding::HEXLOWER.decode(b"fbfc3007154e4ecc8c0b6e020557d7bd").unwrap();
    let passkey = Passkey { made_by: keychain.try_into().ok(), ..passkey };
    assert_eq!(passkey.maker(), Some("iCloud Keychain"));
}

#[test]
fn an_endless_answer_is_not_read() {
    let (mut device, known) = registered();
    let signed = device.sign(&site().request(&CHALLENGE, Holder::Verified, &[]), &right());
    let long =
        signed.replacen('{', &format!("{{\"more\":\"{}\",", "x".repeat(ANSWER_BYTES_MAX)), 1);
    assert!(Assertion::parse(&signed).is_some());
    assert!(Assertion::parse(&long).is_none());
    let refused = site().register(&CHALLENGE, &[known.passkey], &long).map(|_| ());
    assert_eq!(refused, Err(Refused::Mismatch));
}

/// A base64url text of any bytes.
fn any_bytes() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| encoded(&bytes))
}

proptest! {
    #[test]
    fn whatever_is_sent_has_an_answer(text in ".{0,200}") {
        prop_assert!(Assertion::parse(&text).is_none());
        let refused = site().register(&CHALLENGE, &[], &text).map(|_| ());
        prop_assert_eq!(refused, Err(Refused::Mismatch));
        prop_assert!(Passkey::from_bytes(text.as_bytes()).is_none());
    }

    #[test]
    fn a_well_formed_answer_of_junk_has_an_answer(
        data in any_bytes(), client in any_bytes(), more in any_bytes(),
    ) {
        let (_, known) = registered();
        let id = encoded(known.passkey.id());
        let response = json!({
            "attestationObject": data, "authenticatorData": data, "clientDataJSON": client,
            "signature": more, "userHandle": more,
        });
        let answer = json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "authenticatorData": more,
        });
        let refused = site().register(&CHALLENGE, &[], &answer.to_string()).map(|_| ());
        prop_assert_eq!(refused, Err(Refused::Mismatch));
        if let Some(read) = Assertion::parse(&answer.to_string()) {
            let passkey = (&known.passkey, 0);
            let refused = site().verify(&CHALLENGE, Holder::Verified, passkey, &read).map(|_| ());
            prop_assert_eq!(refused, Err(Refused::Mismatch));
        }
    }
}

#[test]
fn a_passkey_outlives_the_name_of_its_host_where_it_is_bound_to_the_domain() {
    let at = |host: &str| {
        let origin = format!("https://{host}.example.ac.jp");
        (RelyingParty::new("example.ac.jp", &origin, "Example").unwrap(), Manner::at(&origin))
    };
    let ((before, old), (after, new)) = (at("login"), at("sso"));
    let (mut device, answer) =
        Authenticator::make(&before.creation(&CHALLENGE, owner(), &[]), &old);
    let known = before.register(&CHALLENGE, &[], &answer).unwrap();
    let kept = Passkey::from_bytes(&known.passkey.to_bytes()).unwrap();
    let mut shown = |manner: &Manner| {
        let asked = after.request(&CHALLENGE, Holder::Verified, &[]);
        let answer = Assertion::parse(&device.sign(&asked, manner)).expect("it can be read");
        after.verify(&CHALLENGE, Holder::Verified, (&kept, known.counter), &answer).map(|_| ())
    };
    assert_eq!(shown(&new), Ok(()), "at the new name");
    assert_eq!(shown(&old), Err(Refused::Mismatch), "what was signed at the old one is no good");
}

#[test]
fn browsers_are_told_which_passkeys_there_are() {
    let (device, known) = registered();
    let told = site().accepted(owner().handle, from_ref(&known.passkey));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["rpId"], "login.example.ac.jp");
    assert_eq!(told["userId"], encoded(owner().handle));
    assert_eq!(told["allAcceptedCredentialIds"], json!([device.id()]));
}
