//! Client certificates in the portal.

use sekimori_base::Timestamp;

use crate::Form;

/// The person's certificates.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// What was just done.
    pub note: Option<CertificateNote>,
    /// All of them, newest first.
    pub certificates: Vec<CertificateRow>,
    /// Whether another one can be had.
    pub obtainable: Obtainable,
    /// So many good ones may one have.
    pub good_max: u8,
    /// Where one is had.
    pub new_href: String,
}

/// What was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateNote {
    /// File and PIN were saved.
    Saved,
    /// One was revoked.
    Revoked,
    /// None could be issued.
    Failed,
}

impl CertificateNote {
    /// Every note.
    pub const ALL: [Self; 3] = [Self::Saved, Self::Revoked, Self::Failed];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Saved => "certificate-done-saved",
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

impl CertificateRow {
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
