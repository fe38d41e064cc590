//! "This was not me": what it does, what it has done, and what is left to do.

use sekimori_base::Timestamp;
use sekimori_login::Notice;

use super::shown::notice_text;
use crate::Form;

/// "This was not me". Opening the page changes nothing; its button posts `decision` = `not_me`.
#[derive(Debug, Clone)]
pub struct NotMe {
    /// The form.
    pub form: Form,
    /// What was noticed.
    pub notice: Notice,
    /// When it happened.
    pub at: Timestamp,
    /// What the network was called, in the page's language.
    pub place: String,
    /// The factor that it is about, by its method.
    pub method: Option<sekimori_directory::Method>,
    /// What the button does.
    pub remedy: Remedy,
    /// How far it is.
    pub state: NotMeState,
}

/// What "this was not me" does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The new factor is suspended, and everything ends that stands.
    Suspend,
    /// The new certificate is revoked, and everything ends that stands.
    Revoke,
    /// Everything ends that stands.
    EndAll,
}

/// How far a "this was not me" is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMeState {
    /// The button has not been pressed.
    Asked,
    /// It was pressed.
    Done,
    /// The link is spent or too old.
    Over,
}

impl NotMe {
    pub(crate) const fn heading(&self) -> &'static str {
        match (self.state, self.remedy) {
            (NotMeState::Asked, _) => "not-me-heading",
            (NotMeState::Done, Remedy::Suspend) => "not-me-suspended-heading",
            (NotMeState::Done, Remedy::Revoke) => "not-me-revoked-heading",
            (NotMeState::Done, Remedy::EndAll) => "not-me-ended-heading",
            (NotMeState::Over, _) => "not-me-over-heading",
        }
    }

    /// What the button will do.
    pub(crate) const fn promise(&self) -> &'static str {
        match (self.remedy, self.notice) {
            (Remedy::Suspend, Notice::PasskeyCopied) => "not-me-suspends-passkey",
            (Remedy::Suspend, _) => "not-me-suspends",
            (Remedy::Revoke, _) => "not-me-revokes",
            (Remedy::EndAll, _) => "not-me-ends",
        }
    }

    /// What it has done.
    pub(crate) const fn outcome(&self) -> &'static str {
        match (self.remedy, self.notice) {
            (Remedy::Suspend, Notice::PasskeyCopied) => "not-me-suspended-passkey",
            (Remedy::Suspend, _) => "not-me-suspended",
            (Remedy::Revoke, _) => "not-me-revoked",
            (Remedy::EndAll, _) => "not-me-ended",
        }
    }

    /// What is left for the person to do.
    pub(crate) const fn next(&self) -> &'static str {
        match self.notice {
            Notice::PasswordChanged => "not-me-next-password",
            Notice::SecondFactorFailed | Notice::ClockSuspected => "not-me-next-known",
            Notice::RecoveryCodeUsed => "not-me-next-code",
            Notice::PasskeyCopied => "not-me-next-passkey",
            Notice::FactorRemoved => "not-me-next-removed",
            Notice::FactorAdded | Notice::FactorResumed | Notice::RecoveryCodesMade => {
                "not-me-next-new"
            }
            Notice::CertificateIssued => "not-me-next-certificate-issued",
            Notice::CertificateRevoked => "not-me-next-certificate-revoked",
            Notice::PreferencesChanged => "not-me-next-preferences-changed",
            Notice::LossReported => "not-me-next-loss-reported",
        }
    }

    pub(crate) const fn what(&self) -> &'static str {
        notice_text(self.notice)
    }
}
