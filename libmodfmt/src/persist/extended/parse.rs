// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the list.

use super::fields::Fields;
use super::{ExtendedListError, ExtendedRegion, ExtendedUse};
use crate::persist::source_name::source_name;
use crate::persist::{Header, PersistentSection, SectionHeader, Variable};

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
    for section in regions.iter_mut().flat_map(|region| &mut region.header.sections) {
        section.variables.sort_by(|a, b| (a.offset, &a.name).cmp(&(b.offset, &b.name)));
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
    let header = Header { owner, build_id, named, sections: Vec::new() };
    Ok(ExtendedRegion { header, used, layout, addresses: Vec::new() })
}

fn role(fields: &mut Fields<'_>) -> Result<PersistentSection, ExtendedListError> {
    let name = fields.word("section")?;
    PersistentSection::from_name(name.as_bytes()).ok_or_else(|| fields.error("section", "is not known"))
}

fn section(fields: &mut Fields<'_>, region: &mut ExtendedRegion) -> Result<(), ExtendedListError> {
    let role = role(fields)?;
    region.addresses.push((role, fields.hexadecimal("address")?));
    let (size, align) = (fields.decimal("size")?, fields.decimal("alignment")?);
    region.header.sections.push(SectionHeader { role, size, align, variables: Vec::new() });
    Ok(())
}

fn variable(fields: &mut Fields<'_>, region: &mut ExtendedRegion) -> Result<(), ExtendedListError> {
    let role = role(fields)?;
    let (offset, size) = (fields.decimal("offset")?, fields.decimal("size")?);
    let file = fields.name("file")?;
    let symbol = fields.name("name")?.ok_or_else(|| fields.error("name", "is missing"))?;
    let Some(section) = region.header.sections.iter_mut().find(|section| section.role == role) else {
        return Err(fields.error("section", "has not been listed"));
    };
    let variable = Variable {
        file,
        function: None,
        name: source_name(&symbol).to_owned(),
        offset,
        size,
        align: Variable::align_of(offset, section.align),
        type_name: None,
        type_hash: None,
    };
    section.variables.push(variable);
    Ok(())
}
