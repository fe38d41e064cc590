//! `site.toml`: read, printed, compared.

mod certificates;
mod client;
mod desk;
mod difference;
pub(crate) mod document;
mod network;
mod policy;
mod print;
mod service;

use sekimori_base::{Bilingual, Language};
use sekimori_directory::MailAddress;
use sekimori_directory::settings::{
    Help, MailSettings, Organisation, PasskeySettings, PasswordSettings, Retention,
    SessionSettings, Site,
};
use toml::de::DeTable;

pub use difference::{Change, Kind, difference};
pub use print::print;

use crate::closest::shown;
use crate::mistake::{Mistake, Report};
use crate::reader::{Item, Keys, Located, Reader, Wrong};
use crate::reference::{File, reference};
use crate::values::{self, TITLE_MAX};

/// Reads a file that the document names, as it is named there, and says in words why it cannot.
pub type Loader<'l> = dyn Fn(&str) -> Result<String, String> + 'l;

/// The site of a document, with warnings; or everything that is wrong with it.
pub fn parse(text: &str, file: &str, loader: &Loader<'_>) -> Result<(Site, Vec<Mistake>), Report> {
    let text = crate::within_bounds(text, file)?;
    let found = DeTable::parse_recoverable(text);
    let reader = Reader::new(file, text, reference(File::Site), &found);
    let site = site(reader.root(&found.0), loader);
    reader.finish(site)
}

/// All keys that a document is asked for.
#[cfg(test)]
pub(crate) fn asked(text: &str, loader: &Loader<'_>) -> std::collections::BTreeSet<String> {
    let found = DeTable::parse_recoverable(text);
    let reader = Reader::new("", text, reference(File::Site), &found);
    site(reader.root(&found.0), loader);
    reader.asked()
}

fn site(keys: Keys<'_, '_>, loader: &Loader<'_>) -> Option<Site> {
    let issuer = keys
        .required("issuer", "issuer = \"https://login.example.ac.jp\"")
        .and_then(|item| issuer(&item));
    let organisation = organisation(&keys);
    let zones = network::zones(&keys);
    let relays = network::relays(&keys, loader);
    let (services, names) = service::services(&keys, loader);
    let policy = policy::policy(&keys, &zones, &names);
    let password = password(&keys, zones.password_suffices() || policy.lets_one_factor_in);
    let passkeys = passkeys(&keys, issuer.as_deref());
    let certificates = certificates::certificates(&keys, issuer.as_deref(), loader);
    let site = Site {
        issuer: issuer.unwrap_or_default(),
        mail_domains: mail_domains(&keys, "mail_domains"),
        time_zone: keys
            .take("time_zone")
            .and_then(|item| item.checked(values::time_zone))
            .unwrap_or_else(|| "Asia/Tokyo".to_owned()),
        language: keys.word_or("language", Language::default()),
        organisation: organisation.clone().unwrap_or_else(unnamed),
        zones: zones.zones,
        relays,
        policy: policy.settings,
        services,
        password,
        session: session(&keys),
        retention: retention(&keys),
        mail: mail(&keys),
        passkeys,
        certificates,
        desks: desk::desks(&keys),
    };
    if site.policy.mail_codes && site.mail_domains.is_empty() && site.mail.own_domains.is_empty() {
        keys.reader().warning(
            keys.place(),
            "codes by mail are on, and no mail domain of the organisation is known: none is refused",
            "name it in `mail_domains`: a code that is sent to a mailbox behind this sign-in locks its owner out",
        );
    }
    keys.finish();
    // Whether there is an organisation is asked last: nothing else in the document stays unsaid without it.
    organisation.map(|_| site)
}

fn unnamed() -> Organisation {
    let name = Bilingual::new("", "");
    Organisation { name, accent: String::new(), help: Help::default() }
}

/// The text of a file that the document names.
fn loaded(item: &Item<'_, '_>, loader: &Loader<'_>) -> Option<String> {
    let name = item.line(1024)?;
    match loader(&name) {
        Ok(text) => Some(text),
        Err(why) => {
            let what = format!("{} cannot be read: {why}", shown(&name));
            item.error(what, "the path begins at the folder of this file");
            None
        }
    }
}

fn organisation(keys: &Keys<'_, '_>) -> Option<Organisation> {
    let example = "name = \"Example University\"` under `[organisation]";
    let keys = keys.required("organisation", example)?.table("organisation")?;
    let name = keys
        .required("name", "name = \"Example University\"")
        .and_then(|item| values::bilingual(&item, TITLE_MAX));
    let accent = keys.take("accent").and_then(|item| accent(&item));
    let help = keys.table("help", "organisation.help").map(help);
    keys.finish();
    Some(Organisation {
        name: name?,
        accent: accent.unwrap_or_else(|| "#0017c1".to_owned()),
        help: help.unwrap_or_default(),
    })
}

/// `#rrggbb`; warned of when white text on it cannot be read (WCAG 2.2, 1.4.3: contrast 4.5).
fn accent(item: &Item<'_, '_>) -> Option<String> {
    let colour = item.checked(|text| {
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(text.to_ascii_lowercase())
        } else {
            let what = format!("{} is not a colour", shown(text));
            Err(Wrong::new(what, "write it as \"#0017c1\": six digits of 0-9, a-f"))
        }
    })?;
    let contrast = contrast_with_white(&colour);
    if contrast < 4.5 {
        item.warning(
            format!("white text on {colour} has a contrast of {contrast:.1}: hard to read"),
            "choose a darker colour: 4.5 or more is needed",
        );
    }
    Some(colour)
}

fn contrast_with_white(colour: &str) -> f64 {
    let channel = |from: usize| {
        let digits = colour.get(from..from + 2).unwrap_or("00");
        let value = f64::from(u8::from_str_radix(digits, 16).unwrap_or(0)) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    1.05 / (luminance + 0.05)
}

fn help(keys: Keys<'_, '_>) -> Help {
    let help = Help {
        name: keys.take("name").and_then(|item| values::bilingual(&item, TITLE_MAX)),
        mail: keys.take("mail").and_then(|item| mail_address(&item)),
        telephone: keys.take("telephone").and_then(|item| item.line(40)),
        url: keys.take("url").and_then(|item| item.checked(values::page)),
    };
    keys.finish();
    help
}

fn mail_address(item: &Item<'_, '_>) -> Option<MailAddress> {
    item.parsed("a mail address", MailAddress::parse)
}

/// Characters before the `@` that leave room for a mark.
const BOUNCES_LENGTH_MAX: usize = 24;

/// Where mail comes back to: there must be room for the mark (RFC 5321, 4.5.3.1.1: 64 octets before the `@`).
fn bounces(item: &Item<'_, '_>) -> Option<MailAddress> {
    let address = mail_address(item)?;
    let length = address.as_str().len() - address.domain().len() - 1;
    if length > BOUNCES_LENGTH_MAX {
        item.error(
            format!("{length} characters before the @ leave no room for a mark of 40"),
            format!("at most {BOUNCES_LENGTH_MAX} characters"),
        );
    }
    Some(address)
}

fn mail_domains(keys: &Keys<'_, '_>, key: &'static str) -> Vec<String> {
    let mut domains: Vec<String> = Vec::new();
    for item in keys.list(key) {
        let Some(domain) = item.checked(values::mail_domain) else {
            continue;
        };
        if domains.contains(&domain) {
            item.warning(format!("{domain} stands here twice"), "take one away");
        } else {
            domains.push(domain);
        }
    }
    domains
}

fn password(keys: &Keys<'_, '_>, may_be_alone: bool) -> PasswordSettings {
    /// Shortest password that may be enough alone (NIST SP 800-63B-4, 3.1.1.2).
    const ALONE_LENGTH_MIN: u16 = 15;
    let mut settings = PasswordSettings::default();
    let Some(keys) = keys.table("password", "password") else {
        return settings;
    };
    if let Some(item) = keys.take("length_min")
        && let Some(length_min) = item.number([8, 64])
    {
        settings.length_min = length_min;
        if may_be_alone && length_min < ALONE_LENGTH_MIN {
            item.warning(
                format!("a password of {length_min} characters may be enough alone in some zone"),
                format!(
                    "NIST SP 800-63B-4 wants {ALONE_LENGTH_MIN} where nothing else is asked: \
                     raise it, or ask two factors everywhere"
                ),
            );
        }
    }
    let words = keys.list("blocked_words");
    settings.blocked_words = words.iter().filter_map(|word| word.line(64)).collect();
    if let Some(item) = keys.take("start_ticket_days")
        && let Some(days) = item.number([1, 30])
    {
        settings.start_ticket_days = days;
    }
    if let Some(item) = keys.take("wrong_password_millis")
        && let Some(millis) = item.number([0, 2_000])
    {
        let usual = settings.wrong_password_millis;
        if millis < usual {
            item.warning(
                format!("hashes of other systems may take longer to check than {millis} ms"),
                format!(
                    "names of people who were imported with such a hash and have not signed in since could be told \
                     by the clock: leave it at {usual} or more unless nobody was"
                ),
            );
        }
        settings.wrong_password_millis = millis;
    }
    keys.finish();
    settings
}

fn session(keys: &Keys<'_, '_>) -> SessionSettings {
    const MONTH: u64 = 30 * 86_400;
    let default = SessionSettings::default();
    let Some(keys) = keys.table("session", "session") else {
        return default;
    };
    let located = |key: &'static str, range: [u64; 2], default: u32| {
        let item = keys.take(key);
        let value = item.as_ref().and_then(|item| item.number(range));
        Located {
            value: value.unwrap_or(default),
            place: item.map_or_else(|| keys.place().clone(), |item| item.place()),
        }
    };
    let idle = located("idle_seconds", [60, MONTH], default.idle_seconds);
    let absolute = located("absolute_seconds", [300, MONTH], default.absolute_seconds);
    let sudo_seconds = keys.number_or("sudo_seconds", [60, 3600], default.sudo_seconds);
    let second = located("second_factor_seconds", [60, MONTH], default.second_factor_seconds);
    for part in [&idle, &second] {
        if part.value > absolute.value {
            keys.reader().warning(
                &part.place,
                format!("{} seconds are more than the session's {}", part.value, absolute.value),
                "the session ends at `absolute_seconds` in any case: lower this, or raise that",
            );
        }
    }
    // NIST SP 800-63B-4, 2.2.3.
    if absolute.value > 86_400 {
        keys.reader().warning(
            &absolute.place,
            "a session of more than 24 hours is more than NIST SP 800-63B-4 allows with two factors",
            "write 86400 or less, unless you know better",
        );
    }
    keys.finish();
    SessionSettings {
        idle_seconds: idle.value,
        absolute_seconds: absolute.value,
        sudo_seconds,
        second_factor_seconds: second.value,
    }
}

fn retention(keys: &Keys<'_, '_>) -> Retention {
    let default = Retention::default();
    let Some(keys) = keys.table("retention", "retention") else {
        return default;
    };
    let days = [1, 3650];
    let retention = Retention {
        facts_days: keys.number_or("facts_days", days, default.facts_days),
        audit_days: keys.number_or("audit_days", days, default.audit_days),
    };
    if retention.facts_days > retention.audit_days {
        keys.reader().warning(
            keys.place(),
            "facts are kept longer than the audit lines that they belong to",
            "facts are the personal part: keep them no longer than `audit_days`",
        );
    }
    keys.finish();
    retention
}

fn mail(keys: &Keys<'_, '_>) -> MailSettings {
    let Some(keys) = keys.table("mail", "mail") else {
        return MailSettings::default();
    };
    let settings = MailSettings {
        from: keys.take("from").and_then(|item| mail_address(&item)),
        bounces: keys.take("bounces").and_then(|item| bounces(&item)),
        own_domains: mail_domains(&keys, "own_domains"),
    };
    keys.finish();
    settings
}

/// The issuer; warned of where its host is an address, because browsers bind passkeys to names alone.
fn issuer(item: &Item<'_, '_>) -> Option<String> {
    let issuer = item.checked(values::origin)?;
    let host = host_of(&issuer);
    if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        item.warning(
            "the issuer's host is an address: no passkey can be registered or used",
            "give it a name, before people have registered anything",
        );
    }
    Some(issuer)
}

/// The host of an origin, without its port.
fn host_of(origin: &str) -> &str {
    let (_, rest) = origin.split_once("://").unwrap_or(("", origin));
    if let Some((address, _)) = rest.split_once(']') {
        return &rest[..=address.len()];
    }
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
}

fn passkeys(keys: &Keys<'_, '_>, issuer: Option<&str>) -> PasskeySettings {
    let Some(keys) = keys.table("passkeys", "passkeys") else {
        return PasskeySettings::default();
    };
    let host = issuer.map(host_of);
    let relying_party = keys.take("relying_party").and_then(|item| {
        let id = item.checked(values::host_name)?;
        let above = |host: &str| {
            let below = host.strip_suffix(id.as_str()).is_some_and(|rest| rest.ends_with('.'));
            host == id || (below && id.contains('.'))
        };
        if host.is_none_or(above) {
            return Some(id);
        }
        let what = format!("{} is neither the issuer's host nor a domain above it", shown(&id));
        let host = host.unwrap_or_default();
        item.error(what, format!("browsers take \"{host}\", or what stands after one of its dots"));
        None
    });
    keys.finish();
    PasskeySettings { relying_party }
}
