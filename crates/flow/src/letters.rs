//! What waits in the outbox, sealed: notices, and codes that somebody is waiting for. The text is made at delivery, in
//! the person's language; a code is nowhere in clear but in the mail itself.

use sekimori_base::{Fault, Language, PersonId, Sealed, Secret, Timestamp};
use sekimori_directory::MailAddress;
use sekimori_directory::settings::ZoneName;
use sekimori_keys::{Binding, Purpose};
use sekimori_store::MessageId;
use serde::{Deserialize, Serialize};

use crate::Flow;
use crate::notices::Message;
use crate::tenant::Tenant;

/// Longest message in the outbox, in bytes.
const LETTER_BYTES_MAX: usize = 4096;

/// A message of the outbox, opened.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum Letter {
    /// A code for a sign-in or for an address.
    Code(CodeLetter),
    /// A notice.
    Notice(Message),
}

/// A code on its way. No `Debug`: it holds the code.
#[derive(Serialize, Deserialize)]
pub struct CodeLetter {
    /// To whom.
    pub to: MailAddress,
    /// Whose account it is about.
    pub person: PersonId,
    /// In which language.
    pub language: Language,
    /// What it is for.
    pub occasion: Occasion,
    /// The how manyth.
    pub number: u32,
    /// The code, in groups.
    #[serde(with = "in_clear")]
    pub code: Secret<String>,
    /// When it was asked for.
    pub at: Timestamp,
    /// Good until then: later it is not sent any more.
    pub until: Timestamp,
    /// From which zone.
    pub zone: ZoneName,
}

/// What a code is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Somebody signs in.
    SignIn {
        /// Their user name.
        username: String,
        /// The service, in the language of the mail.
        service: String,
    },
    /// Somebody registers the address.
    Registration,
}

/// A code as it lies inside a sealed letter.
mod in_clear {
    use sekimori_base::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(code: &Secret<String>, to: S) -> Result<S::Ok, S::Error> {
        code.expose().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret<String>, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

impl Letter {
    /// To whom.
    pub fn to(&self) -> &MailAddress {
        match self {
            Self::Code(code) => &code.to,
            Self::Notice(notice) => &notice.to,
        }
    }

    /// In which language.
    pub fn language(&self) -> Language {
        match self {
            Self::Code(code) => code.language,
            Self::Notice(notice) => notice.language,
        }
    }
}

impl Flow {
    /// A letter, sealed for its row of the outbox.
    pub(crate) fn sealed_letter(
        &self,
        tenant: &Tenant,
        id: MessageId,
        letter: &Letter,
    ) -> Result<Sealed<[u8]>, Fault> {
        let binding = Binding::new(Purpose::Outbox, tenant.id).about(id.bytes());
        let sealed = tenant
            .keys
            .seal_json(&binding, letter, LETTER_BYTES_MAX, &*self.entropy)
            .map_err(Fault::while_doing("sealing a message"))?;
        Ok(Sealed::from_bytes(sealed.into_bytes()))
    }

    /// Open a message of the outbox for delivery.
    pub fn open_letter(
        &self,
        tenant: &Tenant,
        id: MessageId,
        sealed: &Sealed<[u8]>,
    ) -> Result<Letter, Fault> {
        let binding = Binding::new(Purpose::Outbox, tenant.id).about(id.bytes());
        tenant
            .keys
            .open_json(&binding, &Sealed::from_bytes(sealed.bytes().to_vec()))
            .map_err(Fault::while_doing("opening a message"))
    }
}
