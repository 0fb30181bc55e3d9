// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the list.

use super::fields::Fields;
use super::{ExtendedListError, ExtendedRegion, ExtendedUse};
use crate::persist::source_name::source_name;
use crate::persist::{Header, PersistentSection, Unit, Variable};

/// Reads the text of `/proc/module_persist`. Lines of an unknown kind and additional
/// fields are skipped.
///
/// # Errors
/// A line of a known kind is malformed.
pub fn extended_regions(text: &[u8]) -> Result<Vec<ExtendedRegion>, ExtendedListError> {
    let text = String::from_utf8_lossy(text);
    let mut regions: Vec<ExtendedRegion> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut fields = Fields::new(index.saturating_add(1), line);
        match fields.word("kind") {
            Ok("region") => regions.push(region(&mut fields)?),
            Ok("section") => section(&mut fields, last(&mut regions, index)?)?,
            Ok("variable") => variable(&mut fields, last(&mut regions, index)?)?,
            _ => {}
        }
    }
    for unit in regions.iter_mut().flat_map(|region| &mut region.header.units) {
        unit.variables.sort_by(|a, b| (a.offset, &a.name).cmp(&(b.offset, &b.name)));
    }
    Ok(regions)
}

fn last(regions: &mut [ExtendedRegion], index: usize) -> Result<&mut ExtendedRegion, ExtendedListError> {
    let line = index.saturating_add(1);
    regions.last_mut().ok_or(ExtendedListError { line, field: "line", why: "belongs to no region" })
}

fn region(fields: &mut Fields<'_>) -> Result<ExtendedRegion, ExtendedListError> {
    let owner = fields.name("name")?.ok_or_else(|| fields.error("name", "is missing"))?;
    let used = match fields.word("state")? {
        "unused" => ExtendedUse::Unused,
        "used" => ExtendedUse::Used,
        "new" => ExtendedUse::New,
        _ => return Err(fields.error("state", "is not known")),
    };
    // Ambiguous names are complete, too.
    let named = matches!(fields.word("names")?, "named" | "ambiguous");
    let layout = fields.hexadecimal("layout")?;
    let build_id = fields.bytes("build id")?;
    let header = Header { build_id, named, ..Header::new(&owner) };
    Ok(ExtendedRegion { header, used, layout, addresses: Vec::new() })
}

fn section_name<'l>(fields: &mut Fields<'l>) -> Result<&'l str, ExtendedListError> {
    let name = fields.word("section")?;
    let is_known = PersistentSection::from_name(name.as_bytes()).is_some();
    if is_known { Ok(name) } else { Err(fields.error("section", "is not known")) }
}

fn section(fields: &mut Fields<'_>, region: &mut ExtendedRegion) -> Result<(), ExtendedListError> {
    let name = section_name(fields)?;
    region.addresses.push(fields.hexadecimal("address")?);
    let (size, align) = (fields.decimal("size")?, fields.decimal("alignment")?);
    region.header.units.push(Unit::new(name, size, align));
    Ok(())
}

fn variable(fields: &mut Fields<'_>, region: &mut ExtendedRegion) -> Result<(), ExtendedListError> {
    let section = section_name(fields)?;
    let (offset, size) = (fields.decimal("offset")?, fields.decimal("size")?);
    let file = fields.name("file")?;
    let symbol = fields.name("name")?.ok_or_else(|| fields.error("name", "is missing"))?;
    let Some(unit) = region.header.units.iter_mut().find(|unit| unit.section == section) else {
        return Err(fields.error("section", "has not been listed"));
    };
    let align = Variable::align_of(offset, unit.align);
    unit.variables.push(Variable { file, ..Variable::new(source_name(&symbol), offset, size, align) });
    Ok(())
}
