// SPDX-License-Identifier: MIT OR Apache-2.0
//! Version 1: the two common sections, numbers of fixed size, no types.

use super::NoteError;
use super::fields::Fields;
use crate::persist::{Header, PersistentSection, Unit, Variable};

/// Reads what follows version and flags.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Header, NoteError> {
    let mut header = Header::new(&text(fields, "owner")?);
    header.build_id = bytes(fields, "build id")?.to_vec();
    for _ in 0..fields.count32("section count")? {
        let unit = unit(fields)?;
        if header.units.iter().any(|other| other.section == unit.section) {
            return Err(fields.error("section name", "occurs twice"));
        }
        header.units.push(unit);
    }
    if header.units.is_empty() {
        return Err(fields.error("section count", "is zero"));
    }
    Ok(header)
}

fn bytes<'d>(fields: &mut Fields<'d>, field: &'static str) -> Result<&'d [u8], NoteError> {
    let size = fields.number16(field)?;
    fields.take(usize::from(size), field)
}

fn text(fields: &mut Fields<'_>, field: &'static str) -> Result<String, NoteError> {
    let size = fields.number16(field)?;
    Ok(fields.utf8(usize::from(size), field)?.to_owned())
}

fn optional(fields: &mut Fields<'_>, field: &'static str) -> Result<Option<String>, NoteError> {
    Ok(Some(text(fields, field)?).filter(|text| !text.is_empty()))
}

fn unit(fields: &mut Fields<'_>) -> Result<Unit, NoteError> {
    let name = bytes(fields, "section name")?;
    let mark = PersistentSection::ALL.into_iter().find(|mark| mark.section_name().as_bytes() == name);
    let mark = mark.ok_or_else(|| fields.error("section name", "is not a persistent section"))?;
    let size = fields.number64("section size")?;
    let align = fields.number64("section alignment")?;
    let recorded = fields.number64("layout hash")?;
    let mut unit = Unit::new(mark.section_name(), size, align);
    for _ in 0..fields.count32("variable count")? {
        unit.variables.push(variable(fields, size)?);
    }
    let computed = unit.layout_hash();
    if computed != recorded {
        return Err(NoteError::Hash { section: mark.section_name(), recorded, computed });
    }
    Ok(unit)
}

fn variable(fields: &mut Fields<'_>, section_size: u64) -> Result<Variable, NoteError> {
    let file = optional(fields, "variable file")?;
    let function = optional(fields, "variable function")?;
    let name = text(fields, "variable name")?;
    let offset = fields.number64("variable offset")?;
    let size = fields.number64("variable size")?;
    let align = fields.number64("variable alignment")?;
    if offset.checked_add(size).is_none_or(|end| end > section_size) {
        return Err(fields.error("variable size", "ends past the end of its section"));
    }
    let type_name = optional(fields, "type name")?;
    // A hash that missed changes behind pointers: not compared any more.
    let _ = (fields.count32("type hash flag")?, fields.number64("type hash")?);
    Ok(Variable { file, function, type_name, ..Variable::new(&name, offset, size, align) })
}
