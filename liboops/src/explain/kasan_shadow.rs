// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address whose shadow KASAN read. A check of `address` reads the byte at `(address >> 3) + offset`; for
//! a wild pointer that byte is itself where no page can be, and the fault is about it.

use super::failed_access::failed_access;
use super::subject::Subject;
use super::{Access, Facts, Statement, StatementKind};

/// Each byte of the shadow is about this many bytes (`KASAN_SHADOW_SCALE_SHIFT` is 3).
const GRANULE: u64 = 8;

/// The offset of x86-64, which a register holds in code that checks (`CONFIG_KASAN_SHADOW_OFFSET`).
const X86_OFFSET: u64 = 0xdfff_fc00_0000_0000;

/// Says which address was checked, and returns it.
pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) -> Option<Subject> {
    let by_register = || {
        let access = failed_access(facts)?;
        Some((access.address?, register_offset(facts, access)?, "by a register"))
    };
    let by_file = || {
        let access = failed_access(facts)?;
        let (offset, address) = (facts.kasan_offset?, access.address?);
        let is_shadow = access.pointers().any(|(_, value)| value == offset);
        is_shadow.then_some((address, offset, "by the kernel's configuration"))
    };
    let by_line = || {
        let (first, last) = range_line(facts)?;
        let shadow = facts.report.fault_address()?;
        (last.checked_sub(first)? == GRANULE - 1).then_some((
            shadow,
            shadow.wrapping_sub(first >> 3),
            "by the kernel's line",
        ))
    };
    let (shadow, offset, source) = by_register().or_else(by_file).or_else(by_line)?;
    let first = shadow.wrapping_sub(offset).checked_mul(GRANULE)?;
    // The kernel's line must not say something else.
    if range_line(facts).is_some_and(|(known, _)| known != first) {
        return None;
    }
    let last = first.checked_add(GRANULE - 1)?;
    let text = format!("{shadow:#x} is KASAN's shadow of {first:#x} to {last:#x} ({source})");
    let statement = Statement::new(StatementKind::KasanShadow, text).with("shadow", shadow);
    statements.push(statement.with("offset", offset).with("first", first).with("last", last));
    Some(Subject { address: first, width: GRANULE, access: None })
}

/// `(%rdx,%rax)`, where one register has the offset and the other one the address, shifted.
fn register_offset(facts: &Facts<'_>, access: &Access) -> Option<u64> {
    if facts.report.arch != Some("x86_64") {
        return None;
    }
    let [(_, Some(one)), (_, Some(other))] = access.registers.as_slice() else { return None };
    let address = access.address?;
    let is_sum = one.wrapping_add(*other) == address;
    // The address has been shifted right by three bits.
    let shifted = if *one == X86_OFFSET { *other } else { *one };
    ((*one == X86_OFFSET || *other == X86_OFFSET) && is_sum && shifted >> 61 == 0).then_some(X86_OFFSET)
}

/// `KASAN: null-ptr-deref in range [0x0000000000000028-0x000000000000002f]`
fn range_line(facts: &Facts<'_>) -> Option<(u64, u64)> {
    let line = facts.lines.iter().find(|line| line.starts_with("KASAN: ") && line.contains(" in range ["))?;
    let (_, range) = line.split_once(" in range [")?;
    super::named_ranges::pair(range, "-")
}
