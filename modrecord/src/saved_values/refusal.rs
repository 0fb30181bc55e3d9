// SPDX-License-Identifier: MIT OR Apache-2.0
//! What cannot be restored, and why.

use std::fmt;

use thiserror::Error;

/// A saved value that cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
#[error("{path}: {reason}")]
pub struct RestoreRefusal {
    /// The field as C writes it, with the file of its variable: `meter.c:meter.table[3].next`.
    pub path: String,
    /// What `--drop` takes for it: without the file, and with `[]` for all elements.
    pub drop: String,
    /// Why.
    pub reason: RestoreReason,
}

/// Why a saved value cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreReason {
    /// It is an address.
    Pointer,
    /// It is an object of the kernel that only means something where it is: `is a timer`.
    Object {
        /// What it is.
        what: &'static str,
    },
    /// A union that is not zero and may have a pointer or such an object in it.
    Union,
    /// The type does not say how to read it.
    UnknownType,
    /// There is no value in the file.
    NotSaved {
        /// What the file says instead.
        why: String,
    },
    /// Value and type do not fit together: somebody has changed the file.
    Contradiction {
        /// What does not fit, as a clause.
        what: String,
    },
}

impl fmt::Display for RestoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer => f.write_str("is a pointer"),
            Self::Object { what } => f.write_str(what),
            Self::Union => f.write_str("is a union that may have a pointer in it, and is not zero"),
            Self::UnknownType => f.write_str("its type is not known"),
            Self::NotSaved { why } => write!(f, "was not saved: {why}"),
            Self::Contradiction { what } => write!(f, "the file contradicts itself: {what}"),
        }
    }
}
