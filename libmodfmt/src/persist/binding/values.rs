// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known beyond headers: the file's initial values and the kept bytes. Without them changed variables
//! are refused.

use std::collections::HashSet;
use std::fmt;

use crate::elf::{ByteOrder, Class};
use crate::persist::{KeptPlace, KernelBtfBlobs};

/// The memory that kept variables are in.
pub trait KeptMemory {
    /// The address of a unit of a generation, if it is known.
    fn address(&self, generation: u32, ordinal: u32) -> Option<u64>;

    /// So many bytes from a place on.
    ///
    /// # Errors
    /// Why they cannot be read, as a clause.
    fn read(&self, place: KeptPlace, size: u64) -> Result<Vec<u8>, String>;

    /// Whether the values were saved, and are in the kernel's memory no more: then nothing can stay where it
    /// was, and every variable gets a new place.
    fn is_saved(&self) -> bool {
        false
    }

    /// BTF of the kernel that they are in, if it has any. It is asked for where a type is described on one
    /// side, and on the other one known as the kernel's.
    fn kernel_btf(&self) -> Option<KernelBtfBlobs> {
        None
    }
}

/// What is known of a file and of the kernel beyond headers.
pub struct Values<'a> {
    /// Byte order of the module.
    pub order: ByteOrder,
    /// Its class, for the size of a pointer.
    pub class: Class,
    /// For each unit of the file, in the order of its header.
    pub initial: Vec<InitialValue<'a>>,
    /// Variables that the module converts itself, as numbers of units and offsets in them.
    pub by_hand: HashSet<(usize, u64)>,
    /// The kernel's memory.
    pub memory: &'a dyn KeptMemory,
}

/// The initial value of a unit in the file.
#[derive(Debug, Clone, Default)]
pub struct InitialValue<'a> {
    /// Its bytes; none if it is zero.
    pub bytes: &'a [u8],
    /// Offsets of its relocations, ascending.
    pub relocated: Vec<u64>,
}

/// A unit with an initial value made from kept bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnitValue {
    /// The unit, by its place in the file's header.
    pub unit: usize,
    /// All of its bytes in use.
    pub bytes: Vec<u8>,
    /// Pointers to converted variables, by offset. Their bytes are zero.
    pub pointers: Vec<UnitPointer>,
    /// Offsets of relocations of the file that must not be applied.
    pub without: HashSet<u64>,
}

impl UnitValue {
    /// Of this unit, without its bytes.
    pub(super) fn new(unit: usize) -> Self {
        Self { unit, bytes: Vec::new(), pointers: Vec::new(), without: HashSet::new() }
    }
}

/// A pointer to a variable that is converted in the same load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnitPointer {
    /// Where it is in the unit.
    pub offset: u64,
    /// The unit pointed to, by its place in the file's header.
    pub unit: usize,
    /// Offset in that unit.
    pub target: u64,
}

impl InitialValue<'_> {
    /// The part of one variable: its bytes, none if they are not in the file, and its relocations.
    pub(super) fn part(&self, offset: u64, size: u64) -> (&[u8], Vec<u64>) {
        let end = offset.saturating_add(size);
        let range = usize::try_from(offset).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(usize::MAX);
        let relocated = self.relocated.iter().filter(|at| (offset..end).contains(*at));
        (self.bytes.get(range).unwrap_or_default(), relocated.map(|at| at.saturating_sub(offset)).collect())
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values")
            .field("order", &self.order)
            .field("initial", &self.initial)
            .finish_non_exhaustive()
    }
}
