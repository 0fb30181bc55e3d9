// SPDX-License-Identifier: MIT OR Apache-2.0
//! What statements are drawn from.

use memchr::memmem::Finder;

use super::Access;
use crate::report::{Kind, Report};

/// What statements are drawn from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Facts<'a> {
    /// The report.
    pub report: &'a Report,
    /// Its messages, as the kernel wrote them.
    pub lines: Vec<String>,
    /// The instruction at the fault in assembler, as GNU tools write it.
    pub instruction: Option<String>,
    /// The memory that it accesses.
    pub accesses: Vec<Access>,
    /// The start of the shadow memory (`KASAN_SHADOW_OFFSET`), if the kernel's file tells it.
    pub kasan_offset: Option<u64>,
}

impl<'a> Facts<'a> {
    /// What the log alone tells. `lines` are the messages of the report.
    #[must_use]
    pub fn new<'l>(report: &'a Report, lines: impl IntoIterator<Item = &'l [u8]>) -> Self {
        let lines = lines.into_iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        Self { report, lines, instruction: None, accesses: Vec::new(), kasan_offset: None }
    }

    /// The fault is about an address that cannot be accessed, not about how it was (its alignment).
    pub(super) fn is_of_access(&self) -> bool {
        matches!(self.report.kind, Kind::PageFault | Kind::GeneralProtection | Kind::StackSegment)
    }

    /// Whether addresses have 32 bits.
    pub(super) fn is_32_bit(&self) -> Option<bool> {
        Some(match self.report.arch? {
            "i386" | "arm" | "mips" | "ppc" | "riscv32" | "sh4" | "openrisc" | "sparc" | "m68k"
            | "parisc" | "csky" => true,
            "x86_64" | "aarch64" | "riscv64" | "ppc64" | "ppc64le" | "s390x" | "mips64" | "loongarch64"
            | "sparc64" | "alpha" | "ia64" | "parisc64" => false,
            _ => return None,
        })
    }

    /// The rest of the first line that has `words`, behind them.
    pub(super) fn behind(&self, words: &str) -> Option<&str> {
        let finder = Finder::new(words);
        self.lines.iter().find_map(|line| line.get(finder.find(line.as_bytes())?.checked_add(words.len())?..))
    }
}
