//! Which mail server is asked: the first, and the second when the first cannot be reached or does not answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sekimori_config::node::Smtp;
use sekimori_directory::MailAddress;
use sekimori_words::Mail;
use tokio::time::Instant;

use super::smtp::{Sender, Server, SmtpError, written};

/// For so long after it could not be reached, the first server is asked after the second.
const ASIDE: Duration = Duration::from_mins(1);

/// The way out for mail. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    first: Server,
    second: Option<Server>,
    aside: Arc<Mutex<Option<Instant>>>,
}

/// A mail that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// To which server.
    pub server: String,
    /// What it said.
    pub words: String,
    /// It was the second.
    pub by_second: bool,
}

/// A mail that was not.
#[derive(Debug)]
pub struct Unhanded {
    /// Which server was asked last.
    pub server: String,
    /// What it, and the one before it, said.
    pub words: String,
    /// Trying again is of no use.
    pub is_final: bool,
}

impl Mailer {
    /// The way to the mail servers of the settings.
    pub fn new(settings: &Smtp) -> Result<Self, SmtpError> {
        let second = settings.second.as_deref().map(Server::new).transpose()?;
        Ok(Self { first: Server::new(settings)?, second, aside: Arc::default() })
    }

    /// Every server by itself, for a test of each.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        std::iter::once(&self.first).chain(&self.second)
    }

    /// Hand a mail over; each server has `patience`.
    pub async fn send(
        &self,
        from: &Sender,
        to: &MailAddress,
        mail: Mail,
        patience: Duration,
    ) -> Result<Handed, Unhanded> {
        let message = written(from, to, mail).map_err(|error| unhanded("-", None, &error))?;
        let (asked, other) = self.order();
        let error = match asked.send(message.clone(), patience).await {
            Ok(words) => return Ok(self.handed(asked, words)),
            Err(error) => error,
        };
        if error.is_of_the_way() {
            self.could_not_be_reached(asked);
        }
        let Some(other) = other.filter(|_| error.is_of_the_way()) else {
            return Err(unhanded(asked.name(), None, &error));
        };
        let (server, words) = (asked.name(), error.words());
        tracing::warn!(target: "sekimori", server, words, "the other mail server is asked");
        match other.send(message, patience).await {
            Ok(words) => Ok(self.handed(other, words)),
            Err(error) => {
                if error.is_of_the_way() {
                    self.could_not_be_reached(other);
                }
                Err(unhanded(other.name(), Some(&format!("{server}: {words}")), &error))
            }
        }
    }

    /// The server that is asked now, and the other one.
    fn order(&self) -> (&Server, Option<&Server>) {
        let aside = *self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        let aside = aside.is_some_and(|since| since.elapsed() < ASIDE);
        match &self.second {
            Some(second) if aside => (second, Some(&self.first)),
            second => (&self.first, second.as_ref()),
        }
    }

    fn handed(&self, server: &Server, words: String) -> Handed {
        let by_second = server.name() != self.first.name();
        Handed { server: server.name().to_owned(), words, by_second }
    }

    /// The first one is asked last for a while; when it is the second that fails, the first has its turn again.
    fn could_not_be_reached(&self, server: &Server) {
        let first = server.name() == self.first.name();
        let since = first.then(Instant::now);
        *self.aside.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

fn unhanded(server: &str, before: Option<&str>, error: &SmtpError) -> Unhanded {
    let words =
        before.map_or_else(|| error.words(), |before| format!("{before}; {}", error.words()));
    Unhanded { server: server.to_owned(), words, is_final: error.is_final() }
}
