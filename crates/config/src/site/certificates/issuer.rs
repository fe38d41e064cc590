//! `[[certificates.issuer]]`: other authorities whose certificates are taken.

use std::fmt::Display;

use data_encoding::BASE64;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sekimori_base::Timestamp;
use sekimori_directory::settings::{
    CertificateField, CertificateIdentity, CertificateIssuer, IssuerName, Moment,
};
use sekimori_directory::{Binding, Group};
use url::Url;

use crate::closest::shown;
use crate::reader::{Item, Keys, Wrong};
use crate::site::{Loader, loaded};

/// Longest chain: the issuing authority, two above it, the anchor.
const CHAIN_MAX: usize = 4;
/// Most addresses of one issuer: an authority may divide its list.
const LISTS_MAX: usize = 8;
/// Most responders of one issuer: each that is silent makes somebody wait.
const RESPONDERS_MAX: usize = 2;

pub(super) fn issuers(keys: &Keys<'_, '_>, loader: &Loader<'_>) -> Vec<CertificateIssuer> {
    let mut issuers: Vec<CertificateIssuer> = Vec::new();
    for one in keys.tables("issuer", "certificates.issuer", "name") {
        issuers.extend(issuer(one, loader, &issuers));
    }
    issuers
}

fn issuer(
    keys: Keys<'_, '_>,
    loader: &Loader<'_>,
    above: &[CertificateIssuer],
) -> Option<CertificateIssuer> {
    let name = keys.required("name", "name = \"upki\"").and_then(|item| {
        let name = item.parsed("an issuer's name", IssuerName::parse)?;
        if above.iter().any(|other| other.name == name) {
            item.error("an issuer of this name stands above already", "give it another name");
        }
        Some(name)
    });
    let certificates = certificates(&keys, loader);
    let identities = keys
        .required("identities", "identities = [\"organizational_unit\"]")
        .map(|item| identities(&item))
        .unwrap_or_default();
    let (lists, listed) = addresses(&keys, "lists", LISTS_MAX);
    let (responders, asked) = addresses(&keys, "responders", RESPONDERS_MAX);
    if !listed && !asked {
        keys.reader().warning(
            keys.place(),
            "nobody can tell which certificates of this issuer were revoked: none of them is taken",
            "add `lists = [\"http://…/list.crl\"]` or `responders = [\"http://…/ocsp\"]`, as the issuer publishes them",
        );
    }
    let minutes = CertificateIssuer::default_fetch_minutes();
    let megabytes = CertificateIssuer::default_list_megabytes_max();
    let issuer = CertificateIssuer {
        name: name
            .clone()
            .unwrap_or_else(|| IssuerName::parse("unnamed").expect("this is written as names are")),
        certificates,
        identities,
        groups: keys
            .list("groups")
            .iter()
            .filter_map(|item| item.parsed("a group's name", Group::parse))
            .collect(),
        binding: keys
            .take("binding")
            .and_then(|item| binding(&item))
            .unwrap_or_else(CertificateIssuer::default_binding),
        withdrawn_as_of: keys.take("withdrawn_as_of").and_then(|item| item.checked(moment)),
        lists,
        responders,
        fetch_minutes: keys.number_or("fetch_minutes", [1, 1440], minutes),
        list_hours_max: keys.number_or("list_hours_max", [0, 8760], 0),
        list_megabytes_max: keys.number_or("list_megabytes_max", [1, 64], megabytes),
    };
    keys.finish();
    name.map(|_| issuer)
}

/// The chain, as a file in PEM or as it is exported.
fn certificates(keys: &Keys<'_, '_>, loader: &Loader<'_>) -> Vec<String> {
    let written = keys.take("certificates");
    let chain = match (&written, keys.take("certificates_file")) {
        (Some(_), Some(file)) => {
            file.error("the certificates are given twice", "keep one of the two");
            return Vec::new();
        }
        (Some(item), None) => {
            item.list().iter().filter_map(|one| one.checked(base64)).collect::<Vec<_>>()
        }
        (None, Some(file)) => {
            let Some(text) = loaded(&file, loader) else { return Vec::new() };
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
            match read {
                Ok(chain) if !chain.is_empty() => {
                    chain.iter().map(|one| BASE64.encode(one)).collect()
                }
                Ok(_) => return refused(&file, "no certificate stands in it"),
                Err(error) => return refused(&file, error),
            }
        }
        (None, None) => {
            keys.reader().missing(
                keys.place(),
                "the issuer's certificates are missing",
                "add `certificates_file = \"issuer.pem\"`: the authority that issues first, the anchor last",
            );
            return Vec::new();
        }
    };
    if chain.len() > CHAIN_MAX {
        let what = format!("{} certificates are no chain", chain.len());
        keys.reader().error(
            keys.place(),
            what,
            "only the one that issues and those above it: give each other issuer a table of its own",
        );
    }
    chain
}

fn refused(file: &Item<'_, '_>, why: impl Display) -> Vec<String> {
    let name = shown(file.text().unwrap_or_default());
    file.error(
        format!("{name} holds no certificates in PEM: {why}"),
        "it begins with -----BEGIN CERTIFICATE-----",
    );
    Vec::new()
}

fn base64(text: &str) -> Result<String, Wrong> {
    match BASE64.decode(text.as_bytes()) {
        Ok(der) if !der.is_empty() => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(Wrong::new(
            "this is not a certificate in base 64",
            "name a file in PEM with `certificates_file`",
        )),
    }
}

fn identities(item: &Item<'_, '_>) -> Vec<CertificateIdentity> {
    let written = item.list();
    if written.is_empty() && item.is_list() {
        item.error(
            "no rule says whom its certificates name",
            "write where the user name stands, as \"organizational_unit\"",
        );
    }
    let read = written.iter().filter_map(|one| {
        one.checked(|text| {
            CertificateIdentity::parse(text).map_err(|error| {
                let what = format!("{} does not say whom a certificate names", shown(text));
                Wrong::new(what, error.to_string())
            })
        })
    });
    let rules: Vec<CertificateIdentity> = read.collect();
    let endless = |rule: &CertificateIdentity| rule.from.is_none() && rule.until.is_none();
    if let Some(place) = rules.iter().position(endless)
        && place + 1 < rules.len()
    {
        item.warning(
            "a rule without `from` and `until` stands before others, which never decide",
            "put it last",
        );
    }
    let by_mail = |rule: &CertificateIdentity| {
        rule.field == CertificateField::MailAddress && rule.until.is_none()
    };
    if rules.iter().any(by_mail) {
        item.warning(
            "certificates that name somebody by their mail address end with the address, and pass on to whoever has it next",
            "never give an address to somebody else while such certificates are valid",
        );
    }
    rules
}

/// How its people came to be known, in the words of policies; a break-glass code is none of it.
fn binding(item: &Item<'_, '_>) -> Option<Binding> {
    let binding: Binding = item.word()?;
    match binding {
        Binding::Desk | Binding::InsideWithPassword => Some(binding),
        Binding::Ticket
        | Binding::Letter
        | Binding::OtherFactor
        | Binding::BreakGlass
        | Binding::MailCode => {
            item.error(
                "another authority knows its people in person, or it does not",
                "write \"desk\" or \"inside_with_password\"",
            );
            None
        }
    }
}

fn moment(text: &str) -> Result<Moment, Wrong> {
    Timestamp::parse(text).map(Moment).ok_or_else(|| {
        let what = format!("{} is not a moment", shown(text));
        Wrong::new(what, "write it with its distance from UTC: \"2026-12-24T00:00:00+09:00\"")
    })
}

/// The addresses of a key, and whether any was written at all.
fn addresses(keys: &Keys<'_, '_>, name: &'static str, most: usize) -> (Vec<String>, bool) {
    let written = keys.list(name);
    if let Some(item) = written.get(most) {
        item.error(format!("more than {most} addresses"), "name those that people need");
    }
    let mut addresses: Vec<String> = Vec::new();
    for item in &written {
        let Some(address) = item.checked(address) else { continue };
        if addresses.contains(&address) {
            item.warning("this address stands here twice", "take one away");
        } else {
            addresses.push(address);
        }
    }
    (addresses, !written.is_empty())
}

/// By http or https: what is read there is signed.
fn address(text: &str) -> Result<String, Wrong> {
    let wrong = || {
        let what = format!("{} is not an address to ask", shown(text));
        Wrong::new(
            what,
            "it looks like \"http://crl.example.net/ca.crl\" or \"http://ocsp.example.net/\"",
        )
    };
    let fits = text.len() <= 512 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let url = Url::parse(text).ok().filter(|_| fits).ok_or_else(wrong)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if plain && web { Ok(url.into()) } else { Err(wrong()) }
}
