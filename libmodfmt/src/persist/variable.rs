// SPDX-License-Identifier: MIT OR Apache-2.0
//! One persistent variable, and which one it is.

use std::fmt;

use super::source_name::{base_name, function_and_name};
use crate::types::TypeId;

/// One persistent variable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// Name of the source file, without folders; after `strip -g` kbuild's base name (`foo_main` for
    /// `foo-main.c`). In a common section: none for a variable that is visible outside its file, and none
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
    /// Its type in the header's table, if debug information tells.
    pub type_id: Option<TypeId>,
}

impl Variable {
    /// A variable of which nothing but name and place is known; offset, size and alignment in bytes.
    #[must_use]
    pub fn new(name: &str, offset: u64, size: u64, align: u64) -> Self {
        let (file, function, type_name, type_id) = (None, None, None, None);
        Self { file, function, name: name.to_owned(), offset, size, align, type_name, type_id }
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
        if let (Some(function), _) = function_and_name(&self.name) {
            return Some(Some(function));
        }
        let described = self.function.is_some() || self.type_name.is_some() || self.type_id.is_some();
        described.then_some(self.function.as_deref())
    }

    /// Whether `other` is the same variable in another version: name, file and function agree.
    /// An unknown function agrees with any. An unknown file agrees with any if the name alone is
    /// enough (`unique`: neither version has another variable of that name).
    #[must_use]
    pub fn may_be(&self, other: &Self, unique: bool) -> bool {
        let scopes_differ = self.scope().zip(other.scope()).is_some_and(|(one, two)| one != two);
        self.plain_name() == other.plain_name()
            && self.is_in_file_of(other).unwrap_or(unique)
            && !scopes_differ
    }

    /// Whether both are in one source file, by kbuild's base names; `None` if that is not known.
    #[must_use]
    pub fn is_in_file_of(&self, other: &Self) -> Option<bool> {
        match (&self.file, &other.file) {
            (Some(own), Some(other)) => Some(base_name(own) == base_name(other)),
            (None, None) => Some(true),
            _ => None,
        }
    }

    /// What stands before the name in a message: `file.c:function:`, as much of it as is known.
    #[must_use]
    pub fn qualifiers(&self) -> String {
        let parts = [self.file.as_deref(), self.function.as_deref()];
        parts.into_iter().flatten().map(|part| format!("{part}:")).collect()
    }

    /// The name without the function that clang puts before it: headers of version 1 have it there.
    #[must_use]
    pub fn plain_name(&self) -> &str {
        function_and_name(&self.name).1
    }
}

impl fmt::Display for Variable {
    /// `file.c:function:name`, as much of it as is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.qualifiers(), self.name)
    }
}
