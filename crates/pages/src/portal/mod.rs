//! The portal: who am I, where am I, what happened, what can I change.

mod certificates;
mod changes;
mod lost;
mod not_me;
mod overview;
mod preferences;
mod rehearsal;
mod shown;

pub use certificates::{
    CertificateFile, CertificateNote, CertificateRow, Certificates, CertifyKey, IssueCertificate,
    Obtainable, RenewedCertificate, RenewedFate, RequestFlaw, RevokeCertificate,
};
pub use changes::{
    ChangePassword, Consents, EnrolTicket, GrantRow, RecoveryCodes, RegisterPasskey, RegisterTotp,
    RemoveFactor, RenamePasskey, Standing,
};
pub use lost::{LostCertificate, ReportLoss};
pub use not_me::{NotMe, NotMeState, Remedy};
pub use overview::{
    Done, EventRow, FactorRow, Happened, Overview, PersonCard, ServiceLink, SessionRow, Suggestion,
};
pub use preferences::{ChoosePreferences, LockedOut, PreferredKind};
pub use rehearsal::{Outlook, Registering, Rehearsal, Rehearsed, RehearsedPlace, Trial};
