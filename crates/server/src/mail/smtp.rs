//! The way to the mail server, or to a place in memory for the demonstration and tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use sekimori_config::node::{Smtp, SmtpTls};
use sekimori_directory::MailAddress;
use sekimori_words::Mail;

use crate::files;

/// How long the mail server may take for one step.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Mails that are kept in memory.
const KEPT_MAX: usize = 200;

/// Why a mail was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The file with the password cannot be read.
    #[error("the password of the mail server: {0}")]
    Password(#[from] std::io::Error),
    /// The mail server, or the way to it.
    #[error(transparent)]
    Transport(#[from] lettre::transport::smtp::Error),
    /// An address that no mail server takes.
    #[error("the address: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The mail cannot be written.
    #[error("the mail: {0}")]
    Mail(#[from] lettre::error::Error),
}

impl SmtpError {
    /// The mail server said that it will never take this mail: trying again is of no use.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_permanent(),
            Self::Address(_) | Self::Mail(_) => true,
            Self::Password(_) => false,
        }
    }
}

/// A mail as it was handed over to memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The sender.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What.
    pub mail: Mail,
}

/// The way out for mail. Cheap to clone.
#[derive(Clone)]
pub enum Mailer {
    /// To a mail server.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// To memory: the last few hundred.
    Memory(Arc<Mutex<VecDeque<Kept>>>),
}

impl Mailer {
    /// The way to a mail server.
    pub fn smtp(settings: &Smtp) -> Result<Self, SmtpError> {
        let parameters = || TlsParameters::new(settings.host.clone());
        let tls = match settings.tls {
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some(login) = &settings.login {
            let password = files::read_secret(&login.password_file)?;
            builder =
                builder.credentials(Credentials::new(login.user.clone(), password.to_string()));
        }
        Ok(Self::Smtp(builder.build()))
    }

    /// To memory.
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// What is kept in memory, oldest first.
    pub fn kept(&self) -> Vec<Kept> {
        match self {
            Self::Smtp(_) => Vec::new(),
            Self::Memory(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
            }
        }
    }

    /// Hand a mail over.
    pub async fn send(&self, from: &Sender, to: &MailAddress, mail: Mail) -> Result<(), SmtpError> {
        match self {
            Self::Smtp(transport) => {
                let message = MessageBuilder::new()
                    .from(Mailbox::new(Some(from.name.clone()), from.address.parse::<Address>()?))
                    .to(Mailbox::new(None, to.as_str().parse()?))
                    .subject(mail.subject)
                    .header(ContentType::TEXT_PLAIN)
                    .header(AutoSubmitted)
                    .body(mail.body)?;
                transport.send(message).await?;
                Ok(())
            }
            Self::Memory(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == KEPT_MAX {
                    kept.pop_front();
                }
                kept.push_back(Kept { from: from.address.clone(), to: to.to_string(), mail });
                Ok(())
            }
        }
    }
}

/// From whom mail comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The organisation's name.
    pub name: String,
    /// The address.
    pub address: String,
}

/// `Auto-Submitted: auto-generated` (RFC 3834): no holiday notices come back.
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
