//! Removing a factor, with a warning before it if it is the last one.

use sekimori_base::{FactorId, Fault};
use sekimori_directory::Method;
use sekimori_login::{FactorFacts, FactorState, Notice};
use sekimori_store::Write;

use super::enter::{Care, Changed, Inside, Others, Who};
use super::{Done, FactorView, Portal};
use crate::Flow;
use crate::notices::About;
use crate::visitor::Visitor;

/// What is left afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    /// Other factors that can be used.
    Others,
    /// Recovery codes alone.
    RecoveryCodes,
    /// Nothing.
    Nothing,
}

/// The question whether to remove a factor.
#[derive(Debug, Clone)]
pub struct RemovePage {
    /// Who.
    pub who: Who,
    /// Which.
    pub factor: FactorView,
    /// What is left.
    pub remaining: Remaining,
    /// The token of the form.
    pub token: String,
}

impl Flow {
    /// The question. Opening it changes nothing.
    pub async fn remove_page(
        &self,
        visitor: &Visitor,
        factor: FactorId,
    ) -> Result<Portal<RemovePage>, Fault> {
        let inside = match self.enter(visitor, &path(factor), Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let stored = inside.person.factors.iter().find(|stored| stored.facts.id == factor);
        let Some(known) = stored.map(FactorView::of) else { return Ok(Portal::see("/portal")) };
        Ok(Portal::Here(RemovePage {
            who: inside.who(),
            remaining: remaining(&inside, factor),
            factor: known,
            token: inside.token(),
        }))
    }

    /// Remove it. That the account had a factor is remembered.
    pub async fn remove_factor(
        &self,
        visitor: &Visitor,
        factor: FactorId,
        token: &str,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, &path(factor), Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let Some(known) = find(&inside, factor) else { return Ok(Portal::see("/portal")) };
        if !inside.is_token(token) {
            return Ok(Portal::see(path(factor)));
        }
        let person = inside.person.person.id;
        let about = About {
            factor: Some(factor),
            method: Some(known.method),
            binding: Some(known.binding),
            ..About::default()
        };
        let mut writes = vec![Write::FactorRemove { person, factor }];
        let (event, notice) = ("factor.removed", Notice::FactorRemoved);
        writes.extend(self.told(visitor, &inside.person, event, notice, about)?);
        let raises = u64::from(stored_state(&inside, factor) != FactorState::Unfinished);
        match self.change(&inside, writes, raises, Others::Keep).await? {
            Changed::Done => Ok(Portal::done(Done::FactorRemoved)),
            Changed::Overtaken => Ok(Portal::see("/portal")),
        }
    }
}

/// A path of its own, so that a sign-in in between leads back to the same question.
fn path(factor: FactorId) -> String {
    format!("/portal/factor/remove/{factor}")
}

fn find(inside: &Inside<'_>, factor: FactorId) -> Option<FactorFacts> {
    inside.person.known.factors.iter().find(|known| known.id == factor).cloned()
}

fn stored_state(inside: &Inside<'_>, factor: FactorId) -> FactorState {
    find(inside, factor).map_or(FactorState::Unfinished, |known| known.state)
}

fn remaining(inside: &Inside<'_>, factor: FactorId) -> Remaining {
    let usable = || {
        inside.person.known.factors.iter().filter(move |known| {
            known.id != factor
                && known.is_usable()
                && known.method != Method::Password
                && inside.takes(known.method)
        })
    };
    if usable().any(|known| known.method != Method::RecoveryCode) {
        Remaining::Others
    } else if usable().next().is_some() {
        Remaining::RecoveryCodes
    } else {
        Remaining::Nothing
    }
}
