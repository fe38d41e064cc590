//! What browsers present: certificates of another authority, made by OpenSSL, and the rules by which
//! they name somebody.

use sekimori_base::Timestamp;
use sekimori_pki::ocsp::{AnswerRefused, NONCE_BYTES, StatusAnswer, question};
use sekimori_pki::presented::{
    AnyOf, Field, Identity, IdentityRule, IssuerSettings, NoIdentity, Refusal, RevocationLists,
    RevocationUnknown, Trust, Verified, Which,
};
use sekimori_pki::{Certificate, RevocationReason, Serial};

use crate::presented::{DAY, lists};
use crate::world::{Bench, now};

/// Another authority, made by OpenSSL, as a national service would be.
struct Other {
    bench: Bench,
}

impl Other {
    fn new() -> Self {
        let bench = Bench::new();
        let key = "-newkey rsa:2048 -nodes";
        bench.openssl(&format!(
            "req -x509 {key} -days 6000 -subj /C=JP/O=NII/CN=Root -keyout root.key -out root.pem \
             -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
        ));
        bench.openssl(&format!(
            "req -new {key} -subj /C=JP/O=NII/CN=Member -keyout ca.key -out ca.csr"
        ));
        bench.put(
            "ca.ext",
            "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n",
        );
        bench.openssl(
            "x509 -req -in ca.csr -CA root.pem -CAkey root.key -days 5000 -extfile ca.ext -out ca.pem",
        );
        bench.put("index.txt", "");
        bench.put("number", "0f");
        bench.put(
            "ca.cnf",
            "[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\n\
             default_crl_days=7\n",
        );
        Self { bench }
    }

    /// A certificate with this subject and these extensions.
    fn person(&self, subject: &str, extensions: &str) -> Vec<u8> {
        self.person_with(subject, extensions, "")
    }

    fn person_with(&self, subject: &str, extensions: &str, more: &str) -> Vec<u8> {
        let bench = &self.bench;
        bench.put("person.ext", extensions);
        bench.openssl(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \
             -keyout person.key -out person.csr",
        );
        bench.openssl(&format!("req -in person.csr -subj {subject} -multivalue-rdn -utf8 -key person.key -new -out person.csr"));
        bench.openssl(&format!(
            "x509 -req -in person.csr -CA ca.pem -CAkey ca.key -days 700 -extfile person.ext \
             -out person.pem {more}"
        ));
        bench.der("person.pem")
    }

    fn revoke_last(&self) {
        self.bench.openssl("ca -config ca.cnf -keyfile ca.key -cert ca.pem -revoke person.pem -crl_reason superseded");
    }

    fn list(&self) -> Vec<u8> {
        self.bench.openssl("ca -config ca.cnf -keyfile ca.key -cert ca.pem -gencrl -out list.pem");
        self.bench.openssl("crl -in list.pem -outform DER -out list.der");
        self.bench.get("list.der")
    }

    fn trust(&self, rules: Vec<IdentityRule>) -> Trust {
        let settings = IssuerSettings {
            certificate: self.bench.der("ca.pem"),
            above: vec![self.bench.der("root.pem")],
            withdrawn_since: None,
            identities: rules,
        };
        Trust::new(vec![settings]).unwrap()
    }

    fn verify(&self, der: &[u8], rules: Vec<IdentityRule>) -> Result<Verified, Refusal> {
        let trust = self.trust(rules);
        let lists = lists(&trust, &[self.list()]);
        trust.verify(der, now(), &lists)
    }

    fn verify_by(&self, der: &[u8], field: Field) -> Result<Identity, Refusal> {
        let verified = self.verify(der, vec![IdentityRule::always(field)])?;
        Ok(verified.identity().clone())
    }
}

const CLIENT: &str = "extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n";

#[test]
fn another_authoritys_certificate_is_refused_for_each_fault_by_its_own_name() {
    let other = Other::new();
    let cases = [
        ("extendedKeyUsage=emailProtection\n", Refusal::WrongPurpose),
        ("extendedKeyUsage=serverAuth\n", Refusal::WrongPurpose),
        ("keyUsage=digitalSignature\n", Refusal::WrongPurpose),
        ("extendedKeyUsage=anyExtendedKeyUsage\n", Refusal::WrongPurpose),
        ("extendedKeyUsage=clientAuth\nkeyUsage=keyEncipherment\n", Refusal::WrongKeyUsage),
        ("extendedKeyUsage=clientAuth\nbasicConstraints=CA:TRUE\n", Refusal::AuthorityCertificate),
        ("extendedKeyUsage=clientAuth\n1.2.3.4=critical,ASN1:NULL\n", Refusal::Malformed),
    ];
    for (extensions, wanted) in cases {
        let der = other.person("/CN=taro", extensions);
        assert_eq!(other.verify_by(&der, Field::CommonName), Err(wanted), "{extensions}");
    }
    let plain = other.person("/CN=taro", "extendedKeyUsage=emailProtection,clientAuth\n");
    let named = Ok(Identity::Account("taro".to_owned()));
    assert_eq!(other.verify_by(&plain, Field::CommonName), named, "absent usage restricts nothing");
    let sha1 = other.person_with("/CN=taro", CLIENT, "-sha1");
    assert_eq!(other.verify_by(&sha1, Field::CommonName), Err(Refusal::UnknownIssuer), "SHA-1");
    other.person("/CN=taro", CLIENT);
    other.revoke_last();
    let refused = other.verify_by(&other.bench.der("person.pem"), Field::CommonName);
    let superseded = RevocationReason::Superseded;
    assert!(matches!(refused, Err(Refusal::Revoked { reason, .. }) if reason == superseded));
}

#[test]
fn openssls_responder_is_asked_and_believed_as_far_as_it_may_be() {
    let other = Other::new();
    let bench = &other.bench;
    let lost = other.person("/CN=lost", CLIENT);
    other.revoke_last();
    // OpenSSL counts what its register does not name as unknown: the good one is put in by hand.
    let mine = other.person("/CN=taro", CLIENT);
    let number = Certificate::read(&mine).unwrap().serial();
    let hex = number.to_string().replace(':', "").to_uppercase();
    let register = String::from_utf8(bench.get("index.txt")).unwrap();
    bench.put("index.txt", format!("{register}V\t400101000000Z\t\t{hex}\tunknown\t/CN=taro\n"));
    other.person("/CN=Responder", "extendedKeyUsage=OCSPSigning\n");
    bench.openssl("x509 -in person.pem -out responder.pem");
    bench.openssl("pkey -in person.key -out responder.key");
    other.person("/CN=Impostor", "extendedKeyUsage=emailProtection\n");

    let trust = other.trust(vec![IdentityRule::always(Field::CommonName)]);
    let issuer = &trust.issuers()[0];
    let nonce = [7; NONCE_BYTES];
    let answer = |serial, asked: &[u8; NONCE_BYTES], signer: &str| {
        bench.put("question.der", question(issuer, serial, asked).unwrap());
        bench.openssl(&format!(
            "ocsp -index index.txt -CA ca.pem {signer} -ndays 1 -reqin question.der \
             -respout answer.der"
        ));
        bench.get("answer.der")
    };
    let own = "-rsigner ca.pem -rkey ca.key";
    let delegated = "-rsigner responder.pem -rkey responder.key";
    for signer in [own, delegated] {
        let said = answer(number, &nonce, signer);
        let said = StatusAnswer::read(&said, issuer, number, &nonce, now()).unwrap();
        let named = trust.verify(&mine, now(), &said).unwrap();
        assert_eq!(named.identity(), &Identity::Account("taro".to_owned()));
        let next_update = said.next_update();
        let stale = trust.verify(&mine, next_update, &said);
        let why = RevocationUnknown::Stale { next_update };
        assert_eq!(stale, Err(Refusal::RevocationUnknown(why)));
        let missing = Refusal::RevocationUnknown(RevocationUnknown::Missing);
        assert_eq!(trust.verify(&lost, now(), &said), Err(missing), "about another");

        let serial = Certificate::read(&lost).unwrap().serial();
        let revoked = answer(serial, &nonce, signer);
        let revoked = StatusAnswer::read(&revoked, issuer, serial, &nonce, now()).unwrap();
        let both = AnyOf(&[&said, &revoked]);
        let refused = trust.verify(&lost, now(), &both);
        assert!(matches!(refused, Err(Refusal::Revoked { .. })), "{refused:?}");
        assert!(trust.verify(&mine, now(), &both).is_ok(), "one source knows");

        let serial = Serial::from_bytes(&[5]).unwrap();
        let never = answer(serial, &nonce, signer);
        assert!(StatusAnswer::read(&never, issuer, serial, &nonce, now()).is_ok());
    }

    let good = answer(number, &nonce, delegated);
    let read = |der: &[u8], serial, nonce, at| {
        StatusAnswer::read(der, issuer, serial, nonce, at).map(|_| ())
    };
    let refused = read(&good, number, &[8; NONCE_BYTES], now());
    assert_eq!(refused, Err(AnswerRefused::OtherNonce));
    let another = Certificate::read(&lost).unwrap().serial();
    assert_eq!(read(&good, another, &nonce, now()), Err(AnswerRefused::OtherCertificate));
    let later = now().plus_seconds(800 * DAY);
    let refused = read(&good, number, &nonce, later);
    assert_eq!(refused, Err(AnswerRefused::NotAuthentic), "the responder's certificate is over");
    let impostor = answer(number, &nonce, "-rsigner person.pem -rkey person.key");
    assert_eq!(read(&impostor, number, &nonce, now()), Err(AnswerRefused::NotAuthentic));
    let broken = sekimori_pki::ocsp::Refusal::TryLater.response();
    assert_eq!(read(&broken, number, &nonce, now()), Err(AnswerRefused::NoStatus));
    assert_eq!(read(&mine, number, &nonce, now()), Err(AnswerRefused::Malformed));
    for place in 0..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 1;
        let taken = StatusAnswer::read(&changed, issuer, number, &nonce, now());
        let same = StatusAnswer::read(&good, issuer, number, &nonce, now());
        // Bytes around what is signed (a certificate that is not needed) may change; nothing said may.
        assert!(taken.is_err() || taken == same, "byte {place}");
    }
}

#[test]
fn large_serial_numbers_are_the_same_in_certificates_and_lists() {
    let other = Other::new();
    for serial in ["0xffeeddccbbaa99887766554433221100ffeeddcc", "0x80", "1"] {
        let made = other.person_with("/CN=taro", CLIENT, &format!("-set_serial {serial}"));
        let rule = vec![IdentityRule::always(Field::SerialNumber)];
        let verified = other.verify(&made, rule.clone()).unwrap();
        let wanted = serial.trim_start_matches("0x");
        let number = sekimori_pki::Serial::from_hex(wanted).unwrap();
        assert_eq!(verified.identity(), &Identity::Serial(number));
        other.revoke_last();
        let refused = other.verify(&made, rule);
        assert!(matches!(refused, Err(Refusal::Revoked { .. })), "{serial}: {refused:?}");
    }
}

#[test]
fn the_rule_of_the_day_of_issue_says_whom_a_certificate_names() {
    let other = Other::new();
    let der = other.person(
        "/C=JP/O=University/OU=Members/OU=s2410001/CN=Taro+SN=Yamada",
        &format!("{CLIENT}subjectAltName=email:taro@example.ac.jp,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:upn001@Example.AC.JP\n"),
    );
    let change = now();
    let rules = |issued_before: Timestamp| {
        let mail = Field::MailAddress;
        let before =
            IdentityRule { issued_from: None, issued_before: Some(issued_before), field: mail };
        let unit = Field::OrganizationalUnit(Which::Last);
        let after =
            IdentityRule { issued_from: Some(issued_before), issued_before: None, field: unit };
        vec![before, after]
    };
    let named = |rules| other.verify(&der, rules).map(|verified| verified.identity().clone());
    let by_mail = Identity::MailAddress("taro@example.ac.jp".to_owned());
    assert_eq!(named(rules(change.plus_seconds(DAY))), Ok(by_mail));
    let by_unit = Identity::Account("s2410001".to_owned());
    assert_eq!(named(rules(change.plus_seconds(-DAY))), Ok(by_unit));
    let mut past = rules(change.plus_seconds(-DAY));
    past.truncate(1);
    assert_eq!(named(past), Err(Refusal::NoIdentity(NoIdentity::NoRule)));

    let account = |name: &str| Ok(Identity::Account(name.to_owned()));
    let none = |why| Err(Refusal::NoIdentity(why));
    let realm = |realm: &str| Field::PrincipalName { realm: realm.to_owned() };
    let domain = |domain: &str| Field::MailAccount { domain: domain.to_owned() };
    let cases = [
        (Field::CommonName, account("Taro")),
        (Field::OrganizationalUnit(Which::First), account("Members")),
        (Field::OrganizationalUnit(Which::Only), none(NoIdentity::Several)),
        (realm("example.ac.jp"), account("upn001")),
        (realm("ac.jp"), none(NoIdentity::Elsewhere)),
        (domain("example.ac.jp"), account("taro")),
        (domain("example.com"), none(NoIdentity::Elsewhere)),
    ];
    for (field, wanted) in cases {
        assert_eq!(other.verify_by(&der, field.clone()), wanted, "{field:?}");
    }
}

#[test]
fn a_name_that_is_absent_doubled_or_deceiving_names_nobody() {
    let other = Other::new();
    let domain = || Field::MailAccount { domain: "example.ac.jp".to_owned() };
    let realm = || Field::PrincipalName { realm: "example.ac.jp".to_owned() };
    let upn = "otherName:1.3.6.1.4.1.311.20.2.3;";
    let cases = [
        ("/O=University", String::new(), Field::CommonName, NoIdentity::Absent),
        ("/CN=taro/CN=hanako", String::new(), Field::CommonName, NoIdentity::Several),
        ("/CN=x", String::new(), domain(), NoIdentity::Absent),
        ("/CN=x", String::new(), realm(), NoIdentity::Absent),
        (
            "/CN=x",
            "subjectAltName=email:a@example.ac.jp,email:b@example.ac.jp\n".to_owned(),
            domain(),
            NoIdentity::Several,
        ),
        (
            "/CN=x",
            "subjectAltName=email:admin@evil.example@example.ac.jp\n".to_owned(),
            domain(),
            NoIdentity::Unreadable,
        ),
        (
            "/CN=x",
            "subjectAltName=email:nobody\n".to_owned(),
            Field::MailAddress,
            NoIdentity::Unreadable,
        ),
        (
            "/CN=x",
            format!("subjectAltName={upn}UTF8:@example.ac.jp\n"),
            realm(),
            NoIdentity::Unreadable,
        ),
        ("/CN=x", format!("subjectAltName={upn}INTEGER:5\n"), realm(), NoIdentity::Unreadable),
        ("/emailAddress=taro@example.ac.jp/CN=x", String::new(), domain(), NoIdentity::Absent),
    ];
    for (subject, extensions, field, wanted) in cases {
        let der = other.person(subject, &format!("{CLIENT}{extensions}"));
        let refused = other.verify_by(&der, field);
        assert_eq!(refused, Err(Refusal::NoIdentity(wanted)), "{subject} {extensions}");
    }
}

#[test]
fn an_issuer_that_is_over_or_breaks_its_own_constraints_vouches_for_nobody() {
    let other = Other::new();
    let der = other.person_with("/CN=taro", CLIENT, "-days 6500");
    let trust = other.trust(vec![IdentityRule::always(Field::CommonName)]);
    let none = RevocationLists::default();
    let over = trust.verify(&der, now().plus_seconds(5100 * DAY), &none);
    assert_eq!(over, Err(Refusal::IssuerNotValid));

    // Below an authority that may not have others below it.
    other.bench.openssl(
        "req -new -newkey rsa:2048 -nodes -subj /CN=Deeper -keyout deep.key -out deep.csr",
    );
    other.bench.openssl(
        "x509 -req -in deep.csr -CA ca.pem -CAkey ca.key -days 4000 -extfile ca.ext -out deep.pem",
    );
    let bench = &other.bench;
    let above = vec![bench.der("ca.pem"), bench.der("root.pem")];
    bench.openssl("x509 -in deep.pem -out ca.pem");
    bench.openssl("pkey -in deep.key -out ca.key");
    let der = other.person("/CN=taro", CLIENT);
    let settings = IssuerSettings {
        certificate: bench.der("ca.pem"),
        above,
        withdrawn_since: None,
        identities: vec![IdentityRule::always(Field::CommonName)],
    };
    let trust = Trust::new(vec![settings]).unwrap();
    assert_eq!(trust.verify(&der, now(), &none), Err(Refusal::Constraint));
}
