//! A fault of ours: never the caller's doing, never an answer of the engine.

/// Something of ours broke: storage, a key, a worker. Becomes a 500, or a 503 if it may be over in a moment, with an
/// incident code, and a log line with its source; its text never reaches a page.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct Fault {
    doing: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
    passing: bool,
}

impl Fault {
    /// While `doing` something (a gerund: "loading the facts"), `source` went wrong.
    pub fn new(
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { doing, source: source.into(), passing: false }
    }

    /// A closure for `map_err`: `store.read(..).map_err(Fault::while_doing("loading the facts"))`.
    pub fn while_doing<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        doing: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::new(doing, source)
    }

    /// The same one, known to be over in a moment perhaps: the database cannot be reached, or has too much to do.
    #[must_use]
    pub fn passing(self) -> Self {
        Self { passing: true, ..self }
    }

    /// Whether it may be over in a moment, so that asking again is worth while.
    pub fn is_passing(&self) -> bool {
        self.passing || self.source.downcast_ref::<Self>().is_some_and(Self::is_passing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_around_a_passing_one_passes_as_well() {
        let inner = Fault::new("reading", "the database cannot be reached");
        assert!(!inner.is_passing());
        let outer = Fault::new("deciding", Fault::new("loading", inner.passing()));
        assert!(outer.is_passing());
    }
}
