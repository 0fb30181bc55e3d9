// SPDX-License-Identifier: MIT OR Apache-2.0
//! The KASLR offset, and what it can be worked out from.

use std::fmt;

/// How far the kernel was moved at boot: run-time minus linked address, modulo 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KaslrOffset {
    /// The difference in bytes.
    pub bytes: u64,
    /// Where it is from.
    pub source: KaslrSource,
}

/// Where a KASLR offset is from, the most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KaslrSource {
    /// The user.
    Option,
    /// The report's `Kernel Offset:` line.
    KernelOffset,
    /// Places that the report prints both as address and as symbol.
    Pairs,
    /// The address of a symbol that was recorded while the kernel ran.
    Journal,
    /// The saved `/proc/kallsyms`, compared with vmlinux or `System.map`.
    Kallsyms,
    /// The kernel's release is older than KASLR.
    Release,
}

impl fmt::Display for KaslrSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Option => "option",
            Self::KernelOffset => "the report's Kernel Offset",
            Self::Pairs => "addresses and symbols of the report",
            Self::Journal => "the journal",
            Self::Kallsyms => "kallsyms",
            Self::Release => "the kernel's release, which is older than KASLR",
        })
    }
}

/// What is known of the KASLR offset. The first of [`KaslrSource`] that is set is used; those that
/// contradict it are reported as [`Warning::KaslrOffset`](crate::Warning::KaslrOffset).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KaslrHint {
    /// The offset that the user gave, in bytes.
    pub option: Option<u64>,
    /// The offset in the report's `Kernel Offset:` line, in bytes.
    pub kernel_offset: Option<u64>,
    /// `Kernel Offset: disabled`: 0, unless something else says otherwise.
    pub disabled: bool,
    /// Places that the report prints both as address and as symbol.
    pub pairs: Vec<KaslrPair>,
    /// A symbol of the kernel (`_text` or `_stext`) and its run-time address, recorded while it ran.
    pub journal: Option<(String, u64)>,
}

impl KaslrHint {
    /// The offset is known: so many bytes, 0 for a kernel that runs where it was linked.
    #[must_use]
    pub fn known(bytes: u64) -> Self {
        Self { option: Some(bytes), ..Self::default() }
    }
}

/// A place in the kernel proper (not in a module), as address and as symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KaslrPair {
    /// The run-time address.
    pub address: u64,
    /// The symbol.
    pub symbol: String,
    /// Bytes from the symbol's start.
    pub offset: u64,
    /// The symbol's size as the report has it, in bytes.
    pub size: Option<u64>,
}

impl KaslrPair {
    /// `symbol+offset/size`, which was at this run-time address.
    #[must_use]
    pub fn new(address: u64, symbol: &str, offset: u64, size: Option<u64>) -> Self {
        Self { address, symbol: symbol.to_owned(), offset, size }
    }
}
