//! Which proofs may be used, and which is asked for first: its owner's choice.

use sekimori_directory::Method;

use crate::parts::Said;
use crate::view::{Plain, View};
use crate::{Failure, Form};

/// The choice. Posts `use` = a method's word for each that may be used, and `first` = one of them, or nothing.
#[derive(Debug, Clone)]
pub struct ChoosePreferences {
    /// The form.
    pub form: Form,
    /// The kinds that there are to choose from.
    pub kinds: Vec<PreferredKind>,
    /// What is asked for first; `None`: what the browser remembers.
    pub first: Option<Method>,
    /// Why what was just sent was not taken.
    pub refused: Option<LockedOut>,
}

/// A kind of proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreferredKind {
    /// Which.
    pub method: Method,
    /// Whether it may be used.
    pub on: bool,
}

/// A choice that was not taken.
#[derive(Debug, Clone)]
pub struct LockedOut {
    /// Why.
    pub failure: Failure,
    /// The service that could not be reached any more, in the page's language.
    pub service: String,
    /// From where, in the page's language.
    pub place: String,
    /// What is left is too weak where more is asked for.
    pub for_level: bool,
}

impl ChoosePreferences {
    pub(crate) fn said(&self, view: &View<'_>) -> Option<Said> {
        self.refused.as_ref().map(|refused| refused.said(view))
    }

    pub(crate) fn is_first(&self, method: impl Plain<Method>) -> bool {
        self.first == Some(method.plain())
    }
}

impl LockedOut {
    /// What was not taken, and what it would have closed.
    pub(crate) fn said(&self, view: &View<'_>) -> Said {
        let about = view.circumstances(Some(&self.service));
        let closed = if self.for_level { "preferences-closed-level" } else { "preferences-closed" };
        let arguments =
            [("service", self.service.as_str().into()), ("place", self.place.as_str().into())];
        Said {
            reason: Some(self.failure.reason),
            title: view.words.reason_title(self.failure.reason, &about),
            text: Some(view.words.reason_text(self.failure.reason, &about)),
            hints: vec![view.words.with(closed, &arguments)],
        }
    }
}
