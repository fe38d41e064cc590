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
#[serde(default)]
struct WireMembers {
    acr: Option<WireClaim>,
    sub: Option<WireClaim>,
    name: Named,
    preferred_username: Named,
    updated_at: Named,
    email: Named,
    email_verified: Named,
    eduperson_affiliation: Named,
    groups: Named,
}

/// Whether a member stands there, whatever its value: `null` asks as well.
#[derive(Default, PartialEq)]
enum Named {
    #[default]
    No,
    Yes,
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self::Yes)
    }
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
            (ClaimName::Name, &self.name),
            (ClaimName::PreferredUsername, &self.preferred_username),
            (ClaimName::UpdatedAt, &self.updated_at),
            (ClaimName::Email, &self.email),
            (ClaimName::EmailVerified, &self.email_verified),
            (ClaimName::Affiliation, &self.eduperson_affiliation),
            (ClaimName::Groups, &self.groups),
        ];
        // A claim is asked by name only where its scope may be asked too (R-RELEASE).
        let allowed = |name: &ClaimName| client.scopes.contains(name.scope());
        let asked = asked.into_iter().filter(|(_, named)| **named == Named::Yes);
        asked.map(|(name, _)| name).filter(allowed).collect()
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
    if let Some(acr) = id_token.acr {
        let named: Vec<String> =
            acr.value.into_iter().chain(acr.values.unwrap_or_default()).collect();
        if !named.is_empty() {
            asked.acr = Some(AskedAcr { essential: acr.essential, values: named });
        }
    }
    let subs = [id_token.sub, userinfo.sub].into_iter().flatten();
    let subs: BTreeSet<String> = subs.filter_map(|claim| claim.value).collect();
    if subs.len() > 1 || subs.iter().any(|sub| sub.len() > SUB_BYTES_MAX) {
        return Err(ClaimsError);
    }
    asked.sub = subs.into_iter().next();
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::site;

    /// JSON that is nearly such a parameter.
    fn nearly() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("{}".to_owned()),
            Just("[]".to_owned()),
            Just(r#"{"essential":true,"values":["a","b"]}"#.to_owned()),
            Just(r#"{"value":"x"}"#.to_owned()),
            "[0-9]{1,30}",
            r#""[a-z]{0,300}""#,
        ];
        leaf.prop_recursive(8, 64, 4, |inner| {
            let name = prop_oneof![
                Just("id_token"),
                Just("userinfo"),
                Just("acr"),
                Just("sub"),
                Just("name"),
                Just("x"),
            ];
            proptest::collection::vec((name, inner), 0..4).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            })
        })
    }

    proptest! {
        #[test]
        fn any_text_is_a_claims_parameter_or_an_error(text in ".{0,200}", nearly in nearly()) {
            let site = site();
            let (_, client) = site.client("app").unwrap();
            for text in [text, nearly] {
                if let Ok(asked) = parse(&text, client) {
                    prop_assert!(asked.sub.is_none_or(|sub| sub.len() <= SUB_BYTES_MAX));
                }
            }
        }
    }
}
