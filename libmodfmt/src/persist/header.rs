// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header: what identifies a region.

use std::fmt;

use super::PersistentSection;

/// What identifies the persistent data of one owner. It has no address: that is read
/// from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Name of the module whose source defines the variables.
    pub owner: String,
    /// The build id (`NT_GNU_BUILD_ID`) of the owner's file; empty if it has none.
    pub build_id: Vec<u8>,
    /// The names of all variables are known. A file stripped of some of them binds only by build id.
    pub named: bool,
    /// The persistent sections, data before bss, at most one of each.
    pub sections: Vec<SectionHeader>,
}

/// One persistent section.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SectionHeader {
    /// Which of the two.
    pub role: PersistentSection,
    /// Size in bytes.
    pub size: u64,
    /// Alignment in bytes, at least 1.
    pub align: u64,
    /// The variables by ascending offset.
    pub variables: Vec<Variable>,
}

/// One persistent variable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// Base name of the source file; none for a variable that is visible outside its file, and none
    /// after `strip -g`.
    pub file: Option<String>,
    /// The function around it, if debug information tells.
    pub function: Option<String>,
    /// The name in the source, without the number that gcc appends (`cnt.0`).
    pub name: String,
    /// Offset in the section, in bytes.
    pub offset: u64,
    /// Size in bytes.
    pub size: u64,
    /// The alignment that its place guarantees, in bytes: that of the offset, at most the section's.
    pub align: u64,
    /// Its C type, if debug information tells.
    pub type_name: Option<String>,
    /// Hash over the structure of its type, if debug information tells.
    pub type_hash: Option<u64>,
}

impl Header {
    /// A header of `owner` without sections and build id, with all names known.
    #[must_use]
    pub fn new(owner: &str) -> Self {
        Self { owner: owner.to_owned(), build_id: Vec::new(), named: true, sections: Vec::new() }
    }

    /// The header of one of the two sections.
    #[must_use]
    pub fn section(&self, role: PersistentSection) -> Option<&SectionHeader> {
        self.sections.iter().find(|section| section.role == role)
    }

    /// The size of all sections together, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.sections.iter().fold(0, |sum, section| sum.saturating_add(section.size))
    }

    /// Every variable with its section.
    pub fn variables(&self) -> impl Iterator<Item = (&SectionHeader, &Variable)> {
        self.sections
            .iter()
            .flat_map(|section| section.variables.iter().map(move |variable| (section, variable)))
    }
}

impl SectionHeader {
    /// A section without variables; size and alignment in bytes.
    #[must_use]
    pub fn new(role: PersistentSection, size: u64, align: u64) -> Self {
        Self { role, size, align, variables: Vec::new() }
    }
}

impl Variable {
    /// A variable of which nothing but name and place is known; offset, size and alignment in bytes.
    #[must_use]
    pub fn new(name: &str, offset: u64, size: u64, align: u64) -> Self {
        let (file, function, type_name, type_hash) = (None, None, None, None);
        Self { file, function, name: name.to_owned(), offset, size, align, type_name, type_hash }
    }

    /// The alignment that `offset` guarantees in a section of alignment `section_align`, in bytes.
    #[must_use]
    pub fn align_of(offset: u64, section_align: u64) -> u64 {
        let own = if offset == 0 { section_align } else { 1 << offset.trailing_zeros() };
        own.min(section_align.max(1)).max(1)
    }

    /// The function around it; `None` without debug information, `Some(None)` for a variable outside
    /// functions.
    #[must_use]
    pub fn scope(&self) -> Option<Option<&str>> {
        let described = self.function.is_some() || self.type_name.is_some() || self.type_hash.is_some();
        described.then_some(self.function.as_deref())
    }

    /// Whether `other` is the same variable in another version: name, file and function agree.
    /// An unknown function agrees with any. An unknown file agrees with any if the name alone is
    /// enough (`unique`: neither version has another variable of that name).
    #[must_use]
    pub fn may_be(&self, other: &Self, unique: bool) -> bool {
        let one_unknown = self.file.is_none() || other.file.is_none();
        let scopes_differ = self.scope().zip(other.scope()).is_some_and(|(one, two)| one != two);
        self.name == other.name && (self.file == other.file || (one_unknown && unique)) && !scopes_differ
    }
}

impl fmt::Display for Variable {
    /// `file.c:function:name`, as much of it as is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        if let Some(function) = &self.function {
            write!(f, "{function}:")?;
        }
        f.write_str(&self.name)
    }
}
