//! Samples of what its owner decides about their proofs: which may be used, and which are lost.

use sekimori_base::Language;
use sekimori_directory::Method;
use sekimori_login::Reason;

use super::portal::{form, sample};
use super::{NOW, Sample, failure, text, verified};
use crate::portal::{
    ChoosePreferences, FactorRow, LockedOut, LostCertificate, PreferredKind, ReportLoss,
};

const DAY: i64 = 86_400;

pub(super) fn samples(language: Language, factors: &[FactorRow]) -> Vec<Sample> {
    let mut all = preferences(language);
    all.extend(lost(factors));
    all
}

fn lost(factors: &[FactorRow]) -> Vec<Sample> {
    let certificate = |name: &str, serial: &str| LostCertificate {
        serial: serial.to_owned(),
        name: name.to_owned(),
        issued_at: NOW.plus_seconds(-DAY * 20),
    };
    let page = ReportLoss {
        form: form("/portal/lost"),
        factors: factors.to_vec(),
        certificates: vec![
            certificate("Laptop", "4A:1B:2C:3D"),
            certificate("Phone", "5A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:0A"),
        ],
        other_sessions: 2,
        asks_proof: false,
    };
    let nothing = ReportLoss {
        factors: Vec::new(),
        certificates: Vec::new(),
        other_sessions: 0,
        ..page.clone()
    };
    let asking = ReportLoss { asks_proof: true, other_sessions: 1, ..page.clone() };
    vec![sample("lost", page), sample("lost-asks-proof", asking), sample("lost-nothing", nothing)]
}

fn preferences(language: Language) -> Vec<Sample> {
    let kinds = |off: &[Method]| {
        let kind = |method| PreferredKind { method, on: !off.contains(&method) };
        sekimori_directory::Preferences::CHOOSABLE.map(kind).to_vec()
    };
    let choose = |off: &[Method], first, refused| ChoosePreferences {
        form: form("/portal/preferences"),
        kinds: kinds(off),
        first,
        refused,
    };
    let refused = |for_level| LockedOut {
        failure: failure(Reason::PreferenceLocksOut, verified()),
        service: text(language, "Webmail", "ウェブメール"),
        place: text(language, "outside", "学外"),
        for_level,
    };
    let most = [Method::Passkey, Method::Totp, Method::Certificate];
    let none = ChoosePreferences { kinds: Vec::new(), ..choose(&[], None, None) };
    vec![
        sample("preferences", choose(&[Method::MailCode], Some(Method::Totp), None)),
        sample("preferences-refused", choose(&Method::ALL, None, Some(refused(false)))),
        sample("preferences-refused-level", choose(&most, None, Some(refused(true)))),
        sample("preferences-none", none),
    ]
}
