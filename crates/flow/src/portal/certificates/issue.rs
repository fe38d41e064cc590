//! Getting a certificate: once for each form, however often that is sent.

use std::sync::{Arc, Mutex, PoisonError};

use sekimori_base::{Entropy, Fault};
use sekimori_directory::Binding;
use sekimori_keys::Purpose;
use sekimori_login::Reason;
use sekimori_login::enrol::{self, Ticket};
use sekimori_pki::{PersonalKeyKind, Serial};
use sekimori_store::{CommitError, Conflict, Write};

use super::file::{FILE_SECONDS, file_path};
use super::{CertificateDone, LIST, MayIssue, Told};
use crate::Flow;
use crate::certificates::{Asked, NotIssued, WantedKey};
use crate::portal::Portal;
use crate::portal::enrolment::NotNow;
use crate::portal::enter::{Care, Inside, Who, door};
use crate::visitor::Visitor;

/// Where one is asked for.
const NEW: &str = "/portal/certificates/new";

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

impl Flow {
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
            Err(refused) => return not_issued(refused),
        };
        let until = visitor.now.plus_seconds(FILE_SECONDS);
        new.file = Some((self.sealed_file(&inside, &issued)?, until));
        let mut writes = vec![
            Write::EpochIs {
                person: inside.person.person.id,
                epoch: inside.person.known.credential_epoch,
            },
            Write::PersonIs {
                person: inside.person.person.id,
                updated_at: inside.person.person.updated_at,
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
        | NotIssued::Locations(_) => {
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
