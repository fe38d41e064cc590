//! Time-based one-time codes (RFC 6238): SHA-1, six digits, steps of 30 seconds, which is what
//! every authenticator app can do.
//!
//! A code counts in its own step, in the one after it (a slow typist) and in the one before it (a
//! telephone a little ahead); never twice, and never after a later one was used. A right code of
//! another time is recognised so that the clock's error can be told to the right people, but it is
//! never good.

mod code;

pub(crate) use code::is_separator;
pub use code::{OneTimeCode, OneTimeCodeError};

use sekimori_base::{Entropy, Secret, Timestamp, alphabet};
use totp_rs::{Algorithm, Builder, Totp};

/// Seconds in which one code is shown.
pub const STEP_SECONDS: u64 = 30;
/// Digits of a code.
pub const DIGITS: u8 = 6;
/// Bytes of a fresh secret: 160 bits, RFC 4226's recommendation.
const SECRET_BYTES: usize = 20;
/// Characters of base 32 that nobody takes for another in print. RFC 4648 has no 0, 1, 8 and 9; here B, G, I, O, S, Z
/// and 2, 5, 6 are missing too: neither character of such a pair occurs, so that whoever copies by hand has no choice.
pub const UNMISTAKABLE: &[u8] = b"ACDEFHJKLMNPQRTUVWXY347";
/// Characters of a secret on paper: 144 bits, of which RFC 4226 (R6) demands 128.
const PAPER_CHARACTERS: usize = 32;
/// Least and most bytes of a secret that comes from elsewhere.
const SECRET_BYTES_BOUNDS: std::ops::RangeInclusive<usize> = 16..=64;
/// Steps after its own in which a code is still good.
const STEPS_LATE: i64 = 1;
/// Steps before its own in which a code is already good.
const STEPS_EARLY: i64 = 1;
/// Steps of an hour.
const STEPS_HOUR: i64 = 120;
/// A clock that is off by at most this many steps is recognised.
const DRIFT_STEPS_MAX: i64 = STEPS_HOUR;
/// A clock whose zone is wrong by up to this many whole hours is recognised.
const ZONE_HOURS_MAX: i64 = 14;

/// Why bytes or a text are no TOTP secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TotpSecretError {
    /// Not 16 to 64 bytes.
    #[error("a TOTP secret has 16 to 64 bytes, this one has {0}")]
    Length(usize),
    /// Not base 32 of RFC 4648.
    #[error("the text is not base 32")]
    Text,
}

/// What the authenticator app and we both know.
pub struct TotpSecret(Secret<Vec<u8>>);

/// What became of a code. `step` is the number of 30-second steps since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotpVerdict {
    /// Good, if `step` can be recorded as the last accepted one before anybody else does.
    Accepted {
        /// The step that is now spent, and all before it.
        step: u64,
    },
    /// The very code that was accepted last.
    Reused {
        /// Its step.
        step: u64,
    },
    /// Right for now, but older than the code that was accepted last.
    Older {
        /// Its step.
        step: u64,
    },
    /// Right for another time: the clock that made it is wrong, or somebody kept the code. Not
    /// good; the step is to be burned.
    Drift {
        /// Its step.
        step: u64,
        /// How far that clock is ahead of ours (negative: behind), in steps.
        offset_steps: i64,
    },
    /// No code of this secret, as far as anybody looks.
    Wrong,
}

impl TotpSecret {
    /// A fresh secret of 160 random bits.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        let mut bytes = vec![0; SECRET_BYTES];
        entropy.fill(&mut bytes);
        Self(Secret::new(bytes))
    }

    /// A fresh secret for paper: 160 bits of which 144 are random, so that its base 32 has only characters that nobody
    /// takes for others.
    pub fn unmistakable(entropy: &(impl Entropy + ?Sized)) -> Self {
        let text = zeroize::Zeroizing::new(alphabet::draw(entropy, UNMISTAKABLE, PAPER_CHARACTERS));
        Self::from_base32(&text).expect("32 characters of base 32 are 20 bytes")
    }

    /// A secret that was stored, or comes from another system.
    pub fn from_bytes(bytes: Secret<Vec<u8>>) -> Result<Self, TotpSecretError> {
        let length = bytes.expose().len();
        if SECRET_BYTES_BOUNDS.contains(&length) {
            Ok(Self(bytes))
        } else {
            Err(TotpSecretError::Length(length))
        }
    }

    /// Read base 32 as people and programs write it: case, spaces, hyphens and padding do not
    /// matter.
    pub fn from_base32(text: &str) -> Result<Self, TotpSecretError> {
        let plain: zeroize::Zeroizing<String> = zeroize::Zeroizing::new(
            text.chars()
                .filter(|c| !is_separator(*c) && *c != '=')
                .map(|c| c.to_ascii_uppercase())
                .collect(),
        );
        let bytes = data_encoding::BASE32_NOPAD
            .decode(plain.as_bytes())
            .map_err(|_| TotpSecretError::Text)?;
        Self::from_bytes(Secret::new(bytes))
    }

    /// The bytes, for sealing.
    pub fn bytes(&self) -> &Secret<Vec<u8>> {
        &self.0
    }

    /// The secret for typing into an app: base 32 in groups of four.
    pub fn base32_groups(&self) -> Secret<String> {
        let plain = zeroize::Zeroizing::new(self.base32());
        let mut text = String::with_capacity(plain.len() * 5 / 4);
        for (position, character) in plain.chars().enumerate() {
            if position > 0 && position % 4 == 0 {
                text.push(' ');
            }
            text.push(character);
        }
        Secret::new(text)
    }

    /// The `otpauth://` link for the QR code. `issuer` and `account` are what the app shows.
    pub fn uri(&self, issuer: &str, account: &str) -> Secret<String> {
        let (issuer, account) = (escaped(issuer), escaped(account));
        let secret = zeroize::Zeroizing::new(self.base32());
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}\
             &algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            *secret
        ))
    }

    fn base32(&self) -> String {
        data_encoding::BASE32_NOPAD.encode(self.0.expose())
    }

    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_secret(self.0.expose().clone())
            .build_noncompliant()
    }

    /// The code of a step: what the app shows in it.
    pub fn code(&self, step: u64) -> OneTimeCode {
        OneTimeCode::new(&self.totp(), step)
    }
}

/// The step that a moment lies in; 0 for all moments before 1970.
pub fn step_at(now: Timestamp) -> u64 {
    u64::try_from(now.unix_seconds()).unwrap_or(0) / STEP_SECONDS
}

/// Is `code` good now, when `last_accepted_step` was the last one accepted (or burned as good)?
pub fn verify(
    secret: &TotpSecret,
    code: &OneTimeCode,
    now: Timestamp,
    last_accepted_step: Option<u64>,
) -> TotpVerdict {
    let present = step_at(now);
    let totp = secret.totp();
    let shows = |offset: i64| {
        present.checked_add_signed(offset).filter(|step| OneTimeCode::new(&totp, *step) == *code)
    };
    let mut spent = None;
    for offset in [0, -STEPS_LATE, STEPS_EARLY] {
        let Some(step) = shows(offset) else { continue };
        match last_accepted_step {
            Some(last) if step == last => spent = Some(TotpVerdict::Reused { step }),
            Some(last) if step < last => spent = Some(TotpVerdict::Older { step }),
            Some(_) | None => return TotpVerdict::Accepted { step },
        }
    }
    spent.unwrap_or_else(|| {
        drifts()
            .find_map(|offset_steps| {
                shows(offset_steps).map(|step| TotpVerdict::Drift { step, offset_steps })
            })
            .unwrap_or(TotpVerdict::Wrong)
    })
}

/// The offsets of clocks that are recognised as wrong, the likeliest first: minutes off, then a
/// wrong zone.
fn drifts() -> impl Iterator<Item = i64> {
    let minutes = (1..=DRIFT_STEPS_MAX).flat_map(|steps| [-steps, steps]);
    let zones = (2..=ZONE_HOURS_MAX).flat_map(|hours| {
        [-hours, hours]
            .into_iter()
            .flat_map(|hours| [0, -STEPS_LATE, STEPS_EARLY].map(|off| hours * STEPS_HOUR + off))
    });
    minutes.filter(|offset| !(-STEPS_LATE..=STEPS_EARLY).contains(offset)).chain(zones)
}

/// RFC 3986: everything but unreserved characters, in UTF-8, as `%XX`. A colon is escaped too,
/// because it separates issuer and account.
fn escaped(text: &str) -> String {
    use std::fmt::Write;
    let mut escaped = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
