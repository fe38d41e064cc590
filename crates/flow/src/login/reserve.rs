//! Before a check: its guess is reserved, and its attempt begins or is held.

use sekimori_base::limits::ATTEMPT_SECONDS_MAX;
use sekimori_base::{AttemptId, Fault};
use sekimori_login::{Details, Reason, Step};
use sekimori_store::{CommitError, Conflict, Counter, Reservation, Reserved, Write};

use super::round::{Round, Stage};
use crate::Flow;
use crate::attempt::{AttemptState, RESERVATION_SECONDS, SealedPart, Shown};
use crate::visitor::Visitor;

impl Flow {
    /// A round whose guess is reserved with what its verdict leads to; a new attempt begins there as well.
    pub(super) fn reserving<'a>(
        &self,
        mut round: Round<'a>,
        new_attempt: Option<AttemptId>,
    ) -> Result<Round<'a>, Fault> {
        let Some(key) = round.counter_key() else {
            return Err(Fault::new("reserving a guess", "a code without a counter"));
        };
        let now = round.visitor.now;
        round.reserved = Some(Reserved::granted(key, now, RESERVATION_SECONDS));
        round.reserving = Some(key);
        self.begin_attempt(&mut round, new_attempt)?;
        Ok(round)
    }

    /// Begin the attempt of a carried request in the transaction that stores what a check led to.
    pub(super) fn begin_attempt(
        &self,
        round: &mut Round<'_>,
        new_attempt: Option<AttemptId>,
    ) -> Result<(), Fault> {
        if let Stage::Carried(before) = &round.stage {
            let before = before.clone();
            let (id, _, state) = round.checking_state(new_attempt)?;
            round.begun = Some((self.first_write(round.visitor, id, &state)?, before));
            round.stored_as(id, 1, state);
        }
        Ok(())
    }

    /// An attempt's row, at version 1.
    fn first_write(
        &self,
        visitor: &Visitor,
        id: AttemptId,
        state: &AttemptState,
    ) -> Result<Write, Fault> {
        let sealed = state
            .seal(&visitor.tenant, id, &*self.entropy)
            .map_err(Fault::while_doing("sealing an attempt"))?;
        let expires_at = visitor.now.plus_seconds(ATTEMPT_SECONDS_MAX);
        Ok(Write::AttemptPut { id, state: sealed, outcome: None, expires_at })
    }

    /// Reserve the guess and move the attempt, in one transaction.
    pub(super) async fn reserve(
        &self,
        round: &mut Round<'_>,
        new_attempt: Option<AttemptId>,
    ) -> Result<Reserve, Fault> {
        let tenant = &round.visitor.tenant;
        let Some(key) = round.counter_key() else { return Ok(Reserve::Refused) };
        let (id, from_version, state) = round.checking_state(new_attempt)?;
        let write = if from_version == 0 {
            self.first_write(round.visitor, id, &state)?
        } else {
            let state = state
                .seal(tenant, id, &*self.entropy)
                .map_err(Fault::while_doing("sealing an attempt"))?;
            Write::AttemptAdvance { id, from_version, state, outcome: None }
        };
        let now = round.visitor.now;
        let reserved =
            self.store.reserve(tenant.id, now, key, RESERVATION_SECONDS, vec![write]).await;
        match reserved {
            Ok(Reservation::Granted { reserved, .. }) => {
                round.reserved = Some(reserved);
                round.stored_as(id, from_version + 1, state);
                Ok(Reserve::Granted)
            }
            Ok(Reservation::Refused(counter)) => {
                round.new_id = Some(id);
                self.refused_guess(round, &counter).await
            }
            Err(CommitError::Conflict { conflict, .. }) => match conflict {
                Conflict::AttemptMoved | Conflict::Exists => {
                    Ok(Reserve::SecondSubmit(id, from_version))
                }
                other => Err(Fault::new("reserving a guess", other)),
            },
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// The guess was not granted: the counter says why. A double click is refused because its twin holds the
    /// guess: then the twin's outcome counts.
    pub(super) async fn refused_guess(
        &self,
        round: &mut Round<'_>,
        counter: &Counter,
    ) -> Result<Reserve, Fault> {
        let throttle = &mut round.facts.throttle;
        throttle.failures = counter.failures;
        throttle.wait_until = counter.wait_until;
        throttle.reservation_refused = true;
        let (id, version) = round.submitted_to();
        if self.is_second_submit(round.visitor, id, version).await? {
            return Ok(Reserve::SecondSubmit(id, version));
        }
        Ok(Reserve::Refused)
    }
}

/// Whether a guess may be checked.
pub(super) enum Reserve {
    Granted,
    Refused,
    SecondSubmit(AttemptId, u64),
}

impl Round<'_> {
    /// The attempt as it stands while the guess is checked: its id, the version that it moves from (0 if it is
    /// new), and its state.
    fn checking_state(
        &self,
        new_attempt: Option<AttemptId>,
    ) -> Result<(AttemptId, u64, AttemptState), Fault> {
        let carried = match (&self.stage, new_attempt) {
            (Stage::Attempt { id, version, state }, _) => {
                let mut state = AttemptState::clone(state);
                state.last.reason = Reason::Checking;
                state.last.at = self.visitor.now;
                return Ok((*id, *version, state));
            }
            (Stage::Carried(carried), Some(id)) => (carried, id),
            (Stage::Carried(_), None) => {
                return Err(Fault::new("beginning an attempt", "a carried request has no id"));
            }
        };
        let (carried, id) = carried;
        let state = AttemptState {
            door: carried.door.clone(),
            browser: carried.browser.unwrap_or_default(),
            requested_at: carried.at,
            begun_at: self.visitor.now,
            zone_at_begin: self.visitor.position.zone.clone(),
            name: carried.name.clone().unwrap_or_default(),
            credential_epoch: self
                .person
                .as_ref()
                .map_or(0, |person| person.known.credential_epoch),
            proofs: Vec::new(),
            last_drift: None,
            mailed: Vec::new(),
            other_person: carried.other_person,
            last: Shown {
                step: Some(Step::Password),
                reason: Reason::Checking,
                details: Details::default(),
                hints: Vec::new(),
                incident: None,
                at: self.visitor.now,
            },
        };
        Ok((id, 0, state))
    }
}
