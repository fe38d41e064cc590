//! What a derived key is for, and for whom: no key serves two purposes or two tenants.

use sekimori_base::TenantId;

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $label:literal,)*) => {
        /// What a derived key is for. The label goes into derivation and associated data: a label
        /// that was ever used must never change or serve another purpose.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Purpose {
            $($(#[$doc])* $name,)*
        }

        impl Purpose {
            /// Every purpose.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name in derivation and associated data.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
                }
            }
        }
    };
}

purposes! {
    /// The request that travels in the page before a credential was submitted.
    SealedRequest = "sealed-request",
    /// The cookie that binds a sealed request to a browser.
    BindingCookie = "binding-cookie",
    /// The cookie that says that somebody has signed in here before.
    DeviceCookie = "device-cookie",
    /// Tokens in our own forms against forged submissions.
    FormToken = "form-token",
    /// Secrets in rows: OTP secrets, secrets for other servers.
    DatabaseSecret = "database-secret",
    /// Private signing keys in rows.
    SigningKeyAtRest = "signing-key-at-rest",
    /// Data keys in rows; only root keys use it.
    DataKeyAtRest = "data-key-at-rest",
    /// Keyed digests of what clients and people present: tokens, codes, client secrets.
    TokenDigest = "token-digest",
    /// Keyed digests of identifiers as typed, for counters and for the audit.
    IdentifierDigest = "identifier-digest",
    /// Checkpoints over the audit's chains.
    AuditCheckpoint = "audit-checkpoint",
    /// Outgoing messages that wait in the outbox.
    Outbox = "outbox",
    /// What a page of registering a factor carries, before anything of it counts.
    Enrolment = "enrolment",
    /// The link in a notice by which somebody says that it was not them.
    NoticeLink = "notice-link",
    /// Subjects that differ from sector to sector.
    PairwiseSubject = "pairwise-subject",
    /// Why a form was not taken, in the address of the page that says so.
    RefusedForm = "refused-form",
    /// The challenge that a passkey is to sign, as its page carries it.
    PasskeyChallenge = "passkey-challenge",
    /// The way to a host on which a certificate is presented, as its page carries it.
    CertificateTry = "certificate-try",
    /// What was presented there, on the way back.
    CertificateFound = "certificate-found",
    /// Private keys of certificate authorities in rows.
    AuthorityKeyAtRest = "authority-key-at-rest",
    /// Files of new certificates, while their owners fetch them.
    IssuedFile = "issued-file",
    /// What an address of the help desk's console names.
    DeskHandle = "desk-handle",
    /// The mark in the address to which a mail comes back.
    BounceAddress = "bounce-address",
}

/// For whom a derived key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The whole deployment: what belongs to no tenant.
    Deployment,
    /// One tenant.
    Tenant(TenantId),
}

impl From<TenantId> for Scope {
    fn from(tenant: TenantId) -> Self {
        Self::Tenant(tenant)
    }
}

/// Bytes of a scope in derivation and associated data.
const SCOPE_BYTES: usize = 17;

impl Scope {
    fn bytes(self) -> [u8; SCOPE_BYTES] {
        let mut bytes = [0; SCOPE_BYTES];
        match self {
            Self::Deployment => {}
            Self::Tenant(tenant) => {
                bytes[0] = 1;
                bytes[1..].copy_from_slice(tenant.bytes());
            }
        }
        bytes
    }
}

/// Purpose and scope as bytes that no other pair gives: length-prefixed label, fixed-width scope.
pub(crate) fn context_bytes(purpose: Purpose, scope: Scope) -> Vec<u8> {
    let label = purpose.label().as_bytes();
    let length = u8::try_from(label.len()).expect("labels are short literals");
    let mut bytes = Vec::with_capacity(1 + label.len() + SCOPE_BYTES);
    bytes.push(length);
    bytes.extend_from_slice(label);
    bytes.extend_from_slice(&scope.bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_purposes_share_a_label_and_no_two_contexts_share_bytes() {
        let tenants = [
            Scope::Deployment,
            Scope::Tenant(TenantId::from_bytes([0; 16])),
            Scope::Tenant(TenantId::from_bytes([1; 16])),
        ];
        let mut seen = HashSet::new();
        for purpose in Purpose::ALL {
            for scope in tenants {
                assert!(seen.insert(context_bytes(*purpose, scope)), "{purpose:?} {scope:?}");
            }
        }
    }
}
