//! Running a check that the engine asked for: queue first, then the reservation, then the evaluation.

use sekimori_base::{FactorId, Fault, Secret};
use sekimori_credential::password;
use sekimori_credential::password::{HashRecord, PasswordError, Rehash};
use sekimori_credential::recovery::RecoveryCode;
use sekimori_credential::totp::{self, OneTimeCode, TotpSecret, TotpVerdict};
use sekimori_directory::Method;
use sekimori_keys::{Binding, KeyedDigest, Purpose};
use sekimori_login::Verdict;
use sekimori_store::StoredFactor;

use super::certificate::CertificateFound;
use super::passkey::Signed;
use super::round::Round;
use crate::hashing::{Busy, Class, Place};
use crate::tenant::Tenant;

/// What was typed and is to be checked.
pub(crate) enum Proofed {
    /// A password.
    Password(Secret<String>),
    /// A code.
    Code(Secret<String>),
    /// What a passkey signed.
    Passkey(Box<Signed>),
    /// What was presented on a certificate host.
    Certificate(Box<CertificateFound>),
}

impl Round<'_> {
    /// A place in the hash queue, by the class of the browser and place.
    pub fn enter_queue(&self) -> Result<Place, Busy> {
        let class = if self.facts.browser.known_device {
            Class::KnownDevice
        } else if self.visitor.position.inside {
            Class::Inside
        } else {
            Class::Rest
        };
        self.flow.hashing.enter(class, (self.visitor.tenant.id, self.visitor.network()))
    }

    /// Check the password against the account's record, or a decoy of equal cost.
    pub async fn check_password(
        &self,
        place: &Place,
        typed: Secret<String>,
    ) -> Result<Verdict, Fault> {
        let record = self
            .person
            .as_ref()
            .and_then(|person| person.password.as_deref())
            .map(HashRecord::parse)
            .transpose()
            .map_err(Fault::while_doing("reading a password record"))?;
        match place.verify(record, typed).await? {
            Ok(password::Verdict::Match { rehash: Rehash::UpToDate }) => Ok(Verdict::PasswordMatch),
            Ok(password::Verdict::Match { rehash: Rehash::Due }) => {
                Ok(Verdict::PasswordMatchRehash)
            }
            // Too long depends on the typed text alone and was answered before the queue.
            Ok(password::Verdict::Mismatch) | Err(PasswordError::TooLong) => {
                Ok(Verdict::PasswordMismatch)
            }
            Err(fault) => Err(Fault::new("checking a password", fault)),
        }
    }

    /// Check a code against the factors that the engine named.
    pub fn check_code(
        &self,
        method: Method,
        factors: &[FactorId],
        typed: &Secret<String>,
    ) -> Result<Verdict, Fault> {
        let stored = self
            .person
            .iter()
            .flat_map(|person| person.factors.iter())
            .filter(|stored| factors.contains(&stored.facts.id));
        match method {
            Method::Totp => self.check_totp(stored, typed),
            Method::RecoveryCode => Ok(self.check_recovery(stored, typed)),
            Method::MailCode => Ok(self.check_mail_code(factors, typed)),
            Method::Password | Method::Passkey | Method::Certificate => Ok(Verdict::CodeWrong),
        }
    }

    fn check_totp<'f>(
        &self,
        stored: impl Iterator<Item = &'f StoredFactor>,
        typed: &Secret<String>,
    ) -> Result<Verdict, Fault> {
        let Ok(code) = OneTimeCode::parse(typed.expose()) else {
            return Ok(Verdict::CodeMalformed);
        };
        let mut best = Verdict::CodeWrong;
        for factor in stored {
            let secret = open_totp(&self.visitor.tenant, factor)?;
            let verdict = totp::verify(&secret, &code, self.visitor.now, factor.last_step);
            let verdict = totp_verdict(factor, verdict);
            if matches!(verdict, Verdict::CodeAccepted { .. }) {
                return Ok(verdict);
            }
            if best == Verdict::CodeWrong {
                best = verdict;
            }
        }
        Ok(best)
    }

    fn check_recovery<'f>(
        &self,
        stored: impl Iterator<Item = &'f StoredFactor>,
        typed: &Secret<String>,
    ) -> Verdict {
        let Ok(code) = RecoveryCode::parse(typed.expose()) else { return Verdict::CodeMalformed };
        for factor in stored {
            let digests = factor.secret.bytes().chunks_exact(KeyedDigest::STORED_BYTES);
            for (index, digest) in digests.enumerate() {
                if !recovery_matches(&self.visitor.tenant, &code, digest) {
                    continue;
                }
                return if factor.spent & (1 << index.min(63)) != 0 {
                    Verdict::RecoverySpent
                } else {
                    Verdict::CodeAccepted { factor: factor.facts.id, step: index as u64 }
                };
            }
        }
        Verdict::CodeWrong
    }
}

/// The secret of an authenticator app, opened from its row.
pub(crate) fn open_totp(tenant: &Tenant, factor: &StoredFactor) -> Result<TotpSecret, Fault> {
    let binding = Binding::new(Purpose::DatabaseSecret, tenant.id).about(factor.facts.id.bytes());
    let bytes = tenant
        .keys
        .open(&binding, &factor.secret)
        .map_err(Fault::while_doing("opening an authenticator's secret"))?;
    TotpSecret::from_bytes(bytes).map_err(Fault::while_doing("reading an authenticator's secret"))
}

fn totp_verdict(factor: &StoredFactor, verdict: TotpVerdict) -> Verdict {
    let id = factor.facts.id;
    match verdict {
        TotpVerdict::Accepted { step } => Verdict::CodeAccepted { factor: id, step },
        TotpVerdict::Reused { .. } | TotpVerdict::Older { .. } => Verdict::CodeReused,
        TotpVerdict::Drift { step, offset_steps } => Verdict::CodeDrift {
            factor: id,
            step,
            offset_seconds: offset_steps.saturating_mul(totp::STEP_SECONDS.cast_signed()),
        },
        TotpVerdict::Wrong => Verdict::CodeWrong,
    }
}

/// What is stored of one recovery code: a keyed digest with its key version.
pub(crate) fn recovery_digest(
    tenant: &Tenant,
    code: &RecoveryCode,
) -> [u8; KeyedDigest::STORED_BYTES] {
    let text = code.text();
    let data = [b"recovery:", text.expose().as_bytes()].concat();
    tenant.keys.digest(Purpose::TokenDigest, tenant.id, &data).stored()
}

fn recovery_matches(tenant: &Tenant, code: &RecoveryCode, stored: &[u8]) -> bool {
    let text = code.text();
    let data = [b"recovery:", text.expose().as_bytes()].concat();
    KeyedDigest::from_stored(stored)
        .is_some_and(|stored| tenant.keys.matches(Purpose::TokenDigest, tenant.id, &data, &stored))
}
