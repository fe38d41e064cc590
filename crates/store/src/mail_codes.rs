//! Codes that are sent by mail: how each fares on its way, and how many somebody was sent one after another. The code
//! itself lies sealed in the outbox until its message has gone, and as a digest with whoever checks it.

use sekimori_base::{FactorId, Fault, PersonId, Sealed, TenantId, Timestamp};
use sekimori_login::throttle::MailRow;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::conflict::Conflict;
use crate::database::{Call, DatabaseError, call};
use crate::ids::MessageId;
use crate::statement as sql;
use crate::value::{Row, from_word, to_word};

/// Urgent messages go first.
const URGENT: u8 = 1;

/// What a code by mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailPurpose {
    /// The one more proof of a sign-in.
    SignIn,
    /// Proving an address that is being registered.
    Registration,
}

/// How far a code by mail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// No mail server was asked yet.
    Waiting,
    /// A mail server has taken it.
    Accepted,
    /// It could not be handed over and will be tried again.
    Deferred,
    /// A mail server refused it for good.
    Refused,
    /// It was not handed over while it was good, or a newer one took its place.
    GivenUp,
    /// It was taken, and came back later.
    Bounced,
}

impl MailState {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::Bounced => "bounced",
        }
    }
}

/// A code to send.
#[derive(Debug, Clone)]
pub struct NewMailCode {
    /// Which message.
    pub id: MessageId,
    /// To whom.
    pub person: PersonId,
    /// The message.
    pub message: Sealed<[u8]>,
    /// What it is for.
    pub purpose: MailPurpose,
    /// The address, masked: what is shown of it.
    pub address: String,
    /// The how manyth.
    pub number: u32,
    /// Good until then.
    pub expires_at: Timestamp,
    /// The earlier one that it ends.
    pub replaces: Option<MessageId>,
}

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMailCode {
    /// Which message.
    pub id: MessageId,
    /// What it is for.
    pub purpose: MailPurpose,
    /// The address, masked.
    pub address: String,
    /// The how manyth.
    pub number: u32,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// Good until then.
    pub expires_at: Timestamp,
    /// How far it has come.
    pub state: MailState,
    /// Since when.
    pub state_at: Timestamp,
    /// Tries to hand it over.
    pub tries: u32,
    /// The next try.
    pub next_at: Option<Timestamp>,
    /// The mail server that was asked last.
    pub server: Option<String>,
    /// What it said.
    pub words: Option<String>,
    /// When it was used, or ended by a newer one.
    pub ended_at: Option<Timestamp>,
}

/// What became of a try to hand a code over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTold {
    /// To whom it goes.
    pub person: PersonId,
    /// How far it has come.
    pub state: MailState,
    /// When.
    pub at: Timestamp,
    /// The next try, if there will be one.
    pub next_at: Option<Timestamp>,
    /// The mail server that was asked.
    pub server: String,
    /// What it said.
    pub words: String,
}

/// What a transaction may do about codes by mail.
#[derive(Debug, Clone)]
pub enum MailWrite {
    /// Put a code into the outbox, ahead of everything that is not urgent. Conflict: [`Conflict::Exists`].
    Send(Box<NewMailCode>),
    /// One more code of the person's row. Conflict: [`Conflict::MailRowMoved`] if it is not where it was read.
    RowPut {
        /// Whose.
        person: PersonId,
        /// As it was read.
        from: Option<MailRow>,
        /// As it is now.
        to: MailRow,
    },
    /// A code was entered: the row begins anew.
    RowForget {
        /// Whose.
        person: PersonId,
    },
    /// Use a code, once. Conflict: [`Conflict::MailCodeSpent`] if it was used, or a newer one ended it.
    Spend {
        /// Whose.
        person: PersonId,
        /// Which.
        id: MessageId,
        /// The factor that was used by it.
        factor: Option<FactorId>,
    },
}

/// The calls of a write; those with a conflict must write a row.
pub(crate) fn calls(
    tenant: TenantId,
    now: Timestamp,
    write: &MailWrite,
) -> Vec<(Call, Option<Conflict>)> {
    let t = tenant.bytes();
    match write {
        MailWrite::Send(code) => send(tenant, now, code),
        MailWrite::RowPut { person, from: None, to } => vec![(
            call!(sql::MAIL_CODES_ROW_BEGIN, to.sent, to.at, t, person.bytes()),
            Some(Conflict::MailRowMoved),
        )],
        MailWrite::RowPut { person, from: Some(from), to } => vec![(
            call!(sql::MAIL_CODES_ROW_GO_ON, to.sent, to.at, t, person.bytes(), from.sent, from.at),
            Some(Conflict::MailRowMoved),
        )],
        MailWrite::RowForget { person } => {
            vec![(call!(sql::MAIL_CODES_ROW_REMOVE, t, person.bytes()), None)]
        }
        MailWrite::Spend { person, id, factor } => {
            let spend = call!(sql::MAIL_CODES_SPEND, now, t, person.bytes(), id.bytes());
            let used = factor
                .map(|factor| call!(sql::FACTORS_USED, now, t, person.bytes(), factor.bytes()));
            std::iter::once((spend, Some(Conflict::MailCodeSpent)))
                .chain(used.map(|used| (used, None)))
                .collect()
        }
    }
}

fn send(tenant: TenantId, now: Timestamp, code: &NewMailCode) -> Vec<(Call, Option<Conflict>)> {
    let (t, p, id) = (tenant.bytes(), code.person.bytes(), code.id.bytes());
    let mut calls = Vec::with_capacity(4);
    if let Some(earlier) = &code.replaces {
        calls.push((call!(sql::MAIL_CODES_END, now, t, p, earlier.bytes()), None));
        // What has not gone out would arrive after the newer one.
        calls.push((call!(sql::OUTBOX_DONE, t, earlier.bytes()), None));
    }
    let message = call!(sql::OUTBOX_PUT, t, id, &code.message, now, now, URGENT);
    calls.push((message, Some(Conflict::Exists)));
    let followed = call!(
        sql::MAIL_CODES_PUT,
        t,
        p,
        id,
        to_word(&code.purpose),
        &code.address,
        code.number,
        now,
        code.expires_at
    );
    calls.push((followed, Some(Conflict::Exists)));
    calls
}

/// The call that writes down how a try went.
pub(crate) fn told(tenant: TenantId, id: MessageId, told: &MailTold) -> Call {
    call!(
        sql::MAIL_CODES_TOLD,
        told.state.as_str(),
        told.at,
        told.next_at,
        &told.server,
        &told.words,
        tenant.bytes(),
        told.person.bytes(),
        id.bytes()
    )
}

impl Store {
    /// A code came back: which server says so, and in which words. Gives the address, masked; nothing of a code that
    /// is not known any more or came back before.
    pub async fn mail_bounced(
        &self,
        tenant: TenantId,
        id: MessageId,
        at: Timestamp,
        server: &str,
        words: &str,
    ) -> Result<Option<String>, Fault> {
        let call = call!(sql::MAIL_CODES_BOUNCED, at, server, words, tenant.bytes(), id.bytes());
        let written = self
            .write("taking a mail that came back", move |transaction| {
                let row = transaction.row(&call)?;
                let address = row.map(|mut row| row.text()).transpose();
                address.map(Ok::<_, std::convert::Infallible>)
            })
            .await?;
        match written {
            Ok(address) => Ok(address),
            Err(never) => match never {},
        }
    }

    /// How many codes somebody was sent by mail one after another.
    pub async fn mail_row(
        &self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Option<MailRow>, Fault> {
        self.read("looking at codes by mail", move |transaction| {
            let call = call!(sql::MAIL_CODES_ROW, tenant.bytes(), person.bytes());
            let Some(mut row) = transaction.row(&call)? else { return Ok(None) };
            Ok(Some(MailRow { sent: row.small()?, at: row.moment()? }))
        })
        .await
    }

    /// A code that was sent, as far as it has come.
    pub async fn mail_code(
        &self,
        tenant: TenantId,
        person: PersonId,
        id: MessageId,
    ) -> Result<Option<StoredMailCode>, Fault> {
        self.read("following a mail", move |transaction| {
            let call = call!(sql::MAIL_CODES_BY_ID, tenant.bytes(), person.bytes(), id.bytes());
            transaction.row(&call)?.as_mut().map(stored).transpose()
        })
        .await
    }

    /// The codes that somebody was sent, newest first.
    pub async fn mail_codes_of(
        &self,
        tenant: TenantId,
        person: PersonId,
        limit: u32,
    ) -> Result<Vec<StoredMailCode>, Fault> {
        self.read("listing codes by mail", move |transaction| {
            let call = call!(sql::MAIL_CODES_OF_PERSON, tenant.bytes(), person.bytes(), limit);
            transaction.rows(&call)?.iter_mut().map(stored).collect()
        })
        .await
    }
}

fn stored(row: &mut Row) -> Result<StoredMailCode, DatabaseError> {
    Ok(StoredMailCode {
        id: MessageId::from_bytes(row.array()?),
        purpose: from_word(&row.text()?)?,
        address: row.text()?,
        number: row.small()?,
        made_at: row.moment()?,
        expires_at: row.moment()?,
        state: from_word(&row.text()?)?,
        state_at: row.moment()?,
        tries: row.small()?,
        next_at: row.maybe_moment()?,
        server: row.maybe_text()?,
        words: row.maybe_text()?,
        ended_at: row.maybe_moment()?,
    })
}
