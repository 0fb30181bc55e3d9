// SPDX-License-Identifier: MIT OR Apache-2.0
//! The error for something that this machine lacks and that xtask may not install.

use std::fmt;

/// Exit status for "could not be tried here", as test runners know it from automake.
pub const EXIT_SKIPPED: u8 = 77;

/// What is missing, and how to get it. The task is then skipped rather than failed.
#[derive(Debug)]
pub struct Missing(pub String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}
