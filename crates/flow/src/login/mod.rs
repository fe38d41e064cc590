//! The sign-in: a use case in four requests.
//!
//! - [`Flow::begin`]: a door hands over a request; nobody has shown anything yet.
//! - [`Flow::resume`]: the page of a carried request, also after back, reload and bookmark.
//! - [`Flow::submit`]: a form of ours came back.
//! - [`Flow::attempt`]: the page of an attempt after its first credential.
//!
//! Nothing is decided here: facts are gathered, `sekimori_login::decide` speaks, its effects are stored in one
//! transaction, and only then does an answer leave.

mod audit;
mod begin;
mod certificate;
mod check;
mod effects;
mod foreign;
mod guards;
mod lately;
mod mail_code;
mod pages;
mod passkey;
mod reserve;
mod round;
mod settle;
mod submit;
mod unstored;

pub(crate) use audit::SPENT;
pub use begin::CameBy;
pub use certificate::CertificateFound;
pub(crate) use certificate::{add_certificates, certificate_factor};
pub(crate) use check::recovery_digest;
pub(crate) use effects::spend;
pub use lately::Loop;
pub use mail_code::SentCode;
pub(crate) use mail_code::good_until;
pub(crate) use pages::ticket_may_help;
pub use passkey::PasskeyForm;
pub(crate) use round::{Round, Stage, unknown_bucket};
pub use submit::SignInForm;
pub(crate) use submit::restart;
