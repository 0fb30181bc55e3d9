// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions: the persistent data that live in the kernel now.
//!
//! The kernel is the only record. A keeper shows its header as a note below
//! `/sys/module/NAME/notes/`, its addresses below `sections/`, and its user below `holders/`.

use libmodfmt::elf::ByteOrder;
use libmodfmt::persist::{Header, NOTE_SECTION, Role, keeper_name};
use libmodfmt::proc;
use libmodsys::{InitState, Kernel, SectionAddress};

use crate::KeepError;

/// Where the owner of a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerState {
    /// Not loaded; the data wait.
    Unloaded,
    /// Loaded, and using the region.
    Bound,
    /// Loaded by something that does not know persistent data: it uses a copy of its own.
    Unbound,
    /// Its init has begun and has not ended. Where no load is under way it oopsed, and neither it
    /// nor its keeper can be removed before the next boot.
    Coming,
    /// Being removed.
    Going,
}

/// The persistent data of one owner, in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// What identifies it.
    pub header: Header,
    /// The module that holds it.
    pub keeper: String,
    /// The address of each section, as far as this process may know it.
    pub addresses: Vec<(Role, SectionAddress)>,
    /// Where its owner is.
    pub owner: OwnerState,
    /// Modules that the kernel says use the keeper; the owner, where it is bound.
    pub users: Vec<String>,
}

impl Region {
    /// Every region in the kernel, in the order of `/proc/modules` (the newest first).
    ///
    /// # Errors
    /// The kernel cannot be asked, or a keeper carries a note that this version cannot read.
    pub fn list(kernel: &dyn Kernel) -> Result<Vec<Self>, KeepError> {
        let mut regions = Vec::new();
        for name in module_names(kernel)? {
            if let Some(region) = Self::of_keeper(kernel, &name)? {
                regions.push(region);
            }
        }
        Ok(regions)
    }

    /// The region of `owner`, if there is one.
    ///
    /// # Errors
    /// As [`Region::list`].
    pub fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Self>, KeepError> {
        let keeper = keeper_name(owner);
        let region = Self::of_keeper(kernel, &keeper)?;
        match region {
            Some(region) if region.header.owner != owner => {
                Err(KeepError::OtherOwner { keeper, owner: owner.to_owned(), other: region.header.owner })
            }
            region => Ok(region),
        }
    }

    /// The region that the module `keeper` holds; `None` where it is not loaded or no keeper.
    ///
    /// # Errors
    /// As [`Region::list`].
    pub fn of_keeper(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Self>, KeepError> {
        if !matches!(kernel.init_state(keeper)?, Some(InitState::Live)) {
            return Ok(None);
        }
        let notes = kernel.notes(keeper)?;
        let Some(note) = notes.get(NOTE_SECTION) else { return Ok(None) };
        let header = Header::from_note(note, NATIVE)
            .map_err(|source| KeepError::Note { keeper: keeper.to_owned(), source })?;
        let sections = kernel.sections(keeper)?;
        let address = |role: Role| {
            let found = sections.iter().find(|section| section.name == role.section_name());
            found.map_or(SectionAddress::Denied, |section| section.address)
        };
        let addresses = header.sections.iter().map(|section| (section.role, address(section.role))).collect();
        let users = kernel.holders(keeper)?;
        let owner = match kernel.init_state(&header.owner)? {
            None | Some(InitState::DirectoryOnly) => OwnerState::Unloaded,
            Some(InitState::Coming) => OwnerState::Coming,
            Some(InitState::Going) => OwnerState::Going,
            Some(InitState::Live) if users.contains(&header.owner) => OwnerState::Bound,
            Some(InitState::Live) => OwnerState::Unbound,
        };
        Ok(Some(Self { header, keeper: keeper.to_owned(), addresses, owner, users }))
    }

    /// The address of one section, where it is known.
    #[must_use]
    pub fn address(&self, role: Role) -> Option<u64> {
        self.addresses.iter().find(|(own, _)| *own == role).and_then(|(_, address)| address.known())
    }
}

/// The running kernel's byte order is this program's.
pub(crate) const NATIVE: ByteOrder =
    if cfg!(target_endian = "big") { ByteOrder::Big } else { ByteOrder::Little };

fn module_names(kernel: &dyn Kernel) -> Result<Vec<String>, KeepError> {
    let text = kernel.modules_text()?;
    let mut names = Vec::new();
    for module in proc::modules(&text) {
        let module = module.map_err(|source| KeepError::Modules { what: source.to_string() })?;
        names.push(String::from_utf8_lossy(module.name).into_owned());
    }
    Ok(names)
}
