// SPDX-License-Identifier: MIT OR Apache-2.0
//! A null pointer, and how far behind it the access was.

use super::subject::Subject;
use super::{Facts, Statement, StatementKind};

/// Nothing is mapped in the first page, where a pointer to a structure at 0 leads.
const FIRST_PAGE: u64 = 0x1000;

/// Whether an address is in the first page.
pub(super) fn is_in_first_page(address: u64) -> bool {
    address < FIRST_PAGE
}

pub(super) fn explain(_facts: &Facts<'_>, subject: &Subject) -> Option<Statement> {
    let at = subject.address;
    if !is_in_first_page(at) {
        return None;
    }
    let statement = |text: String| Statement::new(StatementKind::NullPointer, text).with("address", at);
    let Some(access) = &subject.access else {
        let text = match (subject.width, at) {
            (1, 0) => "address 0 is NULL".to_owned(),
            (1, _) => format!("{at:#x} is in the first page: most likely NULL plus an offset of {at:#x}"),
            (width, _) => {
                let last = at.saturating_add(width).saturating_sub(1);
                format!("{at:#x} to {last:#x} is in the first page: most likely NULL plus such an offset")
            }
        };
        return Some(statement(text));
    };
    if access.registers.is_empty() {
        return Some(statement(format!("the instruction itself names the address {at:#x}")));
    }
    if let Some((name, value, offset)) = subject.pointer() {
        let text = match (value, offset) {
            (0, 0) => format!("{name} is NULL"),
            (0, _) => format!("{name} is NULL; the access is {offset:#x} behind it"),
            _ if is_in_first_page(value) && is_in_first_page(offset) => {
                let whole = if offset == 0 { String::new() } else { format!(", plus {offset:#x}") };
                format!("{name} is {value:#x}{whole}: most likely from NULL plus an offset")
            }
            _ => {
                format!("{at:#x} is in the first page: {name} is {value:#x}, the rest is in the instruction")
            }
        };
        return Some(statement(text).with(name, value));
    }
    let mut named = statement(format!("{at:#x} is in the first page: the sum of {}", registers(access)));
    for (name, value) in access.pointers() {
        named = named.with(name, value);
    }
    Some(named)
}

fn registers(access: &super::Access) -> String {
    let all: Vec<_> = access.pointers().map(|(name, value)| format!("{name} {value:#x}")).collect();
    if all.is_empty() { access.operand.clone() } else { format!("{} ({})", access.operand, all.join(", ")) }
}
