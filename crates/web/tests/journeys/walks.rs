//! Random walks: short scripts of somebody who presses what they like, in any order, from any tab and network.
//! Whatever they do, no code leaves without the proofs that its zone and service ask for (R-MFA-ORDER).

use std::collections::BTreeSet;

use rusqlite::Connection;
use sekimori_testbed::{Browser, Network, Page, Place, Plan, Seeded, Service, SignIn, Testbed};

/// Steps of one script.
const STEPS: usize = 14;

/// What the script has really shown since it began, by the service's own account.
#[derive(Default)]
struct Shown {
    passwords: BTreeSet<&'static str>,
    codes: BTreeSet<&'static str>,
}

struct Walk<'a> {
    bed: &'a Testbed,
    chance: &'a Seeded,
    browser: Browser,
    network: Network,
    tabs: Vec<(Service, SignIn, Page)>,
    shown: Shown,
    script: Vec<String>,
    /// The database, where it fails now and then and clocks jump.
    ill: Option<&'a Connection>,
}

/// Tables that a sign-in writes to, and how.
const TABLES: [&str; 10] = [
    "attempt",
    "counter",
    "session",
    "code",
    "token_grant",
    "audit_line",
    "audit_facts",
    "factor",
    "burned_step",
    "outbox",
];
const EVENTS: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

const SERVICES: [(&str, bool); 4] =
    [("wiki", false), ("payroll", true), ("app", false), ("staffroom", false)];
const NAMES: [&str; 4] = ["hana", "taro", "kenji", "rika"];

impl Walk<'_> {
    fn pick<'b, T>(&self, from: &'b [T]) -> &'b T {
        &from[self.chance.below(from.len())]
    }

    /// A step, while something of the database may fail, or the clock has gone back for a while.
    async fn troubled(&mut self) {
        let Some(database) = self.ill.filter(|_| self.chance.below(2) == 0) else {
            return self.step().await;
        };
        if self.chance.below(2) == 0 {
            let back = *self.pick(&[2, 31, 400, 4000]);
            self.script.push(format!("{back} seconds back"));
            self.bed.wait(-back);
            self.step().await;
            self.bed.wait(back);
            return;
        }
        let (table, event) = (*self.pick(&TABLES), *self.pick(&EVENTS));
        self.script.push(format!("{event} on {table} fails"));
        let trouble = format!(
            "CREATE TRIGGER broken BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'ill'); END"
        );
        database.execute_batch(&trouble).unwrap();
        self.step().await;
        database.execute_batch("DROP TRIGGER broken").unwrap();
    }

    async fn step(&mut self) {
        match self.chance.below(10) {
            0 | 1 => self.begin().await,
            2 => self.move_on(),
            3 => self.reload().await,
            4 => self.duplicate(),
            _ => self.press().await,
        }
    }

    async fn begin(&mut self) {
        let (name, _) = *self.pick(&SERVICES);
        let service = self.bed.service(name);
        let prompt = *self.pick(&["", "login", "none"]);
        let sign_in = service.sign_in_with(&[("prompt", prompt)]);
        self.script.push(format!("begin {name} prompt={prompt}"));
        let page = self.browser.open(&sign_in.url).await;
        self.arrive(service, sign_in, page);
    }

    fn move_on(&mut self) {
        self.network = *self.pick(&Network::ALL);
        self.browser = self.browser.at(self.network);
        self.script.push(format!("move to {:?}", self.network));
    }

    async fn reload(&mut self) {
        if self.tabs.is_empty() {
            return;
        }
        let (service, sign_in, page) = self.pick(&self.tabs).clone();
        self.script.push(format!("reload {}", page.url.path()));
        let page = self.browser.open(page.url.as_str()).await;
        self.arrive(service, sign_in, page);
    }

    fn duplicate(&mut self) {
        if let Some(tab) = self.tabs.last().cloned() {
            self.script.push("duplicate".to_owned());
            self.tabs.push(tab);
        }
    }

    async fn press(&mut self) {
        if self.tabs.is_empty() {
            return;
        }
        let (service, sign_in, page) = self.pick(&self.tabs).clone();
        let forms = page.forms();
        let Some(form) = forms.first() else { return };
        let has = |name: &str| form.value(name).is_some();
        let who = *self.pick(&NAMES);
        let person = self.bed.person(who);
        let mut fields: Vec<(&str, String)> = Vec::new();
        if has("password") {
            let right = self.chance.below(4) > 0;
            let typed = form.value("username").unwrap_or_default();
            let typed = NAMES.iter().find(|name| **name == typed);
            let word = match typed {
                Some(name) if right => {
                    self.shown.passwords.insert(name);
                    self.bed.person(name).password.clone()
                }
                _ => "wrong".to_owned(),
            };
            fields.push(("password", word));
        } else if has("code") {
            let right = self.chance.below(3) > 0;
            let app = person.app.as_ref().filter(|_| right);
            let code = app.map_or_else(String::new, |app| app.code(self.bed.now()));
            if app.is_some() {
                self.shown.codes.insert(who);
            }
            fields.push(("code", code));
        } else if has("username") {
            let name = if self.chance.below(6) == 0 { String::new() } else { who.to_owned() };
            fields.push(("username", name));
        }
        let buttons: Vec<_> = forms.iter().flat_map(|form| form.buttons.clone()).collect();
        let other = buttons.iter().find(|(name, _)| name == "method").cloned();
        self.script.push(format!("press {:?} on {}", fields, page.url.path()));
        let page = match other {
            Some((name, value)) if self.chance.below(4) == 0 => {
                self.browser.press(&page, &name, &value).await
            }
            _ => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                self.browser.submit(&page, &fields).await
            }
        };
        let pauses: &[i64] = match self.ill {
            None => &[0, 2, 31, 400],
            Some(_) => &[0, 2, 31, 400, 4000],
        };
        self.bed.wait(*self.pick(pauses));
        self.arrive(service, sign_in, page);
    }

    /// A page arrived; if it is the service's, the code that it brings must have been earned.
    fn arrive(&mut self, service: Service, sign_in: SignIn, page: Page) {
        let sound = self.ill.is_some() || page.status != 500;
        assert!(sound, "{:#?}\n{}", self.script, page.shows());
        self.tabs.push((service, sign_in, page));
    }

    async fn check(&mut self) {
        let arrived: Vec<_> =
            self.tabs.iter().filter(|(_, _, page)| page.is_away()).cloned().collect();
        self.tabs.retain(|(_, _, page)| !page.is_away());
        for (service, sign_in, page) in arrived {
            let Some(code) = page.param("code") else { continue };
            let reply = service.redeem_code(&code, &sign_in.verifier).await;
            if reply.status != 200 {
                continue;
            }
            let tokens = service.tokens(&reply, Some(&sign_in.nonce)).await;
            let userinfo = service.userinfo(&tokens.access).await;
            let name = userinfo.text("preferred_username").unwrap_or_default().to_owned();
            let name = NAMES.into_iter().find(|known| *known == name);
            let name = name.unwrap_or_else(|| panic!("{:?} {:#?}", userinfo.json, self.script));
            let proofs = format!("{:#?}\n{:?}", self.script, tokens.claims);
            assert!(self.shown.passwords.contains(name), "no password of {name}: {proofs}");
            let two = SERVICES.iter().any(|(known, two)| *known == service.client_id && *two);
            if two || !self.network.password_suffices() {
                assert!(self.shown.codes.contains(name), "no code of {name}: {proofs}");
            }
            let otp = tokens.amr().contains(&"otp");
            assert_eq!(otp, tokens.claim("acr").ends_with("mfa"), "{proofs}");
            assert!(!otp || self.shown.codes.contains(name), "{proofs}");
        }
    }
}

async fn walk(bed: &Testbed, seed: u64, ill: Option<&Connection>) -> usize {
    let chance = Seeded::new(seed);
    let network = Network::ALL[chance.below(Network::ALL.len())];
    let mut walk = Walk {
        bed,
        browser: bed.browser(network),
        network,
        chance: &chance,
        tabs: Vec::new(),
        shown: Shown::default(),
        script: vec![format!("seed {seed} from {network:?}")],
        ill,
    };
    walk.begin().await;
    let mut codes = 0;
    for _ in 0..STEPS {
        walk.troubled().await;
        codes += walk.tabs.iter().filter(|(_, _, page)| page.is_away()).count();
        walk.check().await;
    }
    codes
}

#[tokio::test]
async fn no_walk_through_the_forms_yields_a_code_without_its_proofs() {
    let bed = Testbed::start().await;
    let mut arrived = 0;
    for seed in 0..200 {
        arrived += walk(&bed, seed, None).await;
        // A day: no wait of the last walk stands in the next one's way.
        bed.wait(25 * 3600);
    }
    assert!(arrived > 100, "walks that never arrive prove nothing: {arrived}");
}

#[tokio::test]
async fn no_walk_yields_more_while_the_database_fails_and_clocks_jump() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sekimori.db");
    let place = Place::Sqlite { path: path.clone() };
    let bed = Testbed::with(Plan { place, ..Plan::default() }).await;
    let database = Connection::open(&path).unwrap();
    let mut arrived = 0;
    for seed in 1000..1060 {
        arrived += walk(&bed, seed, Some(&database)).await;
        bed.wait(25 * 3600);
    }
    assert!(arrived > 15, "walks that never arrive prove nothing: {arrived}");
    // And everything goes on when nothing fails any more.
    let begun = crate::common::again(bed, "wiki", Network::Campus, &[]).await;
    let page = begun.password("hana").await;
    begun.tokens(&page).await;
}
