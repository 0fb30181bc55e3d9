// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the slab allocator fills objects with when debugging is on (`include/linux/poison.h`).

use super::subject::Subject;
use super::{Facts, Statement, StatementKind};

/// Patterns, and what has them.
const PATTERNS: [(u8, &str); 2] = [
    (0x6b, "the pattern of freed slab objects (POISON_FREE)"),
    (0x5a, "the pattern of new slab objects, not initialised yet (POISON_INUSE)"),
];

/// A member is at most this far behind the pointer.
const MAX_OFFSET: u64 = 0x1000;

pub(super) fn explain(facts: &Facts<'_>, subject: &Subject) -> Option<Statement> {
    let bytes: u32 = if facts.is_32_bit()? { 4 } else { 8 };
    let pattern = |byte: u8| (0..bytes).fold(0_u64, |value, _| value << 8 | u64::from(byte));
    for (byte, words) in PATTERNS {
        let value = pattern(byte);
        if let Some(access) = &subject.access {
            if let Some((name, value)) = access.pointers().find(|(_, found)| *found == value) {
                let text = format!("{name} is {value:#x}: {words}");
                let statement = Statement::new(StatementKind::SlabPoison, text).with(name, value);
                return Some(statement.with("address", subject.address));
            }
            continue;
        }
        let last = subject.address.saturating_add(subject.width).saturating_sub(1);
        // The address is that of the pattern plus an offset, as far as the width allows to tell.
        let is_it = last >= value && subject.address < value.saturating_add(MAX_OFFSET);
        if is_it {
            let offset = subject.address.saturating_sub(value);
            let plus = if offset > 0 { format!(" plus {offset:#x}") } else { String::new() };
            let text = if subject.width > 1 {
                format!("{:#x} is next to {value:#x}, {words}", subject.address)
            } else {
                format!("{:#x} is {value:#x}{plus}, {words}", subject.address)
            };
            return Some(Statement::new(StatementKind::SlabPoison, text).with("address", subject.address));
        }
    }
    None
}
