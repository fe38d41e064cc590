//! From the outbox to the mail servers.

use std::sync::Arc;
use std::time::Duration;

use sekimori_base::{Fault, Timestamp};
use sekimori_flow::{CodeLetter, Flow, Letter, Tenant};
use sekimori_store::{MailState, MailTold, Message as Waiting, Urgency};
use tokio::task::JoinSet;

use super::render;
use super::routes::{Handed, Mailer, Unhanded};
use crate::manage::metrics::Metrics;

/// Messages that one round takes; they are handed over side by side.
const AT_ONCE: u32 = 20;
/// A node that dies while it sends gives its messages back after so many seconds.
const LEASE_SECONDS: u32 = 120;
/// After so long nobody waits for a notice any more, in seconds.
const GIVE_UP_SECONDS: i64 = 3 * 24 * 3600;
/// The longest pause between two tries, in seconds.
const PAUSE_SECONDS_MAX: i64 = 6 * 3600;
/// How long each mail server may take for a notice.
const NOTICE_PATIENCE: Duration = Duration::from_secs(30);
/// How long each may take for a code: somebody sits before the page, and there may be a second server.
const CODE_PATIENCE: Duration = Duration::from_secs(15);

/// When to try again after `tries` failures, in seconds: half a minute, then twice as long each time.
pub fn retry_after_seconds(tries: u32) -> i64 {
    let doubled = 30_i64.saturating_mul(1_i64 << tries.saturating_sub(1).min(20));
    doubled.min(PAUSE_SECONDS_MAX)
}

/// The same of a code, which is good for five minutes: a quarter of a minute, then twice as long each time.
fn code_retry_after_seconds(tries: u32) -> i64 {
    retry_after_seconds(tries) / 2
}

/// Send what is due, of all tenants.
pub async fn deliver_due(
    flow: &Flow,
    mailer: &Mailer,
    metrics: &Metrics,
    urgency: Urgency,
) -> Result<(), Fault> {
    for tenant in flow.tenants.all() {
        loop {
            let now = flow.clock.now();
            let due =
                flow.store.outbox_due(tenant.id, now, urgency, LEASE_SECONDS, AT_ONCE).await?;
            if due.is_empty() {
                break;
            }
            let mut delivering = JoinSet::new();
            for waiting in due {
                let post = Post {
                    flow: flow.clone(),
                    tenant: Arc::clone(&tenant),
                    mailer: mailer.clone(),
                    metrics: metrics.clone(),
                };
                delivering.spawn(async move { post.deliver(waiting).await });
            }
            let mut fault = None;
            while let Some(done) = delivering.join_next().await {
                match done {
                    Ok(delivered) => fault = delivered.err().or(fault),
                    Err(error) => fault = Some(Fault::new("delivering a mail", error)),
                }
            }
            if let Some(fault) = fault {
                return Err(fault);
            }
        }
    }
    Ok(())
}

/// What one delivery works with.
struct Post {
    flow: Flow,
    tenant: Arc<Tenant>,
    mailer: Mailer,
    metrics: Metrics,
}

impl Post {
    async fn deliver(&self, waiting: Waiting) -> Result<(), Fault> {
        let (flow, tenant) = (&self.flow, &*self.tenant);
        let letter = match flow.open_letter(tenant, waiting.id, &waiting.message) {
            Ok(letter) => letter,
            Err(fault) => {
                // It will never open: keeping it would stop all others behind it.
                tracing::error!(target: "sekimori", %fault, "a message cannot be opened; given up");
                self.metrics.mail("given_up");
                return flow.store.outbox_done(tenant.id, waiting.id, None).await;
            }
        };
        if let Letter::Code(code) = &letter
            && flow.clock.now() >= code.until
        {
            let told = told(code, MailState::GivenUp, flow.clock.now(), "-", "it came to its end");
            self.metrics.mail("given_up");
            return flow.store.outbox_done(tenant.id, waiting.id, Some(&told)).await;
        }
        let patience = match &letter {
            Letter::Code(_) => CODE_PATIENCE,
            Letter::Notice(_) => NOTICE_PATIENCE,
        };
        let mail = render::mail(flow, tenant, &letter).await?;
        let mut sender = render::sender(&tenant.site, letter.language());
        if of_code(&letter).is_some() {
            let returns_to = flow.bounce_address(tenant, waiting.id);
            sender.returns_to = returns_to.map(|address| address.to_string());
        }
        match self.mailer.send(&sender, letter.to(), mail, patience).await {
            Ok(handed) => self.handed(waiting, &letter, &handed).await,
            Err(unhanded) => self.unhanded(waiting, &letter, &unhanded).await,
        }
    }

    async fn handed(
        &self,
        waiting: Waiting,
        letter: &Letter,
        handed: &Handed,
    ) -> Result<(), Fault> {
        self.metrics.mail(if handed.by_second { "sent_by_second" } else { "sent" });
        let now = self.flow.clock.now();
        let told = of_code(letter)
            .map(|code| told(code, MailState::Accepted, now, &handed.server, &handed.words));
        self.flow.store.outbox_done(self.tenant.id, waiting.id, told.as_ref()).await
    }

    async fn unhanded(
        &self,
        waiting: Waiting,
        letter: &Letter,
        unhanded: &Unhanded,
    ) -> Result<(), Fault> {
        let now = self.flow.clock.now();
        let Unhanded { server, words, is_final } = unhanded;
        let (pause, end) = match letter {
            Letter::Code(code) => (code_retry_after_seconds(waiting.tries), code.until),
            Letter::Notice(_) => {
                let end = waiting.made_at.plus_seconds(GIVE_UP_SECONDS);
                (retry_after_seconds(waiting.tries), end)
            }
        };
        let next = now.plus_seconds(pause);
        let tenant = self.tenant.id;
        if *is_final || next >= end {
            // The words of a server may name an address: they are for the help desk, not for the log.
            tracing::warn!(target: "sekimori", server, tries = waiting.tries, "a mail was given up");
            self.metrics.mail("given_up");
            let state = if *is_final { MailState::Refused } else { MailState::GivenUp };
            let told = of_code(letter).map(|code| told(code, state, now, server, words));
            return self.flow.store.outbox_done(tenant, waiting.id, told.as_ref()).await;
        }
        tracing::warn!(target: "sekimori", server, tries = waiting.tries, "a mail has to wait");
        self.metrics.mail("later");
        let told = of_code(letter).map(|code| {
            let told = told(code, MailState::Deferred, now, server, words);
            MailTold { next_at: Some(next), ..told }
        });
        self.flow.store.outbox_failed(tenant, waiting.id, next, words, told.as_ref()).await
    }
}

fn of_code(letter: &Letter) -> Option<&CodeLetter> {
    match letter {
        Letter::Code(code) => Some(code),
        Letter::Notice(_) => None,
    }
}

fn told(code: &CodeLetter, state: MailState, at: Timestamp, server: &str, words: &str) -> MailTold {
    let (server, words) = (server.to_owned(), words.to_owned());
    MailTold { person: code.person, state, at, next_at: None, server, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_a_bound() {
        assert_eq!(retry_after_seconds(1), 30);
        assert_eq!(retry_after_seconds(2), 60);
        assert_eq!(retry_after_seconds(5), 480);
        assert_eq!(retry_after_seconds(u32::MAX), PAUSE_SECONDS_MAX);
    }

    #[test]
    fn a_code_is_tried_five_times_while_it_is_good() {
        let life = i64::from(sekimori_base::limits::MAIL_CODE_SECONDS);
        let mut at = 0;
        let mut tries = 1;
        while at + code_retry_after_seconds(tries) < life {
            at += code_retry_after_seconds(tries);
            tries += 1;
        }
        assert_eq!((tries, at), (5, 225), "at 0, 15, 45, 105 and 225 seconds");
    }
}
