// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exit status of a command: 0 or 1, never an error number.
//!
//! ```
//! use modcli::Status;
//!
//! assert_eq!(Status::Success.and(Status::Failure), Status::Failure);
//! ```

use std::process::ExitCode;

/// Exit status of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Status {
    /// 0
    Success,
    /// 1
    Failure,
}

impl Status {
    /// Failure if either is.
    pub fn and(self, other: Self) -> Self {
        if self == Self::Success { other } else { self }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Success => Self::SUCCESS,
            Status::Failure => Self::FAILURE,
        }
    }
}
