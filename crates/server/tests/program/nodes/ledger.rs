//! What one person was told, kept on their side: everything that the server acknowledged, so that it can be
//! asked for again after the server was killed.
//!
//! Only one thing is under way at a time. What was under way when the server died may have happened or not; all
//! else must be as it was said to be.

use std::io;

use super::client::{Asked, Browser, CAMPUS, HOME, Page, Tokens, refresh};
use super::place::{At, PASSWORD, SERVICES, below, code_now};

/// Browsers that are remembered, signed in or out.
const BROWSERS_MAX: usize = 3;

/// Something of which it is known how it stands, or that one of two ways it stands.
#[derive(Debug, Clone)]
enum Known<T> {
    Is(T),
    /// As before, or as the change that was under way would have it.
    Either(T, T),
}

/// A sign-in at a service and what came of it.
struct Family {
    asked: Asked,
    code: String,
    /// Tokens that were traded for the next.
    spent: Vec<String>,
    /// `None`: a trade was under way.
    newest: Option<Tokens>,
}

/// Counts of what was acknowledged.
#[derive(Debug, Default, Clone, Copy)]
pub struct Acknowledged {
    pub sign_ins: usize,
    pub refreshes: usize,
    pub passwords: usize,
    pub sheets: usize,
    pub recovery_codes: usize,
    pub sign_outs: usize,
}

/// One person's ledger.
pub struct Ledger {
    name: String,
    password: Known<String>,
    /// The last password before this one, until it was seen to be refused.
    former: Option<String>,
    /// Codes of the sheet, and how many of them are spent.
    sheet: Option<Known<(Vec<String>, usize)>>,
    standing: Vec<Browser>,
    ended: Vec<Browser>,
    families: Vec<Family>,
    turn: usize,
    /// How much was acknowledged.
    pub acknowledged: Acknowledged,
}

impl Ledger {
    /// Somebody with the first password and nothing else.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: Known::Is(PASSWORD.to_owned()),
            former: None,
            sheet: None,
            standing: Vec::new(),
            ended: Vec::new(),
            families: Vec::new(),
            turn: 0,
            acknowledged: Acknowledged::default(),
        }
    }

    fn password(&self) -> &str {
        match &self.password {
            Known::Is(password) | Known::Either(password, _) => password,
        }
    }

    /// Register an app inside, and keep the sheet of recovery codes that comes with it.
    pub fn register(&mut self, at: &At) -> io::Result<()> {
        let mut browser = self.inside(at)?;
        let page = browser.open("/portal/totp")?;
        let secret = page.app_secret().ok_or_else(|| page.unexpected("offers no app"))?;
        let code = code_now(&secret);
        let sheet = browser.submit(&page, &[("code", &code)])?;
        self.take_sheet(&mut browser, &sheet)
    }

    /// Save the sheet on the page.
    fn take_sheet(&mut self, browser: &mut Browser, page: &Page) -> io::Result<()> {
        let codes = page.recovery_codes();
        if codes.len() != 10 {
            return Err(page.unexpected("no sheet of codes"));
        }
        if let Some(Known::Is(former)) = self.sheet.take() {
            self.sheet = Some(Known::Either(former, (codes.clone(), 0)));
        }
        let after = browser.submit(page, &[])?;
        if after.path() != "/portal" {
            return Err(after.unexpected("the sheet was not saved"));
        }
        self.sheet = Some(Known::Is((codes, 0)));
        self.acknowledged.sheets += 1;
        Ok(())
    }

    /// Open a path and sign in. Who was killed in the middle of a password check left a guess reserved: it
    /// expires half a minute later, and the desk can end it at once.
    fn enter(
        &self,
        at: &At,
        browser: &mut Browser,
        path: &str,
        password: &str,
    ) -> io::Result<Page> {
        let page = browser.open(path)?;
        let page = browser.sign_in(&page, &self.name, password)?;
        if page.reason() != "throttle.busy" {
            return Ok(page);
        }
        at.unlock(&self.name);
        let page = browser.open(path)?;
        browser.sign_in(&page, &self.name, password)
    }

    /// A browser on campus that is signed in to the portal.
    fn inside(&mut self, at: &At) -> io::Result<Browser> {
        let mut browser = at.browser(CAMPUS);
        let page = self.enter(at, &mut browser, "/portal", self.password())?;
        if page.path() != "/portal" {
            return Err(page.unexpected("not signed in"));
        }
        self.acknowledged.sign_ins += 1;
        Ok(browser)
    }

    /// Do one thing after the other until the server is gone. An error that is not its end is returned.
    pub fn live(&mut self, at: &At) -> io::Result<()> {
        loop {
            self.turn += 1;
            let done = match below(8) {
                0 | 1 => self.sign_in(at),
                2..=4 => self.refresh(at),
                5 => self.sign_out(at),
                6 if self.sheet.is_some() => self.new_sheet(at),
                7 if self.runs_low() => self.new_sheet(at),
                6 => self.change_password(at),
                _ if self.sheet.is_some() => self.spend_recovery_code(at).map(drop),
                _ => self.sign_in(at),
            };
            match done {
                Ok(()) => {}
                Err(error) if is_the_end(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn sign_in(&mut self, at: &At) -> io::Result<()> {
        let asked = Asked::by(&format!("s{}", self.turn % SERVICES));
        let mut browser = at.browser(CAMPUS);
        let page = self.enter(at, &mut browser, &asked.path, self.password())?;
        let code = page.parameter("code").ok_or_else(|| page.unexpected("no code"))?;
        self.acknowledged.sign_ins += 1;
        keep(&mut self.standing, browser.clone());
        let tokens = asked.redeem(&mut browser, &code)?.map_err(refused("a fresh code"))?;
        self.families.push(Family { asked, code, spent: Vec::new(), newest: Some(tokens) });
        Ok(())
    }

    fn refresh(&mut self, at: &At) -> io::Result<()> {
        let Some(family) = self.families.last_mut() else { return self.sign_in(at) };
        let Some(newest) = family.newest.take() else { return self.sign_in(at) };
        let mut via = at.browser(HOME);
        let next = refresh(&mut via, family.asked.service(), &newest.refresh)?;
        family.newest = Some(next.map_err(refused("the newest token"))?);
        family.spent.push(newest.refresh);
        self.acknowledged.refreshes += 1;
        Ok(())
    }

    fn sign_out(&mut self, at: &At) -> io::Result<()> {
        if self.standing.is_empty() {
            return self.sign_in(at);
        }
        let mut browser = self.standing.remove(0);
        let before = browser.clone();
        let page = browser.open("/portal/sign-out")?;
        // What the services got with that session ends with it.
        self.families.clear();
        let page = browser.submit(&page, &[])?;
        if page.path() != "/signed-out" {
            return Err(page.unexpected("not signed out"));
        }
        keep(&mut self.ended, before);
        self.acknowledged.sign_outs += 1;
        Ok(())
    }

    fn change_password(&mut self, at: &At) -> io::Result<()> {
        let mut browser = self.inside(at)?;
        let page = browser.open("/portal/password")?;
        let new = format!("{} bridges in the morning {}", below(1_000_000), self.turn);
        let old = self.password().to_owned();
        self.password = Known::Either(old.clone(), new.clone());
        // The change ends all other browsers, and what services got with them.
        let others = std::mem::take(&mut self.standing);
        self.families.clear();
        let page = browser.submit(&page, &[("new_password", &new)])?;
        if page.path() != "/portal" {
            return Err(page.unexpected("the password was not changed"));
        }
        self.password = Known::Is(new);
        self.former = Some(old);
        self.standing = vec![browser];
        for browser in others {
            keep(&mut self.ended, browser);
        }
        self.acknowledged.passwords += 1;
        Ok(())
    }

    /// Come from home with the password and the next code of the sheet.
    fn spend_recovery_code(&mut self, at: &At) -> io::Result<Browser> {
        let Some(Known::Is((codes, spent))) = self.sheet.clone() else {
            return Err(io::Error::other("no sheet that is known"));
        };
        let mut browser = self.inside(at)?;
        browser.from = HOME;
        let page = browser.open("/portal")?;
        let page = browser.press(&page, "method", "recovery_code")?;
        let next = (codes.clone(), spent + 1);
        self.sheet = Some(Known::Either((codes.clone(), spent), next.clone()));
        let page = browser.submit(&page, &[("code", &codes[spent])])?;
        if page.path() != "/portal" {
            return Err(page.unexpected("a code that was not spent is refused"));
        }
        self.sheet = Some(Known::Is(next));
        self.acknowledged.recovery_codes += 1;
        Ok(browser)
    }

    /// One code is left beside the one that a new sheet costs.
    fn runs_low(&self) -> bool {
        match &self.sheet {
            Some(Known::Is((codes, spent))) => spent + 2 >= codes.len(),
            Some(Known::Either(..)) | None => false,
        }
    }

    /// A new sheet of recovery codes: the former one is void, and with it the proof by one of its codes.
    fn new_sheet(&mut self, at: &At) -> io::Result<()> {
        let mut browser = self.spend_recovery_code(at)?;
        browser.from = CAMPUS;
        let page = browser.open("/portal/recovery-codes")?;
        self.take_sheet(&mut browser, &page)
    }

    /// Ask the server for everything that it acknowledged; gives what is not so any more.
    pub fn lost(&mut self, at: &At) -> io::Result<Vec<String>> {
        let mut lost = Vec::new();
        self.settle_password(at, &mut lost)?;
        let mut via = at.browser(HOME);
        for family in std::mem::take(&mut self.families) {
            let service = family.asked.service();
            if let Some(newest) = &family.newest
                && refresh(&mut via, service, &newest.refresh)?.is_err()
            {
                lost.push(format!("{}: a refresh token that was given", self.name));
            }
            if let Some(spent) = family.spent.last()
                && refresh(&mut via, service, spent)?.is_ok()
            {
                lost.push(format!("{}: a refresh token was spent", self.name));
            }
            if family.asked.redeem(&mut via, &family.code)?.is_ok() {
                lost.push(format!("{}: a code was redeemed", self.name));
            }
        }
        for (browsers, stands, what) in [
            (&mut self.standing, true, "a browser was signed in"),
            (&mut self.ended, false, "a browser was signed out"),
        ] {
            for browser in browsers {
                let mut tab = browser.clone();
                let page = tab.open("/portal")?;
                if (page.path() == "/portal") != stands {
                    lost.push(format!("{}: {what}: {}", self.name, page.unexpected("")));
                }
            }
        }
        if self.sheet.is_some() {
            self.settle_sheet(at, &mut lost)?;
        }
        Ok(lost)
    }

    fn tries(&self, at: &At, password: &str) -> io::Result<bool> {
        let page = self.enter(at, &mut at.browser(CAMPUS), "/portal", password)?;
        Ok(page.path() == "/portal")
    }

    fn settle_password(&mut self, at: &At, lost: &mut Vec<String>) -> io::Result<()> {
        if let Known::Either(old, new) = self.password.clone() {
            let changed = self.tries(at, &new)?;
            self.former = changed.then(|| old.clone());
            self.password = Known::Is(if changed { new } else { old });
        }
        if let Some(former) = self.former.take()
            && self.tries(at, &former)?
        {
            lost.push(format!("{}: the password was changed", self.name));
            self.password = Known::Is(former);
        } else if !self.tries(at, self.password())? {
            lost.push(format!("{}: the password", self.name));
        }
        Ok(())
    }

    fn settle_sheet(&mut self, at: &At, lost: &mut Vec<String>) -> io::Result<()> {
        let (former, present) = match self.sheet.clone() {
            Some(Known::Is(sheet)) => (None, sheet),
            Some(Known::Either(before, after)) => (Some(before), after),
            None => return Ok(()),
        };
        // A code that was acknowledged as spent is refused; then the next one is taken.
        let mut browser = at.browser(CAMPUS);
        self.enter(at, &mut browser, "/portal", self.password())?;
        browser.from = HOME;
        let page = browser.open("/portal")?;
        let mut page = browser.press(&page, "method", "recovery_code")?;
        if former.is_none() && present.1 > 0 {
            let after = browser.submit(&page, &[("code", &present.0[present.1 - 1])])?;
            if after.path() == "/portal" {
                lost.push(format!("{}: a recovery code was spent", self.name));
                return Ok(());
            }
            page = after;
        }
        let mut candidates = vec![present];
        candidates.extend(former);
        for (codes, spent) in candidates {
            page = browser.submit(&page, &[("code", &codes[spent])])?;
            if page.path() == "/portal" {
                self.sheet = Some(Known::Is((codes, spent + 1)));
                browser.from = CAMPUS;
                let page = browser.open("/portal/recovery-codes")?;
                return self.take_sheet(&mut browser, &page);
            }
        }
        lost.push(format!("{}: the sheet of recovery codes: {}", self.name, page.unexpected("")));
        Ok(())
    }
}

fn keep(browsers: &mut Vec<Browser>, browser: Browser) {
    browsers.push(browser);
    if browsers.len() > BROWSERS_MAX {
        browsers.remove(0);
    }
}

fn refused(what: &'static str) -> impl FnOnce(String) -> io::Error {
    move |error| io::Error::other(format!("{what} is refused: {error}"))
}

/// The server is gone: the connection broke, or none can be made.
fn is_the_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | BrokenPipe | UnexpectedEof)
}
