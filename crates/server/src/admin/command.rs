//! The list of commands.

use std::path::PathBuf;

use sekimori_base::{Bilingual, FactorId, Language, SessionId};
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{Affiliation, Group, MailAddress, Person, Preferences, Site, Username};
use serde::{Deserialize, Serialize};

use super::letters::LettersCommand;
use crate::mail::Report;

/// Whether a command really acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Only say what would happen.
    Rehearse,
    /// Do it.
    Do,
}

/// What to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// The site document in use, or an earlier one.
    SiteShow {
        /// Of this version.
        version: Option<u64>,
    },
    /// Apply a site document.
    SiteApply {
        /// The document.
        site: Box<Site>,
        /// Only if this version is in use.
        expected: Option<u64>,
        /// Really.
        act: Act,
    },
    /// The versions of the site document.
    SiteHistory,
    /// Add somebody.
    PersonAdd {
        /// Who; the id is given by the server.
        person: Box<NewPerson>,
        /// A password instead of an enrolment ticket.
        password: Option<Password>,
    },
    /// Everything that matters about somebody.
    PersonShow {
        /// Who.
        username: Username,
    },
    /// Disable somebody, or let them in again.
    PersonState {
        /// Who.
        username: Username,
        /// What becomes of the account.
        state: AccountState,
    },
    /// Make a ticket.
    PersonTicket {
        /// For whom.
        username: Username,
        /// For what; `None` is what they lack.
        what: Option<TicketFor>,
    },
    /// Make a break-glass code for an administrator.
    PersonBreakGlass {
        /// For whom.
        username: Username,
    },
    /// Forget failures that make somebody wait.
    PersonUnlock {
        /// Who.
        username: Username,
    },
    /// End a factor.
    FactorEnd {
        /// Whose.
        username: Username,
        /// Which.
        factor: FactorId,
    },
    /// End the suspension of a factor.
    FactorResume {
        /// Whose.
        username: Username,
        /// Which.
        factor: FactorId,
    },
    /// Switch on what somebody has switched off.
    PreferencesClear {
        /// Whose.
        username: Username,
    },
    /// Everything that is kept about somebody.
    PersonExport {
        /// Who.
        username: Username,
    },
    /// Erase somebody.
    PersonErase {
        /// Who.
        username: Username,
        /// Really.
        act: Act,
    },
    /// Add and change people as a file says.
    PersonImport {
        /// The file: comma-separated values.
        file: String,
        /// Really.
        act: Act,
    },
    /// Who would not get in from somewhere: some of them, by user name.
    PersonLockedOut {
        /// Only of this group.
        group: Option<Group>,
        /// From where.
        zone: ZoneName,
        /// Those after this one.
        after: Option<Username>,
    },
    /// Something about letters on paper for new people.
    Letters(LettersCommand),
    /// Sessions of somebody.
    SessionList {
        /// Whose.
        username: Username,
    },
    /// End sessions of somebody.
    SessionEnd {
        /// Whose.
        username: Username,
        /// Which; all if none is named.
        session: Option<SessionId>,
    },
    /// Keys and where they stand.
    KeyList,
    /// Begin, or go on with, the rotation of a line of keys.
    KeyRotate {
        /// `data`, or an algorithm.
        line: String,
    },
    /// Something about the certificate authority.
    Ca(CaCommand),
    /// Something about certificates of people.
    Certificate(CertificateCommand),
    /// Why a sign-in came out as it did.
    Explain {
        /// The incident code, as somebody read it out.
        code: String,
    },
    /// What other settings would make of recorded sign-ins.
    WhatIf {
        /// The settings.
        site: Box<Site>,
        /// From how many seconds ago on.
        since_seconds: i64,
    },
    /// Write a backup.
    Backup {
        /// Where to, for the server: a path that begins at the root.
        path: PathBuf,
    },
    /// The next lines of the audit, each as it was hashed: a page of them, so that none has to hold them all.
    AuditExport {
        /// From how many seconds ago on.
        since_seconds: i64,
        /// After which line; what the page before said. `None`: the first page.
        after: Option<String>,
    },
    /// Verify the audit.
    AuditVerify {
        /// Signed checkpoints from elsewhere; what they know must still be there.
        exported: Vec<String>,
    },
    /// Make a checkpoint, if anything has changed, and show the last one.
    AuditCheckpoint,
    /// Send a mail by way of the configured server.
    MailTest {
        /// To whom.
        to: MailAddress,
    },
    /// A mail came back.
    MailBounce(Report),
    /// Add a service to the site document in use.
    ServiceAdd {
        /// Its name.
        name: String,
        /// Its section of the site document, as TOML.
        section: String,
        /// Really.
        act: Act,
    },
    /// Make a secret for a service.
    ServiceSecret {
        /// Its name.
        service: String,
        /// The former secrets stay good for now.
        keep_former: bool,
    },
    /// The services.
    ServiceList,
}

/// Somebody to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPerson {
    /// User name.
    pub username: Username,
    /// Name.
    pub name: Bilingual,
    /// Mail address.
    pub mail: Option<MailAddress>,
    /// Affiliations.
    pub affiliations: Vec<Affiliation>,
    /// Groups.
    pub groups: Vec<Group>,
    /// May use the console.
    pub administrator: bool,
    /// Language of mail.
    pub language: Language,
}

/// A password on its way from a command to the server, over a socket that only the two can open.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// What a ticket of the desk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum TicketFor {
    /// A new password, chosen by its owner
    Password,
    /// An authenticator app, after the right password
    Factor,
}

/// What to do with the certificate authority.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaCommand {
    /// Make the key of an authority, and its request to a root.
    Request {
        /// What people know it as.
        name: AuthorityTitle,
        /// RSA instead of ECDSA.
        rsa: bool,
        /// In the token of the server, under this label; in the database, if there is none.
        in_token: Option<String>,
        /// Although there is one.
        renew: bool,
    },
    /// Take what the root made of it.
    Install {
        /// Its certificate (DER), in base 64.
        certificate: String,
        /// The root's certificate (DER), in base 64.
        root: String,
    },
    /// Take the list that a root signed.
    InstallList {
        /// The list (DER), in base 64.
        list: String,
    },
    /// The authorities.
    Show,
}

/// What to do with certificates of people.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateCommand {
    /// Issue one.
    Issue {
        /// For whom.
        username: Username,
        /// A request (PEM or DER), in base 64; none: with a fresh key in a PKCS#12 file.
        request: Option<String>,
        /// An RSA key instead of ECDSA.
        rsa: bool,
        /// What the person calls it.
        label: String,
    },
    /// Those of somebody.
    List {
        /// Whose.
        username: Username,
    },
    /// Take one back.
    Revoke {
        /// Its number, in hexadecimal.
        serial: String,
        /// Why.
        reason: TakenBack,
    },
}

/// What people know an authority as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityTitle {
    /// The organisation, as it stands before "Root CA" and "CA 1".
    pub name: String,
    /// O.
    pub organization: Option<String>,
    /// C.
    pub country: Option<String>,
}

/// Why a certificate is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum TakenBack {
    /// Not said
    Unspecified,
    /// Somebody else may have the key: a lost or stolen device
    KeyCompromise,
    /// The name or the organisation changed
    AffiliationChanged,
    /// A newer one takes its place
    Superseded,
    /// The account ended
    CessationOfOperation,
    /// The person may no longer have one
    PrivilegeWithdrawn,
}

/// What becomes of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Nobody signs in with it, and its sessions end.
    Disabled,
    /// It can be used.
    Active,
}

/// A person as commands show them.
#[derive(Debug, Clone, Serialize)]
pub struct ShownPerson {
    /// The person.
    #[serde(flatten)]
    pub person: Person,
    /// Has a password.
    pub has_password: bool,
    /// Their factors.
    pub factors: Vec<ShownFactor>,
    /// What they want to be asked for, if they have chosen.
    #[serde(skip_serializing_if = "Preferences::is_default")]
    pub preferences: Preferences,
    /// The codes that were sent lately to somebody who has no address for them yet, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mail_codes: Vec<ShownMail>,
}

/// A factor as commands show it.
#[derive(Debug, Clone, Serialize)]
pub struct ShownFactor {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub method: String,
    /// Its state.
    pub state: String,
    /// How it was bound.
    pub binding: String,
    /// What the person calls it.
    pub label: String,
    /// When it was last used, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
    /// Recovery codes that are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes_left: Option<u32>,
    /// The codes that were sent to an address lately, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<ShownMail>,
}

/// A code that was sent by mail, as commands show it: all that is known of its way.
#[derive(Debug, Clone, Serialize)]
pub struct ShownMail {
    /// When it was asked for.
    pub at: String,
    /// The how manyth of its sign-in or registration.
    pub number: u32,
    /// What it was for.
    pub purpose: String,
    /// The address, masked.
    pub to: String,
    /// How far it has come.
    pub state: String,
    /// Since when.
    pub state_at: String,
    /// Tries to hand it over.
    pub tries: u32,
    /// The mail server that was asked last.
    pub server: Option<String>,
    /// What it said.
    pub words: Option<String>,
}
