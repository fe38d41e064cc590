//! What the world is told about certificates: revocation lists and OCSP answers, the same from every node.
//!
//! A list is a function of the rows and of the hour, and its number too: nothing is counted, so that no two nodes have
//! to agree. Lists and answers without a nonce are kept for seconds; everything else is signed when it is asked for.

use std::sync::Arc;

use moka::sync::Cache;
use sekimori_base::{Fault, TenantId, Timestamp};
use sekimori_keys::digest::sha256;
use sekimori_pki::ocsp::{
    AnswerError, AnswerTimes, CertificateStatus, OcspRequest, REQUEST_BYTES_MAX, Refusal,
};
use sekimori_pki::{RevocationReason, RevokedCertificate, Serial};
use sekimori_store::Taken;
use tokio::sync::{Mutex, Semaphore};

use super::OwnAuthority;
use super::issue::stored_serial;
use crate::Flow;
use crate::tenant::Tenant;

/// A list is looked at again after so many milliseconds, and signed again if it says something else.
const LOOK_MILLIS: i64 = 2_000;
/// And signed again with every hour.
const WINDOW_SECONDS: i64 = 3_600;
/// A list is current for so long from the beginning of its hour.
const LIST_SECONDS: i64 = 24 * 3_600;
/// An expired certificate stays in lists for so long (RFC 5280, 3.3: on one list after it is over).
const EXPIRED_SECONDS: i64 = 24 * 3_600;
/// An OCSP answer is current for so long.
const ANSWER_SECONDS: i64 = 3_600;
/// An answer without a nonce is given again for so many milliseconds.
const ANSWER_MILLIS: i64 = 5_000;
/// Answers that are kept.
const ANSWERS_MAX: u64 = 20_000;
/// Lists that are kept.
const LISTS_MAX: u64 = 1_000;
/// So many OCSP answers may wait for a device: whoever asks is anybody, and issuing waits for it too.
const ANSWERS_WAITING_MAX: usize = 16;

/// Lists and answers that were signed lately.
pub(crate) struct Published {
    lists: Cache<(TenantId, String), Arc<Listed>>,
    answers: Cache<(TenantId, [u8; 32]), Arc<Answered>>,
    /// One list is made at a time: many who wait for it wait for the same one.
    making: Mutex<()>,
    /// Answers that may wait for a device.
    waiting: Arc<Semaphore>,
}

impl Default for Published {
    fn default() -> Self {
        let lists = Cache::builder().max_capacity(LISTS_MAX).build();
        let answers = Cache::builder().max_capacity(ANSWERS_MAX).build();
        let waiting = Arc::new(Semaphore::new(ANSWERS_WAITING_MAX));
        Self { lists, answers, making: Mutex::new(()), waiting }
    }
}

struct Listed {
    looked_at: Timestamp,
    /// What it is made of; not known of one that was signed before, perhaps by another node.
    edition: Option<Edition>,
    body: Arc<Vec<u8>>,
}

/// What a list is made of: the same edition is the same list on every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edition {
    window: Timestamp,
    count: u64,
    last: Option<Timestamp>,
}

impl Edition {
    /// Grows with the hour, with every later revocation, and with one that a slower clock dated earlier.
    fn number(&self) -> u64 {
        let moment = self.moment().unix_millis().max(0).unsigned_abs();
        moment.saturating_mul(1_000_000).saturating_add(self.count.min(999_999))
    }

    fn moment(&self) -> Timestamp {
        self.last.map_or(self.window, |last| last.max(self.window))
    }

    fn expired_before(&self) -> Timestamp {
        self.window.plus_seconds(-EXPIRED_SECONDS)
    }
}

struct Answered {
    at: Timestamp,
    body: Arc<Vec<u8>>,
}

/// An OCSP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusAnswer {
    /// The answer (DER).
    pub body: Arc<Vec<u8>>,
    /// Whoever asks the same may get it again: it has no nonce and is no refusal.
    pub cacheable: bool,
}

impl StatusAnswer {
    fn refusal(refusal: Refusal) -> Self {
        Self { body: Arc::new(refusal.response()), cacheable: false }
    }
}

impl Flow {
    /// The revocation list of an authority or of a root (DER); `None` if there is none of that name.
    pub async fn revocation_list(
        &self,
        tenant: &Arc<Tenant>,
        authority: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<Vec<u8>>>, Fault> {
        if tenant.authorities.named(authority).is_none() {
            let list = tenant.authorities.below(authority).and_then(|own| own.root_list.as_ref());
            return Ok(list.map(|list| Arc::new(list.der().to_vec())));
        }
        let key = (tenant.id, authority.to_owned());
        if let Some(listed) = self.fresh_list(&key, now) {
            return Ok(Some(listed));
        }
        let _making = self.published.making.lock().await;
        if let Some(listed) = self.fresh_list(&key, now) {
            return Ok(Some(listed));
        }
        let edition = self.edition(tenant, authority, now).await?;
        let standing =
            self.published.lists.get(&key).filter(|listed| listed.edition == Some(edition));
        let (body, edition) = match standing {
            Some(listed) => (Arc::clone(&listed.body), Some(edition)),
            None => self.new_list(tenant, authority, edition, now).await?,
        };
        let listed = Listed { looked_at: now, edition, body: Arc::clone(&body) };
        self.published.lists.insert(key, Arc::new(listed));
        Ok(Some(body))
    }

    /// A list that is signed now. If the key is in a device, it is kept; and if that does not sign, the one before is
    /// served until it is over.
    async fn new_list(
        &self,
        tenant: &Arc<Tenant>,
        authority: &str,
        edition: Edition,
        now: Timestamp,
    ) -> Result<(Arc<Vec<u8>>, Option<Edition>), Fault> {
        let own = tenant.authorities.named(authority);
        let in_device = own.is_some_and(|own| own.device.is_some());
        match self.sign_list(tenant, authority, edition, now).await {
            Ok(list) => {
                if in_device {
                    self.keep_signed_list(tenant, authority, list.clone(), now).await?;
                }
                Ok((Arc::new(list), Some(edition)))
            }
            Err(fault) if in_device => match self.signed_list(tenant, authority, now).await? {
                Some(list) => {
                    let error = &fault as &dyn std::error::Error;
                    tracing::debug!(error, authority, "the revocation list of before is served");
                    Ok((Arc::new(list), None))
                }
                None => Err(fault),
            },
            Err(fault) => Err(fault),
        }
    }

    fn fresh_list(&self, key: &(TenantId, String), now: Timestamp) -> Option<Arc<Vec<u8>>> {
        let listed = self.published.lists.get(key)?;
        is_fresh(listed.looked_at, now, LOOK_MILLIS).then(|| Arc::clone(&listed.body))
    }

    async fn edition(
        &self,
        tenant: &Tenant,
        authority: &str,
        now: Timestamp,
    ) -> Result<Edition, Fault> {
        let hour = now.unix_seconds().div_euclid(WINDOW_SECONDS) * WINDOW_SECONDS;
        let edition = Edition { window: Timestamp::from_unix_seconds(hour), count: 0, last: None };
        let before = edition.expired_before();
        let name = authority.to_owned();
        let (count, last) = self.store.certificates_revoked_last(tenant.id, name, before).await?;
        Ok(Edition { count, last, ..edition })
    }

    async fn sign_list(
        &self,
        tenant: &Arc<Tenant>,
        authority: &str,
        edition: Edition,
        now: Timestamp,
    ) -> Result<Vec<u8>, Fault> {
        let doing = "making a revocation list";
        let name = authority.to_owned();
        let before = edition.expired_before();
        let rows = self.store.certificates_revoked(tenant.id, name.clone(), before).await?;
        let here = Arc::clone(tenant);
        // Between the two looks something may have been taken back: then it is in the list already.
        let last = rows.last().map(|row| row.taken.at);
        let edition = Edition { count: rows.len() as u64, last, ..edition };
        let signing = tokio::task::spawn_blocking(move || {
            let own =
                here.authorities.named(&name).ok_or_else(|| Fault::new(doing, "it is gone"))?;
            let entries = rows.iter().filter_map(|row| {
                let serial = Serial::from_bytes(row.serial.bytes())?;
                let Taken { at, reason } = row.taken;
                Some(RevokedCertificate { serial, at, reason: RevocationReason::from_code(reason) })
            });
            let entries: Vec<_> = entries.collect();
            // Another node's clock may be ahead; a list from the future is none.
            let from = edition.moment().min(now);
            let until = edition.window.plus_seconds(LIST_SECONDS);
            own.authority.crl(edition.number(), from, until, &entries)
        });
        signing.await.map_err(Fault::while_doing(doing))?
    }

    /// The certificate of an authority or of a root (DER); `None` if there is none of that name.
    pub fn authority_certificate(&self, tenant: &Tenant, authority: &str) -> Option<Vec<u8>> {
        let own = tenant.authorities.named(authority).map(|own| own.authority.certificate());
        let root = || tenant.authorities.below(authority).map(|own| &own.root);
        own.or_else(root).map(|certificate| certificate.der().to_vec())
    }

    /// The answer to an OCSP request in base 64, as an address brings it. RFC 6960, A.1
    pub async fn certificate_status_of_text(
        &self,
        tenant: &Arc<Tenant>,
        text: &str,
        now: Timestamp,
    ) -> Option<StatusAnswer> {
        let short = text.len() <= REQUEST_BYTES_MAX.div_ceil(3) * 4;
        let request = short.then(|| data_encoding::BASE64.decode(text.as_bytes()).ok()).flatten();
        // What cannot be decoded is answered as what cannot be read.
        self.certificate_status(tenant, &request.unwrap_or_default(), now).await
    }

    /// The answer to an OCSP request (DER), which anybody may send; `None` where there is no authority at all.
    pub async fn certificate_status(
        &self,
        tenant: &Arc<Tenant>,
        request: &[u8],
        now: Timestamp,
    ) -> Option<StatusAnswer> {
        if tenant.authorities.all().is_empty() {
            return None;
        }
        Some(match self.status_answer(tenant, request, now).await {
            Ok(answer) => answer,
            Err(AnswerError::Refused(refusal)) => StatusAnswer::refusal(refusal),
            Err(AnswerError::Fault(fault)) => {
                let error = &fault as &dyn std::error::Error;
                // That the token is away is told once, and not again for anybody who asks.
                if self.device.problem().is_some() {
                    tracing::debug!(error, "a certificate's status cannot be told");
                } else {
                    tracing::error!(error, "a certificate's status cannot be told");
                }
                StatusAnswer::refusal(Refusal::TryLater)
            }
        })
    }

    async fn status_answer(
        &self,
        tenant: &Arc<Tenant>,
        request: &[u8],
        now: Timestamp,
    ) -> Result<StatusAnswer, AnswerError> {
        let read = OcspRequest::read(request)?;
        let key = (tenant.id, sha256(&[request]));
        let cacheable = !read.has_nonce();
        if cacheable
            && let Some(answered) = self.published.answers.get(&key)
            && is_fresh(answered.at, now, ANSWER_MILLIS)
        {
            return Ok(StatusAnswer { body: Arc::clone(&answered.body), cacheable });
        }
        let mut known = Vec::new();
        for serial in read.serials() {
            let stored = self.store.certificate(tenant.id, stored_serial(serial)).await?;
            known.extend(stored.map(|stored| (serial, stored.authority, stored.revoked)));
        }
        let times = AnswerTimes {
            this_update: now,
            next_update: now.plus_seconds(ANSWER_SECONDS),
            produced_at: now,
        };
        let body = if tenant.authorities.all().iter().any(|own| own.device.is_some()) {
            let waiting = Arc::clone(&self.published.waiting).try_acquire_owned();
            // Who stops waiting does not make the device stop.
            let turn = waiting.map_err(|_| Refusal::TryLater)?;
            let here = Arc::clone(tenant);
            let answering = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                answer(here.authorities.all(), &read, times, &known)
            });
            answering.await.map_err(Fault::while_doing("signing an OCSP answer"))??
        } else {
            answer(tenant.authorities.all(), &read, times, &known)?
        };
        let body = Arc::new(body);
        if cacheable {
            let answered = Answered { at: now, body: Arc::clone(&body) };
            self.published.answers.insert(key, Arc::new(answered));
        }
        Ok(StatusAnswer { body, cacheable })
    }
}

/// A certificate that is known: its number, its authority, and whether it was taken back.
type Known = (Serial, String, Option<Taken>);

/// The answer of the authority that is asked.
fn answer(
    own: &[OwnAuthority],
    request: &OcspRequest,
    times: AnswerTimes,
    known: &[Known],
) -> Result<Vec<u8>, AnswerError> {
    for own in own {
        let answer = own.authority.answer(request, times, |serial| {
            let of_this =
                |(number, authority, _): &&Known| *number == serial && *authority == own.name;
            match known.iter().find(of_this) {
                None => CertificateStatus::Unknown,
                Some((_, _, None)) => CertificateStatus::Good,
                Some((_, _, Some(Taken { at, reason }))) => CertificateStatus::Revoked {
                    at: *at,
                    reason: RevocationReason::from_code(*reason),
                },
            }
        });
        match answer {
            // Of another one of ours, perhaps.
            Err(AnswerError::Refused(Refusal::Unauthorized)) => {}
            answered => return answered,
        }
    }
    Err(Refusal::Unauthorized.into())
}

/// Whether what was made then is still good enough; a clock that went back makes nothing fresh.
fn is_fresh(made_at: Timestamp, now: Timestamp, millis: i64) -> bool {
    (0..millis).contains(&(now.unix_millis() - made_at.unix_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(hour: i64, count: u64, last_millis: Option<i64>) -> u64 {
        let window = Timestamp::from_unix_seconds(1_800_000_000 + hour * WINDOW_SECONDS);
        let last =
            last_millis.map(|millis| Timestamp::from_unix_millis(1_800_000_000_000 + millis));
        Edition { window, count, last }.number()
    }

    #[test]
    fn the_number_of_a_list_grows_whatever_made_it_another_one() {
        let numbers = [
            edition(0, 0, None),
            edition(0, 1, Some(5_000)),
            // A node whose clock is behind.
            edition(0, 2, Some(5_000)),
            edition(0, 3, Some(5_001)),
            // The hour took two that had expired away.
            edition(1, 1, Some(5_001)),
            edition(1, 2, Some(3_600_000)),
            edition(1, 3, Some(3_600_001)),
        ];
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    }

    #[test]
    fn nothing_is_fresh_for_longer_than_its_time_nor_from_the_future() {
        let at = Timestamp::from_unix_millis(10_000);
        let after = |millis: i64| is_fresh(at, Timestamp::from_unix_millis(10_000 + millis), 2_000);
        assert!(after(0) && after(1_999));
        assert!(!after(2_000) && !after(-1));
    }
}
