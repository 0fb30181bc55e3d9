// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between processors: relocation types, and the sections that a module must have.
//!
//! Images are made only for machines listed here. Everything else is refused by name:
//!
//! ```
//! use libmodfmt::arch::Arch;
//! use libmodfmt::elf::{ByteOrder, Class, Ident, Machine};
//!
//! let s390 = Ident { class: Class::Elf64, order: ByteOrder::Big, machine: Machine(22) };
//! let error = Arch::of(s390).unwrap_err();
//! assert_eq!(error.to_string(), "persistent data of s390 modules is not supported yet");
//! ```

mod aarch64;
mod processor;
mod relocation;
mod supported;
mod x86_64;

pub use processor::Arch;
pub use relocation::{Operation, RelocationType, relocation_type};
pub use supported::UnsupportedMachine;
