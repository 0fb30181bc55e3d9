// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the list.

use super::fields::Fields;
use super::{KernelListError, KernelRegion, KernelUse};
use crate::persist::inventory::source_name;
use crate::persist::{Header, Role, SectionHeader, Variable};

/// Reads the text of `/proc/module_persist`. Lines of kinds that are not known are passed over, and
/// so are further fields.
///
/// # Errors
/// A line of a known kind that is not as it should be.
pub fn kernel_regions(text: &[u8]) -> Result<Vec<KernelRegion>, KernelListError> {
    let text = String::from_utf8_lossy(text);
    let mut regions: Vec<KernelRegion> = Vec::new();
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

fn last(regions: &mut [KernelRegion], index: usize) -> Result<&mut KernelRegion, KernelListError> {
    let line = index.saturating_add(1);
    regions.last_mut().ok_or(KernelListError { line, field: "line", why: "belongs to no region" })
}

fn region(fields: &mut Fields<'_>) -> Result<KernelRegion, KernelListError> {
    let owner = fields.name("name")?.ok_or_else(|| fields.error("name", "is missing"))?;
    let used = match fields.word("state")? {
        "unused" => KernelUse::Unused,
        "used" => KernelUse::Used,
        "new" => KernelUse::New,
        _ => return Err(fields.error("state", "is not known")),
    };
    // Where names are ambiguous, they are all there.
    let named = matches!(fields.word("names")?, "named" | "ambiguous");
    let layout = fields.hexadecimal("layout")?;
    let build_id = fields.bytes("build id")?;
    let header = Header { owner, build_id, named, sections: Vec::new() };
    Ok(KernelRegion { header, used, layout, addresses: Vec::new() })
}

fn role(fields: &mut Fields<'_>) -> Result<Role, KernelListError> {
    let name = fields.word("section")?;
    Role::of_section(name.as_bytes()).ok_or_else(|| fields.error("section", "is not known"))
}

fn section(fields: &mut Fields<'_>, region: &mut KernelRegion) -> Result<(), KernelListError> {
    let role = role(fields)?;
    region.addresses.push((role, fields.hexadecimal("address")?));
    let (size, align) = (fields.decimal("size")?, fields.decimal("alignment")?);
    region.header.sections.push(SectionHeader { role, size, align, variables: Vec::new() });
    Ok(())
}

fn variable(fields: &mut Fields<'_>, region: &mut KernelRegion) -> Result<(), KernelListError> {
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
