//! The hashes of other systems, taken apart: what is computed from the password (the [`Inner`]
//! scheme with its salt and parameters) and what came out.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::LazyLock;

use aws_lc_rs::{digest, pbkdf2};
use data_encoding::{BASE64, BASE64_NOPAD, BitOrder, Encoding, Specification};
use zeroize::Zeroizing;

use super::{HashRecord, ImportError, RecordError};

/// bcrypt rounds are `1 << cost`; 15 takes about 2 s.
const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=15;
/// Rounds of sha-crypt that its definition allows, up to what takes about 1 s.
const SHA_CRYPT_ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;
/// Without `rounds=`.
const SHA_CRYPT_ROUNDS_DEFAULT: u32 = 5_000;
/// sha-crypt hashes the whole password several times in each round: longer ones get no more than
/// this many bytes looked at, and then never match.
const SHA_CRYPT_PASSWORD_MAX: usize = 256;
/// Iterations of PBKDF2, up to what takes about 2 s.
const PBKDF2_ITERATIONS: std::ops::RangeInclusive<u32> = 1..=5_000_000;

/// SHA, of one of its sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sha {
    One,
    Two256,
    Two384,
    Two512,
}

/// What another system computes from a password, but for the password.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Inner {
    /// SHA of password and salt: LDAP's `{SHA}`, `{SSHA}` and their younger sisters.
    Digest { sha: Sha, salt: Vec<u8> },
    /// `$2a$`, `$2b$`, `$2y$`.
    Bcrypt { cost: u32, salt: [u8; 16] },
    /// `$5$` and `$6$`.
    ShaCrypt { sha: Sha, rounds: u32, salt: Vec<u8> },
    /// PBKDF2 with HMAC, giving `length` bytes.
    Pbkdf2 { sha: Sha, iterations: NonZeroU32, length: usize, salt: Vec<u8> },
}

/// A hash of another system.
pub(super) enum Foreign {
    /// To be wrapped: Argon2id of `output` can be checked with the password.
    Inner { inner: Inner, output: Vec<u8> },
    /// Argon2id already: it cannot be wrapped (its output is computed from the password by the very
    /// function that would wrap it, at its own cost) and is checked as it is.
    Argon2id(HashRecord),
}

impl Sha {
    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::One => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Two256 => &digest::SHA256,
            Self::Two384 => &digest::SHA384,
            Self::Two512 => &digest::SHA512,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::One => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Two256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Two384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Self::Two512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

impl Inner {
    /// The scheme's name, as in the record's text.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Digest { sha, .. } => match sha {
                Sha::One => "sha1",
                Sha::Two256 => "sha256",
                Sha::Two384 => "sha384",
                Sha::Two512 => "sha512",
            },
            Self::Bcrypt { .. } => "bcrypt",
            Self::ShaCrypt { sha, .. } => match sha {
                Sha::One | Sha::Two256 => "sha256crypt",
                Sha::Two384 | Sha::Two512 => "sha512crypt",
            },
            Self::Pbkdf2 { sha, .. } => match sha {
                Sha::One => "pbkdf2-sha1",
                Sha::Two256 => "pbkdf2-sha256",
                Sha::Two384 => "pbkdf2-sha384",
                Sha::Two512 => "pbkdf2-sha512",
            },
        }
    }

    /// Read the field of a record that `Display` wrote.
    pub(super) fn parse(field: &str) -> Option<Self> {
        let mut parts = field.split(':');
        let name = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        let bytes = |text: &str| BASE64_NOPAD.decode(text.as_bytes()).ok();
        if let Some(sha) = name.strip_prefix("pbkdf2-").and_then(sha) {
            let [iterations, length, salt] = rest[..] else {
                return None;
            };
            return Self::pbkdf2(sha, number(iterations)?, length.parse().ok()?, bytes(salt)?);
        }
        match (name, &rest[..]) {
            ("bcrypt", [cost, salt]) => Self::bcrypt(number(cost)?, bytes(salt)?),
            ("sha256crypt", [rounds, salt]) => {
                Self::sha_crypt(Sha::Two256, number(rounds)?, bytes(salt)?)
            }
            ("sha512crypt", [rounds, salt]) => {
                Self::sha_crypt(Sha::Two512, number(rounds)?, bytes(salt)?)
            }
            (name, [salt]) => Some(Self::Digest { sha: sha(name)?, salt: bytes(salt)? }),
            _ => None,
        }
    }

    fn bcrypt(cost: u32, salt: Vec<u8>) -> Option<Self> {
        let salt = salt.try_into().ok()?;
        BCRYPT_COST.contains(&cost).then_some(Self::Bcrypt { cost, salt })
    }

    fn sha_crypt(sha: Sha, rounds: u32, salt: Vec<u8>) -> Option<Self> {
        (SHA_CRYPT_ROUNDS.contains(&rounds) && salt.len() <= 16).then_some(Self::ShaCrypt {
            sha,
            rounds,
            salt,
        })
    }

    fn pbkdf2(sha: Sha, iterations: u32, length: usize, salt: Vec<u8>) -> Option<Self> {
        let possible = PBKDF2_ITERATIONS.contains(&iterations) && (16..=64).contains(&length);
        Some(Self::Pbkdf2 { sha, iterations: NonZeroU32::new(iterations)?, length, salt })
            .filter(|_| possible)
    }

    /// What computing it takes at most, in microseconds, on a slow core: for the longest password, since
    /// whoever measures chooses it.
    pub(super) fn micros(&self) -> u64 {
        match self {
            Self::Digest { .. } => 20,
            Self::Bcrypt { cost, .. } => 100 << cost,
            Self::ShaCrypt { rounds, .. } => 4 * u64::from(*rounds),
            Self::Pbkdf2 { sha, iterations, length, .. } => {
                let blocks = length.div_ceil(sha.algorithm().output_len());
                u64::from(iterations.get()) * blocks as u64
            }
        }
    }

    /// What the other system would have computed from `password`.
    pub(super) fn compute(&self, password: &str) -> Zeroizing<Vec<u8>> {
        let password = password.as_bytes();
        match self {
            Self::Digest { sha, salt } => {
                let mut context = digest::Context::new(sha.algorithm());
                context.update(password);
                context.update(salt);
                Zeroizing::new(context.finish().as_ref().to_vec())
            }
            Self::Bcrypt { cost, salt } => {
                // 72 bytes at most, the terminating zero included: that is what bcrypt is.
                let mut key = Zeroizing::new(password[..password.len().min(72)].to_vec());
                if key.len() < 72 {
                    key.push(0);
                }
                Zeroizing::new(bcrypt::bcrypt(*cost, *salt, &key)[..23].to_vec())
            }
            Self::ShaCrypt { sha, rounds, salt } => {
                let params = sha_crypt::Params::new(*rounds).expect("`sha_crypt` checked it");
                let looked_at = &password[..password.len().min(SHA_CRYPT_PASSWORD_MAX)];
                let mut output = Zeroizing::new(match sha {
                    Sha::One | Sha::Two256 => {
                        sha_crypt::sha256_crypt(looked_at, salt, params).to_vec()
                    }
                    Sha::Two384 | Sha::Two512 => {
                        sha_crypt::sha512_crypt(looked_at, salt, params).to_vec()
                    }
                });
                if looked_at.len() < password.len() {
                    output.push(0); // one byte too many: equal to no import
                }
                output
            }
            Self::Pbkdf2 { sha, iterations, length, salt } => {
                let mut output = Zeroizing::new(vec![0; *length]);
                pbkdf2::derive(sha.pbkdf2(), *iterations, salt, password, &mut output);
                output
            }
        }
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, text) = (self.name(), |salt: &[u8]| BASE64_NOPAD.encode(salt));
        match self {
            Self::Digest { salt, .. } => write!(f, "{name}:{}", text(salt)),
            Self::Bcrypt { cost, salt } => write!(f, "{name}:{cost}:{}", text(salt)),
            Self::ShaCrypt { rounds, salt, .. } => write!(f, "{name}:{rounds}:{}", text(salt)),
            Self::Pbkdf2 { iterations, length, salt, .. } => {
                write!(f, "{name}:{iterations}:{length}:{}", text(salt))
            }
        }
    }
}

/// Take the text of another system's hash apart.
pub(super) fn parse(text: &str) -> Result<Foreign, ImportError> {
    let text = text.trim();
    if let Some((scheme, rest)) = text.strip_prefix('{').and_then(|t| t.split_once('}')) {
        return parse_ldap(scheme, rest);
    }
    if let Some((scheme, rest)) = text.strip_prefix('$').and_then(|t| t.split_once('$')) {
        return parse_crypt(scheme, rest);
    }
    match text.split_once('$') {
        Some((scheme @ ("pbkdf2_sha1" | "pbkdf2_sha256"), rest)) => parse_django(scheme, rest),
        // Django puts its own name in front of these two.
        Some(("argon2" | "bcrypt", rest)) if rest.starts_with(['$', 'a']) => {
            let rest = rest.trim_start_matches('$');
            let (scheme, rest) = rest.split_once('$').ok_or(ImportError::NoScheme)?;
            parse_crypt(scheme, rest)
        }
        Some((scheme, _)) => Err(unknown(scheme, "", "$")),
        None => Err(ImportError::NoScheme),
    }
}

/// `{SCHEME}rest`, RFC 2307 and its descendants.
fn parse_ldap(scheme: &str, rest: &str) -> Result<Foreign, ImportError> {
    let upper = scheme.to_ascii_uppercase();
    let (sha, salted, name) = match upper.as_str() {
        "CRYPT" | "ARGON2" | "BCRYPT" | "BLF-CRYPT" | "SHA256-CRYPT" | "SHA512-CRYPT" => {
            return match rest.strip_prefix('$').and_then(|t| t.split_once('$')) {
                Some((scheme, rest)) => parse_crypt(scheme, rest),
                None => Err(unknown(scheme, "{", "}")),
            };
        }
        "PBKDF2" | "PBKDF2-SHA1" => return parse_pbkdf2(Sha::One, "{PBKDF2}", rest),
        "PBKDF2-SHA256" => return parse_pbkdf2(Sha::Two256, "{PBKDF2-SHA256}", rest),
        "PBKDF2-SHA512" => return parse_pbkdf2(Sha::Two512, "{PBKDF2-SHA512}", rest),
        "SHA" => (Sha::One, false, "{SHA}"),
        "SSHA" => (Sha::One, true, "{SSHA}"),
        "SHA256" => (Sha::Two256, false, "{SHA256}"),
        "SSHA256" => (Sha::Two256, true, "{SSHA256}"),
        "SHA384" => (Sha::Two384, false, "{SHA384}"),
        "SSHA384" => (Sha::Two384, true, "{SSHA384}"),
        "SHA512" => (Sha::Two512, false, "{SHA512}"),
        "SSHA512" => (Sha::Two512, true, "{SSHA512}"),
        _ => return Err(unknown(scheme, "{", "}")),
    };
    let damaged = ImportError::Damaged(name);
    let mut output = BASE64
        .decode(rest.as_bytes())
        .or_else(|_| BASE64_NOPAD.decode(rest.as_bytes()))
        .map_err(|_| ImportError::Damaged(name))?;
    let length = sha.algorithm().output_len();
    if output.len() < length || (output.len() > length) != salted || output.len() > length + 64 {
        return Err(damaged);
    }
    let salt = output.split_off(length);
    Ok(Foreign::Inner { inner: Inner::Digest { sha, salt }, output })
}

/// `$scheme$rest`, the modular crypt format and PHC strings.
fn parse_crypt(scheme: &str, rest: &str) -> Result<Foreign, ImportError> {
    match scheme {
        "2a" | "2b" | "2y" => parse_bcrypt(rest),
        "5" => parse_sha_crypt(Sha::Two256, "$5$", rest),
        "6" => parse_sha_crypt(Sha::Two512, "$6$", rest),
        "pbkdf2" => parse_pbkdf2(Sha::One, "$pbkdf2$", rest),
        "pbkdf2-sha256" => parse_pbkdf2(Sha::Two256, "$pbkdf2-sha256$", rest),
        "pbkdf2-sha512" => parse_pbkdf2(Sha::Two512, "$pbkdf2-sha512$", rest),
        "argon2id" => parse_argon2id(rest),
        _ => Err(unknown(scheme, "$", "$")),
    }
}

fn parse_bcrypt(rest: &str) -> Result<Foreign, ImportError> {
    const NAME: &str = "bcrypt";
    let damaged = || ImportError::Damaged(NAME);
    let (cost, encoded) = rest.split_once('$').ok_or_else(damaged)?;
    let encoded = Some(encoded.as_bytes()).filter(|bytes| bytes.len() == 53);
    let (salt, output) = encoded.ok_or_else(damaged)?.split_at(22);
    let decoded = |text: &[u8]| BCRYPT_BASE64.decode(text).map_err(|_| damaged());
    let cost = number(cost).ok_or_else(damaged)?;
    Ok(Foreign::Inner {
        inner: Inner::bcrypt(cost, decoded(salt)?).ok_or(ImportError::Cost(NAME))?,
        output: decoded(output)?,
    })
}

fn parse_sha_crypt(sha: Sha, name: &'static str, rest: &str) -> Result<Foreign, ImportError> {
    let damaged = || ImportError::Damaged(name);
    let (rounds, rest) = match rest.strip_prefix("rounds=") {
        Some(rest) => {
            let (rounds, rest) = rest.split_once('$').ok_or_else(damaged)?;
            (number(rounds).ok_or_else(damaged)?, rest)
        }
        None => (SHA_CRYPT_ROUNDS_DEFAULT, rest),
    };
    let (salt, encoded) = rest.split_once('$').ok_or_else(damaged)?;
    if salt.len() > 16 {
        return Err(damaged());
    }
    let shuffled = CRYPT_BASE64.decode(encoded.as_bytes()).map_err(|_| damaged())?;
    let order = crypt_order(sha);
    if shuffled.len() != order.len() {
        return Err(damaged());
    }
    let mut output = vec![0; shuffled.len()];
    for (byte, place) in shuffled.into_iter().zip(order) {
        output[place] = byte;
    }
    let inner = Inner::sha_crypt(sha, rounds, salt.as_bytes().to_vec());
    Ok(Foreign::Inner { inner: inner.ok_or(ImportError::Cost(name))?, output })
}

/// `iterations$salt$output` in base 64 with `.` for `+`, as passlib and OpenLDAP write it.
fn parse_pbkdf2(sha: Sha, name: &'static str, rest: &str) -> Result<Foreign, ImportError> {
    let damaged = || ImportError::Damaged(name);
    let [iterations, salt, output] = rest.split('$').collect::<Vec<_>>()[..] else {
        return Err(damaged());
    };
    let decoded = |text: &str| {
        let plain = text.replace('.', "+");
        BASE64_NOPAD.decode(plain.trim_end_matches('=').as_bytes()).map_err(|_| damaged())
    };
    let iterations = number(iterations).ok_or_else(damaged)?;
    let (salt, output) = (decoded(salt)?, decoded(output)?);
    let inner = Inner::pbkdf2(sha, iterations, output.len(), salt);
    Ok(Foreign::Inner { inner: inner.ok_or(ImportError::Cost(name))?, output })
}

/// `pbkdf2_sha256$iterations$salt$output`: the salt is text as it stands.
fn parse_django(scheme: &str, rest: &str) -> Result<Foreign, ImportError> {
    let (sha, name) = match scheme {
        "pbkdf2_sha1" => (Sha::One, "pbkdf2_sha1"),
        _ => (Sha::Two256, "pbkdf2_sha256"),
    };
    let damaged = || ImportError::Damaged(name);
    let [iterations, salt, output] = rest.split('$').collect::<Vec<_>>()[..] else {
        return Err(damaged());
    };
    let output = BASE64.decode(output.as_bytes()).map_err(|_| damaged())?;
    let iterations = number(iterations).ok_or_else(damaged)?;
    let inner = Inner::pbkdf2(sha, iterations, output.len(), salt.as_bytes().to_vec());
    Ok(Foreign::Inner { inner: inner.ok_or(ImportError::Cost(name))?, output })
}

/// `v=19$m=..,t=..,p=..$salt$output`.
fn parse_argon2id(rest: &str) -> Result<Foreign, ImportError> {
    const NAME: &str = "argon2id";
    let ["v=19", parameters, salt, output] = rest.split('$').collect::<Vec<_>>()[..] else {
        return Err(ImportError::Damaged(NAME));
    };
    HashRecord::foreign(parameters, salt, output).map(Foreign::Argon2id).map_err(
        |error| match error {
            RecordError::Cost => ImportError::Cost(NAME),
            _ => ImportError::Damaged(NAME),
        },
    )
}

/// The name of a scheme that we know but have not. Any other beginning may be a part of a plain
/// password and is not repeated.
fn unknown(scheme: &str, before: &str, after: &str) -> ImportError {
    let known: &[&str] = match before {
        "{" => &[
            "MD5",
            "SMD5",
            "CRYPT",
            "ARGON2",
            "BCRYPT",
            "BLF-CRYPT",
            "SHA256-CRYPT",
            "SHA512-CRYPT",
            "MD5-CRYPT",
            "LANMAN",
            "NT",
            "NTLM",
            "SASL",
            "CLEARTEXT",
            "PLAIN",
            "SCRYPT",
            "SCRAM-SHA-256",
            "PBKDF2_SHA256",
            "GOST-YESCRYPT",
        ],
        "$" => &[
            "1",
            "2",
            "2x",
            "3",
            "7",
            "y",
            "gy",
            "md5",
            "apr1",
            "sha1",
            "scrypt",
            "argon2i",
            "argon2d",
            "bcrypt-sha256",
            "P",
            "H",
            "S",
        ],
        _ => &[
            "bcrypt_sha256",
            "scrypt",
            "md5",
            "sha1",
            "unsalted_md5",
            "unsalted_sha1",
            "crypt",
            "pbkdf2_sha512",
        ],
    };
    match known.iter().find(|known| known.eq_ignore_ascii_case(scheme)) {
        Some(scheme) => ImportError::UnknownScheme(format!("{before}{scheme}{after}")),
        None => ImportError::NoScheme,
    }
}

fn sha(name: &str) -> Option<Sha> {
    match name {
        "sha1" => Some(Sha::One),
        "sha256" => Some(Sha::Two256),
        "sha384" => Some(Sha::Two384),
        "sha512" => Some(Sha::Two512),
        _ => None,
    }
}

/// A number of plain digits (no sign, which `parse` would take).
fn number(digits: &str) -> Option<u32> {
    Some(digits)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
}

/// Where sha-crypt's text has the bytes of its output: groups of three whose members are a third of
/// the output apart, turned by one from group to group (SHA-256 the other way round).
fn crypt_order(sha: Sha) -> Vec<usize> {
    let (third, last): (usize, &[usize]) = match sha {
        Sha::One | Sha::Two256 => (10, &[30, 31]),
        Sha::Two384 | Sha::Two512 => (21, &[63]),
    };
    let turn = |group: usize| match sha {
        Sha::One | Sha::Two256 => [(2 * group + 2) % 3, (2 * group + 1) % 3, 2 * group % 3],
        Sha::Two384 | Sha::Two512 => [(group + 2) % 3, (group + 1) % 3, group % 3],
    };
    (0..third)
        .flat_map(|group| turn(group).map(|part| part * third + group))
        .chain(last.iter().copied())
        .collect()
}

static BCRYPT_BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut form = Specification::new();
    form.symbols.push_str("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    form.check_trailing_bits = false;
    form.encoding().expect("64 different symbols")
});

static CRYPT_BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut form = Specification::new();
    form.symbols.push_str("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    form.bit_order = BitOrder::LeastSignificantFirst;
    form.encoding().expect("64 different symbols")
});
