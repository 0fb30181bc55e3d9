// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header: what identifies a region.

use super::{Unit, Variable};
use crate::types::{TypeId, TypeTable, layout_hash};

/// The version of the header note that this crate writes. It reads all from 1 on.
pub const NOTE_VERSION: u16 = 2;

/// What identifies persistent data of one owner: all that a file has, or what one keeper holds. It has no
/// address: that is read from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The version of the note that it was read from; [`NOTE_VERSION`] for one that was made here. Keepers of
    /// version 1 have other base symbols.
    pub note_version: u16,
    /// Name of the module whose source defines the variables.
    pub owner: String,
    /// The build id (`NT_GNU_BUILD_ID`) of the owner's file; empty if it has none.
    pub build_id: Vec<u8>,
    /// The names of all variables are known. A file stripped of some of them binds only by build id.
    pub named: bool,
    /// The number of this generation among those of its owner, from 1 on.
    pub generation: u32,
    /// Earlier generations hold nothing that is in force: this one was made by `--fresh`.
    pub fresh: bool,
    /// The units, by ordinal; those of `__persistent` before those of `__persistent_bss`.
    pub units: Vec<Unit>,
    /// Variables of this and earlier generations that have grown into their spare room since.
    pub grown: Vec<Grown>,
    /// Variables of earlier generations that the file which made this one did not have.
    pub unused: Vec<KeptPlace>,
    /// Variables of earlier generations that were converted or started afresh: what they hold is never used
    /// again.
    pub replaced: Vec<KeptPlace>,
    /// The numbers of the earlier generations that were in force when this one was made and still are once
    /// its load has succeeded. This one may point into each of them. Empty as well if an older program made
    /// it.
    pub predecessors: Vec<u32>,
    /// Distinguishes the base symbols of a keeper that was made when its module was built, see
    /// [`Header::identify`]; 0 for one that was made at a load.
    pub identity: u64,
    /// The types of the variables, if debug information tells.
    pub types: TypeTable,
}

/// Where a variable is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptPlace {
    /// The number of the generation.
    pub generation: u32,
    /// The unit in it, from 0 on.
    pub ordinal: u32,
    /// Offset in the unit, in bytes.
    pub offset: u64,
}

/// A kept variable that has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grown {
    /// The variable.
    pub place: KeptPlace,
    /// Its size now, in bytes.
    pub size: u64,
    /// Its C type now, if debug information tells.
    pub type_name: Option<String>,
    /// Its type in the table of the header that says so.
    pub type_id: Option<TypeId>,
}

impl Header {
    /// The first generation of `owner`'s data without units and build id, with all names known.
    #[must_use]
    pub fn new(owner: &str) -> Self {
        Self {
            note_version: NOTE_VERSION,
            owner: owner.to_owned(),
            build_id: Vec::new(),
            named: true,
            generation: 1,
            fresh: false,
            units: Vec::new(),
            grown: Vec::new(),
            unused: Vec::new(),
            replaced: Vec::new(),
            predecessors: Vec::new(),
            identity: 0,
            types: TypeTable::default(),
        }
    }

    /// A unit by its ordinal.
    #[must_use]
    pub fn unit(&self, ordinal: u32) -> Option<&Unit> {
        self.units.get(usize::try_from(ordinal).ok()?)
    }

    /// The unit whose section has this name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.section == name)
    }

    /// Every unit with its ordinal.
    pub fn ordinals(&self) -> impl Iterator<Item = (u32, &Unit)> {
        (0..).zip(&self.units)
    }

    /// Whether the variables were put into common sections, as `persistent.h` did until note version 2.
    #[must_use]
    pub fn has_common_sections_only(&self) -> bool {
        let marks: Vec<_> = self.units.iter().map(Unit::mark).collect();
        self.units.iter().all(Unit::is_common_section)
            && marks.windows(2).all(|pair| pair.first() != pair.get(1))
    }

    /// The bytes in use of all units together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.units.iter().fold(0, |sum, unit| sum.saturating_add(unit.size))
    }

    /// A hash over the type of one of the variables ([`layout_hash`]); `None` if its type is not known.
    #[must_use]
    pub fn type_hash(&self, variable: &Variable) -> Option<u64> {
        variable.type_id.map(|id| layout_hash(&self.types, id))
    }

    /// Every variable with its unit.
    pub fn variables(&self) -> impl Iterator<Item = (&Unit, &Variable)> {
        self.units.iter().flat_map(|unit| unit.variables.iter().map(move |variable| (unit, variable)))
    }
}
