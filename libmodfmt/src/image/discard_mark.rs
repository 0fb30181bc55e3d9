// SPDX-License-Identifier: MIT OR Apache-2.0
//! The note of a keeper that imports from earlier ones: the mark (`foo__pending`) on all generations up to
//! its own, ready to be loaded.
//!
//! A discard removes the oldest keeper first, so that what is left when it is killed is known to be
//! incomplete. But a keeper that a newer one imports from can only go after that one, and would look whole
//! then. So the mark is loaded before. A program that only removes has no module file to make it from.

use super::{ImageError, pending};
use crate::elf::{ByteOrder, Section, SectionKind, flags};
use crate::module::Module;
use crate::note;
use crate::persist::NOTE_NAME;

/// The section of this note in a keeper.
pub const DISCARD_MARK_SECTION: &str = ".note.persist_discard";
/// Type of the note, beside that of a header.
pub const DISCARD_MARK_NOTE_TYPE: u32 = 4;

/// The section with the mark on generations from 1 to `generation`.
pub(super) fn section<'d>(module: &Module<'_>, generation: u32) -> Result<Section<'d>, ImageError> {
    let generations: Vec<u32> = (1..=generation).collect();
    let image = pending(module, &generations)?;
    let note = note::encode(NOTE_NAME, DISCARD_MARK_NOTE_TYPE, &image, module.object.ident.order);
    Ok(Section::with_data(DISCARD_MARK_SECTION, SectionKind::NOTE, flags::ALLOC, 4, note))
}

/// The image of the mark in a note section of a keeper; `None` if it is no note of this kind.
#[must_use]
pub fn discard_mark(section: &[u8], order: ByteOrder) -> Option<&[u8]> {
    let mut records = note::records(section, order).map_while(Result::ok);
    let is_mark =
        |record: &note::Record<'_>| record.name == NOTE_NAME && record.kind == DISCARD_MARK_NOTE_TYPE;
    records.find(is_mark).map(|record| record.description)
}
