//! Notices: what a person is told by mail about their account. Put into the outbox in the transaction of the change,
//! delivered later; the text is made at delivery, in the person's language.

use sekimori_base::{FactorId, Fault, Language, PersonId, Sealed, Timestamp, random};
use sekimori_directory::settings::{Site, ZoneName};
use sekimori_directory::{Binding as FactorBinding, MailAddress, Method, Person};
use sekimori_keys::{Binding, Purpose};
use sekimori_login::Notice;
use sekimori_store::{MessageId, Write};
use sekimori_words::{Happening, Words};
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

/// A mail as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// To whom.
    pub to: MailAddress,
    /// When what it tells about happened.
    pub at: Timestamp,
    /// The subject, one line.
    pub subject: String,
    /// The body, plain text.
    pub body: String,
}

impl Flow {
    /// A message of the outbox as the mail that it becomes, in the person's language.
    pub fn mail(
        &self,
        tenant: &Tenant,
        id: MessageId,
        sealed: &Sealed<[u8]>,
    ) -> Result<OutgoingMail, Fault> {
        let message = self.open_message(tenant, id, sealed)?;
        let (site, language) = (&tenant.site, message.language);
        let zone = site.zone(&message.zone);
        let place = zone.map_or(message.zone.as_str(), |zone| zone.title.text(language));
        let portal_url = format!("{}/portal", tenant.issuer());
        let desk = desk_line(site, language);
        let mail = Words::of(language).mail(
            message.notice,
            &Happening {
                organisation: site.organisation.name.text(language),
                person: &message.username,
                username: &message.username,
                at: message.at,
                time_zone: &site.time_zone,
                place,
                service: None,
                method: message.about.method,
                codes_left: message.about.codes_left,
                inside_with_password: message.about.binding
                    == Some(FactorBinding::InsideWithPassword),
                not_me_url: &portal_url,
                portal_url: &portal_url,
                desk: desk.as_deref(),
            },
        );
        Ok(OutgoingMail { to: message.to, at: message.at, subject: mail.subject, body: mail.body })
    }

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

/// The help desk in one line; `None` if the site names none.
fn desk_line(site: &Site, language: Language) -> Option<String> {
    let help = &site.organisation.help;
    let parts = [
        help.name.as_ref().map(|name| name.text(language).to_owned()),
        help.mail.as_ref().map(ToString::to_string),
        help.telephone.clone(),
        help.url.clone(),
    ];
    let line = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    (!line.is_empty()).then_some(line)
}
