// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entries of a journal.

use crate::persist::Header;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The kernel of a boot.
    Boot(Boot),
    /// A module that is loaded, or is about to be.
    Module(LoadedModule),
    /// A module that was loaded and is gone.
    Unload(Unload),
    /// Persistent data that were with their owner, or with the kernel itself, and are gone. Data that a keeper has are gone with the keeper.
    Discard(Discard),
}

/// The kernel of a boot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Boot {
    /// The kernel's random name for this boot.
    pub id: String,
    /// The text of `/proc/version`: `Linux version 6.1.0-56-amd64 (...) ... #1 SMP ...`.
    pub banner: String,
    /// The build id of the kernel; empty where it has none.
    pub build_id: Vec<u8>,
    /// Symbol and address of the start of the kernel's code: `_stext` or `_text`.
    pub text: Option<(String, u64)>,
    /// Time since boot, in hundredths of a second.
    pub at: u64,
}

/// What was known of a module when it was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// It is loaded.
    #[default]
    Loaded,
    /// It is about to be loaded, and has no addresses yet. Where its init oopses this is all there will be.
    Loading,
}

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadedModule {
    /// The boot.
    pub boot: String,
    /// Its name.
    pub name: String,
    /// How far it was.
    pub stage: Stage,
    /// Its address in `/proc/modules`.
    pub base: Option<u64>,
    /// Its sections with their addresses.
    pub sections: Vec<(String, u64)>,
    /// Its build id; empty where it has none.
    pub build_id: Vec<u8>,
    /// The file that it was loaded from, where that is known.
    pub file: Option<String>,
    /// Its persistent data: of a keeper, or of the owner.
    pub persistent: Option<Header>,
    /// Time since boot, in hundredths of a second.
    pub at: u64,
}

impl LoadedModule {
    /// The header, if this is an owner and its persistent data are where its own sections are: with it, or with the kernel itself. A keeper's
    /// owner has no such sections.
    #[must_use]
    pub fn own_data(&self) -> Option<&Header> {
        let has = |header: &&Header| {
            header.owner == self.name
                && header.sections.iter().all(|section| self.section(section.role.section_name()).is_some())
        };
        self.persistent.as_ref().filter(has)
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
    /// Time since boot at which it was noticed, in hundredths of a second.
    pub at: u64,
}

/// Persistent data that are gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Discard {
    /// The boot.
    pub boot: String,
    /// Their owner.
    pub name: String,
    /// Time since boot at which it was noticed, in hundredths of a second.
    pub at: u64,
}

impl Entry {
    /// The boot that it is of.
    #[must_use]
    pub fn boot(&self) -> &str {
        match self {
            Self::Boot(boot) => &boot.id,
            Self::Module(module) => &module.boot,
            Self::Unload(unload) => &unload.boot,
            Self::Discard(discard) => &discard.boot,
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
        }
    }
}
