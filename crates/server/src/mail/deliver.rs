//! From the outbox to the mail server.

use sekimori_base::Fault;
use sekimori_flow::{Flow, Tenant};
use sekimori_store::Message as Waiting;

use super::render;
use super::smtp::Mailer;
use crate::manage::metrics::Metrics;

/// Messages that one round takes.
const AT_ONCE: u32 = 20;
/// A node that dies while it sends gives its messages back after so many seconds.
const LEASE_SECONDS: u32 = 120;
/// After so long nobody waits for a notice any more, in seconds.
const GIVE_UP_SECONDS: i64 = 3 * 24 * 3600;
/// The longest pause between two tries, in seconds.
const PAUSE_SECONDS_MAX: i64 = 6 * 3600;

/// When to try again after `tries` failures, in seconds: half a minute, then twice as long each time.
pub fn retry_after_seconds(tries: u32) -> i64 {
    let doubled = 30_i64.saturating_mul(1_i64 << tries.saturating_sub(1).min(20));
    doubled.min(PAUSE_SECONDS_MAX)
}

/// Send what is due, of all tenants.
pub async fn deliver_due(flow: &Flow, mailer: &Mailer, metrics: &Metrics) -> Result<(), Fault> {
    for tenant in flow.tenants.all() {
        loop {
            let now = flow.clock.now();
            let due = flow.store.outbox_due(tenant.id, now, LEASE_SECONDS, AT_ONCE).await?;
            if due.is_empty() {
                break;
            }
            for waiting in due {
                deliver(flow, &tenant, mailer, metrics, waiting).await?;
            }
        }
    }
    Ok(())
}

async fn deliver(
    flow: &Flow,
    tenant: &Tenant,
    mailer: &Mailer,
    metrics: &Metrics,
    waiting: Waiting,
) -> Result<(), Fault> {
    let message = match flow.open_message(tenant, waiting.id, &waiting.message) {
        Ok(message) => message,
        Err(fault) => {
            // It will never open: keeping it would stop all others behind it.
            tracing::error!(target: "sekimori", %fault, "a message cannot be opened; given up");
            metrics.mail("given_up");
            return flow.store.outbox_done(tenant.id, waiting.id).await;
        }
    };
    let mail = render::mail(flow, tenant, &message).await?;
    let sender = render::sender(&tenant.site, message.language);
    let error = match mailer.send(&sender, &message.to, mail).await {
        Ok(()) => {
            metrics.mail("sent");
            return flow.store.outbox_done(tenant.id, waiting.id).await;
        }
        Err(error) => error,
    };
    let now = flow.clock.now();
    let too_late = now.seconds_since(waiting.made_at) > GIVE_UP_SECONDS;
    if error.is_final() || too_late {
        tracing::error!(target: "sekimori", %error, "a mail was given up");
        metrics.mail("given_up");
        return flow.store.outbox_done(tenant.id, waiting.id).await;
    }
    tracing::warn!(target: "sekimori", %error, tries = waiting.tries, "a mail has to wait");
    metrics.mail("later");
    let next = now.plus_seconds(retry_after_seconds(waiting.tries));
    flow.store.outbox_failed(tenant.id, waiting.id, next, &error.to_string()).await
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
}
