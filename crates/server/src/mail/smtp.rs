//! The way to a mail server.

use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sekimori_config::node::{Smtp, SmtpTls};
use sekimori_directory::MailAddress;
use sekimori_words::Mail;

use crate::files;

/// Longest words of a mail server that are kept, in characters.
const WORDS_MAX: usize = 400;

/// Why a mail was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The file with the password cannot be read.
    #[error("the password of the mail server: {0}")]
    Password(#[from] std::io::Error),
    /// The mail server, or the way to it.
    #[error(transparent)]
    Transport(#[from] lettre::transport::smtp::Error),
    /// The mail server did not answer in time.
    #[error("no answer within {0} seconds")]
    Silence(u64),
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
            Self::Transport(error) => error.is_permanent() && !self.is_of_the_way(),
            Self::Address(_) | Self::Mail(_) => true,
            Self::Password(_) | Self::Silence(_) => false,
        }
    }

    /// It is not about the mail: the server cannot be reached, does not answer, closes (421) or does not let us in
    /// (530 to 538). Another server may do.
    pub fn is_of_the_way(&self) -> bool {
        match self {
            Self::Transport(error) => match error.status().map(u16::from) {
                Some(status) => status == 421 || (530..=538).contains(&status),
                None => true,
            },
            Self::Silence(_) | Self::Password(_) => true,
            Self::Address(_) | Self::Mail(_) => false,
        }
    }

    /// What the other side said, or what went wrong on the way: one line.
    pub fn words(&self) -> String {
        let Self::Transport(error) = self else { return one_line(&self.to_string()) };
        let said = std::error::Error::source(error).map(ToString::to_string);
        match (error.status(), said) {
            (Some(status), Some(said)) => one_line(&format!("{status} {said}")),
            _ => one_line(&error.to_string()),
        }
    }
}

/// A server's words on one line, of bounded length, without what steers a terminal, is not seen, or turns the direction
/// of the text in which they will stand.
pub(super) fn one_line(words: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(u32::from(c), 0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
                | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F)
    };
    let plain: String = words.chars().map(|c| if steers(c) { ' ' } else { c }).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    plain.chars().take(WORDS_MAX).collect()
}

/// One mail server.
#[derive(Clone)]
pub struct Server {
    /// Host and port.
    name: String,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Server {
    /// As the settings describe it. Nothing is connected yet.
    pub fn new(settings: &Smtp) -> Result<Self, SmtpError> {
        let parameters = || TlsParameters::new(settings.host.clone());
        let tls = match settings.tls {
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls);
        if let Some(login) = &settings.login {
            let password = files::read_secret(&login.password_file)?;
            builder =
                builder.credentials(Credentials::new(login.user.clone(), password.to_string()));
        }
        let name = format!("{}:{}", settings.host, settings.port);
        Ok(Self { name, transport: builder.build() })
    }

    /// Host and port.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Hand a mail over within `patience`; gives what the server said.
    pub async fn send(&self, message: Message, patience: Duration) -> Result<String, SmtpError> {
        // The library bounds the connecting alone: a server that accepts and says nothing would hold us for ever.
        let sending = tokio::time::timeout(patience, self.transport.send(message));
        match sending.await {
            Ok(Ok(response)) => {
                let lines: Vec<&str> = response.message().collect();
                Ok(one_line(&format!("{} {}", response.code(), lines.join(" "))))
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(SmtpError::Silence(patience.as_secs())),
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
    /// Where the mail comes back to when it cannot be delivered: the address, if nothing else is said.
    pub returns_to: Option<String>,
}

/// A mail as it goes over the wire.
pub fn written(from: &Sender, to: &MailAddress, mail: Mail) -> Result<Message, SmtpError> {
    let returns_to = from.returns_to.as_ref().unwrap_or(&from.address).parse::<Address>()?;
    let envelope = Envelope::new(Some(returns_to), vec![to.as_str().parse()?])?;
    Ok(MessageBuilder::new()
        .envelope(envelope)
        .from(Mailbox::new(Some(from.name.clone()), from.address.parse::<Address>()?))
        .to(Mailbox::new(None, to.as_str().parse()?))
        .subject(mail.subject)
        .header(ContentType::TEXT_PLAIN)
        .header(AutoSubmitted)
        .body(mail.body)?)
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

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_servers_words_turn_nothing_around_and_hide_nothing() {
        let hostile = "550 no\u{202e}such\u{2066}user\u{200b}\u{1b}[2Jhere\u{ad}\r\nnow";
        assert_eq!(one_line(hostile), "550 no such user [2Jhere now");
    }
}
