// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the user should know of a reload beside what it came to.

use modkeep::Plan;

/// A note, by where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// It is said whatever the reload comes to.
    Always(String),
    /// Of the plan for the load. A later plan has notes of its own.
    OfPlan(String),
    /// The data is in use. Once the load was tried, it has been seen whether it can be converted.
    SeenLater,
}

impl Note {
    /// Those of a plan.
    pub fn of_plan(plan: &Plan) -> Vec<Self> {
        plan.notes().iter().cloned().map(Self::OfPlan).collect()
    }

    /// As it is said.
    pub fn text(&self) -> &str {
        match self {
            Self::Always(text) | Self::OfPlan(text) => text,
            Self::SeenLater => "its data is in use now; whether it can be converted is seen when it is not",
        }
    }

    /// All as they are said.
    pub fn texts(notes: &[Self]) -> Vec<String> {
        notes.iter().map(|note| note.text().to_owned()).collect()
    }
}

impl From<String> for Note {
    fn from(text: String) -> Self {
        Self::Always(text)
    }
}
