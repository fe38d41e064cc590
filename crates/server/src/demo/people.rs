//! The demo's people: who they are, what they know, what they hold. On paper only.

use std::path::Path;
use std::sync::Arc;

use sekimori_base::{Bilingual, Fault, Language, PersonId, Secret};
use sekimori_directory::{Affiliation, Binding, Group, MailAddress, PersonState, Username};
use sekimori_flow::admin::{AddError, By, NewPerson};
use sekimori_flow::{Flow, Tenant};
use sekimori_store::Urgency;
use serde::{Deserialize, Serialize};

use super::certificates::{self, HeldCertificate};
use super::passkeys::{self, HeldPasskey};
use crate::command::Failed;
use crate::files;

/// A person of the demo as they stand on paper.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OnPaper {
    /// What they type.
    pub username: String,
    /// What they know.
    pub password: String,
    /// What their authenticator app holds, in base 32.
    pub totp_secret: Option<String>,
    /// The certificate in a file of the folder, and what opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<HeldCertificate>,
    /// The passkey, with its private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<HeldPasskey>,
    /// `totp`, `no_factor`, `disabled`, `mail_code`, `certificate`, `passkey`, `administrator`.
    pub kind: String,
    /// Who they are.
    pub note: String,
}

struct Draft {
    username: &'static str,
    name: (&'static str, &'static str),
    password: &'static str,
    kind: &'static str,
    note: &'static str,
    affiliation: Affiliation,
    language: Language,
}

const DRAFTS: [Draft; 7] = [
    Draft {
        username: "hanako",
        name: ("Hanako Sato", "佐藤 花子"),
        password: "maple river lantern 42",
        kind: "totp",
        note: "student with an authenticator app: signs in from everywhere",
        affiliation: Affiliation::Student,
        language: Language::Japanese,
    },
    Draft {
        username: "taro",
        name: ("Taro Suzuki", "鈴木 太郎"),
        password: "quiet harbour window 17",
        kind: "no_factor",
        note: "student without any factor: signs in on campus, is told why not outside",
        affiliation: Affiliation::Student,
        language: Language::English,
    },
    Draft {
        username: "jiro",
        name: ("Jiro Tanaka", "田中 次郎"),
        password: "silver garden bridge 88",
        kind: "disabled",
        note: "former student whose account is switched off",
        affiliation: Affiliation::Alum,
        language: Language::English,
    },
    Draft {
        username: "mei",
        name: ("Mei Kobayashi", "小林 芽衣"),
        password: "gentle orchard signal 29",
        kind: "mail_code",
        note: "student with an address for codes by mail: the code is on the page of outgoing mail",
        affiliation: Affiliation::Student,
        language: Language::English,
    },
    Draft {
        username: "ken",
        name: ("Ken Ito", "伊藤 健"),
        password: "amber station compass 54",
        kind: "certificate",
        note: "student with a certificate: the file and what opens it are below",
        affiliation: Affiliation::Student,
        language: Language::English,
    },
    Draft {
        username: "yui",
        name: ("Yui Mori", "森 結衣"),
        password: "velvet compass thunder 36",
        kind: "passkey",
        note: "student with a passkey: demo --json has it, for a device that a browser pretends to have",
        affiliation: Affiliation::Student,
        language: Language::Japanese,
    },
    Draft {
        username: "admin",
        name: ("Aki Yamada", "山田 亜紀"),
        password: "winter copper meadow 63",
        kind: "administrator",
        note: "administrator with an authenticator app",
        affiliation: Affiliation::Staff,
        language: Language::English,
    },
];

/// The people of this folder: made if it is new, read from its paper otherwise.
pub async fn ensure(
    flow: &Flow,
    tenant: &Arc<Tenant>,
    folder: &Path,
) -> Result<Vec<OnPaper>, Failed> {
    let paper = folder.join("people.json");
    if let Ok(text) = files::read_text(&paper, 64 * 1024) {
        return serde_json::from_str(&text).map_err(Failed::at(paper.display()));
    }
    let mut people = Vec::new();
    for draft in DRAFTS {
        people.push(add(flow, tenant, &draft, folder).await?);
    }
    forget_mails(flow, tenant).await.map_err(Failed::at("emptying the outbox"))?;
    let text = serde_json::to_string_pretty(&people).map_err(Failed::at("writing the paper"))?;
    files::write_private(&paper, text.as_bytes()).map_err(Failed::at(paper.display()))?;
    Ok(people)
}

/// What the making of these people would tell them is no mail that anybody waits for.
async fn forget_mails(flow: &Flow, tenant: &Tenant) -> Result<(), Fault> {
    loop {
        let (store, now) = (&flow.store, flow.clock.now());
        let due = store.outbox_due(tenant.id, now, Urgency::Ordinary, 60, 100).await?;
        if due.is_empty() {
            return Ok(());
        }
        for message in due {
            flow.store.outbox_done(tenant.id, message.id, None).await?;
        }
    }
}

async fn add(
    flow: &Flow,
    tenant: &Arc<Tenant>,
    draft: &Draft,
    folder: &Path,
) -> Result<OnPaper, Failed> {
    let doing = "adding the demo's people";
    let by = By("demo".to_owned());
    let state = if draft.kind == "disabled" {
        PersonState::Disabled { since: flow.clock.now() }
    } else {
        PersonState::ACTIVE
    };
    let new = NewPerson {
        username: Username::parse(draft.username).map_err(Failed::at(doing))?,
        name: Bilingual::new(draft.name.0, draft.name.1),
        mail: MailAddress::parse(&format!("{}@mail.example", draft.username)).ok(),
        affiliations: [draft.affiliation].into(),
        groups: Group::parse("everybody").into_iter().collect(),
        administrator: draft.kind == "administrator",
        state,
        language: draft.language,
    };
    let password = Secret::new(draft.password.to_owned());
    let id = flow
        .add_person(tenant, new, Some(password), &by)
        .await
        .map_err(Failed::at::<AddError>(doing))?;
    let proofs = proofs(flow, tenant, draft, id, folder).await?;
    Ok(OnPaper {
        username: draft.username.to_owned(),
        password: draft.password.to_owned(),
        totp_secret: proofs.totp_secret,
        certificate: proofs.certificate,
        passkey: proofs.passkey,
        kind: draft.kind.to_owned(),
        note: draft.note.to_owned(),
    })
}

/// What somebody holds.
#[derive(Default)]
struct Proofs {
    totp_secret: Option<String>,
    certificate: Option<HeldCertificate>,
    passkey: Option<HeldPasskey>,
}

/// Hand out what somebody of this kind holds.
async fn proofs(
    flow: &Flow,
    tenant: &Arc<Tenant>,
    draft: &Draft,
    id: PersonId,
    folder: &Path,
) -> Result<Proofs, Failed> {
    let (doing, by) = ("adding the demo's people", By("demo".to_owned()));
    let mut proofs = Proofs::default();
    match draft.kind {
        "totp" | "administrator" => {
            let secret = flow.hand_out_totp(tenant, id, Binding::Letter, &by).await;
            let secret = secret.map_err(Failed::at(doing))?;
            proofs.totp_secret = Some(secret.base32_groups().expose().replace(' ', ""));
        }
        "mail_code" => {
            let address = MailAddress::parse(&format!("{}@post.example", draft.username));
            let address = address.map_err(Failed::at(doing))?;
            let handed = flow.hand_out_address(tenant, id, &address, Binding::Desk, &by).await;
            handed.map_err(Failed::at(doing))?;
        }
        "certificate" => {
            let held = certificates::hand_out(flow, tenant, id, draft.username, folder).await?;
            proofs.certificate = Some(held);
        }
        // A browser takes none for an address.
        "passkey" if tenant.relying_party.is_some() => {
            let stored = flow.store.person(tenant.id, flow.clock.now(), id).await;
            let stored = stored.map_err(Failed::at(doing))?;
            let stored = stored.ok_or_else(|| Failed::new("the demo's person is not there"))?;
            proofs.passkey = Some(passkeys::hand_out(flow, tenant, &stored.person, &by).await?);
        }
        _ => {}
    }
    Ok(proofs)
}
