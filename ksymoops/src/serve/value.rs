// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers as JSON.

use serde::Serialize;
use serde_json::Value;

use super::error::ServeError;

/// The value of an answer.
pub(super) fn value(answer: &impl Serialize) -> Result<Value, ServeError> {
    serde_json::to_value(answer).map_err(ServeError::bad_request)
}
