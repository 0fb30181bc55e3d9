// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory operands of an x86 instruction, worked out from the registers.

use std::fmt::Write;

use iced_x86::{Instruction, InstructionInfoFactory, OpAccess, Register, UsedMemory};

use super::access::{Access, AccessKind, reaches};
use super::input::Context;

/// The direction flag: string instructions go towards lower addresses.
const DIRECTION_FLAG: u64 = 1 << 10;

/// Every memory operand, including those that the text does not show (stack, string instructions).
pub(super) fn accesses(instruction: &Instruction, bits: u32, context: &Context<'_>) -> Vec<Access> {
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(instruction);
    let repeated = instruction.is_string_instruction()
        && (instruction.has_rep_prefix() || instruction.has_repne_prefix());
    let element = instruction.is_string_instruction().then(|| instruction.memory_size().size());
    let used = info.used_memory().iter();
    let mut all: Vec<_> =
        used.filter_map(|memory| access(memory, element, repeated, bits, context)).collect();
    // Relative to an unknown program counter.
    if instruction.is_ip_rel_memory_operand() && context.pc.is_none() {
        for access in all.iter_mut().filter(|access| access.registers.iter().all(|(name, _)| is_base(name))) {
            let distance =
                instruction.ip_rel_memory_address().wrapping_sub(instruction.next_ip()).cast_signed();
            let sign = if distance < 0 { "-" } else { "" };
            let segment =
                access.operand.split_once(':').map(|(name, _)| format!("{name}:")).unwrap_or_default();
            access.operand = format!("{segment}{sign}{:#x}(%rip)", distance.unsigned_abs());
            access.registers.push(("rip".to_owned(), None));
            (access.address, access.is_fault) = (None, None);
        }
    }
    all
}

fn access(
    memory: &UsedMemory,
    element: Option<usize>,
    repeated: bool,
    bits: u32,
    context: &Context<'_>,
) -> Option<Access> {
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
    // With `rep` only the size of an element is known.
    let size = element.unwrap_or_else(|| memory.memory_size().size());
    let address = memory.virtual_address(0, |register, _, _| match register {
        Register::FS | Register::GS => (context.register)(self::segment(register)?),
        Register::ES | Register::CS | Register::SS | Register::DS => Some(0),
        register => Some((context.register)(&full_name(register, bits))? & mask(register)),
    });
    let is_fault = address.zip(context.fault_address).and_then(|(address, fault)| {
        if repeated {
            let run = Run { address, size: size as u64, bits, context };
            return run.holds(fault).then_some(true);
        }
        let size = size as u64;
        let inside = fault.wrapping_sub(address) < size.max(1)
            || reaches(address, size, fault)
            || is_fault_without_displacement(memory.displacement(), address, fault);
        // If the size is unknown, it may reach further.
        (inside || size > 0).then_some(inside)
    });
    Some(Access { operand: operand(memory), kind, size, repeated, registers, address, is_fault })
}

/// For an address that no page can have, the processor does not say which one it was. Kernels since 5.6 work
/// it out (`get_kernel_gp_address()` in `arch/x86/kernel/traps.c`), some without the displacement.
fn is_fault_without_displacement(displacement: u64, address: u64, fault: u64) -> bool {
    let is_canonical = |address: u64| matches!(address >> 47, 0 | 0x1_ffff);
    displacement != 0 && !is_canonical(fault) && address.wrapping_sub(displacement) == fault
}

/// What an instruction with a `rep` prefix still had to access.
struct Run<'c> {
    address: u64,
    /// Bytes of an element.
    size: u64,
    bits: u32,
    context: &'c Context<'c>,
}

impl Run<'_> {
    fn holds(&self, fault: u64) -> bool {
        let register =
            |of_64: &str, of_32: &str| (self.context.register)(if self.bits == 64 { of_64 } else { of_32 });
        let Some(count) = register("rcx", "ecx").filter(|&count| count > 0 && self.size > 0) else {
            return false;
        };
        let down = register("rflags", "eflags").is_some_and(|flags| flags & DIRECTION_FLAG != 0);
        let length = count.saturating_mul(self.size);
        if down {
            let end = self.address.wrapping_add(self.size);
            let before_end = end.wrapping_sub(fault);
            (1..=length).contains(&before_end) || reaches(self.address, self.size, fault)
        } else {
            fault.wrapping_sub(self.address) < length || reaches(self.address, self.size, fault)
        }
    }
}

fn is_base(register: &str) -> bool {
    matches!(register, "fs_base" | "gs_base")
}

fn segment(register: Register) -> Option<&'static str> {
    match register {
        Register::FS => Some("fs_base"),
        Register::GS => Some("gs_base"),
        _ => None,
    }
}

/// Name of the full register that one is a part of, as in reports; empty for none.
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
