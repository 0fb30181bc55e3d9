// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a command ends: 0 or 1, never an error number.

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
    /// This status, or failure if the other one is.
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
