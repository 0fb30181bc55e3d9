// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must not be kept, each case by name.

use thiserror::Error;

use super::{Ambiguous, Inventory, PersistError, PersistentSection, Sharing, parameters, pointers};
use crate::arch::Arch;
use crate::elf::{Object, Place, flags};

/// A page on every machine that this crate makes images for, in bytes.
const PAGE: u64 = 4096;

/// The address space for modules is 1 GiB and more on all machines, and much of it is taken.
const LARGEST: u64 = 1 << 30;

/// `SHN_LIVEPATCH` (include/uapi/linux/elf.h).
const SHN_LIVEPATCH: u16 = 0xff20;

/// Why persistent data must not be kept. Offsets are in bytes from the start of the section.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// An initial value points into code or data that go away with the module.
    #[error(
        "{variable} (offset {offset:#x} of {section}) is initialised with the address of {target} in the \
         module itself, which is gone after rmmod"
    )]
    PointerIntoOwner {
        /// The section.
        section: &'static str,
        /// The variable, with the distance inside it.
        variable: String,
        /// Where the pointer stands.
        offset: u64,
        /// What it points to.
        target: String,
    },
    /// A `charp` parameter: the kernel frees the string at unload and leaves the pointer.
    #[error(
        "{variable} (offset {offset:#x} of {section}) holds the charp parameter {parameter}: the kernel \
         frees the string at unload and leaves the pointer"
    )]
    CharpParameter {
        /// The section.
        section: &'static str,
        /// The variable.
        variable: String,
        /// Its offset.
        offset: u64,
        /// The parameter.
        parameter: String,
    },
    /// The section asks for more than the loader gives.
    #[error("{section} asks for an alignment of {align} bytes; a module's data get at most {PAGE}")]
    Alignment {
        /// The section.
        section: &'static str,
        /// Its alignment in bytes.
        align: u64,
    },
    /// A section that is not plain writable data.
    #[error("{section} has the flags {flags:#x}: persistent data are writable and not executable")]
    SectionFlags {
        /// The section.
        section: &'static str,
        /// Its `sh_flags`.
        flags: u64,
    },
    /// Several variables of one file share a name and nothing tells them apart.
    #[error("{} stands for several variables ({}) {}", .0.name, .0.symbols.join(", "), remedy(.0.sharing))]
    AmbiguousName(Ambiguous),
    /// The section is larger than anything that a module is given.
    #[error("{section} has {size} bytes; more than {LARGEST} bytes are not kept")]
    Size {
        /// The section.
        section: &'static str,
        /// Its size in bytes.
        size: u64,
    },
    /// Livepatch modules have relocations that the kernel applies later, by name.
    #[error("this is a livepatch module ({sign}); its data cannot be kept")]
    Livepatch {
        /// What shows it.
        sign: String,
    },
    /// A relocation inside the persistent data that the keeper could not carry.
    #[error("{variable} (offset {offset:#x} of {section}) needs {relocation}, which cannot be kept")]
    Relocation {
        /// The section.
        section: &'static str,
        /// The variable.
        variable: String,
        /// Where it stands.
        offset: u64,
        /// The relocation type's name.
        relocation: String,
    },
}

/// All refusals of a file, and what its persistent data import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Every reason; empty where the data may be kept.
    pub reasons: Vec<Refusal>,
    /// Symbols of the kernel or of other modules to which initial values point.
    pub imports: Vec<Import>,
}

/// A symbol of the kernel or of another module to which an initial value points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The symbol.
    pub symbol: String,
    /// The variable that points to it.
    pub variable: String,
}

impl Refusals {
    /// Checks everything that the file alone can tell.
    ///
    /// # Errors
    /// The file is broken.
    pub fn of(object: &Object<'_>, inventory: &Inventory, arch: &Arch) -> Result<Self, PersistError> {
        let mut found = Self::default();
        found.livepatch(object);
        found.sections(object, inventory);
        found.reasons.extend(inventory.ambiguous.iter().cloned().map(Refusal::AmbiguousName));
        pointers::check(object, inventory, arch, &mut found)?;
        parameters::check(object, inventory, &mut found)?;
        Ok(found)
    }

    fn livepatch(&mut self, object: &Object<'_>) {
        let section = object.sections.iter().find(|section| section.flags & flags::RELA_LIVEPATCH != 0);
        let symbol = object.symbols.iter().find(|symbol| symbol.place == Place::Reserved(SHN_LIVEPATCH));
        let tag = object.section(".modinfo").filter(|(_, section)| {
            section.data.split(|byte| *byte == 0).any(|entry| entry.starts_with(b"livepatch="))
        });
        let sign = section
            .map(|section| format!("section {}", section.name_text()))
            .or_else(|| symbol.map(|symbol| format!("symbol {}", symbol.name_text())))
            .or_else(|| tag.map(|_| String::from("livepatch= in .modinfo")));
        if let Some(sign) = sign {
            self.reasons.push(Refusal::Livepatch { sign });
        }
    }

    fn sections(&mut self, object: &Object<'_>, inventory: &Inventory) {
        for (role, index) in &inventory.indexes {
            let Some(section) = object.sections.get(*index) else { continue };
            let name = role.section_name();
            let plain = section.flags & !(flags::WRITE | flags::ALLOC) == 0;
            if !plain || section.flags & flags::WRITE == 0 || !section.is_alloc() {
                self.reasons.push(Refusal::SectionFlags { section: name, flags: section.flags });
            }
            if section.align > PAGE {
                self.reasons.push(Refusal::Alignment { section: name, align: section.align });
            }
            if section.size > LARGEST {
                self.reasons.push(Refusal::Size { section: name, size: section.size });
            }
        }
    }
}

/// The variable at `offset` for a message: `file.c:name+0x10`, or the section where it has no name.
pub(super) fn variable_text(inventory: &Inventory, role: PersistentSection, offset: u64) -> String {
    match inventory.variable_at(role, offset) {
        Some((variable, 0)) => variable.to_string(),
        Some((variable, inside)) => format!("{variable}+{inside:#x}"),
        None => format!("{}+{offset:#x}", role.section_name()),
    }
}

/// What to do about several variables of one name.
const fn remedy(sharing: Sharing) -> &'static str {
    match sharing {
        Sharing::Functions => {
            "whose numbers change with the code: give them different names, or build with -g"
        }
        Sharing::Scope => "in one scope, which nothing tells apart: give them different names",
        Sharing::FileName => {
            "in different source files of one name, which nothing tells apart: give the variables or the \
             files different names"
        }
    }
}
