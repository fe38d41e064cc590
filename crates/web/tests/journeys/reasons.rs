//! Every reason is produced by some journey of this folder, or by the test that is named here.

use sekimori_login::Reason;

/// Reasons that are expected by their words, with the journey that does.
const BY_WORDS: &[(Reason, &str)] = &[
    (Reason::SessionEnded, "a_session_ends_idle_and_in_any_case"),
    (Reason::EnrolNotHere, "a_password_alone_registers_nothing_outside_or_where_the_site_says_no"),
    (Reason::EnrolTicketNeeded, "removing_the_last_factor_warns_and_a_new_one_needs_a_ticket"),
    (Reason::TicketWrong, "five_wrong_tries_end_a_ticket_and_each_costs_a_wait"),
    (Reason::TicketForFactor, "a_ticket_for_an_app_gives_no_password"),
    (Reason::TicketNeedsFactor, "a_factor_that_cannot_be_shown_is_for_the_desk_to_end"),
    (Reason::PasswordWeak, "a_password_changes_with_rules_said_first_and_ends_the_others"),
];

/// Reasons that need an issuer which is not ours. Which certificate gets them is tested with the check itself
/// (`pki/tests/pki/presented.rs`, `flow/src/login/certificate.rs`), what is said with the engine's tables.
const OF_OTHER_ISSUERS: [Reason; 3] =
    [Reason::CertificateIssuerWithdrawn, Reason::CertificatePurpose, Reason::CertificateNoIdentity];

/// The journeys, as text: a reason counts as produced where its code is expected.
const JOURNEYS: &[&str] = &[
    include_str!("certificate_sign_in.rs"),
    include_str!("costs.rs"),
    include_str!("forms.rs"),
    include_str!("guessing.rs"),
    include_str!("mail_codes.rs"),
    include_str!("passkeys.rs"),
    include_str!("portal.rs"),
    include_str!("portal_changes.rs"),
    include_str!("registering_mail.rs"),
    include_str!("requests.rs"),
    include_str!("sessions.rs"),
    include_str!("signing_in.rs"),
    include_str!("strangers.rs"),
    include_str!("tenants.rs"),
    include_str!("throttling.rs"),
    include_str!("tickets.rs"),
    include_str!("tokens.rs"),
];

#[test]
fn every_refusal_is_expected_by_a_journey() {
    let stands = |text: &str| JOURNEYS.iter().any(|journey| journey.contains(text));
    let missing: Vec<_> = Reason::ALL
        .iter()
        .filter(|reason| reason.is_refusal() && !OF_OTHER_ISSUERS.contains(reason))
        .filter(|reason| {
            let by_words = BY_WORDS.iter().find(|(known, _)| known == *reason);
            let named = by_words.is_some_and(|(_, name)| stands(&format!("fn {name}()")));
            !named && !stands(&format!("\"{}\"", reason.code()))
        })
        .map(|reason| reason.code())
        .collect();
    assert!(missing.is_empty(), "no journey expects these: {missing:?}");
}
