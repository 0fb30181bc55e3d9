// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory operands of an x86 instruction, worked out from the registers.

use super::{Access, AccessKind, Context};
use iced_x86::{Instruction, InstructionInfoFactory, OpAccess, Register, UsedMemory};
use std::fmt::Write;

/// Every operand, those that the text does not show (stack, string instructions) included.
pub(super) fn accesses(instruction: &Instruction, bits: u32, context: &Context<'_>) -> Vec<Access> {
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(instruction);
    info.used_memory().iter().filter_map(|memory| access(memory, bits, context)).collect()
}

fn access(memory: &UsedMemory, bits: u32, context: &Context<'_>) -> Option<Access> {
    let kind = match memory.access() {
        OpAccess::Read | OpAccess::CondRead => AccessKind::Read,
        OpAccess::Write | OpAccess::CondWrite => AccessKind::Write,
        OpAccess::ReadWrite | OpAccess::ReadCondWrite => AccessKind::ReadWrite,
        _ => return None,
    };
    let mut registers: Vec<(String, Option<u64>)> = Vec::new();
    let segment = segment(memory.segment());
    for name in segment
        .into_iter()
        .map(str::to_owned)
        .chain([memory.base(), memory.index()].map(|register| full_name(register, bits)))
    {
        if !name.is_empty() && !registers.iter().any(|(known, _)| *known == name) {
            let value = (context.register)(&name);
            registers.push((name, value));
        }
    }
    let size = memory.memory_size().size();
    let address = memory.virtual_address(0, |register, _, _| match register {
        Register::FS | Register::GS => (context.register)(self::segment(register)?),
        Register::ES | Register::CS | Register::SS | Register::DS => Some(0),
        register => Some((context.register)(&full_name(register, bits))? & mask(register)),
    });
    let is_fault = address
        .zip(context.fault_address)
        .map(|(address, fault)| fault.wrapping_sub(address) < size.max(1) as u64);
    Some(Access { operand: operand(memory), kind, size, registers, address, is_fault })
}

fn segment(register: Register) -> Option<&'static str> {
    match register {
        Register::FS => Some("fs_base"),
        Register::GS => Some("gs_base"),
        _ => None,
    }
}

/// Name of the whole register that one is a part of, as reports have it; empty for none.
fn full_name(register: Register, bits: u32) -> String {
    if register == Register::None {
        return String::new();
    }
    let full = if bits == 64 { register.full_register() } else { register.full_register32() };
    format!("{full:?}").to_lowercase()
}

fn mask(register: Register) -> u64 {
    match register.size() {
        4 => 0xffff_ffff,
        2 => 0xffff,
        _ => u64::MAX,
    }
}

fn operand(memory: &UsedMemory) -> String {
    let mut text = String::new();
    let name = |register: Register| format!("%{register:?}").to_lowercase();
    if matches!(memory.segment(), Register::FS | Register::GS) {
        let _ = write!(text, "{}:", name(memory.segment()));
    }
    let displacement = memory.displacement().cast_signed();
    let (base, index) = (memory.base(), memory.index());
    if base == Register::None && index == Register::None {
        let _ = write!(text, "{displacement:#x}");
        return text;
    }
    match displacement {
        0 => {}
        1.. => {
            let _ = write!(text, "{displacement:#x}");
        }
        _ => {
            let _ = write!(text, "-{:#x}", displacement.unsigned_abs());
        }
    }
    text.push('(');
    if base != Register::None {
        text.push_str(&name(base));
    }
    if index != Register::None {
        let _ = write!(text, ",{},{}", name(index), memory.scale());
    }
    text.push(')');
    text
}
