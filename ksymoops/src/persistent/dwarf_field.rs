// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fields by DWARF.

use libmodfmt::dwarf::{DebugInfo, DebugSections, DwarfTypes};
use libmodfmt::elf::Object;
use libmodfmt::persist::{Header, Variable};
use libmodfmt::types::Comparison;

use super::field_text::FieldText;

/// What the DWARF of a file says about an offset in a variable.
pub(super) enum DwarfField {
    /// The file has no DWARF, or the DWARF has no such variable.
    Missing,
    /// The variable of that name has another type: the file is from another build.
    OtherType,
    /// The field.
    Found(FieldText),
}

/// Finds the field at `offset` bytes in a variable of a header.
pub(super) fn find(object: &Object<'_>, header: &Header, variable: &Variable, offset: u64) -> DwarfField {
    let Ok(sections) = DebugSections::of(object) else { return DwarfField::Missing };
    let Ok(info) = DebugInfo::read(&sections) else { return DwarfField::Missing };
    let found = info.variables().into_iter().find(|candidate| {
        candidate.name == variable.name
            && candidate.size == Some(variable.size)
            && (variable.file.is_none() || candidate.file == variable.file)
            && (variable.function.is_none() || candidate.function == variable.function)
    });
    let Some(found) = found else { return DwarfField::Missing };
    let types = DwarfTypes::new(&info);
    if let (Some(recorded), Some(own)) = (variable.type_id, types.of_variable(&found))
        && Comparison::new(&header.types, &types).of(recorded, own).is_err()
    {
        return DwarfField::OtherType;
    }
    match info.field_at(&found, offset) {
        Some(field) => DwarfField::Found(FieldText { path: field.path, rest: field.rest }),
        None => DwarfField::Missing,
    }
}
