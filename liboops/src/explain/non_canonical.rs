// SPDX-License-Identifier: MIT OR Apache-2.0
//! An address that no page can have.

use super::address_space::{arm64_bits, half, x86_has_5_levels};
use super::subject::Subject;
use super::{Facts, Half, Statement, StatementKind};

/// `is not canonical (bits 63 to 47 differ)`, of an address on x86-64.
pub(super) fn not_canonical(facts: &Facts<'_>) -> String {
    let levels = match x86_has_5_levels(facts) {
        Some(true) => "56",
        Some(false) => "47",
        // Not even with five levels of page tables.
        None => "56",
    };
    format!("is not canonical (bits 63 to {levels} differ)")
}

pub(super) fn explain(facts: &Facts<'_>, subject: &Subject) -> Option<Statement> {
    let arch = facts.report.arch?;
    let at = subject.address;
    if half(Some(arch), at, facts) != Half::Between {
        return None;
    }
    let what = subject.access.as_ref().map_or_else(
        || format!("{at:#x}"),
        |access| match access.registers.is_empty() {
            true => format!("{at:#x}"),
            false => format!("{} is {at:#x}, which", access.operand),
        },
    );
    let text = match arch {
        "x86_64" => format!("{what} {}", not_canonical(facts)),
        _ => match arm64_bits(facts).filter(|_| arch == "aarch64") {
            Some(bits) => format!("{what} is between user and kernel space ({bits}-bit addresses)"),
            None => format!("{what} is between user and kernel space: no page can be there"),
        },
    };
    let mut statement = Statement::new(StatementKind::NonCanonical, text).with("address", at);
    for (name, value) in subject.access.iter().flat_map(|access| access.pointers()) {
        statement = statement.with(name, value);
    }
    Some(statement)
}
