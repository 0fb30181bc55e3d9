// SPDX-License-Identifier: MIT OR Apache-2.0
//! How far the kernel was moved at boot (KASLR).

use std::fmt;

/// The slide: run-time address minus link-time address, modulo 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slide {
    /// The difference in bytes.
    pub offset: u64,
    /// Who says so.
    pub source: SlideSource,
}

/// Who tells the slide, the most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlideSource {
    /// The user.
    Option,
    /// The report's `Kernel Offset:`.
    KernelOffset,
    /// Places that the report gives both as address and as symbol.
    Pairs,
    /// The journal.
    Journal,
    /// The saved `/proc/kallsyms`, compared with the kernel's file.
    Kallsyms,
    /// The kernel is from before there was a slide.
    Release,
}

impl fmt::Display for SlideSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Option => "option",
            Self::KernelOffset => "the report's Kernel Offset",
            Self::Pairs => "addresses and symbols of the report",
            Self::Journal => "the journal",
            Self::Kallsyms => "kallsyms",
            Self::Release => "the kernel's age",
        })
    }
}
