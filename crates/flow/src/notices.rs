//! Notices: what a person is told by mail about their account. Put into the outbox in the transaction of the change,
//! delivered later; the text is made at delivery, in the person's language.

use sekimori_base::{FactorId, Fault, Language, PersonId, Sealed, Timestamp, random};
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{Binding as FactorBinding, MailAddress, Method, Person};
use sekimori_keys::{Binding, Purpose};
use sekimori_login::Notice;
use sekimori_store::{MessageId, Write};
use serde::{Deserialize, Serialize};

use crate::Flow;
use crate::login::Round;
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// Longest message in the outbox, in bytes.
const MESSAGE_BYTES_MAX: usize = 4096;

/// A notice that waits to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// To whom.
    pub to: MailAddress,
    /// Whose account it is about.
    pub person: PersonId,
    /// Their user name.
    pub username: String,
    /// Their name, in the language of the mail; empty in messages of an earlier program.
    #[serde(default)]
    pub name: String,
    /// In which language.
    pub language: Language,
    /// What happened.
    pub notice: Notice,
    /// To which factor, if to one.
    #[serde(flatten)]
    pub about: About,
    /// When.
    pub at: Timestamp,
    /// From which zone.
    pub zone: ZoneName,
    /// From which browser, as it describes itself.
    pub device: String,
}

/// The factor that a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct About {
    /// Which.
    #[serde(default)]
    pub factor: Option<FactorId>,
    /// Of what kind.
    #[serde(default)]
    pub method: Option<Method>,
    /// How it came to the account.
    #[serde(default)]
    pub binding: Option<FactorBinding>,
    /// Recovery codes that are left.
    #[serde(default)]
    pub codes_left: Option<u8>,
}

impl Flow {
    /// The message to the person of a round; nothing if no address is known.
    pub(crate) fn notice_writes(
        &self,
        round: &Round<'_>,
        notice: Notice,
    ) -> Result<Option<Write>, Fault> {
        let Some(person) = &round.person else { return Ok(None) };
        self.notice(round.visitor, &person.person, notice, About::default())
    }

    /// The message to a person about something that this visitor did; nothing if no address is known.
    pub(crate) fn notice(
        &self,
        visitor: &Visitor,
        person: &Person,
        notice: Notice,
        about: About,
    ) -> Result<Option<Write>, Fault> {
        let Some(to) = &person.mail else { return Ok(None) };
        let message = Message {
            to: to.clone(),
            person: person.id,
            username: person.username.to_string(),
            name: person.name.text(person.language).to_owned(),
            language: person.language,
            notice,
            about,
            at: visitor.now,
            zone: visitor.position.zone.clone(),
            device: visitor.user_agent.clone(),
        };
        self.outbox_write(&visitor.tenant, visitor.now, &message).map(Some)
    }

    /// Put a message into the outbox.
    pub(crate) fn outbox_write(
        &self,
        tenant: &Tenant,
        now: Timestamp,
        message: &Message,
    ) -> Result<Write, Fault> {
        let id = MessageId::from_bytes(random(&*self.entropy));
        let binding = Binding::new(Purpose::Outbox, tenant.id).about(id.bytes());
        let sealed = tenant
            .keys
            .seal_json(&binding, message, MESSAGE_BYTES_MAX, &*self.entropy)
            .map_err(Fault::while_doing("sealing a message"))?;
        Ok(Write::OutboxPut { id, message: Sealed::from_bytes(sealed.into_bytes()), due_at: now })
    }

    /// Open a message of the outbox for delivery.
    pub fn open_message(
        &self,
        tenant: &Tenant,
        id: MessageId,
        sealed: &Sealed<[u8]>,
    ) -> Result<Message, Fault> {
        let binding = Binding::new(Purpose::Outbox, tenant.id).about(id.bytes());
        tenant
            .keys
            .open_json(&binding, &Sealed::from_bytes(sealed.bytes().to_vec()))
            .map_err(Fault::while_doing("opening a message"))
    }
}
