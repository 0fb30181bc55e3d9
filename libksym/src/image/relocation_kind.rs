// SPDX-License-Identifier: MIT OR Apache-2.0
//! The relocation types that debug sections have.
//!
//! They store an absolute value of 4 or 8 bytes, or add to it. The numbers are from each processor's
//! ABI.

/// What a relocation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    None,
    /// Stores symbol plus addend, in so many bytes.
    Store(usize),
    /// Adds symbol plus addend to what is there (riscv, loongarch).
    Add(usize),
    /// Subtracts it.
    Subtract(usize),
    /// Something else.
    Unknown,
}

pub(super) fn kind(machine: u16, number: u32) -> Kind {
    use Kind::{Add, Store, Subtract, Unknown};
    match (machine, number) {
        (_, 0) => Kind::None,
        (3, 1) => Store(4),                   // i386
        (40, 2) => Store(4),                  // arm
        (40, 40) => Kind::None,               // arm V4BX
        (62, 1) => Store(8),                  // x86-64
        (62, 10 | 11) => Store(4),            // x86-64 32, 32S
        (183, 257) => Store(8),               // arm64
        (183, 258) => Store(4),               // arm64
        (20, 1) | (21, 1) => Store(4),        // powerpc, 32 bits
        (21, 38) => Store(8),                 // powerpc64
        (22, 4) => Store(4),                  // s390
        (22, 22) => Store(8),                 // s390
        (8, 2) => Store(4),                   // mips
        (8, 18) => Store(8),                  // mips
        (43, 3 | 23) => Store(4),             // sparc64
        (43, 32 | 54) => Store(8),            // sparc64
        (243 | 258, 1) => Store(4),           // riscv, loongarch
        (243 | 258, 2) => Store(8),           // riscv, loongarch
        (243, 33) | (258, 47) => Add(1),      // riscv, loongarch
        (243, 34) | (258, 48) => Add(2),      // riscv, loongarch
        (243, 35) | (258, 50) => Add(4),      // riscv, loongarch
        (243, 36) | (258, 51) => Add(8),      // riscv, loongarch
        (243, 37) | (258, 52) => Subtract(1), // riscv, loongarch
        (243, 38) | (258, 53) => Subtract(2), // riscv, loongarch
        (243, 39) | (258, 55) => Subtract(4), // riscv, loongarch
        (243, 40) | (258, 56) => Subtract(8), // riscv, loongarch
        _ => Unknown,
    }
}
