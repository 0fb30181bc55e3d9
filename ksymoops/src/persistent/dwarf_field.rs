// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fields by DWARF.

use libmodfmt::dwarf::{DebugInfo, DebugSections, DwarfTypes};
use libmodfmt::elf::Object;
use libmodfmt::persist::{Header, Variable};
use libmodfmt::types::{Comparison, field_at, size_of};

use super::field_text::{FieldText, element};

/// What the DWARF of a file says about an offset in a variable.
pub(super) enum DwarfField {
    /// The file has no DWARF, or the DWARF has no such variable.
    Missing,
    /// The variable of that name has another type: the file is from another build.
    OtherType,
    /// The field.
    Found(FieldText),
}

/// Finds the field at `offset` bytes in one or several values of a structure or union, without a variable in
/// front.
pub(super) fn find_in_type(object: &Object<'_>, type_name: &str, offset: u64) -> Option<FieldText> {
    let sections = DebugSections::of(object).ok()?;
    let info = DebugInfo::read(&sections).ok()?;
    let types = DwarfTypes::new(&info);
    let id = types.tag(type_name)?;
    let (index, inner) = element(size_of(&types, id)?, offset)?;
    let field = field_at(&types, "", id, inner)?;
    let path = field.path.strip_prefix('.').unwrap_or(&field.path);
    Some(FieldText { path: format!("{index}{path}"), rest: field.rest })
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
