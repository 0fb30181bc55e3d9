// SPDX-License-Identifier: MIT OR Apache-2.0
//! An address that one bit keeps out of a range that the log names. That says nothing about the cause: memory
//! with a flipped bit looks like this, and so does a mask that was applied wrongly.

use super::named_ranges::{NamedRange, named_ranges};
use super::subject::Subject;
use super::{Facts, Statement, StatementKind};

pub(super) fn explain(facts: &Facts<'_>, subject: &Subject) -> Option<Statement> {
    if subject.width > 1 {
        return None;
    }
    let ranges = named_ranges(facts);
    let at = subject.address;
    if ranges.iter().any(|range| range.holds(at)) {
        return None;
    }
    let bits: u32 = if facts.is_32_bit()? { 32 } else { 64 };
    let near = |range: &NamedRange| (0..bits).find(|bit| range.holds(at ^ (1_u64 << bit)));
    let (range, bit) = ranges.iter().find_map(|range| Some((range, near(range)?)))?;
    let other = at ^ (1_u64 << bit);
    let text = format!("{at:#x} is one bit (bit {bit}) away from {other:#x}, in {}", range.name);
    let statement = Statement::new(StatementKind::OneBitAway, text).with("address", at);
    Some(statement.with("other", other).with("first", range.first).with("last", range.last))
}
