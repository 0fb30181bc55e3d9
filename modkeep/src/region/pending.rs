// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module that marks generations of a load under way, `foo__pending`.

use libmodfmt::elf::ByteOrder;
use libmodfmt::image::Pending;
use libmodfmt::persist::{NOTE_SECTION, pending_name};
use libmodsys::{InitState, Kernel};

use crate::error::KeepError;

/// What the mark of this owner names, if there is one.
pub(super) fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Pending>, KeepError> {
    let name = pending_name(owner);
    if !matches!(kernel.init_state(&name)?, Some(InitState::Live)) {
        return Ok(None);
    }
    let note = kernel.note(&name, NOTE_SECTION)?;
    let pending = note.and_then(|note| Pending::from_note(&note, ByteOrder::NATIVE));
    Ok(pending.filter(|pending| pending.owner == owner))
}
