//! `[certificates]`: what certificates of the organisation's own authority say, for how long, and who may have them.

mod issuer;

use sekimori_directory::Group;
use sekimori_directory::settings::{CertificateHosts, CertificateSettings};

use crate::reader::{Item, Keys, Wrong};
use crate::site::Loader;
use crate::values;

/// Lifetimes that there are, in months.
const MONTHS: [u8; 3] = [13, 25, 48];
/// Longest part of a name in a certificate, in characters. RFC 5280, A.1
const PART_MAX: usize = 64;

pub(super) fn certificates(
    keys: &Keys<'_, '_>,
    issuer: Option<&str>,
    loader: &Loader<'_>,
) -> CertificateSettings {
    let default = CertificateSettings::default();
    let Some(keys) = keys.table("certificates", "certificates") else {
        return default;
    };
    let part = |key| keys.take(key).and_then(|item| item.line(PART_MAX));
    let settings = CertificateSettings {
        months: months(&keys).unwrap_or(default.months),
        good_max: keys.number_or("good_max", [1, 20], default.good_max),
        groups: keys
            .list("groups")
            .iter()
            .filter_map(|item| item.parsed("a group's name", Group::parse))
            .collect(),
        country: keys.take("country").and_then(|item| item.checked(country)),
        organization: part("organization"),
        unit: part("unit"),
        realm: keys.take("realm").and_then(|item| item.checked(realm)),
        mail: keys.truth_or("mail", default.mail),
        status_url: keys.take("status_url").and_then(|item| item.checked(values::open_origin)),
        hosts: keys.take("hosts").and_then(|item| hosts(&item, issuer)),
        issuers: issuer::issuers(&keys, loader),
    };
    if settings.hosts.is_none() && !settings.issuers.is_empty() {
        keys.reader().warning(
            keys.place(),
            "other authorities are named, and no host on which anybody presents a certificate",
            "add `hosts = [\"*.cert.login.example.ac.jp\"]`",
        );
    }
    keys.finish();
    settings
}

fn months(keys: &Keys<'_, '_>) -> Option<u8> {
    let item = keys.take("months")?;
    let months: u8 = item.number([13, 48])?;
    if MONTHS.contains(&months) {
        return Some(months);
    }
    item.error(
        format!("certificates are not valid for {months} months"),
        "write 13, 25 or 48: a year or two with a month to renew in, or a whole degree",
    );
    None
}

/// Where a certificate is presented: never where everything else happens, or browsers would ask there, and reuse for
/// one what was chosen for the other.
fn hosts(item: &Item<'_, '_>, issuer: Option<&str>) -> Option<CertificateHosts> {
    let written: Vec<String> =
        item.list().iter().map(|host| host.text().map(str::to_owned)).collect::<Option<_>>()?;
    if !item.is_list() {
        return None;
    }
    let hosts = match CertificateHosts::parse(&written) {
        Ok(hosts) => hosts,
        Err(error) => {
            item.error("these are not hosts to present a certificate on", error.to_string());
            return None;
        }
    };
    if issuer.map(super::host_of).is_some_and(|host| hosts.holds(host)) {
        item.error(
            "the issuer's own host is among them: every page would ask for a certificate",
            "give certificates hosts of their own, as \"*.cert.login.example.ac.jp\"",
        );
        return None;
    }
    if written.len() == 1 && !hosts.is_wildcard() {
        item.warning(
            "there is one host: somebody who chose the wrong certificate cannot choose again until the browser is closed",
            "write a wildcard, or several hosts",
        );
    }
    Some(hosts)
}

fn country(text: &str) -> Result<String, Wrong> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("a country is two capital letters (ISO 3166-1)", "it looks like \"JP\""))
}

fn realm(text: &str) -> Result<String, Wrong> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    if (1..=253).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("a realm is a domain in ASCII", "it looks like \"example.ac.jp\""))
}
