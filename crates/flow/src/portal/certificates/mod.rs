//! Certificates in the portal: listed, issued with a file that is kept for minutes, taken back.
//!
//! Issuing asks what registering a factor asks: the highest that the account has, and of somebody who never had a factor
//! a place that may enrol. The number of a new certificate follows from a seed in the form, so that a form that is sent
//! twice issues once. The file lies sealed to that session beside the certificate until its owner says
//! that they have it, ten minutes at most: a reload shows it again.

mod file;
mod issue;

use sekimori_base::Fault;
use sekimori_login::Notice;
use sekimori_pki::{RevocationReason, Serial};
use sekimori_store::{AuditLine, CommitError, Write};
use serde_json::json;

use super::Portal;
use super::enter::{Care, Inside, Who, portal_line};
use crate::Flow;
use crate::certificates::{ShownCertificate, stored_serial};
use crate::notices::About;
use crate::visitor::Visitor;

pub use file::{DocumentView, FilePage};
pub use issue::{Fate, IssueAnswer, IssueForm, IssuePage, Renewed, RequestRefusal, Wanted};

/// Where they are listed.
const LIST: &str = "/portal/certificates";

/// What was just done, as a word in the query of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateDone {
    /// The person has file and PIN.
    Saved,
    /// A key that the person keeps was certified.
    Certified,
    /// One was taken back.
    Revoked,
    /// Nothing was issued: the authority cannot, or the account's data cannot stand in a certificate.
    Failed,
}

impl CertificateDone {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Saved, Self::Certified, Self::Revoked, Self::Failed];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Certified => "certified",
            Self::Revoked => "revoked",
            Self::Failed => "failed",
        }
    }

    /// What the word says.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    fn path(self) -> String {
        format!("{LIST}?done={}", self.word())
    }
}

/// Whether another one can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayIssue {
    /// It can.
    Yes,
    /// Not before one of them ends.
    Full,
    /// Not at all.
    No,
}

/// The list.
#[derive(Debug, Clone)]
pub struct CertificatesPage {
    /// Who.
    pub who: Who,
    /// What was just done.
    pub done: Option<CertificateDone>,
    /// All that there are, newest first.
    pub certificates: Vec<ShownCertificate>,
    /// Whether another one can be had.
    pub may_issue: MayIssue,
    /// So many good ones may one have.
    pub good_max: u8,
}

/// The question whether to take one back.
#[derive(Debug, Clone)]
pub struct RevokePage {
    /// Who.
    pub who: Who,
    /// The token of the form.
    pub token: String,
    /// Which.
    pub certificate: ShownCertificate,
}

impl Flow {
    /// The list; nothing of it where there neither is nor was an authority.
    pub async fn certificates_page(
        &self,
        visitor: &Visitor,
        done: Option<CertificateDone>,
    ) -> Result<Portal<CertificatesPage>, Fault> {
        let inside = match self.enter(visitor, LIST, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let tenant = &visitor.tenant;
        if tenant.authorities.all().is_empty() {
            return Ok(Portal::see("/portal"));
        }
        let certificates = self.certificates_of(tenant, inside.person.person.id).await?;
        Ok(Portal::Here(CertificatesPage {
            who: inside.who(),
            done,
            may_issue: self.may_issue(&inside, &certificates),
            good_max: tenant.site.certificates.good_max,
            certificates,
        }))
    }

    fn may_issue(&self, inside: &Inside<'_>, certificates: &[ShownCertificate]) -> MayIssue {
        let visitor = inside.visitor();
        let good = certificates.iter().filter(|one| one.is_good(visitor.now)).count();
        if self.may_have_certificate(&visitor.tenant, &inside.person.person).is_err() {
            MayIssue::No
        } else if good >= usize::from(visitor.tenant.site.certificates.good_max) {
            MayIssue::Full
        } else {
            MayIssue::Yes
        }
    }

    /// The question. Opening it changes nothing.
    pub async fn revoke_page(
        &self,
        visitor: &Visitor,
        serial: Serial,
    ) -> Result<Portal<RevokePage>, Fault> {
        let inside = match self.enter(visitor, &revoke_path(serial), Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let all = self.certificates_of(&visitor.tenant, inside.person.person.id).await?;
        let found = all.into_iter().find(|one| one.serial == serial && one.revoked.is_none());
        let Some(certificate) = found else { return Ok(Portal::see(LIST)) };
        Ok(Portal::Here(RevokePage { who: inside.who(), token: inside.token(), certificate }))
    }

    /// Take one back. A stolen session can do no more with it than its owner after a theft, and that must be quick: no
    /// further proof is asked.
    pub async fn revoke_own_certificate(
        &self,
        visitor: &Visitor,
        serial: Serial,
        token: &str,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, &revoke_path(serial), Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if !inside.is_token(token) {
            return Ok(Portal::see(revoke_path(serial)));
        }
        let tenant = &visitor.tenant;
        let number = stored_serial(serial);
        let stored = self.store.certificate(tenant.id, number.clone()).await?;
        if stored.and_then(|stored| stored.person) != Some(inside.person.person.id) {
            return Ok(Portal::see(LIST));
        }
        // Why, only the person knows: a lost device is what it must be taken for.
        let reason = RevocationReason::KeyCompromise;
        let mut writes = vec![Write::CertificateRevoke { serial: number, reason: reason.code() }];
        writes.extend(self.certificate_told(&inside, serial, Told::Revoked(reason))?);
        match self.store.commit(tenant.id, visitor.now, writes).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => {
                Ok(Portal::see(CertificateDone::Revoked.path()))
            }
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// The audit line, and the mail to the person.
    fn certificate_told(
        &self,
        inside: &Inside<'_>,
        serial: Serial,
        told: Told,
    ) -> Result<Vec<Write>, Fault> {
        let (visitor, person) = (inside.visitor(), &inside.person);
        let (event, notice, details) = match told {
            Told::Issued => (
                "certificate.issued",
                Notice::CertificateIssued,
                json!({ "serial": serial.to_string() }),
            ),
            Told::Revoked(reason) => (
                "certificate.revoked",
                Notice::CertificateRevoked,
                json!({ "serial": serial.to_string(), "reason": reason.code() }),
            ),
        };
        let line =
            AuditLine { details: details.to_string(), ..portal_line(visitor, person, event) };
        let mut writes = vec![Write::Audit(Box::new(line))];
        writes.extend(self.notice_to_all(visitor, person, notice, About::certificate(serial))?);
        Ok(writes)
    }
}

#[derive(Clone, Copy)]
enum Told {
    Issued,
    Revoked(RevocationReason),
}

fn revoke_path(serial: Serial) -> String {
    format!("{LIST}/revoke/{}", plain(serial))
}

/// Hexadecimal digits alone, as an address has them.
fn plain(serial: Serial) -> String {
    serial.to_string().replace(':', "")
}
