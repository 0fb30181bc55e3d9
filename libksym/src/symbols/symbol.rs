// SPDX-License-Identifier: MIT OR Apache-2.0
//! One symbol, and its size as the kernel would print it.

/// One symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// Linked address, or run-time address from `/proc/kallsyms`.
    pub(crate) address: u64,
    /// Offset of its name in the table's names.
    pub(super) name: u32,
    /// Order among the symbols at one address: the kernel prints the first.
    pub(super) rank: u32,
    /// Index of its section, 0 if the source has no sections.
    pub(crate) section: u32,
    /// Size in the ELF symbol table, 0 if there is none.
    pub(super) elf_size: u64,
}

/// How many bytes a symbol has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Distance to the next symbol, or to the end of the section.
    pub(crate) gap: Option<u64>,
    /// The symbol is the last of its section, so the kernel may print more.
    pub(super) is_last: bool,
    /// Size in the ELF symbol table, 0 if there is none.
    pub(super) elf_size: u64,
}

impl Size {
    /// Can the kernel have printed this size?
    pub(crate) fn fits(self, printed: u64) -> bool {
        // The next section starts within a page, or within a huge page at most.
        const MAX_SECTION_GAP: u64 = 2 << 20;
        match self.gap {
            None => true,
            Some(gap) if self.is_last => printed >= gap && printed - gap <= MAX_SECTION_GAP,
            Some(gap) => printed == gap || (self.elf_size != 0 && printed == self.elf_size),
        }
    }
}

/// The name that starts at an offset; names end at a NUL or at white space, or are cut.
pub(super) fn name(names: &[u8], offset: u32) -> &[u8] {
    // Names may overlap, so that those of a small file would have gigabytes. The kernel has room for 512 bytes
    // of one (KSYM_NAME_LEN).
    const MAX_NAME_BYTES: usize = 1024;
    let rest = names.get(offset as usize..).unwrap_or_default();
    let rest = rest.get(..MAX_NAME_BYTES).unwrap_or(rest);
    let end = rest.iter().position(|&byte| byte <= b' ').unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}
