//! Certificates of people: issued, listed, taken back.

use std::sync::Arc;

use sekimori_base::{Entropy, Fault, PersonId, Timestamp};
use sekimori_directory::{Binding, MailAddress, Person, PersonState};
use sekimori_login::{Notice, account_refusal};
use sekimori_pki::{
    AccessPin, Certificate, IssueError, Lifetime, Locations, LocationsError, MailRule, PersonalKey,
    PersonalKeyKind, Profile, ProfileError, Request, RevocationReason, Serial, Subject,
};
use sekimori_store::{
    CertificateSerial, Conflict, NewCertificate, StoredCertificate, StoredPerson, Write,
};
use serde_json::json;

use super::{Addresses, OwnAuthority};
use crate::Flow;
use crate::admin::By;
use crate::notices::About;
use crate::tenant::Tenant;

/// Longest name that somebody gives a certificate, in characters.
const LABEL_CHARACTERS_MAX: usize = 64;

/// Whose key a certificate is for.
pub enum WantedKey {
    /// A key that its owner keeps; of the request only that is taken.
    Request(Box<Request>),
    /// A fresh one in a PKCS#12 file.
    Fresh(PersonalKeyKind),
}

/// What is asked for.
pub struct Asked {
    /// Whose key.
    pub key: WantedKey,
    /// What the person calls it.
    pub label: String,
    /// Who asks for it.
    pub issued_by: String,
    /// How its owner is known.
    pub binding: Binding,
}

/// A certificate that was issued and is kept.
pub struct IssuedCertificate {
    /// It.
    pub certificate: Certificate,
    /// That of its issuer.
    pub issuer: Certificate,
    /// The file with the key and what opens it: handed over once, kept nowhere.
    pub file: Option<(PersonalKey, AccessPin)>,
}

/// Why none was issued.
#[derive(Debug, thiserror::Error)]
pub enum NotIssued {
    /// There is no authority here.
    #[error("there is no certificate authority yet")]
    NoAuthority,
    /// The authority's own certificate is over.
    #[error("the authority's own certificate is not valid now")]
    AuthorityOver,
    /// The account cannot be used.
    #[error("the account cannot be used now")]
    Account,
    /// The person is in none of the groups that may have one.
    #[error("the person is in none of the groups that may have a certificate")]
    Group,
    /// As many as one may have are good.
    #[error("the person has as many good certificates as they may")]
    Full,
    /// Password or factors changed meanwhile.
    #[error("the account was changed at the same moment: do it again")]
    Changed,
    /// The user name, the mail address or a setting cannot stand in a certificate.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// An address of the settings cannot.
    #[error(transparent)]
    Locations(#[from] LocationsError),
    /// The authority's key is in a token, which did not sign.
    #[error(transparent)]
    Token(Fault),
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A certificate as its owner and the desk see it.
#[derive(Debug, Clone)]
pub struct ShownCertificate {
    /// Its number.
    pub serial: Serial,
    /// What the person calls it.
    pub label: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Who asked for it.
    pub issued_by: String,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// When and why it was taken back.
    pub revoked: Option<(Timestamp, RevocationReason)>,
}

impl ShownCertificate {
    /// Whether it can still be used.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now <= self.expires_at
    }

    fn of(stored: StoredCertificate) -> Option<Self> {
        let revoked = stored.revoked;
        Some(Self {
            serial: Serial::from_bytes(stored.serial.bytes())?,
            label: stored.label,
            issued_at: stored.issued_at,
            issued_by: stored.issued_by,
            expires_at: stored.expires_at,
            revoked: revoked.map(|taken| (taken.at, RevocationReason::from_code(taken.reason))),
        })
    }
}

impl Flow {
    /// Issue a certificate to somebody, who is told, and keep it beside the account. Nothing is handed out that is not
    /// kept.
    pub async fn issue_certificate(
        &self,
        tenant: &Arc<Tenant>,
        person: &StoredPerson,
        asked: Asked,
        by: &By,
    ) -> Result<IssuedCertificate, NotIssued> {
        let now = self.clock.now();
        let chance = Arc::clone(&self.entropy);
        let (issued, new) = self.make_certificate(tenant, person, asked, chance).await?;
        let mut line = by.line(now, "certificate.issued", Some(person.person.id));
        let (serial, ends) = (issued.certificate.serial().to_string(), new.expires_at);
        line.details =
            json!({ "serial": serial, "authority": new.authority, "expires_at": ends }).to_string();
        let epoch = person.known.credential_epoch;
        let mut writes = vec![
            Write::EpochIs { person: person.person.id, epoch },
            Write::PersonIs { person: person.person.id, updated_at: person.person.updated_at },
            Write::CertificatePut(new),
            Write::Audit(Box::new(line)),
        ];
        let notice = Notice::CertificateIssued;
        let about = About::certificate(issued.certificate.serial());
        writes.extend(self.desk_notice(tenant, person, notice, about)?);
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(issued),
            Err(error) => Err(match error.conflict() {
                Some(Conflict::CertificatesFull) => NotIssued::Full,
                Some(Conflict::EpochMoved | Conflict::PersonMoved) => NotIssued::Changed,
                Some(_) | None => Fault::new("keeping a certificate", error).into(),
            }),
        }
    }

    /// A certificate for somebody, and the row that must be kept before it is handed out. Its number is the first
    /// thing that is drawn from `chance`.
    pub(crate) async fn make_certificate(
        &self,
        tenant: &Arc<Tenant>,
        person: &StoredPerson,
        asked: Asked,
        chance: Arc<dyn Entropy>,
    ) -> Result<(IssuedCertificate, NewCertificate), NotIssued> {
        let now = self.clock.now();
        let account_until = may_have(tenant, &person.person, now)?;
        let own = tenant.authorities.active().ok_or(NotIssued::NoAuthority)?;
        let profile = profile(tenant, own)?;
        let subject = subject(tenant, &person.person)?;
        let issuer = own.authority.certificate().clone();
        let authority = own.name.clone();
        let label = label(&asked.label);
        // An RSA key and the rounds of PKCS#12 take their time.
        let here = Arc::clone(tenant);
        let title = title(tenant, &person.person);
        let making = tokio::task::spawn_blocking(move || {
            let own = here.authorities.active().ok_or(NotIssued::NoAuthority)?;
            make(own, &profile, &subject, asked.key, &title, now, &*chance)
        });
        let made = making.await.map_err(Fault::while_doing("issuing a certificate"))??;
        let (certificate, file) = made;
        let new = NewCertificate {
            serial: stored_serial(certificate.serial()),
            authority,
            person: person.person.id,
            label,
            document: certificate.der().to_vec(),
            issued_by: asked.issued_by,
            expires_at: certificate.not_after(),
            account_until,
            binding: asked.binding,
            file: None,
            good_max: tenant.site.certificates.good_max,
            is_factor: tenant.certificates.is_some(),
        };
        Ok((IssuedCertificate { certificate, issuer, file }, new))
    }

    /// Whether somebody may have a certificate now.
    pub fn may_have_certificate(&self, tenant: &Tenant, person: &Person) -> Result<(), NotIssued> {
        may_have(tenant, person, self.clock.now())?;
        tenant.authorities.active().map(drop).ok_or(NotIssued::NoAuthority)
    }

    /// Somebody's certificates, newest first.
    pub async fn certificates_of(
        &self,
        tenant: &Tenant,
        person: PersonId,
    ) -> Result<Vec<ShownCertificate>, Fault> {
        let stored = self.store.certificates_of(tenant.id, person).await?;
        Ok(stored.into_iter().filter_map(ShownCertificate::of).collect())
    }

    /// Take a certificate back, for good. `false`: there is none with that number (of that person, if one is named), or
    /// it was taken back before.
    pub async fn revoke_certificate(
        &self,
        tenant: &Tenant,
        owner: Option<PersonId>,
        serial: Serial,
        reason: RevocationReason,
        by: &By,
    ) -> Result<bool, Fault> {
        let stored = self.store.certificate(tenant.id, stored_serial(serial)).await?;
        let Some(stored) = stored else { return Ok(false) };
        if owner.is_some() && stored.person != owner {
            return Ok(false);
        }
        self.take_back(tenant, stored.serial, stored.person, reason, by).await
    }

    async fn take_back(
        &self,
        tenant: &Tenant,
        serial: CertificateSerial,
        person: Option<PersonId>,
        reason: RevocationReason,
        by: &By,
    ) -> Result<bool, Fault> {
        let now = self.clock.now();
        let mut line = by.line(now, "certificate.revoked", person);
        let number = Serial::from_bytes(serial.bytes());
        let shown = number.map(|serial| serial.to_string());
        line.details = json!({ "serial": shown, "reason": reason.code() }).to_string();
        let revoke = Write::CertificateRevoke { serial, reason: reason.code() };
        let mut writes = vec![revoke, Write::Audit(Box::new(line))];
        // Whose account has ended needs no word about its certificates.
        let owner = person.filter(|_| reason != RevocationReason::CessationOfOperation);
        if let Some(owner) = owner
            && let Some(stored) = self.store.person(tenant.id, now, owner).await?
        {
            let notice = Notice::CertificateRevoked;
            let about = number.map(About::certificate).unwrap_or_default();
            writes.extend(self.desk_notice(tenant, &stored, notice, about)?);
        }
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(true),
            Err(error) if error.conflict() == Some(Conflict::CertificateGone) => Ok(false),
            Err(error) => Err(Fault::new("taking a certificate back", error)),
        }
    }

    /// Take back the certificates of accounts that have come to their end. Called once a minute.
    pub async fn end_certificates(&self) -> Result<(), Fault> {
        let by = By("system".to_owned());
        let reason = RevocationReason::CessationOfOperation;
        for tenant in self.tenants.all() {
            let ended = self.store.certificates_ended(tenant.id, self.clock.now()).await?;
            for one in ended {
                self.take_back(&tenant, one.serial, one.person, reason, &by).await?;
            }
        }
        Ok(())
    }
}

/// When the account ends, if it can be used now and its groups may have a certificate.
fn may_have(
    tenant: &Tenant,
    person: &Person,
    now: Timestamp,
) -> Result<Option<Timestamp>, NotIssued> {
    if account_refusal(person.state, now).is_some() {
        return Err(NotIssued::Account);
    }
    let until = match person.state {
        PersonState::Active { until, .. } => until,
        PersonState::Disabled { .. } | PersonState::Held { .. } => None,
    };
    let groups = &tenant.site.certificates.groups;
    if groups.is_empty() || groups.iter().any(|group| person.groups.contains(group)) {
        Ok(until)
    } else {
        Err(NotIssued::Group)
    }
}

/// One line, of bounded length.
fn label(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").chars().take(LABEL_CHARACTERS_MAX).collect()
}

fn profile(tenant: &Tenant, own: &OwnAuthority) -> Result<Profile, NotIssued> {
    let settings = &tenant.site.certificates;
    let months = u16::from(settings.months);
    let lifetime = Lifetime::ALL.into_iter().find(|lifetime| lifetime.months() == months);
    let lifetime = lifetime.ok_or_else(|| {
        Fault::new("issuing a certificate", format!("{months} months are no lifetime of one"))
    })?;
    let addresses = Addresses::of(tenant, &own.name);
    let locations =
        Locations::parse(&[&addresses.list], &[&addresses.responder], &[&addresses.certificate])?;
    let mail = if settings.mail { MailRule::Present } else { MailRule::Absent };
    let profile = Profile::new(lifetime, locations).with_mail(mail).in_organization(
        settings.country.as_deref(),
        settings.organization.as_deref(),
        settings.unit.as_deref(),
    )?;
    Ok(match settings.realm.as_deref() {
        Some(realm) => profile.with_realm(realm)?,
        None => profile,
    })
}

fn subject(tenant: &Tenant, person: &Person) -> Result<Subject, NotIssued> {
    let mail = person.mail.as_ref().map(MailAddress::as_str);
    let mail = mail.filter(|_| tenant.site.certificates.mail);
    Ok(Subject::parse(person.username.as_str(), mail)?)
}

/// What the person's device shows.
fn title(tenant: &Tenant, person: &Person) -> String {
    let organisation = tenant.site.organisation.name.text(person.language);
    format!("{organisation}: {}", person.username)
}

type Made = (Certificate, Option<(PersonalKey, AccessPin)>);

fn make(
    own: &OwnAuthority,
    profile: &Profile,
    subject: &Subject,
    key: WantedKey,
    title: &str,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Made, NotIssued> {
    let authority = &own.authority;
    let made = match key {
        WantedKey::Request(request) => authority
            .issue(profile, subject, &request, now, entropy)
            .map(|issued| (issued.certificate, None)),
        WantedKey::Fresh(kind) => authority
            .issue_with_key(profile, subject, kind, title, now, entropy)
            .map(|issued| (issued.certificate, Some((issued.pkcs12, issued.pin)))),
    };
    made.map_err(|error| match error {
        IssueError::AuthorityNotValid => NotIssued::AuthorityOver,
        IssueError::Fault(fault) if own.device.is_some() => NotIssued::Token(fault),
        IssueError::Fault(fault) => fault.into(),
    })
}

/// A number as rows keep it.
pub(crate) fn stored_serial(serial: Serial) -> CertificateSerial {
    CertificateSerial::from_bytes(serial.bytes()).expect("a number has 1 to 20 bytes")
}
