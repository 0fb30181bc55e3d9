// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between architectures: instruction pointer, registers, code bytes.
//!
//! Each architecture is one file with a type that implements [`Arch`], and a line in [`ALL`].

mod i386;
mod others;
mod x86;
mod x86_64;

use crate::report::{Code, Place, Register};

/// What a line says of the state of a processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// The instruction pointer.
    Pc {
        /// The code segment.
        segment: Option<u16>,
        /// It is one of a program.
        user: bool,
        /// The kernel prints it in this form only when it repeats it.
        repeated: bool,
        /// Where it points.
        place: Place,
    },
    /// Registers.
    Registers(Vec<Register>),
    /// The bytes around the instruction pointer.
    Code(Code),
    /// Known to be part of an oops, and not taken apart.
    Known,
}

/// One architecture.
pub(super) trait Arch: Sync {
    /// Its name, as in `uname -m`.
    fn name(&self) -> &'static str;

    /// Reads a message; `None` for one that this architecture does not print. `base` is the offset of the message in the input.
    fn read(&self, body: &[u8], base: u64) -> Option<Item>;

    /// Whether no other architecture prints such a line, so that the report is of this one.
    fn tells(&self, _item: &Item) -> bool {
        true
    }
}

/// Every architecture; the first that knows a line counts.
pub(super) const ALL: &[&dyn Arch] = &[
    &x86_64::X86_64,
    &i386::I386,
    &others::ARM64,
    &others::ARM,
    &others::RISCV,
    &others::POWERPC,
    &others::S390,
    &others::MIPS,
    &others::LOONGARCH,
];

/// Asks the architecture that a report is known to be of, else each; gives its name where the line tells it.
pub(super) fn read(
    known: Option<&'static str>,
    body: &[u8],
    base: u64,
) -> Option<(Option<&'static str>, Item)> {
    let asked = ALL.iter().filter(|arch| known.is_none_or(|known| known == arch.name()));
    asked.into_iter().find_map(|arch| {
        let item = arch.read(body, base)?;
        Some((arch.tells(&item).then(|| arch.name()), item))
    })
}
