// SPDX-License-Identifier: MIT OR Apache-2.0
//! Consistency checks across the headers of a file.

use super::{ElfError, Section, SectionKind};

/// Relocation sections must name the section that they apply to and the symbol table.
pub(super) fn links(sections: &[Section<'_>]) -> Result<(), ElfError> {
    for (index, section) in sections.iter().enumerate().filter(|(_, section)| section.is_relocation()) {
        let field = |field, value: u32, why| ElfError::Field {
            place: format!("section {index} ({})", section.name_text()),
            field,
            value: u64::from(value),
            why,
        };
        if section.info as usize >= sections.len() {
            return Err(field("sh_info", section.info, "no such section"));
        }
        match sections.get(section.link as usize) {
            Some(table) if table.kind == SectionKind::SYMTAB => {}
            _ => return Err(field("sh_link", section.link, "not a symbol table")),
        }
    }
    Ok(())
}

/// No two sections may share bytes, nor a section with one of `tables` (offset, size, name).
pub(super) fn overlap(sections: &[Section<'_>], tables: &[(u64, u64, &str)]) -> Result<(), ElfError> {
    let mut ranges: Vec<(u64, u64, String)> = sections
        .iter()
        .enumerate()
        .filter(|(_, section)| !section.data.is_empty())
        .map(|(index, section)| {
            let name = format!("section {index} ({})", section.name_text());
            (section.offset, section.data.len() as u64, name)
        })
        .collect();
    ranges.extend(tables.iter().map(|(offset, size, name)| (*offset, *size, (*name).to_owned())));
    ranges.sort_unstable();
    for pair in ranges.windows(2) {
        let [(start, size, first), (next, _, second)] = pair else { continue };
        if start.saturating_add(*size) > *next {
            return Err(ElfError::Overlap { first: first.clone(), second: second.clone(), offset: *next });
        }
    }
    Ok(())
}
