//! A certificate in a sign-in: the page that leads to a certificate host, what was presented there, and what becomes of
//! it back here.
//!
//! Nothing waits for the browser anywhere. The way there is sealed into the page's form, the outcome into the address
//! of the way back; both are of one page of one browser, and for minutes. The attempt moves when the outcome comes back
//! with the browser's cookie, once.

use std::sync::Arc;

use sekimori_base::{AttemptId, FactorId, Fault, Sealed, TenantId, Timestamp, random};
use sekimori_directory::Method;
use sekimori_directory::settings::CertificateHosts;
use sekimori_keys::{Binding, Purpose, digest, seal};
use sekimori_login::{
    CertificateRefusal, FactorFacts, FactorState, KnownPerson, Proof, Step, Submission, Usability,
    Verdict,
};
use sekimori_pki::presented::{IssuerId, Refusal, Revocation, RevocationUnknown, Status};
use sekimori_pki::{Certificate, RevocationReason, Serial};
use sekimori_store::{CertificateSerial, GoodCertificate, StoredCertificate};
use serde::{Deserialize, Serialize};

use super::check::Proofed;
use super::round::{Round, Stage};
use super::submit::{SignInForm, attempt_id, browser_of};
use crate::Flow;
use crate::carried::browser_mark;
use crate::certificates::others::{Foreign, Judged};
use crate::certificates::stored_serial;
use crate::challenge::OnPage;
use crate::tenant::Tenant;
use crate::view::{CertificatePrompt, Progress};
use crate::visitor::Visitor;

/// A page leads to its certificate host for so long.
const TRY_SECONDS: i64 = 300;
/// What was presented counts for so long.
const FOUND_SECONDS: i64 = 60;
/// Longest sealed text, in bytes: a carried request lies in it.
const SEALED_BYTES_MAX: usize = 3_072;

/// The way to a certificate host, as the page's form carries it.
#[derive(Serialize, Deserialize)]
struct Try {
    #[serde(rename = "p")]
    page: OnPage,
    /// The sealed request of a sign-in that has not begun.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(rename = "b")]
    browser: u64,
    /// The one host that it leads to.
    #[serde(rename = "h")]
    host: String,
    #[serde(rename = "t")]
    at: Timestamp,
}

/// The way back, with what was found.
#[derive(Serialize, Deserialize)]
pub struct CertificateFound {
    #[serde(rename = "p")]
    page: OnPage,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(rename = "b")]
    browser: u64,
    #[serde(rename = "t")]
    at: Timestamp,
    /// Why it does not count; none if it holds.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    refusal: Option<CertificateRefusal>,
    /// It is of another authority, and holds.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    foreign: Option<Foreign>,
    /// Its number in hexadecimal, once its issuer's signature was proven.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
}

impl CertificateFound {
    /// One of another authority that held when it was presented.
    fn holds_from_elsewhere(&self) -> Option<&Foreign> {
        self.foreign.as_ref().filter(|_| self.refusal.is_none())
    }

    fn serial(&self) -> Option<Serial> {
        self.serial.as_deref().and_then(Serial::from_hex)
    }
}

impl Flow {
    /// Where a step's page leads to present a certificate; none where none can be used.
    pub(super) fn certificate_prompt(
        &self,
        visitor: &Visitor,
        stage: &Stage,
        step: &Step,
        request: Option<&str>,
    ) -> Option<CertificatePrompt> {
        let hosts = visitor.tenant.certificates.as_ref()?;
        let Step::SecondFactor { method: Method::Certificate, choices } = step else { return None };
        let usable = |choice: &sekimori_login::Choice| {
            choice.method == Method::Certificate && choice.usability == Usability::Usable
        };
        if !choices.iter().any(usable) {
            return None;
        }
        let (page, request, turn) = match stage {
            Stage::Carried(_) => {
                let request = request?;
                (OnPage::SignIn(attempt_id(request), 0), Some(request.to_owned()), 0)
            }
            Stage::Attempt { id, version, .. } => (OnPage::SignIn(*id, *version), None, *version),
        };
        let origin = hosts.origin(u128::from_be_bytes(random(&*self.entropy)), turn);
        let browser = browser_of(stage)?;
        let host = host_of(&origin).to_owned();
        let found = Try { page, request, browser, host, at: visitor.now };
        let tenant = &visitor.tenant;
        let binding = Binding::new(Purpose::CertificateTry, tenant.id);
        let sealed =
            tenant.keys.seal_json(&binding, &found, SEALED_BYTES_MAX, &*self.entropy).ok()?;
        Some(CertificatePrompt { origin, ticket: seal::to_text(&sealed) })
    }

    /// What a certificate host makes of a browser that came with a page's ticket and presented this certificate (DER), or
    /// none: the address on the issuer's origin that it is sent back to. `None` if the ticket is none of this host, or
    /// too old: nothing is known then of where the browser came from.
    ///
    /// `host` is the name that the browser asked for, without a port. Writes nothing.
    pub async fn certificate_presented(
        &self,
        tenant: &Arc<Tenant>,
        host: &str,
        ticket: &str,
        presented: Option<&[u8]>,
    ) -> Result<Option<String>, Fault> {
        let now = self.clock.now();
        let hosts = tenant.certificates.as_ref();
        let Some(here) = open_try(tenant, ticket)
            .filter(|_| hosts.is_some_and(|hosts: &CertificateHosts| hosts.holds(host)))
            .filter(|here| here.host.eq_ignore_ascii_case(host))
            .filter(|here| now.seconds_since(here.at) <= TRY_SECONDS)
        else {
            return Ok(None);
        };
        let Seen { refusal, serial, foreign } = match presented {
            None => Seen::refused(CertificateRefusal::NotPresented),
            Some(der) => self.judge(tenant, der, now).await?,
        };
        let serial = serial.map(|serial| serial.to_string());
        let Try { page, request, browser, .. } = here;
        let found = CertificateFound { page, request, browser, at: now, refusal, foreign, serial };
        let binding = Binding::new(Purpose::CertificateFound, tenant.id);
        let sealed = tenant
            .keys
            .seal_json(&binding, &found, SEALED_BYTES_MAX, &*self.entropy)
            .map_err(Fault::while_doing("sealing what was presented"))?;
        let (issuer, text) = (tenant.issuer(), seal::to_text(&sealed));
        Ok(Some(format!("{issuer}/login/certificate?found={text}")))
    }

    /// What a certificate is worth: by our own authorities, and if it is of none of them by the others.
    async fn judge(&self, tenant: &Arc<Tenant>, der: &[u8], now: Timestamp) -> Result<Seen, Fault> {
        let own = self.judge_own(tenant, der, now).await?;
        if own.refusal != Some(CertificateRefusal::UnknownIssuer) {
            return Ok(own);
        }
        self.ask_responders(tenant, der, now).await;
        Ok(match tenant.issuers.judge(der, now) {
            Judged::Unknown => own,
            Judged::Holds(serial, foreign) => {
                Seen { refusal: None, serial: Some(serial), foreign: Some(foreign) }
            }
            Judged::Refused(refused) => Seen::refused(refusal(&refused)),
        })
    }

    async fn judge_own(
        &self,
        tenant: &Arc<Tenant>,
        der: &[u8],
        now: Timestamp,
    ) -> Result<Seen, Fault> {
        let Some(trust) = tenant.authorities.trust() else {
            let read = Certificate::read(der);
            return Ok(Seen::refused(match read {
                Ok(_) => CertificateRefusal::UnknownIssuer,
                Err(_) => CertificateRefusal::Malformed,
            }));
        };
        let row = match Certificate::read(der) {
            Ok(read) => self.store.certificate(tenant.id, stored_serial(read.serial())).await?,
            Err(_) => None,
        };
        let registry = Registry { row };
        Ok(match trust.verify(der, now, &registry) {
            Ok(verified) => Seen { refusal: None, serial: Some(verified.serial()), foreign: None },
            Err(refused) => {
                let known = !matches!(refused, Refusal::Malformed | Refusal::UnknownIssuer);
                let serial =
                    known.then(|| Certificate::read(der).ok()).flatten().map(|read| read.serial());
                Seen { refusal: Some(refusal(&refused)), serial, foreign: None }
            }
        })
    }

    /// The browser came back from a certificate host.
    pub async fn certificate_found(
        &self,
        visitor: &Visitor,
        found: &str,
    ) -> Result<Progress, Fault> {
        let Some(found) = open_found(&visitor.tenant, found) else {
            return Ok(self.stale(visitor, None));
        };
        let OnPage::SignIn(id, version) = found.page else { return Ok(self.stale(visitor, None)) };
        if visitor.browser_digest().map(browser_mark) != Some(found.browser) {
            // Somebody else's way back, or a browser that has lost its cookie.
            return Ok(self.stale(visitor, None));
        }
        let request = found.request.clone();
        let attempt = if request.is_some() { None } else { Some(id) };
        let form = SignInForm {
            request,
            attempt,
            version,
            certificate: Some(Box::new(found)),
            ..SignInForm::default()
        };
        self.submit(visitor, form).await
    }

    /// What was found is submitted for a stage.
    pub(super) async fn submit_certificate(
        &self,
        visitor: &Visitor,
        stage: Stage,
        new_attempt: Option<AttemptId>,
        found: Box<CertificateFound>,
    ) -> Result<Progress, Fault> {
        if let Some(id) = new_attempt
            && self.stored_attempt(visitor, id).await?.is_some()
        {
            return self.first_outcome(visitor, id, 0).await;
        }
        let mut round = Round::load(self, visitor, stage, Some(Submission::Certificate)).await?;
        round.certificate.clone_from(&found.serial);
        if let Some(foreign) = found.holds_from_elsewhere() {
            round.show_foreign(foreign);
        }
        self.check(round, new_attempt, Proofed::Certificate(found)).await
    }

    /// Whether what was found counts for this account, as things stand now.
    pub(super) async fn check_certificate(
        &self,
        round: &Round<'_>,
        factors: &[FactorId],
        found: &CertificateFound,
    ) -> Result<Verdict, Fault> {
        let tenant = &round.visitor.tenant;
        if round.visitor.now.seconds_since(found.at) > FOUND_SECONDS {
            return Ok(Verdict::CertificateRefused(CertificateRefusal::Stale));
        }
        if let Some(foreign) = found.holds_from_elsewhere() {
            return self.check_foreign(round, factors, foreign).await;
        }
        let person = round.person.as_ref().map(|person| person.person.id);
        let Some(serial) = found.serial() else {
            let why = found.refusal.unwrap_or(CertificateRefusal::NotRegistered);
            return Ok(Verdict::CertificateRefused(why));
        };
        let row = self.store.certificate(tenant.id, stored_serial(serial)).await?;
        let Some(row) = row else {
            let why = found.refusal.unwrap_or(CertificateRefusal::NotRegistered);
            return Ok(Verdict::CertificateRefused(why));
        };
        let own = row.person.is_some() && row.person == person;
        let ended = row.revoked.is_some_and(|taken| taken.reason == ACCOUNT_ENDED);
        let why = if row.person.is_none() || (!own && ended) {
            CertificateRefusal::FormerAccount
        } else if let Some(why) = found.refusal {
            why
        } else if row.revoked.is_some() {
            CertificateRefusal::Revoked
        } else if row.expires_at < round.visitor.now {
            CertificateRefusal::Expired
        } else if !own {
            CertificateRefusal::OtherPerson
        } else {
            let factor = factor_of(tenant.id, &row.serial);
            if factors.contains(&factor) {
                return Ok(Verdict::CertificateAccepted { factor });
            }
            CertificateRefusal::NotRegistered
        };
        Ok(Verdict::CertificateRefused(why))
    }
}

/// What a certificate host found.
struct Seen {
    refusal: Option<CertificateRefusal>,
    serial: Option<Serial>,
    foreign: Option<Foreign>,
}

impl Seen {
    const fn refused(why: CertificateRefusal) -> Self {
        Self { refusal: Some(why), serial: None, foreign: None }
    }
}

/// Our registry, asked about one certificate.
struct Registry {
    row: Option<StoredCertificate>,
}

impl Revocation for Registry {
    fn status(&self, _: IssuerId, certificate: &Certificate, _: Timestamp) -> Status {
        match &self.row {
            Some(row) if row.serial != stored_serial(certificate.serial()) => {
                Status::Unknown(RevocationUnknown::Missing)
            }
            Some(row) => match row.revoked {
                Some(taken) => Status::Revoked {
                    at: taken.at,
                    reason: RevocationReason::from_code(taken.reason),
                },
                None => Status::Good,
            },
            // A backup that is older than the certificate was restored: nobody can say.
            None => Status::Unknown(RevocationUnknown::NeverIssued),
        }
    }
}

/// The number of CRLReason for an account that ended (cessationOfOperation). RFC 5280, 5.3.1
const ACCOUNT_ENDED: u8 = 5;

/// A refusal in the words of the engine.
const fn refusal(refused: &Refusal) -> CertificateRefusal {
    match refused {
        Refusal::Malformed | Refusal::AuthorityCertificate | Refusal::Constraint => {
            CertificateRefusal::Malformed
        }
        Refusal::UnknownIssuer => CertificateRefusal::UnknownIssuer,
        Refusal::WithdrawnIssuer { .. } => CertificateRefusal::WithdrawnIssuer,
        Refusal::WrongPurpose | Refusal::WrongKeyUsage => CertificateRefusal::WrongPurpose,
        Refusal::NotYetValid { .. } => CertificateRefusal::NotYetValid,
        Refusal::Expired { .. } | Refusal::IssuerNotValid => CertificateRefusal::Expired,
        Refusal::Revoked { .. } => CertificateRefusal::Revoked,
        Refusal::RevocationUnknown(RevocationUnknown::Unanswered) => {
            CertificateRefusal::StatusUnanswered
        }
        Refusal::RevocationUnknown(RevocationUnknown::NeverIssued) => {
            CertificateRefusal::UnknownToIssuer
        }
        Refusal::RevocationUnknown(
            RevocationUnknown::Missing
            | RevocationUnknown::Stale { .. }
            | RevocationUnknown::NotYet { .. },
        ) => CertificateRefusal::RevocationUnknown,
        Refusal::NoIdentity(_) => CertificateRefusal::NoIdentity,
    }
}

/// Certificates of an account as factors of it, where the site takes certificates at all: those that we issued, and of
/// other authorities what was shown in these proofs and what somebody may have.
pub(crate) fn add_certificates<'p>(
    tenant: &Tenant,
    known: &mut KnownPerson,
    certificates: &[GoodCertificate],
    proofs: impl Iterator<Item = &'p Proof>,
    now: Timestamp,
) {
    if tenant.certificates.is_none() {
        return;
    }
    known.ever_had_factor |= !certificates.is_empty();
    let state = FactorState::Ready.under(&known.preferences, Method::Certificate);
    known.factors.extend(certificates.iter().map(|good| FactorFacts {
        id: factor_of(tenant.id, &good.serial),
        method: Method::Certificate,
        binding: good.binding,
        state,
        registered_at: good.issued_at,
        last_used_at: None,
        codes_left: None,
    }));
    tenant.issuers.add(known, proofs, now);
}

/// The same for whoever lists certificates.
pub(crate) fn certificate_factor(tenant: &Tenant, serial: Serial) -> FactorId {
    factor_of(tenant.id, &stored_serial(serial))
}

/// A certificate's id among the factors: it follows from its number.
fn factor_of(tenant: TenantId, serial: &CertificateSerial) -> FactorId {
    let digest = digest::sha256(&[b"certificate:", tenant.bytes(), serial.bytes()]);
    FactorId::from_bytes(digest[..16].try_into().expect("a digest has 32 bytes"))
}

fn open_try(tenant: &Tenant, text: &str) -> Option<Try> {
    let sealed: Sealed<Try> = seal::from_text(text, 2 * SEALED_BYTES_MAX).ok()?;
    tenant.keys.open_json(&Binding::new(Purpose::CertificateTry, tenant.id), &sealed).ok()
}

fn open_found(tenant: &Tenant, text: &str) -> Option<CertificateFound> {
    let sealed: Sealed<CertificateFound> = seal::from_text(text, 2 * SEALED_BYTES_MAX).ok()?;
    tenant.keys.open_json(&Binding::new(Purpose::CertificateFound, tenant.id), &sealed).ok()
}

/// The host of an origin, without scheme and port.
fn host_of(origin: &str) -> &str {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    rest.split(':').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use sekimori_pki::presented::NoIdentity;

    use super::*;

    #[test]
    fn each_refusal_of_the_check_has_its_word() {
        use CertificateRefusal as Word;
        let at = Timestamp::from_unix_seconds(1_800_000_000);
        let reason = RevocationReason::Unspecified;
        for (refused, word) in [
            (Refusal::Malformed, Word::Malformed),
            (Refusal::AuthorityCertificate, Word::Malformed),
            (Refusal::Constraint, Word::Malformed),
            (Refusal::UnknownIssuer, Word::UnknownIssuer),
            (Refusal::WithdrawnIssuer { since: at }, Word::WithdrawnIssuer),
            (Refusal::WrongPurpose, Word::WrongPurpose),
            (Refusal::WrongKeyUsage, Word::WrongPurpose),
            (Refusal::NotYetValid { not_before: at }, Word::NotYetValid),
            (Refusal::Expired { not_after: at }, Word::Expired),
            (Refusal::IssuerNotValid, Word::Expired),
            (Refusal::Revoked { at, reason }, Word::Revoked),
            (Refusal::RevocationUnknown(RevocationUnknown::Missing), Word::RevocationUnknown),
            (Refusal::RevocationUnknown(RevocationUnknown::Unanswered), Word::StatusUnanswered),
            (Refusal::RevocationUnknown(RevocationUnknown::NeverIssued), Word::UnknownToIssuer),
            (Refusal::NoIdentity(NoIdentity::Absent), Word::NoIdentity),
        ] {
            assert_eq!(refusal(&refused), word, "{refused:?}");
        }
    }
}
