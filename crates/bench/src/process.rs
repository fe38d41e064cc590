//! Processes that this program starts, and ends by their id.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A child process that ends with this value at the latest.
pub struct Process {
    child: Child,
    /// The signal that asks it to end.
    farewell: &'static str,
}

impl Process {
    /// Watch over a child.
    pub fn new(child: Child, farewell: &'static str) -> Self {
        Self { child, farewell }
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ask it to end, wait, and end it by force if it does not.
    pub fn stop(&mut self) {
        if self.has_ended() {
            return;
        }
        let asked = Command::new("kill")
            .args([self.farewell, &self.child.id().to_string()])
            .stdin(Stdio::null())
            .status();
        let patience = Instant::now() + Duration::from_secs(30);
        while asked.is_ok() && Instant::now() < patience {
            if self.has_ended() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // It had its time: what it leaves behind lies in a temporary folder.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
