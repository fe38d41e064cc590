//! A service as an OpenID Connect client.

use std::collections::BTreeSet;

use sekimori_directory::client::{
    AccessTokenFormat, Client, ClientAuth, ClientKind, Consent, GrantType, Pkce, RedirectUriError,
    RefreshRule, SubjectType, TokenAlgorithm,
};
use sekimori_directory::settings::ServiceName;
use sekimori_directory::{ClientId, RedirectUri};
use serde_json::Value;
use url::Url;

use super::Loader;
use crate::closest::shown;
use crate::reader::{Item, Keys, Located, Wrong};
use crate::values;

/// The client, placed where its `client_id` stands.
pub(super) fn client(
    keys: Keys<'_, '_>,
    service: Option<&ServiceName>,
    loader: &Loader<'_>,
) -> Option<Located<Client>> {
    let id_item = keys.take("client_id");
    let client_id = match &id_item {
        Some(item) => item.parsed("a client_id", ClientId::parse),
        // A service's name is always a client_id as well.
        None => service.and_then(|name| ClientId::parse(name.as_str()).ok()),
    };
    // A word that cannot be read is told once; nothing is concluded from it.
    let (kind, auth) = (keys.word::<ClientKind>("kind"), keys.word::<ClientAuth>("auth"));
    let (subject, grants) = (keys.word::<SubjectType>("subject"), grants(&keys));
    let default_max_age = keys.take("default_max_age_seconds");
    let client = Client {
        client_id: client_id.clone().unwrap_or_else(placeholder),
        kind: kind.unwrap_or_default(),
        auth: auth.unwrap_or_default(),
        jwks: jwks(&keys, loader),
        redirect_uris: targets(&keys.list("redirect_uris"), kind),
        post_logout_redirect_uris: targets(&keys.list("post_logout_redirect_uris"), kind),
        grants: grants.clone().unwrap_or_default(),
        scopes: scopes(&keys),
        pkce: keys.word_or("pkce", Pkce::default()),
        consent: keys.word_or("consent", Consent::default()),
        subject: subject.unwrap_or_default(),
        sector: keys.take("sector").and_then(|item| item.checked(values::host_name)),
        token_algorithm: keys.word_or("token_algorithm", TokenAlgorithm::default()),
        access_token: keys.word_or("access_token", AccessTokenFormat::default()),
        access_token_seconds: keys.number_or("access_token_seconds", [60, 86_400], 600),
        refresh_token_seconds: keys.number_or(
            "refresh_token_seconds",
            [300, 366 * 86_400],
            30 * 86_400,
        ),
        refresh: keys.word_or("refresh", RefreshRule::default()),
        cors_origins: origins(&keys),
        default_max_age_seconds: default_max_age.and_then(|item| item.number([0, 31_536_000])),
    };
    if auth.is_some() {
        proofs(&keys, &client);
    }
    if grants.is_some() {
        flows(&keys, &client);
    }
    if subject.is_some() {
        subjects(&keys, &client);
    }
    let place = id_item.map_or_else(|| keys.place().clone(), |item| item.place());
    keys.finish();
    client_id.map(|_| Located { value: client, place })
}

/// The grants; `None` when one of them cannot be read.
fn grants(keys: &Keys<'_, '_>) -> Option<BTreeSet<GrantType>> {
    match keys.take("grants") {
        Some(item) if item.is_list() => {
            let words: Vec<Option<GrantType>> = item.list().iter().map(Item::word).collect();
            words.into_iter().collect()
        }
        Some(item) => {
            item.list();
            None
        }
        None => Some(Client::default_grants()),
    }
}

/// Stands in for an id that could not be read; the document is refused anyway.
fn placeholder() -> ClientId {
    ClientId::parse("unreadable").expect("visible ASCII")
}

/// How the client proves itself, and what that needs.
fn proofs(keys: &Keys<'_, '_>, client: &Client) {
    let reader = keys.reader();
    let has_keys = keys.has("jwks") || keys.has("jwks_file");
    match client.auth {
        ClientAuth::PrivateKeyJwt => {
            if !has_keys {
                reader.missing(
                    keys.place(),
                    "a private_key_jwt client needs its public keys",
                    "add `jwks_file = \"client.jwks.json\"`, or another `auth`",
                );
            }
        }
        ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost => {
            if client.kind == ClientKind::Native {
                reader.warning(
                    keys.place(),
                    "an installed app cannot keep a secret: everybody has a copy of it",
                    "set `auth = \"none\"`; PKCE protects it",
                );
            }
        }
        ClientAuth::None => {
            if client.grants.contains(&GrantType::ClientCredentials) {
                reader.error(
                    keys.place(),
                    "a public client has no credentials, so it cannot use `client_credentials`",
                    "take the grant away, or choose another `auth`",
                );
            }
            if client.pkce == Pkce::Optional {
                reader.error(
                    keys.place(),
                    "PKCE is all that protects a public client, so it cannot be optional",
                    "take `pkce` away, or choose another `auth`",
                );
            }
        }
    }
    if has_keys && client.auth != ClientAuth::PrivateKeyJwt {
        reader.warning(
            keys.place(),
            "these keys are not used",
            "set `auth = \"private_key_jwt\"`, or take the keys away",
        );
    }
}

/// Which grants go with what.
fn flows(keys: &Keys<'_, '_>, client: &Client) {
    let reader = keys.reader();
    let code = client.grants.contains(&GrantType::AuthorizationCode);
    if client.grants.is_empty() {
        let what = "a client without grants can do nothing";
        reader.error(keys.place(), what, "leave `grants` out, or name some");
    }
    let example = "add `redirect_uris = [\"https://…/callback\"]`";
    match (code, keys.take("redirect_uris")) {
        (true, None) => {
            let what = "sign-ins of this client cannot be answered: it has no `redirect_uris`";
            reader.missing(keys.place(), what, example);
        }
        (true, Some(item)) if item.is_list() && item.list().is_empty() => {
            item.error("sign-ins of this client cannot be answered", "write where to");
        }
        (false, Some(item)) => {
            let what = "nobody is sent here: the grant `authorization_code` is missing";
            item.warning(what, "add the grant, or take this away");
        }
        (true, Some(_)) | (false, None) => {}
    }
    if client.grants.contains(&GrantType::RefreshToken) && !code {
        reader.error(
            keys.place(),
            "a refresh token comes with a sign-in, so `refresh_token` needs `authorization_code`",
            "add `authorization_code` to `grants`, or take `refresh_token` away",
        );
    }
}

/// Which `sub` the client sees.
fn subjects(keys: &Keys<'_, '_>, client: &Client) {
    let reader = keys.reader();
    match client.subject {
        SubjectType::Public => {
            if keys.has("sector") {
                let what = "`sector` is for pairwise subjects";
                let remedy = "set `subject = \"pairwise\"`, or take it away";
                reader.warning(keys.place(), what, remedy);
            }
        }
        SubjectType::Pairwise => {
            let hosts: BTreeSet<Option<String>> = client.redirect_uris.iter().map(host).collect();
            if keys.has("sector") {
                return;
            }
            // OpenID Connect Core, 8.1: without a sector identifier all redirect URIs have one host.
            if hosts.len() > 1 {
                reader.error(
                    keys.place(),
                    "the redirect URIs have several hosts, so the sector of the pairwise `sub` is unclear",
                    "add `sector = \"…\"`: a change of it changes everybody's `sub`",
                );
            } else if hosts.contains(&None) {
                reader.error(
                    keys.place(),
                    "the redirect URIs have no host, so the pairwise `sub` has no sector",
                    "add `sector = \"…\"`: a change of it changes everybody's `sub`",
                );
            }
        }
    }
}

fn host(uri: &RedirectUri) -> Option<String> {
    Url::parse(uri.as_str()).ok()?.host_str().map(str::to_owned)
}

fn targets(items: &[Item<'_, '_>], kind: Option<ClientKind>) -> Vec<RedirectUri> {
    let mut targets: Vec<RedirectUri> = Vec::new();
    for item in items {
        let Some(target) = item.checked(|text| target(text, kind)) else {
            continue;
        };
        if targets.contains(&target) {
            item.warning("this target stands here twice", "take one away");
        } else {
            targets.push(target);
        }
    }
    targets
}

fn target(text: &str, kind: Option<ClientKind>) -> Result<RedirectUri, Wrong> {
    let target = RedirectUri::parse(text).map_err(|why| {
        let remedy = match why {
            RedirectUriError::NotAbsolute => "write the whole address: https://app.example.ac.jp/callback",
            RedirectUriError::Fragment => "leave out what stands after the '#'",
            RedirectUriError::UserInfo => "leave out what stands before the '@'",
            RedirectUriError::Wildcard => "write each target out in full",
            RedirectUriError::PlainHttp => "write https://, or use a loopback address",
            RedirectUriError::Scheme => {
                "use https; an installed app has https too, a loopback address, or a reversed domain: \
                 jp.ac.example.app:/callback"
            }
        };
        let what = format!("{} cannot receive a sign-in: {why}", shown(text));
        Wrong::new(what, remedy)
    })?;
    if kind == Some(ClientKind::Web) && !text.starts_with("https:") && !text.starts_with("http:") {
        let what =
            format!("{} is a private-use scheme, which only installed apps have", shown(text));
        return Err(Wrong::new(what, "set `kind = \"native\"`, or use https"));
    }
    Ok(target)
}

fn origins(keys: &Keys<'_, '_>) -> BTreeSet<String> {
    keys.list("cors_origins").iter().filter_map(|item| item.checked(values::origin)).collect()
}

fn scopes(keys: &Keys<'_, '_>) -> BTreeSet<String> {
    let Some(item) = keys.take("scopes") else {
        return Client::default_scopes();
    };
    let items = item.list();
    let mut scopes: BTreeSet<String> =
        items.iter().filter_map(|item| item.checked(scope)).collect();
    scopes.insert("openid".to_owned());
    scopes
}

/// RFC 6749, 3.3.
fn scope(text: &str) -> Result<String, Wrong> {
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if fits {
        Ok(text.to_owned())
    } else {
        let what = format!("{} is not a scope", shown(text));
        Err(Wrong::new(what, "one word of 1 to 64 visible ASCII characters each"))
    }
}

fn jwks(keys: &Keys<'_, '_>, loader: &Loader<'_>) -> Option<String> {
    let written = keys.take("jwks");
    let file = keys.take("jwks_file");
    match (written, file) {
        (Some(_), Some(file)) => {
            file.error("the keys are given twice", "keep `jwks` or `jwks_file`");
            None
        }
        (Some(item), None) => item.checked(jwk_set),
        (None, Some(item)) => {
            let text = super::loaded(&item, loader)?;
            match jwk_set(&text) {
                Ok(set) => Some(set),
                Err(wrong) => {
                    item.error(wrong.what, wrong.remedy);
                    None
                }
            }
        }
        (None, None) => None,
    }
}

/// A set of public keys (RFC 7517, 5), on one line. Whether each key can be used is for the protocol to say.
fn jwk_set(text: &str) -> Result<String, Wrong> {
    const LOOKS: &str = "a JWK set looks like {\"keys\": [{\"kty\": \"EC\", …}]}";
    let set: Value = serde_json::from_str(text)
        .map_err(|error| Wrong::new(format!("this is not JSON: {error}"), LOOKS))?;
    let keys = set
        .get("keys")
        .and_then(Value::as_array)
        .ok_or_else(|| Wrong::new("this JSON is not a JWK set: it has no list `keys`", LOOKS))?;
    if keys.is_empty() {
        return Err(Wrong::new("this JWK set has no key", LOOKS));
    }
    let mut ids = BTreeSet::new();
    for key in keys {
        let kind = key.get("kty").and_then(Value::as_str);
        if !matches!(kind, Some("RSA" | "EC" | "OKP")) {
            let what = "a key of this set is not a public key: its `kty` is not RSA, EC or OKP";
            return Err(Wrong::new(what, "give the client's public keys only"));
        }
        // RFC 7518, 6.2.2 and 6.3.2; RFC 8037, 2.
        if ["d", "p", "q", "k"].into_iter().any(|part| key.get(part).is_some()) {
            let what = "a key of this set is a private key, which nobody but the client may have";
            return Err(Wrong::new(what, "make a new key pair, and give its public half only"));
        }
        if let Some(id) = key.get("kid").and_then(Value::as_str)
            && !ids.insert(id)
        {
            let what = format!("two keys of this set have the `kid` {}", shown(id));
            return Err(Wrong::new(what, "each key has its own"));
        }
    }
    Ok(set.to_string())
}
