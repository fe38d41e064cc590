//! The portal's pages and forms, the page about an incident code, and the page behind a notice's link.
//!
//! Every form carries a token of its session and is answered by a redirect, also when it has to be filled in again:
//! what was wrong stands sealed in the address. Only a server that is busy says so at once.

mod browser;
mod certificates;
mod changes;
mod factors;
mod guide;
mod help;
mod lost;
mod mail_code;
mod not_me;
mod overview;
mod passkeys;
mod password_ticket;
mod preferences;
mod rehearsal;
mod sessions;
mod ticket;

pub use certificates::{
    certificate_document, certificate_download, certificate_file, certificate_issued,
    certificate_new, certificate_renew, certificate_renewed, certificate_revoke,
    certificate_revoked, certificate_saved, certificates, certified, certify,
};
pub use changes::{change_password, consents, password, withdraw};
pub use factors::{
    codes, codes_file, codes_saved, remove, remove_asked, remove_confirmed, totp, totp_code,
};
pub use guide::{import_guide, import_guide_of};
pub use help::help;
pub use lost::{lost, lost_reported};
pub use mail_code::{mail_code, mail_code_sent, sent_mail};
pub use not_me::{not_me, not_me_pressed};
pub(crate) use overview::factor_row;
pub use overview::{dismiss, overview};
pub use passkeys::{passkey, passkey_made, rename, renamed};
pub use password_ticket::{
    new_password, new_password_chosen, password_ticket, password_ticket_entered,
};
pub use preferences::{preferences, preferences_chosen};
pub use rehearsal::{rehearsal, rehearse, rehearsed};
pub(crate) use sessions::nothing_to_show;
pub use sessions::{end_sessions, sign_out, sign_out_asked, signed_out};
pub use ticket::{ticket, ticket_entered};

use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::Fault;
use sekimori_directory::settings::ZoneName;
use sekimori_flow::IncidentCode;
use sekimori_flow::door::{Door, PortalPath};
use sekimori_flow::portal::{NotNow, Portal, TicketAnswer, Who};
use sekimori_flow::view::Cookies;
use sekimori_login::{Details, Reason};
use sekimori_pages::portal::EnrolTicket;
use sekimori_pages::{Failure, Form, Incident, Page, PortalHead, PortalLinks, Slip};
use sekimori_words::Words;

use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::origin::{Sender, sender};
use crate::query::Fields;

/// A ticket instead of a password.
pub const PASSWORD_TICKET: &str = "/ticket";
/// How a certificate's file comes into a device.
pub const IMPORT_GUIDE: &str = "/help/certificate";

/// Where the portal's pages are.
pub const LINKS: PortalLinks = PortalLinks {
    overview: "/portal",
    password: "/portal/password",
    totp: "/portal/totp",
    passkey: "/portal/passkey",
    mail_code: "/portal/mail-code",
    recovery_codes: "/portal/recovery-codes",
    ticket: "/portal/ticket",
    remove_factor: "/portal/factor/remove",
    rename_factor: "/portal/factor/rename",
    lost: "/portal/lost",
    preferences: "/portal/preferences",
    certificates: "/portal/certificates",
    rehearsal: "/portal/rehearsal",
    consents: "/portal/consents",
    sign_out: "/portal/sign-out",
};

/// The context of a form that came from a page of ours.
pub(crate) fn own_form(app: App, parts: Parts) -> Result<Cx, Box<Answer>> {
    let Some(cx) = Cx::new(app, parts) else {
        return Err(Box::new(bare(StatusCode::MISDIRECTED_REQUEST)));
    };
    match sender(&cx.headers, cx.visitor.tenant.issuer()) {
        Sender::Own => Ok(cx),
        Sender::Foreign => {
            Err(Box::new(cx.problem(StatusCode::FORBIDDEN, Reason::CrossSite, None)))
        }
    }
}

/// Why a ticket was not taken, on the page where it can be entered again.
fn ticket_failure(answer: TicketAnswer) -> Failure {
    let TicketAnswer { reason, details, incident, at } = answer;
    let incident = Incident { code: incident.map(|code| code.to_string()), at };
    Failure { reason, details, hints: Vec::new(), incident }
}

/// The token of a form.
pub(crate) fn token<'f>(fields: &'f Fields<'_>) -> &'f str {
    fields.one("token").unwrap_or_default()
}

impl Cx {
    /// What a request of the portal comes to: a page of somebody, or whatever comes first.
    pub(crate) fn portal<T>(
        &self,
        outcome: Result<Portal<T>, Fault>,
        page: impl FnOnce(&Self, T) -> (Page, Option<Who>),
    ) -> Answer {
        match outcome {
            Ok(Portal::Here(view)) => {
                let (page, who) = page(self, view);
                self.portal_page(&page, who.as_ref())
            }
            Ok(Portal::Elsewhere(progress)) => self.show(*progress),
            Err(fault) => self.fault(&fault),
        }
    }

    /// On to a page of ours.
    fn see(&self, path: &str) -> Answer {
        self.see_other(path, &Cookies::default())
    }

    /// A page with the portal's head, if somebody is signed in.
    fn portal_page(&self, page: &Page, who: Option<&Who>) -> Answer {
        let mut frame = self.frame();
        frame.portal = who.map(|who| PortalHead {
            person: who.name.text(self.visitor.language).to_owned(),
            links: &LINKS,
            ends_in_seconds: who.ends_at.seconds_since(self.visitor.now).max(0),
            use_adds_seconds: who.use_adds_seconds,
        });
        self.framed(StatusCode::OK, page, &frame)
    }

    /// What a zone is called.
    pub(crate) fn zone_title(&self, name: Option<&ZoneName>) -> String {
        let language = self.visitor.language;
        let zone = name.and_then(|name| self.visitor.tenant.site.zone(name));
        zone.map_or_else(
            || Words::of(language).text("place-outside"),
            |zone| zone.title.text(language).to_owned(),
        )
    }

    /// What went wrong, on the page where it can be mended.
    fn portal_failure(
        &self,
        reason: Reason,
        details: Details,
        code: Option<IncidentCode>,
    ) -> Failure {
        Failure {
            reason,
            details,
            hints: Vec::new(),
            incident: Incident { code: code.map(|code| code.to_string()), at: self.visitor.now },
        }
    }

    /// Nothing can be registered here and now: the page says why, and takes a ticket.
    fn not_now(&self, not_now: NotNow) -> (Page, Option<Who>) {
        let details = Details { verified: true, ..Details::default() };
        let failure = self.portal_failure(not_now.reason, details, not_now.incident);
        let form = Form::new(LINKS.ticket, vec![("token", not_now.token)]);
        let door = Door::Portal { path: PortalPath::front(), sensitive: false };
        let destination = door.destination(&self.visitor.tenant);
        let to = destination.title.text(self.visitor.language);
        let slip = Slip::at_ticket(to, self.place(), None);
        let page = EnrolTicket { slip, form, failure: Some(failure) };
        (page.into(), Some(not_now.who))
    }
}
