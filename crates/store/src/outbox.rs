//! Messages that wait to be sent. Put there by [`crate::Write::OutboxPut`], taken out here.

use sekimori_base::{Fault, Sealed, TenantId, Timestamp};

use crate::Store;
use crate::database::{DatabaseError, call};
use crate::ids::MessageId;
use crate::mail_codes::{self, MailTold};
use crate::statement as sql;
use crate::value::Row;

/// A message that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// The message.
    pub message: Sealed<[u8]>,
    /// When it was put.
    pub made_at: Timestamp,
    /// How often somebody tried, this time included.
    pub tries: u32,
    /// What the other side said last.
    pub last_words: Option<String>,
}

/// Which messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody is waiting for it: a code for a sign-in.
    Urgent,
    /// Everything else.
    Ordinary,
}

impl Urgency {
    const fn number(self) -> u8 {
        match self {
            Self::Urgent => 1,
            Self::Ordinary => 0,
        }
    }
}

impl Store {
    /// Messages that are due, leased to the caller for `lease_seconds`: then they are due again.
    pub async fn outbox_due(
        &self,
        tenant: TenantId,
        now: Timestamp,
        urgency: Urgency,
        lease_seconds: u32,
        limit: u32,
    ) -> Result<Vec<Message>, Fault> {
        let until = now.plus_seconds(i64::from(lease_seconds));
        let urgent = urgency.number();
        let lease = call!(sql::OUTBOX_LEASE, until, tenant.bytes(), urgent, now, limit);
        // Most polls find nothing: they need no write transaction.
        let first = call!(sql::OUTBOX_NEXT, tenant.bytes(), urgent);
        let due = self
            .read("looking at the outbox", move |transaction| {
                let Some(mut row) = transaction.row(&first)? else { return Ok(false) };
                Ok(row.moment()? <= now)
            })
            .await?;
        if !due {
            return Ok(Vec::new());
        }
        let leased = self
            .write("leasing messages", move |transaction| {
                let messages: Result<Vec<_>, _> =
                    transaction.rows(&lease)?.iter_mut().map(message).collect();
                messages.map(Ok::<_, std::convert::Infallible>)
            })
            .await?;
        match leased {
            Ok(messages) => Ok(messages),
            Err(never) => match never {},
        }
    }

    /// The message was sent, or is given up; of a code, how it went.
    pub async fn outbox_done(
        &self,
        tenant: TenantId,
        id: MessageId,
        told: Option<&MailTold>,
    ) -> Result<(), Fault> {
        let mut calls = vec![call!(sql::OUTBOX_DONE, tenant.bytes(), id.bytes())];
        calls.extend(told.map(|told| mail_codes::told(tenant, id, told)));
        self.write_all("taking a message out", calls).await
    }

    /// The message was not sent: when to try again, what the other side said, and of a code how it went.
    pub async fn outbox_failed(
        &self,
        tenant: TenantId,
        id: MessageId,
        next_try: Timestamp,
        words: &str,
        told: Option<&MailTold>,
    ) -> Result<(), Fault> {
        let back = call!(sql::OUTBOX_FAILED, next_try, words, tenant.bytes(), id.bytes());
        let calls = std::iter::once(back)
            .chain(told.map(|told| mail_codes::told(tenant, id, told)))
            .collect();
        self.write_all("putting a message back", calls).await
    }

    /// The messages that wait, those due first.
    pub async fn outbox_waiting(
        &self,
        tenant: TenantId,
        limit: u32,
    ) -> Result<Vec<Message>, Fault> {
        self.read("listing the outbox", move |transaction| {
            let call = call!(sql::OUTBOX_WAITING, tenant.bytes(), limit);
            transaction.rows(&call)?.iter_mut().map(message).collect()
        })
        .await
    }
}

fn message(row: &mut Row) -> Result<Message, DatabaseError> {
    Ok(Message {
        id: MessageId::from_bytes(row.array()?),
        message: row.sealed()?,
        made_at: row.moment()?,
        tries: row.small()?,
        last_words: row.maybe_text()?,
    })
}
