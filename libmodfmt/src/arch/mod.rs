// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between processors: relocation types, and the sections that a module must have.
//!
//! Images are made only for machines listed here. Everything else is refused by name:
//!
//! ```
//! use libmodfmt::arch::Arch;
//! use libmodfmt::elf::{ByteOrder, Class, Ident, Machine};
//!
//! let sparc = Ident { class: Class::Elf64, order: ByteOrder::Big, machine: Machine(43) };
//! let error = Arch::of(sparc).unwrap_err();
//! assert_eq!(error.to_string(), "persistent data of sparc modules is not supported yet");
//! ```

mod aarch64;
mod addend;
mod arm;
mod i386;
mod loongarch64;
mod mips;
mod ppc64le;
mod processor;
mod relocation;
mod riscv64;
mod s390x;
mod supported;
mod x86_64;

pub use addend::{each_relocation, relocations, relocations_of, store_addend, stored_addend, wrapped_addend};
pub use processor::{Arch, GotEntry};
pub use relocation::{Operation, RelocationType, relocation_type};
pub use supported::UnsupportedMachine;
