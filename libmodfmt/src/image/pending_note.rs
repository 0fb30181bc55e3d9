// SPDX-License-Identifier: MIT OR Apache-2.0
//! The note in `foo__pending`: which generations are not in force yet.

use crate::elf::ByteOrder;
use crate::module_name::is_module_name;
use crate::note;
use crate::persist::NOTE_NAME;

/// Type of the note, beside that of a header.
pub const PENDING_NOTE_TYPE: u32 = 2;

/// What the note says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending {
    /// The owner.
    pub owner: String,
    /// The generations that a load has begun to make.
    pub generations: Vec<u32>,
}

impl Pending {
    /// Of one owner.
    #[must_use]
    pub fn new(owner: &str, generations: Vec<u32>) -> Self {
        Self { owner: owner.to_owned(), generations }
    }

    /// The bytes of the note section: the generations as 32-bit numbers, then the owner.
    #[must_use]
    pub fn to_note(&self, order: ByteOrder) -> Vec<u8> {
        let count = u32::try_from(self.generations.len()).unwrap_or(u32::MAX);
        let numbers = std::iter::once(count).chain(self.generations.iter().copied());
        let mut data: Vec<u8> = numbers.flat_map(|number| order.bytes32(number)).collect();
        data.extend_from_slice(self.owner.as_bytes());
        note::encode(NOTE_NAME, PENDING_NOTE_TYPE, &data, order)
    }

    /// Reads a note section; `None` if it is no note of this kind.
    #[must_use]
    pub fn from_note(section: &[u8], order: ByteOrder) -> Option<Self> {
        let mut records = note::records(section, order).map_while(Result::ok);
        let record = records.find(|record| record.name == NOTE_NAME && record.kind == PENDING_NOTE_TYPE)?;
        let (count, rest) = record.description.split_first_chunk::<4>()?;
        let size = usize::try_from(order.u32(*count)).ok()?.checked_mul(4)?;
        let (numbers, owner) = rest.split_at_checked(size)?;
        let generations = numbers.as_chunks::<4>().0.iter().map(|number| order.u32(*number)).collect();
        let owner = std::str::from_utf8(owner).ok()?.to_owned();
        is_module_name(&owner).then_some(Self { owner, generations })
    }
}
