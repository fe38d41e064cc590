//! The demo's site: networks, services and policy of an imagined campus.

use sekimori_base::Bilingual;
use sekimori_directory::client::{
    AccessTokenFormat, Client, ClientAuth, ClientKind, Consent, Pkce, RefreshRule, SubjectType,
    TokenAlgorithm,
};
use sekimori_directory::settings::{
    CertificateHosts, CertificateSettings, Help, MailSettings, Organisation, PasskeySettings,
    PolicySettings, Retention, Service, ServiceName, SessionSettings, Site, Zone, ZoneName,
};
use sekimori_directory::{ClientId, MailAddress, RedirectUri};

use super::certificates;

/// A network of the demo: its zone and one address inside it.
pub struct Network {
    /// The zone's name.
    pub name: &'static str,
    /// An address in it.
    pub address: &'static str,
    /// Counts as inside.
    pub inside: bool,
    range: &'static str,
    title: (&'static str, &'static str),
    explanation: (&'static str, &'static str),
}

/// The demo's networks. Documentation and private ranges: nobody's real addresses.
pub const NETWORKS: [Network; 5] = [
    Network {
        name: "campus",
        address: "10.10.0.10",
        inside: true,
        range: "10.10.0.0/16",
        title: ("Campus network", "学内ネットワーク"),
        explanation: (
            "Cables and Wi-Fi of the campus count as inside.",
            "学内の有線LANと学内Wi-Fiは学内として扱われます。",
        ),
    },
    Network {
        name: "eduroam",
        address: "10.10.96.10",
        inside: false,
        range: "10.10.96.0/20",
        title: ("eduroam", "eduroam"),
        explanation: (
            "eduroam is open to guests of many organisations, so it counts as outside, also on campus.",
            "eduroamは多くの機関の利用者が使うネットワークのため、学内でも学外として扱われます。",
        ),
    },
    Network {
        name: "guest",
        address: "10.10.112.10",
        inside: false,
        range: "10.10.112.0/20",
        title: ("Guest Wi-Fi", "ゲスト用Wi-Fi"),
        explanation: (
            "The guest Wi-Fi counts as outside, also on campus.",
            "ゲスト用Wi-Fiは学内でも学外として扱われます。",
        ),
    },
    Network {
        name: "vpn",
        address: "10.20.0.10",
        inside: true,
        range: "10.20.0.0/16",
        title: ("VPN", "VPN"),
        explanation: (
            "The VPN counts as inside; who uses it has shown two factors before.",
            "VPNは学内として扱われます。接続時に二つの要素を確認済みです。",
        ),
    },
    Network {
        name: HOME,
        address: "203.0.113.7",
        inside: false,
        range: "203.0.113.0/24",
        title: ("Home or elsewhere", "自宅など"),
        explanation: (
            "Everything that is not a network of the campus counts as outside.",
            "学内のネットワーク以外はすべて学外として扱われます。",
        ),
    },
];

/// The network at home, where the demo begins.
pub const HOME: &str = "outside";
/// The first client: confidential, of the organisation itself.
pub const SAMPLE_CLIENT: &str = "sample-service";
/// What people call it.
pub const SAMPLE_TITLE: (&str, &str) = ("Sample service", "サンプルサービス");
/// The second: an app on a device.
pub const NATIVE_CLIENT: &str = "sample-app";

/// Where the parts of the demo are this time.
pub struct Addresses {
    /// The pages.
    pub issuer: String,
    /// The sample service.
    pub sample: String,
    /// The port of the certificate hosts, where there are any.
    pub certificates: Option<u16>,
}

impl Addresses {
    fn certificate_hosts(&self) -> Option<CertificateHosts> {
        CertificateHosts::parse(&[certificates::hosts(self.certificates?)]).ok()
    }
}

/// The demo's site document.
pub fn site(addresses: &Addresses) -> Site {
    let text = |(en, ja): (&str, &str)| Bilingual::new(en, ja);
    let zones = NETWORKS
        .iter()
        .map(|network| Zone {
            name: zone_name(network.name),
            title: text(network.title),
            explanation: text(network.explanation),
            ranges: vec![network.range.parse().expect("the demo's ranges are well formed")],
            inside: network.inside,
            password_suffices: network.inside,
            may_enrol: network.name == "campus",
            entered_with_password_alone: false,
            shared_with_outside: false,
        })
        .collect();
    Site {
        issuer: addresses.issuer.clone(),
        organisation: Organisation {
            name: Bilingual::new("Demo University", "デモ大学"),
            accent: "#0017c1".to_owned(),
            help: Help {
                name: Some(Bilingual::new("the IT help desk", "ITヘルプデスク")),
                mail: MailAddress::parse("help@demo.example").ok(),
                telephone: Some("+81 3 0000 0000".to_owned()),
                url: None,
            },
        },
        mail_domains: vec!["demo.example".to_owned()],
        time_zone: "Asia/Tokyo".to_owned(),
        language: sekimori_base::Language::English,
        zones,
        relays: Vec::new(),
        policy: PolicySettings { mail_codes: true, ..PolicySettings::default() },
        services: vec![sample(&addresses.sample), native()],
        password: sekimori_directory::settings::PasswordSettings::default(),
        session: SessionSettings::default(),
        retention: Retention::default(),
        mail: MailSettings {
            from: MailAddress::parse("no-reply@demo.example").ok(),
            bounces: None,
            own_domains: Vec::new(),
        },
        passkeys: PasskeySettings::default(),
        certificates: CertificateSettings {
            hosts: addresses.certificate_hosts(),
            ..CertificateSettings::default()
        },
        desks: Vec::new(),
    }
}

/// A site that stands already, with the present addresses and else as it is: whoever keeps a demo has made it theirs.
pub fn moved(standing: &Site, addresses: &Addresses) -> Site {
    let (issuer, base) = (addresses.issuer.clone(), &addresses.sample);
    let mut site = Site { issuer, ..standing.clone() };
    site.certificates.hosts = addresses.certificate_hosts();
    let Some(sample) = site.services.iter_mut().find(|one| one.name.as_str() == SAMPLE_CLIENT)
    else {
        return site;
    };
    let Some(former) = sample.home.take() else { return site };
    let former = former.trim_end_matches('/').to_owned();
    sample.home = Some(format!("{base}/"));
    if let Some(client) = &mut sample.oidc {
        let uris = client.redirect_uris.iter_mut().chain(&mut client.post_logout_redirect_uris);
        for uri in uris {
            let path = uri.as_str().strip_prefix(&former).filter(|path| path.starts_with('/'));
            let present = path.and_then(|path| RedirectUri::parse(&format!("{base}{path}")).ok());
            *uri = present.unwrap_or_else(|| uri.clone());
        }
    }
    site
}

fn zone_name(name: &str) -> ZoneName {
    ZoneName::parse(name).expect("the demo's zone names are well formed")
}

fn sample(base: &str) -> Service {
    let redirect = |path: &str| {
        RedirectUri::parse(&format!("{base}{path}")).expect("the sample service is on loopback")
    };
    Service {
        name: service_name(SAMPLE_CLIENT),
        title: Bilingual::new(SAMPLE_TITLE.0, SAMPLE_TITLE.1),
        home: Some(format!("{base}/")),
        contact: MailAddress::parse("sample@demo.example").ok(),
        groups: std::collections::BTreeSet::new(),
        max_session_seconds: None,
        disabled: false,
        oidc: Some(Client {
            redirect_uris: vec![redirect("/callback")],
            post_logout_redirect_uris: vec![redirect("/")],
            grants: sekimori_directory::client::Client::default_grants()
                .into_iter()
                .chain([sekimori_directory::client::GrantType::ClientCredentials])
                .collect(),
            token_algorithm: TokenAlgorithm::Es256,
            ..client(SAMPLE_CLIENT, ClientKind::Web, ClientAuth::ClientSecretBasic)
        }),
    }
}

fn native() -> Service {
    let redirect = RedirectUri::parse("http://127.0.0.1/callback").expect("loopback is allowed");
    Service {
        name: service_name(NATIVE_CLIENT),
        title: Bilingual::new("Sample app", "サンプルアプリ"),
        home: None,
        contact: None,
        groups: std::collections::BTreeSet::new(),
        max_session_seconds: None,
        disabled: false,
        oidc: Some(Client {
            redirect_uris: vec![redirect],
            consent: Consent::Ask,
            token_algorithm: TokenAlgorithm::Es256,
            ..client(NATIVE_CLIENT, ClientKind::Native, ClientAuth::None)
        }),
    }
}

fn service_name(name: &str) -> ServiceName {
    ServiceName::parse(name).expect("the demo's service names are well formed")
}

fn client(id: &str, kind: ClientKind, auth: ClientAuth) -> Client {
    Client {
        client_id: ClientId::parse(id).expect("the demo's client ids are well formed"),
        kind,
        auth,
        jwks: None,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        grants: Client::default_grants(),
        scopes: ["openid", "profile", "email", "affiliation", "groups", "offline_access"]
            .map(str::to_owned)
            .into(),
        pkce: Pkce::Required,
        consent: Consent::FirstParty,
        subject: SubjectType::Public,
        sector: None,
        token_algorithm: TokenAlgorithm::Rs256,
        access_token: AccessTokenFormat::Opaque,
        access_token_seconds: 600,
        refresh_token_seconds: 30 * 24 * 3600,
        refresh: RefreshRule::AsGranted,
        cors_origins: std::collections::BTreeSet::new(),
        default_max_age_seconds: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(issuer: u16, sample: u16) -> Addresses {
        let on = |port| format!("http://localhost:{port}");
        Addresses { issuer: on(issuer), sample: on(sample), certificates: Some(issuer + 1) }
    }

    #[test]
    fn a_changed_site_moves_to_other_ports_and_stays_as_it_was_changed() {
        let mut changed = site(&at(8080, 4001));
        changed.organisation.name = Bilingual::new("My University", "私の大学");
        changed.zones.truncate(1);
        let mut expected = site(&at(9090, 5001));
        expected.organisation.name = changed.organisation.name.clone();
        expected.zones.truncate(1);
        assert_eq!(moved(&changed, &at(9090, 5001)), expected);
        changed.services.clear();
        assert!(moved(&changed, &at(1, 2)).services.is_empty());
    }
}
