//! Which core does what: the server on one, the generator on another.

use core_affinity::CoreId;

/// The cores of a run.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    /// Of the server, and of whatever is measured against it.
    pub server: CoreId,
    /// Of this program, and of PostgreSQL.
    pub generator: CoreId,
}

impl Cores {
    /// The last core that we may use for the server, the first for the generator.
    pub fn choose() -> Option<Self> {
        let cores = core_affinity::get_core_ids()?;
        Some(Self { server: *cores.last()?, generator: *cores.first()? })
    }

    /// Whether each has one of its own.
    pub fn are_two(&self) -> bool {
        self.server != self.generator
    }

    /// What is said about it in the report.
    pub fn describe(&self, postgres: bool) -> String {
        let of_database = if postgres { " and PostgreSQL" } else { "" };
        let (server, generator) = (self.server.id, self.generator.id);
        if self.are_two() {
            format!("server on core {server}; generator{of_database} on core {generator}")
        } else {
            format!("server, generator{of_database} on the only core {server}")
        }
    }
}

/// Keep the calling thread, and what it starts, on a core.
pub fn stay_on(core: CoreId) {
    if !core_affinity::set_for_current(core) {
        eprintln!("sekimori-bench: this thread cannot be kept on core {}", core.id);
    }
}

/// Run `work` on a thread of its own that stays on a core, and wait for it.
pub fn apart<T: Send>(core: CoreId, work: impl FnOnce() -> T + Send) -> T {
    let pinned = move || {
        stay_on(core);
        work()
    };
    std::thread::scope(|scope| match scope.spawn(pinned).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// The same without holding up this thread's other tasks.
pub async fn apart_meanwhile<T: Send + 'static>(
    core: CoreId,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (answer, result) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        stay_on(core);
        // Whoever asked waits below, or has given up.
        let _ = answer.send(work());
    });
    result.await.expect("the thread answers before it ends")
}
