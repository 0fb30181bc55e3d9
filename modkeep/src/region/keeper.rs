// SPDX-License-Identifier: MIT OR Apache-2.0
//! The region that a keeper holds, read from what the kernel shows of that module.

use libmodfmt::elf::ByteOrder;
use libmodfmt::persist::{Header, NOTE_SECTION, NoteError, PersistentSection, keeper_name};
use libmodsys::{InitState, Kernel, SectionAddress};

use super::kept_by::KeptBy;
use super::owner_state::OwnerState;
use crate::error::KeepError;
use crate::region::Region;

/// What a loaded module is, by its note.
#[derive(Debug)]
pub(super) enum Found {
    /// A keeper, with the region that it holds.
    Keeper(Region),
    /// Not a keeper, though it carries the header of this owner's data: a copy of the note of another module.
    Foreign {
        /// The owner in the header.
        owner: String,
    },
    /// Not a keeper: it has no header, or is not loaded.
    Nothing,
}

/// What the module `name` is. Only the module that has the name which its header demands is a keeper: any
/// module may carry a copy of the note.
pub(super) fn find(kernel: &dyn Kernel, name: &str) -> Result<Found, KeepError> {
    match find_live(kernel, name) {
        // It was removed while we were looking.
        Err(KeepError::Sys(error)) if error.is_missing() && kernel.init_state(name)?.is_none() => {
            Ok(Found::Nothing)
        }
        other => other,
    }
}

/// The region of the module `keeper`; `None` if it is not loaded or is not a keeper.
pub(super) fn read(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Region>, KeepError> {
    // No keeper has another name, so the note need not be read.
    if !is_name_of_keeper(keeper) {
        return Ok(None);
    }
    Ok(match find(kernel, keeper)? {
        Found::Keeper(region) => Some(region),
        Found::Foreign { .. } | Found::Nothing => None,
    })
}

/// Whether a module of this name may be a keeper.
fn is_name_of_keeper(name: &str) -> bool {
    name.ends_with(&keeper_name(""))
}

fn find_live(kernel: &dyn Kernel, name: &str) -> Result<Found, KeepError> {
    if !matches!(kernel.init_state(name)?, Some(InitState::Live)) {
        return Ok(Found::Nothing);
    }
    let Some(note) = kernel.note(name, NOTE_SECTION)? else { return Ok(Found::Nothing) };
    let header = match Header::from_note(&note, ByteOrder::NATIVE) {
        Ok(header) => header,
        // Somebody else's notes in a section of that name.
        Err(NoteError::Missing) => return Ok(Found::Nothing),
        Err(_) if !is_name_of_keeper(name) => return Ok(Found::Nothing),
        Err(source) => return Err(KeepError::UnreadableHeader { keeper: name.to_owned(), source }),
    };
    if name != keeper_name(&header.owner) {
        // Also what was left behind by a `--fresh` that was killed during its trial. It holds nobody's data.
        return Ok(Found::Foreign { owner: header.owner });
    }
    let sections = kernel.sections(name)?;
    let address = |role: PersistentSection| {
        let found = sections.iter().find(|section| section.name == role.section_name());
        found.map_or(SectionAddress::Denied, |section| section.address)
    };
    let addresses = header.sections.iter().map(|section| (section.role, address(section.role))).collect();
    let users = kernel.holders(name)?;
    let owner_state = OwnerState::new(kernel.init_state(&header.owner)?, users.contains(&header.owner));
    Ok(Found::Keeper(Region {
        header,
        kept_by: KeptBy::Keeper(name.to_owned()),
        addresses,
        owner_state,
        users,
    }))
}
