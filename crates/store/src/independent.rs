//! Whether the writes of a transaction can be done side by side: none looks at what another one writes.

use crate::write::Write;

/// Tables, a bit each, as far as writes of sign-ins and tokens touch them.
mod table {
    pub(super) const NONE: u16 = 0;
    pub(super) const ATTEMPT: u16 = 1;
    pub(super) const COUNTER: u16 = 1 << 1;
    pub(super) const FACTOR: u16 = 1 << 2;
    pub(super) const SESSION: u16 = 1 << 3;
    pub(super) const CODE: u16 = 1 << 4;
    pub(super) const GRANT: u16 = 1 << 5;
    pub(super) const ACCESS_TOKEN: u16 = 1 << 6;
    pub(super) const REFRESH_TOKEN: u16 = 1 << 7;
    pub(super) const CONSENT: u16 = 1 << 8;
    pub(super) const OUTBOX: u16 = 1 << 9;
}

/// How the steps of a transaction are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// One after another.
    Given,
    /// In any order, and they are all of their transaction.
    Any,
}

impl Order {
    /// How these may be done.
    pub(crate) fn of(writes: &[Write]) -> Self {
        if independent(writes) { Self::Any } else { Self::Given }
    }
}

/// No table is touched by two of them. A table that all of them only read does not count.
fn independent(writes: &[Write]) -> bool {
    let mut touched = table::NONE;
    writes.iter().all(|write| {
        let Some(tables) = tables(write) else { return false };
        let free = touched & tables == 0;
        touched |= tables;
        free
    })
}

/// The tables that a write changes or makes its condition of; `None` for writes that change people, end many things
/// at once or are rare: those go one after another.
fn tables(write: &Write) -> Option<u16> {
    Some(match write {
        Write::AttemptPut { .. } | Write::AttemptAdvance { .. } | Write::AttemptEnd { .. } => {
            table::ATTEMPT
        }
        Write::CounterFail(_)
        | Write::CounterRepeat(_)
        | Write::CounterClear(_)
        | Write::CounterGiveBack(_) => table::COUNTER,
        Write::SpendStep { .. } | Write::BurnStep { .. } | Write::SpendRecoveryCode { .. } => {
            table::FACTOR
        }
        Write::SessionOpen(_) | Write::SessionTouch { .. } => table::SESSION,
        Write::CodePut { .. } | Write::CodeRedeem { .. } => table::CODE,
        Write::GrantPromise(_) => table::GRANT,
        Write::GrantOpen { .. } => table::GRANT | table::SESSION,
        Write::AccessTokenPut { .. } | Write::AccessTokenEnd { .. } => table::ACCESS_TOKEN,
        Write::RefreshPut { .. } => table::REFRESH_TOKEN,
        Write::RefreshRotate { .. } => table::REFRESH_TOKEN | table::GRANT,
        Write::ConsentPut { .. } => table::CONSENT,
        Write::OutboxPut { .. } | Write::OutboxPutOnce { .. } => table::OUTBOX,
        // Each line has a place of its own.
        Write::Audit(_) => table::NONE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use sekimori_base::{GrantId, PersonId, Timestamp};

    use super::*;
    use crate::ids::Digest;

    #[test]
    fn writes_that_touch_one_table_twice_are_not_independent() {
        let expires_at = Timestamp::from_unix_millis(9);
        let (digest, grant) = (Digest::from_bytes([1; 32]), GrantId::from_bytes([2; 16]));
        let redeem = Write::CodeRedeem { digest };
        let open = Write::GrantOpen { grant, expires_at };
        let first = Write::RefreshPut { digest, grant, expires_at };
        let next = Write::RefreshRotate { digest, successor: digest, grant, expires_at };
        let touch = Write::SessionTouch { digest, used_at: expires_at };
        let line = || Write::Audit(Box::default());
        assert!(independent(&[redeem.clone(), open.clone(), first.clone(), line(), line()]));
        assert!(!independent(&[open.clone(), touch]), "the grant's condition is its session");
        assert!(!independent(&[open, next.clone()]), "the token's condition is its grant");
        assert!(!independent(&[first, next]));
        assert!(!independent(&[redeem.clone(), redeem.clone()]));
        let person = PersonId::from_bytes([3; 16]);
        assert!(!independent(&[redeem, Write::EpochIs { person, epoch: 1 }]), "changes a person");
    }
}
