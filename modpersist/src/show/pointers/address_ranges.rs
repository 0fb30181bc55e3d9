// SPDX-License-Identifier: MIT OR Apache-2.0
//! How x86-64 and arm64 divide addresses.

/// Addresses from here on are the kernel's, also with five levels of page tables, or 52 bits.
pub(super) const KERNEL_START: u64 = 0xff00_0000_0000_0000;
/// Programs have nothing below this (`vm.mmap_min_addr`, as it is by default).
pub(super) const PROGRAM_START: u64 = 65_536;
/// Addresses below this are a program's, with four levels of page tables: on x86-64 half of them, on arm64
/// all.
pub(super) const PROGRAM_END: u64 = if cfg!(target_arch = "aarch64") { 1 << 48 } else { 1 << 47 };
/// Nothing is mapped below this, at least not by default; so it is a field of a structure at NULL.
pub(super) const NEAR_NULL: u64 = 4096;
