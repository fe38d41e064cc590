//! [`Store::commit`]: a list of [`Write`]s in one transaction, all of it or nothing.
//!
//! Writes become calls before they reach the database's thread; there they run in order (PostgreSQL
//! gets them in one round trip) and each conditional one must have written a row.

use sekimori_base::{PersonId, SessionId, TenantId, Timestamp};
use sekimori_directory::{Person, PersonState};
use sekimori_login::FactorState;

use crate::Store;
use crate::audit::{AuditLine, LineId};
use crate::certificates;
use crate::conflict::{CommitError, Conflict};
use crate::database::{Call, DatabaseError, Done, Transaction, call};
use crate::mail_codes;
use crate::new::NewFactor;
use crate::people;
use crate::sessions;
use crate::statement as sql;
use crate::value::{to_json, to_word};
use crate::write::Write;

/// What was committed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// Where the audit lines stand, in the order of the writes.
    pub lines: Vec<LineId>,
}

/// A step of a transaction, ready for the database.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Which write it belongs to.
    write: usize,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A call that must write (or find) a row, or the conflict holds.
    Call(Call, Option<Conflict>),
    /// A line for the chain of whichever connection takes the transaction.
    Line(Box<AuditLine>),
}

/// The conflict of a step, as the transaction's refusal.
pub(crate) type Refused = (usize, Conflict);

impl Store {
    /// Do all of `writes` in one transaction, or nothing.
    pub async fn commit(
        &self,
        tenant: TenantId,
        now: Timestamp,
        writes: Vec<Write>,
    ) -> Result<Receipt, CommitError> {
        let steps = steps(tenant, now, writes);
        self.write("committing", move |transaction| apply(transaction, tenant, &steps))
            .await?
            .map_err(|(write, conflict)| CommitError::Conflict { write, conflict })
    }
}

/// Run the steps inside a transaction.
pub(crate) fn apply(
    transaction: &mut Transaction<'_>,
    tenant: TenantId,
    steps: &[Step],
) -> Result<Result<Receipt, Refused>, DatabaseError> {
    let mut receipt = Receipt::default();
    let mut calls = Vec::with_capacity(steps.len() + 2);
    let mut wanted = Vec::with_capacity(steps.len() + 2);
    for step in steps {
        match &step.kind {
            Kind::Call(call, conflict) => {
                calls.push(call.clone());
                wanted.push((step.write, *conflict));
            }
            Kind::Line(line) => {
                let (lines, place) = transaction.chains.append(tenant, line)?;
                receipt.lines.push(place);
                for call in lines {
                    let is_line = call.statement.index == sql::AUDIT_LINE_PUT.index;
                    calls.push(call);
                    wanted.push((step.write, is_line.then_some(Conflict::IncidentTaken)));
                }
            }
        }
    }
    let holds = |done: &Done, wanted: &(usize, Option<Conflict>)| match wanted {
        (write, Some(conflict)) if done.count == 0 => Err((*write, *conflict)),
        _ => Ok(()),
    };
    let refused = transaction.run_until(&calls, |index, done| holds(done, &wanted[index]))?;
    Ok(refused.map(|()| receipt))
}

/// The steps of the writes.
pub(crate) fn steps(tenant: TenantId, now: Timestamp, writes: Vec<Write>) -> Vec<Step> {
    let mut plan = Plan { tenant, now, write: 0, steps: Vec::with_capacity(writes.len() + 4) };
    for (index, write) in writes.into_iter().enumerate() {
        plan.write = index;
        plan.add(write);
    }
    plan.steps
}

struct Plan {
    tenant: TenantId,
    now: Timestamp,
    write: usize,
    steps: Vec<Step>,
}

impl Plan {
    /// A call that may write nothing.
    fn then(&mut self, call: Call) {
        self.steps.push(Step { write: self.write, kind: Kind::Call(call, None) });
    }

    /// A call that must write a row.
    fn must(&mut self, call: Call, conflict: Conflict) {
        self.steps.push(Step { write: self.write, kind: Kind::Call(call, Some(conflict)) });
    }

    #[expect(clippy::too_many_lines, reason = "a table: one arm a write, and none may be missed")]
    fn add(&mut self, write: Write) {
        let (tenant, now) = (self.tenant, self.now);
        let t = tenant.bytes();
        match write {
            Write::AttemptPut { id, state, outcome, expires_at } => self.must(
                call!(sql::ATTEMPTS_PUT, t, id.bytes(), &state, outcome.as_ref(), now, expires_at),
                Conflict::Exists,
            ),
            Write::AttemptAdvance { id, from_version, state, outcome } => self.must(
                call!(
                    sql::ATTEMPTS_ADVANCE,
                    &state,
                    outcome.as_ref(),
                    t,
                    id.bytes(),
                    from_version,
                    now
                ),
                Conflict::AttemptMoved,
            ),
            Write::AttemptEnd { id, from_version, outcome } => self.must(
                call!(
                    sql::ATTEMPTS_END,
                    Vec::<u8>::new(),
                    outcome.as_ref(),
                    now,
                    t,
                    id.bytes(),
                    from_version
                ),
                Conflict::AttemptMoved,
            ),
            Write::CounterFail(reserved) => {
                self.then(call!(sql::COUNTERS_FAIL, t, reserved.key.bytes(), now, reserved.until));
            }
            Write::CounterRepeat(reserved) => {
                let (key, until) = (reserved.key.bytes(), reserved.until);
                self.then(call!(sql::COUNTERS_REPEAT, now, until, t, key));
            }
            Write::CounterClear(reserved) => {
                self.then(call!(sql::COUNTERS_CLEAR, t, reserved.key.bytes()));
            }
            Write::CounterGiveBack(reserved) => {
                self.then(call!(sql::COUNTERS_GIVE_BACK, t, reserved.key.bytes(), reserved.until));
            }
            Write::CounterForget(key) => self.then(call!(sql::COUNTERS_CLEAR, t, key.bytes())),

            Write::SpendStep { person, factor, step } => self.must(
                call!(sql::FACTORS_SPEND_STEP, step, now, t, person.bytes(), factor.bytes()),
                Conflict::StepSpent,
            ),
            Write::BurnStep { factor, step } => {
                self.then(call!(sql::FACTORS_BURN_STEP, t, factor.bytes(), step, now));
            }
            Write::SpendRecoveryCode { person, factor, index } => self.must(
                call!(
                    sql::FACTORS_SPEND_CODE,
                    1_u64 << index.min(62),
                    now,
                    t,
                    person.bytes(),
                    factor.bytes(),
                    index
                ),
                Conflict::RecoveryCodeSpent,
            ),
            Write::UsePasskey { person, factor, counter, secret } => self.must(
                call!(
                    sql::FACTORS_USE_PASSKEY,
                    counter,
                    now,
                    secret.as_ref(),
                    t,
                    person.bytes(),
                    factor.bytes()
                ),
                Conflict::PasskeyUsed,
            ),
            Write::PasswordSet { person, record, from_epoch } => self.must(
                call!(sql::PEOPLE_SET_PASSWORD, record, t, person.bytes(), from_epoch),
                Conflict::EpochMoved,
            ),
            Write::PasswordRehash { person, from, to } => {
                self.then(call!(sql::PEOPLE_REHASH, to, t, person.bytes(), from));
            }
            Write::PreferencesSet { person, preferences } => self.must(
                people::set_preferences(tenant, person, &preferences),
                Conflict::PersonMissing,
            ),
            Write::PromptDismiss { person, reason } => self.must(
                call!(sql::PEOPLE_DISMISS_PROMPT, reason, t, person.bytes()),
                Conflict::PersonMissing,
            ),
            Write::FactorAdd(factor) => self.factor_add(&factor),
            Write::FactorConfirm { person, factor, step } => {
                self.must(
                    call!(sql::FACTORS_CONFIRM, step, now, t, person.bytes(), factor.bytes()),
                    Conflict::FactorMissing,
                );
                self.must(
                    call!(sql::PEOPLE_BUMP_WITH_FACTOR, t, person.bytes()),
                    Conflict::PersonMissing,
                );
            }
            Write::FactorRename { person, factor, label } => self.must(
                call!(sql::FACTORS_RENAME, label, t, person.bytes(), factor.bytes()),
                Conflict::FactorMissing,
            ),
            Write::FactorSuspend { person, factor, until } => {
                self.must(
                    call!(sql::FACTORS_SUSPEND, until, t, person.bytes(), factor.bytes()),
                    Conflict::FactorMissing,
                );
                self.then(call!(sql::PEOPLE_BUMP, t, person.bytes()));
            }
            Write::FactorResume { person, factor } => self.must(
                call!(sql::FACTORS_RESUME, t, person.bytes(), factor.bytes()),
                Conflict::FactorMissing,
            ),
            Write::FactorRemove { person, factor } => {
                self.then(call!(sql::PEOPLE_BUMP_FOR_REMOVAL, t, person.bytes(), factor.bytes()));
                self.must(
                    call!(sql::FACTORS_REMOVE, t, person.bytes(), factor.bytes()),
                    Conflict::FactorMissing,
                );
            }
            Write::RecoveryCodesSet(factor) => {
                let method = to_word(&factor.method);
                self.then(call!(sql::FACTORS_REMOVE_METHOD, t, factor.person.bytes(), method));
                self.factor_add(&factor);
            }

            Write::BreakGlassSet(factor) => {
                let binding = to_word(&factor.binding);
                self.then(call!(sql::FACTORS_REMOVE_BINDING, t, factor.person.bytes(), binding));
                self.factor_row(&factor);
            }

            Write::SessionOpen(session) => {
                self.must(sessions::open(tenant, &session), Conflict::EpochMoved);
            }
            Write::SessionReplace { old, session } => {
                self.must(call!(sql::SESSIONS_END, t, old.bytes()), Conflict::SessionGone);
                self.must(sessions::open(tenant, &session), Conflict::EpochMoved);
            }
            Write::EpochIs { person, epoch } => self
                .must(call!(sql::PEOPLE_EPOCH_IS, t, person.bytes(), epoch), Conflict::EpochMoved),
            Write::PersonIs { person, updated_at } => self.must(
                call!(sql::PEOPLE_SEEN, t, person.bytes(), updated_at),
                Conflict::PersonMoved,
            ),
            Write::EpochRaise { person } => {
                self.must(call!(sql::PEOPLE_BUMP, t, person.bytes()), Conflict::PersonMissing);
            }
            Write::SessionRenew { digest, person, epoch } => self.must(
                call!(sql::SESSIONS_RENEW, epoch, t, digest.bytes(), person.bytes()),
                Conflict::SessionGone,
            ),
            Write::SessionProofs(proven) => {
                self.must(sessions::prove(tenant, &proven), Conflict::SessionGone);
            }
            Write::SessionTouch { digest, used_at } => {
                self.then(call!(sql::SESSIONS_TOUCH, used_at, t, digest.bytes()));
            }
            Write::SessionEnd { digest } => {
                self.then(call!(sql::GRANTS_END_OF_COOKIE, now, t, digest.bytes()));
                self.then(call!(sql::SESSIONS_END, t, digest.bytes()));
            }
            Write::SessionEndById { person, id } => {
                let (p, session) = (person.bytes(), id.bytes());
                self.then(call!(sql::GRANTS_END_OF_SESSION, now, t, p, session));
                self.then(call!(sql::SESSIONS_END_BY_ID, t, person.bytes(), id.bytes()));
            }
            Write::SessionsEndOfPerson { person, except } => {
                let except = except.map_or_else(Vec::new, |id| id.bytes().to_vec());
                let p = person.bytes();
                self.then(call!(sql::GRANTS_END_OF_PERSON, now, t, p, except.clone()));
                self.then(call!(sql::SESSIONS_END_OF_PERSON, t, person.bytes(), except));
            }

            Write::PersonAdd { person, password } => {
                self.must(people::add(tenant, &person, password), Conflict::UsernameTaken);
                self.words(&person);
            }
            Write::PersonPut(person) => {
                self.must(call!(sql::PEOPLE_EXISTS, t, person.id.bytes()), Conflict::PersonMissing);
                self.must(people::put(tenant, &person), Conflict::UsernameTaken);
                self.then(call!(sql::PEOPLE_WORDS_REMOVE, t, person.id.bytes()));
                self.words(&person);
                self.endings_in(person.state, person.id);
            }
            Write::PersonStateSet { person, state } => {
                let raise = people::shuts_out(state);
                self.must(
                    call!(sql::PEOPLE_SET_STATE, to_json(&state), now, raise, t, person.bytes()),
                    Conflict::PersonMissing,
                );
                self.endings_in(state, person);
            }

            Write::TicketPut(ticket) => {
                self.then(call!(sql::TICKETS_END, t, ticket.person.bytes()));
                self.must(people::ticket_put(tenant, now, &ticket), Conflict::PersonMissing);
            }
            Write::TicketSpend { person, id, purpose } => {
                let spend = people::ticket_spend(tenant, now, person, id, purpose);
                self.must(spend, Conflict::TicketSpent);
            }
            Write::TicketWrong { person, id } => {
                self.then(call!(sql::TICKETS_WRONG, t, person.bytes(), id.bytes()));
            }
            Write::TicketsEndOfPerson { person } => {
                self.then(call!(sql::TICKETS_END, t, person.bytes()));
            }

            Write::CodePut { digest, person, grant, payload, expires_at } => self.must(
                call!(
                    sql::CODES_PUT,
                    t,
                    digest.bytes(),
                    person.bytes(),
                    grant.bytes(),
                    payload,
                    expires_at
                ),
                Conflict::Exists,
            ),
            Write::CodeRedeem { digest } => {
                self.must(call!(sql::CODES_REDEEM, now, t, digest.bytes()), Conflict::CodeSpent);
            }
            Write::GrantPromise(grant) => self.must(
                call!(
                    sql::GRANTS_PROMISE,
                    t,
                    grant.id.bytes(),
                    grant.person.bytes(),
                    grant.client_id,
                    grant.session.as_ref().map(SessionId::bytes),
                    grant.payload,
                    now,
                    grant.expires_at
                ),
                Conflict::Exists,
            ),
            Write::GrantOpen { grant, expires_at } => self
                .must(call!(sql::GRANTS_OPEN, expires_at, t, grant.bytes()), Conflict::GrantEnded),
            Write::GrantEnd { grant } => self.then(call!(sql::GRANTS_END, now, t, grant.bytes())),
            Write::GrantsEndOfPerson { person } => {
                self.then(call!(
                    sql::GRANTS_END_OF_PERSON,
                    now,
                    t,
                    person.bytes(),
                    Vec::<u8>::new()
                ));
            }
            Write::GrantsEndOfClient { person, client_id } => {
                self.then(call!(sql::GRANTS_END_OF_CLIENT, now, t, person.bytes(), client_id));
            }
            Write::AccessTokenPut { digest, grant, payload, expires_at } => self.must(
                call!(
                    sql::TOKENS_ACCESS_PUT,
                    t,
                    digest.bytes(),
                    grant.bytes(),
                    payload,
                    expires_at
                ),
                Conflict::Exists,
            ),
            Write::AccessTokenEnd { digest } => {
                self.then(call!(sql::TOKENS_ACCESS_END, now, t, digest.bytes()));
            }
            Write::RefreshPut { digest, grant, expires_at } => self.must(
                call!(sql::TOKENS_REFRESH_PUT, t, digest.bytes(), grant.bytes(), now, expires_at),
                Conflict::Exists,
            ),
            Write::RefreshRotate { digest, successor, grant, expires_at } => {
                self.must(
                    call!(
                        sql::TOKENS_REFRESH_ROTATE,
                        now,
                        successor.bytes(),
                        t,
                        digest.bytes(),
                        grant.bytes()
                    ),
                    Conflict::RefreshSpent,
                );
                self.must(
                    call!(
                        sql::TOKENS_REFRESH_PUT,
                        t,
                        successor.bytes(),
                        grant.bytes(),
                        now,
                        expires_at
                    ),
                    Conflict::Exists,
                );
            }

            Write::ConsentPut { person, client_id, scopes } => {
                self.then(call!(sql::CONSENTS_PUT, t, person.bytes(), client_id, scopes, now));
            }
            Write::ConsentRemove { person, client_id } => {
                self.then(call!(sql::CONSENTS_REMOVE, t, person.bytes(), client_id));
            }
            Write::CertificatePut(certificate) => {
                let put = certificates::put(tenant, now, &certificate);
                self.must(put, Conflict::CertificatesFull);
                if certificate.is_factor {
                    let p = certificate.person.bytes();
                    self.then(call!(sql::PEOPLE_HAD_FACTOR, t, p));
                }
            }
            Write::CertificateRevoke { serial, reason } => self.must(
                call!(sql::CERTIFICATES_REVOKE, now, reason, t, serial.bytes()),
                Conflict::CertificateGone,
            ),
            Write::CertificateFileForget { person, serial } => {
                self.then(call!(sql::CERTIFICATES_FILE_FORGET, t, serial.bytes(), person.bytes()));
            }
            Write::OutboxPut { id, message, due_at } => self.must(
                call!(sql::OUTBOX_PUT, t, id.bytes(), &message, now, due_at, 0_u8),
                Conflict::Exists,
            ),
            Write::OutboxPutOnce { id, message, due_at } => {
                self.then(call!(sql::OUTBOX_PUT, t, id.bytes(), &message, now, due_at, 0_u8));
            }
            Write::Mail(write) => {
                for (call, conflict) in mail_codes::calls(tenant, now, &write) {
                    let kind = Kind::Call(call, conflict);
                    self.steps.push(Step { write: self.write, kind });
                }
            }
            Write::Audit(line) => {
                self.steps.push(Step { write: self.write, kind: Kind::Line(line) });
            }
        }
    }

    fn factor_add(&mut self, factor: &NewFactor) {
        self.factor_row(factor);
        match factor.state {
            FactorState::Ready | FactorState::Suspended | FactorState::SwitchedOff => {
                let (tenant, p) = (self.tenant, factor.person.bytes());
                let t = tenant.bytes();
                self.then(call!(sql::PEOPLE_BUMP_WITH_FACTOR, t, p));
            }
            FactorState::Unfinished | FactorState::Elsewhere => {}
        }
    }

    fn factor_row(&mut self, factor: &NewFactor) {
        let passkey = factor.passkey.is_some();
        let conflict = if passkey { Conflict::Exists } else { Conflict::PersonMissing };
        self.must(people::factor_add(self.tenant, self.now, factor), conflict);
    }

    /// All that stands of a person ends with a state that shuts them out, certificates with the account.
    fn endings_in(&mut self, state: PersonState, person: PersonId) {
        for call in people::endings(self.tenant, self.now, state, person) {
            self.then(call);
        }
    }

    fn words(&mut self, person: &Person) {
        for word in people::words(person) {
            self.then(people::word(self.tenant, word, person.id));
        }
    }
}
