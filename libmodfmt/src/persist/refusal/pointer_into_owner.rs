// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rule that refuses initial values which point into the module itself: they would dangle after
//! rmmod. Pointers within the persistent data and to the kernel's symbols are fine.

use super::variable_text::{section_text, variable_text};
use super::{Import, Refusal, Refusals};
use crate::arch::{Arch, RelocationType, relocations_of};
use crate::elf::{Object, Place, Relocation, RelocationTables, Symbol, SymbolKind, flags};
use crate::persist::{Inventory, PersistError};

/// A message quotes at most this many bytes of a string.
const MAX_QUOTED_BYTES: usize = 40;

pub(super) fn check(
    object: &Object<'_>,
    inventory: &Inventory,
    arch: &Arch,
    found: &mut Refusals,
) -> Result<(), PersistError> {
    let tables = RelocationTables::of(object);
    for (unit, index) in inventory.indexes.iter().enumerate() {
        for relocation in relocations_of(object, &tables, *index)? {
            let Some(symbol) = object.symbols.get(relocation.symbol) else { continue };
            let section = section_text(inventory, unit);
            let offset = relocation.offset;
            let variable = variable_text(inventory, unit, offset);
            if !arch.relocation(relocation.kind).is_some_and(RelocationType::is_plain_store) {
                let relocation = arch.relocation_name(relocation.kind);
                found.reasons.push(Refusal::Relocation { section, variable, offset, relocation });
                continue;
            }
            match symbol.place {
                Place::Section(target) if inventory.unit_of(target).is_some() => {}
                Place::Absolute => {}
                Place::Undefined if !symbol.name.is_empty() => {
                    found.imports.push(Import { symbol: symbol.name_text(), variable });
                }
                _ => {
                    let target = target_text(object, symbol, &relocation);
                    found.reasons.push(Refusal::PointerIntoOwner { section, variable, offset, target });
                }
            }
        }
    }
    Ok(())
}

/// What a relocation points to: `function ops_open`, `the string "foo" in .rodata.str1.1`, `.data+0x20`.
fn target_text(object: &Object<'_>, symbol: &Symbol<'_>, relocation: &Relocation) -> String {
    let Place::Section(index) = symbol.place else {
        return symbol.name_text();
    };
    let section = object.section_name(index);
    let Some(offset) = symbol.value.checked_add_signed(relocation.addend) else {
        return section;
    };
    if let Some(text) = object.sections.get(index).filter(|section| section.flags & flags::STRINGS != 0) {
        let bytes = usize::try_from(offset).ok().and_then(|start| text.data.get(start..)).unwrap_or_default();
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(0).min(MAX_QUOTED_BYTES);
        let quoted = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).escape_debug().to_string();
        return format!("the string \"{quoted}\" in {section}");
    }
    let covers = |other: &&Symbol<'_>| {
        other.place == Place::Section(index)
            && other.has_name_of_source()
            && other.value <= offset
            && offset < other.value.saturating_add(other.size.max(1))
    };
    let named = if symbol.name.is_empty() { object.symbols.iter().find(covers) } else { Some(symbol) };
    match named {
        Some(symbol) if symbol.kind == SymbolKind::FUNCTION => {
            format!("function {} in {section}", symbol.name_text())
        }
        Some(symbol) => format!("{} in {section}", symbol.name_text()),
        None => format!("{section}+{offset:#x}"),
    }
}
