// SPDX-License-Identifier: MIT OR Apache-2.0
//! Units: the smallest parts of persistent data that are placed, bound and compared by themselves.

use super::{PersistentSection, Variable};

/// Spare room of a structure: at least, and at most, this many bytes.
const MIN_SPARE_BYTES: u64 = 64;
const MAX_SPARE_BYTES: u64 = 64 << 10;
/// gcc aligns large variables to this for speed (x86-64, `ix86_data_alignment`); in bytes.
const MAX_USUAL_ALIGN: u64 = 64;

/// One persistent section. With `persistent.h` of note version 2 each variable has one of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unit {
    /// The section's name; in a keeper no two units share one.
    pub section: String,
    /// Bytes in use.
    pub size: u64,
    /// Bytes that the keeper has for it, at least `size`: a structure may grow into the rest.
    pub room: u64,
    /// Alignment in bytes, at least 1.
    pub align: u64,
    /// Whether it may be written to. A unit of `const` variables may not.
    pub writable: bool,
    /// The variables by ascending offset.
    pub variables: Vec<Variable>,
}

impl Unit {
    /// A writable unit without variables and without spare room; size and alignment in bytes.
    #[must_use]
    pub fn new(section: &str, size: u64, align: u64) -> Self {
        let (section, variables) = (section.to_owned(), Vec::new());
        Self { section, size, room: size, align, writable: true, variables }
    }

    /// The mark in the source. A name that no mark gives counts as `__persistent`.
    #[must_use]
    pub fn mark(&self) -> PersistentSection {
        PersistentSection::from_name(self.section.as_bytes()).unwrap_or(PersistentSection::Data)
    }

    /// Whether the variables were put into one common section, as `persistent.h` did until note version 2.
    #[must_use]
    pub fn is_common_section(&self) -> bool {
        self.section == self.mark().section_name()
    }

    /// Gives a unit that is one structure the room to grow, and the alignment that compilers give to larger
    /// ones.
    pub(super) fn give_room(&mut self) {
        self.room = Self::room_for(self.size);
        self.align = self.align.max(MAX_USUAL_ALIGN);
        for variable in &mut self.variables {
            variable.align = Variable::align_of(variable.offset, self.align);
        }
    }

    /// The room that a keeper gives to a structure of `size` bytes: the next power of two that leaves 64
    /// bytes or more, but at most 64 KiB more than the structure has.
    #[must_use]
    pub const fn room_for(size: u64) -> u64 {
        let most = size.saturating_add(MAX_SPARE_BYTES);
        match size.saturating_add(MIN_SPARE_BYTES).checked_next_power_of_two() {
            Some(room) if room < most => room,
            _ => most,
        }
    }
}
