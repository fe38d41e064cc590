use std::collections::BTreeSet;

use ipnet::IpNet;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sekimori_base::{Bilingual, Language, Timestamp};
use sekimori_config::site;
use sekimori_directory::client::{
    AccessTokenFormat, Client, ClientAuth, ClientKind, Consent, GrantType, Pkce, RefreshRule,
    SubjectType, TokenAlgorithm,
};
use sekimori_directory::settings::{
    CertificateHosts, CertificateIdentity, CertificateIssuer, CertificateSettings, DeskName,
    DeskSettings, Help, IssuerName, MailSettings, Moment, Organisation, PasskeySettings,
    PasswordSettings, PolicyRow, PolicySettings, Relay, Requirement, Retention, Service,
    ServiceName, SessionSettings, Site, Zone, ZoneName,
};
use sekimori_directory::{Binding, ClientId, Group, MailAddress, Method, RedirectUri};

fn line() -> impl Strategy<Value = String> {
    // Quotes, backslashes, other scripts: whatever a title may hold.
    "[!-~あ-ん漢]([ -~あ-ん漢]{0,20}[!-~あ-ん漢])?"
}

fn text() -> impl Strategy<Value = Bilingual> {
    prop_oneof![
        line().prop_map(|one| Bilingual::new(one.clone(), one)),
        (line(), line()).prop_map(|(en, ja)| Bilingual::new(en, ja)),
    ]
}

fn mail() -> impl Strategy<Value = MailAddress> {
    "[a-z]{1,8}@[a-z]{1,8}\\.example".prop_map(|text| MailAddress::parse(&text).unwrap())
}

fn page() -> impl Strategy<Value = String> {
    "https://[a-z]{1,8}\\.example/[a-z]{0,5}"
}

fn groups() -> impl Strategy<Value = BTreeSet<Group>> {
    prop::collection::btree_set("[a-z0-9:._-]{1,9}", 0..3)
        .prop_map(|names| names.iter().map(|name| Group::parse(name).unwrap()).collect())
}

fn some<T: Clone + Ord + std::fmt::Debug + 'static>(
    all: Vec<T>,
) -> impl Strategy<Value = BTreeSet<T>> {
    let length = all.len();
    subsequence(all, 0..=length).prop_map(|some| some.into_iter().collect())
}

prop_compose! {
    /// The `index`th zone, with ranges of its own.
    fn zone(index: u8)(
        title in text(),
        explanation in option::of(text()),
        ranges in prop::collection::btree_set(any::<u8>(), 1..12),
        flags in any::<[bool; 5]>(),
    ) -> Zone {
        let v4 = |third: &u8| format!("10.{index}.{third}.0/24").parse::<IpNet>().unwrap();
        Zone {
            name: ZoneName::parse(&format!("zone-{index}")).unwrap(),
            title,
            explanation: explanation.unwrap_or_default(),
            ranges: ranges.iter().map(v4).collect(),
            inside: flags[0],
            password_suffices: flags[1],
            may_enrol: flags[2],
            entered_with_password_alone: flags[3],
            shared_with_outside: flags[4],
        }
    }
}

fn outside() -> impl Strategy<Value = Zone> {
    text().prop_map(|title| Zone {
        name: ZoneName::outside(),
        title,
        explanation: Bilingual::default(),
        ranges: Vec::new(),
        inside: false,
        password_suffices: false,
        may_enrol: false,
        entered_with_password_alone: false,
        shared_with_outside: false,
    })
}

fn zones() -> impl Strategy<Value = Vec<Zone>> {
    (zone(1), zone(2), zone(3), outside())
        .prop_flat_map(|(a, b, c, d)| subsequence(vec![a, b, c, d], 0..=4).prop_shuffle())
}

fn relays() -> impl Strategy<Value = Vec<Relay>> {
    prop::collection::btree_map(line(), prop::collection::vec(any::<u16>(), 1..9), 0..3).prop_map(
        |relays| {
            let range = |part: u16| format!("2001:db8:{part:x}::/48").parse::<IpNet>().unwrap();
            let distinct = |parts: Vec<u16>| parts.into_iter().collect::<BTreeSet<u16>>();
            relays
                .into_iter()
                .map(|(name, parts)| Relay {
                    name,
                    ranges: distinct(parts).into_iter().map(range).collect(),
                })
                .collect()
        },
    )
}

fn target() -> impl Strategy<Value = RedirectUri> {
    "(https://[a-z]{1,6}\\.example|http://127\\.0\\.0\\.1:8080)/[a-zA-Z0-9?=&%_]{0,9}"
        .prop_map(|text| RedirectUri::parse(&text).unwrap())
}

fn targets(least: usize) -> impl Strategy<Value = Vec<RedirectUri>> {
    prop::collection::btree_set(target(), least..4)
        .prop_map(|targets| targets.into_iter().collect())
}

type Words = (
    ClientKind,
    (ClientAuth, Option<String>, Pkce),
    (Consent, SubjectType, RefreshRule),
    TokenAlgorithm,
    AccessTokenFormat,
);

fn words() -> impl Strategy<Value = Words> {
    let keys = "{\"keys\":[{\"crv\":\"Ed25519\",\"kid\":\"it's\",\"kty\":\"OKP\",\"x\":\"AA\"}]}";
    (
        select(vec![ClientKind::Web, ClientKind::Native]),
        select(vec![
            (ClientAuth::ClientSecretBasic, None, Pkce::Optional),
            (ClientAuth::ClientSecretPost, None, Pkce::Required),
            (ClientAuth::PrivateKeyJwt, Some(keys.to_owned()), Pkce::Optional),
            (ClientAuth::None, None, Pkce::Required),
        ]),
        (
            select(vec![Consent::FirstParty, Consent::Ask]),
            select(vec![SubjectType::Public, SubjectType::Pairwise]),
            select(vec![RefreshRule::AsGranted, RefreshRule::ByPolicy]),
        ),
        select(vec![TokenAlgorithm::Rs256, TokenAlgorithm::Es256, TokenAlgorithm::EdDsa]),
        select(vec![AccessTokenFormat::Opaque, AccessTokenFormat::Jwt]),
    )
}

prop_compose! {
    fn client(index: usize)(
        (kind, (auth, jwks, pkce), (consent, subject, refresh), token_algorithm, access_token) in words(),
        redirect_uris in targets(1),
        post_logout_redirect_uris in targets(0),
        grants in select(vec![
            Client::default_grants(),
            [GrantType::AuthorizationCode].into(),
        ]),
        mut scopes in prop::collection::btree_set("[a-z:._/-]{1,9}", 0..4),
        access_token_seconds in 60..=86_400_u32,
        refresh_token_seconds in 300..=31_622_400_u32,
        origins in prop::collection::btree_set("https://[a-z]{1,8}\\.example", 0..3),
        default_max_age_seconds in option::of(0..=31_536_000_u32),
    ) -> Client {
        scopes.insert("openid".to_owned());
        let pairwise = subject == SubjectType::Pairwise;
        Client {
            client_id: ClientId::parse(&format!("c'{index}")).unwrap(),
            kind,
            auth,
            jwks,
            redirect_uris,
            post_logout_redirect_uris,
            grants,
            scopes,
            pkce,
            consent,
            subject,
            sector: pairwise.then(|| "sector.example".to_owned()),
            token_algorithm,
            access_token,
            access_token_seconds,
            refresh_token_seconds,
            refresh,
            cors_origins: origins,
            default_max_age_seconds,
        }
    }
}

prop_compose! {
    fn service(index: usize)(
        title in text(),
        home in option::of(page()),
        contact in option::of(mail()),
        groups in groups(),
        max_session_seconds in option::of(60..=2_592_000_u32),
        disabled in any::<bool>(),
        oidc in option::of(client(index)),
    ) -> Service {
        Service {
            name: ServiceName::parse(&format!("service-{index}")).unwrap(),
            title,
            home,
            contact,
            groups,
            max_session_seconds,
            disabled,
            oidc,
        }
    }
}

prop_compose! {
    /// Rows with a group of their own each, so that each can decide.
    fn row(index: usize)(
        name in line(),
        outside in any::<bool>(),
        portal in any::<bool>(),
        mut groups in groups(),
        require in select(vec![Requirement::OneFactor, Requirement::TwoFactors, Requirement::Refuse]),
        methods in some(vec![Method::Totp, Method::RecoveryCode]),
        max_age_seconds in option::of(60..=31_536_000_u32),
    ) -> PolicyRow {
        groups.insert(Group::parse(&format!("row-{index}")).unwrap());
        PolicyRow {
            name: format!("{index}: {name}"),
            zones: outside.then(ZoneName::outside).into_iter().collect(),
            services: portal.then(ServiceName::portal).into_iter().collect(),
            groups,
            require,
            methods,
            max_age_seconds,
        }
    }
}

prop_compose! {
    fn policy()(
        rows in (row(0), row(1), row(2)),
        count in 0..=3_usize,
        mfa_bindings in some(Binding::ALL.to_vec()),
        acr in "[!-~]{1,20}",
        mail_codes in any::<bool>(),
    ) -> PolicySettings {
        PolicySettings {
            rows: [rows.0, rows.1, rows.2].into_iter().take(count).collect(),
            mfa_bindings,
            acr_one_factor: format!("{acr}1"),
            acr_two_factors: format!("{acr}2"),
            mail_codes,
        }
    }
}

prop_compose! {
    fn organisation()(
        name in text(),
        accent in "#[0-9a-f]{6}",
        (help_name, help_mail, telephone, url) in
            (option::of(text()), option::of(mail()), option::of(line()), option::of(page())),
    ) -> Organisation {
        let help = Help { name: help_name, mail: help_mail, telephone, url };
        Organisation { name, accent, help }
    }
}

prop_compose! {
    fn numbers()(
        length_min in 8..=64_u16,
        blocked_words in prop::collection::btree_set(line(), 0..3),
        start_ticket_days in 1..=30_u8,
        wrong_password_millis in 0..=2_000_u16,
        idle_seconds in 60..=2_592_000_u32,
        absolute_seconds in 300..=2_592_000_u32,
        sudo_seconds in 60..=3600_u32,
        second_factor_seconds in 60..=2_592_000_u32,
        days in (1..=3650_u16, 1..=3650_u16),
    ) -> (PasswordSettings, SessionSettings, Retention) {
        (
            PasswordSettings {
                length_min,
                blocked_words,
                start_ticket_days,
                wrong_password_millis,
            },
            SessionSettings { idle_seconds, absolute_seconds, sudo_seconds, second_factor_seconds },
            Retention { facts_days: days.0, audit_days: days.1 },
        )
    }
}

prop_compose! {
    /// The `index`th other authority. That its certificates make a chain is not the document's to say.
    fn issuer(index: u8)(
        certificates in prop::collection::vec("[A-Za-z0-9]{4}", 1..4),
        rules in prop::collection::vec(
            (select(vec!["common_name", "mail", "mail@a.example", "principal_name@a.example"]),
             option::of(1_600_000_000..1_700_000_000_i64),
             option::of(1_700_000_000..1_800_000_000_i64)),
            1..4,
        ),
        groups in groups(),
        binding in select(vec![Binding::Desk, Binding::InsideWithPassword]),
        withdrawn in option::of(1_700_000_000..1_800_000_000_i64),
        lists in prop::collection::btree_set("http://[a-z]{1,8}\\.example/[a-z]{0,5}", 0..3),
        responders in prop::collection::btree_set("http://[a-z]{1,8}\\.example/[a-z]{0,5}", 0..3),
        (fetch_minutes, list_hours_max, list_megabytes_max) in
            (1..=1440_u32, 0..=8760_u32, 1..=64_u32),
    ) -> CertificateIssuer {
        let moment = |seconds: i64| Moment(Timestamp::from_unix_seconds(seconds));
        let rule = |(field, from, until): &(&str, Option<i64>, Option<i64>)| CertificateIdentity {
            from: from.map(moment),
            until: until.map(moment),
            ..CertificateIdentity::parse(field).unwrap()
        };
        CertificateIssuer {
            name: IssuerName::parse(&format!("issuer-{index}")).unwrap(),
            certificates,
            identities: rules.iter().map(rule).collect(),
            groups,
            binding,
            withdrawn_as_of: withdrawn.map(moment),
            lists: lists.into_iter().collect(),
            responders: responders.into_iter().collect(),
            fetch_minutes,
            list_hours_max,
            list_megabytes_max,
        }
    }
}

prop_compose! {
    fn certificates()(
        months in select(vec![13_u8, 25, 48]),
        good_max in 1..=20_u8,
        groups in groups(),
        country in option::of("[A-Z]{2}"),
        (organization, unit) in (option::of(line()), option::of(line())),
        realm in option::of("[a-z]{1,8}\\.example"),
        mail in any::<bool>(),
        status_url in option::of("http://[a-z]{1,8}\\.example(:8080)?"),
        hosts in option::of(prop_oneof![
            "\\*\\.[a-z]{1,8}\\.cert(:8443)?".prop_map(|wildcard| vec![wildcard]),
            prop::collection::btree_set("[a-z]{1,8}\\.cert", 1..4).prop_map(Vec::from_iter),
        ]),
        (count, one, two) in (0..=2_usize, issuer(0), issuer(1)),
    ) -> CertificateSettings {
        let issuers = [one, two].into_iter().take(count).collect();
        let hosts = hosts.map(|hosts| CertificateHosts::parse(&hosts).unwrap());
        CertificateSettings {
            months, good_max, groups, country, organization, unit, realm, mail, status_url, hosts,
            issuers,
        }
    }
}

fn desks() -> impl Strategy<Value = Vec<DeskSettings>> {
    (0..=2_usize, [groups(), groups()], "[a-z]{1,8}").prop_map(|(count, helps, staff)| {
        let names = ["front", "night"].map(|name| DeskName::parse(name).unwrap());
        let staff = BTreeSet::from([Group::parse(&staff).unwrap()]);
        let desks = names.into_iter().zip(helps).take(count);
        desks.map(|(name, helps)| DeskSettings { name, staff: staff.clone(), helps }).collect()
    })
}

prop_compose! {
    fn a_site()(
        (issuer, language) in (
            "https://[a-z]{1,8}\\.example(:8443)?",
            select(Language::ALL.to_vec()),
        ),
        organisation in organisation(),
        domains in prop::collection::btree_set("[a-z]{1,8}\\.example", 0..3),
        time_zone in select(vec!["Asia/Tokyo", "Europe/Zurich", "UTC"]),
        (zones, relays) in (zones(), relays()),
        policy in policy(),
        services in (service(0), service(1)),
        count in 0..=2_usize,
        (password, session, retention) in numbers(),
        bound in any::<bool>(),
        (from, bounces, own_domains, certificates, desks) in (
            option::of(mail()),
            option::of(mail()),
            prop::collection::btree_set("[a-z]{1,8}\\.example", 0..2),
            certificates(),
            desks(),
        ),
    ) -> Site {
        let (_, host) = issuer.split_once("://").unwrap();
        let host = host.split(':').next().unwrap().to_owned();
        let passkeys = PasskeySettings { relying_party: bound.then_some(host) };
        Site {
            issuer,
            organisation,
            mail_domains: domains.into_iter().collect(),
            time_zone: time_zone.to_owned(),
            language,
            zones,
            relays,
            policy,
            services: [services.0, services.1].into_iter().take(count).collect(),
            password,
            session,
            retention,
            passkeys,
            mail: MailSettings { from, bounces, own_domains: own_domains.into_iter().collect() },
            certificates,
            desks,
        }
    }
}

/// `old` with one part of `other`.
fn changed(old: &Site, other: Site, part: i32) -> Site {
    let mut new = old.clone();
    match part {
        0 => new.issuer = other.issuer,
        1 => new.organisation = other.organisation,
        2 => new.mail_domains = other.mail_domains,
        3 => new.time_zone = other.time_zone,
        4 => new.zones = other.zones,
        5 => new.zones.reverse(),
        6 => new.relays = other.relays,
        7 => new.policy = other.policy,
        8 => new.services = other.services,
        9 => new.session = other.session,
        10 => new.mail = other.mail,
        11 => new.passkeys = other.passkeys,
        12 => new.certificates = other.certificates,
        13 => new.desks = other.desks,
        _ => new = other,
    }
    new
}

fn no_files(_: &str) -> Result<String, String> {
    Err("an exported document names no files".to_owned())
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(site in a_site()) {
        let text = site::print(&site);
        match site::parse(&text, "site.toml", &no_files) {
            Ok((again, _)) => {
                prop_assert_eq!(&again, &site);
                prop_assert_eq!(site::print(&again), text);
            }
            Err(report) => prop_assert!(false, "{}\n{}", report, text),
        }
    }

    #[test]
    fn there_is_a_difference_exactly_when_sites_differ(
        old in a_site(),
        other in a_site(),
        part in 0..15,
    ) {
        prop_assert_eq!(site::difference(&old, &old), []);
        let new = changed(&old, other, part);
        prop_assert_eq!(site::difference(&old, &new).is_empty(), old == new);
    }

    #[test]
    fn any_text_has_an_answer(
        text in "([a-z_\\[\\]={}\"' .,0-9#\n]|zone|service|oidc|policy|row|name|= |\\]\n|あ|\u{0}){0,60}",
    ) {
        for answer in [
            site::parse(&text, "site.toml", &no_files).err(),
            sekimori_config::node::parse(&text, "sekimori.toml").err(),
        ] {
            prop_assert!(answer.is_none_or(|report| !report.errors.is_empty()));
        }
    }

    #[test]
    fn a_damaged_document_has_an_answer(at in any::<prop::sample::Index>(), junk in ".{0,3}") {
        let whole = include_str!("../../fixtures/university.site.toml");
        let mut at = at.index(whole.len());
        while !whole.is_char_boundary(at) {
            at -= 1;
        }
        let damaged = format!("{}{junk}{}", &whole[..at], &whole[at..]);
        if let Err(report) = site::parse(&damaged, "site.toml", &crate::load) {
            prop_assert!(!report.errors.is_empty());
            let lines = damaged.lines().count() + 1;
            prop_assert!(report.errors.iter().all(|error| (1..=lines).contains(&error.line)));
        }
    }
}
