//! Certificates of the organisation's own authority.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CertificateHosts, CertificateIssuer};
use crate::Group;

/// Certificates of the organisation's own authority: what they say, for how long, and who may have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CertificateSettings {
    /// They are valid for so many months: 13, 25 or 48.
    pub months: u8,
    /// So many good ones may somebody have.
    pub good_max: u8,
    /// Groups that may have one; empty = everybody.
    pub groups: BTreeSet<Group>,
    /// Country (C) in the subject: two capital letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Organisation (O) in the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Organisational unit (OU) in the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// With `user@realm` as the user principal name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// With the mail address.
    pub mail: bool,
    /// Where the world asks whether a certificate still holds: an origin; the issuer if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_url: Option<String>,
    /// Where one is presented to sign in; without any, nobody signs in with a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<CertificateHosts>,
    /// Other authorities whose certificates are taken.
    #[serde(rename = "issuer", skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<CertificateIssuer>,
}

impl Default for CertificateSettings {
    fn default() -> Self {
        Self {
            months: 25,
            good_max: 3,
            groups: BTreeSet::new(),
            country: None,
            organization: None,
            unit: None,
            realm: None,
            mail: false,
            status_url: None,
            hosts: None,
            issuers: Vec::new(),
        }
    }
}
