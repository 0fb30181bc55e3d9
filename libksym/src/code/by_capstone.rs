// SPDX-License-Identifier: MIT OR Apache-2.0
//! Other instruction sets than x86, by capstone (a C library; the feature `capstone`).
//!
//! The text is as objdump prints it, as far as capstone has it.

use capstone::InsnGroupType::{CS_GRP_BRANCH_RELATIVE, CS_GRP_CALL, CS_GRP_JUMP};
use capstone::arch::{self, BuildsCapstone, BuildsCapstoneEndian, BuildsCapstoneExtraMode};
use capstone::{Capstone, Endian};

use super::access::Access;
use super::architecture::Architecture;
use super::disassembler::{Decoded, Disassembler};
use super::input::Context;
use super::{load_store, riscv_branch};

pub(super) struct CapstoneDisassembler {
    engine: Capstone,
    architecture: Architecture,
}

/// An instruction as capstone prints it.
struct Printed {
    length: usize,
    mnemonic: String,
    operands: String,
    branches: bool,
}

impl CapstoneDisassembler {
    /// `None` for an instruction set that capstone does not support.
    pub(super) fn new(architecture: Architecture) -> Option<Self> {
        let new = || Capstone::new();
        let mips = |mode, endian| new().mips().mode(mode).endian(endian).build();
        let powerpc = |mode, endian| new().ppc().mode(mode).endian(endian).build();
        let riscv = |mode| {
            let compressed = [arch::riscv::ArchExtraMode::RiscVC];
            new().riscv().mode(mode).extra_mode(compressed.into_iter()).build()
        };
        let engine = match architecture {
            Architecture::Arm64 => new().arm64().mode(arch::arm64::ArchMode::Arm).build(),
            Architecture::Arm => new().arm().mode(arch::arm::ArchMode::Arm).build(),
            Architecture::Thumb => new().arm().mode(arch::arm::ArchMode::Thumb).build(),
            Architecture::Riscv32 => riscv(arch::riscv::ArchMode::RiscV32),
            Architecture::Riscv64 => riscv(arch::riscv::ArchMode::RiscV64),
            Architecture::PowerPc64 => powerpc(arch::ppc::ArchMode::Mode64, Endian::Big),
            Architecture::PowerPc64Le => powerpc(arch::ppc::ArchMode::Mode64, Endian::Little),
            Architecture::PowerPc => powerpc(arch::ppc::ArchMode::Mode32, Endian::Big),
            Architecture::S390x => new().sysz().mode(arch::sysz::ArchMode::Default).build(),
            Architecture::Mips => mips(arch::mips::ArchMode::Mips32, Endian::Big),
            Architecture::MipsLe => mips(arch::mips::ArchMode::Mips32, Endian::Little),
            Architecture::Mips64 => mips(arch::mips::ArchMode::Mips64, Endian::Big),
            Architecture::Mips64Le => mips(arch::mips::ArchMode::Mips64, Endian::Little),
            Architecture::MicroMips => {
                let micro = [arch::mips::ArchExtraMode::Micro];
                let mode = arch::mips::ArchMode::Mips32;
                new().mips().mode(mode).extra_mode(micro.into_iter()).endian(Endian::Big).build()
            }
            Architecture::Sparc64 => new().sparc().mode(arch::sparc::ArchMode::V9).build(),
            Architecture::X86_64 | Architecture::X86 | Architecture::LoongArch64 => return None,
        };
        let mut engine = engine.ok()?;
        engine.set_detail(true).ok()?;
        Some(Self { engine, architecture })
    }

    fn print(&self, bytes: &[u8], address: u64) -> Option<Printed> {
        let found = self.engine.disasm_count(bytes, address, 1).ok()?;
        let instruction = found.first()?;
        let mnemonic = instruction.mnemonic().unwrap_or_default().to_owned();
        let mut operands = instruction.op_str().unwrap_or_default().to_owned();
        if !matches!(self.architecture, Architecture::Arm | Architecture::Thumb | Architecture::Arm64) {
            operands = operands.replace(", ", ",").replace('$', "");
        }
        let branches = self.engine.insn_detail(instruction).is_ok_and(|detail| {
            detail
                .groups()
                .iter()
                .any(|group| [CS_GRP_JUMP, CS_GRP_CALL, CS_GRP_BRANCH_RELATIVE].contains(&u32::from(group.0)))
        });
        Some(Printed { length: instruction.bytes().len(), mnemonic, operands, branches })
    }

    /// Whether the last operand is an address that is relative to the program counter.
    fn is_relative(&self, mnemonic: &str) -> bool {
        match self.architecture {
            Architecture::Arm64 => matches!(mnemonic, "adr" | "adrp"),
            Architecture::S390x => self.branches(mnemonic) || mnemonic.ends_with("rl"),
            _ => false,
        }
    }

    /// Whether it is a jump or call that capstone does not say to be one.
    fn branches(&self, mnemonic: &str) -> bool {
        match self.architecture {
            Architecture::Riscv32 | Architecture::Riscv64 => true,
            Architecture::S390x => {
                let compares = mnemonic.starts_with('c') && mnemonic.contains('j');
                mnemonic.starts_with('j') || mnemonic.starts_with("br") || compares
            }
            _ => false,
        }
    }

    fn is_riscv(&self) -> bool {
        matches!(self.architecture, Architecture::Riscv32 | Architecture::Riscv64)
    }
}

impl Disassembler for CapstoneDisassembler {
    fn decode(&self, bytes: &[u8], address: u64) -> Decoded {
        let Some(printed) = self.print(bytes, address) else {
            let least = self.architecture.least_bytes();
            let wanted = self.architecture.length(bytes).unwrap_or(least);
            let cut = bytes.len() < wanted;
            let text = if cut { "(cut)" } else { "(bad)" }.to_owned();
            let length = if cut { bytes.len() } else { wanted };
            return Decoded { length, text, valid: false, target: None, branches: false, trap: None };
        };
        let Printed { length, mnemonic, mut operands, branches } = printed;
        let target = if self.is_riscv() {
            // Capstone prints the distance, objdump the target.
            let target = riscv_branch::target(bytes, address);
            if let Some(target) = target {
                let others = operands.rsplit_once(',').map(|(others, _)| format!("{others},"));
                operands = format!("{}{target:#x}", others.unwrap_or_default());
            }
            target
        } else if branches || self.is_relative(&mnemonic) {
            // objdump marks no addresses as numbers.
            if let Some((others, number)) = operands.rsplit_once("#0x") {
                operands = format!("{others}0x{number}");
            } else if let Some((others, digit)) = operands.rsplit_once('#')
                && digit.len() == 1
                && digit.bytes().all(|byte| byte.is_ascii_digit())
            {
                // Up to 9 it prints numbers without `0x`.
                operands = format!("{others}0x{digit}");
            }
            last_number(&operands)
        } else {
            None
        };
        Decoded {
            length,
            text: format!("{mnemonic} {operands}").trim_end().to_owned(),
            valid: true,
            target,
            branches: target.is_some() && (branches || self.branches(&mnemonic)),
            trap: None,
        }
    }

    fn accesses(&self, bytes: &[u8], address: u64, context: &Context<'_>) -> Vec<Access> {
        let Some(printed) = self.print(bytes, address) else { return Vec::new() };
        load_store::accesses(self.architecture, &printed.mnemonic, &printed.operands, address, context)
    }

    fn knows_length(&self) -> bool {
        true
    }

    fn same(&self, run_time: &[u8], file: &[u8], is_linked: bool) -> bool {
        let mnemonic = |bytes: &[u8]| self.print(bytes, 0).map(|printed| printed.mnemonic);
        run_time == file || !is_linked && run_time.len() == file.len() && mnemonic(run_time) == mnemonic(file)
    }

    fn most_bytes(&self) -> usize {
        self.architecture.most_bytes()
    }

    fn alignment(&self) -> usize {
        self.architecture.least_bytes()
    }
}

/// Capstone prints a branch target as the last operand, as an address.
fn last_number(operands: &str) -> Option<u64> {
    let last = operands.rsplit([',', ' ']).next()?.trim_start_matches('#');
    u64::from_str_radix(last.strip_prefix("0x")?, 16).ok()
}
