// SPDX-License-Identifier: MIT OR Apache-2.0
//! The note in `foo__hold`: whose keeper it holds.

use crate::elf::ByteOrder;
use crate::module_name::is_module_name;
use crate::note;
use crate::persist::NOTE_NAME;

/// Type of the note, beside that of a header.
pub const HOLD_NOTE_TYPE: u32 = 5;

/// What the note says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hold {
    /// The owner.
    pub owner: String,
    /// The generation whose keeper it holds.
    pub generation: u32,
}

impl Hold {
    /// Of one keeper.
    #[must_use]
    pub fn new(owner: &str, generation: u32) -> Self {
        Self { owner: owner.to_owned(), generation }
    }

    /// The bytes of the note section: the generation as a 32-bit number, then the owner.
    #[must_use]
    pub fn to_note(&self, order: ByteOrder) -> Vec<u8> {
        let mut data = order.bytes32(self.generation).to_vec();
        data.extend_from_slice(self.owner.as_bytes());
        note::encode(NOTE_NAME, HOLD_NOTE_TYPE, &data, order)
    }

    /// Reads a note section; `None` if it is no note of this kind.
    #[must_use]
    pub fn from_note(section: &[u8], order: ByteOrder) -> Option<Self> {
        let mut records = note::records(section, order).map_while(Result::ok);
        let record = records.find(|record| record.name == NOTE_NAME && record.kind == HOLD_NOTE_TYPE)?;
        let (generation, owner) = record.description.split_first_chunk::<4>()?;
        let owner = std::str::from_utf8(owner).ok()?.to_owned();
        is_module_name(&owner).then_some(Self { owner, generation: order.u32(*generation) })
    }
}
