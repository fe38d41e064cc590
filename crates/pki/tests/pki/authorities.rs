//! Authorities are made, opened again, and understood by OpenSSL.

use sekimori_keys::{KeyProfile, RsaBits, Signer};
use sekimori_pki::{Authority, AuthorityError, Locations, Request, SigningRefused, make_root};

use crate::world::{Bench, Chance, ISSUING_MONTHS, ROOT_MONTHS, World, key, name, now};

#[test]
fn openssl_reads_root_and_issuing_authority_as_they_were_meant() {
    for profile in [KeyProfile::Es256, KeyProfile::Rs256(RsaBits::B2048)] {
        let (world, bench) = (World::with(profile), Bench::new());
        bench.put_certificate("root.pem", world.root.certificate());
        bench.put_certificate("issuing.pem", world.issuing.certificate());
        let said = bench.openssl("verify -x509_strict -CAfile root.pem issuing.pem");
        assert!(said.contains("issuing.pem: OK"), "{said}");

        let root = bench.openssl("x509 -in root.pem -noout -text -nameopt utf8,sep_comma_plus");
        assert!(root.contains("CA:TRUE, pathlen:1"), "{root}");
        assert!(root.contains("C=JP,O=Example University 例示大学,CN=Test Root"), "{root}");
        let issuing = bench.openssl("x509 -in issuing.pem -noout -text");
        for wanted in [
            "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0",
            "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign",
            "TLS Web Client Authentication\n",
            "URI:http://pki.example.ac.jp/root.crl",
        ] {
            assert!(issuing.contains(wanted), "{wanted} in {issuing}");
        }
        assert!(!issuing.contains("Digital Signature"), "{issuing}");
    }
}

#[test]
fn an_authority_opens_only_with_its_own_certificate_and_key() {
    let (now, chance) = (now(), Chance::new(2));
    let own = key(KeyProfile::Es256);
    let root = make_root(&name("Root"), ROOT_MONTHS, own.clone(), now, &chance).unwrap();
    assert!(Authority::open(root.certificate().der(), own.clone()).is_ok());
    let other = Authority::open(root.certificate().der(), key(KeyProfile::Es256)).err();
    assert_eq!(other, Some(AuthorityError::OtherKey));
    let cut = Authority::open(&root.certificate().der()[1..], own).err();
    assert!(matches!(cut, Some(AuthorityError::Malformed(_))), "{cut:?}");
    for unfit in [KeyProfile::EdDsa, KeyProfile::Ps256(RsaBits::B2048)] {
        let made = make_root(&name("Root"), 12, key(unfit), now, &chance).err();
        assert!(matches!(made, Some(SigningRefused::Fault(_))), "{made:?}");
    }
}

#[test]
fn a_root_may_be_openssls_own_and_its_name_is_kept_byte_by_byte() {
    let bench = Bench::new();
    let config = "[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=default\n[dn]\nC=JP\n\
                  O=Example University\nCN=Campus Root\n";
    bench.put("root.cnf", config);
    bench.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3000 -config root.cnf \
         -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
         -addext subjectKeyIdentifier=hash -keyout root.key -out root.pem",
    );
    let signer = key(KeyProfile::Es256);
    let asked = sekimori_pki::request_issuing(&name("Below"), signer.clone()).unwrap();
    bench.put("below.der", &asked);
    let said = bench.openssl("req -inform DER -in below.der -noout -verify -subject");
    assert!(said.contains("verify OK") && said.contains("CN = Below"), "{said}");
    bench.openssl("req -inform DER -in below.der -out below.csr");
    bench.put(
        "ca.ext",
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
         subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
    );
    bench.openssl(
        "x509 -req -in below.csr -CA root.pem -CAkey root.key -days 2000 -extfile ca.ext \
         -out below.pem",
    );
    let opened = Authority::open(&bench.der("below.pem"), signer).unwrap();
    let list = opened.crl(1, now(), now().plus_seconds(60), &[]).unwrap();
    bench.put("list.crl", list);
    let said = bench.openssl("crl -inform DER -in list.crl -noout -CAfile below.pem");
    assert!(said.contains("verify OK"), "{said}");

    // Two values of one kind cannot be written again by the issuing library: said at once, not later.
    let twice = config.replace("O=Example University\n", "0.OU=One\n1.OU=Two\n");
    bench.put("twice.cnf", twice);
    bench.openssl("pkey -in root.key -outform DER -out root.key.der");
    bench.openssl("pkcs8 -topk8 -nocrypt -in root.key -outform DER -out root.p8");
    bench.openssl(
        "req -x509 -key root.key -days 30 -config twice.cnf -out twice.pem \
         -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    let own = sekimori_keys::SigningKey::from_pkcs8(
        sekimori_keys::SignatureAlgorithm::Es256,
        &bench.get("root.p8"),
    );
    let own = std::sync::Arc::new(own.unwrap());
    let refused = Authority::open(&bench.der("twice.pem"), own.clone()).err();
    assert_eq!(refused, Some(AuthorityError::Name));
    bench.openssl(
        "req -x509 -key root.key -days 30 -config root.cnf -out person.pem \
         -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature",
    );
    let refused = Authority::open(&bench.der("person.pem"), own.clone()).err();
    assert_eq!(refused, Some(AuthorityError::NotAnAuthority));
    assert_eq!(own.algorithm(), sekimori_keys::SignatureAlgorithm::Es256);
}

#[test]
fn nothing_outlives_what_is_above_it_and_an_issuing_authority_makes_no_others() {
    let (world, now) = (World::new(), now());
    let asked = sekimori_pki::request_issuing(&name("More"), key(KeyProfile::Es256)).unwrap();
    let asked = Request::read(&asked).unwrap();
    let nowhere = Locations::default();
    let sign = |authority: &Authority, at, months| {
        authority.sign_issuing(&asked, &name("More"), months, &nowhere, at, &world.chance)
    };
    let refused = sign(&world.issuing, now, ISSUING_MONTHS).err();
    assert!(matches!(refused, Some(SigningRefused::NotARoot)), "{refused:?}");
    let long = sign(&world.root, now, ROOT_MONTHS * 2).unwrap();
    assert_eq!(long.not_after(), world.root.certificate().not_after());
    let signer = key(KeyProfile::Es256);
    let root = make_root(&name("Root"), ROOT_MONTHS, signer.clone(), now, &world.chance).unwrap();
    let own = Request::read(&sekimori_pki::request_issuing(&name("Own"), signer).unwrap()).unwrap();
    let of_root = root.sign_issuing(&own, &name("Own"), 12, &nowhere, now, &world.chance);
    assert!(matches!(of_root.err(), Some(SigningRefused::OwnKey)));
    let over = world.root.certificate().not_after().plus_seconds(1);
    let refused = sign(&world.root, over, 12).err();
    assert!(matches!(refused, Some(SigningRefused::NotValid)), "{refused:?}");
}

#[test]
fn a_certificate_is_signed_by_its_issuer_and_by_nobody_of_the_same_name() {
    let (world, other) = (World::new(), World::new());
    let (root, issuing) = (world.root.certificate(), world.issuing.certificate());
    assert!(root.is_signed_by(root) && issuing.is_signed_by(root));
    assert!(world.issue("taro").certificate.is_signed_by(issuing));
    assert!(!root.is_signed_by(issuing) && !issuing.is_signed_by(issuing));
    assert!(!issuing.is_signed_by(other.root.certificate()), "the same name, another key");
}
