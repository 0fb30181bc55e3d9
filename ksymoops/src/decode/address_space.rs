// SPDX-License-Identifier: MIT OR Apache-2.0
//! From where on a number may be an address of the kernel's data, by architecture.
//!
//! Most kernels have the upper half of the address space, or the upper quarters of a 32-bit one. The kernels
//! of s390, sparc64, m68k and 64-bit parisc have an address space of their own, and modules at low addresses
//! in it (`MODULES_VADDR` in `arch/*/include/asm`): s390's at `0x3ff80000000`, sparc64's at `0x10000000`.

/// The lowest addresses that are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lowest {
    /// In data of modules, whose place is known exactly: only page 0 and small numbers are left out.
    pub module: u64,
    /// In symbol tables, where a small number would have a name in a kernel at low addresses.
    pub symbol: u64,
}

/// More than sizes, counters and error numbers are.
const SMALL: u64 = 1 << 16;

/// The lowest addresses of an architecture.
pub(super) fn lowest(arch: Option<&str>) -> Lowest {
    match arch {
        // The user's part ends at 1 GiB at the lowest (`CONFIG_VMSPLIT_1G`).
        Some("i386" | "arm" | "ppc" | "mips" | "riscv32" | "sh4" | "openrisc" | "sparc") => {
            Lowest { module: SMALL, symbol: 1 << 30 }
        }
        Some("s390x" | "sparc64" | "parisc64") => Lowest { module: SMALL, symbol: 1 << 32 },
        Some("m68k" | "s390" | "parisc") => Lowest { module: SMALL, symbol: u64::MAX },
        _ => Lowest { module: 1 << 47, symbol: 1 << 47 },
    }
}
