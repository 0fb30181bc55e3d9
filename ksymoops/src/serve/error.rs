// SPDX-License-Identifier: MIT OR Apache-2.0
//! Errors, which are answers like others.

use std::fmt::Display;

use serde::Serialize;

/// What is wrong with a request. The names do not change within a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The line is not a JSON object.
    BadJson,
    /// A field is missing, unknown or of no use, or the request is unknown.
    BadRequest,
    /// The version of the request is not ours.
    UnsupportedVersion,
    /// The line, or a list in it, is longer than the limit.
    TooLong,
    /// What the request says about its kernel is of no use.
    BadKernel,
    /// The log cannot be read.
    Unreadable,
    /// There is no code to disassemble, or no disassembler for it.
    NoCode,
}

/// An error and its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ServeError {
    pub code: ErrorCode,
    pub message: String,
}

impl ServeError {
    pub fn new(code: ErrorCode, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    pub fn bad_request(message: impl Display) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }
}
