// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a field is written: `stats.hits[1]+0x3`.

use std::fmt;

/// A field, and the offset in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldText {
    /// The field, starting with the variable's name.
    pub path: String,
    /// Bytes from the start of the field.
    pub rest: u64,
}

impl fmt::Display for FieldText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.rest > 0 { write!(f, "+{:#x}", self.rest) } else { Ok(()) }
    }
}
