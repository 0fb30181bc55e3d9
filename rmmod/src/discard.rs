// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data of the module to be removed.
//!
//! [`before`] is called for each argument before anything else is looked at, [`after`] when the module is gone.

use libmodsys::Kernel;
use modcli::{Output, Status};

use crate::{Args, Target};

/// How to go on with a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// Check and remove it.
    Remove,
    /// It is dealt with, and everything is said.
    Finished(Status),
}

/// Before a module is checked and removed.
pub fn before(_target: &Target, _args: &Args, _kernel: &dyn Kernel, _output: &mut Output) -> Next {
    Next::Remove
}

/// After a module was removed.
pub fn after(_target: &Target, _args: &Args, _kernel: &dyn Kernel, _output: &mut Output) -> Status {
    Status::Success
}
