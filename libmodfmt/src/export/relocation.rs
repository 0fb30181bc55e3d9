// SPDX-License-Identifier: MIT OR Apache-2.0
//! Relocation types that export tables have.

use crate::elf::Machine;

/// Is this the relocation of a 32-bit distance (`true`) or of a machine word (`false`)? `None` for
/// types that no export table has. The numbers are those of each processor's ABI.
pub(super) fn is_relative(machine: Machine, kind: u32) -> Option<bool> {
    let (word, distance) = match machine.0 {
        2 | 18 => ([3_u32, 23], 6_u32), // sparc: 32, UA32; DISP32
        3 => ([1, 1], 2),               // i386: 32; PC32
        8 => ([2, 18], 248),            // mips: 32, 64; PC32
        15 => ([1, 80], 9),             // parisc: DIR32, DIR64; PCREL32
        20 => ([1, 1], 26),             // powerpc: ADDR32; REL32
        21 => ([38, 38], 26),           // powerpc64: ADDR64; REL32
        22 => ([4, 22], 5),             // s390: 32, 64; PC32
        40 => ([2, 2], 3),              // arm: ABS32; REL32
        43 => ([32, 54], 6),            // sparc64: 64, UA64; DISP32
        62 => ([1, 1], 2),              // x86-64: 64; PC32
        183 => ([257, 257], 261),       // arm64: ABS64; PREL32
        243 => ([1, 2], 57),            // riscv: 32, 64; 32_PCREL
        258 => ([1, 2], 99),            // loongarch: 32, 64; 32_PCREL
        _ => return None,
    };
    if kind == distance {
        return Some(true);
    }
    word.contains(&kind).then_some(false)
}
