// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of an x86 instruction that the opcode model counts and weighs: an opcode token, and the bytes
//! around it by what they mean.
//!
//! The program that counts (`libksym/tests/code_start`) includes this file, so that both see the same parts.

use iced_x86::{ConstantOffsets, FlowControl, Instruction};

/// What a byte of an instruction is. Each has a table of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The bits R, X and B of a REX prefix.
    Rex,
    /// ModRM with a memory operand.
    ModrmMemory,
    /// ModRM with two registers.
    ModrmRegister,
    Sib,
    Displacement8,
    Immediate8,
    Relative8,
    /// Of 32 bits, the lowest byte first.
    Displacement32(u8),
    Immediate32(u8),
    /// The distance of a call.
    Call32(u8),
    /// The distance of a jump.
    Jump32(u8),
    /// Anything else behind the opcode.
    Other,
    /// The rest of an instruction that starts before the bytes.
    Rest,
}

#[allow(dead_code, reason = "each of the two programs uses a part")]
impl Field {
    /// How many there are.
    pub const COUNT: usize = 25;

    /// Index of its table.
    pub fn index(self) -> usize {
        match self {
            Self::Rex => 0,
            Self::ModrmMemory => 1,
            Self::ModrmRegister => 2,
            Self::Sib => 3,
            Self::Displacement8 => 4,
            Self::Immediate8 => 5,
            Self::Relative8 => 6,
            Self::Other => 7,
            Self::Rest => 8,
            Self::Displacement32(byte) => 9 + usize::from(byte & 3),
            Self::Immediate32(byte) => 13 + usize::from(byte & 3),
            Self::Call32(byte) => 17 + usize::from(byte & 3),
            Self::Jump32(byte) => 21 + usize::from(byte & 3),
        }
    }
}

/// The opcode of an instruction with what selects its meaning: prefixes, REX.W, opcode map, and ModRM's `reg`
/// where that is a part of the opcode.
pub type Token = u32;

/// Opcodes of the one-byte map in which ModRM's `reg` selects the operation.
const GROUPS: [u8; 14] = [0x80, 0x81, 0x83, 0x8f, 0xc0, 0xc1, 0xc6, 0xc7, 0xd0, 0xd1, 0xd2, 0xd3, 0xf6, 0xf7];
/// The same in the map `0f`.
const GROUPS_0F: [u8; 9] = [0x00, 0x01, 0x18, 0x1e, 0x71, 0x72, 0x73, 0xae, 0xba];

/// Splits a valid instruction: returns its token, and passes every other byte to `each`.
pub fn split(
    bytes: &[u8],
    bits: u32,
    instruction: &Instruction,
    offsets: &ConstantOffsets,
    each: &mut dyn FnMut(Field, u8),
) -> Token {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let mut at = 0;
    let mut prefixes: u32 = 0;
    loop {
        prefixes |= match byte(at) {
            0x66 => 1,
            0xf2 => 2,
            0xf3 => 4,
            0xf0 => 8,
            0x64 | 0x65 => 16,
            0x26 | 0x2e | 0x36 | 0x3e | 0x67 => 32,
            _ => break,
        };
        at += 1;
        if at >= bytes.len() {
            break;
        }
    }
    let mut wide = 0;
    if bits == 64 && byte(at) & 0xf0 == 0x40 {
        wide = u32::from(byte(at) >> 3 & 1) | 2;
        each(Field::Rex, byte(at) & 7);
        at += 1;
    }
    let mut map: u32 = 0;
    if byte(at) == 0x0f {
        at += 1;
        map = match byte(at) {
            0x38 => 2,
            0x3a => 3,
            _ => 1,
        };
        at += usize::from(map > 1);
    }
    let opcode = byte(at);
    at += 1;
    let constants = [
        (offsets.displacement_offset(), offsets.displacement_size(), false),
        (offsets.immediate_offset(), offsets.immediate_size(), true),
    ];
    let head = constants.iter().filter(|(_, size, _)| *size > 0).map(|(offset, ..)| *offset).min();
    let head = head.unwrap_or(bytes.len());
    let mut selector = 0;
    // VEX, EVEX and XOP instructions are rare enough in a kernel to be one token each.
    let is_vector = map == 0 && at < head && matches!(opcode, 0xc4 | 0xc5 | 0x62 | 0x8f) && head - at > 2;
    if at < head && !is_vector {
        let modrm = byte(at);
        at += 1;
        let is_register = modrm >= 0xc0;
        let is_group = match map {
            0 => GROUPS.contains(&opcode) || opcode >= 0xfe || (0xd8..=0xdf).contains(&opcode),
            1 => GROUPS_0F.contains(&opcode) || opcode == 0xc7,
            _ => false,
        };
        selector = 1 + u32::from(is_register);
        if is_group {
            selector |= u32::from(modrm >> 3 & 7) << 2;
        }
        each(if is_register { Field::ModrmRegister } else { Field::ModrmMemory }, modrm);
        if at < head {
            each(Field::Sib, byte(at));
            at += 1;
        }
    }
    for other in at..head {
        each(Field::Other, byte(other));
    }
    for (offset, size, is_immediate) in constants {
        for index in 0..size {
            let position = u8::try_from(index).unwrap_or(u8::MAX);
            let field = match (size, is_immediate, instruction.flow_control()) {
                (1, false, _) => Field::Displacement8,
                (4, false, _) => Field::Displacement32(position),
                (1, true, FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch) => {
                    Field::Relative8
                }
                (1, true, _) => Field::Immediate8,
                (4, true, FlowControl::Call) => Field::Call32(position),
                (4, true, FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch) => {
                    Field::Jump32(position)
                }
                (4, true, _) => Field::Immediate32(position),
                _ => Field::Other,
            };
            each(field, byte(offset + index));
        }
    }
    prefixes << 20 | wide << 18 | map << 16 | u32::from(opcode) << 8 | selector
}
