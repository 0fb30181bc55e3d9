// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layout from a module that was built for the kernel.

use std::collections::BTreeMap;

use super::module_exports::target;
use super::relocation::is_relative;
use super::{CrcForm, ExportError, ExportLayout, Fields, Form};
use super::{KCRCTAB, KCRCTAB_GPL, KFLAGSTAB, KSYMTAB, KSYMTAB_GPL, KSYMTAB_STRINGS};
use crate::arch::relocations_of;
use crate::elf::{Class, Object, RelocationTables};

/// A relocation of a sample's export table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SampleRelocation {
    /// The place that it changes, in bytes from the start of the table.
    pub offset: u64,
    /// It stores a distance, not an address.
    pub relative: bool,
    /// It refers to `__ksymtab_strings`: the field is a name or a namespace.
    pub into_strings: bool,
}

/// What a module shows about the layout of its kernel's tables.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// Class of the file.
    pub class: Class,
    /// Name of the table, for messages: `__ksymtab`, or `__ksymtab_gpl` if there is no other.
    pub section: &'static str,
    /// Size of that table in bytes.
    pub size: u64,
    /// Its relocations, in any order.
    pub relocations: Vec<SampleRelocation>,
    /// The module has `__kflagstab`.
    pub kflagstab: bool,
    /// Its checksums are stored as distances.
    pub relative_crcs: bool,
}

impl Sample {
    /// What `object` shows.
    ///
    /// # Errors
    ///
    /// - [`ExportError::NoExports`]: it has no export table, or an empty one.
    /// - [`ExportError::Relocation`]: the table has relocations that no table should have.
    /// - [`ExportError::Elf`]: a relocation names a symbol that does not exist.
    pub fn of(object: &Object<'_>) -> Result<Self, ExportError> {
        let machine = object.ident.machine;
        let table = [KSYMTAB, KSYMTAB_GPL].into_iter().find_map(|name| {
            object.section(name).filter(|(_, section)| section.size > 0).map(|found| (name, found))
        });
        let Some((section, (index, table))) = table else { return Err(ExportError::NoExports) };
        let strings = object.section(KSYMTAB_STRINGS).map(|(index, _)| index);
        let mut relocations = Vec::new();
        for relocation in relocations_of(object, &RelocationTables::of(object), index)? {
            let (offset, kind) = (relocation.offset, relocation.kind);
            relocations.push(SampleRelocation {
                offset,
                relative: is_relative(object.ident, kind).ok_or(ExportError::Relocation {
                    section,
                    machine,
                    kind,
                    offset,
                })?,
                into_strings: strings.is_some()
                    && target(object, &relocation).map(|target| target.section) == strings,
            });
        }
        let mut relative_crcs = false;
        for name in [KCRCTAB, KCRCTAB_GPL] {
            let Some((index, _)) = object.section(name) else { continue };
            for relocation in object.relocations_of(index)? {
                relative_crcs |= is_relative(object.ident, relocation.kind) == Some(true);
            }
        }
        let kflagstab = object.section(KFLAGSTAB).is_some();
        Ok(Self {
            class: object.ident.class,
            section,
            size: table.size,
            relocations,
            kflagstab,
            relative_crcs,
        })
    }

    fn misfit(&self, what: &'static str, offset: u64) -> ExportError {
        ExportError::Sample { section: self.section, what, offset }
    }
}

impl ExportLayout {
    /// The layout that a sample shows. The whole table must fit it.
    ///
    /// # Errors
    ///
    /// - [`ExportError::NoExports`]: the table has no relocations.
    /// - [`ExportError::Sample`]: they fit no known layout, or do not agree with each other.
    pub fn from_sample(sample: &Sample) -> Result<Self, ExportError> {
        let relative = sample.relocations.first().ok_or(ExportError::NoExports)?.relative;
        let mut layout = Self {
            form: if relative { Form::Prel32 } else { Form::Absolute },
            fields: Fields::Two,
            kflagstab: sample.kflagstab,
            gpl_tables: !sample.kflagstab,
            crc: if sample.relative_crcs { CrcForm::Relative } else { CrcForm::Value },
        };
        let field = layout.field_size(sample.class) as u64;

        // Number of the field -> does it refer to a string?
        let mut slots = BTreeMap::new();
        for relocation in &sample.relocations {
            let offset = relocation.offset;
            if relocation.relative != relative {
                return Err(sample.misfit("both distances and addresses", offset));
            }
            if !offset.is_multiple_of(field) || offset >= sample.size {
                return Err(sample.misfit("a relocation between the fields", offset));
            }
            if slots.insert(offset.checked_div(field).unwrap_or(0), relocation.into_strings).is_some() {
                return Err(sample.misfit("two relocations of one field", offset));
            }
        }
        // The third field is the next entry's value, or a namespace: a string or nothing.
        let third = sample.size > field.saturating_mul(2);
        if third && slots.get(&2) != Some(&false) {
            layout.fields = Fields::Three;
        }
        layout.fits(sample, &slots)?;
        Ok(layout)
    }

    fn fits(&self, sample: &Sample, slots: &BTreeMap<u64, bool>) -> Result<(), ExportError> {
        let (field, entry) = (self.field_size(sample.class) as u64, self.entry_size(sample.class) as u64);
        if !sample.size.is_multiple_of(entry) {
            return Err(sample.misfit("an incomplete entry", sample.size));
        }
        let count = self.field_count() as u64;
        for slot in 0..sample.size.checked_div(field).unwrap_or(0) {
            let offset = slot.saturating_mul(field);
            let what = match (slot.checked_rem(count).unwrap_or(0), slots.get(&slot)) {
                (0, Some(false)) | (1, Some(true)) | (2, Some(true) | None) => continue,
                (0, _) => "no reference to a symbol",
                (1, _) => "no reference to a name",
                _ => "a namespace that is no string",
            };
            return Err(sample.misfit(what, offset));
        }
        Ok(())
    }
}
