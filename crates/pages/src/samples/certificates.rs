//! Samples of client certificates in the portal.

use sekimori_base::Language;

use super::portal::{form, sample};
use super::{NOW, Sample, text};
use crate::portal::{
    CertificateFile, CertificateNote, CertificateRow, Certificates, IssueCertificate, Obtainable,
    RevokeCertificate,
};

const DAY: i64 = 86_400;

pub(super) fn samples(language: Language) -> Vec<Sample> {
    let row = |name: String, days: i64| CertificateRow {
        revoke_href: Some("/portal/certificates/revoke/4711".to_owned()),
        serial: "5c:1f:0a:99:3e:77:b0:12:4d:e8:66:01:fa:2c:90:ab:47".to_owned(),
        serial_decimal: "31347297430124938862054387610412938471239".to_owned(),
        name,
        issued_at: NOW.plus_seconds(-DAY * days),
        by_owner: true,
        expires_at: NOW.plus_seconds(DAY * (760 - days)),
        revoked_at: None,
        good: true,
    };
    let laptop = || row(text(language, "Work laptop", "研究室のノートPC"), 12);
    let plain = text(language, "Certificate", "証明書");
    let revoked = CertificateRow {
        revoke_href: None,
        by_owner: false,
        revoked_at: Some(NOW.plus_seconds(-DAY)),
        good: false,
        ..row(plain.clone(), 300)
    };
    let expired = CertificateRow { revoked_at: None, by_owner: true, ..revoked.clone() };
    let list = |note, certificates, obtainable| Certificates {
        note,
        certificates,
        obtainable,
        good_max: 3,
        new_href: "/portal/certificates/new".to_owned(),
    };
    let all = vec![laptop(), revoked, expired];
    let note = Some(CertificateNote::Revoked);
    let file = CertificateFile {
        form: form("/portal/certificates/issued/4711"),
        pin: "k7m2-9qtx-4b2w-8zed-h5rn".to_owned(),
        file_href: "/portal/certificates/issued/4711/file".to_owned(),
        file_name: "s2310123.p12".to_owned(),
        expires_at: NOW.plus_seconds(DAY * 760),
    };
    let revoke =
        RevokeCertificate { form: form("/portal/certificates/revoke/4711"), certificate: laptop() };
    let issue = IssueCertificate { form: form("/portal/certificates/new"), months: 25 };
    let failed = Some(CertificateNote::Failed);
    let saved = Some(CertificateNote::Saved);
    vec![
        sample("certificates", list(note, all, Obtainable::Yes)),
        sample("certificates-none", list(failed, Vec::new(), Obtainable::No)),
        sample("certificates-full", list(saved, vec![laptop()], Obtainable::Full)),
        sample("certificate-issue", issue),
        sample("certificate-file", file),
        sample("certificate-revoke", revoke),
    ]
}
