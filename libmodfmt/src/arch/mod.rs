// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between processors: relocation types, and what a module of each must carry.
//!
//! Images are made only for machines listed here. Everything else is refused by name:
//!
//! ```
//! use libmodfmt::arch::Arch;
//! use libmodfmt::elf::{ByteOrder, Class, Ident, Machine};
//!
//! let s390 = Ident { class: Class::Elf64, order: ByteOrder::Big, machine: Machine(22) };
//! assert_eq!(Arch::of(s390).unwrap_err().to_string(), "persistent data of s390 modules is not supported yet");
//! ```

mod relocation;
mod x86_64;

pub use relocation::{Operation, RelocationType, relocation_type};

use thiserror::Error;

use crate::elf::{Class, Ident, Machine, RelocationForm};

/// The facts about one processor that the images need.
#[derive(Debug)]
pub struct Arch {
    /// `REL` or `RELA`.
    pub form: RelocationForm,
    /// The relocation that stores a full address (`S + A`).
    pub absolute_word: u32,
    /// The relocation that stores a 32-bit distance from its own place (`S + A - P`).
    pub relative_32: u32,
    /// Sections that the kernel demands of every module of this processor, code or not.
    pub mandatory_sections: &'static [&'static str],
    machine: Machine,
}

/// Images for this machine cannot be made.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("persistent data of {machine} modules is not supported yet")]
pub struct UnsupportedMachine {
    /// The machine of the file.
    pub machine: Machine,
}

impl Arch {
    /// The facts for `ident`.
    ///
    /// # Errors
    /// The machine is not supported.
    pub fn of(ident: Ident) -> Result<&'static Self, UnsupportedMachine> {
        match (ident.machine, ident.class) {
            (Machine::X86_64, Class::Elf64) => Ok(&x86_64::ARCH),
            (machine, _) => Err(UnsupportedMachine { machine }),
        }
    }

    /// The relocation type of that number, if this crate knows it.
    #[must_use]
    pub fn relocation(&self, number: u32) -> Option<&'static RelocationType> {
        relocation_type(self.machine, number)
    }

    /// The name of a relocation type, or its number where it is not known.
    #[must_use]
    pub fn relocation_name(&self, number: u32) -> String {
        self.relocation(number)
            .map_or_else(|| format!("relocation type {number}"), |known| known.name.to_owned())
    }
}
