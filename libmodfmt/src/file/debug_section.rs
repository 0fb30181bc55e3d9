// SPDX-License-Identifier: MIT OR Apache-2.0
//! A debug section that parts are read of: which one, and where in the file.

use std::ops::Range;

use crate::elf::{Object, Section, SectionKind};

/// The section of this name, if there is one only, and it is one of debug information.
pub(super) fn only_debug_section<'a>(
    object: &'a Object<'_>,
    name: &[u8],
) -> Option<(usize, &'a Section<'a>)> {
    let named = object.sections.iter().enumerate().filter(|(_, section)| *section.name == *name);
    let [(index, section)] = *named.collect::<Vec<_>>() else { return None };
    (section.kind == SectionKind::PROGBITS && !section.is_alloc()).then_some((index, section))
}

/// Where in the file a section is.
pub(super) fn place(offset: u64, size: u64) -> Option<Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    Some(start..start.checked_add(usize::try_from(size).ok()?)?)
}
