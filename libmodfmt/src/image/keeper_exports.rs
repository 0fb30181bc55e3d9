// SPDX-License-Identifier: MIT OR Apache-2.0
//! The export tables of the keeper image: one exported symbol for the base of each persistent section.

use super::Base;
use super::symbols::KeeperSymbols;
use crate::arch::Arch;
use crate::elf::{Class, Object, Relocation, Section, SectionKind, flags};
use crate::export::ExportLayout;

/// The export tables of a keeper, as sections of its image.
pub(super) struct KeeperExports {
    /// Index of `__ksymtab` among the sections.
    pub(super) table: usize,
    /// Index of `__ksymtab_strings`.
    pub(super) strings: usize,
    /// Offset of each name in the strings, by position in the table.
    names: Vec<i64>,
    /// Which base symbol is at each position: the table is sorted, as the kernel searches it by name.
    order: Vec<usize>,
}

impl KeeperExports {
    /// Adds the tables, with an entry for each base symbol.
    pub(super) fn add(image: &mut Object<'_>, bases: &[Base], layout: &ExportLayout) -> Self {
        let ident = image.ident;
        let mut order: Vec<usize> = (0..bases.len()).collect();
        let name = |index: &usize| bases.get(*index).map_or("", |base| &base.symbol);
        order.sort_by(|a, b| name(a).as_bytes().cmp(name(b).as_bytes()));
        let (mut strings, mut names, mut crcs) = (Vec::new(), Vec::new(), Vec::new());
        for index in &order {
            names.push(i64::try_from(strings.len()).unwrap_or(i64::MAX));
            strings.extend_from_slice(name(index).as_bytes());
            strings.push(0);
            crcs.extend(ident.order.bytes32(bases.get(*index).map_or(0, |base| base.crc)));
        }
        let table = vec![0; layout.entry_size(ident.class).saturating_mul(bases.len())];
        let align = ident.class.word_size() as u64;
        let mut add = |name, align, data| {
            image.sections.push(Section::with_data(name, SectionKind::PROGBITS, flags::ALLOC, align, data));
            image.sections.len().saturating_sub(1)
        };
        // Both are always written: a kernel ignores a table that it does not know.
        add("__kcrctab", 4, crcs);
        add("__kflagstab", 1, vec![0; bases.len()]);
        let strings = add("__ksymtab_strings", 1, strings);
        let table = add("__ksymtab", align, table);
        Self { table, strings, names, order }
    }

    /// The relocations of `__ksymtab`. `targets` has the symbol that each base refers to.
    pub(super) fn relocations(
        &self,
        arch: &Arch,
        (layout, class): (&ExportLayout, Class),
        targets: &[Option<usize>],
        symbols: &KeeperSymbols<'_>,
    ) -> Vec<Relocation> {
        let kind = if layout.is_relative() { arch.relative_32 } else { arch.absolute_word };
        let mut relocations = Vec::new();
        let entry = layout.entry_size(class) as u64;
        let mut start = 0_u64;
        for (name, index) in self.names.iter().zip(&self.order) {
            let value = targets.get(*index).copied().flatten().unwrap_or_default();
            let strings = symbols.of_section(self.strings).unwrap_or_default();
            let at = |field: usize| start.saturating_add(field as u64);
            relocations.push(Relocation {
                offset: at(layout.value_offset(class)),
                symbol: value,
                kind,
                addend: 0,
            });
            relocations.push(Relocation {
                offset: at(layout.name_offset(class)),
                symbol: strings,
                kind,
                addend: *name,
            });
            start = start.saturating_add(entry);
        }
        relocations
    }
}
