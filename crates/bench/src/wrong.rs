//! Why there is nothing to measure.

use std::fmt::{self, Write as _};

/// Why a run could not be made.
#[derive(Debug)]
pub struct Wrong {
    what: String,
    remedy: Option<&'static str>,
}

impl Wrong {
    /// That.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: None }
    }

    /// And what to do about it.
    pub fn remedy(self, remedy: &'static str) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// An error, with what it was about and all that caused it.
    pub fn at<E: std::error::Error>(what: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| {
            let mut text = format!("{what}: {error}");
            let mut cause = error.source();
            while let Some(found) = cause {
                let _ = write!(text, ": {found}");
                cause = found.source();
            }
            Self::new(text)
        }
    }

    /// A turn that failed has taken its parts along.
    pub fn broken_before() -> Self {
        Self::new("an earlier turn failed")
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.remedy {
            Some(remedy) => write!(f, "\n  help: {remedy}"),
            None => Ok(()),
        }
    }
}
