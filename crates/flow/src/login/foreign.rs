//! A certificate of another authority in a sign-in: whose it is, and whether it still counts.

use sekimori_base::{FactorId, Fault};
use sekimori_directory::Method;
use sekimori_login::{
    CertificateRefusal, FactorFacts, PersonFacts, Reason, Verdict, account_refusal,
};

use super::round::Round;
use crate::Flow;
use crate::certificates::others::{Foreign, Gone};
use crate::visitor::Visitor;

impl Flow {
    /// Whether a certificate of another authority, which held when it was presented, counts for this account now.
    pub(super) async fn check_foreign(
        &self,
        round: &Round<'_>,
        factors: &[FactorId],
        foreign: &Foreign,
    ) -> Result<Verdict, Fault> {
        let Visitor { tenant, now, .. } = round.visitor;
        let Some(person) = &round.person else {
            return Ok(Verdict::CertificateRefused(CertificateRefusal::NotRegistered));
        };
        let why = match tenant.issuers.standing(foreign.factor, &person.known.groups, *now) {
            Err(Gone::Issuer) => CertificateRefusal::WithdrawnIssuer,
            Err(Gone::Over) => CertificateRefusal::Expired,
            Err(Gone::Revoked) => CertificateRefusal::Revoked,
            Ok(_) | Err(Gone::Groups) if !foreign.names.is(person) => {
                self.named_otherwise(round, foreign).await?
            }
            Ok(_) if factors.contains(&foreign.factor) => {
                return Ok(Verdict::CertificateAccepted { factor: foreign.factor });
            }
            Ok(_) | Err(Gone::Groups) => CertificateRefusal::NotRegistered,
        };
        Ok(Verdict::CertificateRefused(why))
    }

    /// What to say of a certificate that does not name this account: whether it names another one.
    async fn named_otherwise(
        &self,
        round: &Round<'_>,
        foreign: &Foreign,
    ) -> Result<CertificateRefusal, Fault> {
        let Some(name) = foreign.names.username() else {
            return Ok(CertificateRefusal::NoIdentity);
        };
        let (tenant, now) = (round.visitor.tenant.id, round.visitor.now);
        let named = self.store.person_by_username(tenant, now, name).await?;
        Ok(match named.map(|named| account_refusal(named.person.state, now)) {
            None => CertificateRefusal::NoIdentity,
            Some(Some(Reason::AccountDisabled | Reason::AccountEnded)) => {
                CertificateRefusal::FormerAccount
            }
            Some(_) => CertificateRefusal::OtherPerson,
        })
    }
}

impl Round<'_> {
    /// A certificate of another authority that names this account is a factor of it for as long as it is shown.
    pub(super) fn show_foreign(&mut self, foreign: &Foreign) {
        let Visitor { tenant, now, .. } = self.visitor;
        let Some(person) = self.person.as_ref().filter(|person| foreign.names.is(person)) else {
            return;
        };
        let standing = tenant.issuers.standing(foreign.factor, &person.known.groups, *now);
        if let (Ok(factor), PersonFacts::Known(known)) = (standing, &mut self.facts.person)
            && !known.factors.iter().any(|had| had.id == factor.id)
        {
            let state = factor.state.under(&known.preferences, Method::Certificate);
            known.factors.push(FactorFacts { state, ..factor });
        }
    }
}
