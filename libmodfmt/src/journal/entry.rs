// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entries of a journal.

use std::sync::Arc;

use crate::persist::Header;
use crate::proc::NameToken;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The kernel of a boot.
    Boot(Boot),
    /// A module that is loaded, or is about to be.
    Module(LoadedModule),
    /// A module that was loaded and is gone.
    Unload(Unload),
    /// Persistent data that is gone and was in its owner's own sections or in the extended kernel. Data in
    /// a keeper goes away with the keeper.
    Discard(Discard),
    /// The tokens that modules have left in the kernel, all of them.
    Tokens(Tokens),
}

/// The kernel of a boot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Boot {
    /// The kernel's random name for this boot.
    pub id: String,
    /// The text of `/proc/version`: `Linux version 6.1.0-56-amd64 (...) ... #1 SMP ...`.
    pub banner: String,
    /// The build id of the kernel; empty if it has none.
    pub build_id: Vec<u8>,
    /// Symbol and address of the start of the kernel's code: `_stext` or `_text`.
    pub text: Option<(String, u64)>,
    /// Time since boot, in hundredths of a second.
    pub at: u64,
}

/// What was known about a module when the entry was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// It is loaded.
    #[default]
    Loaded,
    /// It is about to be loaded, and has no addresses yet. If its init oopses, no other entry follows.
    Loading,
}

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadedModule {
    /// The boot.
    pub boot: String,
    /// Its name.
    pub name: String,
    /// Loaded, or about to be.
    pub stage: Stage,
    /// Its address in `/proc/modules`.
    pub base: Option<u64>,
    /// Its sections with their addresses.
    pub sections: Vec<(String, u64)>,
    /// Sizes of its sections, as the file that was loaded has them; empty if that is not known.
    pub sizes: Vec<(String, u64)>,
    /// The size of all its memory in `/proc/modules`, in bytes. From 6.4 on that is not one piece.
    pub memory: Option<u64>,
    /// Its init has returned, and the memory of that was freed.
    pub init_freed: bool,
    /// Its build id; empty if it has none.
    pub build_id: Vec<u8>,
    /// The file that it was loaded from, if that is known.
    pub file: Option<String>,
    /// Its persistent data: of a keeper, or of the owner.
    pub persistent: Option<Arc<Header>>,
    /// Time since boot, in hundredths of a second.
    pub at: u64,
}

impl LoadedModule {
    /// The header, if this is an owner and its persistent data is in sections of its own or in the
    /// extended kernel. The owner of a keeper has no such sections.
    #[must_use]
    pub fn own_data(&self) -> Option<&Header> {
        let has = |header: &&Header| {
            header.owner == self.name && header.units.iter().all(|unit| self.section(&unit.section).is_some())
        };
        self.persistent.as_deref().filter(has)
    }

    /// The name of the section that an address was in, and the offset there. `None` where the size of the
    /// section is not known.
    #[must_use]
    pub fn section_at(&self, address: u64) -> Option<(&str, u64)> {
        self.sections.iter().find_map(|(name, start)| {
            let (_, size) = self.sizes.iter().find(|(sized, _)| sized == name)?;
            let offset = address.checked_sub(*start).filter(|offset| offset < size)?;
            Some((name.as_str(), offset))
        })
    }

    /// The address of a section.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<u64> {
        self.sections.iter().find(|(own, _)| own == name).map(|(_, address)| *address)
    }
}

/// A module that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unload {
    /// The boot.
    pub boot: String,
    /// Its name.
    pub name: String,
    /// It was removed by the command that wrote the entry, just before. Otherwise another tool removed it at
    /// some time before.
    pub removed: bool,
    /// Time since boot at which it was noticed, in hundredths of a second.
    pub at: u64,
}

/// Persistent data that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Discard {
    /// The boot.
    pub boot: String,
    /// Its owner.
    pub name: String,
    /// Time since boot at which it was noticed, in hundredths of a second.
    pub at: u64,
}

/// The tokens of `name_token` at some time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tokens {
    /// The boot.
    pub boot: String,
    /// All of them, also those that earlier entries have.
    pub tokens: Vec<NameToken>,
    /// Time since boot, in hundredths of a second.
    pub at: u64,
}

impl Entry {
    /// The boot that it belongs to.
    #[must_use]
    pub fn boot(&self) -> &str {
        match self {
            Self::Boot(boot) => &boot.id,
            Self::Module(module) => &module.boot,
            Self::Unload(unload) => &unload.boot,
            Self::Discard(discard) => &discard.boot,
            Self::Tokens(tokens) => &tokens.boot,
        }
    }

    /// Time since boot, in hundredths of a second.
    #[must_use]
    pub fn at(&self) -> u64 {
        match self {
            Self::Boot(boot) => boot.at,
            Self::Module(module) => module.at,
            Self::Unload(unload) => unload.at,
            Self::Discard(discard) => discard.at,
            Self::Tokens(tokens) => tokens.at,
        }
    }
}
