//! 200 parallel submits of one thing over two nodes on PostgreSQL: exactly one success.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::time::Duration;

use sekimori_testbed::{Authenticator, Manner};

use super::super::mail::MailServer;
use super::client::{Asked, Browser, CAMPUS, HOME, Page, Tokens, refresh};
use super::place::{Node, PASSWORD, Place, SERVICES, code_now, postgres};

const PARALLEL: usize = 200;
/// Where somebody has codes sent.
const MAILBOX: &str = "accept-mio@post.example";
/// Within this, a parallel refresh loses without harm (decision 11).
const GRACE: Duration = Duration::from_secs(10);

fn rounds() -> usize {
    if super::full() { 200 } else { 20 }
}

/// Who wins and what the others hear.
type Tally = BTreeMap<String, usize>;

struct Track {
    place: Place,
    nodes: [Node; 2],
    app: String,
    codes: Vec<String>,
    /// Somebody's passkey.
    device: Authenticator,
    /// Takes the mail.
    mails: MailServer,
    /// Signed in with the password, on campus; each a browser of its own.
    browsers: Vec<Browser>,
    /// Old refresh tokens, and the newest of their families.
    families: Vec<(String, String, Tokens)>,
}

/// Make each ready, then let all go at the same moment.
fn together<S: Send, P, T: Send>(
    starters: Vec<S>,
    make_ready: impl Fn(S) -> io::Result<P> + Sync,
    go: impl Fn(P) -> io::Result<T> + Sync,
) -> Vec<T> {
    let barrier = Barrier::new(starters.len());
    let run = |starter| {
        let ready = make_ready(starter);
        barrier.wait();
        ready.and_then(&go)
    };
    let run = &run;
    let ended: Vec<io::Result<T>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            starters.into_iter().map(|starter| scope.spawn(move || run(starter))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    ended.into_iter().collect::<io::Result<_>>().expect("both nodes answer")
}

/// Connect before it matters: a race is about what the server does.
fn connected(mut browser: Browser) -> io::Result<Browser> {
    browser.connect()?;
    Ok(browser)
}

fn inside(node: &Node, name: &str) -> (Browser, Page) {
    let mut browser = node.at.browser(CAMPUS);
    let page = browser.open("/portal").unwrap();
    let page = browser.sign_in(&page, name, PASSWORD).unwrap();
    assert_eq!(page.path(), "/portal", "{}", page.unexpected("not signed in"));
    (browser, page)
}

/// Somebody registers a passkey, on campus.
fn with_passkey(node: &Node, place: &Place, name: &str) -> Authenticator {
    let (mut browser, _) = inside(node, name);
    let page = browser.open("/portal/passkey").unwrap();
    let (device, answer) = Authenticator::make(&page.passkey(), &Manner::at(place.issuer()));
    let sheet = browser.submit(&page, &[("passkey", &answer)]).unwrap();
    assert_eq!(sheet.recovery_codes().len(), 10, "{}", sheet.unexpected("no sheet"));
    browser.submit(&sheet, &[]).unwrap();
    device
}

/// Somebody registers an address for codes by mail, on campus.
fn with_mailbox(node: &Node, mails: &MailServer, name: &str) {
    let (mut browser, _) = inside(node, name);
    let page = browser.open("/portal/mail-code").unwrap();
    let page = browser.submit(&page, &[("address", MAILBOX)]).unwrap();
    let page = browser.submit(&page, &[("code", &mails.code(MAILBOX, 1))]).unwrap();
    assert_eq!(page.path(), "/portal", "{}", page.unexpected("not registered"));
}

impl Track {
    fn prepare() -> Self {
        let people = ["taro", "hanako", "jiro", "rika", "mio"].map(str::to_owned);
        let mails = MailServer::start();
        let place = Place::with_mail(2, Some(&postgres()), &people, Some(mails.port));
        let nodes = [place.start(0), place.start(1)];
        let device = with_passkey(&nodes[1], &place, "rika");
        with_mailbox(&nodes[0], &mails, "mio");
        let (app, codes, browsers, families) = (String::new(), vec![], vec![], vec![]);
        let mut track = Self { place, nodes, app, codes, device, mails, browsers, families };
        let (mut browser, _) = track.inside("taro", 0);
        let page = browser.open("/portal/totp").unwrap();
        track.app = page.app_secret().expect("an app is offered");
        let sheet = browser.submit(&page, &[("code", &code_now(&track.app))]).unwrap();
        track.codes = sheet.recovery_codes();
        assert_eq!(track.codes.len(), 10, "{sheet:?}");
        browser.submit(&sheet, &[]).unwrap();
        // One after the other: two passwords for one name are not checked at the same time.
        track.browsers = (0..PARALLEL).map(|number| track.inside("taro", number).0).collect();
        track
    }

    /// A browser on campus that is signed in to the portal, at one of the nodes.
    fn inside(&self, name: &str, number: usize) -> (Browser, Page) {
        inside(&self.nodes[number % 2], name)
    }

    /// As if no code of an app or sheet had ever been used.
    fn forget_spent_codes(&self) {
        self.place.sql("UPDATE factor SET last_step = NULL, spent = 0; DELETE FROM burned_step");
    }

    fn address(&self, number: usize) -> SocketAddr {
        self.nodes[number % 2].at.address
    }

    /// All browsers go home, where a second proof is asked for, and send the same one.
    fn of_proofs(&mut self, method: &str, code: &str) -> Tally {
        let starters: Vec<_> = self.browsers.iter_mut().enumerate().collect();
        let nodes = [self.nodes[0].at.address, self.nodes[1].at.address];
        let pages = together(
            starters,
            |(number, browser)| {
                browser.from = HOME;
                let mut page = browser.open("/portal")?;
                if method == "recovery_code" {
                    page = browser.press(&page, "method", method)?;
                }
                if !page.asks("code") {
                    return Err(page.unexpected("asks for no code"));
                }
                // The page came from one node; the code goes to the other.
                browser.node = Some(nodes[(number + 1) % 2]);
                browser.connect()?;
                Ok((browser, page))
            },
            |(browser, page)| {
                let page = browser.submit(&page, &[("code", code)])?;
                browser.from = CAMPUS;
                Ok(page)
            },
        );
        let mut tally = Tally::new();
        for (number, page) in pages.iter().enumerate() {
            let won = page.path() == "/portal";
            let what = if won { "won".to_owned() } else { page.reason() };
            *tally.entry(what).or_default() += 1;
            if won {
                // Its session has two proofs now: the next race needs one with the password alone.
                self.browsers[number] = self.inside("taro", number).0;
            }
        }
        tally
    }

    fn proofs(&mut self, round: usize, method: &str) -> Tally {
        self.forget_spent_codes();
        let code = match method {
            "totp" => code_now(&self.app),
            _ => self.codes[round % 10].clone(),
        };
        let tally = self.of_proofs(method, &code);
        assert_eq!(tally.get("won"), Some(&1), "{tally:?}");
        // Nobody was told to wait: every loser got as far as the code, and heard that it was spent.
        let spent = ["mfa.code_raced", "mfa.code_reused", "mfa.recovery_spent"];
        let heard: usize = spent.iter().filter_map(|reason| tally.get(*reason)).sum();
        assert_eq!(heard, PARALLEL - 1, "{tally:?}");
        tally
    }

    /// One page, sent 200 times: all hear the one outcome. Then its code, redeemed 200 times.
    fn attempt_and_code(&mut self, round: usize) -> Tally {
        self.forget_spent_codes();
        let asked = Asked::by(&format!("s{}", round % SERVICES));
        let (mut browser, _) = self.inside("taro", round);
        browser.from = HOME;
        let page = browser.open(&asked.path).unwrap();
        assert!(page.asks("code"), "{}", page.unexpected("asks for no code"));
        let code = code_now(&self.app);
        let tabs = (0..PARALLEL)
            .map(|number| {
                let mut tab = browser.clone();
                tab.node = Some(self.address(number));
                tab
            })
            .collect();
        let answers = together(tabs, connected, |mut tab| {
            let page = tab.submit(&page, &[("code", &code)])?;
            page.parameter("code").ok_or_else(|| page.unexpected("no code for the service"))
        });
        let mut codes = Tally::new();
        for code in answers {
            *codes.entry(code).or_default() += 1;
        }
        assert_eq!(codes.len(), 1, "one submit counts, the others hear what came of it");
        self.code(&asked, codes.keys().next().unwrap())
    }

    /// One answer of a passkey, alone or after the password, sent 200 times to both nodes: one sign-in, of which its
    /// browser hears and no other.
    fn passkey(&mut self, round: usize) -> Tally {
        let asked = Asked::by(&format!("s{}", round % SERVICES));
        let mut browser = self.nodes[round % 2].at.browser(HOME);
        let mut page = browser.open(&asked.path).unwrap();
        if round % 2 == 1 {
            page = browser.sign_in(&page, "rika", PASSWORD).unwrap();
        }
        let answer = self.device.sign(&page.passkey(), &Manner::at(self.place.issuer()));
        let tabs = (0..PARALLEL).map(|number| {
            let own = number % 4 < 2;
            let mut tab = if own { browser.clone() } else { self.nodes[0].at.browser(HOME) };
            tab.node = Some(self.address(number));
            (own, tab)
        });
        let answers = together(
            tabs.collect(),
            |(own, tab)| Ok((own, connected(tab)?)),
            |(own, mut tab)| Ok((own, tab.submit(&page, &[("passkey", &answer)])?)),
        );
        let mut codes = Tally::new();
        for (own, page) in answers {
            match page.parameter("code") {
                Some(code) if own => *codes.entry(code).or_default() += 1,
                None if !own => {}
                _ => panic!("{}", page.unexpected(if own { "no code" } else { "a code" })),
            }
        }
        assert_eq!(codes.len(), 1, "one submit counts, the others hear what came of it");
        let alarms =
            self.place.sql("SELECT count(*) FROM audit_line WHERE line LIKE '%passkey.copied%'");
        assert_eq!(alarms, "0", "what is sent twice is no copy");
        self.code(&asked, codes.keys().next().unwrap())
    }

    /// One code by mail, sent 200 times to both nodes: half of them by the browser that asked for it, which hears of
    /// one sign-in; the others by browsers to which it opens nothing.
    fn mail_code(&mut self, round: usize) -> Tally {
        let asked = Asked::by(&format!("s{}", round % SERVICES));
        let mut browser = self.nodes[round % 2].at.browser(HOME);
        let page = browser.open(&asked.path).unwrap();
        let page = browser.sign_in(&page, "mio", PASSWORD).unwrap();
        let before = self.mails.mails(MAILBOX).len();
        let page = browser.submit(&page, &[]).unwrap();
        assert!(page.asks("code"), "{}", page.unexpected("asks for no code"));
        let code = self.mails.code(MAILBOX, before + 1);
        let tabs = (0..PARALLEL).map(|number| {
            let own = number % 4 < 2;
            let mut tab = if own { browser.clone() } else { self.nodes[0].at.browser(HOME) };
            tab.node = Some(self.address(number));
            (own, tab)
        });
        let answers = together(
            tabs.collect(),
            |(own, tab)| Ok((own, connected(tab)?)),
            |(own, mut tab)| Ok((own, tab.submit(&page, &[("code", &code)])?)),
        );
        let mut codes = Tally::new();
        for (own, page) in answers {
            match page.parameter("code") {
                Some(code) if own => *codes.entry(code).or_default() += 1,
                None if !own => {}
                _ => panic!("{}", page.unexpected(if own { "no code" } else { "a code" })),
            }
        }
        assert_eq!(codes.len(), 1, "one submit counts, the others hear what came of it");
        let used = "SELECT count(*) FROM mail_code WHERE purpose = 'sign_in' AND ended_at IS NULL";
        assert_eq!(self.place.sql(used), "0", "it is used");
        self.code(&asked, codes.keys().next().unwrap())
    }

    fn code(&self, asked: &Asked, code: &str) -> Tally {
        let (tally, won) = self.at_the_token_endpoint(|via| asked.redeem(via, code));
        // Of 199 later redemptions at least one came after the first: what it gave has ended.
        let mut via = self.nodes[0].at.browser(HOME);
        let (status, _) = via.program("/oidc/userinfo", &[], Some(&won.access)).unwrap();
        assert_eq!(status, 401, "a second redemption ends the access token");
        let next = refresh(&mut via, asked.service(), &won.refresh).unwrap();
        assert_eq!(next.unwrap_err(), "invalid_grant", "and the refresh token");
        tally
    }

    fn refresh(&mut self, round: usize) -> Tally {
        let asked = Asked::by(&format!("s{}", round % SERVICES));
        let mut browser = self.nodes[round % 2].at.browser(CAMPUS);
        let page = browser.open(&asked.path).unwrap();
        let page = browser.sign_in(&page, "hanako", PASSWORD).unwrap();
        let code =
            page.parameter("code").unwrap_or_else(|| panic!("{}", page.unexpected("no code")));
        let first = asked.redeem(&mut browser, &code).unwrap().unwrap();
        let (tally, won) =
            self.at_the_token_endpoint(|via| refresh(via, asked.service(), &first.refresh));
        // The losers did no harm: the family goes on, at the other node as well.
        let mut via = self.nodes[(round + 1) % 2].at.browser(HOME);
        let next = refresh(&mut via, asked.service(), &won.refresh).unwrap();
        let next = next.expect("the winner's family goes on");
        self.families.push((asked.service().to_owned(), first.refresh, next));
        tally
    }

    fn at_the_token_endpoint(
        &self,
        ask: impl Fn(&mut Browser) -> io::Result<Result<Tokens, String>> + Sync,
    ) -> (Tally, Tokens) {
        let programs =
            (0..PARALLEL).map(|number| self.nodes[number % 2].at.browser(HOME)).collect();
        let answers = together(programs, connected, |mut via| ask(&mut via));
        let mut tally = Tally::new();
        let mut winners = Vec::new();
        for answer in answers {
            let what = match answer {
                Ok(tokens) => {
                    winners.push(tokens);
                    "won".to_owned()
                }
                Err(error) => error,
            };
            *tally.entry(what).or_default() += 1;
        }
        let all = BTreeMap::from([("won".into(), 1), ("invalid_grant".into(), PARALLEL - 1)]);
        assert_eq!(tally, all);
        (tally, winners.remove(0))
    }

    /// One ticket, entered in 200 browsers that each register an app of their own.
    fn ticket(&self) -> Tally {
        let ticket = self.place.json(&["person", "code", "jiro"]);
        let ticket = ticket["ticket"].as_str().unwrap().to_owned();
        // One after the other: two guesses at one ticket are not checked at the same time.
        let starters = (0..PARALLEL)
            .map(|number| {
                let (mut browser, _) = self.inside("jiro", number);
                let page = browser.open("/portal/ticket").unwrap();
                let page = browser.submit(&page, &[("ticket", &ticket)]).unwrap();
                let secret = page.app_secret();
                let secret = secret.unwrap_or_else(|| panic!("{}", page.unexpected("no app")));
                (browser, page, secret)
            })
            .collect();
        let pages = together(starters, Ok, |(mut browser, page, secret)| {
            browser.submit(&page, &[("code", &code_now(&secret))])
        });
        let mut tally = Tally::new();
        for page in pages {
            let won = page.recovery_codes().len() == 10;
            let what =
                if won { "won".to_owned() } else { format!("{} {}", page.path(), page.reason()) };
            *tally.entry(what).or_default() += 1;
        }
        assert_eq!(tally.get("won"), Some(&1), "{tally:?}");
        let factors = self.place.sql(
            "SELECT count(*) FROM factor JOIN person ON person.id = factor.person_id \
             WHERE username = 'jiro' AND method = 'totp'",
        );
        assert_eq!(factors, "1");
        tally
    }

    /// Later than the grace a spent refresh token is a theft: its family ends.
    fn late_reuse(&self) {
        std::thread::sleep(GRACE + Duration::from_secs(1));
        let mut via = self.nodes[1].at.browser(HOME);
        for (service, spent, newest) in &self.families {
            for token in [spent, &newest.refresh] {
                let answer = refresh(&mut via, service, token).unwrap();
                assert_eq!(answer.unwrap_err(), "invalid_grant");
            }
            let (status, _) = via.program("/oidc/userinfo", &[], Some(&newest.access)).unwrap();
            assert_eq!(status, 401);
        }
    }
}

#[test]
#[ignore = "takes minutes and a PostgreSQL: ./test nodes"]
fn of_200_parallel_submits_over_two_nodes_exactly_one_succeeds() {
    let mut track = Track::prepare();
    let ticket = track.ticket();
    eprintln!("ticket: {ticket:?}");
    for round in 0..rounds() {
        let turn = round / 6;
        let (what, tally) = match round % 6 {
            0 => ("app code", track.proofs(turn, "totp")),
            1 => ("recovery code", track.proofs(turn, "recovery_code")),
            2 => ("attempt, then its code", track.attempt_and_code(turn)),
            3 => ("answer of a passkey, then its code", track.passkey(turn)),
            4 => ("code by mail, then its code", track.mail_code(turn)),
            _ => ("refresh token", track.refresh(turn)),
        };
        eprintln!("race {}, {what}: {tally:?}", round + 1);
    }
    track.late_reuse();
    let verified = track.place.command(&["audit", "verify"]);
    assert!(verified.contains("nothing is wrong"), "{verified}");
}
