// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a reload does not begin.

use modkeep::KeepError;

/// Why a reload does not begin. Nothing has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The reason.
    pub reason: String,
    /// Lines below it.
    pub details: Vec<String>,
    /// What to do about it, in one line or several.
    pub remedy: Option<String>,
}

impl Refusal {
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }

    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    pub fn with_details(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }
}

impl From<KeepError> for Refusal {
    fn from(error: KeepError) -> Self {
        Self { reason: error.to_string(), details: error.details(), remedy: error.remedy_without_keep() }
    }
}
