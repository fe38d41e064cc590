//! Every page as one enum, and what all templates share.

use askama::Template;
use sekimori_base::Timestamp;
use sekimori_directory::{Binding, InputHint, Method};
use sekimori_login::{FactorState, Reason, Usability};
use sekimori_words::{Argument, Circumstances, Words};

use crate::csp::{FormTarget, csp};
use crate::portal::{Happened, NotMeState, Obtainable, Registering, RenewedFate};
use crate::trouble::Topic;
use crate::{
    ConnectionCheck, Consent, ImportGuide, LostProof, NewPassword, Password, PasswordTicket,
    Problem, Refusal, Relay, SecondFactor, SignOut, SignedOut, SwitchPerson, Troubleshoot,
    TroubleshootAnswer, Username,
};
use crate::{Frame, assets, demo, desk, portal};
use crate::{RegisterMail, RegisterMailStep};

macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident($model:ty) = $view:ident $path:tt, $target:ident;)*) => {
        /// A page.
        #[derive(Debug, Clone)]
        pub enum Page {
            $($(#[$doc])* $name(Box<$model>),)*
        }

        $(
            #[derive(Template)]
            #[template(path = $path)]
            struct $view<'a> {
                v: View<'a>,
                p: &'a $model,
            }

            impl From<$model> for Page {
                fn from(model: $model) -> Self {
                    Self::$name(Box::new(model))
                }
            }
        )*

        impl Page {
            /// The page as HTML, in the frame's language.
            pub fn html(&self, frame: &Frame<'_>) -> String {
                let v = View { frame, words: Words::of(frame.language) };
                match self {
                    $(Self::$name(model) => written(&$view { v, p: model }),)*
                }
            }

            /// The `Content-Security-Policy` to send with it.
            pub const fn csp(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => csp(FormTarget::$target),)*
                }
            }
        }
    };
}

pages! {
    /// The first step.
    Username(Username) = UsernameView "username.html", Service;
    /// The password.
    Password(Password) = PasswordView "password.html", Service;
    /// A ticket instead of a password.
    PasswordTicket(PasswordTicket) = PasswordTicketView "password_ticket.html", OwnPages;
    /// The new password after a right ticket.
    NewPassword(NewPassword) = NewPasswordView "new_password.html", OwnPages;
    /// One more proof.
    SecondFactor(SecondFactor) = SecondFactorView "second_factor.html", Service;
    /// The proof that is asked for is lost.
    LostProof(LostProof) = LostProofView "lost_proof.html", Service;
    /// The sign-in cannot go on.
    Refusal(Refusal) = RefusalView "refusal.html", Service;
    /// Signed in as somebody: go on or switch.
    SwitchPerson(SwitchPerson) = SwitchPersonView "switch_person.html", Service;
    /// A problem as a full page.
    Problem(Problem) = ProblemView "problem.html", OwnPages;
    /// An incident code in words.
    Troubleshoot(Troubleshoot) = TroubleshootView "troubleshoot.html", OwnPages;
    /// What a sign-in needs of a browser and a network.
    ConnectionCheck(ConnectionCheck) = ConnectionCheckView "check.html", OwnPages;
    /// How a certificate's file comes into a device.
    ImportGuide(ImportGuide) = ImportGuideView "import_guide.html", OwnPages;
    /// Whether a service may receive what it asks for.
    Consent(Consent) = ConsentView "consent.html", Service;
    /// Whether to sign out.
    SignOut(SignOut) = SignOutView "sign_out.html", Service;
    /// Signed out.
    SignedOut(SignedOut) = SignedOutView "signed_out.html", Service;
    /// An answer that must be posted to the service.
    Relay(Relay) = RelayView "relay.html", Service;
    /// The portal's first page.
    Overview(portal::Overview) = OverviewView "portal/overview.html", OwnPages;
    /// Change the password.
    ChangePassword(portal::ChangePassword) = ChangePasswordView "portal/change_password.html", OwnPages;
    /// Register an authenticator app.
    RegisterTotp(portal::RegisterTotp) = RegisterTotpView "portal/register_totp.html", OwnPages;
    /// Register a passkey.
    RegisterPasskey(portal::RegisterPasskey) = RegisterPasskeyView "portal/register_passkey.html", OwnPages;
    /// Give a passkey another name.
    RenamePasskey(portal::RenamePasskey) = RenamePasskeyView "portal/rename_passkey.html", OwnPages;
    /// Register an address for codes by mail.
    RegisterMail(RegisterMail) = RegisterMailView "portal/register_mail.html", OwnPages;
    /// New recovery codes.
    RecoveryCodes(portal::RecoveryCodes) = RecoveryCodesView "portal/recovery_codes.html", OwnPages;
    /// Whether to remove a factor.
    RemoveFactor(portal::RemoveFactor) = RemoveFactorView "portal/remove_factor.html", OwnPages;
    /// Which proofs may be used.
    ChoosePreferences(portal::ChoosePreferences) = ChoosePreferencesView "portal/choose_preferences.html", OwnPages;
    /// Something is lost.
    ReportLoss(portal::ReportLoss) = ReportLossView "portal/report_loss.html", OwnPages;
    /// Enter an enrolment ticket.
    EnrolTicket(portal::EnrolTicket) = EnrolTicketView "portal/enrol_ticket.html", OwnPages;
    /// Services that were given consent.
    Consents(portal::Consents) = ConsentsView "portal/consents.html", OwnPages;
    /// The person's client certificates.
    Certificates(portal::Certificates) = CertificatesView "portal/certificates.html", OwnPages;
    /// Whether to get a client certificate.
    IssueCertificate(portal::IssueCertificate) = IssueCertificateView "portal/issue_certificate.html", OwnPages;
    /// Have a key certified that its owner keeps.
    CertifyKey(portal::CertifyKey) = CertifyKeyView "portal/certify_key.html", OwnPages;
    /// The file of a new client certificate.
    CertificateFile(portal::CertificateFile) = CertificateFileView "portal/certificate_file.html", OwnPages;
    /// Whether to revoke a client certificate.
    RevokeCertificate(portal::RevokeCertificate) = RevokeCertificateView "portal/revoke_certificate.html", OwnPages;
    /// What a sign-in from elsewhere would come to.
    Rehearsal(portal::Rehearsal) = RehearsalView "portal/rehearsal.html", OwnPages;
    /// How a sign-in as if from elsewhere went.
    Rehearsed(portal::Rehearsed) = RehearsedView "portal/rehearsed.html", OwnPages;
    /// "This was not me".
    NotMe(portal::NotMe) = NotMeView "portal/not_me.html", OwnPages;
    /// The help desk's console.
    Console(desk::Console) = ConsoleView "desk/console.html", OwnPages;
    /// A person at the console.
    DeskPerson(desk::DeskPerson) = DeskPersonView "desk/person.html", OwnPages;
    /// An incident at the console.
    DeskIncident(desk::DeskIncident) = DeskIncidentView "desk/incident.html", OwnPages;
    /// Demo: choose the network.
    DemoNetworks(demo::Networks) = DemoNetworksView "demo/networks.html", OwnPages;
    /// Demo: outgoing mail.
    DemoMails(demo::Mails) = DemoMailsView "demo/mails.html", OwnPages;
    /// Demo: what the authenticator apps show.
    DemoCodes(demo::Codes) = DemoCodesView "demo/codes.html", OwnPages;
    /// Demo: the sample service.
    DemoService(demo::SampleService) = DemoServiceView "demo/service.html", OwnPages;
}

fn written(template: &impl Template) -> String {
    template.render().expect("our templates only write texts, which cannot fail")
}

/// What all templates share: `v` in them.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub frame: &'a Frame<'a>,
    pub words: &'static Words,
}

impl View<'_> {
    /// The text `id`.
    pub fn t(&self, id: &str) -> String {
        self.words.text(id)
    }

    /// The text `id` with one variable.
    pub fn t1(&self, id: &str, name: &str, value: impl AsRef<str>) -> String {
        self.words.with(id, &[(name, value.as_ref().into())])
    }

    /// The text `id` with a number.
    pub fn tn(&self, id: &str, name: &str, number: impl std::fmt::Display) -> String {
        let number = number.to_string().parse().unwrap_or(i64::MAX);
        self.words.with(id, &[(name, Argument::Number(number))])
    }

    /// A wait in words.
    pub fn waiting(&self, seconds: impl Plain<i64>) -> String {
        self.words.waiting(seconds.plain())
    }

    /// The page's language.
    pub fn tag(&self) -> &'static str {
        self.frame.language.tag()
    }

    /// The organisation's name.
    pub fn organisation(&self) -> &str {
        self.frame.organisation.name.text(self.frame.language)
    }

    /// The title element: what failed is said first (GOV.UK, error pages).
    pub fn title(&self, title: impl AsRef<str>, failed: bool) -> String {
        let prefix = if failed { self.t("error-prefix") } else { String::new() };
        format!("{prefix}{} – {}", title.as_ref(), self.organisation())
    }

    /// The moment for people, in the site's zone.
    pub fn moment(&self, at: impl Plain<Timestamp>) -> String {
        at.plain().in_zone(self.frame.time_zone)
    }

    /// How long ago, in words.
    pub fn ago(&self, at: Timestamp) -> String {
        self.words.ago(at, self.frame.now)
    }

    /// The heading of a reason where nothing else is known.
    pub fn reason_title(&self, reason: impl Plain<Reason>, service: Option<&str>) -> String {
        self.words.reason_title(reason.plain(), &self.circumstances(service))
    }

    /// The text of a reason where nothing else is known.
    pub fn reason_text(&self, reason: impl Plain<Reason>, service: Option<&str>) -> String {
        self.words.reason_text(reason.plain(), &self.circumstances(service))
    }

    pub fn circumstances<'b>(&'b self, service: Option<&'b str>) -> Circumstances<'b> {
        Circumstances {
            details: None,
            now: self.frame.now,
            time_zone: self.frame.time_zone,
            service,
            place: None,
            desk: self.frame.desk(),
            inside: false,
        }
    }

    /// The methods' names, joined.
    pub fn methods(&self, methods: &[Method]) -> String {
        let names: Vec<String> =
            methods.iter().map(|method| self.words.method_name(*method)).collect();
        names.join(&self.t("list-separator"))
    }

    /// The name of a method.
    pub fn method_name(&self, method: impl Plain<Method>) -> String {
        self.words.method_name(method.plain())
    }

    /// What the button says that chooses the method.
    pub fn method_choice(&self, method: impl Plain<Method>) -> String {
        self.words.method_choice(method.plain())
    }

    /// Why a method cannot be used.
    pub fn usability(&self, usability: impl Plain<Usability>) -> String {
        self.words.usability(usability.plain())
    }

    /// How a factor came to the account.
    pub fn binding(&self, binding: impl Plain<Binding>) -> String {
        self.words.binding(binding.plain())
    }

    /// Whether a factor can be used.
    pub fn factor_state(&self, state: impl Plain<FactorState>) -> String {
        self.words.factor_state(state.plain())
    }

    /// What the typed text shows.
    pub fn hint(&self, hint: impl Plain<InputHint>) -> String {
        self.words.hint(hint.plain())
    }

    pub fn accent_href(&self) -> String {
        assets::accent_href(&self.frame.organisation.accent)
    }
}

/// A small value, however many references deep a template hands it over.
pub(crate) trait Plain<T> {
    fn plain(self) -> T;
}

impl<T: Copy> Plain<T> for T {
    fn plain(self) -> T {
        self
    }
}

impl<T: Copy> Plain<T> for &T {
    fn plain(self) -> T {
        *self
    }
}

impl<T: Copy> Plain<T> for &&T {
    fn plain(self) -> T {
        **self
    }
}
