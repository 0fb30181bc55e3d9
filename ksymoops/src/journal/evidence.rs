// SPDX-License-Identifier: MIT OR Apache-2.0
//! What speaks for or against a boot.

/// What is known about the kernel of a report besides the report's own text.
pub(crate) struct Evidence<'e> {
    /// The KASLR offset that the user gives.
    pub kaslr_offset: Option<u64>,
    /// Returns the run-time addresses of a symbol, one from each source that has it.
    pub symbol_addresses: &'e dyn Fn(&str) -> Vec<SymbolAddress>,
}

/// The run-time address of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SymbolAddress {
    /// The address.
    pub address: u64,
    /// It differs from the link-time address, and so from boot to boot.
    pub relocated: bool,
}

/// What one kind of evidence says about a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Contradicts,
    Neutral,
    Supports,
}
