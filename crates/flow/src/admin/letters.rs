//! Letters on paper for new people: the secrets are drawn and printed first, and only then become the account's, all
//! of them in one transaction. So no account has a secret that nobody holds, and a print that came to nothing opens
//! nothing.
//!
//! The initial password is a ticket (`docs/decisions/0080`): good once, for choosing a password, together with a code
//! of the app in the same letter. It is stored as a keyed digest, the app's secret sealed.

use sekimori_base::{Entropy, FactorId, Fault, PersonId, TicketId, Timestamp};
use sekimori_credential::totp::TotpSecret;
use sekimori_directory::{Binding, Method, PersonState};
use sekimori_login::letter::{self, Password, Standing};
use sekimori_login::ticket::TicketPurpose;
use sekimori_login::{FactorState, Notice, Reason};
use sekimori_store::{AuditLine, CommitError, NewFactor, NewTicket, StoredPerson, Write};
use serde_json::json;

use super::By;
use crate::Flow;
use crate::notices::About;
use crate::tenant::Tenant;
use crate::ticket::{TicketCode, ticket_seconds};

/// What a letter holds that nobody else may know.
pub struct LetterSecrets {
    /// The initial password.
    pub password: TicketCode,
    /// The secret of the app.
    pub app: TotpSecret,
}

impl LetterSecrets {
    /// Fresh ones, of characters that nobody takes for others.
    pub fn draw(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self { password: TicketCode::unmistakable(entropy), app: TotpSecret::unmistakable(entropy) }
    }
}

/// A letter that is printed.
pub struct PrintedLetter {
    /// To whom: as they were looked at when it was planned.
    pub person: StoredPerson,
    /// What it holds.
    pub secrets: LetterSecrets,
    /// Its initial password is good until then.
    pub until: Timestamp,
}

/// Why letters were not taken. Nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum LettersError {
    /// Somebody was changed since they were looked at.
    #[error("somebody was changed meanwhile")]
    Changed(PersonId),
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// How an account stands towards letters, or why nobody is sent one about it.
pub fn standing(person: &StoredPerson, now: Timestamp) -> Result<Standing, Reason> {
    let password = if person.password.is_some() { Password::Set } else { Password::None };
    letter::standing(&person.known, password, now)
}

/// Until when the initial password of a letter is good that is printed now: as a starting ticket, counted from the
/// day on which the account begins.
pub fn good_until(tenant: &Tenant, state: PersonState, now: Timestamp) -> Timestamp {
    let begins = match state {
        PersonState::Active { from: Some(from), .. } => now.max(from),
        PersonState::Active { from: None, .. }
        | PersonState::Disabled { .. }
        | PersonState::Held { .. } => now,
    };
    begins.plus_seconds(ticket_seconds(tenant, TicketPurpose::Start))
}

impl Flow {
    /// Make what letters hold the accounts' own: all of them, or none. Apps of earlier letters that nobody used end,
    /// and so do all tickets; everybody is told by mail.
    pub async fn take_letters(
        &self,
        tenant: &Tenant,
        letters: Vec<PrintedLetter>,
        by: &By,
    ) -> Result<(), LettersError> {
        let now = self.clock.now();
        let count = letters.len();
        let mut writes = Vec::with_capacity(count * 7 + 1);
        let mut whose = Vec::with_capacity(count * 7 + 1);
        for letter in letters {
            let id = letter.person.person.id;
            writes.extend(self.letter_writes(tenant, letter, by, now)?);
            whose.resize(writes.len(), id);
        }
        let mut summary = by.line(now, "letters.made", None);
        summary.details = json!({ "letters": count }).to_string();
        writes.push(Write::Audit(Box::new(summary)));
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(()),
            // Whatever does not hold is about somebody: they are gone, or another than when the letter was planned.
            Err(CommitError::Conflict { write, conflict }) => match whose.get(write) {
                Some(person) => Err(LettersError::Changed(*person)),
                None => Err(Fault::new("taking letters", conflict).into()),
            },
            Err(CommitError::Fault(fault)) => Err(fault.into()),
        }
    }

    fn letter_writes(
        &self,
        tenant: &Tenant,
        letter: PrintedLetter,
        by: &By,
        now: Timestamp,
    ) -> Result<Vec<Write>, Fault> {
        let PrintedLetter { person: stored, secrets, until } = letter;
        let (person, app) = (stored.person.id, FactorId::random(&*self.entropy));
        let former = standing(&stored, now).map_or_else(|_| Vec::new(), |it| it.letters().to_vec());
        let line = |event, details: serde_json::Value| {
            let details = details.to_string();
            Write::Audit(Box::new(AuditLine { details, ..by.line(now, event, Some(person)) }))
        };
        let mut writes = vec![
            Write::PersonIs { person, updated_at: stored.person.updated_at },
            Write::EpochIs { person, epoch: stored.known.credential_epoch },
        ];
        for factor in former {
            writes.push(Write::FactorRemove { person, factor });
            writes.push(line("factor.ended_by_desk", json!({ "factor": factor })));
        }
        writes.push(Write::FactorAdd(NewFactor {
            person,
            id: app,
            method: Method::Totp,
            binding: Binding::Letter,
            state: FactorState::Ready,
            label: String::new(),
            secret: self.seal_factor(tenant, app, secrets.app.bytes().expose())?,
            codes: 0,
            passkey: None,
        }));
        writes
            .push(line("factor.handed_out", json!({ "factor": app, "binding": Binding::Letter })));
        let purpose = TicketPurpose::Password;
        // After the factor, which raises the epoch: a ticket is good under the one that it was made under.
        writes.push(Write::TicketPut(NewTicket {
            id: TicketId::random(&*self.entropy),
            person,
            digest: secrets.password.digest(tenant),
            purpose,
            made_by: by.0.clone(),
            expires_at: until,
        }));
        writes.push(line("ticket.made", json!({ "for": purpose.as_str(), "in": "letter" })));
        let about = About {
            factor: Some(app),
            method: Some(Method::Totp),
            binding: Some(Binding::Letter),
            ..About::default()
        };
        writes.extend(self.desk_notice(tenant, &stored, Notice::FactorAdded, about)?);
        Ok(writes)
    }
}
