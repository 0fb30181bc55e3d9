// SPDX-License-Identifier: MIT OR Apache-2.0
//! How processors divide addresses.

/// Addresses from here on may be the kernel's.
pub(super) const KERNEL_START: u64 = if cfg!(target_arch = "s390x") {
    // The kernel has an address space of its own, from 0 on.
    NEAR_NULL
} else if cfg!(target_arch = "powerpc64") {
    0xc000_0000_0000_0000
} else if cfg!(any(target_arch = "loongarch64", target_arch = "mips64")) {
    // Physical memory begins here in the kernel's addresses, cached or not.
    0x8000_0000_0000_0000
} else if cfg!(target_pointer_width = "32") {
    // By configuration the kernel begins here or above; on arm, modules are below the rest.
    0x3f00_0000
} else {
    // Also with five levels of page tables, or 52 bits.
    0xff00_0000_0000_0000
};

/// Programs have nothing below this (`vm.mmap_min_addr`, as it is by default).
pub(super) const PROGRAM_START: u64 = 65_536;

/// Addresses below this are a program's, with four levels of page tables: on x86-64 half of them, on arm64
/// all. None where a program's cannot be told from the kernel's.
pub(super) const PROGRAM_END: u64 = if cfg!(target_arch = "s390x") {
    0
} else if cfg!(target_pointer_width = "32") {
    KERNEL_START
} else if cfg!(target_arch = "aarch64") {
    1 << 48
} else {
    1 << 47
};

/// Nothing is mapped below this, at least not by default; so it is a field of a structure at NULL.
pub(super) const NEAR_NULL: u64 = 4096;
