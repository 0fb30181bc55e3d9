// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module with as much debug information as the largest drivers have.

use std::ops::Range;

use anyhow::{Context, Result, ensure};
use libmodfmt::elf::{Object, Place, Relocation};

/// Sizes in bytes, in the proportions of Debian's xfs.ko: units 26 %, their relocations 40 %, strings 14 %.
const UNITS: usize = 26 << 20;
const STRINGS: usize = 14 << 20;
const OTHERS: usize = 20 << 20;

/// Adds copies of a compilation unit that defines no persistent variable, until the debug sections have 100 MB.
pub fn grow(object: &mut Object<'_>) -> Result<()> {
    let (info, section) = object.section(".debug_info").context("the fixture has no debug information")?;
    let mut units = section.data.to_vec();
    let (table, _) = object.relocation_sections_of(info).next().context("no relocations")?;
    let mut relocations = object.relocations(table)?;
    let unit = ordinary_unit(object, &units, &relocations)?;
    let bytes = units.get(unit.clone()).context("a unit")?.to_vec();
    let own: Vec<Relocation> = relocations.iter().filter(|one| is_in(one, &unit)).copied().collect();
    while units.len() < UNITS {
        let distance = units.len() - unit.start;
        let moved = |own: &Relocation| Relocation { offset: own.offset + distance as u64, ..*own };
        relocations.extend(own.iter().map(moved));
        units.extend_from_slice(&bytes);
    }
    object.set_relocations(table, &relocations)?;
    for (name, bytes, more) in [
        (".debug_info", units, 0),
        (".debug_str", Vec::new(), STRINGS),
        (".debug_aranges", Vec::new(), OTHERS),
    ] {
        let (index, section) = object.section(name).with_context(|| format!("no {name}"))?;
        // Behind what there is, so that references to it stay right.
        let bytes = if bytes.is_empty() { [&section.data[..], &vec![b'x'; more]].concat() } else { bytes };
        object.sections.get_mut(index).context("a section")?.set_data(bytes);
    }
    Ok(())
}

/// The first unit that defines no persistent variable.
fn ordinary_unit(object: &Object<'_>, units: &[u8], relocations: &[Relocation]) -> Result<Range<usize>> {
    let persistent = |symbol: usize| match object.symbols.get(symbol).map(|symbol| symbol.place) {
        Some(Place::Section(section)) => object.section_name(section).contains("..persistent"),
        _ => false,
    };
    let mut start = 0;
    while let Some(length) = units.get(start..).and_then(<[u8]>::first_chunk) {
        let end = start + 4 + object.ident.order.u32(*length) as usize;
        let unit = start..end;
        let mut inside = relocations.iter().filter(|one| is_in(one, &unit));
        if !inside.any(|one| persistent(one.symbol)) {
            return Ok(unit);
        }
        start = end;
    }
    ensure!(false, "every unit defines a persistent variable");
    Ok(0..0)
}

fn is_in(relocation: &Relocation, unit: &Range<usize>) -> bool {
    usize::try_from(relocation.offset).is_ok_and(|offset| unit.contains(&offset))
}
