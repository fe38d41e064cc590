//! RP-initiated logout: who asks, whether the person is asked, and where the browser may return to (S65).
//!
//! Ending a session without a question needs an ID token of this very session; returning to a client needs an
//! ID token of that client and an address that is registered to the letter. Everything else ends on our page.

use sekimori_base::Language;
use sekimori_directory::settings::ServiceName;
use sekimori_directory::{RedirectUri, Site};

use crate::answer::with_query;
use crate::error::{Problem, mismatch};
use crate::form::{Form, FormError, QUERY_BYTES_MAX};
use crate::hint::IdTokenHint;

/// Longest `state`, in bytes.
const STATE_BYTES_MAX: usize = 2048;

/// A request to sign out, not believed yet. Printed without the hint, which is a token.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct LogoutRequest {
    /// `id_token_hint`, not verified yet: see [`crate::hint::verify`].
    pub id_token_hint: Option<String>,
    /// `client_id`, not verified.
    pub client_id: Option<String>,
    /// `post_logout_redirect_uri`, not verified.
    pub post_logout_redirect_uri: Option<String>,
    /// The client's own word, to be given back.
    pub state: Option<String>,
    /// The first language of `ui_locales` that pages exist in.
    pub language: Option<Language>,
}

impl std::fmt::Debug for LogoutRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoutRequest")
            .field("client_id", &self.client_id)
            .field("post_logout_redirect_uri", &self.post_logout_redirect_uri)
            .finish_non_exhaustive()
    }
}

/// Why a request to sign out cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// The parameters cannot be read.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A parameter stands twice.
    #[error("a parameter is repeated")]
    Repeated,
    /// The state is too long or has control characters.
    #[error("the state is longer than 2 KB or has control characters")]
    State,
}

/// Read a request: the query of a GET or the form of a POST.
pub fn parse(raw: &[u8]) -> Result<LogoutRequest, LogoutError> {
    let form = Form::parse(raw, QUERY_BYTES_MAX)?;
    if form.has_repeated() {
        return Err(LogoutError::Repeated);
    }
    let state = form.value("state");
    if state
        .is_some_and(|state| state.len() > STATE_BYTES_MAX || state.chars().any(char::is_control))
    {
        return Err(LogoutError::State);
    }
    let owned = |name| form.value(name).map(str::to_owned);
    let locales = form.value("ui_locales").unwrap_or_default();
    Ok(LogoutRequest {
        id_token_hint: owned("id_token_hint"),
        client_id: owned("client_id"),
        post_logout_redirect_uri: owned("post_logout_redirect_uri"),
        state: state.map(str::to_owned),
        language: locales.split(' ').find_map(Language::from_tag),
    })
}

/// The browser's standing sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurrentSession<'a> {
    /// There is none.
    None,
    /// There is one; its `sid` towards the client of the hint ([`crate::subject::sid`]), if there is a hint.
    Standing {
        /// The `sid`.
        sid: Option<&'a str>,
    },
}

/// What a request to sign out comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutPlan {
    /// Whether the person is asked first.
    pub confirm: Confirm,
    /// The service that asks, if that is proven.
    pub service: Option<ServiceName>,
    /// What comes afterwards.
    pub after: After,
}

/// Whether the person is asked before the session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// The request does not prove that it is about this session.
    Needed,
    /// It does, or there is no session to end.
    NotNeeded,
}

/// Where the browser goes after signing out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Our own page.
    Here,
    /// Back to the client: the value of `Location`.
    Return(String),
    /// Our own page, although the client wanted the browser back, and why.
    NotReturned(NotReturned),
}

/// Why the browser does not go back to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReturned {
    /// No valid ID token says which client asks.
    ClientNotProven,
    /// `client_id` is another one than in the ID token.
    OtherClient,
    /// The address is not registered: a [`Problem::RedirectMismatch`].
    Mismatch(Problem),
}

/// Decide. `hint` is what [`crate::hint::verify`] made of the request's; `None` if it had none or a bad one.
pub fn decide(
    request: &LogoutRequest,
    hint: Option<&IdTokenHint>,
    current: CurrentSession<'_>,
    site: &Site,
) -> LogoutPlan {
    let contradicted = match (hint, &request.client_id) {
        (Some(hint), Some(client_id)) => hint.client_id != *client_id,
        (None, _) | (_, None) => false,
    };
    let hint = hint.filter(|_| !contradicted);
    let proven = hint.and_then(|hint| site.client(&hint.client_id));
    let confirm = match (current, hint) {
        (CurrentSession::None, _) => Confirm::NotNeeded,
        (CurrentSession::Standing { sid: Some(sid) }, Some(hint))
            if hint.sid.as_deref() == Some(sid) =>
        {
            Confirm::NotNeeded
        }
        (CurrentSession::Standing { .. }, _) => Confirm::Needed,
    };
    let after = match (&request.post_logout_redirect_uri, proven) {
        (None, _) => After::Here,
        (Some(_), None) if contradicted => After::NotReturned(NotReturned::OtherClient),
        (Some(_), None) => After::NotReturned(NotReturned::ClientNotProven),
        (Some(sent), Some((_, client))) => {
            let mut registered = client.post_logout_redirect_uris.iter().map(RedirectUri::as_str);
            if registered.any(|known| known == sent) {
                After::Return(location(sent, request.state.as_deref()))
            } else {
                let registered = client.post_logout_redirect_uris.iter().map(RedirectUri::as_str);
                After::NotReturned(NotReturned::Mismatch(mismatch(sent, registered)))
            }
        }
    };
    LogoutPlan { confirm, service: proven.map(|(service, _)| service.name.clone()), after }
}

fn location(address: &str, state: Option<&str>) -> String {
    match state {
        None => address.to_owned(),
        Some(state) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("state", state)
                .finish();
            with_query(address, &query)
        }
    }
}
