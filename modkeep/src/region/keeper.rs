// SPDX-License-Identifier: MIT OR Apache-2.0
//! The region that a keeper holds, read from what the kernel shows of that module.

use libmodfmt::elf::ByteOrder;
use libmodfmt::persist::{Header, NOTE_SECTION, NoteError, PersistentSection, trial_name};
use libmodsys::{InitState, Kernel, SectionAddress};

use super::kept_by::KeptBy;
use super::owner_state::OwnerState;
use crate::error::KeepError;
use crate::region::Region;

/// The region of the module `keeper`; `None` if it is not loaded or is not a keeper.
pub(super) fn read(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Region>, KeepError> {
    match read_live(kernel, keeper) {
        // It was removed while we were looking.
        Err(KeepError::Sys(error)) if error.is_missing() && kernel.init_state(keeper)?.is_none() => Ok(None),
        other => other,
    }
}

fn read_live(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Region>, KeepError> {
    if !matches!(kernel.init_state(keeper)?, Some(InitState::Live)) {
        return Ok(None);
    }
    let notes = kernel.notes(keeper)?;
    let Some(note) = notes.get(NOTE_SECTION) else { return Ok(None) };
    let header = match Header::from_note(note, ByteOrder::NATIVE) {
        Ok(header) => header,
        // Somebody else's notes in a section of that name.
        Err(NoteError::Missing) => return Ok(None),
        Err(source) => return Err(KeepError::UnreadableHeader { keeper: keeper.to_owned(), source }),
    };
    if keeper == trial_name(&header.owner) {
        // Left behind by a `--fresh` that was killed during its trial. It holds nobody's data.
        return Ok(None);
    }
    let sections = kernel.sections(keeper)?;
    let address = |role: PersistentSection| {
        let found = sections.iter().find(|section| section.name == role.section_name());
        found.map_or(SectionAddress::Denied, |section| section.address)
    };
    let addresses = header.sections.iter().map(|section| (section.role, address(section.role))).collect();
    let users = kernel.holders(keeper)?;
    let owner_state = OwnerState::new(kernel.init_state(&header.owner)?, users.contains(&header.owner));
    Ok(Some(Region { header, kept_by: KeptBy::Keeper(keeper.to_owned()), addresses, owner_state, users }))
}
