// SPDX-License-Identifier: MIT OR Apache-2.0
//! The divisor of a division that failed.

use super::{Facts, Statement, StatementKind};
use crate::report::{Kind, State};

/// Registers of x86 by their parts, and how many bits a part has.
const FAMILIES: [(&str, [&str; 4]); 8] = [
    ("AX", ["rax", "eax", "ax", "al"]),
    ("BX", ["rbx", "ebx", "bx", "bl"]),
    ("CX", ["rcx", "ecx", "cx", "cl"]),
    ("DX", ["rdx", "edx", "dx", "dl"]),
    ("SI", ["rsi", "esi", "si", "sil"]),
    ("DI", ["rdi", "edi", "di", "dil"]),
    ("BP", ["rbp", "ebp", "bp", "bpl"]),
    ("SP", ["rsp", "esp", "sp", "spl"]),
];

/// On x86 a divide error has two causes: the divisor is 0, or the quotient does not fit.
pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) {
    let report = facts.report;
    if report.kind != Kind::DivideError || !matches!(report.arch, Some("x86_64" | "i386")) {
        return;
    }
    let (Some(text), Some(state)) = (&facts.instruction, report.fault()) else { return };
    let Some((mnemonic, operand)) = text.split_once(' ') else { return };
    let is_division = matches!(mnemonic.trim_end_matches(['b', 'w', 'l', 'q']), "di" | "div" | "idiv");
    let Some(name) = operand.trim().strip_prefix('%').filter(|_| is_division) else { return };
    let Some(value) = part(state, name) else { return };
    let text = if value == 0 {
        format!("the divisor {name} is 0")
    } else {
        format!("the divisor {name} is {value:#x}, not 0: the quotient does not fit into its register")
    };
    statements.push(Statement::new(StatementKind::Division, text).with(name, value));
}

/// The value of a register or of the lower part of one.
fn part(state: &State, name: &str) -> Option<u64> {
    let masked = |value: u64, part: usize| match part {
        0 => value,
        1 => value & 0xffff_ffff,
        2 => value & 0xffff,
        _ => value & 0xff,
    };
    for (letters, parts) in FAMILIES {
        if let Some(part) = parts.iter().position(|known| *known == name) {
            let full = [format!("R{letters}"), format!("E{letters}")];
            return full.iter().find_map(|full| state.register(full)).map(|value| masked(value, part));
        }
    }
    // `r8`, `r8d`, `r8w`, `r8b`
    let number = name.strip_prefix('r')?;
    let (digits, part) = match number.trim_end_matches(|letter: char| letter.is_ascii_digit()) {
        "" => (number, 0),
        _ => {
            let part = ["d", "w", "b"].iter().position(|suffix| number.ends_with(suffix))?;
            (number.get(..number.len().checked_sub(1)?)?, part.checked_add(1)?)
        }
    };
    let number: u8 = digits.parse().ok()?;
    state.register(&format!("R{number:02}")).map(|value| masked(value, part))
}
