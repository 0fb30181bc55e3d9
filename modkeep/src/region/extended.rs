// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions that an extended kernel keeps itself, read from its list; the types of their variables from the
//! notes that insmod has left with them.

use libmodfmt::elf::ByteOrder;
use libmodfmt::persist::{BlockNote, ExtendedBlock, ExtendedRegion, ExtendedUse, Header, extended_regions};
use libmodsys::{InitState, Kernel, SectionAddress};

use super::generation::Generation;
use super::kept_by::KeptBy;
use super::owner_state::OwnerState;
use crate::error::KeepError;
use crate::region::Region;

/// All of them, in the kernel's order.
pub(super) fn list(kernel: &dyn Kernel) -> Result<Vec<Region>, KeepError> {
    read(kernel)?.into_iter().map(|listed| region(kernel, with_types(kernel, listed))).collect()
}

/// The one of this owner.
pub(super) fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Region>, KeepError> {
    find_listed(kernel, owner)?.map(|listed| region(kernel, with_types(kernel, listed))).transpose()
}

/// As [`find`], but nothing is known of types.
pub(super) fn find_untyped(kernel: &dyn Kernel, owner: &str) -> Result<Option<Region>, KeepError> {
    find_listed(kernel, owner)?.map(|listed| region(kernel, listed)).transpose()
}

/// The one of this owner as the kernel lists it.
fn find_listed(kernel: &dyn Kernel, owner: &str) -> Result<Option<ExtendedRegion>, KeepError> {
    Ok(read(kernel)?.into_iter().find(|listed| listed.owner == owner))
}

/// The one that a file with this header would use, or uses, as the kernel lists it, with the types in its
/// notes.
pub(crate) fn listed_for(kernel: &dyn Kernel, file: &Header) -> Result<Option<ExtendedRegion>, KeepError> {
    Ok(find_listed(kernel, &file.owner)?.map(|listed| {
        let mut listed = with_types(kernel, listed);
        listed.adopt(file);
        listed
    }))
}

/// The one that a file with this header would use.
pub(super) fn find_for(kernel: &dyn Kernel, file: &Header) -> Result<Option<Region>, KeepError> {
    listed_for(kernel, file)?.map(|listed| region(kernel, listed)).transpose()
}

/// Whether the kernel lists one of this owner.
pub(super) fn is_listed(kernel: &dyn Kernel, owner: &str) -> Result<bool, KeepError> {
    Ok(find_listed(kernel, owner)?.is_some())
}

/// Takes the types from notes. One that cannot be read is like one that is not there: types are not compared
/// then, and it is said.
fn with_types(kernel: &dyn Kernel, mut listed: ExtendedRegion) -> ExtendedRegion {
    for block in listed.blocks.iter_mut().filter(|block| block.note == BlockNote::Noted) {
        let note = kernel.persist_note(block.serial).ok().flatten();
        let note = note.and_then(|note| Header::from_note(&note, ByteOrder::NATIVE).ok());
        if let Some(note) = note {
            block.take_types(&note);
        }
    }
    listed
}

fn read(kernel: &dyn Kernel) -> Result<Vec<ExtendedRegion>, KeepError> {
    let text = kernel.persist_list()?.unwrap_or_default();
    extended_regions(&text).map_err(|source| KeepError::UnreadableExtendedList { source })
}

fn region(kernel: &dyn Kernel, listed: ExtendedRegion) -> Result<Region, KeepError> {
    let used = listed.used != ExtendedUse::Unused;
    let owner_state = match kernel.init_state(&listed.owner)? {
        // The list is newer than the state: a module in use is loaded, whatever its directory says.
        None | Some(InitState::DirectoryOnly) if used => OwnerState::Bound,
        state => OwnerState::new(state, used),
    };
    // 0 is what the kernel shows to readers who may not see addresses.
    let address =
        |address| if address == 0 { SectionAddress::Hidden } else { SectionAddress::Known(address) };
    let unused = listed.unused();
    let owner = listed.owner;
    let users = if used { vec![owner.clone()] } else { Vec::new() };
    let generation = |block: ExtendedBlock| Generation {
        addresses: block.addresses.into_iter().map(address).collect(),
        users: users.clone(),
        header: block.header,
        kept_by: KeptBy::ExtendedKernel,
        hold: None,
    };
    let mut generations: Vec<Generation> = listed.blocks.into_iter().map(generation).collect();
    if let Some(newest) = generations.last_mut() {
        newest.header.unused = unused;
    }
    Ok(Region { owner, generations, stale: Vec::new(), pending: None, owner_state, users })
}
