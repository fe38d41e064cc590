//! What the templates of the portal ask of its view models.

use sekimori_login::{Notice, Reason};
use sekimori_words::Words;

use super::{
    ChangePassword, Done, EnrolTicket, EventRow, Happened, Overview, RecoveryCodes, RegisterTotp,
    RemoveFactor, Standing, Suggestion,
};
use crate::parts::Said;
use crate::qr::{Drawing, draw};
use crate::view::View;
use crate::{Frame, PortalLinks};

impl Done {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::PasswordChanged => "done-password-changed",
            Self::TotpRegistered => "done-totp-registered",
            Self::RecoveryCodesMade => "done-recovery-codes-made",
            Self::FactorRemoved => "done-factor-removed",
            Self::PreferencesChosen => "done-preferences-chosen",
            Self::LossReported => "done-loss-reported",
            Self::SessionEnded => "done-session-ended",
            Self::OthersEnded => "done-others-ended",
            Self::ConsentWithdrawn => "done-consent-withdrawn",
            Self::AppsFull => "done-apps-full",
            Self::PasskeyRegistered => "done-passkey-registered",
            Self::PasskeyRenamed => "done-passkey-renamed",
            Self::MailCodeRegistered => "done-mail-code-registered",
            Self::PasskeysFull => "done-passkeys-full",
        }
    }
}

impl Suggestion {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::RegisterFirst => "suggestion-register-first",
            Self::RegisterElsewhere => "suggestion-register-elsewhere",
            Self::RegisterWithTicket => "suggestion-register-with-ticket",
            Self::MakeRecoveryCodes => "suggestion-make-recovery-codes",
            Self::FewRecoveryCodes => "suggestion-few-recovery-codes",
        }
    }

    /// It says that somebody would not get in from outside, and is put off for good.
    pub(crate) const fn is_prompt(self) -> bool {
        match self {
            Self::RegisterFirst | Self::RegisterElsewhere | Self::RegisterWithTicket => true,
            Self::MakeRecoveryCodes | Self::FewRecoveryCodes => false,
        }
    }

    pub(crate) const fn button(self) -> &'static str {
        match self {
            Self::RegisterFirst => "portal-add-totp",
            Self::RegisterElsewhere | Self::RegisterWithTicket => "portal-enter-ticket",
            Self::MakeRecoveryCodes | Self::FewRecoveryCodes => "portal-make-recovery-codes",
        }
    }

    pub(crate) const fn href(self, links: &PortalLinks) -> &'static str {
        match self {
            Self::RegisterFirst => links.totp,
            Self::RegisterElsewhere | Self::RegisterWithTicket => links.ticket,
            Self::MakeRecoveryCodes | Self::FewRecoveryCodes => links.recovery_codes,
        }
    }
}

impl Overview {
    /// What the place means for signing in.
    pub(crate) const fn place_consequence(&self) -> &'static str {
        self.place.means()
    }
}

impl EventRow {
    pub(crate) const fn outcome(&self) -> &'static str {
        match self.what {
            Happened::SignedIn => "event-admitted",
            Happened::Refused(_) => "event-refused",
            Happened::NotRegistered(_) => "event-not-registered",
            Happened::LeftOff => "event-left-off",
            Happened::Changed(notice) => notice_text(notice),
            Happened::Viewed => "event-viewed",
            Happened::TicketMade => "event-ticket-made",
            Happened::Unlocked => "event-unlocked",
            Happened::BreakGlassMade => "event-break-glass-made",
            Happened::SessionEnded => "event-session-ended",
            Happened::SessionEndedByDesk => "event-session-ended-by-desk",
            Happened::PersonChanged => "event-person-changed",
            Happened::NotMe => "event-not-me",
        }
    }

    pub(crate) const fn is_good(&self) -> bool {
        !matches!(self.what, Happened::Refused(_) | Happened::NotRegistered(_) | Happened::LeftOff)
    }
}

impl ChangePassword {
    pub(crate) const fn failed(&self) -> bool {
        !self.flaws.is_empty() || self.failure.is_some()
    }

    /// There is no other field.
    pub(crate) const fn password_failed(&self) -> bool {
        self.failed()
    }

    pub(crate) fn said(&self, view: &View<'_>) -> Option<Said> {
        view.said_of_flaws(&self.flaws).or_else(|| view.said_plainly(self.failure.as_ref()))
    }
}

impl RegisterTotp {
    pub(crate) fn drawing(&self) -> Option<Drawing> {
        draw(&self.otpauth_uri)
    }

    /// The secret in groups of four.
    pub(crate) fn groups(&self) -> Vec<String> {
        let characters: Vec<char> = self.secret.chars().collect();
        characters.chunks(4).map(|group| group.iter().collect()).collect()
    }
}

impl RecoveryCodes {
    pub(crate) fn joined(&self) -> String {
        self.codes.join("\n")
    }

    /// The sheet as a plain text file. Lines end as every editor reads them.
    pub fn file(&self, frame: &Frame<'_>) -> String {
        let view = View { frame, words: Words::of(frame.language) };
        format!(
            "{}\r\n{}\r\n{}\r\n\r\n{}\r\n\r\n{}\r\n",
            view.organisation(),
            self.username,
            view.moment(view.frame.now),
            self.codes.join("\r\n"),
            view.t("recovery-file-note"),
        )
    }
}

impl RemoveFactor {
    pub(crate) const fn is_last(&self) -> bool {
        matches!(self.standing, Standing::NothingLeft)
    }

    pub(crate) const fn consequence(&self) -> &'static str {
        match self.standing {
            Standing::OthersLeft => "remove-others-left",
            Standing::NothingLeft => "remove-nothing-left",
            Standing::RecoveryCodesLeft => "remove-recovery-codes-left",
        }
    }
}

impl EnrolTicket {
    /// Whether the ticket just sent was not taken (else the failure only says why one is needed).
    pub(crate) fn failed(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| {
            !matches!(failure.reason, Reason::EnrolNotHere | Reason::EnrolTicketNeeded)
        })
    }
}

pub(crate) const fn notice_text(notice: Notice) -> &'static str {
    match notice {
        Notice::SecondFactorFailed => "notice-second-factor-failed",
        Notice::RecoveryCodeUsed => "notice-recovery-code-used",
        Notice::PasskeyCopied => "notice-passkey-copied",
        Notice::ClockSuspected => "notice-clock-suspected",
        Notice::PasswordChanged => "notice-password-changed",
        Notice::FactorAdded => "notice-factor-added",
        Notice::FactorRemoved => "notice-factor-removed",
        Notice::FactorResumed => "notice-factor-resumed",
        Notice::RecoveryCodesMade => "notice-recovery-codes-made",
        Notice::CertificateIssued => "notice-certificate-issued",
        Notice::CertificateRevoked => "notice-certificate-revoked",
        Notice::PreferencesChanged => "notice-preferences-changed",
        Notice::LossReported => "notice-loss-reported",
    }
}
