//! Pages of the portal that change something.

use sekimori_base::Timestamp;
use sekimori_words::PasswordFlaw;

use super::{Done, FactorRow};
use crate::{Failure, Form, PasskeyAsk, Place, Slip};

/// Change the password. Posts `new_password`, `username` for password managers, and `end_others=on` if
/// the other sessions should end.
#[derive(Debug, Clone)]
pub struct ChangePassword {
    /// The form.
    pub form: Form,
    /// The user name.
    pub username: String,
    /// Shortest new password, in characters.
    pub length_min: u16,
    /// Why the one just sent was not taken; empty at first.
    pub flaws: Vec<PasswordFlaw>,
    /// Another reason why nothing was changed.
    pub failure: Option<Failure>,
}

/// Register an authenticator app. Posts `code`.
#[derive(Debug, Clone)]
pub struct RegisterTotp {
    /// The form (the secret travels sealed in a hidden field, or is stored as unfinished).
    pub form: Form,
    /// The secret in base 32, shown in groups of four.
    pub secret: String,
    /// The `otpauth:` address that the QR code holds.
    pub otpauth_uri: String,
    /// Why the code just sent was not taken.
    pub failure: Option<Failure>,
    /// Where the person is.
    pub place: Place,
    /// Where a passkey is registered instead, if that can be.
    pub passkey_href: Option<String>,
    /// Where an address for codes by mail is registered instead, if that can be.
    pub mail_href: Option<String>,
}

/// Register a passkey: a script asks the browser for it.
#[derive(Debug, Clone)]
pub struct RegisterPasskey {
    /// The form.
    pub form: Form,
    /// What the browser is asked for. Never missing; an option as on the pages of the sign-in.
    pub passkey: Option<PasskeyAsk>,
    /// Why what was just sent was not taken.
    pub failure: Option<Failure>,
    /// Where the person is.
    pub place: Place,
    /// Where an app is registered instead.
    pub app_href: String,
}

/// Give a passkey another name. Posts `label`.
#[derive(Debug, Clone)]
pub struct RenamePasskey {
    /// The form.
    pub form: Form,
    /// Its present name.
    pub label: String,
}

/// New recovery codes, shown this once. Posts nothing but its hidden fields: "I have saved them".
#[derive(Debug, Clone)]
pub struct RecoveryCodes {
    /// The form.
    pub form: Form,
    /// The codes as printed.
    pub codes: Vec<String>,
    /// The user name, for the printed sheet.
    pub username: String,
    /// Where the sheet is as a file.
    pub file_href: String,
    /// What was done before it: the app that brought the sheet along.
    pub done: Option<Done>,
}

/// Whether to remove a factor. Posts `decision` = `remove`.
#[derive(Debug, Clone)]
pub struct RemoveFactor {
    /// The form.
    pub form: Form,
    /// Which.
    pub factor: FactorRow,
    /// What is left afterwards.
    pub standing: Standing,
}

/// What is left after a factor has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Others that can be used.
    OthersLeft,
    /// Nothing: outside one cannot sign in any more, and registering again needs a ticket.
    NothingLeft,
    /// Recovery codes alone.
    RecoveryCodesLeft,
}

/// Enter an enrolment ticket. Posts `ticket`.
#[derive(Debug, Clone)]
pub struct EnrolTicket {
    /// The slip.
    pub slip: Slip,
    /// The form.
    pub form: Form,
    /// Why a ticket is needed, or why the one just sent was not taken.
    pub failure: Option<Failure>,
}

/// Services that were given consent. Posts `withdraw` = the row's value.
#[derive(Debug, Clone)]
pub struct Consents {
    /// The form.
    pub form: Form,
    /// The consents.
    pub grants: Vec<GrantRow>,
}

/// A consent.
#[derive(Debug, Clone)]
pub struct GrantRow {
    /// The value that the button posts.
    pub value: String,
    /// The service, in the page's language.
    pub service: String,
    /// When it was given.
    pub at: Timestamp,
    /// For which scopes.
    pub scopes: Vec<String>,
}
