//! Recovery codes: ten on a sheet, shown until somebody says that they are saved; only then they count.

use sekimori_base::{FactorId, Fault, Sealed, Secret};
use sekimori_credential::recovery::{CODES, RecoveryCode};
use sekimori_directory::Method;
use sekimori_login::{Notice, enrol};
use sekimori_store::{SessionProofs, Write};

use super::enrolment::{Halt, NotNow, Registrar, What};
use super::enter::{Care, Changed, Who};
use super::{Done, Portal};
use crate::Flow;
use crate::login::recovery_digest;
use crate::notices::About;
use crate::visitor::Visitor;

/// The sheet, or why there is none.
pub enum CodesPage {
    /// Show it.
    Sheet {
        /// The codes as printed.
        codes: Vec<Secret<String>>,
        /// Whose.
        username: String,
        /// What the form carries.
        request: String,
        /// The token of the form.
        token: String,
        /// Who is signed in; nobody if they came with a ticket.
        who: Option<Who>,
    },
    /// Not here and now.
    NotNow(NotNow),
}

impl Flow {
    /// A fresh sheet, or the one of `request`. Nothing is stored.
    pub async fn codes_page(
        &self,
        visitor: &Visitor,
        request: Option<&str>,
    ) -> Result<Portal<CodesPage>, Fault> {
        let Some(request) = request else { return self.codes_begin(visitor).await };
        match self.resume_enrolment(visitor, request, What::Codes).await? {
            Ok((enrolment, registrar)) => {
                let chance = enrolment.chance(&visitor.tenant, "codes");
                let codes = RecoveryCode::set(&chance).iter().map(RecoveryCode::text).collect();
                Ok(Portal::Here(CodesPage::Sheet {
                    codes,
                    username: registrar.person().person.username.to_string(),
                    request: request.to_owned(),
                    token: registrar.token(),
                    who: registrar.who(),
                }))
            }
            Err(halt) => self.codes_halt(visitor, halt).await,
        }
    }

    async fn codes_begin(&self, visitor: &Visitor) -> Result<Portal<CodesPage>, Fault> {
        let inside = match self.enter(visitor, What::Codes.path(), Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        Ok(match self.permit(&inside, What::Codes).await? {
            Ok(progress) => Portal::elsewhere(progress),
            Err(not_now) => Portal::Here(CodesPage::NotNow(not_now)),
        })
    }

    /// "I have saved them": now they count, and the earlier ones no longer do.
    pub async fn codes_saved(
        &self,
        visitor: &Visitor,
        request: &str,
        token: &str,
    ) -> Result<Portal<CodesPage>, Fault> {
        let (enrolment, registrar) =
            match self.resume_enrolment(visitor, request, What::Codes).await? {
                Ok(opened) => opened,
                Err(halt) => return self.codes_halt(visitor, halt).await,
            };
        if !registrar.is_token(token) {
            return self.codes_page(visitor, Some(request)).await;
        }
        let tenant = &visitor.tenant;
        let codes = RecoveryCode::set(&enrolment.chance(tenant, "codes"));
        let digests = codes.iter().flat_map(|code| recovery_digest(tenant, code)).collect();
        let factor = enrolment.factor(tenant);
        let count = u8::try_from(CODES).unwrap_or(u8::MAX);
        let new = enrolment.new_factor(factor, Sealed::from_bytes(digests), count);
        let about = About {
            factor: Some(factor),
            method: Some(Method::RecoveryCode),
            binding: Some(enrolment.binding),
            codes_left: Some(count),
            ..About::default()
        };
        let mut writes = vec![Write::RecoveryCodesSet(new)];
        writes.extend(handed_on(&registrar, factor));
        writes.extend(self.told(
            visitor,
            registrar.person(),
            "recovery_codes.made",
            Notice::RecoveryCodesMade,
            about,
        )?);
        match self.store_enrolment(&registrar, writes, 1).await? {
            Changed::Done => {
                let done = Done::RecoveryCodesMade;
                let next = self.after_enrolment(visitor, &enrolment.holder, done).await?;
                Ok(Portal::elsewhere(next))
            }
            Changed::Overtaken => Ok(Portal::see(format!("{}?r={request}", What::Codes.path()))),
        }
    }

    async fn codes_halt(&self, visitor: &Visitor, halt: Halt) -> Result<Portal<CodesPage>, Fault> {
        match halt {
            Halt::Elsewhere(progress) => Ok(Portal::elsewhere(progress)),
            // Saved before: they are shown once.
            Halt::Finished(enrolment) => {
                let done = Done::RecoveryCodesMade;
                let next = self.after_enrolment(visitor, &enrolment.holder, done).await?;
                Ok(Portal::elsewhere(next))
            }
        }
    }
}

/// Whoever shows a code of the old sheet and makes a new one is not asked again in this session. Others, in which a code
/// of the old sheet was shown, lose it: perhaps the sheet was not in the right hands.
fn handed_on(registrar: &Registrar<'_>, sheet: FactorId) -> Option<Write> {
    let Registrar::Inside(inside) = registrar else { return None };
    let policy = &inside.visitor().tenant.policy;
    let proofs = enrol::handed_on(policy, inside.facts(), Method::RecoveryCode, sheet)?;
    let (digest, person) = (inside.session.digest, inside.person.person.id);
    Some(Write::SessionProofs(SessionProofs { digest, person, proofs }))
}
