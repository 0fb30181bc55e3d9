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

/// Which of several values of a size an offset is in, as `[2].`, and the offset in that one. Nothing is said
/// of the first one, which may be the only one.
pub(super) fn element(size: u64, offset: u64) -> Option<(String, u64)> {
    let (index, inner) = (offset.checked_div(size)?, offset.checked_rem(size)?);
    Some((if index == 0 { String::new() } else { format!("[{index}].") }, inner))
}

impl fmt::Display for FieldText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.rest > 0 { write!(f, "+{:#x}", self.rest) } else { Ok(()) }
    }
}
