//! The hosts on which people present a client certificate, apart from the one where everything else happens.
//!
//! A browser remembers for each host which certificate was chosen, or that none was. So every try gets a host that it
//! has not met: one below a wildcard, or the next of a list.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name of a host. RFC 1035, 2.3.4
const NAME_MAX: usize = 253;
/// Length of a fresh label: 128 bits in hexadecimal.
const LABEL_LENGTH: usize = 32;
/// More hosts than this are no list of fixed hosts any more.
pub const FIXED_MAX: usize = 32;

/// One wildcard, or a list of fixed hosts; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct CertificateHosts(Hosts);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    Below(Host),
    Fixed(Vec<Host>),
}

/// A name in lower case, and a port where it is not that of https.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    name: String,
    port: Option<u16>,
}

/// Why these are not certificate hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateHostsError {
    /// None is named.
    #[error(
        "there is no host: write a wildcard, [\"*.cert.login.example.ac.jp\"], or several hosts"
    )]
    None,
    /// Something else than a host.
    #[error(
        "{0:?} is not a host: write it in lower case, with a port or without, as \"*.cert.login.example.ac.jp\""
    )]
    NotAHost(String),
    /// A wildcard beside others.
    #[error("a wildcard has room for every try: write it alone")]
    WildcardAmongOthers,
    /// The same name again.
    #[error("{0} stands here twice")]
    Twice(String),
    /// A longer list than anybody needs.
    #[error("more than {FIXED_MAX} hosts: write a wildcard")]
    TooMany,
}

impl CertificateHosts {
    /// `["*.cert.login.example.ac.jp"]`, or names of fixed hosts; each with `:port` or without.
    pub fn parse(hosts: &[String]) -> Result<Self, CertificateHostsError> {
        use CertificateHostsError::{None, TooMany, Twice, WildcardAmongOthers};
        if let [only] = hosts
            && let Some(parent) = only.strip_prefix("*.")
        {
            let room = NAME_MAX - LABEL_LENGTH - 1;
            return Ok(Self(Hosts::Below(Host::parse(parent, only, room)?)));
        }
        if hosts.is_empty() {
            return Err(None);
        }
        if hosts.len() > FIXED_MAX {
            return Err(TooMany);
        }
        let mut fixed: Vec<Host> = Vec::new();
        for text in hosts {
            if text.starts_with("*.") {
                return Err(WildcardAmongOthers);
            }
            let host = Host::parse(text, text, NAME_MAX)?;
            // A choice is remembered for a name, whatever the port.
            if fixed.iter().any(|earlier| earlier.name == host.name) {
                return Err(Twice(host.name));
            }
            fixed.push(host);
        }
        Ok(Self(Hosts::Fixed(fixed)))
    }

    /// Where the next try happens: `https://host[:port]`. `fresh` is random and makes the label below a wildcard; of
    /// fixed hosts it is the one of `turn`, so that tries in turn meet different ones.
    pub fn origin(&self, fresh: u128, turn: u64) -> String {
        match &self.0 {
            Hosts::Below(parent) => format!("https://{fresh:032x}.{parent}"),
            Hosts::Fixed(hosts) => {
                let count = u64::try_from(hosts.len()).unwrap_or(1).max(1);
                let index = usize::try_from(turn % count).unwrap_or(0);
                hosts.get(index).map_or_else(String::new, |host| format!("https://{host}"))
            }
        }
    }

    /// Whether `name`, without a port, is one of them.
    pub fn holds(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        match &self.0 {
            Hosts::Below(parent) => name
                .strip_suffix(parent.name.as_str())
                .and_then(|label| label.strip_suffix('.'))
                .is_some_and(|label| !label.is_empty() && !label.contains('.')),
            Hosts::Fixed(hosts) => hosts.iter().any(|host| host.name == name),
        }
    }

    /// The names a server's certificate has to cover, as it would say them: `*.cert.login.example.ac.jp`.
    pub fn names(&self) -> Vec<String> {
        match &self.0 {
            Hosts::Below(parent) => vec![format!("*.{}", parent.name)],
            Hosts::Fixed(hosts) => hosts.iter().map(|host| host.name.clone()).collect(),
        }
    }

    /// Whether every try gets a host that no browser has met.
    pub fn is_wildcard(&self) -> bool {
        matches!(self.0, Hosts::Below(_))
    }
}

impl Host {
    fn parse(text: &str, whole: &str, name_max: usize) -> Result<Self, CertificateHostsError> {
        let wrong = || CertificateHostsError::NotAHost(whole.to_owned());
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => {
                let plain =
                    port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
                let port = port.parse::<u16>().ok().filter(|_| plain).ok_or_else(wrong)?;
                // Browsers leave the usual port out.
                (name, Some(port).filter(|port| *port != 443))
            }
            None => (text, None),
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(plain)
        };
        // An address is no name: browsers send none of it in TLS (RFC 6066, 3).
        let numeric = name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if name.len() > name_max || numeric || !name.split('.').all(label) {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl TryFrom<Vec<String>> for CertificateHosts {
    type Error = CertificateHostsError;
    fn try_from(hosts: Vec<String>) -> Result<Self, CertificateHostsError> {
        Self::parse(&hosts)
    }
}

impl From<CertificateHosts> for Vec<String> {
    fn from(hosts: CertificateHosts) -> Self {
        match hosts.0 {
            Hosts::Below(parent) => vec![format!("*.{parent}")],
            Hosts::Fixed(hosts) => hosts.iter().map(Host::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> Result<CertificateHosts, CertificateHostsError> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        CertificateHosts::parse(&texts)
    }

    #[test]
    fn below_a_wildcard_every_try_has_a_host_of_its_own() {
        let hosts = hosts(&["*.cert.login.example.ac.jp:8443"]).unwrap();
        let first = hosts.origin(1, 0);
        assert_eq!(first, "https://00000000000000000000000000000001.cert.login.example.ac.jp:8443");
        assert_ne!(first, hosts.origin(2, 0));
        assert!(hosts.is_wildcard());
        assert_eq!(hosts.names(), ["*.cert.login.example.ac.jp"]);
    }

    #[test]
    fn fixed_hosts_are_taken_in_turn() {
        let hosts = hosts(&["c1.example.ac.jp", "c2.example.ac.jp:8443"]).unwrap();
        let origins = [0, 1, 2, u64::MAX].map(|turn| hosts.origin(u128::MAX, turn));
        let [one, two] = ["https://c1.example.ac.jp", "https://c2.example.ac.jp:8443"];
        assert_eq!(origins, [one, two, one, two]);
    }

    #[test]
    fn exactly_one_label_stands_for_the_star() {
        let below = hosts(&["*.cert.example"]).unwrap();
        for name in ["a.cert.example", "A.CERT.EXAMPLE"] {
            assert!(below.holds(name), "{name}");
        }
        for name in [
            "cert.example",
            ".cert.example",
            "a.b.cert.example",
            "acert.example",
            "",
            "a.cert.example.evil",
        ] {
            assert!(!below.holds(name), "{name}");
        }
        let fixed = hosts(&["c1.example", "c2.example"]).unwrap();
        assert!(
            fixed.holds("c2.example") && !fixed.holds("c3.example") && !fixed.holds("x.c1.example")
        );
    }

    #[test]
    fn what_is_not_a_host_is_not_taken() {
        use CertificateHostsError::{None, NotAHost, TooMany, Twice, WildcardAmongOthers};
        assert_eq!(hosts(&[]), Err(None));
        assert_eq!(hosts(&["*.a.example", "b.example"]), Err(WildcardAmongOthers));
        assert_eq!(hosts(&["a.example", "a.example:8443"]), Err(Twice("a.example".to_owned())));
        let many: Vec<String> =
            (0..=FIXED_MAX).map(|number| format!("c{number}.example")).collect();
        assert_eq!(CertificateHosts::parse(&many), Err(TooMany));
        let long = format!("*.{}example", "a.".repeat(110));
        for text in [
            "",
            "*",
            "*.",
            "a.*.example",
            "A.example",
            "a..example",
            "-a.example",
            "https://a.example",
            "a.example/x",
            "a.example:",
            "a.example:0",
            "a.example:080",
            "a.example:65536",
            "a.example:+1",
            "192.0.2.1",
            "[::1]",
            "a b.example",
            "例.jp",
            &long,
        ] {
            assert!(matches!(hosts(&[text]), Err(NotAHost(_))), "{text}");
        }
    }

    #[test]
    fn the_usual_port_is_left_out_and_the_rest_is_kept_as_it_was_written() {
        for (written, kept) in
            [("*.a.example:443", "*.a.example"), ("*.a.example:8443", "*.a.example:8443")]
        {
            assert_eq!(Vec::from(hosts(&[written]).unwrap()), [kept]);
        }
    }
}
