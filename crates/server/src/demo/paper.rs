//! What the demo prints when it is ready: one line of JSON for programs, or what to try for people.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::certificates::Sheet;
use super::people::OnPaper;
use super::site::{NATIVE_CLIENT, NETWORKS, SAMPLE_CLIENT};
use super::{codes, mails, networks};

/// Everything that one needs to try the demo.
pub struct Paper {
    /// The folder in which commands find the demo.
    pub folder: PathBuf,
    /// The issuer, which is where the pages are.
    pub issuer: String,
    /// Health and metrics.
    pub management: String,
    /// The sample service.
    pub sample_base: String,
    /// Its client secret.
    pub secret: String,
    /// The people.
    pub people: Vec<OnPaper>,
    /// Certificates, where there are hosts for them.
    pub certificates: Option<Sheet>,
}

impl Paper {
    /// Print it.
    pub fn print(&self, json: bool) {
        use std::io::Write;
        let text = if json { self.json() } else { self.words() };
        // Whoever started us may have gone away; the demo goes on for browsers.
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    fn json(&self) -> String {
        let zones: Vec<_> = NETWORKS
            .iter()
            .map(|network| {
                json!({ "name": network.name, "inside": network.inside, "address": network.address })
            })
            .collect();
        json!({
            "issuer": self.issuer,
            "portal": format!("{}/portal", self.issuer),
            "management": self.management,
            "mail": format!("{}{}", self.issuer, mails::PATH),
            "people": self.people.iter().map(|person| self.person(person)).collect::<Vec<_>>(),
            "clients": [
                {
                    "client_id": SAMPLE_CLIENT,
                    "client_secret": self.secret,
                    "redirect_uris": [format!("{}/callback", self.sample_base)],
                },
                {
                    "client_id": NATIVE_CLIENT,
                    "client_secret": null,
                    "redirect_uris": ["http://127.0.0.1/callback"],
                },
            ],
            "zones": zones,
            "certificate": self.certificates.as_ref().map(Sheet::json),
        })
        .to_string()
    }

    /// Somebody, with where their certificate is.
    fn person(&self, person: &OnPaper) -> Value {
        let mut value = json!(person);
        if let (Some(held), Some(sheet)) = (&person.certificate, &self.certificates) {
            value["certificate"]["url"] = json!(format!("{}{}", sheet.fetch, held.file));
        }
        value
    }

    fn words(&self) -> String {
        let mut text = format!(
            "The gate stands. This is a demo: everything is on loopback, plain http (the hosts\n\
             for certificates aside), passwords on paper.\n\n\
             Sample service    {}/\n\
             Your account      {}/portal\n\
             Choose a network  {}{}\n\
             Outgoing mail     {}{}\n\
             App codes         {}{}\n\
             Health, metrics   {}/health/ready  {}/metrics\n\
             Commands          cd {}\n\nPeople\n",
            self.sample_base,
            self.issuer,
            self.issuer,
            networks::PATH,
            self.issuer,
            mails::PATH,
            self.issuer,
            codes::PATH,
            self.management,
            self.management,
            self.folder.display(),
        );
        for person in &self.people {
            let secret = person.totp_secret.as_deref().unwrap_or("-");
            let _ = writeln!(
                text,
                "  {:<8} password \"{}\"  app secret {}\n           {}",
                person.username, person.password, secret, person.note
            );
            text.push_str(&self.certificate(person));
        }
        let program = std::env::current_exe();
        let program =
            program.map_or_else(|_| "sekimori".to_owned(), |path| path.display().to_string());
        let (codes, folder) = (format!("{}{}", self.issuer, codes::PATH), self.folder.display());
        let _ = write!(
            text,
            "\nTry, in this order\n\
             1. Open the sample service and press Sign in. You are outside: user name hanako, her password,\n   \
                then the code that {codes} shows.\n\
             2. Sign out, choose the campus network, sign in as taro: the password is enough there.\n\
             3. Choose home and open your account: the session of the campus is asked for more.\n   \
                taro has nothing more, and the page says so, with a code that the help desk can look up.\n\
             4. Look that code up: cd {folder} && {program} explain CODE\n\
             5. Sign in as jiro with his right password, then with a wrong one: see who is told what.\n\
             6. Open your account as hanako: networks, sessions, history with every reason.\n\
             7. Choose the campus network, open your account as taro and add a passkey: this browser can keep it.\n   \
                Sign out, choose home, and press Sign in with a passkey: nothing is typed.\n\
             8. Sign in as mei from home: have a code sent, and read it on the page of outgoing mail.\n\
             9. Import ken's certificate into the browser, sign in as ken from home, and present it.\n\
             10. As hanako: Could I sign in from home? Try it for real. And: I have lost something.\n\
             11. For somebody new: cd {folder} && {program} person add NAME, then {program} person code NAME\n   \
                prints a ticket; {program} person letters prints letters.\n\n\
             Ctrl-C ends the demo."
        );
        text
    }

    /// The lines about somebody's certificate; none where there is none.
    fn certificate(&self, person: &OnPaper) -> String {
        let (Some(held), Some(sheet)) = (&person.certificate, &self.certificates) else {
            return String::new();
        };
        let vouching = sheet.tls_authority.display();
        format!(
            "           certificate {}{}  PIN {}\n           \
             trust {vouching} in the browser for the hosts that it is presented on\n",
            sheet.fetch, held.file, held.pin
        )
    }
}
