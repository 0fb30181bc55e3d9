// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processor time of this thread. A test of how time grows must not depend on what else the machine does.
//!
//! ```
//! use modtest::CpuTimer;
//!
//! let timer = CpuTimer::start();
//! let sum: u64 = (0..10_000).sum();
//! assert!(sum > 0 && timer.elapsed().as_secs() < 60);
//! ```

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Counts the processor time that this thread uses.
#[derive(Debug, Clone, Copy)]
pub struct CpuTimer(Duration);

impl CpuTimer {
    /// Begins to count.
    pub fn start() -> Self {
        Self(now())
    }

    /// What was used since the start.
    pub fn elapsed(&self) -> Duration {
        now().saturating_sub(self.0)
    }
}

fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}
