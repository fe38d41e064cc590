//! Adding people, and factors that an administrator hands out.

use std::collections::BTreeSet;
use std::time::Duration;

use sekimori_base::{
    Bilingual, FactorId, Fault, Language, PersonId, Sealed, Secret, Timestamp, random,
};
use sekimori_credential::passkey::Owner;
use sekimori_credential::password::{self, ImportError, PasswordError};
use sekimori_credential::totp::TotpSecret;
use sekimori_directory::{
    Affiliation, Binding, Group, MailAddress, Method, Person, PersonState, Username,
};
use sekimori_keys::{Binding as SealBinding, Purpose};
use sekimori_login::{FactorState, Notice};
use sekimori_store::{AuditLine, CommitError, Conflict, NewFactor, NewPasskey, Write};

use crate::Flow;
use crate::challenge::credential_digest;
use crate::hashing::{Busy, Class, Place};
use crate::notices::About;
use crate::tenant::Tenant;

/// Who acts, as the audit names them: `os:root`, `admin:per_…`, `system`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By(pub String);

/// Somebody to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// What they type.
    pub username: Username,
    /// The name to show.
    pub name: Bilingual,
    /// Where notices go.
    pub mail: Option<MailAddress>,
    /// Roles.
    pub affiliations: BTreeSet<Affiliation>,
    /// Groups.
    pub groups: BTreeSet<Group>,
    /// May use the administration.
    pub administrator: bool,
    /// Whether the account may be used.
    pub state: PersonState,
    /// The language of mails.
    pub language: Language,
}

/// What to do while all places of the hash queue are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// Say so.
    Refuse,
    /// Wait for a place, however long that takes: for work in bulk.
    Wait,
}

/// Between two looks at a full queue.
const FULL_QUEUE: Duration = Duration::from_millis(20);

/// Why somebody was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// Somebody else has the user name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// The password is longer than anything that is looked at.
    #[error("the password is too long")]
    PasswordTooLong,
    /// The hash of another system cannot be taken over.
    #[error(transparent)]
    Hash(ImportError),
    /// All places of the hash queue are taken.
    #[error("too many passwords are being checked at this moment: do it again in a few seconds")]
    Busy,
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Flow {
    /// Add a person, with a password or without one.
    pub async fn add_person(
        &self,
        tenant: &Tenant,
        new: NewPerson,
        password: Option<Secret<String>>,
        by: &By,
    ) -> Result<PersonId, AddError> {
        let now = self.clock.now();
        let record = match password {
            Some(password) => Some(self.hash_password(tenant, password, WhenFull::Refuse).await?),
            None => None,
        };
        let id = PersonId::random(&*self.entropy);
        let person = Person {
            id,
            username: new.username,
            name: new.name,
            mail: new.mail,
            affiliations: new.affiliations,
            groups: new.groups,
            administrator: new.administrator,
            state: new.state,
            language: new.language,
            updated_at: now,
        };
        let writes = vec![
            Write::PersonAdd { person: Box::new(person), password: record },
            Write::Audit(Box::new(admin_line(now, "person.added", Some(id), by))),
        ];
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(id),
            Err(CommitError::Conflict { conflict: Conflict::UsernameTaken, .. }) => {
                Err(AddError::UsernameTaken)
            }
            Err(CommitError::Conflict { conflict, .. }) => {
                Err(Fault::new("adding a person", conflict).into())
            }
            Err(CommitError::Fault(fault)) => Err(fault.into()),
        }
    }

    /// A record of a new password, made in the hash queue.
    pub async fn hash_password(
        &self,
        tenant: &Tenant,
        password: Secret<String>,
        when_full: WhenFull,
    ) -> Result<String, AddError> {
        let place = self.place(tenant, when_full).await?;
        match place.hash(password, random(&*self.entropy)).await? {
            Ok(record) => Ok(record.to_string()),
            Err(PasswordError::TooLong) => Err(AddError::PasswordTooLong),
            Err(fault) => Err(Fault::new("hashing a password", fault).into()),
        }
    }

    /// Whether a hash of another system can be taken over: it can be read, and checking it is no slower than a wrong
    /// password is answered here.
    pub fn examine_hash(&self, tenant: &Tenant, hash: &str) -> Result<(), ImportError> {
        let answered = u64::from(tenant.site.password.wrong_password_millis);
        password::examine(hash, self.hashing.cost(), answered)
    }

    /// A record that checks the passwords of a hash of another system, made in the hash queue.
    pub async fn take_over_hash(
        &self,
        tenant: &Tenant,
        hash: String,
        when_full: WhenFull,
    ) -> Result<String, AddError> {
        self.examine_hash(tenant, &hash).map_err(AddError::Hash)?;
        let place = self.place(tenant, when_full).await?;
        match place.wrap(hash, random(&*self.entropy)).await? {
            Ok(record) => Ok(record.to_string()),
            Err(ImportError::Hash(fault)) => Err(Fault::new("wrapping a hash", fault).into()),
            Err(error) => Err(AddError::Hash(error)),
        }
    }

    async fn place(&self, tenant: &Tenant, when_full: WhenFull) -> Result<Place, AddError> {
        loop {
            match (self.hashing.enter(Class::Inside, (tenant.id, 0)), when_full) {
                (Ok(place), _) => return Ok(place),
                (Err(Busy), WhenFull::Refuse) => return Err(AddError::Busy),
                (Err(Busy), WhenFull::Wait) => tokio::time::sleep(FULL_QUEUE).await,
            }
        }
    }

    /// Register an authenticator app for somebody, who is told; ready to be used: the secret goes on paper, once.
    pub async fn hand_out_totp(
        &self,
        tenant: &Tenant,
        person: PersonId,
        binding: Binding,
        by: &By,
    ) -> Result<TotpSecret, Fault> {
        let now = self.clock.now();
        let secret = TotpSecret::random(&*self.entropy);
        let id = FactorId::random(&*self.entropy);
        let factor = NewFactor {
            person,
            id,
            method: Method::Totp,
            binding,
            state: FactorState::Ready,
            label: String::new(),
            secret: self.seal_factor(tenant, id, secret.bytes().expose())?,
            codes: 0,
            passkey: None,
        };
        let mut writes = vec![
            Write::FactorAdd(factor),
            Write::Audit(Box::new(admin_line(now, "factor.handed_out", Some(person), by))),
        ];
        if let Some(stored) = self.store.person(tenant.id, now, person).await? {
            let about = About {
                factor: Some(id),
                method: Some(Method::Totp),
                binding: Some(binding),
                ..About::default()
            };
            writes.extend(self.desk_notice(tenant, &stored, Notice::FactorAdded, about)?);
        }
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(secret),
            Err(CommitError::Conflict { conflict, .. }) => {
                Err(Fault::new("handing out a factor", conflict))
            }
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// Register an address for codes by mail that was proven elsewhere; nobody is told.
    pub async fn hand_out_address(
        &self,
        tenant: &Tenant,
        person: PersonId,
        address: &MailAddress,
        binding: Binding,
        by: &By,
    ) -> Result<FactorId, Fault> {
        let now = self.clock.now();
        let id = FactorId::random(&*self.entropy);
        let factor = NewFactor {
            person,
            id,
            method: Method::MailCode,
            binding,
            state: FactorState::Ready,
            label: address.masked(),
            secret: self.seal_factor(tenant, id, address.as_str().as_bytes())?,
            codes: 0,
            passkey: None,
        };
        let line = admin_line(now, "factor.handed_out", Some(person), by);
        let writes = vec![Write::FactorAdd(factor), Write::Audit(Box::new(line))];
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(id),
            Err(error) => Err(Fault::new("handing out a factor", error)),
        }
    }

    /// Register a passkey that `make` makes from what a browser would be told; nobody is told. Its answer is checked as
    /// one of a browser is. `false`: it was not taken, or this site has no passkeys.
    pub async fn hand_out_passkey(
        &self,
        tenant: &Tenant,
        person: &Person,
        binding: Binding,
        by: &By,
        make: impl FnOnce(&str) -> String,
    ) -> Result<bool, Fault> {
        let (now, name) = (self.clock.now(), person.username.as_str());
        let Some(relying_party) = tenant.relying_party.as_deref() else { return Ok(false) };
        let challenge = random(&*self.entropy);
        let owner = Owner { handle: person.id.bytes(), name, display_name: name };
        let answer = make(&relying_party.creation(&challenge, owner, &[]));
        let Ok(made) = relying_party.register(&challenge, &[], &answer) else { return Ok(false) };
        let id = FactorId::random(&*self.entropy);
        let credential = credential_digest(tenant, made.passkey.id());
        let factor = NewFactor {
            person: person.id,
            id,
            method: Method::Passkey,
            binding,
            state: FactorState::Ready,
            label: made.passkey.maker().unwrap_or_default().to_owned(),
            secret: self.seal_factor(tenant, id, &made.passkey.to_bytes())?,
            codes: 0,
            passkey: Some(NewPasskey { credential, counter: made.counter }),
        };
        let line = admin_line(now, "factor.handed_out", Some(person.id), by);
        let writes = vec![Write::FactorAdd(factor), Write::Audit(Box::new(line))];
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(true),
            Err(error) => Err(Fault::new("handing out a factor", error)),
        }
    }

    /// A factor's secret, sealed for its row.
    pub(crate) fn seal_factor(
        &self,
        tenant: &Tenant,
        id: FactorId,
        secret: &[u8],
    ) -> Result<Sealed<[u8]>, Fault> {
        let binding = SealBinding::new(Purpose::DatabaseSecret, tenant.id).about(id.bytes());
        tenant
            .keys
            .seal(&binding, secret, &*self.entropy)
            .map_err(Fault::while_doing("sealing a factor's secret"))
    }
}

/// The audit line of something that an administrator did.
pub(crate) fn admin_line(
    now: Timestamp,
    event: &str,
    person: Option<PersonId>,
    by: &By,
) -> AuditLine {
    AuditLine {
        at: now,
        event: event.to_owned(),
        person,
        by: Some(by.0.clone()),
        ..AuditLine::default()
    }
}
