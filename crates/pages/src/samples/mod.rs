//! Every page filled with an example, in either language: for tests, for looking at
//! (`cargo run -p sekimori-pages --example samples -- FOLDER`), and for whoever fills them.

mod certificates;
mod check;
mod choices;
mod desk;
mod guide;
mod login;
mod mail;
mod portal;
mod rehearsal;

use sekimori_base::{Bilingual, FactorId, Language, SessionId, Timestamp};
use sekimori_directory::MailAddress;
use sekimori_directory::settings::{Help, Organisation};
use sekimori_login::{Details, Reason};

use crate::{
    DemoStrip, Failure, Form, Frame, Incident, LanguageLink, Page, PasskeyAsk, PasskeyPurpose,
    Place, PortalHead, PortalLinks,
};

#[cfg(test)]
pub(crate) use login::with_reason;

/// A page with what stands around it.
pub struct Sample {
    /// Its name: the variant, and what is special.
    pub name: &'static str,
    /// The page.
    pub page: Page,
    /// Whether it belongs to the portal, for somebody who is signed in.
    pub portal: bool,
}

/// One moment for all samples.
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_309_351);

/// Addresses of a portal.
pub const LINKS: PortalLinks = PortalLinks {
    overview: "/portal",
    password: "/portal/password",
    totp: "/portal/totp",
    passkey: "/portal/passkey",
    mail_code: "/portal/mail-code",
    recovery_codes: "/portal/recovery-codes",
    ticket: "/portal/ticket",
    remove_factor: "/portal/remove-factor",
    rename_factor: "/portal/rename-factor",
    lost: "/portal/lost",
    preferences: "/portal/preferences",
    certificates: "/portal/certificates",
    rehearsal: "/portal/rehearsal",
    consents: "/portal/consents",
    sign_out: "/sign-out",
};

/// An example organisation.
pub fn organisation() -> Organisation {
    Organisation {
        name: Bilingual::new("Hokuriku Institute", "北陸先端大学"),
        accent: "#0017c1".to_owned(),
        help: Help {
            name: Some(Bilingual::new("the IT help desk", "情報センター窓口")),
            mail: MailAddress::parse("help@example.ac.jp").ok(),
            telephone: Some("+81 761 00 0000".to_owned()),
            url: None,
        },
    }
}

/// All samples in `language`.
pub fn samples(language: Language) -> Vec<Sample> {
    let mut all = login::samples(language);
    all.extend(guide::samples());
    all.extend(check::samples(language));
    all.extend(mail::samples(language));
    all.extend(portal::samples(language));
    all.extend(desk::samples(language));
    all
}

/// The frame of a sample.
pub fn frame<'a>(
    sample: &Sample,
    language: Language,
    organisation: &'a Organisation,
    links: &'a PortalLinks,
) -> Frame<'a> {
    let others = Language::ALL.into_iter().filter(|other| *other != language);
    let person = Bilingual::new("Hanako Yamada", "山田 花子");
    Frame {
        language,
        organisation,
        time_zone: "Asia/Tokyo",
        now: NOW,
        languages: others
            .map(|other| LanguageLink {
                language: other,
                href: format!("/page?request=abc&lang={}", other.tag()),
            })
            .collect(),
        troubleshoot_href: "/trouble",
        check_href: "/check",
        portal: sample.portal.then(|| PortalHead {
            person: person.text(language).to_owned(),
            links,
            ends_in_seconds: 3600,
            use_adds_seconds: Some(3600),
        }),
        demo: sample.name.starts_with("demo").then(|| DemoStrip {
            network: Some("eduroam".to_owned()),
            networks_href: "/demo/networks",
            mails_href: "/demo/mails",
            codes_href: "/demo/codes",
        }),
    }
}

fn text(language: Language, en: &str, ja: &str) -> String {
    Bilingual::new(en, ja).text(language).to_owned()
}

fn form(action: &str) -> Form {
    Form::new(action, vec![("request", "c2VhbGVk".to_owned())])
}

fn attempt(action: &str) -> Form {
    let id = "att_00000000000000000000000001".to_owned();
    Form::new(action, vec![("attempt", id), ("version", "2".to_owned())])
}

/// What a page asks a passkey for.
fn passkey(purpose: PasskeyPurpose) -> PasskeyAsk {
    PasskeyAsk {
        challenge: "c2VhbGVk".to_owned(),
        options: "{\"challenge\":\"AAAA\",\"rpId\":\"login.example.ac.jp\"}".to_owned(),
        purpose,
        unknown: false,
    }
}

fn failure(reason: Reason, details: Details) -> Failure {
    Failure {
        reason,
        details,
        hints: Vec::new(),
        incident: Incident { code: Some("7K3M-9QTX-4".to_owned()), at: NOW },
    }
}

fn verified() -> Details {
    Details { verified: true, ..Details::default() }
}

fn campus(language: Language) -> Place {
    Place {
        title: Some(text(language, "wired network", "有線LAN")),
        explanation: Some(text(
            language,
            "Sockets in offices and laboratories belong to the campus network.",
            "居室や研究室の情報コンセントは学内ネットワークです。",
        )),
        inside: true,
        password_suffices: true,
        relay: None,
        unknown: false,
        moved_from: None,
    }
}

fn eduroam(language: Language) -> Place {
    Place {
        title: Some("eduroam".to_owned()),
        explanation: Some(text(
            language,
            "eduroam is open to guests of other institutions, so it counts as outside, on campus as well.",
            "eduroamは他機関の方も利用するため、学内で接続していても学外として扱います。",
        )),
        inside: false,
        password_suffices: false,
        relay: None,
        unknown: false,
        moved_from: None,
    }
}

const fn factor_id(byte: u8) -> FactorId {
    FactorId::from_bytes([byte; 16])
}

const fn session_id(byte: u8) -> SessionId {
    SessionId::from_bytes([byte; 16])
}
