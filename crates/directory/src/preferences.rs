//! What somebody wants to be asked for as the one more proof: their own choice, in the account page.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Method;

/// A person's choice among the kinds of proof. The engine reads it; whether it may be is decided there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Preferences {
    /// Kinds that may not be used for this person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    off: BTreeSet<Method>,
    /// The kind that is asked for first, whatever the browser remembers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<Method>,
}

impl Preferences {
    /// The kinds that can be switched off. Recovery codes are for the day on which everything else is lost, and the
    /// password is no one more proof.
    pub const CHOOSABLE: [Method; 4] =
        [Method::Passkey, Method::Totp, Method::Certificate, Method::MailCode];

    /// A choice. What cannot be switched off stays on, and what is switched off is not asked for first.
    pub fn new(off: impl IntoIterator<Item = Method>, first: Option<Method>) -> Self {
        let choosable = |method: &Method| Self::CHOOSABLE.contains(method);
        let off: BTreeSet<Method> = off.into_iter().filter(choosable).collect();
        let first = first.filter(choosable).filter(|method| !off.contains(method));
        Self { off, first }
    }

    /// Whether this kind is switched off.
    pub fn is_off(&self, method: Method) -> bool {
        self.off.contains(&method)
    }

    /// The kinds that are switched off.
    pub fn off(&self) -> impl Iterator<Item = Method> {
        self.off.iter().copied()
    }

    /// The kind that is asked for first, if one was chosen.
    pub const fn first(&self) -> Option<Method> {
        self.first
    }

    /// Whether nothing was chosen.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_stay_and_what_is_off_is_not_first() {
        let all = Method::ALL;
        let chosen = Preferences::new(all, Some(Method::Totp));
        assert_eq!(chosen.off().count(), Preferences::CHOOSABLE.len());
        assert!(!chosen.is_off(Method::RecoveryCode) && !chosen.is_off(Method::Password));
        assert_eq!(chosen.first(), None);
        let first = Preferences::new([Method::MailCode], Some(Method::Passkey));
        assert_eq!(first.first(), Some(Method::Passkey));
        assert_eq!(Preferences::new([], Some(Method::RecoveryCode)), Preferences::default());
    }
}
