//! A fault of ours: never the caller's doing, never an answer of the engine.

/// Something of ours broke: storage, a key, a worker. Becomes a 500 and an incident code, and a log
/// line with its source; its text never reaches a page.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct Fault {
    doing: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Fault {
    /// While `doing` something (a gerund: "loading the facts"), `source` went wrong.
    pub fn new(
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { doing, source: source.into() }
    }

    /// A closure for `map_err`: `store.read(..).map_err(Fault::while_doing("loading the facts"))`.
    pub fn while_doing<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        doing: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::new(doing, source)
    }
}
