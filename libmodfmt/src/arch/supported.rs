// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processors that images are made for.

use thiserror::Error;

use super::{Arch, aarch64, arm, i386, loongarch64, mips, ppc64le, riscv64, s390x, x86_64};
use crate::elf::{ByteOrder, Class, Ident, Machine};

/// Images for this machine cannot be made.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("persistent data of {machine} modules is not supported yet")]
#[non_exhaustive]
pub struct UnsupportedMachine {
    /// The machine of the file.
    pub machine: Machine,
}

impl Arch {
    /// What the images need to know about the processor of `ident`.
    ///
    /// # Errors
    /// The machine is not supported.
    pub fn of(ident: Ident) -> Result<&'static Self, UnsupportedMachine> {
        match (ident.machine, ident.class) {
            (Machine::X86_64, Class::Elf64) => Ok(&x86_64::ARCH),
            // The kernel is never big-endian in distributions, but may be: instructions are not.
            (Machine::AARCH64, Class::Elf64) if ident.order == ByteOrder::Little => Ok(&aarch64::ARCH),
            (Machine::RISCV, Class::Elf64) if ident.order == ByteOrder::Little => Ok(&riscv64::ARCH),
            // Big-endian, functions have descriptors and symbols a dot.
            (Machine::PPC64, Class::Elf64) if ident.order == ByteOrder::Little => Ok(&ppc64le::ARCH),
            (Machine::S390, Class::Elf64) if ident.order == ByteOrder::Big => Ok(&s390x::ARCH),
            (Machine::I386, Class::Elf32) => Ok(&i386::ARCH),
            // Big-endian, instructions may have the other order than data.
            (Machine::ARM, Class::Elf32) if ident.order == ByteOrder::Little => Ok(&arm::ARCH),
            (Machine::MIPS, Class::Elf32) => Ok(&mips::ARCH_32),
            (Machine::MIPS, Class::Elf64) => Ok(&mips::ARCH_64),
            (Machine::LOONGARCH, Class::Elf64) if ident.order == ByteOrder::Little => Ok(&loongarch64::ARCH),
            (machine, _) => Err(UnsupportedMachine { machine }),
        }
    }
}
