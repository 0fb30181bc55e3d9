// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layout of `struct kernel_symbol` and of the tables beside it.

use crate::elf::Class;

/// How the fields of an entry refer to what they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Signed 32-bit distances, each from its own place (`CONFIG_HAVE_ARCH_PREL32_RELOCATIONS`):
    /// x86 and arm64 from 4.19 on.
    Prel32,
    /// Machine words with full addresses: everything else.
    Absolute,
}

/// Which fields an entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fields {
    /// Value and name: until 5.3.
    Two,
    /// Value, name and namespace: from 5.4 on.
    Three,
}

/// What the 32-bit numbers in `__kcrctab` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrcForm {
    /// The checksums.
    Value,
    /// Distances, each from its own place, to where the checksum is (`CONFIG_MODULE_REL_CRCS`):
    /// powerpc and s390 before 6.1.
    Relative,
}

/// How a kernel lays out export tables. Whether it has checksums at all (`CONFIG_MODVERSIONS`) is
/// not part of this: any module built for it shows that by its `__versions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExportLayout {
    /// How fields refer.
    pub form: Form,
    /// Which fields there are.
    pub fields: Fields,
    /// The kernel requires `__kflagstab` (7.1 and later). Older ones ignore it.
    pub kflagstab: bool,
    /// The kernel reads `__ksymtab_gpl` (until 7.0). Newer ones ignore it with a warning.
    pub gpl_tables: bool,
    /// What `__kcrctab` holds.
    pub crc: CrcForm,
}

impl ExportLayout {
    /// Size of a field in bytes.
    #[must_use]
    pub const fn field_size(&self, class: Class) -> usize {
        match self.form {
            Form::Prel32 => 4,
            Form::Absolute => class.word_size(),
        }
    }

    /// Number of fields in an entry.
    #[must_use]
    pub const fn field_count(&self) -> usize {
        match self.fields {
            Fields::Two => 2,
            Fields::Three => 3,
        }
    }

    /// Size of an entry in bytes.
    #[must_use]
    pub const fn entry_size(&self, class: Class) -> usize {
        self.field_size(class) * self.field_count()
    }

    /// Where the reference to the symbol is in an entry, in bytes.
    #[must_use]
    pub const fn value_offset(&self, _class: Class) -> usize {
        0
    }

    /// Where the reference to the name is in an entry, in bytes.
    #[must_use]
    pub const fn name_offset(&self, class: Class) -> usize {
        self.field_size(class)
    }

    /// Where the reference to the namespace is in an entry, in bytes; `None` before 5.4.
    #[must_use]
    pub const fn namespace_offset(&self, class: Class) -> Option<usize> {
        match self.fields {
            Fields::Two => None,
            Fields::Three => Some(self.field_size(class) * 2),
        }
    }

    /// Are the fields distances from their own places?
    #[must_use]
    pub const fn is_relative(&self) -> bool {
        matches!(self.form, Form::Prel32)
    }
}
