// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals that have to wait until something is done.

use nix::sys::signal::{SigSet, Signal};

/// While this lives, the signals by which a user ends a program wait: SIGINT, SIGTERM, SIGHUP.
#[derive(Debug)]
pub struct HeldSignals {
    /// Those that were let through before.
    held: SigSet,
}

impl HeldSignals {
    /// Holds them.
    #[must_use]
    pub fn new() -> Self {
        let before = SigSet::thread_get_mask().unwrap_or_else(|_| SigSet::empty());
        let mut held = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            if !before.contains(signal) {
                held.add(signal);
            }
        }
        // Without it the program ends earlier, no more.
        let _ = held.thread_block();
        Self { held }
    }
}

impl Default for HeldSignals {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        let _ = self.held.thread_unblock();
    }
}
