//! Something is lost: what was on it ends at once.

use sekimori_base::Timestamp;

use super::FactorRow;
use crate::Form;

/// What is lost. Posts `factor` = its id for each proof, `certificate` = its number for each certificate, and
/// `others=on` if all other sign-ins are to end.
#[derive(Debug, Clone)]
pub struct ReportLoss {
    /// The form.
    pub form: Form,
    /// Proofs.
    pub factors: Vec<FactorRow>,
    /// Certificates that are good.
    pub certificates: Vec<LostCertificate>,
    /// How many other sign-ins stand.
    pub other_sessions: usize,
    /// Ending a proof asks for another one first.
    pub asks_proof: bool,
}

/// A certificate that may be lost.
#[derive(Debug, Clone)]
pub struct LostCertificate {
    /// Its number, as the form posts it.
    pub serial: String,
    /// What the person calls it.
    pub name: String,
    /// When it was issued.
    pub issued_at: Timestamp,
}

impl ReportLoss {
    pub(crate) fn is_empty(&self) -> bool {
        self.factors.is_empty() && self.certificates.is_empty() && self.other_sessions == 0
    }
}
