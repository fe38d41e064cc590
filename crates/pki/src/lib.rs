//! A certificate authority and the verification of client certificates. RFC 5280, 2986, 6960, 7292
//!
//! No input or output: time and chance are arguments, keys sign through [`sekimori_keys::Signer`]
//! (in memory or in a device), and whoever calls keeps what was issued and serves what was signed.
//! Two things draw their own randomness, as everywhere: signatures and key pairs inside aws-lc, and
//! the salts of a PKCS#12 file.
//!
//! 1. An [`Authority`] is made ([`make_root`], [`request_issuing`], [`Authority::sign_issuing`]) or
//!    opened with its key; it issues to people by a [`Profile`] ([`Authority::issue`],
//!    [`Authority::issue_with_key`]).
//! 2. It says what it took back: [`Authority::crl`] and [`Authority::answer`] (OCSP, [`ocsp`]).
//! 3. [`presented::Trust`] judges what a browser presents, of our authority or of others.
//!
//! Deliberately absent: the fetching of anything that a certificate points to, path building from
//! certificates that the client sent along, delta lists, indirect lists, certificates on hold.

mod authority;
mod certificate;
mod crl;
mod issue;
mod months;
mod name;
pub mod ocsp;
mod pem;
mod pin;
mod pkcs12;
pub mod presented;
mod profile;
mod public_key;
mod request;
mod root_list;
mod serial;
mod signed;

pub use authority::{Authority, AuthorityError, SigningRefused, make_root, request_issuing};
pub use certificate::{
    CERTIFICATE_BYTES_MAX, Certificate, CertificateMalformed, Fingerprint, public_key_info,
};
pub use crl::{RevocationReason, RevokedCertificate};
pub use issue::{IssueError, Issued, IssuedWithKey, PersonalKeyKind};
pub use name::{AuthorityName, NameError};
pub use pem::{PemKind, pem};
pub use pin::AccessPin;
pub use pkcs12::PersonalKey;
pub use profile::{Lifetime, Locations, LocationsError, MailRule, Profile, ProfileError, Subject};
pub use public_key::{KeyRefused, SignerUnfit};
pub use request::{REQUEST_BYTES_MAX, Request, RequestError};
pub use root_list::{RootList, RootListRefused};
pub use serial::Serial;

#[cfg(test)]
mod tests;
