//! Something is lost: a phone, a security key, a laptop. What was on it ends at once, with one form.
//!
//! A report takes away and never gives. Sessions and certificates end for whoever is signed in, as they do one by one. A
//! proof ends for whoever shows the highest that the account still has: else a password thief inside would only have to
//! report its proofs lost, and the password would be the highest ([`Care::Sensitive`] is asked of the engine).

use std::collections::BTreeSet;

use sekimori_base::{FactorId, Fault};
use sekimori_directory::Binding;
use sekimori_login::{FactorState, Notice};
use sekimori_pki::RevocationReason;
use sekimori_store::{AuditLine, StoredFactor, Write};

use super::enter::{Care, Changed, Entrance, Inside, Others, Who, door, portal_line};
use super::{Done, FactorView, Portal};
use crate::Flow;
use crate::certificates::{Serial, ShownCertificate, stored_serial};
use crate::notices::About;
use crate::visitor::Visitor;

const PATH: &str = "/portal/lost";

/// The audit's word for a report.
pub(super) const EVENT: &str = "loss.reported";

/// The page that asks what is lost.
#[derive(Debug, Clone)]
pub struct LostPage {
    /// Who.
    pub who: Who,
    /// Proofs, but for codes that lie in a safe of the organisation.
    pub factors: Vec<FactorView>,
    /// Certificates that are good.
    pub certificates: Vec<ShownCertificate>,
    /// Other sign-ins that stand.
    pub other_sessions: usize,
    /// Ending a proof asks for another one first.
    pub asks_proof: bool,
    /// The token of the form.
    pub token: String,
}

/// What is lost.
#[derive(Debug, Clone, Default)]
pub struct Lost {
    /// Proofs.
    pub factors: BTreeSet<FactorId>,
    /// Certificates.
    pub certificates: BTreeSet<Serial>,
    /// All other sign-ins end.
    pub others: bool,
}

impl Flow {
    /// The page. Opening it changes nothing.
    pub async fn lost_page(&self, visitor: &Visitor) -> Result<Portal<LostPage>, Fault> {
        let inside = match self.enter(visitor, PATH, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let (tenant, person) = (&visitor.tenant, inside.person.person.id);
        let sessions = self.store.sessions_of(tenant.id, person).await?;
        let proven = self.has_proven(visitor).await?.is_some();
        Ok(Portal::Here(LostPage {
            factors: own(&inside).map(FactorView::of).collect(),
            certificates: self.good_certificates(&inside).await?,
            other_sessions: inside.other_standing(&sessions, visitor.now).count(),
            asks_proof: !proven,
            who: inside.who(),
            token: inside.token(),
        }))
    }

    /// End what is lost.
    pub async fn report_loss(
        &self,
        visitor: &Visitor,
        token: &str,
        lost: Lost,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, PATH, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if !inside.is_token(token) {
            return Ok(Portal::see(PATH));
        }
        let proven = self.has_proven(visitor).await?;
        let later =
            proven.is_none() && own(&inside).any(|factor| lost.factors.contains(&factor.facts.id));
        let inside = proven.unwrap_or(inside);
        let factors: Vec<&StoredFactor> = own(&inside)
            .filter(|factor| !later && lost.factors.contains(&factor.facts.id))
            .collect();
        let certificates = self.good_certificates(&inside).await?;
        let certificates: Vec<Serial> = certificates
            .into_iter()
            .map(|certificate| certificate.serial)
            .filter(|serial| lost.certificates.contains(serial))
            .collect();
        let nothing = factors.is_empty() && certificates.is_empty() && !lost.others;
        if !nothing {
            let (writes, raises) = self.endings(visitor, &inside, &factors, &certificates)?;
            let others = if lost.others { Others::End } else { Others::Keep };
            if self.change(&inside, writes, raises, others).await? == Changed::Overtaken {
                return Ok(Portal::see(PATH));
            }
        }
        if later {
            // What is still to end asks for a proof; then the page shows what is left of it.
            return self.begin(visitor, door(PATH, Care::Sensitive)).await.map(Portal::elsewhere);
        }
        Ok(if nothing { Portal::see(PATH) } else { Portal::done(Done::LossReported) })
    }

    /// The writes that end these, with what is told; and by how much they raise the person's epoch.
    fn endings(
        &self,
        visitor: &Visitor,
        inside: &Inside<'_>,
        factors: &[&StoredFactor],
        certificates: &[Serial],
    ) -> Result<(Vec<Write>, u64), Fault> {
        let person = inside.person.person.id;
        let (mut writes, mut raises) = (Vec::new(), 0);
        let line = |event: &str, details: serde_json::Value| {
            let line = portal_line(visitor, &inside.person, event);
            Write::Audit(Box::new(AuditLine { details: details.to_string(), ..line }))
        };
        for stored in factors {
            let facts = &stored.facts;
            raises += u64::from(facts.state != FactorState::Unfinished);
            writes.push(Write::FactorRemove { person, factor: facts.id });
            let details = serde_json::json!({
                "method": facts.method.as_str(), "binding": facts.binding, "factor": facts.id,
            });
            writes.push(line("factor.removed", details));
        }
        // Who has the device may have its key.
        let reason = RevocationReason::KeyCompromise.code();
        for serial in certificates {
            writes.push(Write::CertificateRevoke { serial: stored_serial(*serial), reason });
            let details = serde_json::json!({ "serial": serial.to_string(), "reason": reason });
            writes.push(line("certificate.revoked", details));
        }
        let details = serde_json::json!({
            "factors": factors.len(), "certificates": certificates.len(),
        });
        writes.push(line(EVENT, details));
        let (notice, about) = (Notice::LossReported, About::default());
        writes.extend(self.notice_to_all(visitor, &inside.person, notice, about)?);
        Ok((writes, raises))
    }

    /// The same session, if it has shown the highest that the account has, just now.
    async fn has_proven<'a>(
        &'a self,
        visitor: &'a Visitor,
    ) -> Result<Option<Box<Inside<'a>>>, Fault> {
        Ok(match self.look_in(visitor, door(PATH, Care::Sensitive)).await? {
            Entrance::Inside(inside) => Some(inside),
            Entrance::Not(_) => None,
        })
    }

    async fn good_certificates(&self, inside: &Inside<'_>) -> Result<Vec<ShownCertificate>, Fault> {
        let (visitor, person) = (inside.visitor(), inside.person.person.id);
        let all = self.certificates_of(&visitor.tenant, person).await?;
        Ok(all.into_iter().filter(|one| one.is_good(visitor.now)).collect())
    }
}

/// What somebody may have lost. A break-glass code lies in a safe, and the desk makes another.
fn own<'i>(inside: &'i Inside<'_>) -> impl Iterator<Item = &'i StoredFactor> {
    let held = |stored: &&StoredFactor| stored.facts.binding != Binding::BreakGlass;
    inside.person.factors.iter().filter(held)
}
