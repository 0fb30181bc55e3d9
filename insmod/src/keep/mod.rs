// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeping persistent data: what is done instead of a plain load.

use libmodsys::Kernel;
use modcli::{Output, Status};

use crate::Job;

/// What is to become of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Nothing is to be kept: load the file as it is.
    Plain,
    /// Everything is done and said.
    Finished(Status),
}

/// Decides on a load, and does it if there is something to keep.
///
/// Called with the file open and nothing said or done yet.
pub fn decide(_job: &Job<'_>, _kernel: &dyn Kernel, _output: &mut Output) -> Decision {
    Decision::Plain
}
