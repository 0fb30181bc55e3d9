// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the list.

use super::fields::Fields;
use super::{BlockNote, ExtendedBlock, ExtendedListError, ExtendedRegion, ExtendedUse};
use crate::persist::source_name::{function_and_name, source_name};
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
            Ok("block") => {
                let region = regions.last_mut().ok_or_else(|| stray(&fields))?;
                region.blocks.push(block(&mut fields, &region.owner)?);
            }
            Ok("section") => section(&mut fields, regions.last_mut())?,
            Ok("variable") => variable(&mut fields, regions.last_mut())?,
            _ => {}
        }
    }
    for block in regions.iter_mut().flat_map(|region| &mut region.blocks) {
        sort_units(block);
        for unit in &mut block.header.units {
            unit.variables.sort_by(|a, b| (a.offset, &a.name).cmp(&(b.offset, &b.name)));
        }
    }
    Ok(regions)
}

/// Puts units in the order of a file's inventory, those of `__persistent` first. The list has that of the file's
/// sections, and a linker may put `.bss..persistent` first (seen with the linker script of 7.3).
fn sort_units(block: &mut ExtendedBlock) {
    let units = std::mem::take(&mut block.header.units).into_iter();
    let places = std::mem::take(&mut block.addresses).into_iter().zip(std::mem::take(&mut block.used));
    let mut all: Vec<_> = units.zip(places).collect();
    all.sort_by_key(|(unit, _)| PersistentSection::from_name(unit.section.as_bytes()));
    for (unit, (address, used)) in all {
        block.header.units.push(unit);
        block.addresses.push(address);
        block.used.push(used);
    }
}

fn stray(fields: &Fields<'_>) -> ExtendedListError {
    fields.error("line", "belongs to nothing before it")
}

fn region(fields: &mut Fields<'_>) -> Result<ExtendedRegion, ExtendedListError> {
    let owner = fields.name("name")?.ok_or_else(|| fields.error("name", "is missing"))?;
    let used = match fields.word("state")? {
        "unused" => ExtendedUse::Unused,
        "used" => ExtendedUse::Used,
        "new" => ExtendedUse::New,
        _ => return Err(fields.error("state", "is not known")),
    };
    Ok(ExtendedRegion { used, ..ExtendedRegion::new(&owner) })
}

fn block(fields: &mut Fields<'_>, owner: &str) -> Result<ExtendedBlock, ExtendedListError> {
    let number = fields.decimal("number")?;
    let generation = u32::try_from(number).map_err(|_| fields.error("number", "is too large"))?;
    let is_new = match fields.word("state")? {
        "kept" => false,
        "new" => true,
        _ => return Err(fields.error("state", "is not known")),
    };
    // Ambiguous names are complete, too.
    let named = matches!(fields.word("names")?, "named" | "ambiguous");
    let build_id = fields.bytes("build id")?;
    // The first patch had neither of these.
    let (serial, note) = if fields.is_at_end() {
        (0, BlockNote::None)
    } else {
        (fields.decimal("serial number")?, note(fields)?)
    };
    let header = Header { build_id, named, generation, ..Header::new(owner) };
    Ok(ExtendedBlock { header, serial, note, is_new, addresses: Vec::new(), used: Vec::new() })
}

fn note(fields: &mut Fields<'_>) -> Result<BlockNote, ExtendedListError> {
    match fields.word("note")? {
        "none" => Ok(BlockNote::None),
        "noted" => Ok(BlockNote::Noted),
        "old" => Ok(BlockNote::Old),
        _ => Err(fields.error("note", "is not known")),
    }
}

fn section(fields: &mut Fields<'_>, region: Option<&mut ExtendedRegion>) -> Result<(), ExtendedListError> {
    let name = fields.name("section")?.unwrap_or_default();
    if PersistentSection::from_name(name.as_bytes()).is_none() {
        return Err(fields.error("section", "is not known"));
    }
    let block = region.and_then(|region| region.blocks.last_mut()).ok_or_else(|| stray(fields))?;
    let address = fields.hexadecimal("address")?;
    let mut unit = Unit::new(&name, fields.decimal("size")?, fields.decimal("alignment")?);
    unit.writable = match fields.word("permission")? {
        "rw" => true,
        "ro" => false,
        _ => return Err(fields.error("permission", "is not known")),
    };
    let used = match fields.word("use")? {
        "used" => true,
        "unused" => false,
        _ => return Err(fields.error("use", "is not known")),
    };
    block.addresses.push(address);
    block.used.push(used);
    block.header.units.push(unit);
    Ok(())
}

fn variable(fields: &mut Fields<'_>, region: Option<&mut ExtendedRegion>) -> Result<(), ExtendedListError> {
    let (offset, size) = (fields.decimal("offset")?, fields.decimal("size")?);
    let file = fields.name("file")?;
    let symbol = fields.name("name")?.ok_or_else(|| fields.error("name", "is missing"))?;
    let block = region.and_then(|region| region.blocks.last_mut());
    let unit = block.and_then(|block| block.header.units.last_mut()).ok_or_else(|| stray(fields))?;
    let (function, name) = function_and_name(source_name(&symbol));
    let variable = Variable::new(name, offset, size, Variable::align_of(offset, unit.align));
    unit.variables.push(Variable { file, function: function.map(str::to_owned), ..variable });
    Ok(())
}
