use sekimori_base::Bilingual;
use sekimori_config::{Mistake, Report, site};
use sekimori_directory::Site;

use crate::load;

const MINIMAL: &str = include_str!("../../fixtures/minimal.site.toml");
const UNIVERSITY: &str = include_str!("../../fixtures/university.site.toml");

fn parse(text: &str) -> Result<(Site, Vec<Mistake>), Report> {
    site::parse(text, "site.toml", &load)
}

fn good(text: &str) -> Site {
    match parse(text) {
        Ok((site, warnings)) => {
            assert_eq!(warnings, []);
            site
        }
        Err(report) => panic!("{report}"),
    }
}

/// What is said about `text` after the minimal document.
fn told(text: &str) -> Vec<String> {
    let text = format!("{MINIMAL}{text}");
    let mistakes = match parse(&text) {
        Ok((_, warnings)) => warnings,
        Err(report) => [report.errors, report.warnings].concat(),
    };
    mistakes.into_iter().map(|mistake| mistake.what).collect()
}

#[test]
fn a_small_site_is_small() {
    let site = good(MINIMAL);
    assert!(MINIMAL.lines().count() <= 13);
    assert_eq!(site.organisation.name, Bilingual::new("Example University", "Example University"));
    assert_eq!(site.zones[0].title, Bilingual::new("campus", "campus"));
    let client = site.services[0].oidc.as_ref().unwrap();
    assert_eq!(client.client_id.as_str(), "wiki");
    assert_eq!(site.password.length_min, 15);
}

#[test]
fn a_university_is_read_whole() {
    let site = good(UNIVERSITY);
    assert_eq!(site.zones.len(), 4);
    assert_eq!(site.services.len(), 4);
    assert_eq!(site.policy.rows.len(), 3);
    // The two neighbours of the list are one network.
    let ranges: Vec<String> = site.relays[0].ranges.iter().map(ToString::to_string).collect();
    assert_eq!(ranges, ["172.224.224.0/26", "2a02:26f7::/64"]);
    let payroll = site.services[1].oidc.as_ref().unwrap();
    assert!(payroll.jwks.as_ref().unwrap().starts_with("{\"keys\":[{"));
    assert!(payroll.scopes.contains("openid"));
}

#[test]
fn passkeys_are_bound_to_the_host_or_a_domain_above_it() {
    let bound = |id: &str| told(&format!("[passkeys]\nrelying_party = \"{id}\"\n"));
    let host = good(MINIMAL).issuer.trim_start_matches("https://").to_owned();
    let (_, domain) = host.split_once('.').unwrap();
    assert_eq!((bound(&host), bound(domain)), (Vec::<String>::new(), Vec::new()));
    for id in ["other.example", &domain[1..], "x", &format!("x.{host}"), "HOST", "https://x"] {
        assert_eq!(bound(id).len(), 1, "{id}: {:?}", bound(id));
    }
}

#[test]
fn certificates_say_only_what_can_stand_in_one() {
    for line in [
        "months = 24",
        "country = \"jp\"",
        "realm = \"例.jp\"",
        "status_url = \"ldap://pki.example.ac.jp\"",
        "status_url = \"http://pki.example.ac.jp/\"",
        "good_max = 0",
        "hosts = [\"*.a.example\", \"b.example\"]",
        "hosts = \"*.a.example\"",
    ] {
        let told = told(&format!("[certificates]\n{line}\n"));
        assert_eq!(told.len(), 1, "{line}: {told:?}");
    }
}

#[test]
fn certificates_are_presented_beside_the_issuer_and_never_at_it() {
    let hosts = |hosts: &str| told(&format!("[certificates]\nhosts = {hosts}\n"));
    let host = good(MINIMAL).issuer.trim_start_matches("https://").to_owned();
    let (_, domain) = host.split_once('.').unwrap();
    for fits in [format!("[\"*.{host}\"]"), format!("[\"c1.{domain}\", \"c2.{domain}:8443\"]")] {
        assert_eq!(hosts(&fits), Vec::<String>::new(), "{fits}");
    }
    for told in [format!("[\"*.{domain}\"]"), format!("[\"{host}\", \"c1.{domain}\"]")] {
        assert_eq!(hosts(&told).len(), 1, "{told}: {:?}", hosts(&told));
    }
    let alone = format!("{MINIMAL}[certificates]\nhosts = [\"c1.{domain}\"]\n");
    let (site, warnings) = parse(&alone).unwrap();
    assert_eq!((site.certificates.hosts.is_some(), warnings.len()), (true, 1), "{warnings:?}");
}

#[test]
fn another_authority_says_who_it_is_whom_it_names_and_where_its_lists_are() {
    let whole = |lines: &str| {
        let host = "hosts = [\"*.cert.login.example.ac.jp\"]\n";
        format!("[certificates]\n{host}[[certificates.issuer]]\n{lines}\n")
    };
    let good = "name = \"upki\"\ncertificates = [\"MIIB\"]\nidentities = [\"common_name\"]\n\
                lists = [\"http://crl.example.net/ca.crl\"]\n";
    assert_eq!(told(&whole(good)), Vec::<String>::new());
    for line in [
        "name = \"UPKI\"",
        "certificates = [\"?\"]",
        "certificates_file = \"elsewhere.pem\"",
        "identities = []",
        "identities = [\"serial\"]",
        "binding = \"break_glass\"",
        "withdrawn_as_of = \"2026-12-24\"",
        "lists = [\"ldap://crl.example.net/ca\"]",
        "lists = [\"http://somebody@crl.example.net/ca.crl\"]",
        "responders = [\"ldap://ocsp.example.net/\"]",
        "responders = [\"http://a.example/\", \"http://b.example/\", \"http://c.example/\"]",
        "fetch_minutes = 0",
        "list_megabytes_max = 65",
    ] {
        let key = line.split(' ').next().unwrap();
        let others: Vec<&str> =
            good.lines().filter(|other| !other.starts_with(&format!("{key} "))).collect();
        let told = told(&whole(&format!("{}\n{line}", others.join("\n"))));
        assert_eq!(told.len(), 1, "{line}: {told:?}");
    }
    for missing in ["name", "certificates", "identities"] {
        let others: Vec<&str> = good.lines().filter(|other| !other.starts_with(missing)).collect();
        let told = told(&whole(&others.join("\n")));
        assert_eq!(told.len(), 1, "{missing}: {told:?}");
    }
    for (file, fits) in [("elsewhere.pem", true), ("relay.csv", false), ("absent.pem", false)] {
        let lines =
            good.replace("certificates = [\"MIIB\"]", &format!("certificates_file = \"{file}\""));
        assert_eq!(told(&whole(&lines)).is_empty(), fits, "{file}");
    }
}

#[test]
fn an_issuer_that_is_an_address_is_told_to_have_no_passkeys() {
    for (host, warned) in [
        ("login.example.ac.jp", false),
        ("login.example.ac.jp:8443", false),
        ("192.0.2.1", true),
        ("192.0.2.1:8443", true),
        ("[2001:db8::1]", true),
        ("[2001:db8::1]:8443", true),
    ] {
        let (_, warnings) = parse(&MINIMAL.replace("login.example.ac.jp", host)).unwrap();
        let told = warnings.iter().any(|mistake| mistake.what.contains("passkey"));
        assert_eq!(told, warned, "{host}: {warnings:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let report = parse(include_str!("../../fixtures/wrong.site.toml")).unwrap_err();
    insta::assert_snapshot!("wrong_site", report);
}

#[test]
fn what_is_not_toml_does_not_hide_the_rest() {
    let report = parse(include_str!("../../fixtures/broken.site.toml")).unwrap_err();
    insta::assert_snapshot!("broken_site", report);
}

#[test]
fn nothing_at_all_says_what_to_begin_with() {
    let report = parse("").unwrap_err();
    insta::assert_snapshot!("empty_site", report);
}

#[test]
fn a_row_is_reachable_as_long_as_somebody_gets_there() {
    let row = |name: &str, rest: &str| {
        format!("\n[[policy.row]]\nname = \"{name}\"\nrequire = \"two_factors\"\n{rest}\n")
    };
    for (rows, unreachable) in [
        (vec![("a", ""), ("b", "")], vec!["b"]),
        (vec![("a", "zones = ['inside']"), ("b", "zones = ['campus']")], vec!["b"]),
        (vec![("a", "zones = ['campus']"), ("b", "zones = ['inside']")], vec!["b"]),
        (vec![("a", "zones = ['campus']"), ("b", "zones = ['outside']")], vec![]),
        (vec![("a", "zones = ['inside']"), ("b", "zones = ['outside']"), ("c", "")], vec!["c"]),
        (vec![("a", "services = ['wiki']"), ("b", "")], vec![]),
        (vec![("a", "services = ['wiki', 'portal']"), ("b", "services = ['portal']")], vec!["b"]),
        (vec![("a", "groups = ['x']"), ("b", "")], vec![]),
        (vec![("a", "groups = ['x', 'y']"), ("b", "groups = ['y']")], vec!["b"]),
        (vec![("a", "groups = ['x']"), ("b", "groups = ['x', 'y']")], vec![]),
        (
            vec![("a", "groups = ['x']"), ("b", "groups = ['y']"), ("c", "groups = ['x', 'y']")],
            vec!["c"],
        ),
        (vec![("a", ""), ("b", "groups = ['x']\nservices = ['wiki']")], vec!["b"]),
    ] {
        let text: String = rows.iter().map(|(name, rest)| row(name, rest)).collect();
        let text = format!("{MINIMAL}{text}");
        let paths: Vec<String> = match parse(&text) {
            Ok(_) => Vec::new(),
            Err(report) => report.errors.into_iter().map(|error| error.path).collect(),
        };
        let expected: Vec<String> =
            unreachable.iter().map(|name| format!("policy.row.{name}")).collect();
        assert_eq!(paths, expected, "{rows:?}");
    }
}

#[test]
fn a_document_without_an_organisation_is_read_to_its_end() {
    let text = MINIMAL.replace("organisation.", "organization.");
    let report = parse(&format!("maildomains = []\n{text}")).unwrap_err();
    let told: Vec<&str> = report.errors.iter().map(|error| error.remedy.as_str()).collect();
    assert!(told.contains(&"did you mean `organisation`?"), "{told:?}");
    assert!(told.contains(&"did you mean `mail_domains`?"), "{told:?}");
}

#[test]
fn two_factors_of_the_portal_are_warned_of_where_first_ones_are_registered() {
    let row = |name: &str, require: &str, rest: &str| {
        format!("\n[[policy.row]]\nname = '{name}'\nrequire = '{require}'\n{rest}\n")
    };
    let two = |rest: &str| row("two", "two_factors", rest);
    let warned = |text: &str| told(text).iter().any(|what| what.contains("has no second factor"));
    assert!(warned(&two("groups = ['staff']")));
    assert!(warned(&two("services = ['portal']\nzones = ['inside']")));
    assert!(!warned(&two("services = ['wiki']")) && !warned(&two("zones = ['outside']")));
    let above = |groups: &str| {
        let lets_in = format!("zones = ['campus']\nservices = ['portal']\n{groups}");
        row("first", "one_factor", &lets_in) + &two("groups = ['staff']")
    };
    assert!(!warned(&above("groups = ['staff', 'guests']")) && !warned(&above("")));
    assert!(warned(&above("groups = ['guests']")));
}

#[test]
fn a_short_password_is_warned_of_only_where_it_may_be_enough() {
    let short = "\n[password]\nlength_min = 8\n";
    assert_eq!(told(short), ["a password of 8 characters may be enough alone in some zone"]);
    let two_everywhere = MINIMAL.replace("password_suffices = true\n", "");
    assert!(
        parse(&format!("{two_everywhere}{short}")).is_ok_and(|(_, warnings)| warnings.is_empty())
    );
    let one_by_row =
        format!("{two_everywhere}{short}\n[[policy.row]]\nname = 'lax'\nrequire = 'one_factor'\n");
    assert!(parse(&one_by_row).is_ok_and(|(_, warnings)| warnings.len() == 1));
}

#[test]
fn a_wrong_password_that_is_answered_sooner_than_usual_is_warned_of() {
    let with = |millis: u16| told(&format!("\n[password]\nwrong_password_millis = {millis}\n"));
    assert_eq!(with(149), ["hashes of other systems may take longer to check than 149 ms"]);
    assert_eq!(with(150), [""; 0]);
}

#[test]
fn a_list_of_wrong_entries_is_not_the_empty_list_that_matches_everybody() {
    let told = told(
        "\n[[policy.row]]\nname = 'a'\nrequire = 'refuse'\nzones = ['No Zone']\n\
         \n[[policy.row]]\nname = 'b'\nrequire = 'two_factors'\n\
         services = ['wiki']\n",
    );
    assert_eq!(told, ["`No Zone` is not a zone's name"]);
}

#[test]
fn the_break_glass_code_is_warned_of_only_where_it_does_not_count() {
    let with = |bindings: &str| told(&format!("\n[policy]\nmfa_bindings = [{bindings}]\n"));
    // What `export` prints of a site that says nothing.
    assert!(with(r#""ticket", "letter", "other_factor", "desk", "break_glass""#).is_empty());
    assert!(with(r#""ticket", "break_glass""#)[0].contains("it does not count"));
}

#[test]
fn an_endless_file_is_refused_before_it_is_read() {
    let endless = "#".repeat(sekimori_config::FILE_BYTES_MAX + 1);
    let report = parse(&endless).unwrap_err();
    assert_eq!(report.errors.len(), 1);
}

#[test]
fn a_deep_file_is_refused_and_does_no_harm() {
    let deep = format!("issuer = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse(&deep).is_err());
    let tables = format!("[a{}]\n", ".a".repeat(50_000));
    assert!(parse(&tables).is_err());
}

#[test]
fn apply_says_what_changes() {
    let old = good(UNIVERSITY);
    assert_eq!(site::difference(&old, &old), []);
    let new = good(
        &UNIVERSITY
            .replace("\"150.65.0.0/16\", ", "\"150.65.0.0/17\", \"150.65.128.0/17\", ")
            .replace("[password]\n", "[password]\nlength_min = 20\n")
            .replace("telephone = \"+81 76 000 0000\"\n", "")
            .replace("name = \"vpn\"", "name = \"vpn2\"")
            .replace("zones = [\"vpn\"]", "zones = [\"vpn2\"]")
            .replace("name = \"visitors-inside-only\"", "name = \"visitors\"")
            .replace("ja = \"図書館\"", "ja = \"附属図書館\""),
    );
    let lines: Vec<String> = site::difference(&old, &new).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("difference", lines.join("\n"));
    let mut reordered = old.clone();
    reordered.policy.rows.swap(0, 1);
    let lines: Vec<String> =
        site::difference(&old, &reordered).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        ["~ policy.row (order): payroll, visitors-inside-only, portal-on-vpn \
          -> visitors-inside-only, payroll, portal-on-vpn"]
    );
}

#[test]
fn an_exported_site_reads_well() {
    insta::assert_snapshot!("export", site::print(&good(UNIVERSITY)));
}

#[test]
fn codes_by_mail_are_off_and_whoever_switches_them_on_hears_what_they_are_worth() {
    assert!(!good(UNIVERSITY).policy.mail_codes);
    let on = told("[policy]\nmail_codes = true\n");
    assert!(on.iter().any(|what| what.contains("weakest of the second factors")), "{on:?}");
    assert!(on.iter().any(|what| what.contains("no mail domain")), "{on:?}");
    let row =
        "[[policy.row]]\nname = 'r'\nrequire = 'two_factors'\nmethods = ['totp', 'mail_code']\n";
    let off = told(row);
    assert!(off.iter().any(|what| what.contains("codes by mail are off")), "{off:?}");
    let laundered = told("[policy]\nmfa_bindings = ['ticket', 'mail_code']\n");
    assert!(laundered.iter().any(|what| what.contains("registered with a code by mail")));
}

#[test]
fn a_mailbox_behind_this_sign_in_is_told_from_others() {
    let mut site = good(UNIVERSITY);
    site.mail.own_domains = vec!["mail.example.net".to_owned()];
    for (address, own) in [
        ("hana@example.ac.jp", true),
        ("hana@STU.example.ac.jp", true),
        ("hana@deep.below.example.ac.jp", true),
        ("hana@notexample.ac.jp", false),
        ("hana@ac.jp", false),
        ("hana@mail.example.net", true),
        ("hana@example.net", false),
        ("hana@gmail.example", false),
    ] {
        let parsed = sekimori_directory::MailAddress::parse(address).unwrap();
        assert_eq!(site.is_own_mailbox(&parsed), own, "{address}");
    }
}
