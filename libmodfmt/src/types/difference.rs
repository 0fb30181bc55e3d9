// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where two types differ, as a C expression, and how.

use std::fmt::Write;

/// The first difference between two types.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeDifference {
    /// The way from the variable to it, outermost first.
    pub steps: Vec<Step>,
    /// What differs there, as a clause: `size changed from 4 to 8 (int, long int)`.
    pub what: String,
}

/// One step from a type into a type that it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To what a pointer leads to.
    Target,
    /// Into an element of an array.
    Element,
    /// Into a member; an anonymous one has an empty name.
    Member(String),
    /// To what a function returns.
    Result,
    /// To a parameter, counted from 1.
    Parameter(usize),
}

impl TypeDifference {
    /// The difference with the way to it as C writes it: `head->next[].size: size changed from 4 to 8 (int,
    /// long int)`.
    #[must_use]
    pub fn in_variable(&self, variable: &str) -> String {
        format!("{}: {}", self.path(variable), self.what)
    }

    /// The way to the difference as a C expression.
    #[must_use]
    pub fn path(&self, variable: &str) -> String {
        Self::path_of(&self.steps, variable)
    }

    /// Steps from a variable on as a C expression.
    #[must_use]
    pub fn path_of(steps: &[Step], variable: &str) -> String {
        let mut path = variable.to_owned();
        // A pointer that was followed, and not used yet.
        let mut pending: usize = 0;
        let settle = |path: &mut String, pending: &mut usize| {
            if *pending > 0 {
                *path = format!("({}{path})", "*".repeat(*pending));
                *pending = 0;
            }
        };
        for step in steps {
            match step {
                Step::Target => pending = pending.saturating_add(1),
                Step::Member(name) if name.is_empty() => {}
                Step::Member(name) => {
                    let arrow = pending > 0;
                    pending = pending.saturating_sub(1);
                    settle(&mut path, &mut pending);
                    // Writing to a String does not fail.
                    let _ = write!(path, "{}{name}", if arrow { "->" } else { "." });
                }
                Step::Element => {
                    settle(&mut path, &mut pending);
                    path.push_str("[]");
                }
                Step::Result => {
                    settle(&mut path, &mut pending);
                    path.push_str("()");
                }
                Step::Parameter(number) => {
                    settle(&mut path, &mut pending);
                    let _ = write!(path, "(parameter {number})");
                }
            }
        }
        format!("{}{path}", "*".repeat(pending))
    }
}
