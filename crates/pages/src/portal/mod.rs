//! The portal: who am I, where am I, what happened, what can I change.

mod changes;
mod overview;

pub use changes::{
    ChangePassword, Consents, EnrolTicket, GrantRow, NotMe, NotMeState, RecoveryCodes,
    RegisterTotp, RemoveFactor, Standing,
};
pub use overview::{
    Done, EventRow, FactorRow, Happened, Overview, PersonCard, ServiceLink, SessionRow, Suggestion,
};
