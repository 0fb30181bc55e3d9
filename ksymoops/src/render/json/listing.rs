// SPDX-License-Identifier: MIT OR Apache-2.0
//! `listing` of the JSON output: the `Code:` line, disassembled.

use libksym::code;
use liboops::report::Hex;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Listing<'a> {
    skipped: usize,
    trap: Option<usize>,
    trap_kind: Option<String>,
    instructions: Vec<Instruction<'a>>,
    access: Vec<Access<'a>>,
}

#[derive(Debug, Serialize)]
struct Instruction<'a> {
    offset: i64,
    address: Hex,
    bytes: String,
    text: &'a str,
    valid: bool,
    doubtful: bool,
    patched: bool,
    in_file: Option<&'a str>,
    target: Option<Hex>,
    symbol: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Access<'a> {
    operand: &'a str,
    kind: AccessKind,
    size: usize,
    repeated: bool,
    registers: Vec<Register<'a>>,
    address: Option<Hex>,
    is_fault: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum AccessKind {
    Read,
    Write,
    ReadWrite,
}

#[derive(Debug, Serialize)]
struct Register<'a> {
    name: &'a str,
    value: Option<Hex>,
}

impl<'a> From<&'a code::Listing> for Listing<'a> {
    fn from(listing: &'a code::Listing) -> Self {
        Self {
            skipped: listing.skipped,
            trap: listing.marked,
            trap_kind: listing.trap.map(|kind| kind.to_string()),
            instructions: listing.instructions.iter().map(Instruction::from).collect(),
            access: listing.access.iter().map(Access::from).collect(),
        }
    }
}

impl<'a> From<&'a code::Instruction> for Instruction<'a> {
    fn from(instruction: &'a code::Instruction) -> Self {
        Self {
            offset: instruction.offset,
            address: Hex(instruction.address),
            bytes: instruction.bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            text: &instruction.text,
            valid: instruction.valid,
            doubtful: instruction.doubtful,
            patched: instruction.patched,
            in_file: instruction.in_file.as_deref(),
            target: instruction.target.map(Hex),
            symbol: instruction.symbol.as_deref(),
        }
    }
}

impl<'a> From<&'a code::Access> for Access<'a> {
    fn from(access: &'a code::Access) -> Self {
        let register = |(name, value): &'a (String, Option<u64>)| Register { name, value: value.map(Hex) };
        Self {
            operand: &access.operand,
            kind: match access.kind {
                code::AccessKind::Read => AccessKind::Read,
                code::AccessKind::Write => AccessKind::Write,
                code::AccessKind::ReadWrite => AccessKind::ReadWrite,
            },
            size: access.size,
            repeated: access.repeated,
            registers: access.registers.iter().map(register).collect(),
            address: access.address.map(Hex),
            is_fault: access.is_fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AccessKind;

    #[test]
    fn kinds_of_access_are_one_word() {
        let all = [AccessKind::Read, AccessKind::Write, AccessKind::ReadWrite];
        assert_eq!(serde_json::to_string(&all).unwrap(), r#"["read","write","readwrite"]"#);
    }
}
