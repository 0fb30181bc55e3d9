// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between architectures: instruction pointer, registers, code bytes.
//!
//! Each architecture is one file with a type that implements [`Architecture`], and a line in `table`.

mod architecture;
mod arm;
mod arm64;
mod i386;
mod loongarch;
mod mips;
mod powerpc;
mod recognised;
mod riscv;
mod s390;
mod table;
mod x86;
mod x86_64;
mod x86_code_line;

pub(crate) use architecture::Item;
pub(crate) use table::read;
