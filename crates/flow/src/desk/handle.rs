//! What addresses of the console name: sealed, and good in one session only. An address that is copied, logged or left
//! in a history says nothing and opens nothing.

use sekimori_base::{Fault, Sealed};
use sekimori_keys::{Binding, Purpose, seal};

use super::Staff;
use crate::Flow;

/// Longest text of a handle that is looked at.
const TEXT_BYTES_MAX: usize = 1024;

/// What a handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person's id.
    Person,
    /// An incident code.
    Incident,
    /// What was searched for.
    Search,
}

impl Flow {
    /// The handle of something in this session.
    pub(super) fn handle(
        &self,
        staff: &Staff<'_>,
        kind: Kind,
        content: &[u8],
    ) -> Result<String, Fault> {
        let about = about(staff, kind);
        let binding = Binding::new(Purpose::DeskHandle, staff.tenant().id).about(&about);
        let sealed: Sealed<[u8]> = staff
            .tenant()
            .keys
            .seal(&binding, content, &*self.entropy)
            .map_err(Fault::while_doing("sealing a handle"))?;
        Ok(seal::to_text(&sealed))
    }
}

/// What a handle of this session stands for; `None` if it is none.
pub(super) fn open(staff: &Staff<'_>, kind: Kind, text: &str) -> Option<Vec<u8>> {
    let sealed: Sealed<[u8]> = seal::from_text(text, TEXT_BYTES_MAX).ok()?;
    let about = about(staff, kind);
    let binding = Binding::new(Purpose::DeskHandle, staff.tenant().id).about(&about);
    Some(staff.tenant().keys.open(&binding, &sealed).ok()?.expose().clone())
}

fn about(staff: &Staff<'_>, kind: Kind) -> Vec<u8> {
    let kind = match kind {
        Kind::Person => b'p',
        Kind::Incident => b'i',
        Kind::Search => b's',
    };
    [staff.inside.session.facts.id.bytes().as_slice(), &[kind]].concat()
}
