//! `Page -> HTML`: view models, templates and static files. No look-ups, no I/O, no decisions.
//!
//! A page is a plain struct that `web` fills; [`Page::html`] writes it in the frame's language, and
//! [`Page::csp`] is the `Content-Security-Policy` to send with it. Whatever a person may not be told
//! must not be put in: reasons have gone through `Reason::shown_to` before.
//!
//! Every form posts the fields of its [`Form`] and those that its page names in its own documentation.
//! Pages work without JavaScript; `static/sekimori.js` only adds. Passkeys alone need a script, `static/passkey.js`, and
//! are never the only thing on a page of a sign-in.

mod accent;
mod assets;
mod check;
mod csp;
pub mod demo;
pub mod desk;
mod failure;
mod frame;
mod guide;
mod leaving;
mod login;
mod mail_code;
mod parts;
mod passkey;
pub mod portal;
mod problem;
mod qr;
pub mod samples;
mod shown;
mod slip;
#[cfg(test)]
mod tests;
mod trouble;
mod view;

pub use assets::{Asset, asset};
pub use check::{ConnectionCheck, CookieCheck, Family, SeenBrowser};
pub use csp::{FormTarget, csp};
pub use failure::{Failure, Incident};
pub use frame::{DemoStrip, Form, Frame, LanguageLink, PortalHead, PortalLinks};
pub use guide::{Device, ImportGuide};
pub use leaving::{Consent, Relay, ReleasedItem, SignOut, SignedOut};
pub use login::{
    CertificateAsk, Enrolment, LostProof, NewPassword, Password, PasswordTicket, Refusal,
    SecondFactor, SwitchChoice, SwitchPerson, Username, WayOn,
};
pub use mail_code::{MailAsk, MailWay, RegisterMail, RegisterMailStep, SentMail};
pub use passkey::{PasskeyAsk, PasskeyPurpose};
pub use problem::{OwnerDetails, Problem};
pub use slip::{Identity, Obstacle, Place, SecondProof, Slip};
pub use trouble::{Topic, TroubleLinks, Troubleshoot, TroubleshootAnswer};
pub use view::Page;
