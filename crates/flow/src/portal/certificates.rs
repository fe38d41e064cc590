//! Certificates in the portal: listed, issued with a file that is kept for minutes, taken back.
//!
//! Issuing asks what registering a factor asks: the highest that the account has, and of somebody who never had a factor
//! a place that may enrol. The number of a new certificate follows from a seed in the form, so that a form that is sent
//! twice issues once. The file lies sealed beside the certificate until its owner says that they have it,
//! ten minutes at most: a reload shows it again.

use std::sync::{Arc, Mutex, PoisonError};

use sekimori_base::{Entropy, Fault, Secret, Timestamp};
use sekimori_directory::Binding;
use sekimori_keys::{Binding as SealBinding, Purpose};
use sekimori_login::enrol::{self, Ticket};
use sekimori_login::{Notice, Reason};
use sekimori_pki::{PersonalKeyKind, RevocationReason, Serial};
use sekimori_store::{AuditLine, CertificateSerial, CommitError, Conflict, Write};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::enrolment::NotNow;
use super::enter::{Care, Inside, Who, door, portal_line};
use super::Portal;
use crate::Flow;
use crate::certificates::{Asked, IssuedCertificate, NotIssued, ShownCertificate, WantedKey, stored_serial};
use crate::notices::About;
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// Where they are listed.
const LIST: &str = "/portal/certificates";
/// Where one is asked for.
const NEW: &str = "/portal/certificates/new";
/// A file is kept for so long.
const FILE_SECONDS: i64 = 600;
/// Longest sealed file, in bytes.
const FILE_BYTES_MAX: usize = 32 * 1024;

/// What was just done, as a word in the query of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateDone {
    /// The person has file and PIN.
    Saved,
    /// One was taken back.
    Revoked,
    /// Nothing was issued: the authority cannot, or the account's data cannot stand in a certificate.
    Failed,
}

impl CertificateDone {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Saved, Self::Revoked, Self::Failed];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Saved => "saved",
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

/// The page of asking for one.
#[derive(Debug, Clone)]
pub struct IssuePage {
    /// Who.
    pub who: Who,
    /// The token of the form.
    pub token: String,
    /// What makes a form that is sent twice issue once.
    pub once: String,
    /// It will be valid for so many months.
    pub months: u8,
}

/// What asking for one comes to.
pub enum IssueAnswer {
    /// The form.
    Form(IssuePage),
    /// Not here and now.
    NotNow(NotNow),
}

/// What the form brings.
#[derive(Debug, Clone)]
pub struct IssueForm {
    /// The token.
    pub token: String,
    /// What the page carried.
    pub once: String,
    /// What the person calls it.
    pub label: String,
}

/// The page with the PIN.
pub struct FilePage {
    /// Who.
    pub who: Who,
    /// The token of the form.
    pub token: String,
    /// Which certificate.
    pub serial: Serial,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// What opens the file.
    pub pin: Secret<String>,
    /// What the file should be called.
    pub file_name: String,
    /// The file (PKCS#12).
    pub file: Secret<Vec<u8>>,
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

/// What is kept, sealed, until its owner has it.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "p")]
    pin: String,
    #[serde(rename = "f")]
    file: String,
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

    /// Come in to have one issued: how its owner is known, or what else comes to the person.
    async fn enter_to_issue<'a>(
        &'a self,
        visitor: &'a Visitor,
    ) -> Result<Result<(Box<Inside<'a>>, Binding), Portal<IssueAnswer>>, Fault> {
        let inside = match self.enter(visitor, NEW, Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Err(Portal::elsewhere(progress))),
        };
        let certificates = self.certificates_of(&visitor.tenant, inside.person.person.id).await?;
        if self.may_issue(&inside, &certificates) != MayIssue::Yes {
            return Ok(Err(Portal::see(LIST)));
        }
        let policy = &visitor.tenant.policy;
        match enrol::binding(policy, inside.facts(), Ticket::None) {
            Ok(binding) => Ok(Ok((inside, binding))),
            Err(reason @ (Reason::EnrolNotHere | Reason::EnrolTicketNeeded)) => {
                let decision = enrol::decision(policy, inside.facts(), Ticket::None);
                let incident = self.narrate_registering(&inside, &decision).await?;
                let (token, who) = (inside.token(), inside.who());
                let not_now = NotNow { reason, incident, token, who };
                Ok(Err(Portal::Here(IssueAnswer::NotNow(not_now))))
            }
            // What is missing is asked by a sign-in; then this page again.
            Err(_) => {
                let progress = self.begin(visitor, door(NEW, Care::Sensitive)).await?;
                Ok(Err(Portal::elsewhere(progress)))
            }
        }
    }

    /// The page of asking for one. Nothing is stored.
    pub async fn issue_page(&self, visitor: &Visitor) -> Result<Portal<IssueAnswer>, Fault> {
        let inside = match self.enter_to_issue(visitor).await? {
            Ok((inside, _)) => inside,
            Err(portal) => return Ok(portal),
        };
        let seed: [u8; 16] = sekimori_base::random(&*self.entropy);
        Ok(Portal::Here(IssueAnswer::Form(IssuePage {
            who: inside.who(),
            token: inside.token(),
            once: data_encoding::BASE64URL_NOPAD.encode(&seed),
            months: visitor.tenant.site.certificates.months,
        })))
    }

    /// Issue one with a fresh key.
    pub async fn issue_own_certificate(
        &self,
        visitor: &Visitor,
        form: IssueForm,
    ) -> Result<Portal<IssueAnswer>, Fault> {
        let inside = match self.enter(visitor, NEW, Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let Some(seed) = seed_of(&form.once).filter(|_| inside.is_token(&form.token)) else {
            return Ok(Portal::see(NEW));
        };
        let tenant = &visitor.tenant;
        let known = first(&inside, seed);
        let chance = || FirstKnown::new(known, &self.entropy);
        let serial = Serial::random(&chance());
        // Sent twice: the first one is there, and may be the last that could be had.
        if self.file_of(&inside, serial).await?.is_some() {
            return Ok(Portal::see(file_path(serial)));
        }
        let (inside, binding) = match self.enter_to_issue(visitor).await? {
            Ok(entered) => entered,
            Err(portal) => return Ok(portal),
        };
        let asked = Asked {
            key: WantedKey::Fresh(PersonalKeyKind::P256),
            label: form.label,
            issued_by: "self".to_owned(),
            binding,
        };
        let made = self.make_certificate(tenant, &inside.person, asked, Arc::new(chance())).await;
        let (issued, mut new) = match made {
            Ok(made) => made,
            Err(NotIssued::Fault(fault)) => return Err(fault),
            Err(NotIssued::Full | NotIssued::Account | NotIssued::Group) => {
                return Ok(Portal::see(LIST));
            }
            Err(refused) => {
                tracing::error!(error = %refused, "a certificate cannot be issued");
                return Ok(Portal::see(CertificateDone::Failed.path()));
            }
        };
        let until = visitor.now.plus_seconds(FILE_SECONDS);
        new.file = Some((self.sealed_file(tenant, &issued)?, until));
        let mut writes = vec![
            Write::EpochIs {
                person: inside.person.person.id,
                epoch: inside.person.known.credential_epoch,
            },
            Write::CertificatePut(new),
        ];
        writes.extend(self.certificate_told(&inside, serial, Told::Issued)?);
        match self.store.commit(tenant.id, visitor.now, writes).await {
            Ok(_) => Ok(Portal::see(file_path(serial))),
            // As many as one may have, or sent twice at the same moment: its own address knows which.
            Err(CommitError::Conflict { conflict: Conflict::CertificatesFull, .. }) => {
                Ok(Portal::see(file_path(serial)))
            }
            Err(CommitError::Conflict { .. }) => Ok(Portal::see(NEW)),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// The page with the PIN, and the file: for its owner alone, after a recent proof, for minutes.
    pub async fn certificate_file_page(
        &self,
        visitor: &Visitor,
        serial: Serial,
    ) -> Result<Portal<FilePage>, Fault> {
        let inside = match self.enter(visitor, &file_path(serial), Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let Some((kept, expires_at)) = self.file_of(&inside, serial).await? else {
            return Ok(Portal::see(LIST));
        };
        let file = data_encoding::BASE64.decode(kept.file.as_bytes());
        let file = file.map_err(Fault::while_doing("reading a certificate's file"))?;
        Ok(Portal::Here(FilePage {
            who: inside.who(),
            token: inside.token(),
            serial,
            expires_at,
            pin: Secret::new(kept.pin),
            file_name: format!("{}.p12", inside.person.person.username),
            file: Secret::new(file),
        }))
    }

    /// "I have saved both": nothing of them is kept any longer.
    pub async fn certificate_file_saved(
        &self,
        visitor: &Visitor,
        serial: Serial,
        token: &str,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, &file_path(serial), Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if !inside.is_token(token) {
            return Ok(Portal::see(file_path(serial)));
        }
        let person = inside.person.person.id;
        let forget = Write::CertificateFileForget { person, serial: stored_serial(serial) };
        match self.store.commit(visitor.tenant.id, visitor.now, vec![forget]).await {
            Ok(_) => Ok(Portal::see(CertificateDone::Saved.path())),
            Err(error) => Err(Fault::new("forgetting a certificate's file", error)),
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
        let reason = RevocationReason::KeyCompromise.code();
        let mut writes = vec![Write::CertificateRevoke { serial: number, reason }];
        writes.extend(self.certificate_told(&inside, serial, Told::Revoked)?);
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
            Told::Revoked => (
                "certificate.revoked",
                Notice::CertificateRevoked,
                json!({
                    "serial": serial.to_string(), "reason": RevocationReason::KeyCompromise.code(),
                }),
            ),
        };
        let line =
            AuditLine { details: details.to_string(), ..portal_line(visitor, person, event) };
        let mut writes = vec![Write::Audit(Box::new(line))];
        writes.extend(self.notice_to_all(visitor, person, notice, About::default())?);
        Ok(writes)
    }

    fn sealed_file(
        &self,
        tenant: &Tenant,
        issued: &IssuedCertificate,
    ) -> Result<sekimori_base::Sealed<[u8]>, Fault> {
        let doing = "sealing a certificate's file";
        let (file, pin) = issued.file.as_ref().ok_or_else(|| Fault::new(doing, "there is none"))?;
        let kept = Kept {
            pin: pin.expose().to_owned(),
            file: data_encoding::BASE64.encode(file.expose()),
        };
        let number = stored_serial(issued.certificate.serial());
        let binding = SealBinding::new(Purpose::IssuedFile, tenant.id).about(number.bytes());
        let sealed = tenant.keys.seal_json(&binding, &kept, FILE_BYTES_MAX, &*self.entropy);
        let sealed = sealed.map_err(Fault::while_doing(doing))?;
        Ok(sekimori_base::Sealed::from_bytes(sealed.into_bytes()))
    }

    /// The kept file of a certificate of this person, and until when that is valid.
    async fn file_of(
        &self,
        inside: &Inside<'_>,
        serial: Serial,
    ) -> Result<Option<(Kept, Timestamp)>, Fault> {
        let visitor = inside.visitor();
        let (tenant, person) = (&visitor.tenant, inside.person.person.id);
        let number: CertificateSerial = stored_serial(serial);
        let file = self.store.certificate_file(tenant.id, person, number.clone(), visitor.now);
        let Some(sealed) = file.await? else { return Ok(None) };
        let Some(stored) = self.store.certificate(tenant.id, number.clone()).await? else {
            return Ok(None);
        };
        let binding = SealBinding::new(Purpose::IssuedFile, tenant.id).about(number.bytes());
        let sealed = sekimori_base::Sealed::from_bytes(sealed.bytes().to_vec());
        let kept = tenant.keys.open_json(&binding, &sealed);
        let kept = kept.map_err(Fault::while_doing("opening a certificate's file"))?;
        Ok(Some((kept, stored.expires_at)))
    }
}

enum Told {
    Issued,
    Revoked,
}

fn seed_of(once: &str) -> Option<[u8; 16]> {
    data_encoding::BASE64URL_NOPAD.decode(once.as_bytes()).ok()?.try_into().ok()
}

/// What the first question for chance is answered with: the same for each submit of one form of this session.
fn first(inside: &Inside<'_>, seed: [u8; 16]) -> [u8; 32] {
    let tenant = &inside.visitor().tenant;
    let data = [b"certificate:".as_slice(), inside.session.facts.id.bytes(), &seed].concat();
    *tenant.keys.digest(Purpose::Enrolment, tenant.id, &data).bytes()
}

/// Chance of which the first piece is known beforehand: a certificate's number is drawn first.
struct FirstKnown {
    first: Mutex<Option<[u8; 32]>>,
    rest: Arc<dyn Entropy>,
}

impl FirstKnown {
    fn new(first: [u8; 32], rest: &Arc<dyn Entropy>) -> Self {
        Self { first: Mutex::new(Some(first)), rest: Arc::clone(rest) }
    }
}

impl Entropy for FirstKnown {
    fn fill(&self, bytes: &mut [u8]) {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first.as_ref().and_then(|first| first.get(..bytes.len())) {
            Some(first) => bytes.copy_from_slice(first),
            None => self.rest.fill(bytes),
        }
    }
}

fn file_path(serial: Serial) -> String {
    format!("{LIST}/issued/{}", plain(serial))
}

fn revoke_path(serial: Serial) -> String {
    format!("{LIST}/revoke/{}", plain(serial))
}

/// Hexadecimal digits alone, as an address has them.
fn plain(serial: Serial) -> String {
    serial.to_string().replace(':', "")
}
