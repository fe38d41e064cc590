//! Client certificates in the portal.

use sekimori_base::Timestamp;

use crate::Form;
use crate::parts::Said;
use crate::view::View;

/// The person's certificates.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// What was just done.
    pub note: Option<CertificateNote>,
    /// All of them, newest first.
    pub certificates: Vec<CertificateRow>,
    /// Whether one can be presented while signing in here.
    pub signs_in: bool,
    /// Whether another one can be had.
    pub obtainable: Obtainable,
    /// So many good ones may one have.
    pub good_max: u8,
    /// Where one is had.
    pub new_href: String,
    /// Where one is had by who keeps the key.
    pub request_href: String,
}

/// What was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateNote {
    /// File and PIN were saved.
    Saved,
    /// A key that the person keeps was certified.
    Certified,
    /// One was revoked.
    Revoked,
    /// None could be issued.
    Failed,
}

impl CertificateNote {
    /// Every note.
    pub const ALL: [Self; 4] = [Self::Saved, Self::Certified, Self::Revoked, Self::Failed];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Saved => "certificate-done-saved",
            Self::Certified => "certificate-done-certified",
            Self::Revoked => "certificate-done-revoked",
            Self::Failed => "certificate-done-failed",
        }
    }
}

/// Whether another certificate can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obtainable {
    /// It can.
    Yes,
    /// Not before one of them ends.
    Full,
    /// Not at all.
    No,
}

/// A certificate.
#[derive(Debug, Clone)]
pub struct CertificateRow {
    /// Where it is revoked; none of one that is not good any more.
    pub revoke_href: Option<String>,
    /// Where it is renewed; none of one that is not good any more.
    pub renew_href: Option<String>,
    /// Where it is without its key; none of one that is not good any more.
    pub document_href: Option<String>,
    /// Its number as browsers show it.
    pub serial: String,
    /// The same in decimal.
    pub serial_decimal: String,
    /// What the person calls it.
    pub name: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The person asked for it, not the help desk.
    pub by_owner: bool,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// It can still be used.
    pub good: bool,
}

impl Certificates {
    /// Whether there is one that can be tried at a sign-in.
    pub(crate) fn may_be_tested(&self) -> bool {
        self.signs_in && self.certificates.iter().any(|one| one.good)
    }
}

impl CertificateRow {
    /// By whom it was issued.
    pub(crate) const fn issued(&self) -> &'static str {
        if self.by_owner { "certificate-issued" } else { "certificate-by-desk" }
    }

    pub(crate) const fn state(&self) -> &'static str {
        match (self.good, self.revoked_at) {
            (true, _) => "certificate-state-good",
            (false, Some(_)) => "certificate-state-revoked",
            (false, None) => "certificate-state-expired",
        }
    }
}

/// Whether to get a certificate. Posts `label`.
#[derive(Debug, Clone)]
pub struct IssueCertificate {
    /// The form.
    pub form: Form,
    /// It will be valid for so many months.
    pub months: u8,
    /// What it comes after.
    pub renewed: Option<RenewedCertificate>,
    /// Where one is had by who keeps the key.
    pub request_href: String,
}

impl IssueCertificate {
    pub(crate) const fn heading(&self) -> &'static str {
        match self.renewed {
            Some(_) => "certificate-renew-heading",
            None => "certificate-get",
        }
    }

    pub(crate) fn label(&self) -> &str {
        self.renewed.as_ref().map_or("", |renewed| &renewed.label)
    }
}

/// The certificate that is renewed.
#[derive(Debug, Clone)]
pub struct RenewedCertificate {
    /// What the person calls it.
    pub label: String,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// What becomes of it.
    pub fate: RenewedFate,
}

/// What becomes of a certificate that is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewedFate {
    /// It stays good until it ends.
    Stays,
    /// The new one takes its place.
    Replaced,
}

/// Have a key certified that the person keeps. Posts `request` and `label`.
#[derive(Debug, Clone)]
pub struct CertifyKey {
    /// The form.
    pub form: Form,
    /// It will be valid for so many months.
    pub months: u8,
    /// Why what was just sent is not taken.
    pub flaw: Option<RequestFlaw>,
}

impl CertifyKey {
    pub(crate) fn said(&self, view: &View<'_>) -> Option<Said> {
        let flaw = self.flaw?;
        Some(Said {
            reason: None,
            title: view.t(flaw.text()),
            text: None,
            hints: vec![view.t(flaw.hint())],
        })
    }
}

/// Why a request for a certificate is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestFlaw {
    /// There is none, or it is something else.
    NoRequest,
    /// It is much longer than one ever is.
    TooLong,
    /// It is a private key.
    PrivateKey,
    /// Its key gets no certificate.
    Key,
    /// Its signature is not by its own key.
    NotProven,
}

impl RequestFlaw {
    /// Every flaw.
    pub const ALL: [Self; 5] =
        [Self::NoRequest, Self::TooLong, Self::PrivateKey, Self::Key, Self::NotProven];

    const fn text(self) -> &'static str {
        match self {
            Self::NoRequest => "request-flaw-none",
            Self::TooLong => "request-flaw-long",
            Self::PrivateKey => "request-flaw-private-key",
            Self::Key => "request-flaw-key",
            Self::NotProven => "request-flaw-not-proven",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::NoRequest | Self::TooLong => "request-flaw-none-hint",
            Self::PrivateKey => "request-flaw-private-key-hint",
            Self::Key => "request-flaw-key-hint",
            Self::NotProven => "request-flaw-not-proven-hint",
        }
    }
}

/// A new certificate: its file and what opens it. Posts nothing but its hidden fields: "I have saved both".
#[derive(Debug, Clone)]
pub struct CertificateFile {
    /// The form.
    pub form: Form,
    /// What opens the file.
    pub pin: String,
    /// Where the file is.
    pub file_href: String,
    /// What it should be called.
    pub file_name: String,
    /// The certificate's last moment.
    pub expires_at: Timestamp,
}

/// Whether to revoke a certificate. Posts `decision` = `revoke`.
#[derive(Debug, Clone)]
pub struct RevokeCertificate {
    /// The form.
    pub form: Form,
    /// Which.
    pub certificate: CertificateRow,
}
