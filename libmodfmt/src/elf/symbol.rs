// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbols.

use super::Bytes;

/// The binding of a symbol: who can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binding {
    /// `STB_LOCAL`
    Local,
    /// `STB_GLOBAL`
    Global,
    /// `STB_WEAK`
    Weak,
    /// Any other value of the four bits.
    Other(u8),
}

impl Binding {
    /// From the upper four bits of `st_info`.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Local,
            1 => Self::Global,
            2 => Self::Weak,
            other => Self::Other(other),
        }
    }

    /// The four bits of `st_info`.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Local => 0,
            Self::Global => 1,
            Self::Weak => 2,
            Self::Other(other) => other,
        }
    }
}

/// What a symbol stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SymbolKind(pub u8);

impl SymbolKind {
    /// `STT_NOTYPE`
    pub const NONE: Self = Self(0);
    /// `STT_OBJECT`: a variable.
    pub const OBJECT: Self = Self(1);
    /// `STT_FUNC`
    pub const FUNCTION: Self = Self(2);
    /// `STT_SECTION`
    pub const SECTION: Self = Self(3);
    /// `STT_FILE`: the source file of the local symbols that follow.
    pub const FILE: Self = Self(4);
}

/// Where a symbol is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// `SHN_UNDEF`: the kernel or another module defines it.
    Undefined,
    /// `SHN_ABS`: the value is final.
    Absolute,
    /// `SHN_COMMON`
    Common,
    /// In the section of that index.
    Section(usize),
    /// Another reserved index, for example `SHN_LIVEPATCH` (0xff20).
    Reserved(u16),
}

/// One symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol<'d> {
    /// The name, without its NUL; empty for section symbols.
    pub name: Bytes<'d>,
    /// Who can see it.
    pub binding: Binding,
    /// What it stands for.
    pub kind: SymbolKind,
    /// `st_other` (visibility and processor-specific bits).
    pub other: u8,
    /// Where it is defined.
    pub place: Place,
    /// In a relocatable file: offset in the section, in bytes.
    pub value: u64,
    /// Size in bytes, 0 where unknown.
    pub size: u64,
}

impl<'d> Symbol<'d> {
    /// The null symbol, index 0 of every table.
    #[must_use]
    pub const fn null() -> Self {
        Self {
            name: Bytes::EMPTY,
            binding: Binding::Local,
            kind: SymbolKind::NONE,
            other: 0,
            place: Place::Undefined,
            value: 0,
            size: 0,
        }
    }

    /// A symbol that the kernel or another module has to define.
    #[must_use]
    pub fn undefined(name: &str) -> Self {
        Self { name: name.as_bytes().to_vec().into(), binding: Binding::Global, ..Self::null() }
    }

    /// The symbol that stands for the start of section `index`.
    #[must_use]
    pub fn of_section(index: usize) -> Self {
        Self { kind: SymbolKind::SECTION, place: Place::Section(index), ..Self::null() }
    }

    /// The name as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn name_text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// Whether the source may have given it its name: `.L` begins names that compilers make up, `$` the
    /// mapping symbols of arm, arm64 and riscv, which say where code and data begin.
    #[must_use]
    pub fn has_name_of_source(&self) -> bool {
        !matches!(*self.name, [] | [b'$', ..] | [b'.', b'L', ..])
    }
}
