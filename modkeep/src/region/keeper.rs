// SPDX-License-Identifier: MIT OR Apache-2.0
//! The generation that a keeper holds, read from what the kernel shows of that module.

use std::collections::{HashMap, HashSet};

use libmodfmt::elf::ByteOrder;
use libmodfmt::image::Hold;
use libmodfmt::persist::{
    Header, NOTE_SECTION, NoteError, hold_of_generation, is_keeper_name, keeper_of_generation,
};
use libmodsys::{InitState, Kernel, SectionAddress};

use super::generation::Generation;
use super::kept_by::KeptBy;
use crate::error::KeepError;

/// What a loaded module is, by its note.
#[derive(Debug)]
pub(super) enum Found {
    /// A keeper, with the generation that it holds.
    Keeper(Box<Generation>),
    /// Not a keeper, though it carries the header of this owner's data: a copy of the note of another module.
    Foreign {
        /// The owner in the header.
        owner: String,
    },
    /// Not a keeper: it has no header, or is not loaded.
    Nothing,
}

impl Found {
    /// The owner in the header, if there is one.
    pub(super) fn owner(&self) -> Option<&str> {
        match self {
            Self::Keeper(generation) => Some(&generation.header.owner),
            Self::Foreign { owner } => Some(owner),
            Self::Nothing => None,
        }
    }
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

/// The generation that the module `keeper` holds; `None` if it is not loaded or is not a keeper.
pub(super) fn read(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Generation>, KeepError> {
    // No keeper has another name, so the note need not be read.
    if !is_keeper_name(keeper) {
        return Ok(None);
    }
    Ok(match find(kernel, keeper)? {
        Found::Keeper(generation) => Some(*generation),
        Found::Foreign { .. } | Found::Nothing => None,
    })
}

/// The module among the keeper's users that only holds it: it has the name and the note for that.
fn hold(kernel: &dyn Kernel, header: &Header, users: &[String]) -> Result<Option<String>, KeepError> {
    let name = hold_of_generation(&header.owner, header.generation);
    if !users.contains(&name) {
        return Ok(None);
    }
    let note = kernel.note(&name, NOTE_SECTION)?;
    let hold = note.and_then(|note| Hold::from_note(&note, ByteOrder::NATIVE));
    Ok(hold.filter(|hold| *hold == Hold::new(&header.owner, header.generation)).map(|_| name))
}

fn find_live(kernel: &dyn Kernel, name: &str) -> Result<Found, KeepError> {
    match kernel.init_state(name)? {
        Some(InitState::Live) => {}
        None if is_keeper_name(name) && !kernel.shows_modules() => {
            return Err(KeepError::NotShown { keeper: name.to_owned() });
        }
        _ => return Ok(Found::Nothing),
    }
    let Some(note) = kernel.note(name, NOTE_SECTION)? else { return Ok(Found::Nothing) };
    let header = match Header::from_note(&note, ByteOrder::NATIVE) {
        Ok(header) => header,
        // Somebody else's notes in a section of that name.
        Err(NoteError::Missing) => return Ok(Found::Nothing),
        Err(_) if !is_keeper_name(name) => return Ok(Found::Nothing),
        Err(source) => return Err(KeepError::UnreadableHeader { keeper: name.to_owned(), source }),
    };
    if name != keeper_of_generation(&header.owner, header.generation) {
        return Ok(Found::Foreign { owner: header.owner });
    }
    let units: HashSet<&str> = header.units.iter().map(|unit| unit.section.as_str()).collect();
    let sections = kernel.some_sections(name, &|section| units.contains(section))?;
    let by_name: HashMap<&str, SectionAddress> =
        sections.iter().map(|section| (section.name.as_str(), section.address)).collect();
    let address = |section: &str| by_name.get(section).copied().unwrap_or(SectionAddress::Denied);
    let addresses = header.units.iter().map(|unit| address(&unit.section)).collect();
    let mut users = kernel.holders(name)?;
    let hold = hold(kernel, &header, &users)?;
    users.retain(|user| Some(user) != hold.as_ref());
    let kept_by = KeptBy::Keeper(name.to_owned());
    let generation = Generation { header, kept_by, addresses, users, hold };
    Ok(Found::Keeper(Box::new(generation)))
}
