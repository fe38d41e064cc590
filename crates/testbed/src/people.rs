//! The people that the tests know. Names say what is the matter with the account.

use sekimori_base::{Bilingual, Language, PersonId, Secret, Timestamp};
use sekimori_credential::recovery::RecoveryCode;
use sekimori_credential::totp::{self, TotpSecret};
use sekimori_directory::{Binding, Group, MailAddress, Method, Person, PersonState, Username};
use sekimori_login::FactorState;

/// Somebody, with all that they know and have.
pub struct Someone {
    /// What they type.
    pub username: String,
    /// What they know.
    pub password: String,
    /// Their authenticator app, if they have one.
    pub app: Option<App>,
    /// Their recovery codes as printed.
    pub recovery_codes: Vec<String>,
    /// Who they are.
    pub id: PersonId,
}

/// An authenticator app.
pub struct App {
    secret: Vec<u8>,
}

impl App {
    /// The app that somebody sets up with a key from a page.
    pub fn from_base32(text: &str) -> Self {
        app(&TotpSecret::from_base32(text).expect("pages show keys in base 32"))
    }

    /// What it shows at this moment.
    pub fn code(&self, now: Timestamp) -> String {
        self.code_of_step(totp::step_at(now))
    }

    /// What it shows in this step of 30 seconds.
    pub fn code_of_step(&self, step: u64) -> String {
        let secret = TotpSecret::from_bytes(Secret::new(self.secret.clone()));
        secret.expect("the testbed's secrets are long enough").code(step).digits()
    }
}

/// How an account of the seed is made.
pub(crate) struct Seed {
    pub name: &'static str,
    pub state: Standing,
    pub groups: &'static [&'static str],
    pub factors: &'static [(Method, Binding, FactorState)],
    /// Had a factor and lost it.
    pub lost_factor: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Standing {
    Active,
    Disabled,
    Held,
    NotYet,
    Ended,
}

const fn plain(name: &'static str) -> Seed {
    Seed { name, state: Standing::Active, groups: &[], factors: &[], lost_factor: false }
}

const TICKET_APP: (Method, Binding, FactorState) =
    (Method::Totp, Binding::Ticket, FactorState::Ready);
const LETTER_CODES: (Method, Binding, FactorState) =
    (Method::RecoveryCode, Binding::Letter, FactorState::Ready);

const TICKET_MAIL: (Method, Binding, FactorState) =
    (Method::MailCode, Binding::Ticket, FactorState::Ready);

/// All people of each tenant. `mei` registered her app with the password, inside; `sora`'s app is suspended;
/// `umi` never finished; `nobu` lost his. `aoi` and `ren` have codes sent by mail, to `…@post.example`.
pub(crate) const PEOPLE: [Seed; 18] = [
    plain("hana"),
    Seed { groups: &["staff"], factors: &[TICKET_APP], ..plain("taro") },
    Seed { factors: &[LETTER_CODES], ..plain("yuki") },
    Seed { factors: &[TICKET_APP, LETTER_CODES], ..plain("kenji") },
    Seed {
        factors: &[(Method::Totp, Binding::InsideWithPassword, FactorState::Ready)],
        ..plain("mei")
    },
    Seed { state: Standing::Disabled, factors: &[TICKET_APP], ..plain("daiki") },
    Seed { state: Standing::NotYet, ..plain("nao") },
    Seed { state: Standing::Ended, ..plain("emi") },
    Seed { state: Standing::Held, factors: &[TICKET_APP], ..plain("haru") },
    Seed { factors: &[(Method::Totp, Binding::Ticket, FactorState::Suspended)], ..plain("sora") },
    Seed { factors: &[(Method::Totp, Binding::Ticket, FactorState::Unfinished)], ..plain("umi") },
    Seed { lost_factor: true, ..plain("nobu") },
    Seed { groups: &["staff"], ..plain("rika") },
    plain("abc123"),
    plain("admin"),
    Seed { factors: &[TICKET_APP], ..plain("kaori") },
    Seed { factors: &[TICKET_MAIL], ..plain("aoi") },
    Seed { factors: &[TICKET_APP, TICKET_MAIL], ..plain("ren") },
];

impl Seed {
    pub fn password(&self) -> String {
        format!("{} knows a long sentence", self.name)
    }

    pub fn person(&self, id: PersonId, now: Timestamp) -> Person {
        let day = 24 * 3600;
        let state = match self.state {
            Standing::Active => PersonState::ACTIVE,
            Standing::Disabled => PersonState::Disabled { since: now.plus_seconds(-day) },
            Standing::Held => PersonState::Held { since: now.plus_seconds(-day) },
            Standing::NotYet => {
                PersonState::Active { from: Some(now.plus_seconds(30 * day)), until: None }
            }
            Standing::Ended => {
                PersonState::Active { from: None, until: Some(now.plus_seconds(-day)) }
            }
        };
        Person {
            id,
            username: Username::parse(self.name).expect("names of the seed are user names"),
            name: Bilingual::new(format!("{} Example", self.name), format!("見本 {}", self.name)),
            mail: MailAddress::parse(&format!("{}@example.ac.jp", self.name)).ok(),
            affiliations: std::collections::BTreeSet::new(),
            groups: self
                .groups
                .iter()
                .map(|group| Group::parse(group).expect("groups of the seed are groups"))
                .collect(),
            administrator: self.name == "admin",
            state,
            language: Language::English,
            updated_at: now,
        }
    }
}

/// A fresh set of recovery codes, as printed.
pub(crate) fn printed(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(|code| code.text().expose().clone()).collect()
}

/// An app with this secret.
pub(crate) fn app(secret: &TotpSecret) -> App {
    App { secret: secret.bytes().expose().clone() }
}
