//! Certificates of people, and the files in which they get them.

use sekimori_base::Timestamp;
use sekimori_keys::{KeyProfile, RsaBits};
use sekimori_pki::{
    IssueError, Lifetime, Locations, LocationsError, MailRule, NameError, PersonalKeyKind, Profile,
    ProfileError, Request, Subject,
};

use crate::world::{Bench, CRL_URL, OCSP_URL, World, profile};

#[test]
fn openssl_reads_a_persons_certificate_and_verifies_it_for_clients_only() {
    let (world, bench) = (World::new(), Bench::new());
    let issued = world.issue("taro.yamada");
    bench.put_certificate("root.pem", world.root.certificate());
    bench.put_certificate("issuing.pem", world.issuing.certificate());
    bench.put_certificate("person.pem", &issued.certificate);
    let verify = "verify -x509_strict -CAfile root.pem -untrusted issuing.pem";
    let said = bench.openssl(&format!("{verify} -purpose sslclient person.pem"));
    assert!(said.contains("person.pem: OK"), "{said}");
    let (content, said) = bench.try_openssl(&format!("{verify} -purpose sslserver person.pem"));
    assert!(!content && said.contains("purpose"), "{said}");

    let text = bench.openssl("x509 -in person.pem -noout -text -nameopt utf8,sep_comma_plus");
    for wanted in [
        "Subject: C=JP,O=Example University 例示大学,OU=Members,CN=taro.yamada",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Extended Key Usage: \n                TLS Web Client Authentication\n",
        "othername: UPN::taro.yamada@example.ac.jp, email:taro.yamada@example.ac.jp",
        "X509v3 Basic Constraints: critical\n                CA:FALSE",
        &format!("URI:{CRL_URL}"),
        &format!("OCSP - URI:{OCSP_URL}"),
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    let serial = bench.openssl("x509 -in person.pem -noout -serial");
    let shown = issued.certificate.serial().to_string().replace(':', "").to_uppercase();
    assert_eq!(serial.trim(), format!("serial={shown}"));
}

#[test]
fn a_lifetime_is_in_months_and_never_beyond_the_authoritys() {
    let world = World::new();
    let ends = Lifetime::ALL.map(|lifetime| {
        let profile = Profile::new(lifetime, Locations::default());
        let made = world.issue_by(&profile, "taro").certificate;
        assert_eq!(
            made.not_before(),
            world.now.plus_seconds(-300).max(world.issuing.certificate().not_before())
        );
        made.not_after().seconds_since(world.now) / 86_400
    });
    for (days, wanted) in ends.into_iter().zip([394..=398, 759..=763, 1460..=1462]) {
        assert!(wanted.contains(&days), "{days} days");
    }
    let end = world.issuing.certificate().not_after();
    let subject = Subject::parse("taro", None).unwrap();
    let issue = |now: Timestamp| {
        let kind = PersonalKeyKind::P256;
        world.issuing.issue_with_key(&profile(), &subject, kind, "", now, &world.chance)
    };
    assert_eq!(issue(end.plus_seconds(-3600)).unwrap().certificate.not_after(), end);
    for outside in [end.plus_seconds(1), world.now.plus_seconds(-86_400)] {
        assert!(matches!(issue(outside).err(), Some(IssueError::AuthorityNotValid)));
    }
}

#[test]
fn openssl_opens_the_file_with_the_pin_and_finds_key_certificate_and_issuer() {
    let (world, bench) = (World::new(), Bench::new());
    let subject = Subject::parse("hanako", None).unwrap();
    for (kind, word) in [(PersonalKeyKind::P256, "EC"), (PersonalKeyKind::Rsa2048, "RSA")] {
        let label = "Example University 例示大学: hanako 🔑";
        let issued = world.issuing.issue_with_key(
            &profile(),
            &subject,
            kind,
            label,
            world.now,
            &world.chance,
        );
        let issued = issued.unwrap();
        bench.put("person.p12", issued.pkcs12.expose());
        bench.put("pin", issued.pin.expose());
        let said = bench.openssl("pkcs12 -in person.p12 -passin file:pin -noout -info");
        assert!(said.contains("MAC: sha256, Iteration 10000"), "{said}");
        let pbes2 = "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256";
        assert_eq!(said.matches(pbes2).count(), 2, "key and certificates: {said}");

        bench.openssl("pkcs12 -in person.p12 -passin file:pin -nodes -out all.pem");
        let all = bench.get("all.pem");
        let all = String::from_utf8_lossy(&all);
        assert_eq!(all.matches("BEGIN CERTIFICATE").count(), 2, "no root");
        assert!(all.contains("BEGIN PRIVATE KEY"));
        bench.openssl("pkcs12 -in person.p12 -passin file:pin -nokeys -clcerts -out person.pem");
        assert_eq!(bench.der("person.pem"), issued.certificate.der());
        let of_key = bench.openssl("pkey -in all.pem -pubout");
        assert_eq!(of_key, bench.openssl("x509 -in person.pem -noout -pubkey"), "one pair");
        let text = bench.openssl("pkey -in all.pem -noout -text");
        assert!(text.contains(if word == "EC" { "P-256" } else { "2048 bit" }), "{text}");

        bench.put("wrong", issued.pin.expose().replace('-', ""));
        let (content, said) = bench.try_openssl("pkcs12 -in person.p12 -passin file:wrong -noout");
        assert!(!content && said.contains("Mac verify error"), "{said}");
    }
}

#[test]
fn of_a_request_only_the_key_is_taken() {
    let (world, bench) = (World::with(KeyProfile::Rs256(RsaBits::B2048)), Bench::new());
    bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key.pem");
    bench.openssl(
        "req -new -key key.pem -subj /CN=rector -addext basicConstraints=critical,CA:TRUE \
         -addext extendedKeyUsage=serverAuth,anyExtendedKeyUsage -addext subjectAltName=DNS:www \
         -out request.pem",
    );
    let request = Request::read(&bench.get("request.pem")).unwrap();
    let plain = Profile::new(Lifetime::Months13, Locations::default()).with_mail(MailRule::Absent);
    let subject = Subject::parse("taro", Some("taro@example.ac.jp")).unwrap();
    let issued = world.issuing.issue(&plain, &subject, &request, world.now, &world.chance).unwrap();
    bench.put_certificate("person.pem", &issued.certificate);
    let text = bench.openssl("x509 -in person.pem -noout -text");
    for foreign in ["rector", "CA:TRUE", "Server", "Any Extended", "DNS:", "email", "Alternative"] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
    assert!(text.contains("CN = taro") && text.contains("P-384"), "{text}");
    let asked = bench.openssl("pkey -in key.pem -pubout");
    assert_eq!(bench.openssl("x509 -in person.pem -noout -pubkey"), asked);
}

#[test]
fn names_and_addresses_that_cannot_stand_in_a_certificate_are_refused() {
    let long = "x".repeat(65);
    let names = [
        ("", NameError::Empty),
        ("  ", NameError::Empty),
        (long.as_str(), NameError::TooLong),
        ("ta\0ro", NameError::Characters),
        (" taro", NameError::Characters),
    ];
    for (user_name, wanted) in names {
        assert_eq!(Subject::parse(user_name, None), Err(ProfileError::Name(wanted)));
    }
    for mail in ["taro", "@x", "taro@", "a@b@c", "ta ro@x", "太郎@x", "<taro@x>"] {
        assert_eq!(Subject::parse("taro", Some(mail)), Err(ProfileError::Mail), "{mail}");
    }
    for url in ["ldap://x", "http://", "http://a b", "http://例", "", "javascript:http://x"] {
        assert_eq!(Locations::parse(&[url], &[], &[]), Err(LocationsError), "{url}");
    }
    let plain = || Profile::new(Lifetime::Months13, Locations::default());
    assert_eq!(plain().with_realm("例.jp"), Err(ProfileError::Realm));
    let country = plain().in_organization(Some("Japan"), None, None);
    assert_eq!(country, Err(ProfileError::Name(NameError::Country)));
}
