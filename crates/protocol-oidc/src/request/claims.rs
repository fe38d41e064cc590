//! The `claims` parameter (OpenID Connect Core, 5.5), as far as anything here can answer it.

use std::collections::BTreeSet;

use sekimori_directory::Client;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::userinfo::{ClaimName, ClaimNames};

/// Longest `claims` parameter, in bytes.
pub(super) const CLAIMS_BYTES_MAX: usize = 4096;
/// Longest `sub` that may be expected, in bytes. OpenID Connect Core, 2
const SUB_BYTES_MAX: usize = 255;

/// What the parameter asks, freed of everything that does not exist here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub id_token: ClaimNames,
    pub userinfo: ClaimNames,
    pub acr: Option<AskedAcr>,
    pub sub: Option<String>,
}

/// `acr` as a claim of the ID token, with at least one value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AskedAcr {
    pub essential: bool,
    pub values: Vec<String>,
}

/// Why a `claims` parameter is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClaimsError;

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    id_token: Option<WireMembers>,
    #[serde(default)]
    userinfo: Option<WireMembers>,
}

/// The members that we know; all others are ignored, as the specification demands.
#[derive(Deserialize, Default)]
struct WireMembers {
    #[serde(default, deserialize_with = "present")]
    acr: Option<Option<WireClaim>>,
    #[serde(default, deserialize_with = "present")]
    sub: Option<Option<WireClaim>>,
    #[serde(default, deserialize_with = "present")]
    name: Option<Option<IgnoredAny>>,
    #[serde(default, deserialize_with = "present")]
    preferred_username: Option<Option<IgnoredAny>>,
    #[serde(default, deserialize_with = "present")]
    updated_at: Option<Option<IgnoredAny>>,
    #[serde(default, deserialize_with = "present")]
    email: Option<Option<IgnoredAny>>,
    #[serde(default, deserialize_with = "present")]
    email_verified: Option<Option<IgnoredAny>>,
    #[serde(default, deserialize_with = "present")]
    eduperson_affiliation: Option<Option<IgnoredAny>>,
    #[serde(default, deserialize_with = "present")]
    groups: Option<Option<IgnoredAny>>,
}

/// Tells `"name": null` (asked) from no member at all.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct WireClaim {
    #[serde(default)]
    essential: bool,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    values: Option<Vec<String>>,
}

impl WireMembers {
    fn names(&self, client: &Client) -> ClaimNames {
        let asked = [
            (ClaimName::Name, self.name.is_some()),
            (ClaimName::PreferredUsername, self.preferred_username.is_some()),
            (ClaimName::UpdatedAt, self.updated_at.is_some()),
            (ClaimName::Email, self.email.is_some()),
            (ClaimName::EmailVerified, self.email_verified.is_some()),
            (ClaimName::Affiliation, self.eduperson_affiliation.is_some()),
            (ClaimName::Groups, self.groups.is_some()),
        ];
        // A claim is asked by name only where its scope may be asked too (R-RELEASE).
        let allowed = |name: &ClaimName| client.scopes.contains(name.scope());
        asked.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).filter(allowed).collect()
    }
}

/// Read the parameter.
pub(super) fn parse(text: &str, client: &Client) -> Result<Asked, ClaimsError> {
    if text.len() > CLAIMS_BYTES_MAX {
        return Err(ClaimsError);
    }
    let wire: Wire = serde_json::from_str(text).map_err(|_| ClaimsError)?;
    let id_token = wire.id_token.unwrap_or_default();
    let userinfo = wire.userinfo.unwrap_or_default();
    let mut asked = Asked {
        id_token: id_token.names(client),
        userinfo: userinfo.names(client),
        ..Asked::default()
    };
    if let Some(Some(acr)) = id_token.acr {
        let named: Vec<String> =
            acr.value.into_iter().chain(acr.values.unwrap_or_default()).collect();
        if !named.is_empty() {
            asked.acr = Some(AskedAcr { essential: acr.essential, values: named });
        }
    }
    let subs = [id_token.sub, userinfo.sub].into_iter().flatten().flatten();
    let subs: BTreeSet<String> = subs.filter_map(|claim| claim.value).collect();
    if subs.len() > 1 || subs.iter().any(|sub| sub.len() > SUB_BYTES_MAX) {
        return Err(ClaimsError);
    }
    asked.sub = subs.into_iter().next();
    Ok(asked)
}
