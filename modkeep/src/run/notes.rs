// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types of what an extended kernel keeps: insmod leaves them with the kernel, in a note with each block,
//! since only user space reads debug information.
//!
//! A note is written after the load. Whoever kills insmod in between leaves a block without one, or with an
//! old one; the next load of another build then says that types were not compared.

use libmodfmt::elf::ByteOrder;
use libmodfmt::persist::{
    Account, BlockNote, ExtendedBlock, ExtendedUse, Header, MAX_BLOCK_NOTE_BYTES, Wishes,
};
use libmodsys::{Errno, Kernel};
use thiserror::Error;

use crate::build_id::loaded_build_id;
use crate::error::KeepError;
use crate::region::{Generation, Region, listed_for};

/// Why the kernel did not get the types of the variables that it keeps.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NoteNotLeft {
    /// They need more room than the kernel gives.
    #[error("they need {size} bytes, and it takes {MAX_BLOCK_NOTE_BYTES}")]
    TooLarge {
        /// Bytes of the note.
        size: usize,
    },
    /// The kernel refused them.
    #[error("{}", errno.desc())]
    Refused {
        /// Its reason.
        errno: Errno,
    },
    /// What it keeps cannot be read.
    #[error(transparent)]
    Unreadable(#[from] KeepError),
}

/// What a load has left in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The module is loaded.
    Load,
    /// The module is not loaded; its init may have run.
    FailedLoad,
}

/// Leaves the types of `file` with the blocks that its load has made, and with those that it has used and
/// whose types are not known yet. `planned` is what was compared before the load.
///
/// # Errors
/// The kernel does not take a note. The others have been written.
pub(super) fn leave(
    kernel: &dyn Kernel,
    file: &Header,
    planned: Option<&Region>,
    after: After,
) -> Result<(), NoteNotLeft> {
    let Some(mut listed) = listed_for(kernel, file)? else { return Ok(()) };
    // The order matters: if another build is loaded after the list was read, its numbers hold no more.
    let is_ours = match after {
        After::Load => is_loaded(kernel, file),
        After::FailedLoad => listed.used == ExtendedUse::Unused,
    };
    if !is_ours {
        return Ok(());
    }
    let planned: &[Generation] = planned.map_or(&[], |region| region.generations.as_slice());
    for block in &mut listed.blocks {
        // Its types were compared before this very load made its note an old one.
        if let (BlockNote::Old, Some(known)) = (block.note, compared(block, planned)) {
            block.take_types(known);
        }
    }
    let headers: Vec<&Header> = listed.blocks.iter().map(|block| &block.header).collect();
    let account = Account::of(&headers, file, &Wishes::default());
    let mut result = Ok(());
    for block in listed.blocks.iter().filter(|block| block.serial != 0) {
        let is_known = block.header.build_id == file.build_id || compared(block, planned).is_some();
        let note = block.note(file, &account);
        let done = if is_known && note.knows_more_types_than(&block.header) {
            write(kernel, block.serial, &note)
        } else if block.note == BlockNote::Old && block.header.knows_types() {
            write(kernel, block.serial, &block.header)
        } else {
            Ok(())
        };
        result = result.and(done);
    }
    result
}

/// The header of a block as it was before the load.
fn compared<'a>(block: &ExtendedBlock, planned: &'a [Generation]) -> Option<&'a Header> {
    let header = &block.header;
    let mut headers = planned.iter().map(|generation| &generation.header);
    headers.find(|known| known.generation == header.generation && known.build_id == header.build_id)
}

/// Whether the module of this name that is loaded is this build.
fn is_loaded(kernel: &dyn Kernel, file: &Header) -> bool {
    loaded_build_id(kernel, &file.owner).is_some_and(|build_id| build_id == file.build_id)
}

fn write(kernel: &dyn Kernel, serial: u64, note: &Header) -> Result<(), NoteNotLeft> {
    let bytes = note.to_note(ByteOrder::NATIVE);
    if bytes.len() > MAX_BLOCK_NOTE_BYTES {
        return Err(NoteNotLeft::TooLarge { size: bytes.len() });
    }
    match kernel.set_persist_note(serial, &bytes) {
        // Another program has released the region, or has loaded the module again.
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(NoteNotLeft::Refused { errno }),
    }
}
