// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads a description of any version.

use super::fields::{FLAG_FRESH, FLAG_NAMED, Fields};
use super::{NoteError, version_1, version_2};
use crate::elf::ByteOrder;
use crate::module_name::is_module_name;
use crate::persist::{Header, NOTE_VERSION};
use crate::types::TypeId;

pub(super) fn read(description: &[u8], order: ByteOrder) -> Result<Header, NoteError> {
    let mut fields = Fields::new(description, order);
    let version = fields.number16("version")?;
    let flags = match version {
        1..=NOTE_VERSION => fields.number16("flags")?,
        _ => return Err(NoteError::Version { version }),
    };
    let mut header = match version {
        1 => version_1::read(&mut fields)?,
        _ => version_2::read(&mut fields, flags)?,
    };
    header.note_version = version;
    header.named = flags & FLAG_NAMED != 0;
    header.fresh = version > 1 && flags & FLAG_FRESH != 0;
    if !is_module_name(&header.owner) {
        return Err(fields.error("owner", "is not the name of a module"));
    }
    let count = header.types.types().len();
    let unknown = |id: &TypeId| usize::try_from(id.0).map_or(true, |index| index >= count);
    let of_variables = header.variables().filter_map(|(_, variable)| variable.type_id.as_ref());
    if of_variables.chain(header.grown.iter().filter_map(|grown| grown.type_id.as_ref())).any(unknown) {
        return Err(fields.error("type", "does not occur in the table of types"));
    }
    Ok(header)
}
