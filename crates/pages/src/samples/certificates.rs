//! Samples of client certificates in the portal.

use sekimori_base::Language;

use super::portal::{form, sample};
use super::{NOW, Sample, text};
use crate::portal::{
    CertificateFile, CertificateNote, CertificateRow, Certificates, CertifyKey, IssueCertificate,
    Obtainable, RenewedCertificate, RenewedFate, RequestFlaw, RevokeCertificate,
};

const DAY: i64 = 86_400;

pub(super) fn samples(language: Language) -> Vec<Sample> {
    let mut all = lists(language);
    all.extend(asking(language));
    all.extend(having(language));
    all
}

fn laptop(language: Language) -> CertificateRow {
    CertificateRow {
        revoke_href: Some("/portal/certificates/revoke/4711".to_owned()),
        renew_href: Some("/portal/certificates/renew/4711".to_owned()),
        document_href: Some("/portal/certificates/pem/4711".to_owned()),
        serial: "5c:1f:0a:99:3e:77:b0:12:4d:e8:66:01:fa:2c:90:ab:47".to_owned(),
        serial_decimal: "31347297430124938862054387610412938471239".to_owned(),
        name: text(language, "Work laptop", "研究室のノートPC"),
        issued_at: NOW.plus_seconds(-DAY * 12),
        by_owner: true,
        expires_at: NOW.plus_seconds(DAY * 748),
        revoked_at: None,
        good: true,
    }
}

fn lists(language: Language) -> Vec<Sample> {
    let revoked = CertificateRow {
        revoke_href: None,
        renew_href: None,
        document_href: None,
        name: text(language, "Certificate", "証明書"),
        issued_at: NOW.plus_seconds(-DAY * 300),
        by_owner: false,
        expires_at: NOW.plus_seconds(DAY * 460),
        revoked_at: Some(NOW.plus_seconds(-DAY)),
        good: false,
        ..laptop(language)
    };
    let expired = CertificateRow { revoked_at: None, by_owner: true, ..revoked.clone() };
    let list = |note, certificates, obtainable| Certificates {
        note: Some(note),
        certificates,
        signs_in: true,
        obtainable,
        good_max: 3,
        new_href: "/portal/certificates/new".to_owned(),
        request_href: "/portal/certificates/request".to_owned(),
    };
    let all = vec![laptop(language), revoked, expired];
    let (one, none) = (|| vec![laptop(language)], Vec::new());
    let certified = list(CertificateNote::Certified, one(), Obtainable::Yes);
    vec![
        sample("certificates", list(CertificateNote::Revoked, all, Obtainable::Yes)),
        sample("certificates-none", list(CertificateNote::Failed, none, Obtainable::No)),
        sample("certificates-full", list(CertificateNote::Saved, one(), Obtainable::Full)),
        sample("certificates-certified", certified),
    ]
}

fn asking(language: Language) -> Vec<Sample> {
    let issue = IssueCertificate {
        form: form("/portal/certificates/new"),
        months: 25,
        renewed: None,
        request_href: "/portal/certificates/request".to_owned(),
    };
    let renew = |fate| IssueCertificate {
        form: form("/portal/certificates/renew/4711"),
        renewed: Some(RenewedCertificate {
            label: text(language, "Work laptop", "研究室のノートPC"),
            expires_at: NOW.plus_seconds(DAY * 30),
            fate,
        }),
        ..issue.clone()
    };
    let certify =
        |flaw| CertifyKey { form: form("/portal/certificates/request"), months: 25, flaw };
    vec![
        sample("certificate-issue", issue.clone()),
        sample("certificate-renew", renew(RenewedFate::Stays)),
        sample("certificate-renew-full", renew(RenewedFate::Replaced)),
        sample("certify-key", certify(None)),
        sample("certify-key-refused", certify(Some(RequestFlaw::PrivateKey))),
    ]
}

fn having(language: Language) -> Vec<Sample> {
    let file = CertificateFile {
        form: form("/portal/certificates/issued/4711"),
        pin: "k7m2-9qtx-4b2w-8zed-h5rn".to_owned(),
        file_href: "/portal/certificates/issued/4711/file".to_owned(),
        file_name: "s2310123.p12".to_owned(),
        expires_at: NOW.plus_seconds(DAY * 760),
    };
    let revoke = RevokeCertificate {
        form: form("/portal/certificates/revoke/4711"),
        certificate: laptop(language),
    };
    vec![sample("certificate-file", file), sample("certificate-revoke", revoke)]
}
