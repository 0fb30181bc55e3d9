// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two persistent sections.

/// One of the two persistent sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersistentSection {
    /// `.data..persistent`: variables with initial values in the file.
    Data,
    /// `.bss..persistent`: variables that start as zero and take no room in the file.
    Bss,
}

impl PersistentSection {
    /// Both, in the order in which they are listed everywhere.
    pub const ALL: [Self; 2] = [Self::Data, Self::Bss];

    /// The section's name in the module.
    #[must_use]
    pub const fn section_name(self) -> &'static str {
        match self {
            Self::Data => ".data..persistent",
            Self::Bss => ".bss..persistent",
        }
    }

    /// The persistent section of that name, if it is one.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.section_name().as_bytes() == name)
    }

    /// What the base symbol's name ends with.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Data => "_data",
            Self::Bss => "_bss",
        }
    }
}
