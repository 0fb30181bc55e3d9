// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sizes of types.

use super::{Type, TypeId, Types};

/// How deeply arrays may nest. A circle in damaged data is deeper.
const MAX_DEPTH: u32 = 64;

/// The size of a type in bytes; `None` if it is not known, or has none.
#[must_use]
pub fn size_of(types: &dyn Types, mut id: TypeId) -> Option<u64> {
    let mut elements: u64 = 1;
    for _ in 0..MAX_DEPTH {
        match &*types.get(id) {
            Type::Number { size, .. }
            | Type::Enumeration { size, .. }
            | Type::Pointer { size, .. }
            | Type::Record { size, .. }
            | Type::Kernel { size, .. } => return elements.checked_mul(*size),
            Type::Array { element, counts } => {
                for count in counts {
                    elements = elements.checked_mul(count.unwrap_or(0))?;
                }
                id = *element;
            }
            _ => return None,
        }
    }
    None
}
