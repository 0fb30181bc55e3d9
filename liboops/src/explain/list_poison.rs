// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `list_del()` leaves in the pointers of an entry that was taken off a list
//! (`include/linux/poison.h`).

use super::subject::Subject;
use super::{Facts, Statement, StatementKind};

/// What is added to the values of poison pointers (`CONFIG_ILLEGAL_POINTER_VALUE`).
fn base(facts: &Facts<'_>) -> Option<u64> {
    match facts.report.arch? {
        "x86_64" | "aarch64" | "riscv64" | "loongarch64" | "s390x" | "mips64" => Some(0xdead_0000_0000_0000),
        "ppc64" | "ppc64le" => Some(0x5dea_dbee_f000_0000),
        "i386" | "arm" | "ppc" | "mips" | "riscv32" => Some(0),
        _ => None,
    }
}

/// The values, those of kernels before 4.3 and 4.20 too.
const VALUES: [(u64, &str); 5] = [
    (0x100, "LIST_POISON1"),
    (0x122, "LIST_POISON2"),
    (0x200, "LIST_POISON2"),
    (0x10_0100, "LIST_POISON1"),
    (0x20_0200, "LIST_POISON2"),
];

/// Other poison pointers begin at the base, too.
const MAX_OFFSET: u64 = 0x1000;

pub(super) fn explain(facts: &Facts<'_>, subject: &Subject) -> Option<Statement> {
    let base = base(facts)?;
    if let Some(access) = &subject.access {
        let of_value =
            |value: u64| VALUES.iter().find(|(poison, _)| base.checked_add(*poison) == Some(value));
        // A small number alone may be anything.
        let is_small = |poison: u64| base == 0 && poison < MAX_OFFSET;
        let found = access.pointers().find_map(|(name, value)| {
            let (poison, symbol) = of_value(value)?;
            (!is_small(*poison)).then_some((name, value, *symbol))
        });
        let (name, value, symbol) = found?;
        let text = format!("{name} is {symbol}: the entry that it comes from was taken off its list");
        let statement = Statement::new(StatementKind::ListPoison, text).with(name, value);
        return Some(statement.with("address", subject.address));
    }
    let behind = subject.address.checked_sub(base).filter(|_| base != 0)?;
    let text = match VALUES.iter().find(|(poison, _)| *poison == behind) {
        Some((_, symbol)) if subject.width == 1 => {
            format!("{:#x} is {symbol}, in the pointers of entries taken off a list", subject.address)
        }
        _ if behind < MAX_OFFSET => format!(
            "{:#x} is {behind:#x} behind {base:#x}, where poison pointers such as LIST_POISON1 begin",
            subject.address
        ),
        _ => return None,
    };
    Some(Statement::new(StatementKind::ListPoison, text).with("address", subject.address))
}
