//! Getting a certificate: once for each form, however often that is sent. For a fresh key, for one that the person
//! keeps, or in place of one that is about to end.

use std::sync::{Arc, Mutex, PoisonError};

use sekimori_base::{Entropy, Fault, Timestamp};
use sekimori_directory::Binding;
use sekimori_keys::Purpose;
use sekimori_login::Reason;
use sekimori_login::enrol::{self, Ticket};
use sekimori_pki::{KeyRefused, PersonalKeyKind, Request, RequestError, RevocationReason, Serial};
use sekimori_store::{CommitError, Conflict, NewCertificate, Write};

use super::file::{FILE_SECONDS, file_path};
use super::{CertificateDone, LIST, MayIssue, Told, plain};
use crate::Flow;
use crate::certificates::{
    Asked, IssuedCertificate, NotIssued, ShownCertificate, WantedKey, stored_serial,
};
use crate::portal::Portal;
use crate::portal::enrolment::NotNow;
use crate::portal::enter::{Care, Inside, Who, door};
use crate::visitor::Visitor;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A certificate with a fresh key, in a file.
    Fresh,
    /// One for a key that the person keeps.
    OwnKey,
    /// Another one after this one, with a fresh key.
    Renewal(Serial),
}

impl Wanted {
    fn path(self) -> String {
        match self {
            Self::Fresh => format!("{LIST}/new"),
            Self::OwnKey => format!("{LIST}/request"),
            Self::Renewal(serial) => format!("{LIST}/renew/{}", plain(serial)),
        }
    }
}

/// Why a request for a certificate is not taken, as a word in the query of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRefusal {
    /// There is none, or what there is is something else.
    NoRequest,
    /// It is much longer than one ever is.
    TooLong,
    /// It is a private key.
    PrivateKey,
    /// Its key is of a kind or a size that gets no certificate.
    Key,
    /// Its signature is not by its own key.
    NotProven,
}

impl RequestRefusal {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::NoRequest, Self::TooLong, Self::PrivateKey, Self::Key, Self::NotProven];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoRequest => "none",
            Self::TooLong => "long",
            Self::PrivateKey => "private-key",
            Self::Key => "key",
            Self::NotProven => "not-proven",
        }
    }

    /// What the word says.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.word() == word)
    }

    fn of(error: RequestError) -> Self {
        match error {
            RequestError::Malformed | RequestError::Key(KeyRefused::Damaged) => Self::NoRequest,
            RequestError::TooLong => Self::TooLong,
            RequestError::PrivateKey => Self::PrivateKey,
            RequestError::Key(KeyRefused::Kind | KeyRefused::RsaSize | KeyRefused::RsaExponent) => {
                Self::Key
            }
            RequestError::NotProven => Self::NotProven,
        }
    }
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
    /// What is wanted.
    pub wanted: Wanted,
    /// What it comes after.
    pub renewed: Option<Renewed>,
    /// Why the request that was just sent was not taken.
    pub refused: Option<RequestRefusal>,
}

/// The certificate that is renewed.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// What the person calls it.
    pub label: String,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a certificate that is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays good until it ends.
    Stays,
    /// As many as one may have are good: the new one takes its place.
    Replaced,
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
    /// What is wanted.
    pub wanted: Wanted,
    /// The token.
    pub token: String,
    /// What the page carried.
    pub once: String,
    /// What the person calls it.
    pub label: String,
    /// The request of somebody who keeps the key.
    pub request: String,
}

/// Somebody who may have what is wanted.
struct Entitled<'a> {
    inside: Box<Inside<'a>>,
    binding: Binding,
    renewed: Option<Renewed>,
}

impl Flow {
    /// Come in to have one issued, or what else comes to the person.
    async fn enter_to_issue<'a>(
        &'a self,
        visitor: &'a Visitor,
        wanted: Wanted,
    ) -> Result<Result<Entitled<'a>, Portal<IssueAnswer>>, Fault> {
        let path = wanted.path();
        let inside = match self.enter(visitor, &path, Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Err(Portal::elsewhere(progress))),
        };
        let certificates = self.certificates_of(&visitor.tenant, inside.person.person.id).await?;
        let fate = match (self.may_issue(&inside, &certificates), wanted) {
            (MayIssue::Yes, _) => Fate::Stays,
            (MayIssue::Full, Wanted::Renewal(_)) => Fate::Replaced,
            (MayIssue::Full, Wanted::Fresh | Wanted::OwnKey) | (MayIssue::No, _) => {
                return Ok(Err(Portal::see(LIST)));
            }
        };
        let renewed = match wanted {
            Wanted::Fresh | Wanted::OwnKey => None,
            Wanted::Renewal(serial) => match good(certificates, serial, visitor.now) {
                Some(ShownCertificate { label, expires_at, .. }) => {
                    Some(Renewed { label, expires_at, fate })
                }
                None => return Ok(Err(Portal::see(LIST))),
            },
        };
        let policy = &visitor.tenant.policy;
        match enrol::binding(policy, inside.facts(), Ticket::None) {
            Ok(binding) => Ok(Ok(Entitled { inside, binding, renewed })),
            Err(reason @ (Reason::EnrolNotHere | Reason::EnrolTicketNeeded)) => {
                let decision = enrol::decision(policy, inside.facts(), Ticket::None);
                let incident = self.narrate_registering(&inside, &decision).await?;
                let (token, who) = (inside.token(), inside.who());
                let not_now = NotNow { reason, incident, token, who };
                Ok(Err(Portal::Here(IssueAnswer::NotNow(not_now))))
            }
            // What is missing is asked by a sign-in; then this page again.
            Err(_) => {
                let progress = self.begin(visitor, door(&path, Care::Sensitive)).await?;
                Ok(Err(Portal::elsewhere(progress)))
            }
        }
    }

    /// The page of asking for one. Nothing is stored.
    pub async fn issue_page(
        &self,
        visitor: &Visitor,
        wanted: Wanted,
        refused: Option<RequestRefusal>,
    ) -> Result<Portal<IssueAnswer>, Fault> {
        let Entitled { inside, renewed, .. } = match self.enter_to_issue(visitor, wanted).await? {
            Ok(entitled) => entitled,
            Err(portal) => return Ok(portal),
        };
        let seed: [u8; 16] = sekimori_base::random(&*self.entropy);
        Ok(Portal::Here(IssueAnswer::Form(IssuePage {
            who: inside.who(),
            token: inside.token(),
            once: data_encoding::BASE64URL_NOPAD.encode(&seed),
            months: visitor.tenant.site.certificates.months,
            wanted,
            renewed,
            refused,
        })))
    }

    /// Issue one.
    pub async fn issue_own_certificate(
        &self,
        visitor: &Visitor,
        form: IssueForm,
    ) -> Result<Portal<IssueAnswer>, Fault> {
        let path = form.wanted.path();
        let inside = match self.enter(visitor, &path, Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let Some(seed) = seed_of(&form.once).filter(|_| inside.is_token(&form.token)) else {
            return Ok(Portal::see(path));
        };
        let known = first(&inside, seed);
        let chance = || FirstKnown::new(known, &self.entropy);
        let serial = Serial::random(&chance());
        // Sent twice: the first one is there, and may be the last that could be had.
        if let Some(path) = self.issued_before(&inside, form.wanted, serial).await? {
            return Ok(Portal::see(path));
        }
        let key = match key(&form) {
            Ok(key) => key,
            Err(refusal) => {
                return Ok(Portal::see(format!("{path}?refused={}", refusal.word())));
            }
        };
        let entitled = match self.enter_to_issue(visitor, form.wanted).await? {
            Ok(entitled) => entitled,
            Err(portal) => return Ok(portal),
        };
        let issued_by = "self".to_owned();
        let asked = Asked { key, label: form.label, issued_by, binding: entitled.binding };
        let (tenant, person) = (&visitor.tenant, &entitled.inside.person);
        let made = self.make_certificate(tenant, person, asked, Arc::new(chance())).await;
        let (issued, new) = match made {
            Ok(made) => made,
            Err(refused) => return not_issued(refused),
        };
        let writes = self.issue_writes(&entitled, form.wanted, &issued, new)?;
        let committed = self.store.commit(tenant.id, visitor.now, writes).await;
        let full = match committed {
            Ok(_) => false,
            Err(CommitError::Conflict { conflict: Conflict::CertificatesFull, .. }) => true,
            Err(CommitError::Conflict { .. }) => return Ok(Portal::see(path)),
            Err(CommitError::Fault(fault)) => return Err(fault),
        };
        Ok(Portal::see(match form.wanted {
            // As many as one may have, or sent twice at the same moment: its own address knows which.
            Wanted::Fresh | Wanted::Renewal(_) => file_path(serial),
            Wanted::OwnKey if full => LIST.to_owned(),
            Wanted::OwnKey => CertificateDone::Certified.path(),
        }))
    }

    fn issue_writes(
        &self,
        entitled: &Entitled<'_>,
        wanted: Wanted,
        issued: &IssuedCertificate,
        new: NewCertificate,
    ) -> Result<Vec<Write>, Fault> {
        let inside = &entitled.inside;
        let person = inside.person.person.id;
        let updated_at = inside.person.person.updated_at;
        let epoch = inside.person.known.credential_epoch;
        let mut writes =
            vec![Write::EpochIs { person, epoch }, Write::PersonIs { person, updated_at }];
        if let (Wanted::Renewal(old), Some(Renewed { fate: Fate::Replaced, .. })) =
            (wanted, &entitled.renewed)
        {
            let reason = RevocationReason::Superseded;
            writes.push(Write::CertificateRevoke {
                serial: stored_serial(old),
                reason: reason.code(),
            });
            writes.extend(self.certificate_told(inside, old, Told::Revoked(reason))?);
        }
        let file = match &issued.file {
            Some(file) => {
                let until = inside.visitor().now.plus_seconds(FILE_SECONDS);
                let serial = issued.certificate.serial();
                Some((self.sealed_file(inside, serial, file)?, until))
            }
            None => None,
        };
        writes.push(Write::CertificatePut(NewCertificate { file, ..new }));
        let serial = issued.certificate.serial();
        writes.extend(self.certificate_told(inside, serial, Told::Issued)?);
        Ok(writes)
    }

    /// Where a form leads that was sent before.
    async fn issued_before(
        &self,
        inside: &Inside<'_>,
        wanted: Wanted,
        serial: Serial,
    ) -> Result<Option<String>, Fault> {
        match wanted {
            Wanted::Fresh | Wanted::Renewal(_) => {
                let file = self.file_of(inside, serial).await?;
                Ok(file.map(|_| file_path(serial)))
            }
            Wanted::OwnKey => {
                let (tenant, number) = (inside.visitor().tenant.id, stored_serial(serial));
                let stored = self.store.certificate(tenant, number).await?;
                Ok(stored.map(|_| CertificateDone::Certified.path()))
            }
        }
    }
}

fn key(form: &IssueForm) -> Result<WantedKey, RequestRefusal> {
    match form.wanted {
        Wanted::Fresh | Wanted::Renewal(_) => Ok(WantedKey::Fresh(PersonalKeyKind::P256)),
        Wanted::OwnKey => Request::read(form.request.trim().as_bytes())
            .map(|request| WantedKey::Request(Box::new(request)))
            .map_err(RequestRefusal::of),
    }
}

fn good(all: Vec<ShownCertificate>, serial: Serial, now: Timestamp) -> Option<ShownCertificate> {
    all.into_iter().find(|one| one.serial == serial && one.is_good(now))
}

/// Where somebody goes for whom none is issued.
fn not_issued(refused: NotIssued) -> Result<Portal<IssueAnswer>, Fault> {
    match refused {
        NotIssued::Fault(fault) => Err(fault),
        NotIssued::Full | NotIssued::Account | NotIssued::Group => Ok(Portal::see(LIST)),
        NotIssued::NoAuthority
        | NotIssued::AuthorityOver
        | NotIssued::Changed
        | NotIssued::Profile(_)
        | NotIssued::Locations(_)
        | NotIssued::Token(_) => {
            tracing::error!(error = %refused, "a certificate cannot be issued");
            Ok(Portal::see(CertificateDone::Failed.path()))
        }
    }
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
