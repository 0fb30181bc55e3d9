// SPDX-License-Identifier: MIT OR Apache-2.0
//! Other instruction sets than x86, by capstone (a C library; the feature `capstone`).
//!
//! Text and branch targets only: memory operands are not evaluated.

use capstone::InsnGroupType::{CS_GRP_BRANCH_RELATIVE, CS_GRP_CALL, CS_GRP_JUMP};
use capstone::arch::{self, BuildsCapstone, BuildsCapstoneEndian, BuildsCapstoneExtraMode};
use capstone::{Capstone, Endian};

use super::access::Access;
use super::architecture::Architecture;
use super::disassembler::{Decoded, Disassembler};
use super::input::Context;

pub(super) struct CapstoneDisassembler {
    engine: Capstone,
    /// Instructions start at multiples of this many bytes.
    alignment: usize,
}

impl CapstoneDisassembler {
    /// `None` for an instruction set that capstone does not support.
    pub(super) fn new(architecture: Architecture) -> Option<Self> {
        let new = || Capstone::new();
        let mips = |endian| new().mips().mode(arch::mips::ArchMode::Mips64).endian(endian).build();
        let powerpc = |mode, endian| new().ppc().mode(mode).endian(endian).build();
        let engine = match architecture {
            Architecture::Arm64 => new().arm64().mode(arch::arm64::ArchMode::Arm).build(),
            Architecture::Arm => new().arm().mode(arch::arm::ArchMode::Arm).build(),
            Architecture::Thumb => new().arm().mode(arch::arm::ArchMode::Thumb).build(),
            Architecture::Riscv64 => {
                let compressed = [arch::riscv::ArchExtraMode::RiscVC];
                new().riscv().mode(arch::riscv::ArchMode::RiscV64).extra_mode(compressed.into_iter()).build()
            }
            Architecture::PowerPc64 => powerpc(arch::ppc::ArchMode::Mode64, Endian::Big),
            Architecture::PowerPc64Le => powerpc(arch::ppc::ArchMode::Mode64, Endian::Little),
            Architecture::PowerPc => powerpc(arch::ppc::ArchMode::Mode32, Endian::Big),
            Architecture::S390x => new().sysz().mode(arch::sysz::ArchMode::Default).build(),
            Architecture::Mips64 => mips(Endian::Big),
            Architecture::Mips64Le => mips(Endian::Little),
            Architecture::Sparc64 => new().sparc().mode(arch::sparc::ArchMode::V9).build(),
            Architecture::X86_64 | Architecture::X86 | Architecture::LoongArch64 => return None,
        };
        let alignment = match architecture {
            Architecture::Thumb | Architecture::Riscv64 | Architecture::S390x => 2,
            _ => 4,
        };
        let mut engine = engine.ok()?;
        engine.set_detail(true).ok()?;
        Some(Self { engine, alignment })
    }
}

impl Disassembler for CapstoneDisassembler {
    fn decode(&self, bytes: &[u8], address: u64) -> Decoded {
        let found = self.engine.disasm_count(bytes, address, 1);
        let Some(instruction) = found.as_ref().ok().and_then(|found| found.first()) else {
            let cut = bytes.len() < self.alignment;
            let text = if cut { "(cut)" } else { "(bad)" }.to_owned();
            let length = self.alignment.min(bytes.len());
            return Decoded { length, text, valid: false, target: None, branches: false, trap: None };
        };
        let (mnemonic, operands) = (instruction.mnemonic().unwrap_or(""), instruction.op_str().unwrap_or(""));
        let detail = self.engine.insn_detail(instruction);
        let is_branch = detail.is_ok_and(|detail| {
            detail
                .groups()
                .iter()
                .any(|group| [CS_GRP_JUMP, CS_GRP_CALL, CS_GRP_BRANCH_RELATIVE].contains(&u32::from(group.0)))
        });
        Decoded {
            length: instruction.bytes().len(),
            text: format!("{mnemonic} {operands}").trim_end().to_owned(),
            valid: true,
            target: is_branch.then(|| last_number(operands)).flatten(),
            branches: is_branch,
            trap: None,
        }
    }

    fn accesses(&self, _: &[u8], _: u64, _: &Context<'_>) -> Vec<Access> {
        Vec::new()
    }

    fn alignment(&self) -> usize {
        self.alignment
    }
}

/// Capstone prints a branch target as the last operand, as an address.
fn last_number(operands: &str) -> Option<u64> {
    let last = operands.rsplit([',', ' ']).next()?.trim_start_matches('#');
    u64::from_str_radix(last.strip_prefix("0x")?, 16).ok()
}
