// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sections of debug information, most of a module's file, which the kernel does not look at.

use super::Object;

/// What the names of such sections begin with.
const PREFIXES: [&[u8]; 2] = [b".debug_", b".zdebug_"];

/// Longest text that is read of debug information, in bytes; what is longer is cut. Paths have at most 4096.
pub(crate) const MAX_DEBUG_TEXT_BYTES: usize = 4096;

/// Whether a section of this name has debug information, if it is not loaded.
pub(crate) fn is_debug_name(name: &[u8]) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

impl Object<'_> {
    /// Empties the debug sections and their relocation sections. They stay in the section table, so that no
    /// index changes.
    pub fn clear_debug_sections(&mut self) {
        let is_debug: Vec<bool> =
            self.sections.iter().map(|section| !section.is_alloc() && is_debug_name(&section.name)).collect();
        let is_debug = |index: usize| is_debug.get(index).copied().unwrap_or(false);
        for (index, section) in self.sections.iter_mut().enumerate().skip(1) {
            if is_debug(index) || (section.is_relocation() && is_debug(section.info as usize)) {
                section.clear();
            }
        }
    }
}
