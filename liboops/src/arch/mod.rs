// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between architectures: instruction pointer, registers, code, call traces, and why the
//! processor stopped.
//!
//! Each architecture is one file with a type that implements [`Architecture`], and a line in `table`. What
//! several share is in `numbers` (registers and rows), `places` (a place behind a label) and `code_words`
//! (instructions of 16 or 32 bits).

mod alpha;
mod architecture;
mod arm;
mod arm64;
mod arm64_syndrome;
mod arm_backtrace;
mod arm_fault_status;
mod code_words;
mod csky;
mod i386;
mod ia64;
mod loongarch;
mod m68k;
mod mips;
mod numbers;
mod openrisc;
mod parisc;
mod places;
mod powerpc;
mod powerpc_trap;
mod recognised;
mod riscv;
mod s390;
mod s390_code;
mod s390_program_check;
mod sh;
mod sparc;
mod table;
mod thumb;
mod x86;
mod x86_64;
mod x86_code_line;

pub(crate) use architecture::{Hints, Item, OopsCode, Pc, Rows};
pub(crate) use table::{by_name, name, read};
