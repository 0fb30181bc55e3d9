// SPDX-License-Identifier: MIT OR Apache-2.0
//! x86, 32 and 64 bits, in the syntax of the GNU assembler.

use iced_x86::{
    Decoder, DecoderError, DecoderOptions, FlowControl, Formatter, GasFormatter, Instruction, Mnemonic,
    OpKind, Register,
};

use super::access::Access;
use super::disassembler::{Decoded, Disassembler, Outline};
use super::input::Context;
use super::listing::Trap;
use super::{x86_memory, x86_model};

#[derive(Clone, Copy, Debug)]
pub(super) struct X86 {
    /// 32 or 64.
    pub(super) bits: u32,
}

impl X86 {
    fn instruction(self, bytes: &[u8], address: u64) -> (Instruction, bool) {
        let mut decoder = Decoder::with_ip(self.bits, bytes, address, DecoderOptions::NONE);
        let instruction = decoder.decode();
        (instruction, decoder.last_error() == DecoderError::NoMoreBytes)
    }
}

impl Disassembler for X86 {
    fn decode(&self, bytes: &[u8], address: u64) -> Decoded {
        let (instruction, cut) = self.instruction(bytes, address);
        let valid = !instruction.is_invalid();
        let text = match (valid, cut) {
            (true, _) => format(&instruction),
            (false, true) => "(cut)".to_owned(),
            (false, false) => "(bad)".to_owned(),
        };
        let length = length(&instruction, bytes, cut);
        let target = target(&instruction).filter(|_| valid);
        let branches = branches(&instruction);
        Decoded { length, text, valid, target, branches, trap: trap(&instruction) }
    }

    fn outline(&self, bytes: &[u8], address: u64) -> Outline {
        let (instruction, cut) = self.instruction(bytes, address);
        let valid = !instruction.is_invalid();
        let branch_target = target(&instruction).filter(|_| valid && branches(&instruction));
        Outline { length: length(&instruction, bytes, cut), valid, branch_target }
    }

    fn accesses(&self, bytes: &[u8], address: u64, context: &Context<'_>) -> Vec<Access> {
        let (instruction, _) = self.instruction(bytes, address);
        if instruction.is_invalid() {
            Vec::new()
        } else {
            x86_memory::accesses(&instruction, self.bits, context)
        }
    }

    fn cost(&self, bytes: &[u8], address: u64, context: &Context<'_>) -> (usize, u32) {
        let mut decoder = Decoder::with_ip(self.bits, bytes, address, DecoderOptions::NONE);
        let instruction = decoder.decode();
        let offsets = decoder.get_constant_offsets(&instruction);
        let (opcode, cost) = x86_model::opcode(bytes, self.bits, &instruction, &offsets);
        (opcode, cost.saturating_add(x86_model::branch_cost(&instruction, self.bits, context)))
    }

    fn pair_cost(&self, previous: Option<usize>, opcode: usize) -> u32 {
        x86_model::pair_cost(previous, opcode)
    }

    fn rest_cost(&self, bytes: &[u8]) -> (Option<usize>, u32) {
        x86_model::rest_cost(bytes, self.bits)
    }

    /// Addresses in data and constants change when the kernel or module is moved, distances in the kernel's
    /// code do not.
    fn same(&self, run_time: &[u8], file: &[u8], is_linked: bool) -> bool {
        if run_time == file {
            return true;
        }
        let mut decoder = Decoder::new(self.bits, file, DecoderOptions::NONE);
        let instruction = decoder.decode();
        let offsets = decoder.get_constant_offsets(&instruction);
        let is_branch = branches(&instruction);
        let numbers = [
            (offsets.displacement_offset(), offsets.displacement_size(), true),
            (offsets.immediate_offset(), offsets.immediate_size(), !(is_branch && is_linked)),
        ];
        let moves = |index: usize| {
            numbers.iter().any(|&(offset, size, moves)| {
                moves && size >= 4 && index.checked_sub(offset).is_some_and(|index| index < size)
            })
        };
        run_time.len() == file.len()
            && run_time.iter().zip(file).enumerate().all(|(index, (one, other))| one == other || moves(index))
    }

    fn most_bytes(&self) -> usize {
        15
    }

    fn alignment(&self) -> usize {
        1
    }
}

fn length(instruction: &Instruction, bytes: &[u8], cut: bool) -> usize {
    match (instruction.is_invalid(), cut) {
        (false, _) => instruction.len(),
        (true, true) => bytes.len(),
        (true, false) => 1,
    }
}

fn format(instruction: &Instruction) -> String {
    let mut formatter = GasFormatter::new();
    let options = formatter.options_mut();
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(false);
    options.set_branch_leading_zeros(false);
    options.set_rip_relative_addresses(true);
    options.set_space_after_operand_separator(false);
    let mut text = String::new();
    formatter.format(instruction, &mut text);
    text
}

fn target(instruction: &Instruction) -> Option<u64> {
    if instruction.is_ip_rel_memory_operand() {
        return Some(instruction.ip_rel_memory_address());
    }
    let is_near =
        matches!(instruction.op0_kind(), OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64);
    (branches(instruction) && is_near).then(|| instruction.near_branch_target())
}

/// A call or jump to an address in the instruction.
fn branches(instruction: &Instruction) -> bool {
    matches!(
        instruction.flow_control(),
        FlowControl::Call | FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch
    )
}

fn trap(instruction: &Instruction) -> Option<Trap> {
    match instruction.mnemonic() {
        Mnemonic::Ud2 => Some(Trap::Bug),
        // As the kernel does (`decode_bug()` in `arch/x86/kernel/traps.c`).
        Mnemonic::Ud1 => match instruction.memory_base().full_register() {
            Register::RAX => Some(Trap::Sanitizer),
            Register::RDX => Some(Trap::Warn),
            _ => None,
        },
        Mnemonic::Ud0 => Some(Trap::OldWarn),
        Mnemonic::Int3 => Some(Trap::Breakpoint),
        _ => None,
    }
}
